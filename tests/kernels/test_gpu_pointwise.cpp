// The element-wise ops of kernels/gpu against the reference: sizes, dtypes, both warp sizes, orders of threads.
#include "kernels/gpu/pointwise.h"
#include "tests/kernels/gpu_problem.h"

namespace radlads::kernels::gpu {
namespace {

using Place = Problem::Place;

// Those of heads, and rows that a block shares: their sums in shared memory and not.
std::vector<Extent> withLongRows() {
    std::vector<Extent> list = extents();
    for (const DType dtype : {DType::Float32, DType::BFloat16})
        for (const int64_t size : {300, 1024, 1025, 1600, 3000, 5001, 8200})
            list.push_back({1, 1, 3, size, dtype, false});
    return list;
}
// Both warp sizes; of some extents all orders.
std::vector<Way> waysFor(const Extent& extent) {
    return extent.size == 100 || extent.size == 1025 ? ways({32, 64}, {0, 1, 2}) : ways();
}

TEST(GpuPointwise, RmsNormIsTheReference) {
    for (const Extent& extent : withLongRows())
        for (const bool hasResidual : {false, true}) {
            Problem p(extent);
            const int64_t rows = extent.batch * extent.heads * extent.tokens;
            const std::size_t x = p.input(extent.heads), residual = hasResidual ? p.input(extent.heads) : p.kAbsent;
            const std::size_t weight = p.parameter(extent.size, 0.3f, 1), y = p.output(extent.heads);
            const std::size_t sum = hasResidual ? p.output(extent.heads) : p.kAbsent, inverse = p.statistic(rows);
            const std::size_t dy = p.input(extent.heads), dsum = hasResidual ? p.input(extent.heads) : p.kAbsent;
            const std::size_t dx = p.output(extent.heads), dweight = p.gradient(extent.size);
            const auto call = [&](const Place& place) -> const char* {
                const RmsNorm op{place.view(x), place.view(residual), place.floats(weight), 1e-5};
                if (const char* why = whyNot(op)) return why;
                const RmsNormOutputs outputs{place.view(y), place.view(sum), place.floats(inverse)};
                RmsNorm back = op;
                if (hasResidual) back.x = place.view(sum);
                back.residual = {};
                const RmsNormGradients gradients{place.view(dy), place.view(dsum), place.view(dx),
                                                 place.floats(dweight)};
                if (!place.isDevice) {
                    std::vector<float> work(kernels::rmsNormWorkspaceFloats(back));
                    kernels::rmsNormForward(Backend::Reference, op, outputs, serial());
                    kernels::rmsNormBackward(Backend::Reference, back, outputs.inverse, gradients, work.data(),
                                             serial());
                    return nullptr;
                }
                const DeviceTensor work = room(gpu::rmsNormWorkspaceFloats(back));
                if (const char* error = gpu::rmsNormForward(op, outputs, nullptr)) return error;
                const char* error = gpu::rmsNormBackward(back, outputs.inverse, gradients, work.floats(), nullptr);
                return error || (synchronise() == nullptr && work.isGuarded()) ? error : "wrote beside its room";
            };
            // Of one channel nothing but the rounding of eps is left of dx.
            const double tolerance = extent.size == 1 && !hasResidual ? 5e-3 : toleranceFor(extent.dtype);
            p.expectLikeReference(call, waysFor(extent), tolerance, "rms_norm" + textOf(extent));
        }
}

void expectPartsOfRows(const Extent& extent) {
    Problem p(extent);
    const int64_t rows = extent.heads * extent.tokens;
    const std::size_t x = p.input(2), weight = p.parameter(extent.size), dy = p.input(2);
    const std::size_t dweight = p.gradient(extent.size);
    std::vector<float> inverses;
    const auto call = [&](const Place& place) -> const char* {
        const RmsNorm op{place.view(x), {}, place.floats(weight), 1e-5};
        const RmsNormGradients gradients{place.view(dy), {}, {}, place.floats(dweight)};
        if (!place.isDevice) {
            // The reference computes the inverses itself: the device gets the same.
            std::vector<float> y(static_cast<std::size_t>(rows * extent.size)),
                work(kernels::rmsNormWorkspaceFloats(op));
            inverses.resize(static_cast<std::size_t>(rows));
            View out = place.view(x);
            out.data = y.data();
            kernels::rmsNormForward(Backend::Reference, op, {out, {}, inverses.data()}, serial());
            kernels::rmsNormBackward(Backend::Reference, op, inverses.data(), gradients, work.data(), serial());
            return nullptr;
        }
        const DeviceArray<float> own(inverses);
        const DeviceTensor work = room(gpu::rmsNormWorkspaceFloats(op));
        const char* error = gpu::rmsNormBackward(op, own.data(), gradients, work.floats(), nullptr);
        return error ? error : synchronise();
    };
    p.expectLikeReference(call, ways({32, 64}, {0, 2}), 3e-6, "many rows");
}

TEST(GpuPointwise, RmsNormOfManyRowsAddsThemInParts) {
    expectPartsOfRows({1, 2, 1100, 3, DType::Float32, true});   // several blocks of rows that share one
    expectPartsOfRows({1, 2, 515, 258, DType::Float32, true});  // several rows a block
}

TEST(GpuPointwise, SwiGluIsTheReference) {
    for (const Extent& extent : withLongRows()) {
        Problem p(extent);
        const std::size_t gate = p.input(extent.heads, 2), up = p.input(extent.heads), dy = p.input(extent.heads);
        const std::size_t y = p.output(extent.heads), dgate = p.output(extent.heads), dup = p.output(extent.heads);
        const auto call = [&](const Place& place) -> const char* {
            const SwiGlu op{place.view(gate), place.view(up)};
            if (const char* why = whyNot(op)) return why;
            const SwiGluGradients gradients{place.view(dy), place.view(dgate), place.view(dup)};
            if (!place.isDevice) {
                kernels::swiGluForward(Backend::Reference, op, place.view(y), serial());
                kernels::swiGluBackward(Backend::Reference, op, gradients, serial());
                return nullptr;
            }
            const char* error = gpu::swiGluForward(op, place.view(y), nullptr);
            return error ? error : gpu::swiGluBackward(op, gradients, nullptr);
        };
        p.expectLikeReference(call, waysFor(extent), toleranceFor(extent.dtype), "swiglu" + textOf(extent));
    }
}

TEST(GpuPointwise, RopeIsTheReference) {
    for (const Extent& extent : extents()) {
        if (extent.size % 2 != 0) continue;
        Problem p(extent);
        const std::size_t x = p.input(extent.heads), y = p.output(extent.heads), dx = p.output(extent.heads);
        const std::size_t cos = p.given(angles(extent.tokens, extent.size, false));
        const std::size_t sin = p.given(angles(extent.tokens, extent.size, true));
        const auto call = [&](const Place& place) -> const char* {
            Rope op{place.view(x), {place.floats(cos), place.floats(sin), extent.size}, 0.4, false};
            if (const char* why = whyNot(op)) return why;
            for (const bool backward : {false, true}) {
                op.backward = backward;
                const View to = place.view(backward ? dx : y);
                if (!place.isDevice) kernels::rope(Backend::Reference, op, to, serial());
                if (place.isDevice)
                    if (const char* error = gpu::rope(op, to, nullptr)) return error;
            }
            return nullptr;
        };
        p.expectLikeReference(call, waysFor(extent), toleranceFor(extent.dtype), "rope" + textOf(extent));
    }
}

void expectHeadOutput(const Extent& extent, bool isNormed, HeadOutput::Gate kind, bool isWhole,
                      const std::vector<Way>& list) {
    Problem p(extent);
    const bool isGated = kind != HeadOutput::Gate::None;
    const int64_t width = extent.heads * extent.size;
    const std::size_t y = p.input(extent.heads, 2.0f), gate = isGated ? p.input(extent.heads, 1.5f) : p.kAbsent;
    const std::size_t weight = isNormed ? p.parameter(width, 0.3f, 1) : p.kAbsent;
    const std::size_t bias = isNormed ? p.parameter(width) : p.kAbsent;
    const std::size_t dout = p.input(extent.heads, 1.0f);
    const std::size_t out = p.output(extent.heads), dy = p.output(extent.heads);
    const std::size_t dgate = isGated && isWhole ? p.output(extent.heads) : p.kAbsent;
    const std::size_t dweight = isNormed && isWhole ? p.gradient(width) : p.kAbsent;
    const std::size_t dbias = isNormed ? p.gradient(width) : p.kAbsent;
    const auto call = [&](const Place& place) -> const char* {
        const HeadOutput op{
            place.view(y), place.floats(weight), place.floats(bias), 1e-3, isNormed ? 1 : 0.3, place.view(gate), kind};
        if (const char* why = whyNot(op)) return why;
        const HeadOutputGradients gradients{place.view(dout), place.view(dy), place.view(dgate), place.floats(dweight),
                                            place.floats(dbias)};
        if (!place.isDevice) {
            kernels::headOutputForward(Backend::Reference, op, place.view(out), serial());
            HeadOutputGradients all = gradients;  // the reference wants dgate
            std::vector<float> unwanted(
                isGated && !isWhole ? static_cast<std::size_t>(extent.batch * extent.tokens * width) : 0);
            if (!unwanted.empty())
                all.dgate = contiguous(unwanted.data(), extent.batch, extent.heads, extent.tokens, extent.size);
            kernels::headOutputBackward(Backend::Reference, op, all, serial());
            return nullptr;
        }
        const DeviceTensor work = room(gpu::headOutputWorkspaceFloats(op));
        if (const char* error = gpu::headOutputForward(op, place.view(out), nullptr)) return error;
        const char* error = gpu::headOutputBackward(op, gradients, work.floats(), nullptr);
        return error || (synchronise() == nullptr && work.isGuarded()) ? error : "wrote beside its room";
    };
    const std::string what = std::string("head_output") + (isNormed ? " normed" : "") + " gate " +
                             std::to_string(static_cast<int>(kind)) + textOf(extent);
    // Of two channels nothing but the rounding of eps is left of dy.
    const bool isLeast = extent.size == 2 && isNormed && extent.dtype == DType::Float32;
    p.expectLikeReference(call, list, isLeast ? 2e-5 : toleranceFor(extent.dtype), what);
}

constexpr HeadOutput::Gate kGates[] = {HeadOutput::Gate::None, HeadOutput::Gate::Plain, HeadOutput::Gate::Sigmoid};

TEST(GpuPointwise, HeadOutputIsTheReference) {
    std::vector<Extent> list = extents();
    list.push_back({2, 3, 7, 9, DType::Float32, true});
    list.push_back({1, 3, 5, 31, DType::BFloat16, false});
    for (const Extent& extent : list)
        for (const HeadOutput::Gate kind : kGates)
            for (const bool isNormed : {false, true}) expectHeadOutput(extent, isNormed, kind, true, waysFor(extent));
}

TEST(GpuPointwise, HeadOutputOfManyTokensAddsThemInParts) {
    // Several rows a group of lanes, and parts that end within a block.
    for (const DType dtype : {DType::Float32, DType::BFloat16})
        expectHeadOutput({3, 40, 301, 12, dtype, true}, true, HeadOutput::Gate::Sigmoid, true, ways({32, 64}, {0, 2}));
}

TEST(GpuPointwise, HeadOutputWithoutSomeGradients) {
    for (const HeadOutput::Gate kind : kGates)
        for (const bool isNormed : {false, true}) expectHeadOutput({2, 2, 5, 20}, isNormed, kind, false, ways());
}

TEST(GpuPointwise, AlignLossIsTheReference) {
    for (const Extent& extent : withLongRows()) {
        Problem p(extent);
        const std::size_t target = p.input(extent.heads), output = p.input(extent.heads), loss = p.gradient(1);
        const std::size_t doutput = p.output(extent.heads);
        const auto call = [&](const Place& place) -> const char* {
            const AlignLoss op{place.view(target), place.view(output)};
            if (const char* why = whyNot(op)) return why;
            if (!place.isDevice) {
                *place.floats(loss) = static_cast<float>(kernels::alignLoss(Backend::Reference, op, serial()));
                kernels::alignLossBackward(Backend::Reference, op, 6, place.view(doutput), serial());
                return nullptr;
            }
            const DeviceArray<double> result(1), work(gpu::alignLossWorkspaceDoubles(op));
            const DeviceArray<float> factor(std::vector<float>{3});
            if (const char* error = gpu::alignLoss(op, result.data(), work.data(), nullptr)) return error;
            const float value = static_cast<float>(result.read()[0]);
            EXPECT_TRUE(result.isGuarded() && work.isGuarded());
            if (const char* error = upload(place.floats(loss), &value, sizeof value)) return error;
            const char* error = gpu::alignLossBackward(op, 2, factor.data(), place.view(doutput), nullptr);
            return error ? error : synchronise();
        };
        p.expectLikeReference(call, waysFor(extent), toleranceFor(extent.dtype), "align_loss" + textOf(extent));
    }
}

TEST(GpuPointwise, EqualRowsHaveAFiniteGradient) {
    const DeviceTensor gradient(1, 1, 2, 40);
    DeviceTensor values(1, 1, 2, 40);
    values.write(std::vector<float>(80, 1.5f));
    ways()[0].use();
    ASSERT_EQ(alignLossBackward({values.view(), values.view()}, 1, nullptr, gradient.view(), nullptr), nullptr);
    ASSERT_EQ(synchronise(), nullptr);
    for (const float x : gradient.read()) EXPECT_EQ(x, 0);
}

}  // namespace
}  // namespace radlads::kernels::gpu
