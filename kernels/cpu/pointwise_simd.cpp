// The ops of pointwise.h with Highway: one pass over a row that lies in the cache for each statistic that it needs.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/pointwise_simd.cpp"
#include <hwy/foreach_target.h>
// The order matters: the lines above compile what follows once for every instruction set.
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "kernels/cpu/pointwise_backends.h"
#include "kernels/cpu/row_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace radlads::kernels::HWY_NAMESPACE {

// work(index, number) of every row, shared among the threads in parts.
template <class Work>
void forEachRow(const View& like, const Parallel& parallel, const Work& work) {
    forEachTask(kParts, parallel, [&](int64_t part) {
        const PartOfRows rows = partOfRows(rowsOf(like), part);
        for (int64_t r = rows.from; r < rows.to; ++r) work(rowIndex(like, r), r);
    });
}
template <class T>
HWY_INLINE T* rowAt(const View& view, const RowIndex& row) {
    return view.at<T>(row.b, row.h, row.t);
}

template <class T>
void rmsForward(const RmsNorm& op, const RmsNormOutputs& outputs, const Parallel& parallel) {
    const int64_t size = op.x.sizes[3];
    forEachRow(op.x, parallel, [&](const RowIndex& row, int64_t number) HWY_ATTR {
        const D d;
        const T* x = rowAt<T>(op.x, row);
        V squares = hn::Zero(d);
        if (op.residual) {
            const T* residual = rowAt<T>(op.residual, row);
            T* sum = rowAt<T>(outputs.sum, row);
            forRow(size, [&](auto at) HWY_ATTR {
                V s = hn::Add(at.load(x), at.load(residual));
                at.store(s, sum);
                if (std::is_same_v<T, BFloat16>) s = at.load(sum);  // the backward pass knows the rounded sum alone
                squares = hn::MulAdd(s, s, squares);
            });
            x = sum;
        } else {
            forRow(size, [&](auto at) HWY_ATTR {
                const V s = at.load(x);
                squares = hn::MulAdd(s, s, squares);
            });
        }
        const double mean = static_cast<double>(hn::GetLane(sumOf(squares))) / static_cast<double>(size);
        const float inverse = static_cast<float>(1.0 / std::sqrt(mean + op.eps));
        if (outputs.inverse) outputs.inverse[number] = inverse;
        const V factor = hn::Set(d, inverse);
        T* y = rowAt<T>(outputs.y, row);
        forRow(size, [&](auto at) HWY_ATTR { at.store(hn::Mul(hn::Mul(at.load(x), factor), at.load(op.weight)), y); });
    });
}

template <class T>
void rmsBackward(const RmsNorm& op, const float* inverse, const RmsNormGradients& gradients, float* workspace,
                 const Parallel& parallel) {
    const int64_t size = op.x.sizes[3];
    forEachTask(kParts, parallel, [&](int64_t part) HWY_ATTR {
        const D d;
        float* dweight = gradients.dweight ? workspace + part * size : nullptr;
        if (dweight) std::fill(dweight, dweight + size, 0.0f);
        const PartOfRows rows = partOfRows(rowsOf(op.x), part);
        for (int64_t r = rows.from; r < rows.to; ++r) {
            const RowIndex row = rowIndex(op.x, r);
            const T *x = rowAt<T>(op.x, row), *dy = rowAt<T>(gradients.dy, row);
            const V factor = hn::Set(d, inverse[r]);
            V sum = hn::Zero(d);
            forRow(size, [&](auto at) HWY_ATTR {
                const V product = hn::Mul(at.load(dy), hn::Mul(at.load(x), factor));
                sum = hn::MulAdd(product, at.load(op.weight), sum);
                if (dweight) at.store(hn::Add(at.load(dweight), product), dweight);
            });
            if (!gradients.dx) continue;
            const V mean = hn::Mul(sumOf(sum), hn::Set(d, 1.0f / static_cast<float>(size)));
            const T* dsum = gradients.dsum ? rowAt<T>(gradients.dsum, row) : nullptr;
            T* dx = rowAt<T>(gradients.dx, row);
            forRow(size, [&](auto at) HWY_ATTR {
                const V normal = hn::Mul(at.load(x), factor);
                const V inner = hn::NegMulAdd(normal, mean, hn::Mul(at.load(dy), at.load(op.weight)));
                at.store(hn::MulAdd(inner, factor, dsum ? at.load(dsum) : hn::Zero(d)), dx);
            });
        }
    });
    if (!gradients.dweight) return;
    std::copy(workspace, workspace + size, gradients.dweight);
    for (int64_t part = 1; part < kParts; ++part)
        for (int64_t i = 0; i < size; ++i) gradients.dweight[i] += workspace[part * size + i];
}

