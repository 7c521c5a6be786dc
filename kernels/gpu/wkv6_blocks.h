// wkv6's blocks of 16 tokens (wkv_tiles.h). For a block I, with gn the gi of its first token:
//   q' = q exp(gi - gn + c)      k' = k exp(gn - gi - c)      f_IJ = exp(gn_I - gn_J), J <= I: at most 1
//   Aqk_IJ = q'_I (f_IJ' k'_J)^T
// c is half of what a block can decay, so that exponents are between -c and c and all factors have the precision of
// their type. It is a constant: later decays change no earlier output. Private to the library.
#pragma once

#include "kernels/gpu/wkv_strips.h"

namespace radlads::kernels::gpu::tiles {

constexpr float kCentre = 0.5f * (kTile - 1) * 5.0f;

template <int N>
constexpr int kBlocks = kTokens<N> / kTile;

// gn of all blocks to `anchors`: [blocks][N], shared; a barrier has to follow.
template <int N>
GPU_DEVICE void keepAnchors(const Decays& decays, const Strip<N>& strip, float* anchors) {
    if (strip.first % kTile == 0)
        GPU_UNROLL for (int c = 0; c < 2; ++c) anchors[strip.first / kTile * N + strip.channel + c] = decays.gi.x[0][c];
}
// gi - gn + c of the strip's tokens.
template <int N>
GPU_DEVICE Values exponents(const Decays& decays, const Strip<N>& strip, const float* anchors) {
    Values values;
    forStrip([&](int i, int c) {
        values.x[i][c] = decays.gi.x[i][c] - anchors[strip.first / kTile * N + strip.channel + c] + kCentre;
    });
    return values;
}

}  // namespace radlads::kernels::gpu::tiles
