// What this build and this machine can run of the choices that a plan has: the one place that says so, for the commands, the
// runs and the clients of the broker.
#pragma once

#include <string>
#include <vector>

#include "engine/protocol/result.h"
#include "engine/run/machine.h"

namespace radlads::run {

// The words of the plan document.
struct Support {
    std::vector<std::string> precision, activationCheckpointing, sharding;
};
// bf16, fp16: where the processor multiplies them (AVX512_BF16 or AMX; AVX512_FP16).
Support supportOf(const Machine& machine);
// Why the processor does not compute in this precision; `where` asked for it.
Status checkPrecision(const Machine& machine, const std::string& where, const std::string& precision);
bool contains(const std::vector<std::string>& choices, const std::string& choice);

}  // namespace radlads::run
