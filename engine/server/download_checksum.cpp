#include "engine/server/download_checksum.h"

#include <algorithm>

namespace radlads::server {

Checksum checksumFrom(std::string_view text) {
    if (text.starts_with("W/")) text.remove_prefix(2);
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
    if (text.size() != 40 && text.size() != 64) return {};
    std::string hex(text);
    for (char& c : hex) {
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) return {};
    }
    return {hex.size() == 64 ? ChecksumKind::Sha256 : ChecksumKind::GitBlob, hex};
}

ChecksumHasher::ChecksumHasher(ChecksumKind kind, int64_t size)
    : m_hash(kind == ChecksumKind::GitBlob ? QCryptographicHash::Sha1 : QCryptographicHash::Sha256) {
    if (kind != ChecksumKind::GitBlob) return;
    const std::string header = "blob " + std::to_string(size);
    m_hash.addData(QByteArrayView(header.c_str(), static_cast<qsizetype>(header.size() + 1)));  // with the final NUL
}

void ChecksumHasher::add(std::string_view bytes) {
    m_hash.addData(QByteArrayView(bytes.data(), static_cast<qsizetype>(bytes.size())));
    m_byteCount += static_cast<int64_t>(bytes.size());
}

std::string ChecksumHasher::hex() const {
    return m_hash.result().toHex().toStdString();
}

}  // namespace radlads::server
