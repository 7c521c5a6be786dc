// A file of lines that grows at its end and survives its writers: a torn tail is cut off, a failed append leaves
// nothing behind. Private to engine/run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "engine/protocol/result.h"
#include "engine/run/descriptor.h"

namespace radlads::run {

inline constexpr std::size_t kMaxLineBytes = 1 << 20;  // with the newline
inline constexpr std::size_t kMaxLineDepth = 32;

// The JSON object that a line holds; nothing if it holds anything else or is nested too deeply.
std::optional<nlohmann::json> parseLine(std::string_view line);

// OneWriter: the caller holds the run's lock. ManyWriters: the file is locked as long as the object lives.
enum class Sharing { OneWriter, ManyWriters };

class LineFile {
public:
    // Creates the file if there is none; cuts off what follows its last newline. Symbolic links are refused.
    static Result<LineFile> open(const std::filesystem::path& file, Sharing sharing);
    // The non-negative integer `key` of the last line that has one, 0 if none does. At most 2^53 counts.
    Result<uint64_t> lastNumber(const char* key) const;
    // One write of line and newline. After an error the file ends where it did before.
    Status append(std::string line);
    Status sync();

private:
    LineFile(Descriptor descriptor, std::string name) : m_descriptor(std::move(descriptor)), m_name(std::move(name)) {}
    Status cutTornTail();
    Status cutBack();

    Descriptor m_descriptor;
    std::string m_name;
    uint64_t m_size = 0;  // up to and with the last newline
};

}  // namespace radlads::run
