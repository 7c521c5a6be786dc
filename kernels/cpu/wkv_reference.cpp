// The recurrences token by token in double, as radlads.md writes them: the definition of correct. Its room to work in
// is its own, unlike that of the other backends.
#include <atomic>
#include <cmath>
#include <vector>

#include "kernels/cpu/wkv_backends.h"

namespace radlads::kernels::reference {
namespace {

using Vector = std::vector<double>;

// One sequence of one head. Its state is [keys, values].
class Head {
public:
    Head(Wkv op, const WkvInputs& inputs, const Sequence& sequence, int64_t head)
        : m_op(op),
          m_inputs(inputs),
          m_sequence(sequence),
          m_head(head),
          m_size(inputs.q.sizes[3]),
          m_state(static_cast<std::size_t>(m_size * m_size)) {
        if (!inputs.state) return;
        for (int64_t i = 0; i < m_size; ++i)
            for (int64_t j = 0; j < m_size; ++j) state(i, j) = stateAt(inputs.state, op, sequence.state, head, i, j);
    }

    void forward(const WkvOutputs& outputs) {
        for (int64_t t = 0; t < m_sequence.length; ++t) {
            step(t);
            const Vector q = row(m_inputs.q, t);
            for (int64_t j = 0; j < m_size; ++j) {
                double sum = 0;
                for (int64_t i = 0; i < m_size; ++i) sum += state(i, j) * q[static_cast<std::size_t>(i)];
                set(outputs.y, t, j, sum);
            }
        }
        if (!outputs.state) return;
        for (int64_t i = 0; i < m_size; ++i)
            for (int64_t j = 0; j < m_size; ++j)
                stateAt(outputs.state, m_op, m_sequence.state, m_head, i, j) = static_cast<float>(state(i, j));
    }

    void backward(const WkvGradients& gradients) {
        std::vector<Vector> before;  // the state before each token
        for (int64_t t = 0; t < m_sequence.length; ++t) {
            before.push_back(m_state);
            step(t);
        }
        const std::size_t size = static_cast<std::size_t>(m_size);
        Vector ds(size * size);
        const auto d = [&](int64_t i, int64_t j) -> double& { return ds[static_cast<std::size_t>(i * m_size + j)]; };
        if (gradients.dstate)
            for (int64_t i = 0; i < m_size; ++i)
                for (int64_t j = 0; j < m_size; ++j)
                    d(i, j) = stateAt(gradients.dstate, m_op, m_sequence.state, m_head, i, j);
        for (int64_t t = m_sequence.length - 1; t >= 0; --t) {
            const Vector& old = before[static_cast<std::size_t>(t)];
            const auto s = [&](int64_t i, int64_t j) { return old[static_cast<std::size_t>(i * m_size + j)]; };
            const Vector q = row(m_inputs.q, t), k = row(m_inputs.k, t), v = row(m_inputs.v, t), g = row(m_inputs.g, t);
            const Vector dy = row(gradients.dy, t), a = row(m_inputs.a, t), b = row(m_inputs.b, t);
            const bool delta = m_op == Wkv::Seven;
            Vector removed(size), dRemoved(size), dv(size);
            if (delta)
                for (int64_t j = 0; j < m_size; ++j)
                    for (int64_t i = 0; i < m_size; ++i)
                        removed[static_cast<std::size_t>(j)] += s(i, j) * a[static_cast<std::size_t>(i)];
            for (int64_t i = 0; i < m_size; ++i) {
                const std::size_t row = static_cast<std::size_t>(i);
                const double w = std::exp(g[row]);
                double dq = 0, dk = 0, dw = 0, dbi = 0;
                for (int64_t j = 0; j < m_size; ++j) {
                    const std::size_t column = static_cast<std::size_t>(j);
                    const double now = w * s(i, j) + k[row] * v[column] + (delta ? b[row] * removed[column] : 0.0);
                    dq += now * dy[column];
                    d(i, j) += q[row] * dy[column];
                    dk += d(i, j) * v[column];
                    dw += d(i, j) * s(i, j);
                    dv[column] += d(i, j) * k[row];
                    if (delta) {
                        dbi += d(i, j) * removed[column];
                        dRemoved[column] += d(i, j) * b[row];
                    }
                    d(i, j) *= w;
                }
                set(gradients.dq, t, i, dq);
                set(gradients.dk, t, i, dk);
                set(gradients.dg, t, i, dw * w);
                if (delta) set(gradients.db, t, i, dbi);
            }
            for (int64_t j = 0; j < m_size; ++j) set(gradients.dv, t, j, dv[static_cast<std::size_t>(j)]);
            if (!delta) continue;
            for (int64_t i = 0; i < m_size; ++i) {
                double da = 0;
                for (int64_t j = 0; j < m_size; ++j) {
                    da += s(i, j) * dRemoved[static_cast<std::size_t>(j)];
                    d(i, j) += a[static_cast<std::size_t>(i)] * dRemoved[static_cast<std::size_t>(j)];
                }
                set(gradients.da, t, i, da);
            }
        }
        if (!gradients.dstate0) return;
        for (int64_t i = 0; i < m_size; ++i)
            for (int64_t j = 0; j < m_size; ++j)
                stateAt(gradients.dstate0, m_op, m_sequence.state, m_head, i, j) = static_cast<float>(d(i, j));
    }

private:
    double& state(int64_t i, int64_t j) { return m_state[static_cast<std::size_t>(i * m_size + j)]; }
    // A token's row; empty if the view is absent.
    Vector row(const View& view, int64_t t) const {
        Vector values(view ? static_cast<std::size_t>(m_size) : 0);
        const int64_t token = m_sequence.start + t;
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = view.dtype == DType::BFloat16 ? toFloat(view.at<BFloat16>(m_sequence.batch, m_head, token)[i])
                                                      : view.at(m_sequence.batch, m_head, token)[i];
        return values;
    }
    void set(const View& view, int64_t t, int64_t i, double value) const {
        const int64_t token = m_sequence.start + t;
        if (view.dtype == DType::BFloat16)
            view.at<BFloat16>(m_sequence.batch, m_head, token)[i] = fromFloat<BFloat16>(static_cast<float>(value));
        else
            view.at(m_sequence.batch, m_head, token)[i] = static_cast<float>(value);
    }

