// Unicode as the tokenizer needs it: UTF-8 with replacement, character classes and NFC, all from utf8proc. Private to
// io.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace radlads::io {

// One character read from bytes. Broken input gives U+FFFD for each maximal part of a sequence, as the Unicode standard
// recommends and as Rust and Python do.
struct DecodedCharacter {
    char32_t code;
    uint8_t length;  // bytes
    bool valid;
};
// p[0..size) with size > 0.
DecodedCharacter decodeUtf8(const char* p, size_t size);
// For text that is known to be UTF-8.
inline char32_t decodeValidUtf8(const char* p, int& length) {
    const auto byte = [p](int i) { return static_cast<char32_t>(static_cast<unsigned char>(p[i])); };
    const char32_t first = byte(0);
    if (first < 0x80) {
        length = 1;
        return first;
    }
    if (first < 0xE0) {
        length = 2;
        return (first & 0x1F) << 6 | (byte(1) & 0x3F);
    }
    if (first < 0xF0) {
        length = 3;
        return (first & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    }
    length = 4;
    return (first & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
}
void appendUtf8(char32_t code, std::string& out);
// `text` itself if it is UTF-8, else a repaired copy in `storage`.
std::string_view replaceInvalidUtf8(std::string_view text, std::string& storage);

// Bits of a character's class.
inline constexpr uint8_t kLetter = 1;         // \p{L}
inline constexpr uint8_t kNumber = 2;         // \p{N}
inline constexpr uint8_t kWhiteSpace = 4;     // property White_Space
inline constexpr uint8_t kWordCharacter = 8;  // \w: Alphabetic, marks, decimal digits, connectors, joiners
inline constexpr uint8_t kNotInert = 16;      // NFC may change it or join it to the character before
// One byte for every code point, built at the first call (some milliseconds).
const uint8_t* characterClasses();

// `text` (UTF-8) itself if its quick check says that it is in NFC, else its NFC in `storage`. Time n log n at worst.
std::string_view toNfc(std::string_view text, std::string& storage);

}  // namespace radlads::io
