#include "engine/server/line_decoder.h"

namespace radlads::server {

void LineDecoder::add(std::string_view bytes) {
    if (m_tooLong) return;
    if (m_start > 0) {  // what was read goes first, so that the buffer stays small
        m_bytes.erase(0, m_start);
        m_search -= m_start;
        m_start = 0;
    }
    m_bytes += bytes;
}

std::optional<std::string> LineDecoder::next() {
    if (m_tooLong) return std::nullopt;
    const std::size_t newline = m_bytes.find('\n', m_search);
    const std::size_t end = newline == std::string::npos ? m_bytes.size() : newline;
    if (end - m_start >= kMaxWireLine) {
        m_tooLong = true;
        m_bytes.clear();
        m_bytes.shrink_to_fit();
        return std::nullopt;
    }
    m_search = end;
    if (newline == std::string::npos) return std::nullopt;
    std::string line = m_bytes.substr(m_start, newline - m_start);
    m_start = m_search = newline + 1;
    return line;
}

}  // namespace radlads::server
