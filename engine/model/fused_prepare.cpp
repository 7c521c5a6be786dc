// Prepare and TokenShift of kernels/prepare.h as functions that LibTorch can differentiate.
#include <array>

#include "engine/model/fused_function.h"
#include "engine/model/fused_ops.h"

namespace radlads::model::fused {
namespace {

// The inputs in this order; the absent ones are left out of the list.
enum Input { Q, K, V, kDecay, kRate, kMix, kFirst, kDecayBase, kRateBase, kMixBase, kRemoval, kReplacement, kInputs };
// Of the outputs, in the order of PreparedTensors.
constexpr int kOutputs = 6;

constexpr int kLogDecay = 1;  // of them, float32 always

at::Tensor tokensFirst(const at::Tensor& like, int64_t heads, int64_t size, bool isFloat = false) {
    return at::empty({like.size(0), like.size(1), heads, size}, isFloat ? like.options().dtype(at::kFloat) : like.options()).transpose(1, 2);
}

struct PrepareOp {
    kernels::Wkv op;
    int64_t heads, kvHeads;
    bool balance;
    double queryScale;
    at::Tensor cos, sin;  // undefined: no rotation
    std::array<int, kInputs> place;  // in the list, or -1

    at::Tensor get(at::TensorList in, int input) const { return place[input] < 0 ? at::Tensor() : in[place[input]]; }
    bool has(int input) const { return place[input] >= 0; }
    // A key's heads are those of k and v.
    int64_t headsOf(int input) const { return input == K || input == V ? kvHeads : heads; }

    // The views live as long as `rows`.
    kernels::Prepare opOf(at::TensorList in, std::array<at::Tensor, kInputs>& rows) const {
        kernels::Prepare prepare;
        prepare.op = op;
        prepare.balance = balance;
        prepare.queryScale = queryScale;
        if (cos.defined()) prepare.rotation = {floatsOf(cos), floatsOf(sin), cos.stride(0)};
        for (int i = 0; i < kInputs; ++i) rows[i] = withRows(get(in, i));
        kernels::View* const views[] = {&prepare.q, &prepare.k, &prepare.v, &prepare.decay, &prepare.rate, &prepare.mix, &prepare.first};
        for (int i = 0; i < kDecayBase; ++i) *views[i] = model::headsOf(rows[i], headsOf(i));
        const float** const parameters[] = {&prepare.decayBase, &prepare.rateBase, &prepare.mixBase, &prepare.removal, &prepare.replacement};
        for (int i = kDecayBase; i < kInputs; ++i) *parameters[i - kDecayBase] = floatsOf(rows[i]);
        return prepare;
    }
    std::array<bool, kOutputs> hasOutput() const {
        const bool seven = op == kernels::Wkv::Seven;
        return {has(Q), true, true, has(V), seven, seven};
    }
    static kernels::Prepared viewsOf(const std::array<at::Tensor, kOutputs>& tensors) {
        return {viewOf(tensors[0]), viewOf(tensors[1]), viewOf(tensors[2]), viewOf(tensors[3]), viewOf(tensors[4]), viewOf(tensors[5])};
    }

    variable_list forward(at::TensorList in, variable_list*) const {
        std::array<at::Tensor, kInputs> rows;
        const kernels::Prepare prepare = opOf(in, rows);
        std::array<at::Tensor, kOutputs> outputs;
        variable_list result;
        for (int i = 0; i < kOutputs; ++i) {
            if (!hasOutput()[i]) continue;
            outputs[i] = tokensFirst(rows[K], heads, prepare.k.sizes[3], i == kLogDecay);
            result.push_back(outputs[i]);
        }
        calls::prepareForward(rows[K], prepare, viewsOf(outputs));
        return result;
    }

