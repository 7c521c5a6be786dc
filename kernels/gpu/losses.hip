// A block for each token. Its first pass over the logits keeps a maximum and the sums below it for every thread, which
// move when the maximum does; its second writes the gradient over the student's logits, from the end of the row to its
// start: what the first pass has read last is still in the cache. So that it is, few rows are at work: a block is as
// large as they come.
#include <algorithm>
#include <limits>

#include "kernels/gpu/losses.h"
#include "kernels/gpu/vectors.h"

namespace radlads::kernels::gpu {
namespace {

constexpr int kThreads = 1024;  // at most
constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Losses {
    void* student;
    const void* teacher;
    const int64_t* labels;
    double* losses;
    int64_t vocabulary, studentStride, teacherStride;
    float scale;
    bool withGradient;
};

GPU_DEVICE float larger(float a, float b) {  // NaN is never larger: it shows in the sums
    return a < b ? b : a;
}

// max, and the sum of exp(x - max).
struct Exponentials {
    float max = -kInfinity, sum = 0;
    // What x - anchor is taken from: finite while there was nothing but -inf.
    GPU_DEVICE float anchor() const { return max == -kInfinity ? 0.0f : max; }
    // Takes the maximum `next`, which is not less: what the sum was multiplied with.
    GPU_DEVICE float moveTo(float next) {
        const float factor = max == next || max == -kInfinity ? 1.0f : exponential(max - next);
        max = next;
        sum *= factor;
        return factor;
    }
};

// x of the student, y of the teacher: their sums, and that of exp(y - max_y) ((y - max_y) - (x - max_x)).
struct Sums {
    Exponentials x, y;
    float products = 0;

