#include "kernels/products.h"

#include "kernels/cpu/products_backends.h"

namespace radlads::kernels {
namespace {

bool isWhole(const Matrix& m) {
    if (m.rows < 0 || m.columns < 0) return false;
    return (m.rows == 0 || m.columns == 0 || m.data) && (m.rowStride == 1 || m.columnStride == 1);
}

int64_t placeOf(const Matrix& m, int64_t row, int64_t column) {
    return row * m.rowStride + column * m.columnStride;
}
float exactly(const Matrix& m, int64_t row, int64_t column) {
    const int64_t place = placeOf(m, row, column);
    if (m.dtype == DType::BFloat16) return toFloat(static_cast<const BFloat16*>(m.data)[place]);
    return static_cast<const float*>(m.data)[place];
}
float rounded(const Matrix& m, int64_t row, int64_t column) {
    return toFloat(fromFloat<BFloat16>(exactly(m, row, column)));
}

template <class Element>
void referenceProduct(const Matrix& a, const Matrix& b, const float* bias, float* c, int64_t ldc, Store store,
                      const Element& element) {
    for (int64_t m = 0; m < a.rows; ++m)
        for (int64_t n = 0; n < b.columns; ++n) {
            double sum = bias ? static_cast<double>(bias[n]) : 0.0;
            if (store == Store::Add) sum = c[m * ldc + n];
            for (int64_t k = 0; k < a.columns; ++k) sum += double{element(a, m, k)} * element(b, k, n);
            c[m * ldc + n] = static_cast<float>(sum);
        }
}

}  // namespace

bool hasBf16Instructions() {
#if defined(__x86_64__)
    static const bool has = __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw");
    return has;
#else
    return false;
#endif
}

bool hasFp16Instructions() {
#if defined(__x86_64__)
    static const bool has = simd::hasFp16();
    return has;
#else
    return false;
#endif
}

NarrowForm bf16Form() {
#if defined(__x86_64__)
    if (hasBf16Instructions() && !__builtin_cpu_is("intel")) return NarrowForm::Bf16Instructions;
#endif
    return NarrowForm::Bf16Widened;
}

const char* whyNot(const Matrix& a, const Matrix& b, int64_t ldc) {
    if (!isWhole(a) || !isWhole(b)) return "a matrix has no elements one after another";
    if (a.columns != b.rows) return "the inner sizes of a product differ";
    if (a.rows > 1 && ldc < b.columns) return "rows of the product overlap";
    return nullptr;
}

std::size_t narrowProductFloats(std::span<const NarrowProduct> products) {
    return simd::productFloats(products);
}

void narrowProducts(Backend backend, NarrowForm form, std::span<const NarrowProduct> products, float* workspace) {
    if (backend == Backend::Simd) return simd::products(form, products, workspace);
    for (const NarrowProduct& p : products) {
        if (form == NarrowForm::Fp16Instructions)
            referenceProduct(p.a, p.b, p.bias, p.c, p.ldc, p.store, exactly);
        else
            referenceProduct(p.a, p.b, p.bias, p.c, p.ldc, p.store, rounded);
    }
}

void floatProduct(Backend backend, const Matrix& a, const Matrix& b, const float* bias, float* c, int64_t ldc,
                  Store store) {
    if (backend == Backend::Reference)
        referenceProduct(a, b, bias, c, ldc, store, exactly);
    else
        simd::floatProduct(a, b, bias, c, ldc, store);
}

}  // namespace radlads::kernels
