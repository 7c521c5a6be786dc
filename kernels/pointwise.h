// The element-wise parts of a decoder, each with its backward pass. Activations are views [batch, heads, tokens, size]
// (where there are no heads: [1, 1, rows, size]), those of an op all of one dtype, float32 or bfloat16. Parameters,
// their gradients and statistics are float32. Arithmetic in float32 or wider.
//
// Every function needs whyNot() == nullptr. Every element of the outputs is written, nothing else is.
#pragma once

#include "kernels/kernels.h"

namespace radlads::kernels {

// radlads.md 1.1:  s = x + residual,  y = s rsqrt(mean(s^2) + eps) weight, over the last dimension.
struct RmsNorm {
    View x;
    View residual;                  // optional
    const float* weight = nullptr;  // [size]
    double eps = 0;
};
struct RmsNormOutputs {
    View y;
    View sum;                  // s, with a residual
    float* inverse = nullptr;  // rsqrt of each row, [batch heads tokens], optional: for the backward pass
};
struct RmsNormGradients {
    View dy;
    View dsum;                 // of s, optional
    View dx;                   // of x and of the residual: they are the same; optional
    float* dweight = nullptr;  // [size], optional
};
const char* whyNot(const RmsNorm& op);
void rmsNormForward(Backend backend, const RmsNorm& op, const RmsNormOutputs& outputs, const Parallel& parallel);
// op.x: s, and no residual. workspace: rmsNormWorkspaceFloats() of them, of any content.
std::size_t rmsNormWorkspaceFloats(const RmsNorm& op);
void rmsNormBackward(Backend backend, const RmsNorm& op, const float* inverse, const RmsNormGradients& gradients,
                     float* workspace, const Parallel& parallel);

// silu(gate) up, with silu(x) = x sigmoid(x).
struct SwiGlu {
    View gate, up;
};
struct SwiGluGradients {
    View dy, dgate, dup;
};
const char* whyNot(const SwiGlu& op);
void swiGluForward(Backend backend, const SwiGlu& op, const View& y, const Parallel& parallel);
void swiGluBackward(Backend backend, const SwiGlu& op, const SwiGluGradients& gradients, const Parallel& parallel);

// The angles of a rotary embedding: row t has the cosines and sines of size / 2 channels. No data: no rotation.
struct Rotation {
    const float *cos = nullptr, *sin = nullptr;
    int64_t stride = 0;  // of rows
};
// The two halves of a head, rotated against each other:  [a, b] -> scale [a cos - b sin, b cos + a sin]. An even size.
// Its backward pass is the rotation the other way.
struct Rope {
    View x;
    Rotation rotation;
    double scale = 1;
    bool backward = false;
};
const char* whyNot(const Rope& op);
void rope(Backend backend, const Rope& op, const View& y, const Parallel& parallel);

// What follows a recurrence:  o = z gate,  z = (y - mean) rsqrt(variance + eps) weight + bias over each head, or
// z = scale y without weights.
struct HeadOutput {
    enum class Gate : uint8_t { None, Plain, Sigmoid };  // o = z, z gate, z sigmoid(gate)
    View y;
    const float *weight = nullptr, *bias = nullptr;  // [heads size] both, or neither
    double eps = 0, scale = 1;
    View gate;
    Gate kind = Gate::None;
};
struct HeadOutputGradients {
    View dout, dy, dgate;
    float *dweight = nullptr, *dbias = nullptr;
};
const char* whyNot(const HeadOutput& op);
void headOutputForward(Backend backend, const HeadOutput& op, const View& out, const Parallel& parallel);
void headOutputBackward(Backend backend, const HeadOutput& op, const HeadOutputGradients& gradients,
                        const Parallel& parallel);

// radlads.md 5.1: the mean over rows of |target - output|_2 size^-1/2; the term 1e-24 under the root keeps the gradient
// of equal rows finite. doutput = dloss times the gradient of it.
struct AlignLoss {
    View target, output;
};
const char* whyNot(const AlignLoss& op);
double alignLoss(Backend backend, const AlignLoss& op, const Parallel& parallel);
void alignLossBackward(Backend backend, const AlignLoss& op, double dloss, const View& doutput,
                       const Parallel& parallel);

}  // namespace radlads::kernels
