// What inspect finds out: one inspector for each kind of thing. Private to the worker.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/protocol/plan.h"
#include "engine/protocol/result.h"
#include "engine/worker/table.h"

namespace radlads::worker {

struct InspectOptions {
    std::string path, tokenizer, textKey = "text";
    protocol::DataFormat format = protocol::DataFormat::Auto;
    int64_t documents = 10000;  // of a text source, looked at
    bool json = false, tensors = false, noScan = false, quiet = false;
};

struct InspectReport {
    std::string kind;            // "Hugging Face model", ...
    LabelledValues facts;        // for people
    std::string body;            // tables below them
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    std::vector<std::string> notes, problems;  // one clause each
};

// directory: with config.json.
Result<InspectReport> inspectModelDirectory(const std::filesystem::path& directory, const InspectOptions& options);
Result<InspectReport> inspectConfig(const std::filesystem::path& file);
// A .safetensors file, or a directory with shards but no config.json.
Result<InspectReport> inspectSafetensors(const std::filesystem::path& path, const InspectOptions& options);
Result<InspectReport> inspectGguf(const std::filesystem::path& file, const InspectOptions& options);
Result<InspectReport> inspectTokenizer(const std::filesystem::path& directoryOrFile);
// "BPE, 151,665 ids, ..." for one line; the facts of inspectTokenizer shortened.
std::string describeTokenizer(const InspectReport& tokenizer);

}  // namespace radlads::worker