template <class T>
void swiForward(const SwiGlu& op, const View& y, const Parallel& parallel) {
    forEachRow(op.gate, parallel, [&](const RowIndex& row, int64_t) HWY_ATTR {
        const T *gate = rowAt<T>(op.gate, row), *up = rowAt<T>(op.up, row);
        T* out = rowAt<T>(y, row);
        forRow(op.gate.sizes[3], [&](auto at) HWY_ATTR {
            const V x = at.load(gate);
            at.store(hn::Mul(hn::Mul(x, sigmoid(x)), at.load(up)), out);
        });
    });
}

template <class T>
void swiBackward(const SwiGlu& op, const SwiGluGradients& gradients, const Parallel& parallel) {
    forEachRow(op.gate, parallel, [&](const RowIndex& row, int64_t) HWY_ATTR {
        const D d;
        const T *gate = rowAt<T>(op.gate, row), *up = rowAt<T>(op.up, row), *dy = rowAt<T>(gradients.dy, row);
        T *dgate = rowAt<T>(gradients.dgate, row), *dup = rowAt<T>(gradients.dup, row);
        forRow(op.gate.sizes[3], [&](auto at) HWY_ATTR {
            const V x = at.load(gate), s = sigmoid(x), silu = hn::Mul(x, s), g = at.load(dy);
            const V slope = hn::MulAdd(silu, hn::Sub(hn::Set(d, 1.0f), s), s);
            const V du = hn::Mul(g, silu), dg = hn::Mul(hn::Mul(g, at.load(up)), slope);
            at.store(dg, dgate);
            at.store(du, dup);
        });
    });
}

template <class T>
void ropeOf(const Rope& op, const View& y, const Parallel& parallel) {
    const float scale = static_cast<float>(op.scale);
    forEachRow(op.x, parallel, [&](const RowIndex& row, int64_t) HWY_ATTR {
        const int64_t angle = row.t * op.rotation.stride, size = op.x.sizes[3];
        const float *cos = op.rotation.cos + angle, *sin = op.rotation.sin + angle;
        const T* x = rowAt<T>(op.x, row);
        if (op.backward) return turnRow<true>(x, rowAt<T>(y, row), size, cos, sin, scale);
        turnRow<false>(x, rowAt<T>(y, row), size, cos, sin, scale);
    });
}

HWY_INLINE V gateOf(HeadOutput::Gate kind, V gate) {
    return kind == HeadOutput::Gate::Sigmoid ? sigmoid(gate) : gate;
}

// Mean and rsqrt(variance + eps) of a head.
struct HeadStatistics {
    V mean, inverse;
};
template <class T>
HWY_INLINE HeadStatistics statisticsOf(const T* y, int64_t size, double eps) {
    const D d;
    const V share = hn::Set(d, 1.0f / static_cast<float>(size));
    V sum = hn::Zero(d), squares = hn::Zero(d);
    forRow(size, [&](auto at) HWY_ATTR { sum = hn::Add(sum, at.load(y)); });
    const V mean = hn::Mul(sumOf(sum), share);
    forRow(size, [&](auto at) HWY_ATTR {
        const V centred = at.only(hn::Sub(at.load(y), mean));
        squares = hn::MulAdd(centred, centred, squares);
    });
    const V variance = hn::MulAdd(sumOf(squares), share, hn::Set(d, static_cast<float>(eps)));
    return {mean, hn::Div(hn::Set(d, 1.0f), hn::Sqrt(variance))};
}

