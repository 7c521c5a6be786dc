// From a source path to its files and what their names say. Private to engine/data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "engine/data/byte_reader.h"
#include "engine/protocol/plan.h"
#include "engine/protocol/result.h"

namespace radlads::data {

struct FileKind {
    protocol::DataFormat format;  // Text or Jsonl
    Compression compression;
};
// By the file's ending; the wanted format (Text or Jsonl) decides for a name that tells nothing. nullopt: not ours.
std::optional<FileKind> fileKind(const std::filesystem::path& file, protocol::DataFormat wanted);

// "demo:SEED:DOCUMENTS"; nullopt if the path does not begin with "demo:".
struct DemoSource {
    uint64_t seed = 0;
    int64_t documents = 0;
};
Result<std::optional<DemoSource>> parseDemoSource(const std::string& path);

}  // namespace radlads::data
