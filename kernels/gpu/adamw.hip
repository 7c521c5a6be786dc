// Blocks of equal size over all tensors of a launch, whose list is a parameter of the kernel.
#include "kernels/cpu/adamw_backends.h"
#include "kernels/gpu/adamw.h"
#include "kernels/gpu/vectors.h"

namespace radlads::kernels::gpu {
namespace {

constexpr int kThreads = 256;
constexpr int kMany = 4;              // elements a thread has at once
constexpr int64_t kElements = 16384;  // of a block
constexpr int kTensors = 48;          // of a launch: parameters of a kernel are 4 KB at most

template <class Item>
struct Table {
    Item items[kTensors];
    int64_t blocksBefore[kTensors + 1];
    int count;
};

GPU_BOTH int64_t blocksIn(int64_t elements) {
    return (elements + kElements - 1) / kElements;
}

// The tensor of this block, and its part of it.
struct Share {
    int tensor;
    int64_t start, end;
};
template <class Item>
GPU_DEVICE Share shareOf(const Table<Item>& table) {
    int first = 0, last = table.count - 1;
    while (first < last) {
        const int middle = (first + last + 1) / 2;
        if (table.blocksBefore[middle] <= blockX())
            first = middle;
        else
            last = middle - 1;
    }
    const int64_t start = (blockX() - table.blocksBefore[first]) * kElements, count = table.items[first].count;
    return {first, start, start + kElements < count ? start + kElements : count};
}

struct AdamItem {
    float *value, *first, *second;
    const void* gradient;
    BFloat16* rounded;
    int64_t count;
    float keep, stepSize;
    bool isBFloat16;
};
struct Adam {
    Table<AdamItem> table;
    const float* factor;
    float beta1, beta2, rest1, rest2, epsilon, scale, rootCorrection;
};

template <class G>
GPU_DEVICE void update(const Adam& p, const AdamItem& item, const Share& share, float scale) {
    const G* gradient = static_cast<const G*>(item.gradient);
    float value[kMany], first[kMany], second[kMany], g[kMany];
    for (int64_t i = share.start + thread() * kMany; i < share.end; i += kThreads * kMany) {
        loadSome(g, gradient, i, share.end, 0);
        loadSome(first, item.first, i, share.end, 0);
        loadSome(second, item.second, i, share.end, 0);
        loadSome(value, item.value, i, share.end, 0);
        GPU_UNROLL for (int e = 0; e < kMany; ++e) {
            const float scaled = g[e] * scale;
            first[e] = p.beta1 * first[e] + p.rest1 * scaled;
            second[e] = p.beta2 * second[e] + p.rest2 * scaled * scaled;
            const float root = sqrtf(second[e]) * p.rootCorrection + p.epsilon;
            value[e] = value[e] * item.keep - item.stepSize * first[e] / root;
        }
        storeSome(item.first, i, share.end, first);
        storeSome(item.second, i, share.end, second);
        storeSome(item.value, i, share.end, value);
        if (item.rounded) storeSome(item.rounded, i, share.end, value);
    }
}

GPU_KERNEL(kThreads) adamKernel(const Adam p) {
    const Share share = shareOf(p.table);
    const AdamItem& item = p.table.items[share.tensor];
    const float scale = p.factor ? p.scale * *p.factor : p.scale;
    if (item.isBFloat16)
        update<BFloat16>(p, item, share, scale);
    else
        update<float>(p, item, share, scale);
}

struct SumItem {
    void* data;
    const float* part;
    int64_t count;
    bool isBFloat16;
};
struct SquareSums {
    Table<SumItem> table;
    double* ofBlocks;
    double* sums;
};

template <class G>
GPU_DEVICE double squares(const SumItem& item, const Share& share) {
    constexpr int kWide = 8, kUnrolled = 4;
    G* data = static_cast<G*>(item.data);
    Raw<G, kWide> raw[kUnrolled];
    float g[kWide], part[kWide];
    double sum = 0;
    for (int64_t start = share.start + thread() * kWide; start < share.end; start += kUnrolled * kThreads * kWide) {
        GPU_UNROLL for (int u = 0; u < kUnrolled; ++u) raw[u].load(data, start + u * kThreads * kWide, share.end);
        GPU_UNROLL for (int u = 0; u < kUnrolled; ++u) {
            const int64_t i = start + u * kThreads * kWide;
            raw[u].widenTo(g);
            if (item.part) {
                loadSome(part, item.part, i, share.end, 0);
                GPU_UNROLL for (int e = 0; e < kWide; ++e) g[e] += part[e];
                storeSome(data, i, share.end, g);
            }
            GPU_UNROLL for (int e = 0; e < kWide; ++e) sum += static_cast<double>(g[e]) * static_cast<double>(g[e]);
        }
    }
    return sum;
}

GPU_KERNEL(kThreads) squaresKernel(const SquareSums p) {
    const Share share = shareOf(p.table);
    const SumItem& item = p.table.items[share.tensor];
    const double mine = item.isBFloat16 ? squares<BFloat16>(item, share) : squares<float>(item, share);
    const double sum = blockSumOfDoubles(mine, reinterpret_cast<double*>(sharedMemory()));
    if (thread() == 0) p.ofBlocks[blockX()] = sum;
}

// Of all blocks of a tensor.
GPU_KERNEL(kThreads) sumKernel(const SquareSums p) {
    double mine = 0;
    GPU_UNROLL_BY_8 for (int64_t i = p.table.blocksBefore[blockX()] + thread(); i < p.table.blocksBefore[blockX() + 1];
                         i += kThreads) mine += p.ofBlocks[i];
    const double sum = blockSumOfDoubles(mine, reinterpret_cast<double*>(sharedMemory()));
    if (thread() == 0) p.sums[blockX()] = sum;
}

GPU_KERNEL(kThreads)
normKernel(const double* sums, int64_t count, double scale, double limit, double* norm, float* factor) {
    double mine = 0;
    GPU_UNROLL_BY_8 for (int64_t i = thread(); i < count; i += kThreads) mine += sums[i];
    const double result = scale * sqrt(blockSumOfDoubles(mine, reinterpret_cast<double*>(sharedMemory())));
    if (thread() != 0) return;
    *norm = result;
    *factor = limit > 0 && result > limit ? static_cast<float>(limit / result) : 1.0f;
}

// --- On the host ----------------------------------------------------------------------------------------------------

// As many of the tensors as a launch takes.
template <class Item, class Tensor, class Describe>
void fill(Table<Item>& table, const Tensor* tensors, int64_t count, Describe describe) {
    table.count = static_cast<int>(std::min<int64_t>(count, kTensors));
    for (int i = 0; i < table.count; ++i) {
        table.items[i] = describe(tensors[i]);
        table.blocksBefore[i + 1] = table.blocksBefore[i] + blocksIn(tensors[i].count);
    }
}

constexpr std::size_t kSharedBytes = kThreads / 32 * sizeof(double);

}  // namespace

const char* adamw(const AdamTensor* tensors, int64_t count, const AdamStep& step, const float* factor, void* stream) {
    for (int64_t i = 0; i < count; i += kTensors) {
        const AdamNumbers<float> n(tensors[i], step);
        Adam p{{}, factor, n.beta1, n.beta2, n.rest1, n.rest2, n.epsilon, n.scale, n.rootCorrection};
        fill(p.table, tensors + i, count - i, [&](const AdamTensor& tensor) {
            const AdamNumbers<float> own(tensor, step);
            return AdamItem{tensor.value,    tensor.first,   tensor.second,
                            tensor.gradient, tensor.rounded, tensor.count,
                            own.keep,        own.stepSize,   tensor.gradientType == DType::BFloat16};
        });
        const Grid grid{p.table.blocksBefore[p.table.count], 1};
        if (const char* error = launch(adamKernel, grid, kThreads, 0, stream, p)) return error;
    }
    return nullptr;
}

std::size_t squareSumsWorkspace(const GradientTensor* tensors, int64_t count) {
    int64_t blocks = 0;
    for (int64_t i = 0; i < count; ++i) blocks += blocksIn(tensors[i].count);
    return static_cast<std::size_t>(blocks);
}

const char* squareSums(const GradientTensor* tensors, int64_t count, double* sums, double* workspace, void* stream) {
    for (int64_t i = 0; i < count; i += kTensors) {
        SquareSums p{{}, workspace, sums + i};
        fill(p.table, tensors + i, count - i, [](const GradientTensor& tensor) {
            return SumItem{tensor.data, tensor.part, tensor.count, tensor.dtype == DType::BFloat16};
        });
        const int64_t blocks = p.table.blocksBefore[p.table.count];
        if (const char* error = launch(squaresKernel, {blocks, 1}, kThreads, kSharedBytes, stream, p)) return error;
        if (const char* error = launch(sumKernel, {p.table.count, 1}, kThreads, kSharedBytes, stream, p)) return error;
        workspace += blocks;
    }
    return nullptr;
}

const char* gradientNorm(const double* sums, int64_t count, double scale, double limit, double* norm, float* factor,
                         void* stream) {
    return launch(normKernel, {1, 1}, kThreads, kSharedBytes, stream, sums, count, scale, limit, norm, factor);
}

}  // namespace radlads::kernels::gpu
