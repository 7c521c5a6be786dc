// Tokens to text while they come: only whole characters, although a token may hold part of one.
#pragma once

#include <string>
#include <vector>

#include "engine/io/tokenizer.h"

namespace radlads::worker {

class TextPieces {
public:
    explicit TextPieces(const io::Tokenizer& tokenizer, bool showSpecial) : m_tokenizer(&tokenizer), m_showSpecial(showSpecial) {}
    // The text that is whole now; "" while a character waits for its last byte.
    std::string add(int32_t id) {
        m_pending.push_back(id);
        m_bytes += m_tokenizer->tokenBytes(id);
        m_ends.push_back(m_bytes.size());
        const size_t whole = m_bytes.size() - openBytes();
        // Tokens that end where the open character begins are done; one that ends within it waits for the rest.
        size_t done = m_pending.size();
        while (done > 0 && m_ends[done - 1] > whole) --done;
        if (done == 0 || m_ends[done - 1] != whole) return {};
        const std::vector<int32_t> ready(m_pending.begin(), m_pending.begin() + static_cast<std::ptrdiff_t>(done));
        m_pending.erase(m_pending.begin(), m_pending.begin() + static_cast<std::ptrdiff_t>(done));
        m_ends.erase(m_ends.begin(), m_ends.begin() + static_cast<std::ptrdiff_t>(done));
        for (size_t& end : m_ends) end -= whole;
        m_bytes.erase(0, whole);
        return m_tokenizer->decode(ready, !m_showSpecial);
    }
    // What is left at the end, with U+FFFD for a character that never became whole.
    std::string finish() {
        std::string text = m_tokenizer->decode(m_pending, !m_showSpecial);
        m_pending.clear();
        m_ends.clear();
        m_bytes.clear();
        return text;
    }

private:
    // How many of the last bytes begin a character that further bytes can complete; at most 3.
    size_t openBytes() const {
        const auto byte = [&](size_t back) { return static_cast<unsigned char>(m_bytes[m_bytes.size() - back]); };
        for (size_t back = 1; back <= 3 && back <= m_bytes.size(); ++back) {
            const unsigned char first = byte(back);
            if ((first & 0xC0) == 0x80) continue;
            const size_t length = first >= 0xF0 && first <= 0xF4 ? 4 : first >= 0xE0 && first < 0xF0 ? 3 : first >= 0xC2 && first < 0xE0 ? 2 : 1;
            if (length <= back) return 0;
            if (back == 1) return 1;
            // The second byte is narrower after some first ones: no overlong forms, no surrogates, nothing above U+10FFFF.
            const unsigned char second = byte(back - 1);
            const unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80, high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
            return second >= low && second <= high ? back : 0;
        }
        return 0;
    }

    const io::Tokenizer* m_tokenizer;
    bool m_showSpecial;
    std::vector<int32_t> m_pending;
    std::vector<size_t> m_ends;  // of the pending tokens in m_bytes
    std::string m_bytes;         // of the pending tokens
};

}  // namespace radlads::worker
