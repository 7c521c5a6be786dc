// Every branch on the version of LibTorch lives here: Debian 12 ships 1.13, GPU machines 2.x.
#pragma once

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/version.h>

namespace radlads::model {

// Gradients of `outputs` with respect to `inputs`; an input that is not used gives an undefined tensor.
inline std::vector<at::Tensor> gradients(const std::vector<at::Tensor>& outputs, const std::vector<at::Tensor>& inputs,
                                         const std::vector<at::Tensor>& outputGradients = {}) {
    return torch::autograd::grad(outputs, inputs, outputGradients, /*retain_graph=*/c10::nullopt, /*create_graph=*/false,
                                 /*allow_unused=*/true);
}

}  // namespace radlads::model
