// The optimizer's passes of kernels/gpu against the reference. On fibers both warp sizes and several orders.
#include "kernels/gpu/adamw.h"
#include "tests/kernels/gpu_support.h"

namespace radlads::kernels::gpu {
namespace {

using Values = std::vector<float>;

// Parameters of these sizes, each with values, moments and a gradient; every other gradient is bfloat16 and every
// third parameter has a rounded copy. `gap`: so many elements of the memory before each, so that none lies well.
class Parameters {
public:
    explicit Parameters(const std::vector<int64_t>& sizes, int64_t gap = 0) : m_gap(gap) {
        std::mt19937 random(4);
        std::normal_distribution<float> normal;
        for (const int64_t size : sizes) {
            const DType dtype = m_tensors.size() % 2 == 1 ? DType::BFloat16 : DType::Float32;
            const auto tensor = [&](DType type, float spread, bool isSquare) {
                Values values(static_cast<std::size_t>(size + gap), 5.0f);
                for (std::size_t i = static_cast<std::size_t>(gap); i < values.size(); ++i)
                    values[i] = isSquare ? std::pow(spread * normal(random), 2.0f) : spread * normal(random);
                DeviceTensor device(1, 1, 1, size + gap, type);
                device.write(values);
                return device;
            };
            m_tensors.push_back({size, dtype, tensor(DType::Float32, 1, false), tensor(DType::Float32, 0.1f, false),
                                 tensor(DType::Float32, 0.3f, true), tensor(dtype, 1, false),
                                 DeviceTensor(1, 1, 1, size + gap, DType::BFloat16)});
        }
    }
    bool hasRounded(std::size_t i) const { return i % 3 == 0; }

    // On the device; then each tensor's value, first, second and rounded, those before and behind them left out.
    std::vector<Values> update(const AdamStep& step, const float* factor, const Way& way) {
        way.use();
        std::vector<AdamTensor> list;
        for (std::size_t i = 0; i < m_tensors.size(); ++i) {
            Tensor& t = m_tensors[i];
            list.push_back(rates(i, {at(t.value), at(t.first), at(t.second), nullptr, t.dtype, nullptr, t.size}));
            list[i].gradient = t.dtype == DType::Float32 ? static_cast<const void*>(at(t.gradient))
                                                         : static_cast<BFloat16*>(t.gradient.data()) + m_gap;
            if (hasRounded(i)) list[i].rounded = static_cast<BFloat16*>(t.rounded.data()) + m_gap;
        }
        const int64_t count = static_cast<int64_t>(list.size());
        EXPECT_EQ(whyNot(Backend::Reference, list.data(), count, step), nullptr);
        const char* error = adamw(list.data(), count, step, factor, nullptr);
        EXPECT_EQ(error, nullptr) << error << " " << way.name;
        EXPECT_EQ(synchronise(), nullptr);
        std::vector<Values> results;
        for (std::size_t i = 0; i < m_tensors.size(); ++i) {
            const Tensor& t = m_tensors[i];
            for (const DeviceTensor* tensor : {&t.value, &t.first, &t.second, &t.gradient, &t.rounded}) {
                EXPECT_TRUE(tensor->isGuarded()) << i;
                results.push_back(tensor->read());
                for (std::size_t e = 0; e < static_cast<std::size_t>(m_gap); ++e)
                    if (tensor != &t.rounded) {
                        EXPECT_EQ(results.back()[e], 5.0f) << i << " " << e;
                    }
                results.back().erase(results.back().begin(), results.back().begin() + m_gap);
            }
            if (hasRounded(i)) {
                for (std::size_t e = 0; e < results.back().size(); ++e)
                    EXPECT_EQ(results.back()[e], toFloat(fromFloat<BFloat16>(results[results.size() - 5][e])));
            } else {
                for (const float x : results.back()) EXPECT_TRUE(std::isnan(x));
                results.back().clear();
            }
        }
        return results;
    }
    // The same by the reference, on the host, from what the device has now.
    std::vector<Values> reference(const AdamStep& step) const {
        std::vector<Values> results;
        for (std::size_t i = 0; i < m_tensors.size(); ++i) {
            const Tensor& t = m_tensors[i];
            const std::size_t first = results.size();
            for (const DeviceTensor* tensor : {&t.value, &t.first, &t.second, &t.gradient}) {
                results.push_back(tensor->read());
                results.back().erase(results.back().begin(), results.back().begin() + m_gap);
            }
            results.emplace_back();
            const AdamTensor tensor =
                rates(i, {results[first].data(), results[first + 1].data(), results[first + 2].data(),
                          results[first + 3].data(), DType::Float32, nullptr, t.size});
            kernels::adamw(Backend::Reference, &tensor, 1, step, serial());
        }
        return results;
    }

private:
    struct Tensor {
        int64_t size;
        DType dtype;
        DeviceTensor value, first, second, gradient, rounded;
    };
    float* at(const DeviceTensor& tensor) const { return tensor.floats() + m_gap; }
    static AdamTensor rates(std::size_t i, AdamTensor tensor) {
        tensor.learningRate = 0.01 * static_cast<double>(i % 7 + 1);
        tensor.weightDecay = i % 2 == 0 ? 0.1 : 0.0;
        return tensor;
    }