template <class T>
void headForward(const HeadOutput& op, const View& out, const Parallel& parallel) {
    const int64_t size = op.y.sizes[3];
    const bool gated = op.kind != HeadOutput::Gate::None;
    // Tokens before heads, as they lie behind a recurrence.
    const View& like = op.y;
    forEachTask(like.sizes[0] * like.sizes[1], parallel, [&](int64_t task) HWY_ATTR {
        const D d;
        const int64_t b = task / like.sizes[1], h = task % like.sizes[1];
        for (int64_t t = 0; t < like.sizes[2]; ++t) {
            const T* y = op.y.at<T>(b, h, t);
            const T* gate = gated ? op.gate.at<T>(b, h, t) : nullptr;
            T* o = out.at<T>(b, h, t);
            if (op.weight) {
                const HeadStatistics s = statisticsOf(y, size, op.eps);
                const float *weight = op.weight + h * size, *bias = op.bias + h * size;
                forRow(size, [&](auto at) HWY_ATTR {
                    const V normal = hn::Mul(hn::Sub(at.load(y), s.mean), s.inverse);
                    const V z = hn::MulAdd(normal, at.load(weight), at.load(bias));
                    at.store(gate ? hn::Mul(z, gateOf(op.kind, at.load(gate))) : z, o);
                });
            } else {
                const V scale = hn::Set(d, static_cast<float>(op.scale));
                forRow(size, [&](auto at) HWY_ATTR {
                    const V z = hn::Mul(at.load(y), scale);
                    at.store(gate ? hn::Mul(z, gateOf(op.kind, at.load(gate))) : z, o);
                });
            }
        }
    });
}

// Of one head of one token: what comes before the norm, and the gate.
template <class T>
HWY_INLINE void headBackwardRow(const HeadOutput& op, const HeadOutputGradients& gradients, int64_t b, int64_t h,
                                int64_t t, float* dweight, float* dbias) {
    const D d;
    const int64_t size = op.y.sizes[3];
    const bool gated = op.kind != HeadOutput::Gate::None, normed = op.weight != nullptr;
    const T *y = op.y.at<T>(b, h, t), *dout = gradients.dout.at<T>(b, h, t);
    const T* gate = gated ? op.gate.at<T>(b, h, t) : nullptr;
    T* dgate = gated ? gradients.dgate.at<T>(b, h, t) : nullptr;
    const V one = hn::Set(d, 1.0f);
    const HeadStatistics s =
        normed ? statisticsOf(y, size, op.eps) : HeadStatistics{hn::Zero(d), hn::Set(d, static_cast<float>(op.scale))};
    const float *weight = normed ? op.weight + h * size : nullptr, *bias = normed ? op.bias + h * size : nullptr;
    HWY_ALIGN float inner[kMostHeadSize];
    V sum = hn::Zero(d), projection = hn::Zero(d);
    forRow(size, [&](auto at) HWY_ATTR {
        const V normal = at.only(hn::Mul(hn::Sub(at.load(y), s.mean), s.inverse));
        V dz = at.load(dout);
        if (gate) {
            const V z = normed ? hn::MulAdd(normal, at.load(weight), at.load(bias)) : normal;
            const V open = gateOf(op.kind, at.load(gate));
            V slope = hn::Mul(dz, z);
            if (op.kind == HeadOutput::Gate::Sigmoid) slope = hn::Mul(slope, hn::Mul(open, hn::Sub(one, open)));
            at.store(slope, dgate);
            dz = hn::Mul(dz, open);
        }
        if (normed) {
            addTo(dweight, at, hn::Mul(dz, normal));
            addTo(dbias, at, dz);
            dz = hn::Mul(dz, at.load(weight));
            sum = hn::Add(sum, dz);
            projection = hn::MulAdd(dz, normal, projection);
        }
        at.store(dz, inner);
    });
    const V share = hn::Set(d, 1.0f / static_cast<float>(size));
    const V mean = hn::Mul(sumOf(sum), share), along = hn::Mul(sumOf(projection), share);
    T* dy = gradients.dy.at<T>(b, h, t);
    forRow(size, [&](auto at) HWY_ATTR {
        V value = at.load(inner);
        if (normed) {
            const V normal = hn::Mul(hn::Sub(at.load(y), s.mean), s.inverse);
            value = hn::NegMulAdd(normal, along, hn::Sub(value, mean));
        }
        at.store(hn::Mul(value, s.inverse), dy);
    });
}

