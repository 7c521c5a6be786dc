// Between attention.cpp and the backends. Private to the library.
#pragma once

#include <algorithm>

#include "kernels/attention.h"

namespace radlads::kernels {

// The keys [from, to) that a query sees.
struct SeenKeys {
    int64_t from, to;
};
inline SeenKeys seenKeys(const Attention& op, int64_t token) {
    const int64_t to = op.k.sizes[2] - op.q.sizes[2] + token + 1;
    return {op.window > 0 ? std::max<int64_t>(0, to - op.window) : 0, to};
}
inline int64_t keyHead(const Attention& op, int64_t head) {
    return head / (op.q.sizes[1] / op.k.sizes[1]);
}

// Queries of a task.
inline constexpr int64_t kQueries = 256;

namespace simd {
std::size_t attentionFloats(const Attention& op);
// Queries from `token` on, at most kQueries, of a head; workspace: attentionFloats() of them.
void attentionBlock(const Attention& op, const View& y, int64_t batch, int64_t head, int64_t token, float* workspace);
}  // namespace simd

}  // namespace radlads::kernels
