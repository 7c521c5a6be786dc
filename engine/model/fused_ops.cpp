#include "engine/model/fused_ops.h"

#include "engine/model/fused_function.h"
#include "kernels/attention.h"

namespace radlads::model::fused {
namespace {

// x, weight, (residual) -> y, (the sum). Keeps the sum and the inverse of the root.
struct RmsNormOp {
    double eps;

    variable_list forward(at::TensorList in, variable_list* kept) const {
        const at::Tensor x = withRows(in[0]), residual = in.size() > 2 ? withRows(in[2]) : at::Tensor();
        const at::Tensor y = likeRows(x), sum = residual.defined() ? likeRows(x) : at::Tensor();
        const at::Tensor inverse = kept ? calls::roomOf(static_cast<std::size_t>(x.numel() / x.size(-1)), x) : at::Tensor();
        calls::rmsNormForward(x, {viewOf(x), viewOf(residual), floatsOf(in[1]), eps},
                              {viewOf(y), viewOf(sum), kept ? inverse.data_ptr<float>() : nullptr});
        if (kept) *kept = {sum.defined() ? sum : x, in[1], inverse};
        return residual.defined() ? variable_list{y, sum} : variable_list{y};
    }
    variable_list backward(at::TensorList kept, const variable_list& gradients) const {
        const at::Tensor &x = kept[0], &weight = kept[1];
        const bool residual = gradients.size() > 1;
        const at::Tensor dy = gradientOr0(gradients[0], x), dsum = residual ? withRows(gradients[1]) : at::Tensor();
        const at::Tensor dx = likeRows(x), dweight = likeRows(weight);
        const kernels::RmsNorm op{viewOf(x), {}, floatsOf(weight), eps};
        calls::rmsNormBackward(x, op, floatsOf(kept[2]), {viewOf(dy), viewOf(dsum), viewOf(dx), dweight.data_ptr<float>()});
        return residual ? variable_list{dx, dweight, dx} : variable_list{dx, dweight};
    }
};

struct SwiGluOp {
    variable_list forward(at::TensorList in, variable_list*) const {
        const at::Tensor gate = withRows(in[0]), up = withRows(in[1]), y = likeRows(gate);
        calls::swiGluForward(y, {viewOf(gate), viewOf(up)}, viewOf(y));
        return {y};
    }
    variable_list backward(at::TensorList kept, const variable_list& gradients) const {
        const at::Tensor gate = withRows(kept[0]), up = withRows(kept[1]), dy = gradientOr0(gradients[0], gate);
        const at::Tensor dgate = likeRows(gate), dup = likeRows(gate);
        calls::swiGluBackward(gate, {viewOf(gate), viewOf(up)}, {viewOf(dy), viewOf(dgate), viewOf(dup)});
        return {dgate, dup};
    }
};

struct RopeOp {
    int64_t heads;
    at::Tensor cos, sin;
    double scale;

    kernels::Rotation rotation() const { return {floatsOf(cos), floatsOf(sin), cos.stride(0)}; }
    variable_list forward(at::TensorList in, variable_list*) const {
        const at::Tensor x = withRows(in[0]);
        const kernels::View view = headsOf(x, heads);
        // A GPU's attention gives its result as the queries lie: tokens before heads, as what follows takes it.
        const at::Tensor y = calls::isByGpu(x) ? at::empty({view.sizes[0], view.sizes[2], view.sizes[1], view.sizes[3]}, x.options()).transpose(1, 2)
                                               : at::empty({view.sizes[0], view.sizes[1], view.sizes[2], view.sizes[3]}, x.options());
        calls::rope(x, {view, rotation(), scale, false}, viewOf(y));
        return {y};
    }
    variable_list backward(at::TensorList kept, const variable_list& gradients) const {
        const at::Tensor dx = likeRows(kept[0]), dy = withRows(gradients[0]);
        calls::rope(dx, {viewOf(dy), rotation(), scale, true}, headsOf(dx, heads));
        return {dx};
    }
};

// y, (weight, bias,) (gate) -> o [B, T, H N].
struct HeadOutputOp {
    bool normed;
    double eps, scale;
    kernels::HeadOutput::Gate kind;

