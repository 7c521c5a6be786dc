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

// The products of one operation: in float32, or in float16 (precision.h).
class Products {
public:
    explicit Products(bool fp16) : m_fp16(fp16) {}

    // C = A B + bias or C += A B; bias undefined with Add. Computed by the next compute(), so that neighbours may share operands.
    void add(const Matrix& c, const Matrix& a, const Matrix& b, Store store = Store::Set, const at::Tensor& bias = {}) {
        m_products.push_back({a, b, static_cast<float*>(const_cast<void*>(c.data)), c.rowStride, store, floatsOf(bias)});
    }
    void add(const at::Tensor& c, const Matrix& a, const Matrix& b, Store store = Store::Set, const at::Tensor& bias = {}) {
        add(Matrix{c.data_ptr<float>(), a.rows, b.columns, b.columns, 1, kernels::DType::Float32}, a, b, store, bias);
    }
    // dx of a product, or a further part of it.
    void addTo(at::Tensor& sum, const at::Tensor& like, const Matrix& a, const Matrix& b) {
        const bool first = !sum.defined();
        if (first) sum = at::empty(like.sizes(), like.options());
        add(sum, a, b, first ? Store::Set : Store::Add);
    }
    at::Tensor weightGradient(const at::Tensor& weight, const Matrix& a, const Matrix& b) {
        const at::Tensor gradient = at::empty(weight.sizes(), weight.options());
        add(gradient, a, b);
        return gradient;
    }
    void compute() {
        if (m_fp16) {
            const auto room = static_cast<int64_t>(kernels::narrowProductFloats(m_products));
            kernels::narrowProducts(kernelBackend(), kernels::NarrowForm::Fp16Instructions, m_products, at::empty({room}, at::kFloat).data_ptr<float>());
        } else {
            for (const kernels::NarrowProduct& p : m_products) kernels::floatProduct(kernelBackend(), p.a, p.b, p.bias, p.c, p.ldc, p.store);
        }
        m_products.clear();
    }

private:
    bool m_fp16;
    std::vector<kernels::NarrowProduct> m_products;
};
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
    bool fp16 = isFp16();

    variable_list forward(at::TensorList in, variable_list* kept) const {
        Products products(fp16);
        const at::Tensor x = in[0].contiguous();
        if (kept) (*kept)[0] = x;
        variable_list outputs, held;  // held: what products read
        std::vector<std::pair<at::Tensor, at::Tensor>> middles;  // and what they are multiplied with
        std::size_t next = 1;
        for (const Part& part : parts) {
            const at::Tensor weight = held.emplace_back(in[next++].contiguous());
            const at::Tensor bias = part.hasBias ? held.emplace_back(in[next++].contiguous()) : at::Tensor();
            if (!part.isLowRank) {
                outputs.push_back(withColumns(x, part.columns));
                products.add(outputs.back(), rowsOf(x), rowsOf(weight).transposed(), Store::Set, bias);
                continue;
            }
            middles.emplace_back(withColumns(x, weight.size(1)), in[next++].contiguous());
            products.add(middles.back().first, rowsOf(x), rowsOf(weight));
            outputs.push_back(outputOf(x, middles.back().second));
        }
        products.compute();
        std::size_t middle = 0;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            if (!parts[i].isLowRank) continue;
            auto& [h, second] = middles[middle++];
            applyMiddle(parts[i].middle, h);
            for (int64_t c = 0; c < countOf(second); ++c)
                products.add(sliceOf(outputs[i], second, c), columnsOf(h, second, c), sliceOf(second, second, c));
            if (kept) kept->push_back(h);
        }
        products.compute();
        return outputs;
    }

    // Gradients of weights that read the same x next to each other: dense ones by rows of dy, low-rank ones by columns of x.
    variable_list backward(at::TensorList kept, const variable_list& gradients) const {
        Products products(fp16), ofX(fp16);
        std::size_t inputs = 1;
        for (const Part& part : parts) inputs += 1 + part.hasBias + part.isLowRank;
        const at::Tensor& x = kept[0];
        variable_list result(inputs), held;
        struct LowRank {
            std::size_t own;  // its weight among the inputs
            Middle middle;
            at::Tensor h, dh, weight;
        };
        std::vector<LowRank> lowRanks;
        std::size_t next = 1, middle = inputs;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const Part& part = parts[i];
            const std::size_t own = next;
            next += 1 + part.hasBias + part.isLowRank;
            const at::Tensor h = part.isLowRank ? kept[middle++] : at::Tensor();
            if (!gradients[i].defined()) continue;
            const at::Tensor dy = held.emplace_back(gradients[i].contiguous()), weight = held.emplace_back(kept[own].contiguous());
            if (part.isLowRank) {
                const at::Tensor second = held.emplace_back(kept[own + 1].contiguous());
                if (kept[own + 1].requires_grad()) result[own + 1] = at::empty(second.sizes(), second.options());
                for (int64_t c = 0; kept[own + 1].requires_grad() && c < countOf(second); ++c)
                    products.add(sliceOf(result[own + 1], second, c), columnsOf(h, second, c).transposed(), sliceOf(dy, second, c));
                if (!kept[own].requires_grad() && !x.requires_grad()) continue;
                lowRanks.push_back({own, part.middle, h, at::empty(h.sizes(), h.options()), weight});
                for (int64_t c = 0; c < countOf(second); ++c)
                    products.add(columnsOf(lowRanks.back().dh, second, c), sliceOf(dy, second, c), sliceOf(second, second, c).transposed());
                continue;
            }
            if (kept[own].requires_grad()) result[own] = ofX.weightGradient(weight, rowsOf(dy).transposed(), rowsOf(x));
            if (part.hasBias && kept[own + 1].requires_grad()) result[own + 1] = dy.reshape({-1, part.columns}).sum(0);
            if (x.requires_grad()) products.addTo(result[0], x, rowsOf(dy), rowsOf(weight));
        }
        products.compute();
        for (LowRank& part : lowRanks) {
            part.dh = middleBackward(part.middle, part.dh, part.h);
            if (kept[part.own].requires_grad()) result[part.own] = ofX.weightGradient(part.weight, rowsOf(x).transposed(), rowsOf(part.dh));
            if (x.requires_grad()) products.addTo(result[0], x, rowsOf(part.dh), rowsOf(part.weight).transposed());
        }
        products.compute();
        ofX.compute();
        return result;
    }
};

