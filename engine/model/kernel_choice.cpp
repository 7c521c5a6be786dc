#include "engine/model/kernel_choice.h"

#include <atomic>
#include <cstdlib>

#include "engine/protocol/text.h"
#include "kernels/wkv.h"

namespace radlads::model {
namespace {

constexpr KernelChoice kChoices[] = {KernelChoice::Torch, KernelChoice::Reference, KernelChoice::Simd};
std::atomic<int> g_forced{-1};

}  // namespace

const char* toString(KernelChoice choice) {
    switch (choice) {
        case KernelChoice::Torch:
            return "torch";
        case KernelChoice::Reference:
            return "reference";
        case KernelChoice::Simd:
            break;
    }
    return "simd";
}

Result<KernelChoice> chosenKernels() {
    const char* name = std::getenv("RADLADS_KERNELS");
    if (!name || !*name) return KernelChoice::Simd;
    for (const KernelChoice choice : kChoices)
        if (std::string(name) == toString(choice)) return choice;
    if (std::string(name) == "gpu")
        return invalidInput(
            "RADLADS_KERNELS=gpu: this build has no GPU kernels; unset it, or set simd, torch or reference");
    return invalidInput("RADLADS_KERNELS={}: choose simd, torch or reference", protocol::quote(name));
}

KernelChoice kernelsInUse() {
    static const KernelChoice chosen = chosenKernels().value_or(KernelChoice::Simd);
    const int forced = g_forced.load(std::memory_order_relaxed);
    return forced < 0 ? chosen : static_cast<KernelChoice>(forced);
}

void forceKernels(std::optional<KernelChoice> choice) {
    g_forced = choice ? static_cast<int>(*choice) : -1;
}

std::string describeKernels() {
    const KernelChoice choice = kernelsInUse();
    const char* why = std::getenv("RADLADS_KERNELS") ? "as RADLADS_KERNELS says" : "the default";
    if (choice == KernelChoice::Simd) return fmt::format("simd ({}), {}", kernels::simdTarget(), why);
    return fmt::format("{}, {}", toString(choice), why);
}

}  // namespace radlads::model
