#include "engine/server/plain_json.h"

namespace radlads::server {
namespace {

constexpr std::ptrdiff_t kMaxDigits = 40;  // of a number; with an exponent of two digits it is within a double's range

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

class Scanner {
public:
    explicit Scanner(std::string_view text) : m_at(text.data()), m_end(text.data() + text.size()) {}
    bool isAtEnd() const { return m_at == m_end; }

    bool value(std::size_t levels) {
        if (isAtEnd()) return false;
        switch (*m_at) {
            case '{':
                return levels > 0 && members('}', [&] { return string() && take(':') && value(levels - 1); });
            case '[':
                return levels > 0 && members(']', [&] { return value(levels - 1); });
            case '"':
                return string();
            case 't':
                return take("true");
            case 'f':
                return take("false");
            case 'n':
                return take("null");
            default:
                return number();
        }
    }

private:
    bool take(char c) {
        if (isAtEnd() || *m_at != c) return false;
        ++m_at;
        return true;
    }
    bool take(std::string_view word) {
        for (const char c : word)
            if (!take(c)) return false;
        return true;
    }
    template <class Member>
    bool members(char close, Member member) {
        ++m_at;
        if (take(close)) return true;
        do {
            if (!member()) return false;
        } while (take(','));
        return take(close);
    }
    bool string() {
        if (!take('"')) return false;
        while (!isAtEnd() && *m_at != '"') {
            const auto c = static_cast<unsigned char>(*m_at);
            if (c < 0x20 || c >= 0x80 || c == '\\') return false;
            ++m_at;
        }
        return take('"');
    }
    bool digits() {
        const char* start = m_at;
        while (!isAtEnd() && isDigit(*m_at)) ++m_at;
        return m_at > start;
    }
    bool number() {
        const char* start = m_at;
        take('-');
        if (!take('0') && !digits()) return false;
        if (take('.') && !digits()) return false;
        if (m_at - start > kMaxDigits) return false;
        if (!take('e') && !take('E')) return true;
        if (!take('+')) take('-');
        start = m_at;
        return digits() && m_at - start <= 2;
    }

    const char* m_at;
    const char* m_end;
};

}  // namespace

bool isPlainJson(std::string_view text, std::size_t maxDepth) {
    Scanner scanner(text);
    return scanner.value(maxDepth) && scanner.isAtEnd();
}

}  // namespace radlads::server
