// Cuts added tokens out of a text (interop.md 3.4, step 1), leftmost and longest first. Private to io.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/io/tokenizer_tables.h"

namespace radlads::io {

// One entry of added_tokens, with the flags of Hugging Face's AddedToken.
struct AddedTokenRule {
    std::string content;
    int32_t id = 0;
    bool singleWord = false;  // only where no word character touches it
    bool leftStrip = false;   // swallows the white space before it
    bool rightStrip = false;  // swallows the white space after it
    bool normalized = false;  // looked for in the normalised text, not in the raw one
    bool special = false;
};

inline constexpr size_t kMaxAddedTokenBytes = 512;  // bounds the work for each byte of text

class AddedTokenMatcher {
public:
    AddedTokenMatcher() = default;
    // contents: what to look for, by rule; the rules' own contents, or those normalised. None is empty; where two are
    // the same the later rule counts.
    AddedTokenMatcher(const std::vector<AddedTokenRule>& rules, const std::vector<std::string>& contents);

    // onText(std::string_view stretch) and onToken(int32_t id) for all of `text` (UTF-8) in order; no stretch is empty.
    template <class OnText, class OnToken>
    void cut(std::string_view text, OnText&& onText, OnToken&& onToken) const {
        size_t done = 0, from = 0;
        for (Match match; findNext(text, from, match);) {
            from = match.end;
            if (!adjust(text, done, match)) continue;
            if (done < match.begin) onText(text.substr(done, match.begin - done));
            onToken(m_rules[match.rule].id);
            done = from = match.end;  // what rightStrip swallowed is not searched again
        }
        if (done < text.size()) onText(text.substr(done));
    }

private:
    struct Match {
        size_t rule = 0, begin = 0, end = 0;
    };
    // The rule's flags; false: it does not count here.
    bool adjust(std::string_view text, size_t done, Match& match) const;
    bool findNext(std::string_view text, size_t from, Match& match) const;
    bool matchAt(std::string_view text, size_t at, Match& match) const;

    std::vector<AddedTokenRule> m_rules;
    PairTable m_edges;              // (node, byte) -> node; node 0 is the root
    std::vector<int32_t> m_ruleAt;  // by node; -1: no token ends here
    std::array<bool, 256> m_isFirst{};
    int m_onlyFirst = -1;  // the first byte of all tokens, if they share one
};

}  // namespace radlads::io