    kernels::HeadOutput opOf(at::TensorList in, const at::Tensor& y, const at::Tensor& gate) const {
        return {viewOf(y), normed ? floatsOf(in[1]) : nullptr, normed ? floatsOf(in[2]) : nullptr, eps, scale,
                headsOf(gate, y.size(1)), kind};
    }
    at::Tensor gateOf(at::TensorList in) const {
        return kind == kernels::HeadOutput::Gate::None ? at::Tensor() : withRows(in[normed ? 3 : 1]);
    }
    variable_list forward(at::TensorList in, variable_list*) const {
        const at::Tensor y = withRows(in[0]), gate = gateOf(in);
        const at::Tensor out = at::empty({y.size(0), y.size(2), y.size(1) * y.size(3)}, y.options());
        calls::headOutputForward(y, opOf(in, y, gate), headsOf(out, y.size(1)));
        return {out};
    }
    variable_list backward(at::TensorList kept, const variable_list& gradients) const {
        const at::Tensor y = withRows(kept[0]), gate = gateOf(kept), dout = withRows(gradients[0]);
        const int64_t heads = y.size(1);
        // As y lies: tokens before heads.
        const at::Tensor dy = at::empty({y.size(0), y.size(2), heads, y.size(3)}, y.options()).transpose(1, 2);
        variable_list result{dy};
        kernels::HeadOutputGradients views{headsOf(dout, heads), viewOf(dy), {}, nullptr, nullptr};
        if (normed) {
            result.insert(result.end(), {likeRows(kept[1]), likeRows(kept[2])});
            views.dweight = result[1].data_ptr<float>();
            views.dbias = result[2].data_ptr<float>();
        }
        if (gate.defined()) {
            result.push_back(likeRows(gate));
            views.dgate = headsOf(result.back(), heads);
        }
        calls::headOutputBackward(y, opOf(kept, y, gate), views);
        return result;
    }
};

struct AlignLossOp {
    variable_list forward(at::TensorList in, variable_list*) const {
        const at::Tensor target = withRows(in[0]), output = withRows(in[1]);
        return {calls::alignLoss(output, {viewOf(target), viewOf(output)})};
    }
    variable_list backward(at::TensorList kept, const variable_list& gradients) const {
        const at::Tensor target = withRows(kept[0]), output = withRows(kept[1]), doutput = likeRows(output);
        calls::alignLossBackward({viewOf(target), viewOf(output)}, gradients[0], viewOf(doutput));
        return {at::Tensor(), doutput};
    }
};

}  // namespace

at::Tensor rmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps) {
    return applyFused(RmsNormOp{eps}, {x, weight})[0];
}

Normed addRmsNorm(const at::Tensor& h, const at::Tensor& delta, const at::Tensor& weight, double eps) {
    const variable_list outputs = applyFused(RmsNormOp{eps}, {h, weight, delta});
    return {outputs[1], outputs[0]};
}

at::Tensor siluProduct(const at::Tensor& gate, const at::Tensor& up) {
    return applyFused(SwiGluOp{}, {gate, up})[0];
}

at::Tensor rotate(const at::Tensor& x, int64_t heads, const Rotary& rotary, double scale) {
    return applyFused(RopeOp{heads, rotary.cos, rotary.sin, scale}, {x})[0];
}

at::Tensor headOutput(const at::Tensor& y, const HeadOutputOptions& options) {
    variable_list inputs{y};
    if (options.weight.defined()) inputs.insert(inputs.end(), {options.weight, options.bias});
    if (options.kind != kernels::HeadOutput::Gate::None) inputs.push_back(options.gate);
    return applyFused(HeadOutputOp{options.weight.defined(), options.eps, options.scale, options.kind}, inputs)[0];
}

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t window) {
    const at::Tensor rows[] = {withRows(q), withRows(k), withRows(v)};
    const at::Tensor y = at::empty({q.size(0), q.size(2), q.size(1) * q.size(3)}, q.options().requires_grad(false));
    const kernels::Attention op{viewOf(rows[0]), viewOf(rows[1]), viewOf(rows[2]), window};
    const at::Tensor work = calls::roomOf(kernels::attentionWorkspaceFloats(kernelBackend(), op, 1), q);
    kernels::attention(kernelBackend(), op, headsOf(y, q.size(1)), work.data_ptr<float>(), kernels::serial());
    return y;
}

at::Tensor meanDistance(const at::Tensor& target, const at::Tensor& output) {
    return applyFused(AlignLossOp{}, {target.detach(), output})[0];
}

}  // namespace radlads::model::fused
