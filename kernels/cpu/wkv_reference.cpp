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
            float* y = row(outputs.y, t);
            for (int64_t j = 0; j < m_size; ++j) {
                double sum = 0;
                for (int64_t i = 0; i < m_size; ++i) sum += state(i, j) * row(m_inputs.q, t)[i];
                y[j] = static_cast<float>(sum);
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
            const float *q = row(m_inputs.q, t), *k = row(m_inputs.k, t), *v = row(m_inputs.v, t),
                        *g = row(m_inputs.g, t);
            const float* dy = row(gradients.dy, t);
            const bool delta = m_op == Wkv::Seven;
            const float *a = delta ? row(m_inputs.a, t) : nullptr, *b = delta ? row(m_inputs.b, t) : nullptr;
            Vector removed(size), dRemoved(size), dv(size);
            if (delta)
                for (int64_t j = 0; j < m_size; ++j)
                    for (int64_t i = 0; i < m_size; ++i) removed[static_cast<std::size_t>(j)] += s(i, j) * a[i];
            for (int64_t i = 0; i < m_size; ++i) {
                const double w = std::exp(static_cast<double>(g[i]));
                double dq = 0, dk = 0, dw = 0, dbi = 0;
                for (int64_t j = 0; j < m_size; ++j) {
                    const std::size_t column = static_cast<std::size_t>(j);
                    const double now =
                        w * s(i, j) + static_cast<double>(k[i]) * v[j] + (delta ? b[i] * removed[column] : 0.0);
                    dq += now * dy[j];
                    d(i, j) += static_cast<double>(q[i]) * dy[j];
                    dk += d(i, j) * v[j];
                    dw += d(i, j) * s(i, j);
                    dv[column] += d(i, j) * k[i];
                    if (delta) {
                        dbi += d(i, j) * removed[column];
                        dRemoved[column] += d(i, j) * b[i];
                    }
                    d(i, j) *= w;
                }
                row(gradients.dq, t)[i] = static_cast<float>(dq);
                row(gradients.dk, t)[i] = static_cast<float>(dk);
                row(gradients.dg, t)[i] = static_cast<float>(dw * w);
                if (delta) row(gradients.db, t)[i] = static_cast<float>(dbi);
            }
            for (int64_t j = 0; j < m_size; ++j)
                row(gradients.dv, t)[j] = static_cast<float>(dv[static_cast<std::size_t>(j)]);
            if (!delta) continue;
            for (int64_t i = 0; i < m_size; ++i) {
                double da = 0;
                for (int64_t j = 0; j < m_size; ++j) {
                    da += s(i, j) * dRemoved[static_cast<std::size_t>(j)];
                    d(i, j) += a[i] * dRemoved[static_cast<std::size_t>(j)];
                }
                row(gradients.da, t)[i] = static_cast<float>(da);
            }
        }
        if (!gradients.dstate0) return;
        for (int64_t i = 0; i < m_size; ++i)
            for (int64_t j = 0; j < m_size; ++j)
                stateAt(gradients.dstate0, m_op, m_sequence.state, m_head, i, j) = static_cast<float>(d(i, j));
    }

private:
    double& state(int64_t i, int64_t j) { return m_state[static_cast<std::size_t>(i * m_size + j)]; }
    float* row(const View& view, int64_t t) const { return view.at(m_sequence.batch, m_head, m_sequence.start + t); }

    void step(int64_t t) {
        const float *k = row(m_inputs.k, t), *v = row(m_inputs.v, t), *g = row(m_inputs.g, t);
        Vector removed(static_cast<std::size_t>(m_size));
        if (m_op == Wkv::Seven)
            for (int64_t j = 0; j < m_size; ++j)
                for (int64_t i = 0; i < m_size; ++i)
                    removed[static_cast<std::size_t>(j)] += state(i, j) * row(m_inputs.a, t)[i];
        for (int64_t i = 0; i < m_size; ++i)
            for (int64_t j = 0; j < m_size; ++j) {
                state(i, j) = state(i, j) * std::exp(static_cast<double>(g[i])) + static_cast<double>(k[i]) * v[j];
                if (m_op == Wkv::Seven) state(i, j) += row(m_inputs.b, t)[i] * removed[static_cast<std::size_t>(j)];
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
