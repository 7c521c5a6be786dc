// The .idx file of a binidx pair (interop.md 4.2), parsed and written from memory. Private to engine/data; its parser
// is a fuzz target.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "engine/protocol/result.h"

namespace radlads::data {

// Element types that token ids come in, with the file's own codes. The others (i8, i16, floats) hold no vocabulary.
enum class TokenType : uint8_t { U8 = 1, I32 = 4, I64 = 5, U16 = 8 };
int64_t sizeBytes(TokenType type);

inline constexpr int64_t kBinidxHeaderBytes = 34;

// Offsets and lengths of the documents; the spans lie in the parsed bytes and are not aligned.
struct BinidxIndex {
    TokenType type = TokenType::U16;
    int64_t documents = 0;
    std::span<const std::byte> lengths;   // int32 each, tokens
    std::span<const std::byte> pointers;  // int64 each, bytes into .bin
    int64_t length(int64_t document) const;
    int64_t pointer(int64_t document) const;
};

// Checks everything: magic, version, type, that the counts fit the size, that every document lies inside a .bin of
// binBytes. The document index is not looked at: writers disagree about it. where: the .idx file's name, for messages.
// Allocates nothing.
Result<BinidxIndex> parseBinidxIndex(std::span<const std::byte> idx, int64_t binBytes, const std::string& where);

std::array<std::byte, kBinidxHeaderBytes> binidxHeader(TokenType type, uint64_t documents,
                                                       uint64_t documentIndexEntries);

}  // namespace radlads::data
