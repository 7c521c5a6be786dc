// The two checksums that the hub gives for a file: SHA-256 of the bytes (large files), and git's blob id (small ones).
#pragma once

#include <QByteArray>
#include <QCryptographicHash>
#include <cstdint>
#include <string>
#include <string_view>

namespace radlads::server {

enum class ChecksumKind { None, Sha256, GitBlob };

struct Checksum {
    ChecksumKind kind = ChecksumKind::None;
    std::string hex;  // lower case; 64 digits for Sha256, 40 for GitBlob
    bool operator==(const Checksum&) const = default;
};
// From the digits alone, or from an ETag as the hub sends it ("...", W/"..."); None for anything else.
Checksum checksumFrom(std::string_view text);

// Takes the bytes of a file in order. One owner, one thread.
class ChecksumHasher {
public:
    // size: of the whole file in bytes; git's id begins with it.
    ChecksumHasher(ChecksumKind kind, int64_t size);
    void add(std::string_view bytes);
    int64_t byteCount() const { return m_byteCount; }
    std::string hex() const;

private:
    QCryptographicHash m_hash;
    int64_t m_byteCount = 0;
};

}  // namespace radlads::server