template <class T>
void headBackward(const HeadOutput& op, const HeadOutputGradients& gradients, const Parallel& parallel) {
    const int64_t size = op.y.sizes[3];
    forEachTask(op.y.sizes[1], parallel, [&](int64_t h) HWY_ATTR {
        HWY_ALIGN float parts[2][kMostHeadSize];
        TokenSums dweight(parts[0], gradients.dweight ? gradients.dweight + h * size : nullptr, size);
        TokenSums dbias(parts[1], gradients.dbias ? gradients.dbias + h * size : nullptr, size);
        for (int64_t b = 0; b < op.y.sizes[0]; ++b)
            for (int64_t t = 0; t < op.y.sizes[2]; ++t) {
                headBackwardRow<T>(op, gradients, b, h, t, dweight.part(), dbias.part());
                dweight.endToken();
                dbias.endToken();
            }
        dweight.flush();
        dbias.flush();
    });
}

// |target - output| of a row.
template <class T>
HWY_INLINE double distance(const T* target, const T* output, int64_t size) {
    V squares = hn::Zero(D());
    forRow(size, [&](auto at) HWY_ATTR {
        const V difference = hn::Sub(at.load(target), at.load(output));
        squares = hn::MulAdd(difference, difference, squares);
    });
    return std::sqrt(static_cast<double>(hn::GetLane(sumOf(squares))) + 1e-24);
}

template <class T>
double alignOf(const AlignLoss& op, const Parallel& parallel) {
    double sums[kParts] = {};
    forEachTask(kParts, parallel, [&](int64_t part) HWY_ATTR {
        const PartOfRows rows = partOfRows(rowsOf(op.target), part);
        for (int64_t r = rows.from; r < rows.to; ++r) {
            const RowIndex row = rowIndex(op.target, r);
            sums[part] += distance(rowAt<T>(op.target, row), rowAt<T>(op.output, row), op.target.sizes[3]);
        }
    });
    double total = 0;
    for (const double sum : sums) total += sum;
    return total / (static_cast<double>(rowsOf(op.target)) * std::sqrt(static_cast<double>(op.target.sizes[3])));
}

template <class T>
void alignBackward(const AlignLoss& op, double dloss, const View& doutput, const Parallel& parallel) {
    const int64_t size = op.target.sizes[3];
    const double share = dloss / (static_cast<double>(rowsOf(op.target)) * std::sqrt(static_cast<double>(size)));
    forEachRow(op.target, parallel, [&](const RowIndex& row, int64_t) HWY_ATTR {
        const T *target = rowAt<T>(op.target, row), *output = rowAt<T>(op.output, row);
        const V factor = hn::Set(D(), static_cast<float>(share / distance(target, output, size)));
        T* out = rowAt<T>(doutput, row);
        forRow(size,
               [&](auto at) HWY_ATTR { at.store(hn::Mul(hn::Sub(at.load(output), at.load(target)), factor), out); });
    });
}

// One entry for each op: the dtype chooses.
#define RADLADS_FOR_DTYPE(view, function, ...) \
    return (view).dtype == DType::Float32 ? function<float>(__VA_ARGS__) : function<BFloat16>(__VA_ARGS__)

