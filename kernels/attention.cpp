#include "kernels/attention.h"

#include <atomic>
#include <cmath>
#include <vector>

#include "kernels/cpu/attention_backends.h"

namespace radlads::kernels {
namespace {

bool isRows(const View& view) {
    return view && view.strides[3] == 1 && view.dtype == DType::Float32;
}

// In double, a query at a time.
void referenceBlock(const Attention& op, const View& y, int64_t batch, int64_t head, int64_t token) {
    const int64_t last = std::min(token + kQueries, op.q.sizes[2]), size = op.q.sizes[3], of = keyHead(op, head);
    for (int64_t t = token; t < last; ++t) {
        const SeenKeys seen = seenKeys(op, t);
        const float* q = op.q.at(batch, head, t);
        std::vector<double> weights;
        double most = -INFINITY, sum = 0;
        for (int64_t j = seen.from; j < seen.to; ++j) {
            double score = 0;
            for (int64_t i = 0; i < size; ++i) score += static_cast<double>(q[i]) * op.k.at(batch, of, j)[i];
            weights.push_back(score);
            most = std::max(most, score);
        }
        for (double& weight : weights) sum += weight = std::exp(weight - most);
        for (int64_t i = 0; i < size; ++i) {
            double value = 0;
            for (std::size_t j = 0; j < weights.size(); ++j)
                value += weights[j] * op.v.at(batch, of, seen.from + static_cast<int64_t>(j))[i];
            y.at(batch, head, t)[i] = static_cast<float>(value / sum);
        }
    }
}

}  // namespace

const char* whyNot(const Attention& op) {
    if (!isRows(op.q) || !isRows(op.k) || !isRows(op.v)) return "a tensor of the attention is not rows of float32";
    if (op.q.sizes[3] < 1 || op.q.sizes[3] > 256) return "a head has more than 256 channels, or none";
    if (!std::equal(op.k.sizes, op.k.sizes + 4, op.v.sizes)) return "keys and values differ in shape";
    if (op.k.sizes[0] != op.q.sizes[0] || op.k.sizes[3] != op.q.sizes[3]) return "queries and keys differ in shape";
    if (op.k.sizes[1] < 1 || op.q.sizes[1] % op.k.sizes[1] != 0)
        return "the heads of the queries are no multiple of those of the keys";
    if (op.k.sizes[2] < op.q.sizes[2]) return "there are fewer keys than queries";
    return nullptr;
}

std::size_t attentionWorkspaceFloats(Backend backend, const Attention& op, int64_t threads) {
    return backend == Backend::Reference
               ? 0
               : simd::attentionFloats(op) * static_cast<std::size_t>(std::max<int64_t>(1, threads));
}

void attention(Backend backend, const Attention& op, const View& y, float* workspace, const Parallel& parallel) {
    const int64_t heads = op.q.sizes[1], blocks = (op.q.sizes[2] + kQueries - 1) / kQueries,
                  count = op.q.sizes[0] * heads * blocks;
    const auto block = [&](int64_t task, float* room) {
        const int64_t head = task / blocks % heads, batch = task / blocks / heads, token = task % blocks * kQueries;
        if (backend == Backend::Reference)
            referenceBlock(op, y, batch, head, token);
        else
            simd::attentionBlock(op, y, batch, head, token, room);
    };
    if (parallel.threads <= 1) {
        for (int64_t i = 0; i < count; ++i) block(i, workspace);
        return;
    }
    std::atomic<int64_t> next{0};
    parallel.run(std::min(parallel.threads, count), [&](int64_t thread) {
        float* room = workspace + static_cast<std::size_t>(thread) * attentionWorkspaceFloats(backend, op, 1);
        for (int64_t i = next++; i < count; i = next++) block(i, room);
    });
}

}  // namespace radlads::kernels
