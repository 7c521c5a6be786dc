// What the tests of kernels share: memory between guard bands, the instruction sets of the machine, threads.
#pragma once

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "kernels/kernels.h"

namespace radlads::kernels::testing {

// `size` elements between guard bands; NaN until somebody writes them.
template <class T>
class Guarded {
public:
    explicit Guarded(int64_t size)
        : m_elements(static_cast<std::size_t>(size + 2 * kGuard), guard()), m_size(static_cast<std::size_t>(size)) {
        std::fill(data(), data() + m_size, value(std::nan("")));
    }
    T* data() { return m_elements.data() + kGuard; }
    std::size_t size() const { return m_size; }
    double operator[](std::size_t i) const { return wide(m_elements[kGuard + i]); }
    void set(std::size_t i, double x) { data()[i] = value(x); }
    bool guardsAreWhole() const {
        for (std::size_t i = 0; i < m_elements.size(); ++i)
            if ((i < kGuard || i >= kGuard + m_size) && wide(m_elements[i]) != wide(guard())) return false;
        return true;
    }
    bool isWritten() const {
        for (std::size_t i = 0; i < m_size; ++i)
            if (std::isnan((*this)[i])) return false;
        return true;
    }
    bool sameBits(const Guarded& other) const {
        return std::memcmp(m_elements.data(), other.m_elements.data(), m_elements.size() * sizeof(T)) == 0;
    }

private:
    static constexpr std::size_t kGuard = 64;
    static double wide(double x) { return x; }
    static double wide(float x) { return x; }
    static double wide(BFloat16 x) { return toFloat(x); }
    static T value(double x) {
        if constexpr (std::is_same_v<T, double>)
            return x;
        else
            return fromFloat<T>(static_cast<float>(x));
    }
    static T guard() { return value(1232.0); }

    std::vector<T> m_elements;
    std::size_t m_size;
};

// ||a - b|| / ||b||
template <class A, class B>
double relativeError(const A& a, const B& b) {
    double error = 0, norm = 0;
    for (std::size_t i = 0; i < b.size(); ++i) {
        error += std::pow(a[i] - b[i], 2);
        norm += std::pow(b[i], 2);
    }
    return std::sqrt(error / std::max(norm, 1e-300));
}

// check(name) with each instruction set that this machine has.
inline void forEachInstructionSet(const std::function<void(const std::string&)>& check) {
    std::vector<std::string> seen;
    for (int64_t targets = hwy::SupportedTargets(); targets != 0; targets &= targets - 1) {
        hwy::SetSupportedTargetsForTest(targets & -targets);
        if (std::find(seen.begin(), seen.end(), simdTarget()) != seen.end()) continue;
        seen.emplace_back(simdTarget());
        check(seen.back());
    }
    hwy::SetSupportedTargetsForTest(0);
    EXPECT_FALSE(seen.empty());
}

inline Parallel threads(int64_t count) {
    return {count, [](int64_t tasks, const std::function<void(int64_t)>& task) {
                std::vector<std::thread> pool;
                for (int64_t i = 0; i < tasks; ++i) pool.emplace_back(task, i);
                for (std::thread& thread : pool) thread.join();
            }};
}

}  // namespace radlads::kernels::testing
