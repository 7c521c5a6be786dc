#include "engine/model/projections.h"

#include "engine/model/compat.h"
#include "engine/model/fused_function.h"
#include "engine/model/fused_ops.h"
#include "engine/model/half_projections.h"
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

void productInto(const Matrix& c, const Matrix& a, const Matrix& b) {
    kernels::floatProduct(kernelBackend(), a, b, nullptr, static_cast<float*>(const_cast<void*>(c.data)), c.rowStride,
                          Store::Set);
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
// How many low-rank products `second` is of.
int64_t countOf(const at::Tensor& second) {
    return second.dim() == 3 ? second.size(0) : 1;
}
at::Tensor withColumns(const at::Tensor& x, int64_t columns) {
    std::vector<int64_t> shape = x.sizes().vec();
    shape.back() = columns;
    return at::empty(shape, x.options());
}

// Columns of x, as many as the rows of `second`, of product c of those that share x; one has two dimensions.
Matrix columnsOf(const at::Tensor& x, const at::Tensor& second, int64_t c) {
    const int64_t columns = second.size(-2), stride = x.size(-1);
    return {x.data_ptr<float>() + c * columns, x.numel() / stride, columns, stride, 1, kernels::DType::Float32};
}
// Matrix c of [C, .., columns], or the only one.
Matrix sliceOf(const at::Tensor& x, const at::Tensor& second, int64_t c) {
    const int64_t count = countOf(second), columns = x.size(-1), rows = x.numel() / columns / count;
    return {x.data_ptr<float>() + c * rows * columns, rows, columns, columns, 1, kernels::DType::Float32};
}

// [.., N] or [C, .., N] of x [.., D].
at::Tensor outputOf(const at::Tensor& x, const at::Tensor& second) {
    std::vector<int64_t> shape = x.sizes().vec();
    shape.back() = second.size(-1);
    if (second.dim() == 3) shape.insert(shape.begin(), second.size(0));
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
            const at::Tensor weight = in[next++].contiguous(),
                             bias = part.hasBias ? in[next++].contiguous() : at::Tensor();
            if (!part.isLowRank) {
                outputs.push_back(withColumns(x, part.columns));
                product(outputs.back(), rowsOf(x), rowsOf(weight).transposed(), Store::Set, bias);
                continue;
            }
            at::Tensor h = withColumns(x, weight.size(1));
            product(h, rowsOf(x), rowsOf(weight));
            applyMiddle(part.middle, h);
            const at::Tensor second = in[next++].contiguous();
            outputs.push_back(outputOf(x, second));
            for (int64_t c = 0; c < countOf(second); ++c)
                productInto(sliceOf(outputs.back(), second, c), columnsOf(h, second, c), sliceOf(second, second, c));
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
                if (second.requires_grad()) result[own + 1] = at::empty(second.sizes(), second.options());
                for (int64_t c = 0; second.requires_grad() && c < countOf(second); ++c)
                    productInto(sliceOf(result[own + 1], second, c), columnsOf(h, second, c).transposed(),
                                sliceOf(dy, second, c));
                if (!weight.requires_grad() && !x.requires_grad()) continue;
                at::Tensor dh = at::empty(h.sizes(), h.options());
                for (int64_t c = 0; c < countOf(second); ++c)
                    productInto(columnsOf(dh, second, c), sliceOf(dy, second, c),
                                sliceOf(second, second, c).transposed());
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
    const at::Tensor& second = projection.second;
    if (second.dim() == 2) return h.matmul(second);
    const at::Tensor groups = h.reshape({-1, second.size(0), second.size(1)}).transpose(0, 1);
    std::vector<int64_t> shape = x.sizes().vec();
    shape.back() = second.size(2);
    shape.insert(shape.begin(), second.size(0));
    return at::bmm(groups, second).reshape(shape);
}

}  // namespace

std::vector<at::Tensor> project(const at::Tensor& x, const std::vector<Projection>& projections) {
    const auto isOfOne = [](const Projection& projection) { return !projection.second.defined() || projection.second.dim() == 2; };
    if (half::isFor(x) && std::all_of(projections.begin(), projections.end(), isOfOne)) return half::project(x, projections);
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
        op.parts.push_back({isLowRank ? projection.second.size(-1) : projection.weight.size(0),
                            projection.bias.defined(), isLowRank, projection.middle});
    }
    return applyFused(op, inputs);
}

at::Tensor swiglu(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& up, const at::Tensor& down) {
    if (half::isFor(x)) return half::swiglu(x, gate, up, down);
    if (areFloatProducts(x, gate) && areForKernels({up, down})) return applyFused(MlpOp{}, {x, gate, up, down})[0];
    const at::Tensor open = model::linear(x, gate), value = model::linear(x, up);
    return model::linear(areForKernels({open, value}) ? fused::siluProduct(open, value) : at::silu(open) * value, down);
}

}  // namespace radlads::model
