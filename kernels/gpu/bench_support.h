// What the benchmarks of the GPU ops share: the device's memory, and times.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "kernels/gpu/device.h"

namespace radlads::kernels::gpu {

inline void check(const char* error, const char* what) {
    if (!error) return;
    std::fprintf(stderr, "bench: %s failed: %s\n", what, error);
    std::exit(1);
}

// Seconds of one call, the best of several runs of a few.
inline double secondsOf(const std::function<void()>& work, int runs = 5, int calls = 4) {
    work();
    check(synchronise(), "a run");
    double best = 1e30;
    for (int run = 0; run < runs; ++run) {
        const auto start = std::chrono::steady_clock::now();
        for (int call = 0; call < calls; ++call) work();
        check(synchronise(), "a run");
        const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
        best = std::min(best, passed.count() / calls);
    }
    return best;
}

class Memory {
public:
    explicit Memory(std::size_t bytes) : m_data(allocate(bytes)) {
        if (!m_data) check("there is no room for the shape; give a smaller one", "allocating the device's memory");
    }
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    ~Memory() { release(m_data); }
    void* data() const { return m_data; }
    float* floats() const { return static_cast<float*>(m_data); }

private:
    void* m_data;
};

// The ops beside the recurrences, at the shapes of a model of 1.5 billion parameters: a table, with the bytes that have
// to be moved as a fraction of `bandwidth`.
void benchOps(double bandwidth);

}  // namespace radlads::kernels::gpu
