// Bytes in pieces of any size to whole lines. Without Qt, so that it can be fuzzed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace radlads::server {

inline constexpr std::size_t kMaxWireLine = 1 << 20;  // with the newline
inline constexpr std::size_t kMaxWireDepth = 32;

// Owned by one reader. Holds at most one unfinished line and what was added last.
class LineDecoder {
public:
    void add(std::string_view bytes);
    // The next whole line without its newline; nothing when there is none yet, or the line is too long.
    std::optional<std::string> next();
    bool holdsLine() const { return m_bytes.find('\n', m_search) != std::string::npos; }
    // A line longer than kMaxWireLine has begun: nothing follows any more.
    bool tooLong() const { return m_tooLong; }

private:
    std::string m_bytes;
    std::size_t m_start = 0;   // of the line
    std::size_t m_search = 0;  // no newline before it
    bool m_tooLong = false;
};

}  // namespace radlads::server
