// The optimizer's passes with Highway, a block of parameters at a time: memory limits them, so each is one pass.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/adamw_simd.cpp"
#include <hwy/foreach_target.h>
// The order matters: the lines above compile what follows once for every instruction set.
#include <hwy/highway.h>

#include "kernels/cpu/adamw_backends.h"
#include "kernels/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace radlads::kernels::HWY_NAMESPACE {

// An element's arithmetic is the same in whole vectors and in the last part of one.
template <class G, bool kRounded>
void adamElements(const AdamTensor& tensor, const AdamNumbers<float>& n, int64_t start, int64_t end) {
    const D d;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    const V beta1 = hn::Set(d, n.beta1), beta2 = hn::Set(d, n.beta2), rest1 = hn::Set(d, n.rest1),
            rest2 = hn::Set(d, n.rest2), epsilon = hn::Set(d, n.epsilon), scale = hn::Set(d, n.scale),
            stepSize = hn::Set(d, n.stepSize), rootCorrection = hn::Set(d, n.rootCorrection), keep = hn::Set(d, n.keep);
    const G* gradient = static_cast<const G*>(tensor.gradient);
    for (int64_t i = start; i < end; i += lanes) {
        const V g = hn::Mul(loadPart(gradient, i, end), scale);
        const V first = hn::MulAdd(beta1, loadPart(tensor.first, i, end), hn::Mul(rest1, g));
        const V second = hn::MulAdd(beta2, loadPart(tensor.second, i, end), hn::Mul(hn::Mul(rest2, g), g));
        const V root = hn::MulAdd(hn::Sqrt(second), rootCorrection, epsilon);
        const V kept = hn::Mul(loadPart(tensor.value, i, end), keep);
        const V value = hn::Sub(kept, hn::Div(hn::Mul(stepSize, first), root));
        storePart(first, tensor.first, i, end);
        storePart(second, tensor.second, i, end);
        storePart(value, tensor.value, i, end);
        if constexpr (kRounded) storePart(value, tensor.rounded, i, end);
    }
}

void adamBlockOf(const AdamTensor& tensor, const AdamStep& step, int64_t start, int64_t end) {
    const AdamNumbers<float> numbers(tensor, step);
    const bool wide = tensor.gradientType == DType::Float32;
    if (tensor.rounded)
        return (wide ? adamElements<float, true> : adamElements<BFloat16, true>)(tensor, numbers, start, end);
    (wide ? adamElements<float, false> : adamElements<BFloat16, false>)(tensor, numbers, start, end);
}

using Wide = hn::Repartition<double, D>;

template <class T, bool kAdds>
double squareSum(const GradientTensor& tensor, int64_t start, int64_t end) {
    constexpr int kUnroll = 4;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(D()));
    T* data = static_cast<T*>(tensor.data);
    const hn::Half<D> half;
    const Wide wide;
    hn::Vec<Wide> lower[kUnroll], upper[kUnroll];  // of both halves of vectors
    for (int u = 0; u < kUnroll; ++u) lower[u] = upper[u] = hn::Zero(wide);
    const auto add = [&](int u, int64_t i) HWY_ATTR {
        V x = loadPart(data, i, end);
        if constexpr (kAdds) {
            x = hn::Add(x, loadPart(tensor.part, i, end));
            storePart(x, data, i, end);
        }
        const auto a = hn::PromoteTo(wide, hn::LowerHalf(half, x)), b = hn::PromoteTo(wide, hn::UpperHalf(half, x));
        lower[u] = hn::MulAdd(a, a, lower[u]);
        upper[u] = hn::MulAdd(b, b, upper[u]);
    };
    // As many streams as accumulators: the memory answers several faster than one.
    const int64_t stream = (end - start) / (kUnroll * lanes) * lanes;
    for (int64_t i = start; i < start + stream; i += lanes)
        for (int u = 0; u < kUnroll; ++u) add(u, i + u * stream);
    for (int64_t i = start + kUnroll * stream; i < end; i += lanes) add(0, i);
    double sum = 0;
    for (int u = 0; u < kUnroll; ++u) sum += hn::GetLane(hn::SumOfLanes(wide, hn::Add(lower[u], upper[u])));
    return sum;
}

double squareSumOf(const GradientTensor& tensor, int64_t start, int64_t end) {
    if (tensor.part) return squareSum<float, true>(tensor, start, end);
    return (tensor.dtype == DType::Float32 ? squareSum<float, false> : squareSum<BFloat16, false>)(tensor, start, end);
}

}  // namespace radlads::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace radlads::kernels {

HWY_EXPORT(adamBlockOf);
HWY_EXPORT(squareSumOf);

namespace simd {

void adamBlock(const AdamTensor& tensor, const AdamStep& step, int64_t start, int64_t end) {
    HWY_DYNAMIC_DISPATCH(adamBlockOf)(tensor, step, start, end);
}

double squareSumOfBlock(const GradientTensor& tensor, int64_t start, int64_t end) {
    return HWY_DYNAMIC_DISPATCH(squareSumOf)(tensor, start, end);
}

}  // namespace simd
}  // namespace radlads::kernels
#endif  // HWY_ONCE
