#include "engine/data/token_store.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>
#include <utility>

#include "engine/data/binidx.h"
#include "engine/io/mapped_file.h"

namespace radlads::data {
namespace {

constexpr int32_t kNoSuchToken = std::numeric_limits<int32_t>::max();

fs::path withoutEnding(const fs::path& prefix) {
    const fs::path ending = prefix.extension();
    return ending == ".bin" || ending == ".idx" ? fs::path(prefix).replace_extension() : prefix;
}

fs::path withEnding(const fs::path& prefix, const char* ending) {
    return fs::path(prefix) += ending;
}

template <class Stored>
int32_t toToken(Stored value) {
    if constexpr (sizeof(Stored) < sizeof(int32_t))
        return value;
    else
        return value < 0 || value > kNoSuchToken ? kNoSuchToken : static_cast<int32_t>(value);
}

template <class Stored>
void copyTokens(const std::byte* from, std::span<int32_t> out) {
    for (size_t i = 0; i < out.size(); ++i) {
        Stored value;
        std::memcpy(&value, from + i * sizeof value, sizeof value);
        out[i] = toToken(value);
    }
}

}  // namespace

struct TokenStore::Map {
    io::MappedFile idx, bin;
    BinidxIndex index;
    int64_t item = 1;  // bytes of a token
};

Result<TokenStore> TokenStore::open(const fs::path& prefix) {
    const fs::path base = withoutEnding(prefix);
    const fs::path idxPath = withEnding(base, ".idx");
    auto map = std::make_shared<Map>();
    RADLADS_TRY_ASSIGN(map->idx, io::MappedFile::open(idxPath));
    RADLADS_TRY_ASSIGN(map->bin, io::MappedFile::open(withEnding(base, ".bin")));
    RADLADS_TRY_ASSIGN(map->index, parseBinidxIndex(map->idx.bytes(), static_cast<int64_t>(map->bin.bytes().size()),
                                                    idxPath.string()));
    map->item = sizeBytes(map->index.type);
    TokenStore store;
    store.m_map = std::move(map);
    return store;
}

int64_t TokenStore::size() const {
    return static_cast<int64_t>(m_map->bin.bytes().size()) / m_map->item;
}

int64_t TokenStore::documents() const {
    return m_map->index.documents;
}

int64_t TokenStore::documentLength(int64_t index) const {
    assert(index >= 0 && index < documents());
    return m_map->index.length(index);
}

int64_t TokenStore::documentOffset(int64_t index) const {
    assert(index >= 0 && index < documents());
    return m_map->index.pointer(index) / m_map->item;
}

void TokenStore::read(int64_t offset, std::span<int32_t> out) const {
    assert(offset >= 0 && offset <= size() && static_cast<int64_t>(out.size()) <= size() - offset);
    const std::byte* from = m_map->bin.bytes().data() + offset * m_map->item;
    switch (m_map->index.type) {
        case TokenType::U8:
            return copyTokens<uint8_t>(from, out);
        case TokenType::U16:
            return copyTokens<uint16_t>(from, out);
        case TokenType::I32:
            return copyTokens<int32_t>(from, out);
        case TokenType::I64:
            return copyTokens<int64_t>(from, out);
    }
}

int32_t TokenStore::maxToken() const {
    int32_t largest = -1;
    std::vector<int32_t> chunk(1 << 16);
    for (int64_t offset = 0; offset < size(); offset += static_cast<int64_t>(chunk.size())) {
        chunk.resize(static_cast<size_t>(std::min<int64_t>(static_cast<int64_t>(chunk.size()), size() - offset)));
        read(offset, chunk);
        largest = std::max(largest, *std::max_element(chunk.begin(), chunk.end()));
    }
    return largest;
}

}  // namespace radlads::data
