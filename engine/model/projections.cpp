#include "engine/model/projections.h"

#include "engine/model/compat.h"
#include "engine/model/fused_function.h"
#include "engine/model/fused_ops.h"
#include "engine/model/ops.h"
#include "engine/model/precision.h"
#include "kernels/pointwise.h"
#include "kernels/products.h"

namespace radlads::model {
namespace {

using kernels::Matrix;
using kernels::Store;

Matrix rowsOf(const at::Tensor& x) {
    const int64_t columns = x.size(-1);
    return {x.data_ptr<float>(), x.numel() / columns, columns, columns, 1, kernels::DType::Float32};
}

// C = A B + bias or C += A B; c is contiguous.
void product(const at::Tensor& c, const Matrix& a, const Matrix& b, Store store = Store::Set, const at::Tensor& bias = {}) {
    kernels::floatProduct(kernelBackend(), a, b, floatsOf(bias), c.data_ptr<float>(), b.columns, store);
}
// dx of a product, or a further part of it.
void addProduct(at::Tensor& sum, const at::Tensor& like, const Matrix& a, const Matrix& b) {
    const bool first = !sum.defined();
    if (first) sum = at::empty(like.sizes(), like.options());
    product(sum, a, b, first ? Store::Set : Store::Add);
}
at::Tensor weightGradient(const at::Tensor& weight, const Matrix& a, const Matrix& b) {
    const at::Tensor gradient = at::empty(weight.sizes(), weight.options());
    product(gradient, a, b);
    return gradient;
}
at::Tensor withColumns(const at::Tensor& x, int64_t columns) {
    std::vector<int64_t> shape = x.sizes().vec();
    shape.back() = columns;
    return at::empty(shape, x.options());
}

void applyMiddle(Middle middle, at::Tensor& h) {
    if (middle == Middle::Tanh) h.tanh_();
    if (middle == Middle::Sigmoid) h.sigmoid_();
}
at::Tensor middleBackward(Middle middle, const at::Tensor& gradient, const at::Tensor& h) {
    if (middle == Middle::Tanh) return at::tanh_backward(gradient, h);
    if (middle == Middle::Sigmoid) return at::sigmoid_backward(gradient, h);
    return gradient;
}

// x and, of every projection, weight, (bias), (second) -> an output each. Keeps the inputs and the middles of low-rank products.
struct ProjectOp {
    struct Part {
        int64_t columns;
        bool hasBias, isLowRank;
        Middle middle;
    };
    std::vector<Part> parts;

    variable_list forward(at::TensorList in, variable_list* kept) const {
        const at::Tensor x = in[0].contiguous();
        if (kept) (*kept)[0] = x;
        variable_list outputs;
        std::size_t next = 1;
        for (const Part& part : parts) {
            const at::Tensor weight = in[next++].contiguous(), bias = part.hasBias ? in[next++].contiguous() : at::Tensor();
            outputs.push_back(withColumns(x, part.columns));
            if (!part.isLowRank) {
                product(outputs.back(), rowsOf(x), rowsOf(weight).transposed(), Store::Set, bias);
                continue;
            }
            at::Tensor h = withColumns(x, weight.size(1));
            product(h, rowsOf(x), rowsOf(weight));
            applyMiddle(part.middle, h);
            product(outputs.back(), rowsOf(h), rowsOf(in[next++].contiguous()));
            if (kept) kept->push_back(h);
        }
        return outputs;
    }

