// Matrix products: of bfloat16 with float32 sums, what `precision: bf16` computes; and of float32, for small weights.
#pragma once

#include "kernels/kernels.h"

namespace radlads::kernels {

// A borrowed matrix; strides in elements, one of them 1. Its transpose is the same memory.
struct Matrix {
    const void* data = nullptr;
    int64_t rows = 0, columns = 0, rowStride = 0, columnStride = 1;
    DType dtype = DType::Float32;
    Matrix transposed() const { return {data, columns, rows, columnStride, rowStride, dtype}; }
};

// Instructions: those of the processor for pairs of bfloat16 (AVX-512 BF16). Widened: float32 arithmetic on the rounded
// operands, on every processor. The products of two bfloat16 are exact in float32, so the two differ by the rounding of
// sums alone.
enum class Bf16Form { Widened, Instructions };
// Whether this processor has AVX-512 BF16.
bool hasBf16Instructions();
// The form that is faster here: Instructions where they are there and the processor is not Intel's, whose cores run
// VDPBF16PS at half the rate of float32 FMAs (kernels/README.md).
Bf16Form bf16Form();

enum class Store { Set, Add };  // C = A B, or C += A B

// nullptr, or why the product is not computed: A [M, K], B [K, N], C [M, N] with rows ldc apart.
const char* whyNot(const Matrix& a, const Matrix& b, int64_t ldc);
// Floats of workspace that bf16Product wants.
std::size_t bf16ProductFloats(int64_t rows, int64_t depth, int64_t columns);
// C = A B or C += A B in float32, operands of float32 rounded to bfloat16 first (to the nearest, halves to even). On
// the caller's thread; for a given form and instruction set the bits depend on the operands alone: not on other rows or
// columns, and not on whether an operand came rounded. K = 0 is a sum of nothing. Needs whyNot() == nullptr; form
// Instructions needs hasBf16Instructions(). Backend Reference sums in double and takes no notice of the form.
void bf16Product(Backend backend, Bf16Form form, const Matrix& a, const Matrix& b, float* c, int64_t ldc, Store store,
                 float* workspace);

// C = A B + bias or C += A B of float32 operands, with float32 sums in the order of the depth; bias [N], optional, not
// with Store::Add. For weights that stay in the cache: of large ones a blocked product of a BLAS is faster. On the
// caller's thread, without workspace; the bits of a row depend on the operands alone. K = 0 is a sum of nothing. Needs
// whyNot()
// == nullptr and DType::Float32. Backend Reference sums in double.
void floatProduct(Backend backend, const Matrix& a, const Matrix& b, const float* bias, float* c, int64_t ldc,
                  Store store);

}  // namespace radlads::kernels
