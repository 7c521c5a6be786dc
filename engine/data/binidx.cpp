#include "engine/data/binidx.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace radlads::data {
namespace {

static_assert(std::endian::native == std::endian::little, "binidx files are little endian and are read as they lie");

constexpr char kMagic[9] = {'M', 'M', 'I', 'D', 'I', 'D', 'X', '\0', '\0'};
constexpr uint64_t kVersion = 1;

struct TypeName {
    uint8_t code;
    const char* name;
};
constexpr TypeName kOtherTypes[] = {{2, "int8"}, {3, "int16"}, {6, "float64"}, {7, "float32"}};

template <class T>
T load(std::span<const std::byte> bytes, uint64_t offset) {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

Result<TokenType> tokenType(uint8_t code, const std::string& where) {
    for (const TokenType type : {TokenType::U8, TokenType::I32, TokenType::I64, TokenType::U16})
        if (static_cast<uint8_t>(type) == code) return type;
    for (const TypeName& other : kOtherTypes)
        if (other.code == code)
            return invalidInput("{}: byte 17 says {}, which is no type for token ids; write uint16 or int32", where,
                                other.name);
    return invalidInput("{}: byte 17 holds the unknown element type {}; the file is damaged or no binidx index", where,
                        code);
}

// n lengths, n pointers, m document entries and, from multimodal writers, n modes.
bool sizeMatches(uint64_t size, uint64_t n, uint64_t m) {
    const uint64_t room = size - kBinidxHeaderBytes;
    if (n > room / 12 || m > (room - 12 * n) / 8) return false;
    const uint64_t rest = room - 12 * n - 8 * m;
    return rest == 0 || rest == n;
}

}  // namespace

int64_t sizeBytes(TokenType type) {
    switch (type) {
        case TokenType::U8:
            return 1;
        case TokenType::U16:
            return 2;
        case TokenType::I32:
            return 4;
        case TokenType::I64:
            return 8;
    }
    return 0;
}

int64_t BinidxIndex::length(int64_t document) const {
    return load<int32_t>(lengths, static_cast<uint64_t>(document) * sizeof(int32_t));
}

int64_t BinidxIndex::pointer(int64_t document) const {
    return load<int64_t>(pointers, static_cast<uint64_t>(document) * sizeof(int64_t));
}

Result<BinidxIndex> parseBinidxIndex(std::span<const std::byte> idx, int64_t binBytes, const std::string& where) {
    if (idx.empty() || std::memcmp(idx.data(), kMagic, std::min(idx.size(), sizeof kMagic)) != 0)
        return invalidInput("{} does not begin with MMIDIDX and so is no binidx index; check the path", where);
    if (idx.size() < kBinidxHeaderBytes)
        return invalidInput("{} ends inside its header, at byte {} of {}; copy or build it again", where, idx.size(),
                            kBinidxHeaderBytes);
    if (const auto version = load<uint64_t>(idx, 9); version != kVersion)
        return invalidInput("{}: byte 9 says version {}; only version {} is known", where, version, kVersion);

    BinidxIndex index;
    RADLADS_TRY_ASSIGN(index.type, tokenType(load<uint8_t>(idx, 17), where));
    const auto n = load<uint64_t>(idx, 18);
    const auto m = load<uint64_t>(idx, 26);
    if (!sizeMatches(idx.size(), n, m))
        return invalidInput(
            "{} has {} bytes, which does not fit its {} documents and {} document entries; copy or build it again",
            where, idx.size(), n, m);
    index.documents = static_cast<int64_t>(n);
    index.lengths = idx.subspan(kBinidxHeaderBytes, 4 * n);
    index.pointers = idx.subspan(kBinidxHeaderBytes + 4 * n, 8 * n);

    const int64_t item = sizeBytes(index.type);
    if (binBytes % item != 0)
        return invalidInput(
            "{}: the .bin beside it has {} bytes, not a multiple of the {} bytes of a token; copy or build it again",
            where, binBytes, item);
    for (int64_t i = 0; i < index.documents; ++i) {
        const int64_t length = index.length(i);
        const int64_t pointer = index.pointer(i);
        const bool inside = length >= 0 && pointer >= 0 && pointer <= binBytes && length <= (binBytes - pointer) / item;
        if (!inside || pointer % item != 0)
            return invalidInput(
                "{}: document {} ({} tokens from byte {}) does not lie in the .bin of {} bytes; the files do not "
                "belong together or one is damaged",
                where, i, length, pointer, binBytes);
    }
    return index;
}

std::array<std::byte, kBinidxHeaderBytes> binidxHeader(TokenType type, uint64_t documents,
                                                       uint64_t documentIndexEntries) {
    std::array<std::byte, kBinidxHeaderBytes> header{};
    std::memcpy(header.data(), kMagic, sizeof kMagic);
    std::memcpy(header.data() + 9, &kVersion, sizeof kVersion);
    std::memcpy(header.data() + 17, &type, sizeof type);
    std::memcpy(header.data() + 18, &documents, sizeof documents);
    std::memcpy(header.data() + 26, &documentIndexEntries, sizeof documentIndexEntries);
    return header;
}

}  // namespace radlads::data
