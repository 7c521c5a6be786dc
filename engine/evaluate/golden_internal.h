// Shared by the golden checks of mixers and of whole models.
#pragma once

#include <algorithm>
#include <string>

#include "engine/evaluate/golden.h"
#include "engine/io/safetensors.h"
#include "engine/model/compat.h"

namespace radlads::evaluate {

class GoldenReader {
public:
    static Result<GoldenReader> open(const std::filesystem::path& path, const at::TensorOptions& like);
    bool has(const std::string& name) const { return m_file.tensors().contains(name); }
    // Throws std::runtime_error (caught by verifyGolden) if the tensor or the metadata key is missing.
    at::Tensor tensor(const std::string& name) const;
    at::Tensor tokens(const std::string& name) const;  // int32 on disk -> int64
    int64_t number(const std::string& key) const;
    double real(const std::string& key) const;
    std::string text(const std::string& key) const;
    std::vector<std::string> namesWithPrefix(const std::string& prefix) const;

private:
    io::Safetensors m_file;
    at::TensorOptions m_like = at::kFloat;
    std::string m_where;
};

// Compares and keeps the largest error of one kind.
void compare(GoldenErrors& errors, double GoldenErrors::*kind, const std::string& name, const at::Tensor& ours, const at::Tensor& golden);

GoldenErrors verifyMixer(const GoldenReader& file, const at::TensorOptions& like, model::Form form);
GoldenErrors verifyTeacher(const GoldenReader& file, const std::filesystem::path& teacherDirectory, const at::TensorOptions& like);
GoldenErrors verifyStudent(const GoldenReader& file, const GoldenReader& teacherOutputs, const std::filesystem::path& teacherDirectory,
                           const at::TensorOptions& like);

}  // namespace radlads::evaluate
