// bench --kernels: the losses over a vocabulary.
#include <vector>

#include "engine/model/compat.h"
#include "engine/worker/bench_ops.h"
#include "kernels/losses.h"

namespace radlads::worker {
namespace {

constexpr int64_t kTokens = 128, kVocabulary = 152064;

// Logits of both, and labels; kept by the forms that use them.
struct Logits {
    at::Tensor student = at::randn({kTokens, kVocabulary}, at::kFloat) * 3, teacher = at::randn({kTokens, kVocabulary}, at::kFloat) * 3;
    at::Tensor labels = at::randint(kVocabulary, {kTokens}, at::kLong);
    std::vector<double> losses = std::vector<double>(kTokens);

    kernels::LossInputs inputs(bool withTeacher) {
        const auto view = [](const at::Tensor& logits) { return kernels::contiguous(logits.data_ptr<float>(), 1, 1, kTokens, kVocabulary); };
        if (withTeacher) return {view(student), view(teacher), nullptr};
        return {view(student), {}, labels.data_ptr<int64_t>()};
    }
};

BenchOp lossOp(double passes) {
    return {fmt::format("{} tokens, {} logits", kTokens, kVocabulary), passes * 4 * kTokens * kVocabulary, 1, {}};
}

}  // namespace

BenchOp distillLossOp(size_t) {
    auto logits = std::make_shared<Logits>();
    BenchOp op = lossOp(2);
    op.forms = {{"kernel", [=] { kernels::vocabularyLoss(kernels::Backend::Simd, logits->inputs(true), logits->losses.data(), kernels::serial()); }},
                {"LibTorch", [=] {
                     const c10::NoGradGuard noGrad;
                     const at::Tensor student = at::log_softmax(logits->student, -1), teacher = at::log_softmax(logits->teacher, -1);
                     (teacher.exp() * (teacher - student)).sum(at::kDouble);
                 }}};
    return op;
}

BenchOp distillGradientOp(size_t) {
    auto logits = std::make_shared<Logits>();
    BenchOp op = lossOp(3);
    op.forms = {{"kernel", [=] { kernels::vocabularyLossGradient(kernels::Backend::Simd, logits->inputs(true), 0.01, logits->losses.data(), kernels::serial()); }},
                {"LibTorch", [=] {
                     const c10::NoGradGuard noGrad;
                     const at::Tensor student = at::log_softmax(logits->student, -1), teacher = at::log_softmax(logits->teacher, -1);
                     const at::Tensor probability = teacher.exp();
                     (probability * (teacher - student)).sum(at::kDouble);
                     student.exp().sub_(probability).mul_(0.01);
                 }}};
    return op;
}

BenchOp crossEntropyGradientOp(size_t) {
    auto logits = std::make_shared<Logits>();
    BenchOp op = lossOp(2);
    op.forms = {{"kernel", [=] { kernels::vocabularyLossGradient(kernels::Backend::Simd, logits->inputs(false), 0.01, logits->losses.data(), kernels::serial()); }},
                {"LibTorch", [=] {
                     const c10::NoGradGuard noGrad;
                     const at::Tensor student = at::log_softmax(logits->student, -1), labels = logits->labels.unsqueeze(1);
                     student.gather(1, labels).sum(at::kDouble);
                     student.exp().scatter_add_(1, labels, at::full(labels.sizes(), -1.0, student.options())).mul_(0.01);
                 }}};
    return op;
}

}  // namespace radlads::worker
