// What all kernels share: borrowed tensors, backends, the caller's threads. A library of its own: no torch, no Qt.
// Nothing here allocates what it returns, prints, or throws; memory comes from the caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "kernels/bfloat16.h"

namespace radlads::kernels {

// Reference: plain loops in double, the definition of correct. Simd: chunked, vectorised.
enum class Backend { Reference, Simd };

enum class DType : uint8_t { Float32, BFloat16 };
inline std::size_t sizeOf(DType dtype) {
    return dtype == DType::Float32 ? 4 : 2;
}

// A borrowed tensor [batch, heads, tokens, size] (a state: [batch, heads, rows, columns]); strides in elements.
// The last stride is 1. No data: the tensor is absent.
struct View {
    void* data = nullptr;
    int64_t sizes[4] = {};
    int64_t strides[4] = {};
    DType dtype = DType::Float32;

    explicit operator bool() const { return data != nullptr; }
    int64_t offset(int64_t b, int64_t h, int64_t t) const { return b * strides[0] + h * strides[1] + t * strides[2]; }
    // T is dtype's.
    template <class T = float>
    T* at(int64_t b, int64_t h, int64_t t) const {
        return static_cast<T*>(data) + offset(b, h, t);
    }
};
// As a contiguous tensor lies.
View contiguous(float* data, int64_t batch, int64_t heads, int64_t rows, int64_t columns);
View contiguous(BFloat16* data, int64_t batch, int64_t heads, int64_t rows, int64_t columns);

// How a kernel uses the caller's threads. run(n, task) calls task(0) to task(n - 1), each once, in any order, on any
// threads, and returns when all have; n is at most `threads`. The results do not depend on it, bit for bit.
struct Parallel {
    int64_t threads = 1;
    std::function<void(int64_t count, const std::function<void(int64_t)>& task)> run;
};
Parallel serial();

// What the run-time dispatch has chosen: "AVX3_SPR", "AVX2", ...
const char* simdTarget();

}  // namespace radlads::kernels
