// GPT-2's byte map: bytes 33..126, 161..172, 174..255 stand for themselves, the other 68 in increasing order for U+0100
// and up (interop.md 3.4, step 4). Private to io.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/io/tokenizer_unicode.h"

namespace radlads::io {

inline constexpr int kMappedCodes = 0x100 + 68;

struct ByteMap {
    std::array<char16_t, 256> toCode{};
    std::array<int16_t, kMappedCodes> toByte{};  // -1: not in the map

    constexpr ByteMap() {
        for (auto& byte : toByte) byte = -1;
        char16_t next = 0x100;
        for (int byte = 0; byte < 256; ++byte) {
            const bool printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
            const char16_t code = printable ? static_cast<char16_t>(byte) : next++;
            toCode[static_cast<size_t>(byte)] = code;
            toByte[code] = static_cast<int16_t>(byte);
        }
    }
};
inline constexpr ByteMap kByteMap;

inline std::string mapBytes(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char byte : bytes) appendUtf8(kByteMap.toCode[static_cast<unsigned char>(byte)], text);
    return text;
}

// Appends the bytes for a text (UTF-8) of mapped characters; false, with nothing appended, if one is not in the map.
inline bool unmapBytes(std::string_view text, std::string& out) {
    const size_t before = out.size();
    for (size_t at = 0; at < text.size();) {
        int length = 0;
        const char32_t code = decodeValidUtf8(text.data() + at, length);
        if (code >= kMappedCodes || kByteMap.toByte[code] < 0) {
            out.resize(before);
            return false;
        }
        out.push_back(static_cast<char>(kByteMap.toByte[code]));
        at += static_cast<size_t>(length);
    }
    return true;
}

}  // namespace radlads::io