void rmsNormForwardOf(const RmsNorm& op, const RmsNormOutputs& outputs, const Parallel& parallel) {
    RADLADS_FOR_DTYPE(op.x, rmsForward, op, outputs, parallel);
}
void rmsNormBackwardOf(const RmsNorm& op, const float* inverse, const RmsNormGradients& gradients, float* workspace,
                       const Parallel& parallel) {
    RADLADS_FOR_DTYPE(op.x, rmsBackward, op, inverse, gradients, workspace, parallel);
}
void swiGluForwardOf(const SwiGlu& op, const View& y, const Parallel& parallel) {
    RADLADS_FOR_DTYPE(op.gate, swiForward, op, y, parallel);
}
void swiGluBackwardOf(const SwiGlu& op, const SwiGluGradients& gradients, const Parallel& parallel) {
    RADLADS_FOR_DTYPE(op.gate, swiBackward, op, gradients, parallel);
}
void ropeOfAny(const Rope& op, const View& y, const Parallel& parallel) {
    RADLADS_FOR_DTYPE(op.x, ropeOf, op, y, parallel);
}
void headOutputForwardOf(const HeadOutput& op, const View& out, const Parallel& parallel) {
    RADLADS_FOR_DTYPE(op.y, headForward, op, out, parallel);
}
void headOutputBackwardOf(const HeadOutput& op, const HeadOutputGradients& gradients, const Parallel& parallel) {
    RADLADS_FOR_DTYPE(op.y, headBackward, op, gradients, parallel);
}
double alignLossOf(const AlignLoss& op, const Parallel& parallel) {
    RADLADS_FOR_DTYPE(op.target, alignOf, op, parallel);
}
void alignLossBackwardOf(const AlignLoss& op, double dloss, const View& doutput, const Parallel& parallel) {
    RADLADS_FOR_DTYPE(op.target, alignBackward, op, dloss, doutput, parallel);
}

}  // namespace radlads::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace radlads::kernels {

HWY_EXPORT(rmsNormForwardOf);
HWY_EXPORT(rmsNormBackwardOf);
HWY_EXPORT(swiGluForwardOf);
HWY_EXPORT(swiGluBackwardOf);
HWY_EXPORT(ropeOfAny);
HWY_EXPORT(headOutputForwardOf);
HWY_EXPORT(headOutputBackwardOf);
HWY_EXPORT(alignLossOf);
HWY_EXPORT(alignLossBackwardOf);

namespace simd {

void rmsNormForward(const RmsNorm& op, const RmsNormOutputs& outputs, const Parallel& parallel) {
    HWY_DYNAMIC_DISPATCH(rmsNormForwardOf)(op, outputs, parallel);
}
void rmsNormBackward(const RmsNorm& op, const float* inverse, const RmsNormGradients& gradients, float* workspace,
                     const Parallel& parallel) {
    HWY_DYNAMIC_DISPATCH(rmsNormBackwardOf)(op, inverse, gradients, workspace, parallel);
}
void swiGluForward(const SwiGlu& op, const View& y, const Parallel& parallel) {
    HWY_DYNAMIC_DISPATCH(swiGluForwardOf)(op, y, parallel);
}
void swiGluBackward(const SwiGlu& op, const SwiGluGradients& gradients, const Parallel& parallel) {
    HWY_DYNAMIC_DISPATCH(swiGluBackwardOf)(op, gradients, parallel);
}
void rope(const Rope& op, const View& y, const Parallel& parallel) {
    HWY_DYNAMIC_DISPATCH(ropeOfAny)(op, y, parallel);
}
void headOutputForward(const HeadOutput& op, const View& out, const Parallel& parallel) {
    HWY_DYNAMIC_DISPATCH(headOutputForwardOf)(op, out, parallel);
}
void headOutputBackward(const HeadOutput& op, const HeadOutputGradients& gradients, const Parallel& parallel) {
    HWY_DYNAMIC_DISPATCH(headOutputBackwardOf)(op, gradients, parallel);
}
double alignLoss(const AlignLoss& op, const Parallel& parallel) {
    return HWY_DYNAMIC_DISPATCH(alignLossOf)(op, parallel);
}
void alignLossBackward(const AlignLoss& op, double dloss, const View& doutput, const Parallel& parallel) {
    HWY_DYNAMIC_DISPATCH(alignLossBackwardOf)(op, dloss, doutput, parallel);
}

}  // namespace simd
}  // namespace radlads::kernels
#endif  // HWY_ONCE
