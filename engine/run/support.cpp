#include "engine/run/support.h"

#include <algorithm>

namespace radlads::run {

bool contains(const std::vector<std::string>& choices, const std::string& choice) {
    return std::find(choices.begin(), choices.end(), choice) != choices.end();
}

Support supportOf(const Machine& machine) {
    Support support{{"fp32"}, {"auto", "off"}, {"none"}};
    if (contains(machine.features, "avx512_bf16") || contains(machine.features, "amx_bf16"))
        support.precision.push_back("bf16");
#ifdef RADLADS_FP16_INSTRUCTIONS
    if (contains(machine.features, "avx512_fp16")) support.precision.push_back("fp16");
#endif
    return support;
}

Status checkPrecision(const Machine& machine, const std::string& where, const std::string& precision) {
    if (contains(supportOf(machine).precision, precision)) return {};
#ifndef RADLADS_FP16_INSTRUCTIONS
    if (precision == "fp16") return invalidInput("{}: fp16 is not in this build, whose compiler did not know AVX512_FP16; use \"fp32\"", where);
#endif
    if (precision == "fp16") return invalidInput("{}: fp16 needs a processor with AVX512_FP16, and {} does not have it; use \"fp32\"", where, machine.processor);
    return invalidInput("{}: {} needs a processor with AVX512_BF16 or AMX, and {} has neither; use \"fp32\"", where, precision, machine.processor);
}

}  // namespace radlads::run
