#include "engine/model/half_projections.h"

#include "engine/model/compat.h"
#include "engine/model/fused_function.h"
#include "engine/model/precision.h"

namespace radlads::model::half {
namespace {

at::Tensor narrow(const at::Tensor& x) {
    return x.to(at::kBFloat16);
}
// [.., D] as bfloat16 rows [n, D].
at::Tensor narrowRows(const at::Tensor& x) {
    return narrow(x).reshape({-1, x.size(-1)});
}
at::Tensor wideProduct(const at::Tensor& a, const at::Tensor& b) {
    at::Tensor out = at::empty({a.size(0), b.size(1)}, at::TensorOptions(a.device()).dtype(at::kFloat));
    bfloat16Product(out, a, b, false);
    return out;
}
// A sum of products, float32; undefined before the first.
void addProduct(at::Tensor& sum, const at::Tensor& a, const at::Tensor& b) {
    if (sum.defined())
        bfloat16Product(sum, a, b, true);
    else
        sum = wideProduct(a, b);
}
std::vector<int64_t> withColumns(std::vector<int64_t> shape, int64_t columns) {
    shape.back() = columns;
    return shape;
}

// x and, of every projection, weight, (bias), (second) -> an output each. Keeps x rounded, the weights, and the middles.
struct ProjectOp {
    struct Part {
        bool hasBias, isLowRank, isWide;
        Middle middle;
    };
    std::vector<Part> parts;
    std::vector<int64_t> shape;  // of x
    bool ofInput;                // whether x asks for a gradient

    variable_list forward(at::TensorList in, variable_list* kept) const {
        const at::Tensor x = narrowRows(in[0]);
        if (kept) (*kept)[0] = x;
        variable_list outputs;
        std::size_t next = 1;
        for (const Part& part : parts) {
            const at::Tensor weight = narrow(in[next++]), bias = part.hasBias ? in[next++] : at::Tensor();
            at::Tensor y;
            if (part.isLowRank) {
                at::Tensor h = at::mm(x, weight);
                if (part.middle == Middle::Tanh) h.tanh_();
                if (part.middle == Middle::Sigmoid) h.sigmoid_();
                y = at::mm(h, narrow(in[next++]));
                if (kept) kept->push_back(h);
            } else if (part.isWide) {
                y = wideProduct(x, weight.t());
                if (bias.defined()) y.add_(bias);
            } else {
                y = bias.defined() ? at::addmm(narrow(bias), x, weight.t()) : at::mm(x, weight.t());
            }
            outputs.push_back(y.reshape(withColumns(shape, y.size(1))));
        }
        return outputs;
    }

    variable_list backward(at::TensorList kept, const variable_list& gradients) const {
        std::size_t inputs = 1;
        for (const Part& part : parts) inputs += 1 + part.hasBias + part.isLowRank;
        const at::Tensor& x = kept[0];
        variable_list result(inputs);
        at::Tensor dx;
        std::size_t next = 1, middle = inputs;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const Part& part = parts[i];
            const std::size_t own = next;
            next += 1 + part.hasBias + part.isLowRank;
            const at::Tensor h = part.isLowRank ? kept[middle++] : at::Tensor();
            if (!gradients[i].defined()) continue;
            const at::Tensor dy = narrowRows(gradients[i]), &weight = kept[own];
            if (part.isLowRank) {
                const at::Tensor& second = kept[own + 1];
                if (second.requires_grad()) result[own + 1] = wideProduct(h.t(), dy);
                if (!weight.requires_grad() && !ofInput) continue;
                at::Tensor dh = at::mm(dy, narrow(second).t());
                if (part.middle == Middle::Tanh) dh = at::tanh_backward(dh, h);
                if (part.middle == Middle::Sigmoid) dh = at::sigmoid_backward(dh, h);
                if (weight.requires_grad()) result[own] = wideProduct(x.t(), dh);
                if (ofInput) addProduct(dx, dh, narrow(weight).t());
                continue;
            }
            if (weight.requires_grad()) result[own] = wideProduct(dy.t(), x);
            if (part.hasBias && kept[own + 1].requires_grad()) result[own + 1] = dy.sum({0}, false, at::kFloat);
            if (ofInput) addProduct(dx, dy, narrow(weight));
        }
        if (dx.defined()) result[0] = dx.reshape(shape);
        return result;
    }
};

// x, gate, up, down -> y. Keeps x rounded, the weights, and what the element-wise part takes and gives.
struct MlpOp {
    std::vector<int64_t> shape;
    bool ofInput;

    variable_list forward(at::TensorList in, variable_list* kept) const {
        const at::Tensor x = narrowRows(in[0]), open = at::mm(x, narrow(in[1]).t()), value = at::mm(x, narrow(in[2]).t()), inner = likeRows(open);
        calls::swiGluForward(inner, {viewOf(open), viewOf(value)}, viewOf(inner));
        if (kept) {
            (*kept)[0] = x;
            kept->insert(kept->end(), {open, value, inner});
        }
        return {wideProduct(inner, narrow(in[3]).t()).reshape(shape)};
    }

    variable_list backward(at::TensorList kept, const variable_list& gradients) const {
        const at::Tensor &x = kept[0], &open = kept[4], &value = kept[5], &inner = kept[6];
        const at::Tensor dy = narrowRows(gradients[0]);
        variable_list result(4);
        if (kept[3].requires_grad()) result[3] = wideProduct(dy.t(), inner);
        const at::Tensor dinner = at::mm(dy, narrow(kept[3])), dopen = likeRows(open), dvalue = likeRows(value);
        calls::swiGluBackward(dinner, {viewOf(open), viewOf(value)}, {viewOf(dinner), viewOf(dopen), viewOf(dvalue)});
        at::Tensor dx;
        const at::Tensor* const gradientsOf[] = {&dopen, &dvalue};
        for (std::size_t i = 0; i < 2; ++i) {
            if (kept[1 + i].requires_grad()) result[1 + i] = wideProduct(gradientsOf[i]->t(), x);
            if (ofInput) addProduct(dx, *gradientsOf[i], narrow(kept[1 + i]));
        }
        if (dx.defined()) result[0] = dx.reshape(shape);
        return result;
    }
};

}  // namespace

bool isFor(const at::Tensor& x) {
    return isBf16() && kernelsInUse() != KernelChoice::Torch && calls::isByGpu(x) && x.scalar_type() != at::kDouble;
}

std::vector<at::Tensor> project(const at::Tensor& x, const std::vector<Projection>& projections) {
    ProjectOp op{{}, x.sizes().vec(), x.requires_grad()};
    variable_list inputs{x};
    for (const Projection& projection : projections) {
        const bool isLowRank = projection.second.defined();
        inputs.push_back(projection.weight);
        if (projection.bias.defined()) inputs.push_back(projection.bias);
        if (isLowRank) inputs.push_back(projection.second);
        op.parts.push_back({projection.bias.defined(), isLowRank, projection.isWide, projection.middle});
    }
    return applyFused(op, inputs);
}

at::Tensor swiglu(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& up, const at::Tensor& down) {
    return applyFused(MlpOp{x.sizes().vec(), x.requires_grad()}, {x, gate, up, down})[0];
}

}  // namespace radlads::model::half
