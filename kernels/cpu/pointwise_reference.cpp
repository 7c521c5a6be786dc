// The ops of pointwise.h element by element in double: the definition of correct. Its room to work in is its own.
#include "kernels/cpu/reference_rows.h"

namespace radlads::kernels::reference {

void rmsNormForward(const RmsNorm& op, const RmsNormOutputs& outputs, const Parallel&) {
    const int64_t size = op.x.sizes[3];
    int64_t number = 0;
    forEachRow(op.x, [&](int64_t b, int64_t h, int64_t t) {
        Row s = rowOf(op.x, b, h, t, size);
        const Row residual = rowOf(op.residual, b, h, t, size);
        for (std::size_t i = 0; i < s.size(); ++i) s[i] += residual[i];
        setRow(outputs.sum, b, h, t, s);
        if (op.residual) s = rowOf(outputs.sum, b, h, t, size);  // as rounded
        double squares = 0;
        for (const double value : s) squares += value * value;
        const double inverse = 1.0 / std::sqrt(squares / static_cast<double>(size) + op.eps);
        if (outputs.inverse) outputs.inverse[number] = static_cast<float>(inverse);
        ++number;
        for (std::size_t i = 0; i < s.size(); ++i) s[i] *= inverse * op.weight[i];
        setRow(outputs.y, b, h, t, s);
    });
}

void rmsNormBackward(const RmsNorm& op, const float*, const RmsNormGradients& gradients, float*, const Parallel&) {
    const int64_t size = op.x.sizes[3];
    Sums dweight(size);
    forEachRow(op.x, [&](int64_t b, int64_t h, int64_t t) {
        const Row x = rowOf(op.x, b, h, t, size), dy = rowOf(gradients.dy, b, h, t, size);
        double squares = 0, along = 0;
        for (const double value : x) squares += value * value;
        const double inverse = 1.0 / std::sqrt(squares / static_cast<double>(size) + op.eps);
        for (std::size_t i = 0; i < x.size(); ++i) {
            dweight.add(static_cast<int64_t>(i), dy[i] * x[i] * inverse);
            along += dy[i] * op.weight[i] * x[i] * inverse / static_cast<double>(size);
        }
        Row dx = rowOf(gradients.dsum, b, h, t, size);
        for (std::size_t i = 0; i < x.size(); ++i) dx[i] += inverse * (dy[i] * op.weight[i] - x[i] * inverse * along);
        setRow(gradients.dx, b, h, t, dx);
    });
    dweight.writeTo(gradients.dweight);
}

void swiGluForward(const SwiGlu& op, const View& y, const Parallel&) {
    forEachRow(op.gate, [&](int64_t b, int64_t h, int64_t t) {
        for (int64_t i = 0; i < op.gate.sizes[3]; ++i) {
            const double gate = valueAt(op.gate, b, h, t, i);
            setAt(y, b, h, t, i, gate * sigmoid(gate) * valueAt(op.up, b, h, t, i));
        }
    });
}

void swiGluBackward(const SwiGlu& op, const SwiGluGradients& gradients, const Parallel&) {
    forEachRow(op.gate, [&](int64_t b, int64_t h, int64_t t) {
        for (int64_t i = 0; i < op.gate.sizes[3]; ++i) {
            const double gate = valueAt(op.gate, b, h, t, i), up = valueAt(op.up, b, h, t, i), s = sigmoid(gate);
            const double dy = valueAt(gradients.dy, b, h, t, i);
            setAt(gradients.dup, b, h, t, i, dy * gate * s);
            setAt(gradients.dgate, b, h, t, i, dy * up * (s + gate * s * (1 - s)));
        }
    });
}

void rope(const Rope& op, const View& y, const Parallel&) {
    forEachRow(op.x, [&](int64_t b, int64_t h, int64_t t) {
        setRow(y, b, h, t, turned(rowOf(op.x, b, h, t, op.x.sizes[3]), op.rotation, t, op.scale, op.backward));
    });
}

namespace {

// One head of one token before and behind its norm.
struct NormedHead {
    Row normal, z;
    double inverse = 1;
};
NormedHead normedHead(const HeadOutput& op, int64_t b, int64_t h, int64_t t) {
    const int64_t size = op.y.sizes[3];
    NormedHead head;
    head.normal = rowOf(op.y, b, h, t, size);
    head.z = head.normal;
    if (!op.weight) {
        for (double& value : head.z) value *= op.scale;
        return head;
    }
    double mean = 0, variance = 0;
    for (const double value : head.normal) mean += value / static_cast<double>(size);
    for (const double value : head.normal) variance += (value - mean) * (value - mean) / static_cast<double>(size);
    head.inverse = 1.0 / std::sqrt(variance + op.eps);
    for (int64_t i = 0; i < size; ++i) {
        double& normal = head.normal[static_cast<std::size_t>(i)];
        normal = (normal - mean) * head.inverse;
        head.z[static_cast<std::size_t>(i)] = normal * op.weight[h * size + i] + op.bias[h * size + i];
    }
    return head;
}

double gateOf(const HeadOutput& op, int64_t b, int64_t h, int64_t t, int64_t i) {
    if (op.kind == HeadOutput::Gate::None) return 1;
    const double gate = valueAt(op.gate, b, h, t, i);
    return op.kind == HeadOutput::Gate::Sigmoid ? sigmoid(gate) : gate;
}

}  // namespace

void headOutputForward(const HeadOutput& op, const View& out, const Parallel&) {
    forEachRow(op.y, [&](int64_t b, int64_t h, int64_t t) {
        Row z = normedHead(op, b, h, t).z;
        for (std::size_t i = 0; i < z.size(); ++i) z[i] *= gateOf(op, b, h, t, static_cast<int64_t>(i));
        setRow(out, b, h, t, z);
    });
}

void headOutputBackward(const HeadOutput& op, const HeadOutputGradients& gradients, const Parallel&) {
    const int64_t size = op.y.sizes[3];
    Sums dweight(op.y.sizes[1] * size), dbias(op.y.sizes[1] * size);
    forEachRow(op.y, [&](int64_t b, int64_t h, int64_t t) {
        const NormedHead head = normedHead(op, b, h, t);
        Row dy = rowOf(gradients.dout, b, h, t, size);
        double mean = 0, along = 0;
        for (int64_t i = 0; i < size; ++i) {
            const std::size_t at = static_cast<std::size_t>(i);
            const double gate = gateOf(op, b, h, t, i);
            if (op.kind != HeadOutput::Gate::None)
                setAt(gradients.dgate, b, h, t, i,
                      dy[at] * head.z[at] * (op.kind == HeadOutput::Gate::Sigmoid ? gate * (1 - gate) : 1));
            dy[at] *= gate;
            if (!op.weight) {
                dy[at] *= op.scale;
                continue;
            }
            dweight.add(h * size + i, dy[at] * head.normal[at]);
            dbias.add(h * size + i, dy[at]);
            dy[at] *= op.weight[h * size + i];
            mean += dy[at] / static_cast<double>(size);
            along += dy[at] * head.normal[at] / static_cast<double>(size);
        }
        for (std::size_t i = 0; op.weight && i < dy.size(); ++i)
            dy[i] = head.inverse * (dy[i] - mean - head.normal[i] * along);
        setRow(gradients.dy, b, h, t, dy);
    });
    dweight.writeTo(gradients.dweight);
    dbias.writeTo(gradients.dbias);
}

namespace {

double distance(const AlignLoss& op, int64_t b, int64_t h, int64_t t) {
    double squares = 0;
    for (int64_t i = 0; i < op.target.sizes[3]; ++i)
        squares += std::pow(valueAt(op.target, b, h, t, i) - valueAt(op.output, b, h, t, i), 2);
    return std::sqrt(squares + 1e-24);
}

double shareOfRow(const AlignLoss& op) {
    return 1.0 / (static_cast<double>(rowsOf(op.target)) * std::sqrt(static_cast<double>(op.target.sizes[3])));
}

}  // namespace

double alignLoss(const AlignLoss& op, const Parallel&) {
    double sum = 0;
    forEachRow(op.target, [&](int64_t b, int64_t h, int64_t t) { sum += distance(op, b, h, t); });
    return sum * shareOfRow(op);
}

void alignLossBackward(const AlignLoss& op, double dloss, const View& doutput, const Parallel&) {
    forEachRow(op.target, [&](int64_t b, int64_t h, int64_t t) {
        const double factor = dloss * shareOfRow(op) / distance(op, b, h, t);
        for (int64_t i = 0; i < op.target.sizes[3]; ++i)
            setAt(doutput, b, h, t, i, factor * (valueAt(op.output, b, h, t, i) - valueAt(op.target, b, h, t, i)));
    });
}

}  // namespace radlads::kernels::reference
