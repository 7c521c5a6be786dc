// The recurrences by the kernels in use, as functions that LibTorch can differentiate.
#include "engine/model/fused_function.h"
#include "engine/model/precision.h"
#include "engine/model/wkv.h"
#include "kernels/wkv.h"

namespace radlads::model {
namespace {

using kernels::View;
using kernels::Wkv;
using kernels::WkvInputs;

// q, g, k, v, (a, b,) state; the last may be undefined.
class Problem {
public:
    Problem(Wkv op, bool halved, const variable_list& tensors) : m_op(op), m_halved(halved) {
        for (const at::Tensor& tensor : tensors) m_tensors.push_back(withRows(tensor));
        m_inputs.q = viewOf(m_tensors[0]);
        m_inputs.g = viewOf(m_tensors[1]);
        m_inputs.k = viewOf(m_tensors[2]);
        m_inputs.v = viewOf(m_tensors[3]);
        if (op == Wkv::Seven) m_inputs.a = viewOf(m_tensors[4]), m_inputs.b = viewOf(m_tensors[5]);
        m_inputs.state = viewOf(m_tensors.back());
    }
    const variable_list& tensors() const { return m_tensors; }

    // saved: null if there will be no backward pass.
    WkvOutput forward(at::Tensor* saved) const {
        const at::Tensor& q = m_tensors[0];
        // Tokens before heads, as what follows takes them.
        const at::Tensor y = at::empty({q.size(0), q.size(2), q.size(1), q.size(3)}, q.options()).transpose(1, 2);
        const at::Tensor state = at::empty({q.size(0), q.size(1), q.size(3), q.size(3)}, q.options().dtype(at::kFloat));
        if (saved) *saved = calls::wkvSaved(q, m_halved, m_op, m_inputs);
        calls::wkvForward(q, m_halved, m_op, m_inputs,
                          {viewOf(y), viewOf(state), saved ? saved->data_ptr<float>() : nullptr});
        return {y, state};
    }

    variable_list backward(const at::Tensor& saved, const at::Tensor& dy, const at::Tensor& dstate,
                           bool ofState) const {
        variable_list gradients;
        const std::size_t inputs = m_tensors.size() - 1;
        for (std::size_t i = 0; i < inputs; ++i) {
            const at::Tensor& x = m_tensors[i];
            gradients.push_back(at::empty({x.size(0), x.size(2), x.size(1), x.size(3)}, x.options()).transpose(1, 2));
        }
        gradients.push_back(ofState ? at::empty_like(m_tensors.back(), at::MemoryFormat::Contiguous) : at::Tensor());
        kernels::WkvGradients views;
        const at::Tensor rows = withRows(dy.defined() ? dy : at::zeros_like(m_tensors[0]));
        const at::Tensor last = withRows(dstate);
        views.dy = viewOf(rows);
        views.dstate = viewOf(last);
        View* const parts[] = {&views.dq, &views.dg, &views.dk, &views.dv, &views.da, &views.db};
        for (std::size_t i = 0; i < inputs; ++i) *parts[i] = viewOf(gradients[i]);
        views.dstate0 = viewOf(gradients.back());
        calls::wkvBackward(m_tensors[0], m_halved, m_op, m_inputs, saved.data_ptr<float>(), views);
        return gradients;
    }

private:
    Wkv m_op;
    variable_list m_tensors;
    bool m_halved;  // as its products are: in bf16
    WkvInputs m_inputs;
};

using OptionalTensor = c10::optional<at::Tensor>;

OptionalTensor optional(const at::Tensor& tensor) {
    return tensor.defined() ? OptionalTensor(tensor) : c10::nullopt;
}

// Every tensor is an argument of its own and undefined ones are absent: LibTorch sees none inside a list. a and b are
// absent for Wkv::Six.
template <Wkv kOp>
struct WkvFunction : torch::autograd::Function<WkvFunction<kOp>> {
    static variable_list forward(AutogradContext* context, const at::Tensor& q, const at::Tensor& g,
                                 const at::Tensor& k, const at::Tensor& v, const OptionalTensor& a,
                                 const OptionalTensor& b, const OptionalTensor& state) {
        variable_list tensors{q, g, k, v};
        if (kOp == Wkv::Seven) tensors.insert(tensors.end(), {*a, *b});
        tensors.push_back(state.value_or(at::Tensor()));
        const bool halved = isBf16();
        const Problem problem(kOp, halved, tensors);
        context->saved_data["halved"] = halved;
        context->set_materialize_grads(false);
        at::Tensor saved;
        const WkvOutput output = problem.forward(&saved);
        variable_list kept = problem.tensors();
        kept.push_back(saved);
        context->save_for_backward(kept);
        return {output.y, output.state};
    }
    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        variable_list kept = context->get_saved_variables();
        const at::Tensor saved = kept.back();
        kept.pop_back();
        const Problem problem(kOp, context->saved_data["halved"].toBool(), kept);
        variable_list result = problem.backward(saved, gradients[0], gradients[1], kept.back().defined());
        if (kOp == Wkv::Six) result.insert(result.end() - 1, 2, at::Tensor());
        return result;
    }
};

bool isForKernels(const at::Tensor& x) {
    return areForKernels({x}) && x.dim() == 4 && x.size(3) <= kMostHeadSize;
}

template <Wkv kOp>
WkvOutput apply(const at::Tensor& q, const at::Tensor& g, const at::Tensor& k, const at::Tensor& v, const at::Tensor& a,
                const at::Tensor& b, const at::Tensor& state) {
    variable_list tensors{q, g, k, v};
    if (kOp == Wkv::Seven) tensors.insert(tensors.end(), {a, b});
    tensors.push_back(state);
    const bool differentiated =
        c10::GradMode::is_enabled() && std::any_of(tensors.begin(), tensors.end(),
                                                  [](const at::Tensor& x) { return x.defined() && x.requires_grad(); });
    if (!differentiated) return Problem(kOp, isBf16(), tensors).forward(nullptr);
    const variable_list outputs = WkvFunction<kOp>::apply(q, g, k, v, optional(a), optional(b), optional(state));
    return {outputs[0], outputs[1]};
}

}  // namespace

WkvOutput wkv7(const at::Tensor& r, const at::Tensor& logDecay, const at::Tensor& k, const at::Tensor& v,
               const at::Tensor& alpha, const at::Tensor& beta, const at::Tensor& state) {
    if (isForKernels(r)) return apply<Wkv::Seven>(r, logDecay, k, v, alpha, beta, state);
    if (r.size(2) == 1) return wkv7Recurrent(r, logDecay, k, v, alpha, beta, state);
    return wkv7Chunked(r, logDecay, k, v, alpha, beta, state);
}

WkvOutput wkv6(const at::Tensor& q, const at::Tensor& logDecay, const at::Tensor& k, const at::Tensor& v,
               const at::Tensor& state) {
    if (isForKernels(q)) return apply<Wkv::Six>(q, logDecay, k, v, {}, {}, state);
    if (q.size(2) == 1) return wkv6Recurrent(q, logDecay, k, v, state);
    return wkv6Chunked(q, logDecay, k, v, state);
}

}  // namespace radlads::model
