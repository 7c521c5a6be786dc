#include "engine/model/kernel_choice.h"

#include <atomic>
#include <cstdlib>

#include "engine/model/kernel_calls.h"
#include "engine/protocol/text.h"
#include "kernels/wkv.h"

namespace radlads::model {
namespace {

constexpr struct {
    KernelChoice choice;
    const char* name;
} kChoices[] = {{KernelChoice::Torch, "torch"}, {KernelChoice::Reference, "reference"}, {KernelChoice::Simd, "simd"}, {KernelChoice::Gpu, "gpu"}};
std::atomic<int> g_forced{-1};

}  // namespace

const char* toString(KernelChoice choice) {
    for (const auto& entry : kChoices)
        if (entry.choice == choice) return entry.name;
    return "";
}

Result<KernelChoice> chosenKernels() {
    const char* name = std::getenv("RADLADS_KERNELS");
    if (!name || !*name) return KernelChoice::Simd;
    for (const auto& entry : kChoices) {
        if (std::string(name) != entry.name) continue;
        if (entry.choice != KernelChoice::Gpu || calls::haveGpuKernels()) return entry.choice;
        return invalidInput(
            "RADLADS_KERNELS=gpu: this build has no GPU kernels (cmake -DRADLADS_GPU=cuda or hip makes one that has); unset it, or set simd, torch or "
            "reference");
    }
    return invalidInput("RADLADS_KERNELS={}: choose simd, gpu, torch or reference", protocol::quote(name));
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
    if (choice == KernelChoice::Gpu && calls::areGpuKernelsEmulated()) return fmt::format("gpu, emulated on the processor, {}", why);
    return fmt::format("{}, {}", toString(choice), why);
}

}  // namespace radlads::model
