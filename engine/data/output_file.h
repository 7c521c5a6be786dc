// A file that is written from front to back through a buffer. Private to engine/data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "engine/protocol/result.h"
#include "engine/run/descriptor.h"

namespace radlads::data {

class OutputFile {
public:
    // Creates the file if need be and takes its exclusive lock (Busy if another process has it); its content stays.
    static Result<OutputFile> open(const std::filesystem::path& path);
    // Cuts the file at `bytes` and writes on from there; InvalidInput if it is shorter.
    Status startAt(int64_t bytes);
    Status append(std::span<const std::byte> bytes);
    Status flush();
    // Everything appended is on the disk.
    Status sync();
    int descriptor() const { return m_descriptor.value(); }

private:
    OutputFile(run::Descriptor descriptor, std::filesystem::path path);

    run::Descriptor m_descriptor;
    std::filesystem::path m_path;
    std::vector<std::byte> m_buffer;
};

}  // namespace radlads::data
