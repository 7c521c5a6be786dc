#include "engine/server/presets.h"

#include <algorithm>
#include <filesystem>

#include "engine/protocol/text.h"
#include "engine/run/files.h"
#include "engine/server/display.h"

namespace radlads::server {
namespace {

namespace fs = std::filesystem;
using protocol::Plan;

struct Known {
    const char* name;
    const char* title;
    const char* summary;
};
constexpr Known kKnown[] = {
    {"paper-rwkv7", "RAD-RWKV7, as in the paper",
     "The three steps of the paper for RAD-RWKV7: align 100 M tokens, distil, extend the context."},
    {"paper-rwkv6", "RAD-RWKV6, as in the paper",
     "The three steps of the paper for RAD-RWKV6, which keeps the balanced state and a token shift."},
    {"paper-2a-rwkv7", "RAD-RWKV7, distilled again",
     "The paper's step 2 alone for RAD-RWKV7: distillation of the logits with the rate of its variant 2a."},
    {"low-memory-3a-rwkv6", "RAD-RWKV6 with little memory",
     "The paper's variant 3a for RAD-RWKV6: the mixers alone are trained, which needs the least memory."},
    {"small-one-gpu", "A small teacher on one GPU",
     "RAD-RWKV7 for teachers of up to about 1.5 B parameters, with batches that fit one GPU."},
    {"cpu-small", "A small teacher on this computer",
     "RAD-RWKV7 with few tokens and short sequences, so that a teacher of 100 to 500 M parameters converts on a CPU."},
    {"demo-rad-rwkv7", "Demo with RAD-RWKV7",
     "Converts the embedded teacher in a few minutes; needs no download and no data."},
    {"demo-rad-rwkv6", "Demo with RAD-RWKV6",
     "Converts the embedded teacher in a few minutes; needs no download and no data."},
    {"demo-teacher", "The demo's teacher", "Trains the small softmax model of the demo from nothing."},
    {"ablation-frozen-mlp", "Ablation: MLPs kept frozen",
     "The mixers alone are trained in step 2, to see what training the MLPs gains."},
    {"ablation-groupnorm-rwkv6", "Ablation: RAD-RWKV6 with GroupNorm",
     "The GroupNorm variant in place of the balanced state."},
    {"ablation-no-align", "Ablation: without step 1", "Distillation from the start, to see what aligning gains."},
    {"ablation-no-gate-rwkv6", "Ablation: RAD-RWKV6 without its gate", "To see what the gate gains."},
    {"ablation-no-token-shift-rwkv6", "Ablation: RAD-RWKV6 without token shift", "To see what the token shift gains."},
    {"ablation-rope-rwkv6", "Ablation: RAD-RWKV6 with RoPE", "To see what rotary embeddings change in RAD-RWKV6."},
};

std::string stepsText(const Plan& plan) {
    std::string text;
    for (const protocol::StepPlan& step : plan.steps)
        text += fmt::format("{}{} {} tokens", text.empty() ? "" : ", ", toString(step.kind),
                            countText(static_cast<double>(step.tokens)));
    return fmt::format("{}: {}.", toString(plan.student.architecture), text);
}

}  // namespace

std::vector<std::string> presetNames() {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(run::resourcesDirectory() / "presets", error), end; !error && entry != end;
         entry.increment(error))
        if (entry->path().extension() == ".json") names.push_back(entry->path().stem().string());
    std::sort(names.begin(), names.end());
    return names;
}

Result<Plan> readPreset(const std::string& name) {
    const std::vector<std::string> names = presetNames();
    if (names.empty())
        return failed("there are no presets in {}; install the data files of Radlads Studio or set RADLADS_RESOURCES",
                      (run::resourcesDirectory() / "presets").string());
    if (std::find(names.begin(), names.end(), name) == names.end()) {
        const auto hint = protocol::nearest(name, names);
        return invalidInput("there is no preset {}{}; see `radlads-engine plan new --presets`", protocol::quote(name),
                            hint ? " (did you mean \"" + *hint + "\"?)" : "");
    }
    const fs::path file = run::resourcesDirectory() / "presets" / (name + ".json");
    RADLADS_TRY_ASSIGN(const std::string text, run::readFile(file, 4 << 20));
    return protocol::parsePlan(text, file.string());
}

PresetText describePreset(const std::string& name, const Plan& plan) {
    for (const Known& known : kKnown)
        if (name == known.name) return {known.title, known.summary};
    return {name, stepsText(plan)};
}

}  // namespace radlads::server
