// Which kernels compute the recurrences, the losses and the element-wise parts: those of kernels/, or LibTorch's operations.
#pragma once

#include <optional>
#include <string>

#include "engine/protocol/result.h"

namespace radlads::model {

// Torch: the chunked forms of wkv.h. Reference: double loops, token by token. Simd: kernels/cpu.
enum class KernelChoice { Torch, Reference, Simd };
const char* toString(KernelChoice choice);  // "torch", "reference", "simd"

// $RADLADS_KERNELS, else simd. InvalidInput for a name that is none of them; "gpu" is none in a build without a GPU.
Result<KernelChoice> chosenKernels();
// The same, simd where the variable is wrong (the worker refuses to start then); or what was forced.
KernelChoice kernelsInUse();
// For verify and bench, which compare them: from now on, in this process. Nothing: the choice again.
void forceKernels(std::optional<KernelChoice> choice);
// For doctor: "simd (AVX2), as the default".
std::string describeKernels();

}  // namespace radlads::model
