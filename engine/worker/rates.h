// Measuring the rates of this machine that no computation here can pass.
#pragma once

#include <chrono>
#include <cstddef>

namespace radlads::worker {

// Wall time, and how much of a processor this process had meanwhile. The fastest of several rounds is no protection against other
// programs that are busy through all of them; too small a share is how that is seen.
class Stopwatch {
public:
    Stopwatch();
    double seconds() const;         // > 0
    double processorShare() const;  // processor seconds of all threads over wall seconds: about 1 for one busy thread left alone

private:
    std::chrono::steady_clock::time_point m_start;
    double m_processorStart;
};
// Below this share a measurement of busy threads was disturbed.
inline constexpr double kUndisturbedShare = 0.9;

// float32 by BLAS; bfloat16 and float16 by this program's kernels; bfloat16 by LibTorch (oneDNN).
enum class Product { Float32, Bf16, Fp16, Bf16Torch };
// FLOP/s of matrix products (1024 x 1024), one on each of `threads` threads: how this program uses them.
double gemmFlopsPerSecond(size_t threads, Product product = Product::Float32);
// Bytes read and written per second by copies of 64 MiB, one on each of `threads` threads.
double copyBytesPerSecond(size_t threads);

}  // namespace radlads::worker
