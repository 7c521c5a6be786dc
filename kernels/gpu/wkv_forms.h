// What the forms of the recurrences share on the device, and their entries. Private to the library.
#pragma once

#include "kernels/gpu/gpu.h"
#include "kernels/gpu/wkv.h"

namespace radlads::kernels::gpu {

// One sequence of the batch and where its chunks begin among all.
struct Sequence {
    int64_t batch, start, length, chunksBefore;
};

// The sequences as kernels take them. Segments: a table in the workspace.
struct Sequences {
    const Sequence* table = nullptr;
    int64_t count = 0, tokens = 0, chunk = 0, chunks = 0, each = 0;  // chunks: in all; each: of a row of the batch
};
GPU_DEVICE int64_t chunksOf(const Sequences& all, int64_t length) {
    return (length + all.chunk - 1) / all.chunk;
}
GPU_DEVICE Sequence sequenceAt(const Sequences& all, int64_t index) {
    if (all.table) return all.table[index];
    return {index, 0, all.tokens, index * all.each};
}
// The sequence of a chunk of all.
GPU_DEVICE int64_t sequenceOf(const Sequences& all, int64_t chunk) {
    if (!all.table) return static_cast<uint32_t>(chunk) / static_cast<uint32_t>(all.each);
    int64_t low = 0, high = all.count;  // the last whose chunks begin at `chunk` or before
    while (high - low > 1) {
        const int64_t middle = (low + high) / 2;
        if (all.table[middle].chunksBefore <= chunk)
            low = middle;
        else
            high = middle;
    }
    return low;
}

// Offset of a state's element: wkv7's lies the other way round.
GPU_DEVICE int64_t stateOffset(const DeviceView& state, bool isSeven, int64_t sequence, int64_t head, int64_t key,
                               int64_t value) {
    return isSeven ? rowOf(state, sequence, head, value) + key : rowOf(state, sequence, head, key) + value;
}

// On the host: chunks of all sequences; floats of the table at the workspace's start; the table's way there.
int64_t chunksInAll(const WkvInputs& inputs, int64_t chunk);
std::size_t tableFloats(const WkvInputs& inputs);
const char* describe(const WkvInputs& inputs, int64_t chunk, float* workspace, void* stream, Sequences& sequences);

namespace scalar {
std::size_t savedFloats(Wkv op, const WkvInputs& inputs);
std::size_t workspaceFloats(Wkv op, const WkvInputs& inputs);  // behind the table
const char* forward(Wkv op, const WkvInputs& inputs, const WkvOutputs& outputs, float* workspace, void* stream);
const char* backward(Wkv op, const WkvInputs& inputs, const float* saved, const WkvGradients& gradients,
                     float* workspace, void* stream);
}  // namespace scalar

namespace tiles {
std::size_t savedFloats(Wkv op, const WkvInputs& inputs);
std::size_t workspaceFloats(Wkv op, const WkvInputs& inputs);  // behind the table
const char* forward(Wkv op, const WkvInputs& inputs, const WkvOutputs& outputs, float* workspace, void* stream);
const char* backward(Wkv op, const WkvInputs& inputs, const float* saved, const WkvGradients& gradients,
                     float* workspace, void* stream);
}  // namespace tiles

}  // namespace radlads::kernels::gpu
