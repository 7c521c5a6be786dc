// Matrix products: of bfloat16 or float16 with float32 sums, what `precision: bf16` and `fp16` compute; and of float32,
// for small weights.
#pragma once

#include <span>

#include "kernels/kernels.h"

namespace radlads::kernels {

// A borrowed matrix; strides in elements, one of them 1. Its transpose is the same memory.
struct Matrix {
    const void* data = nullptr;
    int64_t rows = 0, columns = 0, rowStride = 0, columnStride = 1;
    DType dtype = DType::Float32;
    Matrix transposed() const { return {data, columns, rows, columnStride, rowStride, dtype}; }
};

// How products of narrow operands with float32 sums are computed.
// Bf16Widened: float32 arithmetic on operands rounded to bfloat16, on every processor. Bf16Instructions: those of the
// processor for pairs of bfloat16 (AVX-512 BF16). The products of two bfloat16 are exact in float32, so the two differ
// by the rounding of sums alone.
// Fp16Instructions: float16 arithmetic (AVX-512 FP16), twice as fast as float32. Rows of A and columns of B are scaled
// by powers of two, within blocks of the depth, to magnitudes below 16, and rounded to float16; up to 128 products at a
// time are summed up in float16, these sums in float32. The error of a sum of random terms is half of what rounding to
// bfloat16 makes (kernels/README.md). An infinity or NaN makes its row or column NaN or infinite; so may a row beyond
// 2^108, a column beyond 2^40; where denormals are flushed, columns below 1e-30 lose bits.
enum class NarrowForm { Bf16Widened, Bf16Instructions, Fp16Instructions };
// Whether this processor has AVX-512 BF16; AVX-512 FP16, and the compiler knew it.
bool hasBf16Instructions();
bool hasFp16Instructions();
// The form of bfloat16 that is faster here: Bf16Instructions where they are there and the processor is not Intel's,
// whose cores run VDPBF16PS at half the rate of float32 FMAs (kernels/README.md).
NarrowForm bf16Form();

enum class Store { Set, Add };  // C = A B, or C += A B

// nullptr, or why the product is not computed: A [M, K], B [K, N], C [M, N] with rows ldc apart.
const char* whyNot(const Matrix& a, const Matrix& b, int64_t ldc);
// C = A B + bias or C += A B of narrow operands; bias [N], optional, not with Store::Add.
struct NarrowProduct {
    Matrix a, b;
    float* c;
    int64_t ldc;
    Store store = Store::Set;
    const float* bias = nullptr;
};
// Floats of workspace that narrowProducts wants.
std::size_t narrowProductFloats(std::span<const NarrowProduct> products);
// The products, none of which reads what another writes, in float32, operands of either dtype rounded first (to the
// nearest, halves to even). Those next to each other that share a matrix and the depth lay it out once. On the caller's
// thread; for a given form and instruction set the bits depend on the operands alone: not on other rows, columns or
// products (but those that add to the same C take turns by blocks of the depth), and not on whether an operand came
// rounded to bfloat16. K = 0 is a sum of nothing. Needs whyNot() == nullptr and a form that the processor has. Backend
// Reference sums in double: operands rounded to bfloat16 for its two forms, as they are for Fp16Instructions.
void narrowProducts(Backend backend, NarrowForm form, std::span<const NarrowProduct> products, float* workspace);

// C = A B + bias or C += A B of float32 operands, with float32 sums in the order of the depth; bias [N], optional, not
// with Store::Add. For weights that stay in the cache: of large ones a blocked product of a BLAS is faster. On the
// caller's thread, without workspace; the bits of a row depend on the operands alone. K = 0 is a sum of nothing. Needs
// whyNot()
// == nullptr and DType::Float32. Backend Reference sums in double.
void floatProduct(Backend backend, const Matrix& a, const Matrix& b, const float* bias, float* c, int64_t ldc,
                  Store store);

}  // namespace radlads::kernels
