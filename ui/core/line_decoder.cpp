#include "ui/core/line_decoder.h"

namespace radlads::ui {

void LineDecoder::append(const QByteArray& bytes) {
    if (m_start > 0) {
        m_bytes.remove(0, m_start);
        m_scanned -= m_start;
        m_start = 0;
    }
    m_bytes.append(bytes);
}

bool LineDecoder::next(QByteArray& line) {
    const qsizetype end = m_bytes.indexOf('\n', m_scanned);
    if (end < 0) {
        m_scanned = m_bytes.size();
        return false;
    }
    line = m_bytes.mid(m_start, end - m_start);
    m_start = end + 1;
    m_scanned = m_start;
    return true;
}

void LineDecoder::clear() {
    m_bytes.clear();
    m_start = 0;
    m_scanned = 0;
}

}  // namespace radlads::ui