    GPU_DEVICE void moveTo(float xMax, float yMax) {
        const float oldX = x.anchor(), oldY = y.anchor(), oldSum = y.sum;
        x.moveTo(xMax);
        const float factor = y.moveTo(yMax);
        const float step = (oldY - y.anchor()) - (oldX - x.anchor());
        // 0 log 0 = 0, and of no terms there is nothing to move
        products = factor == 0 || oldSum == 0 ? 0.0f : factor * (products + oldSum * step);
    }
};

template <class S, class T, bool kHasTeacher>
GPU_KERNEL(kThreads)
lossKernel(Losses p) {
    constexpr int kMany = kWidth<S, T>, kUnrolled = kHasTeacher ? 2 : 4, kSome = kUnrolled * kMany;
    float* room = reinterpret_cast<float*>(sharedMemory());
    const int64_t token = blockX();
    S* student = static_cast<S*>(p.student) + token * p.studentStride;
    const T* teacher = kHasTeacher ? static_cast<const T*>(p.teacher) + token * p.teacherStride : nullptr;
    Raw<S, kMany> xs[kUnrolled];
    Raw<T, kMany> ys[kUnrolled];
    Sums sums;
    const int64_t step = int64_t{blockThreads()} * kSome;
    const auto elementOf = [&](int64_t start, int u) { return start + (u * blockThreads() + thread()) * kMany; };
    const auto load = [&](int64_t start) {
        GPU_UNROLL for (int u = 0; u < kUnrolled; ++u) {
            xs[u].load(student, elementOf(start, u), p.vocabulary, -kInfinity);
            if (kHasTeacher) ys[u].load(teacher, elementOf(start, u), p.vocabulary, -kInfinity);
        }
    };
    for (int64_t start = 0; start < p.vocabulary; start += step) {
        float xMax = sums.x.max, yMax = sums.y.max;
        load(start);
        GPU_UNROLL for (int u = 0; u < kUnrolled; ++u) GPU_UNROLL for (int e = 0; e < kMany; ++e) {
            xMax = larger(xMax, xs[u][e]);
            if (kHasTeacher) yMax = larger(yMax, ys[u][e]);
        }
        if (xMax != sums.x.max || yMax != sums.y.max) sums.moveTo(xMax, yMax);
        const float xAnchor = sums.x.anchor(), yAnchor = sums.y.anchor();
        GPU_UNROLL for (int u = 0; u < kUnrolled; ++u) GPU_UNROLL for (int e = 0; e < kMany; ++e) {
            const float x = xs[u][e] - xAnchor;
            sums.x.sum += exponential(x);
            if (!kHasTeacher) continue;
            const float y = ys[u][e] - yAnchor, share = exponential(y);
            sums.y.sum += share;
            if (share != 0) sums.products += share * (y - x);
        }
    }
    const float xMax = blockMax(sums.x.max, room), yMax = kHasTeacher ? blockMax(sums.y.max, room) : -kInfinity;
    sums.moveTo(xMax, yMax);
    const float xSum = blockSum(sums.x.sum, room);
    const float ySum = kHasTeacher ? blockSum(sums.y.sum, room) : 1.0f;
    const float products = kHasTeacher ? blockSum(sums.products, room) : 0.0f;
    // A row of nothing but -inf, or a label that there is not.
    const int64_t label = kHasTeacher ? 0 : p.labels[token];
    const bool isNone = xMax == -kInfinity || (kHasTeacher && yMax == -kInfinity) || label < 0 || label >= p.vocabulary;
    const float none = isNone ? kInfinity - kInfinity : 0.0f;
    if (thread() == 0) {
        double loss = log(static_cast<double>(xSum)) + static_cast<double>(none);
        if (kHasTeacher)
            loss += static_cast<double>(products) / ySum - log(static_cast<double>(ySum));
        else if (!isNone)
            loss -= static_cast<double>(get(student, label)) - static_cast<double>(xMax);
        p.losses[token] = loss;
    }
    if (!p.withGradient) return;
    sync();  // the label's logit was read
    const float xShare = p.scale / xSum + none, yShare = p.scale / ySum;
    for (int64_t start = (p.vocabulary - 1) / step * step; start >= 0; start -= step) {
        load(start);
        GPU_UNROLL for (int u = 0; u < kUnrolled; ++u) {
            float d[kMany];
            GPU_UNROLL for (int e = 0; e < kMany; ++e) {
                d[e] = exponential(xs[u][e] - xMax) * xShare;
                if (kHasTeacher)
                    d[e] -= exponential(ys[u][e] - yMax) * yShare;
                else if (elementOf(start, u) + e == label)
                    d[e] -= p.scale;
            }
            storeSome(student, elementOf(start, u), p.vocabulary, d);
        }
    }
}

constexpr int kSumThreads = 512;
GPU_KERNEL(kSumThreads) sumKernel(const double* losses, int64_t count, double* sum) {
    double mine = 0;
    GPU_UNROLL_BY_8 for (int64_t i = thread(); i < count; i += blockThreads()) mine += losses[i];
    mine = blockSumOfDoubles(mine, reinterpret_cast<double*>(sharedMemory()));
    if (thread() == 0) *sum = mine;
}

// --- On the host ----------------------------------------------------------------------------------------------------

using Kernel = void (*)(Losses);
Kernel kernelFor(const LossInputs& inputs) {
    static constexpr Kernel kernels[2][3] = {
        {lossKernel<float, float, true>, lossKernel<float, BFloat16, true>, lossKernel<float, float, false>},
        {lossKernel<BFloat16, float, true>, lossKernel<BFloat16, BFloat16, true>,
         lossKernel<BFloat16, BFloat16, false>}};
    const int teacher = !inputs.teacher ? 2 : inputs.teacher.dtype == DType::BFloat16;
    return kernels[inputs.student.dtype == DType::BFloat16][teacher];
}

const char* run(const LossInputs& inputs, const double* scale, double* losses, double* sum, void* stream) {
    const Losses p{inputs.student.data,
                   inputs.teacher.data,
                   inputs.labels,
                   losses,
                   inputs.student.sizes[3],
                   inputs.student.strides[2],
                   inputs.teacher.strides[2],
                   scale ? static_cast<float>(*scale) : 0.0f,
                   scale != nullptr};
    const Grid grid{inputs.student.sizes[2], 1};
    // So many that each has a few elements.
    const int64_t warps = std::clamp<int64_t>(p.vocabulary / (64 * 16), 1, kThreads / 64);
    const std::size_t shared = kThreads / 32 * sizeof(double);
    if (const char* error = launch(kernelFor(inputs), grid, static_cast<int>(warps * 64), shared, stream, p))
        return error;
    return launch(sumKernel, {1, 1}, kSumThreads, shared, stream, losses, inputs.student.sizes[2], sum);
}

}  // namespace

const char* whyNot(const LossInputs& inputs) {
    return kernels::whyNotOfShape(inputs);
}

const char* vocabularyLoss(const LossInputs& inputs, double* tokenLosses, double* sum, void* stream) {
    return run(inputs, nullptr, tokenLosses, sum, stream);
}

const char* vocabularyLossGradient(const LossInputs& inputs, double scale, double* tokenLosses, double* sum,
                                   void* stream) {
    return run(inputs, &scale, tokenLosses, sum, stream);
}

}  // namespace radlads::kernels::gpu
