#include "engine/worker/export_check.h"

#include <random>

#include "engine/model/compat.h"
#include "engine/model/decoder.h"

namespace radlads::worker {
namespace {

constexpr int64_t kTokens = 600;

double relativeDifference(const at::Tensor& a, const at::Tensor& b) {
    return ((a - b).abs().max() / b.abs().max()).item<double>();
}

}  // namespace

Result<ExportCheck> checkExport(const model::Checkpoint& original, const std::filesystem::path& directory) {
    RADLADS_TRY_ASSIGN(const model::Checkpoint reloaded, model::loadCheckpoint(directory));
    const c10::NoGradGuard noGrad;
    std::mt19937_64 random(600);
    std::vector<int64_t> ids(kTokens);
    for (int64_t& id : ids) id = static_cast<int64_t>(random() % static_cast<uint64_t>(original.config.vocabSize));
    const at::Tensor tokens = at::tensor(ids, at::kLong).unsqueeze(0);
    const at::Tensor chunked = model::logits(reloaded.weights, reloaded.config, tokens);
    ExportCheck check{kTokens, relativeDifference(chunked, model::logits(original.weights, original.config, tokens)), 0};
    if (!reloaded.config.isStudent()) return check;
    model::DecoderState state = model::emptyState(reloaded.config);
    std::vector<at::Tensor> steps;
    for (int64_t t = 0; t < kTokens; ++t) steps.push_back(model::logits(reloaded.weights, reloaded.config, tokens.narrow(1, t, 1), {.state = &state}));
    check.recurrent = relativeDifference(at::cat(steps, 1), chunked);
    return check;
}

}  // namespace radlads::worker
