// The losses over a vocabulary in double: the definition of correct.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/cpu/losses_backends.h"

namespace radlads::kernels::reference {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double logit(const View& logits, int64_t token, int64_t v) {
    if (logits.dtype == DType::Float32) return logits.at<float>(0, 0, token)[v];
    return toFloat(logits.at<BFloat16>(0, 0, token)[v]);
}
void setLogit(const View& logits, int64_t token, int64_t v, double value) {
    const float rounded = static_cast<float>(value);
    if (logits.dtype == DType::Float32)
        logits.at<float>(0, 0, token)[v] = rounded;
    else
        logits.at<BFloat16>(0, 0, token)[v] = fromFloat<BFloat16>(rounded);
}

// softmax(x)_v = exp(x_v - max) / sum
struct Softmax {
    Softmax(const View& logits, int64_t token) {
        const int64_t vocabulary = logits.sizes[3];
        for (int64_t v = 0; v < vocabulary; ++v) max = std::max(max, logit(logits, token, v));
        for (int64_t v = 0; v < vocabulary; ++v) sum += std::exp(logit(logits, token, v) - max);
    }
    double probability(double x) const { return std::exp(x - max) / sum; }
    double log(double x) const { return x - max - std::log(sum); }
    double max = -kInfinity, sum = 0;
};

double tokenLoss(const LossInputs& inputs, const double* scale, int64_t token) {
    const int64_t vocabulary = inputs.student.sizes[3];
    const Softmax student(inputs.student, token);
    double loss = 0;
    if (inputs.labels) {
        const int64_t label = inputs.labels[token];
        loss = -student.log(logit(inputs.student, token, label));
        for (int64_t v = 0; scale && v < vocabulary; ++v) {
            const double q = student.probability(logit(inputs.student, token, v));
            setLogit(inputs.student, token, v, *scale * (q - (v == label ? 1.0 : 0.0)));
        }
        return loss;
    }
    const Softmax teacher(inputs.teacher, token);
    for (int64_t v = 0; v < vocabulary; ++v) {
        const double x = logit(inputs.student, token, v), y = logit(inputs.teacher, token, v);
        const double p = teacher.probability(y), q = student.probability(x);
        loss += p == 0 ? 0.0 * q : p * (teacher.log(y) - student.log(x));
        if (scale) setLogit(inputs.student, token, v, *scale * (q - p));
    }
    return loss;
}

}  // namespace

void tokenLosses(const LossInputs& inputs, const double* scale, double* losses, const Parallel& parallel) {
    const int64_t tokens = inputs.student.sizes[2], tasks = std::min(parallel.threads, tokens);
    parallel.run(tasks, [&](int64_t task) {
        for (int64_t t = task; t < tokens; t += tasks) losses[t] = tokenLoss(inputs, scale, t);
    });
}

}  // namespace radlads::kernels::reference
