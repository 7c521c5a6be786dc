// The proof of an export: it is read back from disk and its logits are compared with the model's own.
#pragma once

#include <filesystem>

#include "engine/model/weights.h"

namespace radlads::worker {

struct ExportCheck {
    int64_t tokens = 0;
    double reload = 0;     // largest |logit difference| over max |logit|, reloaded against the model in memory
    double recurrent = 0;  // reloaded: chunked form against token by token; 0 for a softmax model
};
// Over 600 tokens drawn from a fixed seed.
Result<ExportCheck> checkExport(const model::Checkpoint& original, const std::filesystem::path& directory);

}  // namespace radlads::worker
