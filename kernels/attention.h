// Causal softmax attention, radlads.md 1.1: what the teacher has in the place of a recurrence.
#pragma once

#include "kernels/kernels.h"

namespace radlads::kernels {

// The query at token t of T is at position p = S - T + t of the S keys:
//   y[t] = sum over j in (p - window, p] of softmax_j(q[t] k[j]) v[j]
// and j in [0, p] without a window. Head h of a query belongs to the head h / (heads / kvHeads) of k and v. Float32;
// sums in float32.
struct Attention {
    View q;              // [batch, heads, T, size], scaled
    View k, v;           // [batch, kvHeads, S, size], S >= T
    int64_t window = 0;  // of keys; 0: all before
};
// nullptr, or why the kernels cannot. A size of at most 256.
const char* whyNot(const Attention& op);
// Floats of workspace for `threads` threads; it grows with S and not with T.
std::size_t attentionWorkspaceFloats(Backend backend, const Attention& op, int64_t threads);
// y: like q, of any strides. Tasks are blocks of queries of a head; every element of y is written, nothing else is.
void attention(Backend backend, const Attention& op, const View& y, float* workspace, const Parallel& parallel);

}  // namespace radlads::kernels
