// What stands between the projections of a student's mixer and its recurrence.
#pragma once

#include "kernels/pointwise.h"
#include "kernels/wkv.h"

namespace radlads::kernels {

// From projections to the inputs of wkvForward(). Head h of a query belongs to the head h / (heads / kvHeads) of k and
// v; R is the rotation. All products are element by element.
//   wkv6, radlads.md 2.2:  g = max(-exp(decay + decayBase), -5)
//                          q' = queryScale R(q)    k' = R(k) (1 - exp g), or R(k) unbalanced
//   wkv7, radlads.md 3.2:  g = -e^-1/2 sigmoid(decay + decayBase)    rate = sigmoid(rateInput + rateBase)
//                          balanced: kappa = R(k) / |R(k)|                   k' = R(k) (1 - exp g + rate)
//                          else:     kappa = R(k) removal / |R(k) removal|   k' = R(k) (1 + (rate - 1) replacement)
//                          a' = -kappa    b' = kappa rate    q' = queryScale R(q)
//   both                   v' = v + (first - v) sigmoid(mix + mixBase), or v without `first`
// Views as in wkv.h: [batch, heads, tokens, size], k and v [batch, kvHeads, tokens, size], of one dtype; g and its
// gradient are
// float32. Parameters [heads size], float32. A size of at most 256, even if rotated.
struct Prepare {
    Wkv op = Wkv::Seven;
    bool balance = true;
    View q, v;  // optional: absent if the recurrence takes them as they are
    View k;
    View decay, rate;  // rate: wkv7
    View mix, first;   // wkv7, optional, both or neither; then v is there
    const float *decayBase = nullptr, *rateBase = nullptr, *mixBase = nullptr;
    const float *removal = nullptr, *replacement = nullptr;  // wkv7 without balance
    Rotation rotation;
    double queryScale = 1;
};
// q, v where Prepare has them; a, b: wkv7.
struct Prepared {
    View q, g, k, v, a, b;
};
struct PrepareGradients {
    Prepared of;  // of the outputs
    View dq, dk, dv, ddecay, drate, dmix, dfirst;
    float *ddecayBase = nullptr, *drateBase = nullptr, *dmixBase = nullptr;
    float *dremoval = nullptr, *dreplacement = nullptr;
};
const char* whyNot(const Prepare& op);
void prepareForward(Backend backend, const Prepare& op, const Prepared& outputs, const Parallel& parallel);
// Nothing of the forward pass is kept but its inputs. workspace: prepareWorkspaceFloats() of them, of any content.
std::size_t prepareWorkspaceFloats(const Prepare& op);
void prepareBackward(Backend backend, const Prepare& op, const PrepareGradients& gradients, float* workspace,
                     const Parallel& parallel);

// Token shift, radlads.md 2.2:  out_c[t] = x[t] + (x[t - 1] - x[t]) (base_c + m_c[t]), of at most 8 streams c. x[-1]
// is `before`, or 0.
struct TokenShift {
    View x;                       // [batch, 1, tokens, size]
    View before;                  // [batch, 1, 1, size], optional
    View m;                       // [batch, streams, tokens, size], optional: 0
    const float* base = nullptr;  // [streams, size]
    int64_t streams = 1;
};
struct TokenShiftGradients {
    const View* dout = nullptr;  // streams of them
    View dx, dm;                 // dm: with m
    View dbefore;                // optional
    float* dbase = nullptr;      // [streams, size]
};
const char* whyNot(const TokenShift& op);
// out: a view like x for each stream.
void tokenShiftForward(Backend backend, const TokenShift& op, const View* out, const Parallel& parallel);
void tokenShiftBackward(Backend backend, const TokenShift& op, const TokenShiftGradients& gradients,
                        const Parallel& parallel);

}  // namespace radlads::kernels
