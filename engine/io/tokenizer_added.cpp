#include "engine/io/tokenizer_added.h"

#include <algorithm>
#include <cstring>

#include "engine/io/tokenizer_unicode.h"

namespace radlads::io {
namespace {

// The start of the character that ends at `end` > 0.
size_t characterBefore(std::string_view text, size_t end) {
    do --end;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80);
    return end;
}

bool hasClass(std::string_view text, size_t at, uint8_t bit) {
    int length = 0;
    return characterClasses()[decodeValidUtf8(text.data() + at, length)] & bit;
}

}  // namespace

AddedTokenMatcher::AddedTokenMatcher(const std::vector<AddedTokenRule>& rules, const std::vector<std::string>& contents)
    : m_rules(rules) {
    m_ruleAt.assign(1, -1);
    for (size_t i = 0; i < rules.size(); ++i) {
        int32_t node = 0;
        for (const char c : contents[i]) {
            const int32_t byte = static_cast<unsigned char>(c);
            const PairTable::Entry* edge = m_edges.find(node, byte);
            if (!edge) {
                m_edges.assign(node, byte, 0, static_cast<int32_t>(m_ruleAt.size()));
                node = static_cast<int32_t>(m_ruleAt.size());
                m_ruleAt.push_back(-1);
            } else {
                node = edge->value;
            }
        }
        m_ruleAt[static_cast<size_t>(node)] = static_cast<int32_t>(i);
        m_isFirst[static_cast<unsigned char>(contents[i][0])] = true;
    }
    if (std::count(m_isFirst.begin(), m_isFirst.end(), true) == 1)
        m_onlyFirst = static_cast<int>(std::find(m_isFirst.begin(), m_isFirst.end(), true) - m_isFirst.begin());
}

bool AddedTokenMatcher::matchAt(std::string_view text, size_t at, Match& match) const {
    int32_t node = 0;
    bool found = false;
    for (size_t i = at; i < text.size(); ++i) {
        const PairTable::Entry* edge = m_edges.find(node, static_cast<unsigned char>(text[i]));
        if (!edge) break;
        node = edge->value;
        const int32_t rule = m_ruleAt[static_cast<size_t>(node)];
        if (rule < 0) continue;
        match = {static_cast<size_t>(rule), at, i + 1};
        found = true;
    }
    return found;
}

bool AddedTokenMatcher::findNext(std::string_view text, size_t from, Match& match) const {
    if (m_rules.empty()) return false;
    for (size_t at = from; at < text.size(); ++at) {
        if (m_onlyFirst >= 0) {
            const void* hit = std::memchr(text.data() + at, m_onlyFirst, text.size() - at);
            if (!hit) return false;
            at = static_cast<size_t>(static_cast<const char*>(hit) - text.data());
        } else if (!m_isFirst[static_cast<unsigned char>(text[at])]) {
            continue;
        }
        if (matchAt(text, at, match)) return true;
    }
    return false;
}

bool AddedTokenMatcher::adjust(std::string_view text, size_t done, Match& match) const {
    const AddedTokenRule& rule = m_rules[match.rule];
    if (rule.singleWord) {
        const bool wordBefore = match.begin > 0 && hasClass(text, characterBefore(text, match.begin), kWordCharacter);
        const bool wordAfter = match.end < text.size() && hasClass(text, match.end, kWordCharacter);
        if (wordBefore || wordAfter) return false;
    }
    while (rule.leftStrip && match.begin > done) {
        const size_t before = characterBefore(text, match.begin);
        if (before < done || !hasClass(text, before, kWhiteSpace)) break;
        match.begin = before;
    }
    while (rule.rightStrip && match.end < text.size() && hasClass(text, match.end, kWhiteSpace)) {
        int length = 0;
        decodeValidUtf8(text.data() + match.end, length);
        match.end += static_cast<size_t>(length);
    }
    return true;
}

}  // namespace radlads::io
