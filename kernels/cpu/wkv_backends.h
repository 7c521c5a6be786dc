// Between kernels.cpp and the backends: sequences, shapes. Private to the library.
#pragma once

#include <algorithm>

#include "kernels/wkv.h"

namespace radlads::kernels {

// One sequence of the batch.
struct Sequence {
    int64_t batch, start, length, state;  // state: its index in the state's first dimension
    int64_t chunksBefore;                 // of earlier sequences, with one more for each sequence
};

class Sequences {
public:
    Sequences(const WkvInputs& inputs, int64_t chunk) : m_inputs(inputs), m_chunk(chunk) {}
    int64_t count() const { return m_inputs.segments.count > 0 ? m_inputs.segments.count : m_inputs.q.sizes[0]; }
    int64_t chunks(int64_t length) const { return (length + m_chunk - 1) / m_chunk; }
    Sequence at(int64_t index) const {
        const int64_t tokens = m_inputs.q.sizes[2];
        if (m_inputs.segments.count == 0) return {index, 0, tokens, index, index * (chunks(tokens) + 1)};
        const int64_t* starts = m_inputs.segments.starts;
        int64_t before = 0;
        for (int64_t s = 0; s < index; ++s) before += chunks(starts[s + 1] - starts[s]) + 1;
        return {0, starts[index], starts[index + 1] - starts[index], index, before};
    }
    int64_t chunksInAll() const {
        if (count() == 0) return 0;
        const Sequence last = at(count() - 1);
        return last.chunksBefore + chunks(last.length) + 1;
    }

private:
    const WkvInputs& m_inputs;
    int64_t m_chunk;
};

// The element of a state: wkv7's lies the other way round.
inline float& stateAt(const View& state, Wkv op, int64_t sequence, int64_t head, int64_t key, int64_t value) {
    return op == Wkv::Seven ? state.at(sequence, head, value)[key] : state.at(sequence, head, key)[value];
}

namespace reference {
void forward(Wkv op, const WkvInputs& inputs, const WkvOutputs& outputs, const Parallel& parallel);
void backward(Wkv op, const WkvInputs& inputs, const WkvGradients& gradients, const Parallel& parallel);
}  // namespace reference

namespace simd {
std::size_t savedFloats(Wkv op, const WkvInputs& inputs);
std::size_t scratchFloats(Wkv op, int64_t size);  // of one thread
void forward(Wkv op, const WkvInputs& inputs, const WkvOutputs& outputs, float* workspace, const Parallel& parallel);
void backward(Wkv op, const WkvInputs& inputs, const float* saved, const WkvGradients& gradients, float* workspace,
              const Parallel& parallel);
}  // namespace simd

}  // namespace radlads::kernels
