// A file mapped read-only into memory, unmapped with the object.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <utility>

#include "engine/protocol/result.h"

namespace radlads::io {

// How the map will be read, a hint to the kernel.
enum class AccessPattern { Normal, Sequential, Random };

// Movable, not copyable. Moving keeps the address of the bytes. A file that another process cuts short while it is
// mapped raises SIGBUS on access; checkpoints and token stores are replaced by rename, never rewritten, so that this
// cannot happen to our own files.
class MappedFile {
public:
    // InvalidInput if the path is missing or no regular file; Failed if it cannot be read. An empty file gives no
    // bytes.
    static Result<MappedFile> open(const std::filesystem::path& path, AccessPattern pattern = AccessPattern::Normal);

    MappedFile() = default;
    MappedFile(MappedFile&& other) noexcept : m_bytes(std::exchange(other.m_bytes, {})) {}
    MappedFile& operator=(MappedFile&& other) noexcept;
    ~MappedFile();

    std::span<const std::byte> bytes() const { return m_bytes; }

private:
    explicit MappedFile(std::span<const std::byte> bytes) : m_bytes(bytes) {}
    std::span<const std::byte> m_bytes;
};

}  // namespace radlads::io
