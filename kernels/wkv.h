// The recurrences of the students.
#pragma once

#include "kernels/kernels.h"

namespace radlads::kernels {

// Sequences of different lengths one after another in a batch of 1: segment s has the tokens starts[s] to
// starts[s + 1] - 1, and a state of its own. count 0: every row of the batch is one sequence.
struct Segments {
    const int64_t* starts = nullptr;  // count + 1
    int64_t count = 0;
};

// WKV-6 (gated linear attention), radlads.md 2.3:  S_t = diag(exp(g_t)) S_{t-1} + k_t v_t^T,  y_t = S_t^T q_t.
// WKV-7 (generalised delta rule), radlads.md 3.3:  S_t = diag(exp(g_t)) S_{t-1} + b_t (S_{t-1}^T a_t)^T + k_t v_t^T.
// S is [keys, values] in these formulas. Queries are not scaled here. g in [-5, 0] (wkv6), (-0.607, 0] (wkv7): chunks
// rescale within float32 by exp of half a chunk of it.
enum class Wkv { Six, Seven };

// Every tensor is float32 or bfloat16, as it likes; states are float32. All sums are of float32 or wider.
struct WkvInputs {
    View q, g, k, v;  // [B, H, T, N]; g: log decay
    View a, b;        // Wkv::Seven alone
    View state;       // before the first token, optional: wkv6 [B, H, keys, values], wkv7 [B, H, values, keys]
    Segments segments;
};
struct WkvOutputs {
    View y;      // [B, H, T, N]
    View state;  // after the last token, optional
    // For the backward pass, optional: wkvSavedFloats() of them.
    float* saved = nullptr;
};
struct WkvGradients {
    View dy;      // of y
    View dstate;  // of the last state, optional
    View dq, dg, dk, dv, da, db;
    View dstate0;  // of the first state, optional
};

// Whether a backend computes this: shapes, strides, dtypes, sizes of at most 256.
const char* whyNot(Backend backend, Wkv op, const WkvInputs& inputs);  // nullptr: it does
std::size_t wkvSavedFloats(Backend backend, Wkv op, const WkvInputs& inputs);
// Floats that forward or backward need as room to work in; any content.
std::size_t wkvWorkspaceFloats(Backend backend, Wkv op, const WkvInputs& inputs, int64_t threads);
// Both need whyNot() == nullptr. Every element of the outputs is written, nothing else is.
void wkvForward(Backend backend, Wkv op, const WkvInputs& inputs, const WkvOutputs& outputs, float* workspace,
                const Parallel& parallel);
void wkvBackward(Backend backend, Wkv op, const WkvInputs& inputs, const float* saved, const WkvGradients& gradients,
                 float* workspace, const Parallel& parallel);

}  // namespace radlads::kernels
