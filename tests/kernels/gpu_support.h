// For tests of GPU kernels: tensors in the device's memory between guard bands, and the ways to run a kernel. The same
// tests run on fibers and, built against the GPU library, on a GPU.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "kernels/gpu/device.h"
#include "kernels/kernels.h"
#ifdef RADLADS_GPU_FIBERS
#include "kernels/gpu/fibers.h"
#endif

namespace radlads::kernels::gpu {

// A way to run: on fibers a warp size and an order; on a GPU there is one way.
struct Way {
    std::string name;
    int lanes = 32;
    int order = 0;
    void use() const {
#ifdef RADLADS_GPU_FIBERS
        fibers::setOptions({lanes, static_cast<fibers::Order>(order), 7});
#endif
    }
};
inline std::vector<Way> ways(std::vector<int> lanes = {32, 64}, std::vector<int> orders = {0}) {
    if (!isEmulated()) return {{deviceName(), 0, 0}};
    const char* names[] = {"forward", "reverse", "random"};
    std::vector<Way> list;
    for (const int n : lanes)
        for (const int order : orders) list.push_back({std::to_string(n) + " lanes, " + names[order], n, order});
    return list;
}
inline std::vector<Way> orders(int lanes) {
    return ways({lanes}, {0, 1, 2});
}

// A tensor on the device, NaN until somebody writes it, with guard bands around.
class DeviceTensor {
public:
    DeviceTensor(int64_t batch, int64_t heads, int64_t rows, int64_t columns, DType dtype = DType::Float32)
        : m_shape{batch, heads, rows, columns},
          m_dtype(dtype),
          m_count(static_cast<std::size_t>(batch * heads * rows * columns)) {
        std::vector<unsigned char> bytes(m_count * sizeOf(dtype) + 2 * kGuardBytes, kGuard);
        std::fill(bytes.begin() + kGuardBytes, bytes.end() - kGuardBytes, static_cast<unsigned char>(0xff));
        m_memory = static_cast<unsigned char*>(allocate(bytes.size()));
        EXPECT_NE(m_memory, nullptr);
        EXPECT_EQ(upload(m_memory, bytes.data(), bytes.size()), nullptr);
    }
    DeviceTensor(const DeviceTensor&) = delete;
    DeviceTensor& operator=(const DeviceTensor&) = delete;
    DeviceTensor(DeviceTensor&& other) noexcept
        : m_dtype(other.m_dtype), m_count(other.m_count), m_memory(std::exchange(other.m_memory, nullptr)) {
        std::copy(other.m_shape, other.m_shape + 4, m_shape);
    }
    DeviceTensor& operator=(DeviceTensor&&) = delete;
    ~DeviceTensor() { release(m_memory); }

    void* data() const { return m_memory + kGuardBytes; }
    float* floats() const { return static_cast<float*>(data()); }
    View view() const {
        View view = contiguous(floats(), m_shape[0], m_shape[1], m_shape[2], m_shape[3]);
        view.dtype = m_dtype;
        return view;
    }
    // The same memory as [batch, tokens, heads, size].
    View interleaved() const {
        View view = this->view();
        view.strides[1] = m_shape[3];
        view.strides[2] = m_shape[1] * m_shape[3];
        return view;
    }
    void write(const std::vector<float>& values) {
        ASSERT_EQ(values.size(), m_count);
        std::vector<BFloat16> narrow;
        for (const float value : values) narrow.push_back(fromFloat<BFloat16>(value));
        const void* from = m_dtype == DType::Float32 ? static_cast<const void*>(values.data()) : narrow.data();
        ASSERT_EQ(upload(data(), from, m_count * sizeOf(m_dtype)), nullptr);
    }
    std::vector<float> read() const {
        std::vector<float> values(m_count);
        std::vector<BFloat16> narrow(m_count);
        void* to = m_dtype == DType::Float32 ? static_cast<void*>(values.data()) : narrow.data();
        EXPECT_EQ(download(to, data(), m_count * sizeOf(m_dtype)), nullptr);
        if (m_dtype == DType::BFloat16)
            for (std::size_t i = 0; i < m_count; ++i) values[i] = toFloat(narrow[i]);
        return values;
    }
    // Every element written, nothing beside.
    bool isWhole() const {
        for (const float value : read())
            if (!std::isfinite(value)) return false;
        return isGuarded();
    }
    bool isGuarded() const {
        std::vector<unsigned char> bytes(m_count * sizeOf(m_dtype) + 2 * kGuardBytes);
        EXPECT_EQ(download(bytes.data(), m_memory, bytes.size()), nullptr);
        for (std::size_t i = 0; i < kGuardBytes; ++i)
            if (bytes[i] != kGuard || bytes[bytes.size() - 1 - i] != kGuard) return false;
        return true;
    }

private:
    static constexpr std::size_t kGuardBytes = 256;
    static constexpr unsigned char kGuard = 0xa5;

    int64_t m_shape[4] = {};
    DType m_dtype;
    std::size_t m_count;
    unsigned char* m_memory = nullptr;
};

// Numbers of other types on the device, 0xff until somebody writes them, with guard bands around.
template <class T>
class DeviceArray {
public:
    explicit DeviceArray(std::size_t count) : m_count(count), m_room(1, 1, 1, static_cast<int64_t>(count * kFloats)) {}
    explicit DeviceArray(const std::vector<T>& values) : DeviceArray(values.size()) {
        EXPECT_EQ(upload(data(), values.data(), m_count * sizeof(T)), nullptr);
    }
    T* data() const { return static_cast<T*>(m_room.data()); }
    std::vector<T> read() const {
        std::vector<T> values(m_count);
        EXPECT_EQ(download(values.data(), data(), m_count * sizeof(T)), nullptr);
        return values;
    }
    bool isGuarded() const { return m_room.isGuarded(); }

private:
    static constexpr std::size_t kFloats = sizeof(T) / sizeof(float);
    std::size_t m_count;
    DeviceTensor m_room;
};

// Room of so many floats, NaN, guarded.
inline DeviceTensor room(std::size_t floats) {
    return DeviceTensor(1, 1, 1, static_cast<int64_t>(floats));
}

inline double relativeError(const std::vector<float>& a, const std::vector<float>& b) {
    EXPECT_EQ(a.size(), b.size());
    double error = 0, norm = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        error += std::pow(static_cast<double>(a[i]) - b[i], 2);
        norm += std::pow(static_cast<double>(b[i]), 2);
    }
    return std::sqrt(error / std::max(norm, 1e-30));
}

template <class T>
bool isSameBits(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

}  // namespace radlads::kernels::gpu
