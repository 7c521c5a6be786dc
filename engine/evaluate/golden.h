// Golden files: tensors that an independent float64 implementation computed, compared with what this program computes here.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/model/mixers/mixer.h"
#include "engine/protocol/result.h"

namespace radlads::evaluate {

// The largest relative error of each kind: max |ours - golden| / max |golden| over a tensor, the worst tensor counts. -1: none in the file.
struct GoldenErrors {
    double outputs = -1, states = -1, gradients = -1;
    std::string worst;  // the tensor with the largest error
    double largest() const;
};

enum class GoldenKind { Mixer, Teacher, Student };
struct GoldenFile {
    std::filesystem::path path;  // a .safetensors file; for Teacher and Student the teacher's directory lies beside it
    GoldenKind kind = GoldenKind::Mixer;
};
// The golden files below a directory: rwkv{6,7}_*.safetensors, teacher_outputs.safetensors, student_*.safetensors, sorted.
std::vector<GoldenFile> findGoldenFiles(const std::filesystem::path& directory);

// like: kFloat or kDouble, and where to compute. form: how the recurrence is computed.
Result<GoldenErrors> verifyGolden(const GoldenFile& file, const at::TensorOptions& like, model::Form form);

}  // namespace radlads::evaluate
