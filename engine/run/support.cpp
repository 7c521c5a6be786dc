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
    return support;
}

}  // namespace radlads::run
