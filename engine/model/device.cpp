#include "engine/model/device.h"

#include <charconv>
#include <string_view>

#include "engine/model/compat.h"
#include "engine/model/kernel_calls.h"

namespace radlads::model {

Result<at::Device> openDevice(const std::string& name, const std::string& key) {
    constexpr std::string_view kCuda = "cuda:";
    const auto gpus = at::hasCUDA() ? static_cast<int64_t>(at::getNumGPUs()) : 0;
    // Without our kernels a GPU works, but slowly: only where it is asked for.
    if (name == "auto" && gpus > 0 && calls::haveGpuKernels() && !calls::areGpuKernelsEmulated()) return at::Device(at::kCUDA, 0);
    if (name == "auto" || name == "cpu") return at::Device(at::kCPU);
    int64_t index = -1;
    if (name.starts_with(kCuda)) std::from_chars(name.data() + kCuda.size(), name.data() + name.size(), index);
    if (index < 0) return invalidInput("{}: {} is no device; choose \"auto\", \"cpu\" or \"cuda:N\"", key, name);
    if (!at::hasCUDA() && gpus == 0)
        return invalidInput("{}: {} cannot be used, because this build's LibTorch has no GPU support or finds no GPU; use \"cpu\" or \"auto\"", key, name);
    if (index >= gpus) return invalidInput("{}: {} is not there: this machine has {} GPUs, counted from cuda:0", key, name, gpus);
    return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index));
}

std::string nameOf(const at::Device& device) {
    return device.is_cpu() ? "cpu" : fmt::format("cuda:{}", static_cast<int>(device.index()));
}

void prepareDevice(const at::Device& device, protocol::Precision precision) {
    if (!device.is_cpu() && precision == protocol::Precision::Bf16) at::globalContext().setFloat32MatmulPrecision(std::string("high"));
}

void moveTo(Weights& weights, const at::Device& device) {
    for (auto& [name, tensor] : weights) tensor = tensor.to(device);
}

std::vector<KernelChoice> kernelsOf(const at::Device& device) {
    std::vector<KernelChoice> choices{KernelChoice::Torch};
    if (device.is_cpu()) choices.insert(choices.end(), {KernelChoice::Simd, KernelChoice::Reference});
    if (device.is_cpu() ? calls::areGpuKernelsEmulated() : calls::isForDevice(device)) choices.push_back(KernelChoice::Gpu);
    return choices;
}

void waitFor(const at::Device& device) {
    if (!device.is_cpu()) static_cast<void>(at::zeros({1}, at::TensorOptions(device)).item<float>());
}

}  // namespace radlads::model
