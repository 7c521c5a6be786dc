// GPU kernels on the CPU, to test them: the threads of a block are fibers that give way at barriers and exchanges
// alone, in an order that can be set, so that a missing barrier shows as a result that depends on the order. Blocks run
// one after another, in the same kind of order. Shared memory starts as NaN with guard bands around it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <source_location>

namespace radlads::kernels::gpu::fibers {

enum class Order { Forward, Reverse, Random };

// For launches of the calling thread.
struct Options {
    int lanes = 32;  // of a warp: 32 (NVIDIA, RDNA) or 64 (CDNA)
    Order order = Order::Forward;
    uint64_t seed = 1;  // Order::Random
};
void setOptions(const Options& options);
const Options& options();

struct Where {
    int thread = 0, threads = 0, lanes = 32;
    int64_t blockX = 0, blockY = 0;
    unsigned char* shared = nullptr;
};
const Where& current();

using Place = std::source_location;
// The barrier of the block. An error of the launch: threads that have ended or wait elsewhere.
void sync(Place place);
// The barrier of the warp, with data: when all lanes have come, the last calls all(slots, lanes) with everybody's slot.
void exchange(void (*all)(void** slots, int lanes), void* slot, Place place);
// 16 bytes that the calling fiber has on their way to shared memory: NaN at once, there when it awaits them.
void copyLater(void* to, const void* from);
void awaitCopies();
// Ends the launch with this error; the calling fiber does not go on.
void fail(const char* error);

// nullptr, or what went wrong, valid until the calling thread's next launch: a barrier that not all threads came to,
// writes beyond the shared memory, or what fail() was given.
const char* run(int64_t gridX, int64_t gridY, int threads, std::size_t sharedBytes, void (*body)(void*),
                void* argument);

}  // namespace radlads::kernels::gpu::fibers
