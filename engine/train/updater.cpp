#include "engine/train/updater.h"

#include <algorithm>
#include <cmath>

#include "engine/model/compat.h"
#include "engine/model/threads.h"
#include "engine/run/estimate.h"

namespace radlads::train {

bool BatchGradients::finite() const {
    return std::isfinite(loss) && std::isfinite(norm);
}

std::vector<double> BatchGradients::normsByLayer() const {
    std::vector<double> norms = gradientNormsByLayer(squares);
    for (double& ofLayer : norms) ofLayer *= scale;
    return norms;
}

int64_t resolveMicroBatch(const protocol::StepPlan& step) {
    return run::resolveMicroBatch(step);
}

at::Tensor toTokens(std::span<const int32_t> ids, int64_t rows) {
    const int64_t columns = static_cast<int64_t>(ids.size()) / rows;
    return at::tensor(at::ArrayRef<int32_t>(ids.data(), ids.size()), at::kLong).reshape({rows, columns});
}

BatchGradients batchGradients(std::span<const int32_t> batch, const protocol::StepPlan& step, const LossFunction& loss, size_t threads) {
    const int64_t micro = resolveMicroBatch(step), count = step.batchSize / micro;
    const size_t microTokens = static_cast<size_t>(micro * (step.sequenceLength + 1));
    BatchGradients total;
    // Waves of one micro-batch a thread: at most `threads` sets of gradients beside the sum.
    std::vector<convert::LossAndGradients> wave;
    for (int64_t start = 0; start < count; start += static_cast<int64_t>(wave.size())) {
        wave.assign(std::min<size_t>(std::max<size_t>(1, threads), static_cast<size_t>(count - start)), {});
        model::parallelTasks(wave.size(), threads, [&](size_t i) {
            wave[i] = loss(toTokens(batch.subspan((static_cast<size_t>(start) + i) * microTokens, microTokens), micro));
        });
        for (convert::LossAndGradients& part : wave) {
            total.loss += part.loss / static_cast<double>(count);
            total.perLayer.resize(std::max(total.perLayer.size(), part.perLayer.size()));
            for (size_t l = 0; l < part.perLayer.size(); ++l) total.perLayer[l] += part.perLayer[l] / static_cast<double>(count);
            total.squares = addGradients(total.gradients, std::move(part.gradients), threads);
            part = {};
        }
    }
    total.scale = 1.0 / static_cast<double>(count);
    total.norm = gradientNorm(total.squares) * total.scale;
    return total;
}

}  // namespace radlads::train