    int64_t m_gap;
    std::vector<Tensor> m_tensors;
};

const std::vector<int64_t> kSizes = {1, 3, 4, 31, 128, 1000, 8192, 8193, 20011, 0, 5};

void expectNear(const std::vector<Values>& actual, const std::vector<Values>& expected, const std::string& what) {
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i)
        if (i % 5 != 4 && !expected[i].empty()) {
            EXPECT_LT(relativeError(actual[i], expected[i]), 1e-6) << what << " " << i;
        }
}

TEST(GpuAdamW, EverySizeAndDtypeIsTheReference) {
    for (const int64_t gap : {0, 1})
        for (const Way& way : ways()) {
            Parameters parameters(kSizes, gap);
            AdamStep step{0.9, 0.95, 1e-8, 0.5, 1};
            for (step.update = 1; step.update <= 3; ++step.update) {
                const std::vector<Values> expected = parameters.reference(step);
                expectNear(parameters.update(step, nullptr, way), expected, way.name);
            }
        }
}

TEST(GpuAdamW, MoreTensorsThanALaunchTakes) {
    std::vector<int64_t> sizes;
    for (int64_t i = 0; i < 101; ++i) sizes.push_back(i % 5 == 0 ? 0 : 7 * i);
    Parameters parameters(sizes);
    const AdamStep step{0.9, 0.95, 1e-8, 1, 5};
    const std::vector<Values> expected = parameters.reference(step);
    expectNear(parameters.update(step, nullptr, ways({64})[0]), expected, "101 tensors");
    EXPECT_EQ(adamw(nullptr, 0, step, nullptr, nullptr), nullptr);
}

TEST(GpuAdamW, AFactorOnTheDeviceIsAScaleOfTheHost) {
    Parameters one(kSizes), other(kSizes);
    const Way way = ways()[0];
    const DeviceArray<float> factor(Values{0.25f});
    const std::vector<Values> a = one.update({0.9, 0.95, 1e-8, 0.5, 2}, factor.data(), way);
    const std::vector<Values> b = other.update({0.9, 0.95, 1e-8, 0.125, 2}, nullptr, way);
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(isSameBits(a[i], b[i])) << i;
}

TEST(GpuAdamW, TheOrderOfThreadsAndBlocksChangesNoBit) {
    for (const int lanes : {32, 64}) {
        std::vector<Values> first;
        for (const Way& way : orders(lanes)) {
            Parameters parameters({5000, 20011, 3});
            const std::vector<Values> again = parameters.update({}, nullptr, way);
            if (first.empty()) first = again;
            for (std::size_t i = 0; i < first.size(); ++i) EXPECT_TRUE(isSameBits(again[i], first[i])) << way.name;
        }
    }
}

// Gradients with, for some, a part that is added; the sums of their squares.
struct Gradients {
    explicit Gradients(const std::vector<int64_t>& sizes) {
        std::mt19937 random(9);
        std::normal_distribution<float> normal;
        for (const int64_t size : sizes) {
            const bool isNarrow = data.size() % 3 == 2;
            data.emplace_back(1, 1, 1, size, isNarrow ? DType::BFloat16 : DType::Float32);
            parts.emplace_back(1, 1, 1, size);
            for (DeviceTensor* tensor : {&data.back(), &parts.back()}) {
                Values values(static_cast<std::size_t>(size));
                for (float& x : values) x = normal(random);
                tensor->write(values);
            }
            GradientTensor gradient{data.back().data(), nullptr, size, data.back().view().dtype};
            if (!isNarrow && data.size() % 2 == 0) gradient.part = parts.back().floats();
            list.push_back(gradient);
        }
    }
    int64_t count() const { return static_cast<int64_t>(list.size()); }
    // The gradients become what they are after the addition.
    std::vector<double> reference(std::vector<Values>& gradients) const {
        std::vector<double> sums(list.size());
        for (std::size_t i = 0; i < list.size(); ++i) {
            gradients.push_back(data[i].read());
            const Values part = parts[i].read();
            const GradientTensor host{gradients[i].data(), list[i].part ? part.data() : nullptr, list[i].count};
            std::vector<double> room(kernels::squareSumsWorkspace(&host, 1) + 1);
            kernels::squareSums(Backend::Reference, &host, 1, &sums[i], room.data(), serial());
        }
        return sums;
    }
    std::vector<double> compute(const Way& way) const {
        way.use();
        EXPECT_EQ(whyNot(Backend::Reference, list.data(), count()), nullptr);
        const DeviceArray<double> sums(list.size()), work(gpu::squareSumsWorkspace(list.data(), count()));
        const char* error = gpu::squareSums(list.data(), count(), sums.data(), work.data(), nullptr);
        EXPECT_EQ(error, nullptr) << error << " " << way.name;
        EXPECT_EQ(synchronise(), nullptr);
        EXPECT_TRUE(sums.isGuarded() && work.isGuarded());
        for (const DeviceTensor& tensor : data) EXPECT_TRUE(tensor.isWhole());
        return sums.read();
    }
    std::vector<DeviceTensor> data, parts;
    std::vector<GradientTensor> list;
};

TEST(GpuGradients, SumsAndSquaresAreTheReference) {
    std::vector<int64_t> sizes = kSizes;
    for (int64_t i = 0; i < 60; ++i) sizes.push_back(3 * i + 1);  // more than a launch takes
    for (const Way& way : ways()) {
        const Gradients gradients(sizes);
        std::vector<Values> expectedData;
        const std::vector<double> expected = gradients.reference(expectedData), sums = gradients.compute(way);
        for (std::size_t i = 0; i < sums.size(); ++i) {
            EXPECT_NEAR(sums[i], expected[i], 1e-12 * expected[i]) << i << " " << way.name;
            EXPECT_TRUE(isSameBits(gradients.data[i].read(), expectedData[i])) << i << " " << way.name;
        }
    }
}

TEST(GpuGradients, TheOrderOfThreadsAndBlocksChangesNoBit) {
    for (const int lanes : {32, 64}) {
        const std::vector<Way> list = orders(lanes);
        const std::vector<double> first = Gradients({9000, 30, 20011}).compute(list[0]);
        for (const Way& way : list) EXPECT_EQ(Gradients({9000, 30, 20011}).compute(way), first) << way.name;
    }
}

TEST(GpuGradients, LargeOnesDoNotOverflowAndNoNumberStays) {
    Gradients gradients({100, 100});
    Values large(100, 1e30f), none(100, 1.0f);
    none[99] = std::nanf("");
    gradients.data[0].write(large);
    gradients.data[1].write(none);
    gradients.list[1].part = nullptr;
    const std::size_t room = gpu::squareSumsWorkspace(gradients.list.data(), 2);
    const DeviceArray<double> sums(2), work(room);
    ways()[0].use();
    ASSERT_EQ(gpu::squareSums(gradients.list.data(), 2, sums.data(), work.data(), nullptr), nullptr);
    ASSERT_EQ(synchronise(), nullptr);
    EXPECT_NEAR(sums.read()[0], 1e62, 1e56);
    EXPECT_TRUE(std::isnan(sums.read()[1]));
}

TEST(GpuGradients, TheNormIsLimited) {
    std::vector<double> sums(700);
    double total = 0;
    for (std::size_t i = 0; i < sums.size(); ++i) total += sums[i] = static_cast<double>(i);
    const DeviceArray<double> device(sums);
    for (const Way& way : ways()) {
        way.use();
        const double expected = 0.5 * std::sqrt(total);
        for (const double limit : {0.0, expected / 4, expected * 2}) {
            const DeviceArray<double> norm(1);
            const DeviceArray<float> factor(1);
            ASSERT_EQ(gradientNorm(device.data(), 700, 0.5, limit, norm.data(), factor.data(), nullptr), nullptr);
            ASSERT_EQ(synchronise(), nullptr);
            EXPECT_NEAR(norm.read()[0], expected, 1e-12 * expected) << way.name;
            EXPECT_NEAR(factor.read()[0], limit == expected / 4 ? 0.25f : 1.0f, 1e-6);
            EXPECT_TRUE(norm.isGuarded() && factor.isGuarded());
        }
    }
}

}  // namespace
}  // namespace radlads::kernels::gpu