// x, gate, up, down -> y. Keeps what the element-wise part takes and gives.
struct MlpOp {
    bool fp16 = isFp16();

    variable_list forward(at::TensorList in, variable_list* kept) const {
        Products products(fp16);
        const at::Tensor x = in[0].contiguous(), gate = in[1].contiguous(), up = in[2].contiguous(), down = in[3].contiguous();
        const at::Tensor open = withColumns(x, gate.size(0)), value = withColumns(x, gate.size(0)), inner = likeRows(open), y = likeRows(x);
        products.add(open, rowsOf(x), rowsOf(gate).transposed());
        products.add(value, rowsOf(x), rowsOf(up).transposed());
        products.compute();
        calls::swiGluForward(inner, {viewOf(open), viewOf(value)}, viewOf(inner));
        products.add(y, rowsOf(inner), rowsOf(down).transposed());
        products.compute();
        if (kept) {
            (*kept)[0] = x;
            kept->insert(kept->end(), {open, value, inner});
        }
        return {y};
    }

    variable_list backward(at::TensorList kept, const variable_list& gradients) const {
        Products products(fp16);
        const at::Tensor &x = kept[0], &open = kept[4], &value = kept[5], &inner = kept[6];
        const at::Tensor dy = gradients[0].contiguous(), down = kept[3].contiguous();
        variable_list result(4);
        if (kept[3].requires_grad()) result[3] = products.weightGradient(down, rowsOf(dy).transposed(), rowsOf(inner));
        const at::Tensor dinner = likeRows(inner), dopen = likeRows(open), dvalue = likeRows(value);
        products.add(dinner, rowsOf(dy), rowsOf(down));
        products.compute();
        calls::swiGluBackward(inner, {viewOf(open), viewOf(value)}, {viewOf(dinner), viewOf(dopen), viewOf(dvalue)});
        const at::Tensor weights[] = {kept[1].contiguous(), kept[2].contiguous()}, *const gradientsOf[] = {&dopen, &dvalue};
        for (std::size_t i = 0; i < 2; ++i)
            if (kept[1 + i].requires_grad()) result[1 + i] = products.weightGradient(weights[i], rowsOf(*gradientsOf[i]).transposed(), rowsOf(x));
        for (std::size_t i = 0; i < 2; ++i)
            if (x.requires_grad()) products.addTo(result[0], x, rowsOf(*gradientsOf[i]), rowsOf(weights[i]));
        products.compute();
        return result;
    }
};

// Whether the kernels multiply these; one token alone is linear()'s.
bool areKernelProducts(const at::Tensor& x, const at::Tensor& weight) {
    return areForKernels({x, weight}) && isKernelProduct(x, weight) && x.numel() > x.size(-1);
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
        fits = fits && areKernelProducts(x, projection.weight) && areForKernels({projection.bias, projection.second});
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
    if (areKernelProducts(x, gate) && areForKernels({up, down})) return applyFused(MlpOp{}, {x, gate, up, down})[0];
    const at::Tensor open = model::linear(x, gate), value = model::linear(x, up);
    return model::linear(areForKernels({open, value}) ? fused::siluProduct(open, value) : at::silu(open) * value, down);
}

}  // namespace radlads::model
