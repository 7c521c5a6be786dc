// bench --kernels: the passes over all parameters of an update.
#include <vector>

#include "engine/model/compat.h"
#include "engine/train/passes.h"
#include "engine/worker/bench_ops.h"

namespace radlads::worker {
namespace {

// One large tensor, as an embedding is, and smaller ones.
constexpr int64_t kSizes[] = {24 << 20, 2 << 20, 2 << 20, 2 << 20, 1 << 20, 1 << 20, 1000, 1000};

struct Parameters {
    Parameters() {
        for (const int64_t size : kSizes) {
            elements += static_cast<double>(size);
            value.push_back(at::randn({size}, at::kFloat));
            gradient.push_back(at::randn({size}, at::kFloat));
            first.push_back(at::zeros({size}, at::kFloat));
            second.push_back(at::ones({size}, at::kFloat));
        }
    }
    double elements = 0;
    std::vector<at::Tensor> value, gradient, first, second;
};

std::string shapeOf(const Parameters& parameters) {
    return fmt::format("{:.0f} M parameters", parameters.elements / (1 << 20));
}

BenchOp squaresOp(size_t threads, bool adds) {
    auto p = std::make_shared<Parameters>();
    BenchOp op{shapeOf(*p), (adds ? 12 : 4) * p->elements, threads, {}};
    op.forms = {{"kernel", [=] {
                     std::vector<kernels::GradientTensor> tensors;
                     for (size_t i = 0; i < p->gradient.size(); ++i)
                         tensors.push_back({p->gradient[i].data_ptr<float>(), adds ? p->value[i].data_ptr<float>() : nullptr, p->gradient[i].numel()});
                     const auto count = static_cast<int64_t>(tensors.size());
                     std::vector<double> sums(tensors.size()), room(kernels::squareSumsWorkspace(tensors.data(), count));
                     kernels::squareSums(kernels::Backend::Simd, tensors.data(), count, sums.data(), room.data(), train::onThreads(threads));
                 }},
                {"LibTorch, 1 thread", [=] {
                     const c10::NoGradGuard noGrad;
                     double sum = 0;
                     for (size_t i = 0; i < p->gradient.size(); ++i) {
                         if (adds) p->gradient[i].add_(p->value[i]);
                         const double norm = p->gradient[i].norm().item<double>();
                         sum += norm * norm;
                     }
                 }}};
    return op;
}

}  // namespace

BenchOp adamOp(size_t threads) {
    auto p = std::make_shared<Parameters>();
    BenchOp op{shapeOf(*p), 28 * p->elements, threads, {}};
    op.forms = {{"kernel", [=] {
                     std::vector<kernels::AdamTensor> tensors;
                     for (size_t i = 0; i < p->value.size(); ++i) {
                         kernels::AdamTensor tensor;
                         tensor.value = p->value[i].data_ptr<float>();
                         tensor.first = p->first[i].data_ptr<float>();
                         tensor.second = p->second[i].data_ptr<float>();
                         tensor.gradient = p->gradient[i].data_ptr<float>();
                         tensor.count = p->value[i].numel();
                         tensor.learningRate = 1e-5;
                         tensor.weightDecay = 0.1;
                         tensors.push_back(tensor);
                     }
                     kernels::adamw(kernels::Backend::Simd, tensors.data(), static_cast<int64_t>(tensors.size()), {}, train::onThreads(threads));
                 }},
                {"LibTorch, 1 thread", [=] {
                     const c10::NoGradGuard noGrad;
                     for (size_t i = 0; i < p->value.size(); ++i) {
                         p->value[i].mul_(1 - 1e-6);
                         p->first[i].mul_(0.9).add_(p->gradient[i], 0.1);
                         p->second[i].mul_(0.95).addcmul_(p->gradient[i], p->gradient[i], 0.05);
                         p->value[i].addcdiv_(p->first[i], p->second[i].sqrt().add_(1e-8), -1e-5);
                     }
                 }}};
    return op;
}

BenchOp gradientNormOp(size_t threads) {
    return squaresOp(threads, false);
}

BenchOp addGradientsOp(size_t threads) {
    return squaresOp(threads, true);
}

}  // namespace radlads::worker
