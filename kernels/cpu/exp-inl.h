// The exponential function and the reciprocal with few operations: included by Highway's foreach_target.
#if defined(RADLADS_KERNELS_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RADLADS_KERNELS_EXP_INL_H_
#undef RADLADS_KERNELS_EXP_INL_H_
#else
#define RADLADS_KERNELS_EXP_INL_H_
#endif

#include <hwy/highway.h>

#include "kernels/cpu/tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace radlads::kernels::HWY_NAMESPACE {

// exp(x) for x <= 87, to two parts in 10^7 and |x| in 7 10^7 (four times as much without FMA); 0 below -87, where it
// would leave float32's normal range. NaN stays NaN.
// 2^(n + f) with |f| <= 1/2: n is rounded by adding a number whose last bit counts one, and is an exponent there.
HWY_INLINE V shortExp(V x) {
    const D d;
    const hn::RebindToUnsigned<D> bits;
    const V log2e = hn::Set(d, 1.44269504f), shift = hn::Set(d, 0x1.8p23f + 127);
    const V shifted = hn::MulAdd(x, log2e, shift);
    const V f = hn::MulSub(x, log2e, hn::Sub(shifted, shift));
    // The polynomial of degree 5 that is 1 at 0 and nearest to 2^f (relative error 9.2e-8).
    V sum = hn::MulAdd(hn::Set(d, 1.32647271e-3f), f, hn::Set(d, 9.67151264e-3f));
    sum = hn::MulAdd(sum, f, hn::Set(d, 5.55073374e-2f));
    sum = hn::MulAdd(sum, f, hn::Set(d, 2.40222421e-1f));
    sum = hn::MulAdd(sum, f, hn::Set(d, 6.93146978e-1f));
    sum = hn::MulAdd(sum, f, hn::Set(d, 1.0f));
    const V power = hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(bits, shifted)));
    return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -87.0f)), hn::Mul(sum, power));
}

// 1 / x by Newton's iteration, to two parts in 10^7.
HWY_INLINE V reciprocal(V x) {
    constexpr int kSteps = HWY_TARGET <= HWY_AVX3 ? 1 : 2;  // from 14 bits, or from 12 or fewer
    const V two = hn::Set(D(), 2.0f);
    V inverse = hn::ApproximateReciprocal(x);
    for (int step = 0; step < kSteps; ++step) inverse = hn::Mul(inverse, hn::NegMulAdd(x, inverse, two));
    return inverse;
}

}  // namespace radlads::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RADLADS_KERNELS_EXP_INL_H_
