// Which kernels compute the recurrences, the losses and the element-wise parts: those of kernels/, or LibTorch's operations.
#pragma once

#include <optional>
#include <string>

#include "engine/protocol/result.h"

namespace radlads::model {

// Torch: the chunked forms of wkv.h. Reference: double loops, token by token. Simd: kernels/cpu. Gpu: kernels/gpu. Tensors
// of a GPU are for kernels/gpu unless LibTorch's operations are chosen; those of a processor are for kernels/gpu only in
// a build for tests, where it is emulated.
enum class KernelChoice { Torch, Reference, Simd, Gpu };
const char* toString(KernelChoice choice);  // "torch", "reference", "simd", "gpu"

// $RADLADS_KERNELS, else simd. InvalidInput for a name that is none of them; "gpu" in a build without kernels for GPUs.
Result<KernelChoice> chosenKernels();
// The same, simd where the variable is wrong (the worker refuses to start then); or what was forced.
KernelChoice kernelsInUse();
// For verify and bench, which compare them: from now on, in this process. Nothing: the choice again.
void forceKernels(std::optional<KernelChoice> choice);
// For doctor: "simd (AVX2), the default".
std::string describeKernels();

}  // namespace radlads::model
