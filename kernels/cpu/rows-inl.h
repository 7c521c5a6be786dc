// Rows of a tensor in float32 or bfloat16, read and written as vectors of float: included by Highway's foreach_target.
#if defined(RADLADS_KERNELS_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RADLADS_KERNELS_ROWS_INL_H_
#undef RADLADS_KERNELS_ROWS_INL_H_
#else
#define RADLADS_KERNELS_ROWS_INL_H_
#endif

#include <hwy/highway.h>

#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/cpu/tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace radlads::kernels::HWY_NAMESPACE {

using Halves = hn::Rebind<uint16_t, D>;
using Words = hn::Rebind<uint32_t, D>;

HWY_INLINE V loadVector(const float* from) {
    return hn::LoadU(D(), from);
}
HWY_INLINE V loadVector(const BFloat16* from) {
    const auto bits = hn::LoadU(Halves(), reinterpret_cast<const uint16_t*>(from));
    return hn::BitCast(D(), hn::ShiftLeft<16>(hn::PromoteTo(Words(), bits)));
}
HWY_INLINE void storeVector(V value, float* to) {
    hn::StoreU(value, D(), to);
}
// As fromFloat: to the nearest, halves to even; NaN stays NaN. The bfloat16 is the upper half of each word, the lower
// half is left over.
HWY_INLINE hn::Vec<Words> roundedWords(V value) {
    const Words words;
    const auto bits = hn::BitCast(words, value);
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(words, 1u));
    const auto up = hn::Add(bits, hn::Add(odd, hn::Set(words, 0x7fffu)));
    return hn::IfThenElse(hn::RebindMask(words, hn::IsNaN(value)), hn::Or(bits, hn::Set(words, 0x400000u)), up);
}
HWY_INLINE void storeVector(V value, BFloat16* to) {
    hn::StoreU(hn::TruncateTo(Halves(), hn::ShiftRight<16>(roundedWords(value))), Halves(),
               reinterpret_cast<uint16_t*>(to));
}

// Vector i of a row of `size` elements; zeros, and nothing, beyond its end.
template <class T>
HWY_INLINE V loadPart(const T* row, int64_t i, int64_t size) {
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(D()));
    if (HWY_LIKELY(i + lanes <= size)) return loadVector(row + i);
    HWY_ALIGN float part[kPad] = {};
    for (int64_t j = i; j < size; ++j) part[j - i] = toFloat(row[j]);
    return hn::Load(D(), part);
}
template <class T>
HWY_INLINE void storePart(V value, T* row, int64_t i, int64_t size) {
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(D()));
    if (HWY_LIKELY(i + lanes <= size)) return storeVector(value, row + i);
    HWY_ALIGN float part[kPad];
    hn::Store(value, D(), part);
    for (int64_t j = i; j < size; ++j) row[j] = fromFloat<T>(part[j - i]);
}

}  // namespace radlads::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RADLADS_KERNELS_ROWS_INL_H_
