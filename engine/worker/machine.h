// The machine that this process runs on: what it is, and the rates that no computation here can pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace radlads::worker {

struct Machine {
    std::string processor;              // "AMD EPYC 9B14"
    int64_t cores = 1, logicalCores = 1;  // physical cores; hardware threads
    std::vector<std::string> features;  // vector extensions, best last: "avx2", "avx512f", ...
    int64_t memoryBytes = 0;            // of the machine, or the control group's limit if that is lower
    int64_t availableBytes = 0;         // what a new process can take without swapping
};
Machine describeMachine();

// FLOP/s of float32 matrix products (1024 x 1024), one on each of `threads` threads: how this program uses its BLAS.
double gemmFlopsPerSecond(size_t threads);
// Bytes read and written per second by copies of 64 MiB, one on each of `threads` threads.
double copyBytesPerSecond(size_t threads);

}  // namespace radlads::worker
