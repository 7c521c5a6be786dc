// wkv6's blocks of 16 tokens (wkv_tiles.h). For a block I of rows, gn = gi of its first token:
//   q' = q exp(gi - gn)      k'(I) = k exp(gn - gi) for the tokens before the block
// All factors are at most 1. The k' of all blocks lie one after another: those of block I from row 16 I (I - 1) / 2.
// Private to the library.
#pragma once

#include "kernels/gpu/wkv_tiles.h"

namespace radlads::kernels::gpu::tiles {

GPU_BOTH constexpr int rowsBefore(int block) {
    return kTile * (block * (block - 1) / 2);
}
template <int N>
constexpr int kBlocks = kTokens<N> / kTile;
template <int N>
constexpr int kAnchoredRows = rowsBefore(kBlocks<N>);

// Of the strip's tokens; `sums` is gi of all, [tokens][N], shared.
template <int N>
GPU_DEVICE void anchor(const Strip<N>& strip, const float (&q)[kTile], const float (&k)[kTile],
                       const float (&gi)[kTile], const float* sums, BFloat16* anchoredQ, BFloat16* anchoredK) {
    constexpr int S = N + kPad;
    const int block = strip.first / kTile;
    GPU_UNROLL for (int i = 0; i < kTile; ++i) anchoredQ[(strip.first + i) * S + strip.channel] =
        narrow(q[i] * exponential(gi[i] - gi[0]));
    for (int later = block + 1; later < kBlocks<N>; ++later) {
        const float gn = sums[later * kTile * N + strip.channel];
        BFloat16* to = anchoredK + (rowsBefore(later) + strip.first) * S + strip.channel;
        GPU_UNROLL for (int i = 0; i < kTile; ++i) to[i * S] = narrow(k[i] * exponential(gn - gi[i]));
    }
}

}  // namespace radlads::kernels::gpu::tiles
