// The golden files that the repository carries, through the same code as `verify`.
#include <gtest/gtest.h>

#include "engine/evaluate/golden.h"
#include "engine/model/compat.h"
#include "engine/model/device.h"

namespace {

using namespace radlads;

struct Case {
    at::ScalarType dtype;
    model::Form form;
    double tolerance;
    model::KernelChoice kernels = model::KernelChoice::Simd;
};

void checkAll(const Case& c) {
    size_t count = 0;
    model::forceKernels(c.kernels);
    for (const evaluate::GoldenFile& file : evaluate::findGoldenFiles(RADLADS_TEST_DATA)) {
        const auto errors = evaluate::verifyGolden(file, c.dtype, c.form);
        ASSERT_TRUE(errors) << errors.error().message;
        EXPECT_GE(errors->outputs, 0) << file.path;
        EXPECT_LE(errors->largest(), c.tolerance) << file.path << " worst " << errors->worst;
        ++count;
    }
    model::forceKernels(std::nullopt);
    EXPECT_GE(count, 8u) << "the golden files of tests/data/golden are missing";
}

TEST(Golden, ChunkedFloat32AgreesTo1e4) { checkAll({at::kFloat, model::Form::Chunked, 1e-4}); }
TEST(Golden, ChunkedFloat64AgreesTo1e5) { checkAll({at::kDouble, model::Form::Chunked, 1e-5}); }
TEST(Golden, RecurrentFloat32AgreesTo1e4) { checkAll({at::kFloat, model::Form::Recurrent, 1e-4}); }

// In a build with -DRADLADS_GPU=fibers the kernels of a GPU too, emulated.
TEST(Golden, EveryKindOfKernelsAgreesTo1e4) {
    for (const model::KernelChoice kernels : model::kernelsOf(at::kCPU)) checkAll({at::kFloat, model::Form::Chunked, 1e-4, kernels});
}

}  // namespace
