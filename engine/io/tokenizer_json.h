// The first step of reading tokenizer.json: model.vocab and model.merges, which are most of the file, as flat arrays,
// the rest as a small document. Private to io.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/protocol/result.h"

namespace radlads::io {

// Texts one after the other.
class TextList {
public:
    void append(std::string_view text) {
        m_bytes.append(text);
        m_ends.push_back(m_bytes.size());
    }
    std::string_view operator[](size_t i) const {
        const size_t begin = i == 0 ? 0 : m_ends[i - 1];
        return std::string_view(m_bytes).substr(begin, m_ends[i] - begin);
    }
    size_t size() const { return m_ends.size(); }
    size_t byteCount() const { return m_bytes.size(); }

private:
    std::string m_bytes;
    std::vector<size_t> m_ends;
};

inline constexpr int32_t kMaxTokenId = (1 << 22) - 1;  // the largest vocabularies in use have some 2^18 entries

struct TokenizerDocument {
    nlohmann::json rest;         // everything else; model.vocab and model.merges are null in it
    bool hasVocabulary = false;  // model.vocab is an object
    bool hasMerges = false;      // model.merges is an array
    TextList tokens;             // the keys of model.vocab
    std::vector<int32_t> ids;    // their ids, each 0..kMaxTokenId, not checked for repetition
    TextList mergeParts;         // left and right of each merge in turn
};

// where: the file's name, for messages. InvalidInput for what is not JSON, nests deeper than 64 levels or has a
// vocabulary or merges of a wrong form.
Result<TokenizerDocument> readTokenizerDocument(std::string_view json, const std::string& where);

}  // namespace radlads::io