    variable_list backward(at::TensorList kept, const variable_list& gradients) const {
        std::size_t inputs = 1;
        for (const Part& part : parts) inputs += 1 + part.hasBias + part.isLowRank;
        const at::Tensor& x = kept[0];
        variable_list result(inputs);
        std::size_t next = 1, middle = inputs;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const Part& part = parts[i];
            const std::size_t own = next;
            next += 1 + part.hasBias + part.isLowRank;
            const at::Tensor h = part.isLowRank ? kept[middle++] : at::Tensor();
            if (!gradients[i].defined()) continue;
            const at::Tensor dy = gradients[i].contiguous(), weight = kept[own].contiguous();
            if (part.isLowRank) {
                const at::Tensor second = kept[own + 1].contiguous();
                if (second.requires_grad()) result[own + 1] = weightGradient(second, rowsOf(h).transposed(), rowsOf(dy));
                if (!weight.requires_grad() && !x.requires_grad()) continue;
                at::Tensor dh = at::empty(h.sizes(), h.options());
                product(dh, rowsOf(dy), rowsOf(second).transposed());
                dh = middleBackward(part.middle, dh, h);
                if (weight.requires_grad()) result[own] = weightGradient(weight, rowsOf(x).transposed(), rowsOf(dh));
                if (x.requires_grad()) addProduct(result[0], x, rowsOf(dh), rowsOf(weight).transposed());
                continue;
            }
            if (weight.requires_grad()) result[own] = weightGradient(weight, rowsOf(dy).transposed(), rowsOf(x));
            if (part.hasBias && kept[own + 1].requires_grad()) result[own + 1] = dy.reshape({-1, part.columns}).sum(0);
            if (x.requires_grad()) addProduct(result[0], x, rowsOf(dy), rowsOf(weight));
        }
        return result;
    }
};

// x, gate, up, down -> y. Keeps what the element-wise part takes and gives.
struct MlpOp {
    variable_list forward(at::TensorList in, variable_list* kept) const {
        const at::Tensor x = in[0].contiguous(), down = in[3].contiguous();
        const at::Tensor open = withColumns(x, in[1].size(0)), value = withColumns(x, in[1].size(0)), inner = likeRows(open), y = likeRows(x);
        product(open, rowsOf(x), rowsOf(in[1].contiguous()).transposed());
        product(value, rowsOf(x), rowsOf(in[2].contiguous()).transposed());
        calls::swiGluForward(inner, {viewOf(open), viewOf(value)}, viewOf(inner));
        product(y, rowsOf(inner), rowsOf(down).transposed());
        if (kept) {
            (*kept)[0] = x;
            kept->insert(kept->end(), {open, value, inner});
        }
        return {y};
    }

    variable_list backward(at::TensorList kept, const variable_list& gradients) const {
        const at::Tensor &x = kept[0], &open = kept[4], &value = kept[5], &inner = kept[6];
        const at::Tensor dy = gradients[0].contiguous();
        variable_list result(4);
        if (kept[3].requires_grad()) result[3] = weightGradient(kept[3], rowsOf(dy).transposed(), rowsOf(inner));
        const at::Tensor dinner = likeRows(inner), dopen = likeRows(open), dvalue = likeRows(value);
        product(dinner, rowsOf(dy), rowsOf(kept[3].contiguous()));
        calls::swiGluBackward(inner, {viewOf(open), viewOf(value)}, {viewOf(dinner), viewOf(dopen), viewOf(dvalue)});
        const at::Tensor* const gradientsOf[] = {&dopen, &dvalue};
        for (std::size_t i = 0; i < 2; ++i) {
            const at::Tensor weight = kept[1 + i].contiguous(), &d = *gradientsOf[i];
            if (weight.requires_grad()) result[1 + i] = weightGradient(weight, rowsOf(d).transposed(), rowsOf(x));
            if (x.requires_grad()) addProduct(result[0], x, rowsOf(d), rowsOf(weight));
        }
        return result;
    }
};

// Whether the kernels multiply these; one token alone is linear()'s.
bool areFloatProducts(const at::Tensor& x, const at::Tensor& weight) {
    return areForKernels({x, weight}) && isSmallFloatProduct(x, weight) && x.numel() > x.size(-1);
}

at::Tensor projectInTorch(const at::Tensor& x, const Projection& projection) {
    if (!projection.second.defined()) return model::linear(x, projection.weight, projection.bias);
    at::Tensor h = x.matmul(projection.weight);
    if (projection.middle == Middle::Tanh) h = at::tanh(h);
    if (projection.middle == Middle::Sigmoid) h = at::sigmoid(h);
    return h.matmul(projection.second);
}

}  // namespace

std::vector<at::Tensor> project(const at::Tensor& x, const std::vector<Projection>& projections) {
    bool fits = true;
    for (const Projection& projection : projections)
        fits = fits && areFloatProducts(x, projection.weight) && areForKernels({projection.bias, projection.second});
    if (!fits) {
        std::vector<at::Tensor> outputs;
        for (const Projection& projection : projections) outputs.push_back(projectInTorch(x, projection));
        return outputs;
    }
    ProjectOp op;
    variable_list inputs{x};
    for (const Projection& projection : projections) {
        const bool isLowRank = projection.second.defined();
        inputs.push_back(projection.weight);
        if (projection.bias.defined()) inputs.push_back(projection.bias);
        if (isLowRank) inputs.push_back(projection.second);
        op.parts.push_back({isLowRank ? projection.second.size(1) : projection.weight.size(0), projection.bias.defined(), isLowRank, projection.middle});
    }
    return applyFused(op, inputs);
}

at::Tensor swiglu(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& up, const at::Tensor& down) {
    if (areFloatProducts(x, gate) && areForKernels({up, down})) return applyFused(MlpOp{}, {x, gate, up, down})[0];
    const at::Tensor open = model::linear(x, gate), value = model::linear(x, up);
    return model::linear(areForKernels({open, value}) ? fused::siluProduct(open, value) : at::silu(open) * value, down);
}

}  // namespace radlads::model
