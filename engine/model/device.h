// Where a model is computed: a processor, or a GPU for which LibTorch and this program were built.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "engine/model/kernel_choice.h"
#include "engine/model/weights.h"
#include "engine/protocol/plan.h"

namespace radlads::model {

// "cpu", "cuda:N" (a GPU of NVIDIA or, with a LibTorch for ROCm, of AMD), or "auto": the first GPU if there is one, else the processor.
// InvalidInput for one that cannot be used; `key` names it in the message.
Result<at::Device> openDevice(const std::string& name, const std::string& key);
// "cpu", "cuda:0".
std::string nameOf(const at::Device& device);
// LibTorch's settings for computing there; before the first product. In bf16 a GPU's float32 products of low rank may round to TF32.
void prepareDevice(const at::Device& device, protocol::Precision precision);
void moveTo(Weights& weights, const at::Device& device);
// What can compute float32 tensors there, to compare: LibTorch's operations and the kernels of the device; on a processor kernels/gpu too
// where it is emulated.
std::vector<KernelChoice> kernelsOf(const at::Device& device);
// Waits until the device has done what it was given; for measuring.
void waitFor(const at::Device& device);

}  // namespace radlads::model
