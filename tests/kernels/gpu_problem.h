// An op of kernels/gpu as a problem: tensors on the device and the same on the host for the reference.
#pragma once

#include <functional>
#include <memory>

#include "tests/kernels/gpu_support.h"

namespace radlads::kernels::gpu {

// Of activations: [batch, heads, tokens, size]; interleaved: with tokens before heads.
struct Extent {
    int64_t batch = 2, heads = 2, tokens = 3, size = 8;
    DType dtype = DType::Float32;
    bool isInterleaved = false;
};

class Problem {
public:
    explicit Problem(const Extent& extent, unsigned seed = 1) : m_extent(extent), m_random(seed) {}

    // Each is the number of the next tensor. Inputs are normal; outputs NaN until they are written.
    std::size_t input(int64_t heads, float spread = 1) { return add(activation(heads), true, spread, 0); }
    std::size_t input(int64_t heads, DType dtype) {
        Extent extent = activation(heads);
        extent.dtype = dtype;
        return add(extent, true, 1, 0);
    }
    std::size_t parameter(int64_t count, float spread = 1, float mean = 0) {
        return add({1, 1, 1, count}, true, spread, mean);
    }
    std::size_t given(const std::vector<float>& values) {
        const std::size_t i = parameter(static_cast<int64_t>(values.size()));
        m_tensors[i].values = values;
        m_tensors[i].device->write(values);
        return i;
    }
    std::size_t output(int64_t heads) { return add(activation(heads), false, 0, 0); }
    std::size_t output(int64_t heads, DType dtype) {
        Extent extent = activation(heads);
        extent.dtype = dtype;
        return add(extent, false, 0, 0);
    }
    std::size_t carried() {  // [batch, 1, 1, size]
        Extent extent = m_extent;
        extent.heads = extent.tokens = 1;
        return add(extent, false, 0, 0);
    }
    std::size_t gradient(int64_t count) { return add({1, 1, 1, count}, false, 0, 0); }
    std::size_t statistic(int64_t count) { return gradient(count); }

    // What an op takes: views and pointers of one place. A number of -1 is an absent tensor.
    class Place {
    public:
        Place(Problem& problem, bool onDevice) : isDevice(onDevice), m_problem(problem) {}
        View view(std::size_t i) const {
            if (i == kAbsent) return {};
            const Tensor& tensor = m_problem.m_tensors[i];
            View view = tensor.extent.isInterleaved ? tensor.device->interleaved() : tensor.device->view();
            if (isDevice) return view;
            view.data = m_problem.m_tensors[i].host.data();
            view.dtype = DType::Float32;
            return view;
        }
        float* floats(std::size_t i) const { return static_cast<float*>(view(i).data); }
        const bool isDevice;

    private:
        Problem& m_problem;
    };
    static constexpr std::size_t kAbsent = static_cast<std::size_t>(-1);

    // call: what computes the outputs at a place; nullptr, or an error.
    void expectLikeReference(const std::function<const char*(const Place&)>& call, const std::vector<Way>& list,
                             double tolerance, const std::string& what) {
        for (Tensor& tensor : m_tensors) tensor.host = tensor.values;
        ASSERT_EQ(call(Place(*this, false)), nullptr) << what;
        for (const Way& way : list) {
            way.use();
            for (Tensor& tensor : m_tensors) tensor.device->write(tensor.values);
            const char* error = call(Place(*this, true));
            ASSERT_EQ(error, nullptr) << error << " " << what << " " << way.name;
            ASSERT_EQ(synchronise(), nullptr);
            for (std::size_t i = 0; i < m_tensors.size(); ++i) {
                Tensor& tensor = m_tensors[i];
                const std::string text = what + ", tensor " + std::to_string(i) + ", " + way.name;
                const std::vector<float> found = tensor.device->read();
                if (tensor.isInput) {
                    EXPECT_TRUE(isSameBits(found, tensor.values)) << text;
                    EXPECT_TRUE(tensor.device->isGuarded()) << text;
                    continue;
                }
                EXPECT_TRUE(tensor.device->isWhole()) << text;
                EXPECT_LT(distance(found, tensor.host), tolerance) << text;
                // Other orders of a warp size give the bits of its first.
                std::vector<float>& first = tensor.first[way.lanes == 64];
                if (first.empty()) first = found;
                EXPECT_TRUE(isSameBits(found, first)) << text;
            }
        }
    }

private:
    struct Tensor {
        Extent extent;
        bool isInput;
        std::vector<float> values, host;
        std::unique_ptr<DeviceTensor> device;
        std::vector<float> first[2];
    };
    Extent activation(int64_t heads) const {
        Extent extent = m_extent;
        extent.heads = heads;
        return extent;
    }
    std::size_t add(const Extent& extent, bool isInput, float spread, float mean) {
        Tensor tensor{extent, isInput, {}, {}, nullptr, {}};
        tensor.device =
            std::make_unique<DeviceTensor>(extent.batch, extent.heads, extent.tokens, extent.size, extent.dtype);
        tensor.values.assign(static_cast<std::size_t>(extent.batch * extent.heads * extent.tokens * extent.size),
                             std::nanf(""));
        std::normal_distribution<float> normal(mean, spread);
        for (float& x : tensor.values)
            if (isInput) {
                x = normal(m_random);
                if (extent.dtype == DType::BFloat16) x = toFloat(fromFloat<BFloat16>(x));
            }
        m_tensors.push_back(std::move(tensor));
        return m_tensors.size() - 1;
    }
    // Relative to the norm, or to 1e-3 an element where there is next to nothing.
    static double distance(const std::vector<float>& a, const std::vector<float>& b) {
        double error = 0, norm = 1e-6 * static_cast<double>(b.size());
        for (std::size_t i = 0; i < b.size(); ++i) {
            error += std::pow(static_cast<double>(a[i]) - b[i], 2);
            norm += std::pow(static_cast<double>(b[i]), 2);
        }
        return std::sqrt(error / norm);
    }

    Extent m_extent;
    std::mt19937 m_random;
    std::vector<Tensor> m_tensors;
};

// Angles as of positions: cosines, then sines, in rows that are wider than they need to be, as LibTorch's are.
inline std::vector<float> angles(int64_t tokens, int64_t size, bool isSine) {
    std::vector<float> values;
    for (int64_t t = 0; t < tokens; ++t)
        for (int64_t i = 0; i < size; ++i) {
            const double angle = static_cast<double>(t + 1) * std::pow(0.7, static_cast<double>(i));
            const double value = isSine ? std::sin(angle) : std::cos(angle);
            values.push_back(i < size / 2 ? static_cast<float>(value) : std::nanf(""));
        }
    return values;
}

// Small and odd ones, and such as lie well; every other with tokens before heads.
inline std::vector<Extent> extents() {
    std::vector<Extent> list;
    for (const DType dtype : {DType::Float32, DType::BFloat16})
        for (const int64_t size : {1, 2, 6, 64, 100, 128, 255, 256})
            list.push_back({2, 2, size < 100 ? 5 : 3, size, dtype, list.size() % 2 == 1});
    return list;
}
inline double toleranceFor(DType dtype) {
    return dtype == DType::Float32 ? 3e-6 : 5e-3;
}
inline std::string textOf(const Extent& extent) {
    return " of " + std::to_string(extent.size) + (extent.dtype == DType::BFloat16 ? " bfloat16" : " float32");
}

}  // namespace radlads::kernels::gpu