    variable_list backward(at::TensorList kept, const variable_list& gradients) const {
        std::array<at::Tensor, kInputs> rows, own;
        const kernels::Prepare prepare = opOf(kept, rows);
        std::array<at::Tensor, kOutputs> of;
        for (int i = 0, next = 0; i < kOutputs; ++i) {
            if (!hasOutput()[i]) continue;
            const at::Tensor& gradient = gradients[next++];
            of[i] = gradient.defined() ? withRows(gradient) : tokensFirst(rows[K], heads, prepare.k.sizes[3], i == kLogDecay).zero_();
        }
        kernels::PrepareGradients views;
        views.of = viewsOf(of);
        for (int i = 0; i < kInputs; ++i) {
            if (!has(i)) continue;
            own[i] = i == kFirst ? tokensFirst(rows[K], heads, prepare.k.sizes[3]) : likeRows(rows[i]);
        }
        kernels::View* const activations[] = {&views.dq, &views.dk, &views.dv, &views.ddecay, &views.drate, &views.dmix, &views.dfirst};
        for (int i = 0; i < kDecayBase; ++i) *activations[i] = model::headsOf(own[i], headsOf(i));
        float** const parameters[] = {&views.ddecayBase, &views.drateBase, &views.dmixBase, &views.dremoval, &views.dreplacement};
        for (int i = kDecayBase; i < kInputs; ++i) *parameters[i - kDecayBase] = own[i].defined() ? own[i].data_ptr<float>() : nullptr;
        calls::prepareBackward(rows[K], prepare, views);
        variable_list result;
        for (const at::Tensor& gradient : own)
            if (gradient.defined()) result.push_back(gradient);
        return result;
    }
};

// [C, B, T, D] as [B, C, T, D].
kernels::View streamsOf(const at::Tensor& tensor) {
    kernels::View view = viewOf(tensor);
    std::swap(view.sizes[0], view.sizes[1]);
    std::swap(view.strides[0], view.strides[1]);
    return view;
}
// [B, T, D] as [B, 1, T, D].
kernels::View tokensOf(const at::Tensor& tensor) {
    return tensor.defined() ? viewOf(tensor.unsqueeze(1)) : kernels::View{};
}

// x, base, (m) -> streams.
struct TokenShiftOp {
    at::Tensor before;  // undefined: 0

    kernels::TokenShift opOf(const at::Tensor& x, const at::Tensor& base, const at::Tensor& m) const {
        return {tokensOf(x), tokensOf(before), m.defined() ? streamsOf(m) : kernels::View{}, floatsOf(base), base.numel() / x.size(2)};
    }
    static at::Tensor mOf(at::TensorList in) { return in.size() > 2 ? withRows(in[2]) : at::Tensor(); }

    static std::vector<kernels::View> viewsOf(const variable_list& streams) {
        std::vector<kernels::View> views;
        for (const at::Tensor& stream : streams) views.push_back(tokensOf(stream));
        return views;
    }

    variable_list forward(at::TensorList in, variable_list*) const {
        const at::Tensor x = withRows(in[0]), base = in[1].contiguous();
        const kernels::TokenShift op = opOf(x, base, mOf(in));
        variable_list streams;
        for (int64_t c = 0; c < op.streams; ++c) streams.push_back(likeRows(x));
        calls::tokenShiftForward(x, op, viewsOf(streams).data());
        return streams;
    }
    variable_list backward(at::TensorList kept, const variable_list& gradients) const {
        const at::Tensor x = withRows(kept[0]), base = kept[1].contiguous(), m = mOf(kept);
        variable_list result{likeRows(x), likeRows(base)}, douts;
        if (m.defined()) result.push_back(likeRows(m));
        for (const at::Tensor& gradient : gradients) douts.push_back(gradientOr0(gradient, x));
        const std::vector<kernels::View> dout = viewsOf(douts);
        kernels::TokenShiftGradients views{dout.data(), tokensOf(result[0]), {}, {}, result[1].data_ptr<float>()};
        if (m.defined()) views.dm = streamsOf(result[2]);
        calls::tokenShiftBackward(x, opOf(x, base, m), views);
        return result;
    }
};

}  // namespace

PreparedTensors prepare(const PrepareInputs& inputs) {
    PrepareOp op{inputs.op, inputs.heads, inputs.kvHeads, inputs.balance, inputs.queryScale, {}, {}, {}};
    if (inputs.rotary) op.cos = inputs.rotary->cos, op.sin = inputs.rotary->sin;
    const at::Tensor* const all[kInputs] = {&inputs.q,         &inputs.k,        &inputs.v,       &inputs.decay,   &inputs.rate,       &inputs.mix,
                                            &inputs.first,     &inputs.decayBase, &inputs.rateBase, &inputs.mixBase, &inputs.removal, &inputs.replacement};
    variable_list list;
    for (int i = 0; i < kInputs; ++i) {
        op.place[static_cast<std::size_t>(i)] = all[i]->defined() ? static_cast<int>(list.size()) : -1;
        if (all[i]->defined()) list.push_back(*all[i]);
    }
    const variable_list outputs = applyFused(op, list);
    PreparedTensors result;
    at::Tensor* const places[kOutputs] = {&result.q, &result.logDecay, &result.k, &result.v, &result.alpha, &result.beta};
    std::size_t next = 0;
    for (int i = 0; i < kOutputs; ++i)
        if (op.hasOutput()[i]) *places[i] = outputs[next++];
    return result;
}

std::vector<at::Tensor> tokenShift(const at::Tensor& x, const at::Tensor& before, const at::Tensor& base, const at::Tensor& m) {
    variable_list inputs{x, base};
    if (m.defined()) inputs.push_back(m);
    return applyFused(TokenShiftOp{before.defined() ? before.detach().contiguous() : at::Tensor()}, inputs);
}

}  // namespace radlads::model::fused