    void step(int64_t t) {
        const Vector k = row(m_inputs.k, t), v = row(m_inputs.v, t), g = row(m_inputs.g, t), a = row(m_inputs.a, t),
                     b = row(m_inputs.b, t);
        const std::size_t size = static_cast<std::size_t>(m_size);
        Vector removed(size);
        for (std::size_t i = 0; i < a.size(); ++i)
            for (std::size_t j = 0; j < size; ++j) removed[j] += m_state[i * size + j] * a[i];
        for (std::size_t i = 0; i < size; ++i)
            for (std::size_t j = 0; j < size; ++j) {
                double& x = m_state[i * size + j];
                x = x * std::exp(g[i]) + k[i] * v[j];
                if (!b.empty()) x += b[i] * removed[j];
            }
    }

    Wkv m_op;
    const WkvInputs& m_inputs;
    Sequence m_sequence;
    int64_t m_head, m_size;
    Vector m_state;
};

template <class Work>
void forEachHead(Wkv op, const WkvInputs& inputs, const Parallel& parallel, Work work) {
    const Sequences sequences(inputs, 1);
    const int64_t heads = inputs.q.sizes[1], count = sequences.count() * heads;
    std::atomic<int64_t> next{0};
    parallel.run(std::min(parallel.threads, count), [&](int64_t) {
        for (int64_t i = next++; i < count; i = next++) {
            Head head(op, inputs, sequences.at(i / heads), i % heads);
            work(head);
        }
    });
}

}  // namespace

void forward(Wkv op, const WkvInputs& inputs, const WkvOutputs& outputs, const Parallel& parallel) {
    forEachHead(op, inputs, parallel, [&](Head& head) { head.forward(outputs); });
}

void backward(Wkv op, const WkvInputs& inputs, const WkvGradients& gradients, const Parallel& parallel) {
    forEachHead(op, inputs, parallel, [&](Head& head) { head.backward(gradients); });
}

}  // namespace radlads::kernels::reference
