// Bytes of a stream to lines: takes them in pieces of any size. A value owned by EngineClient; GUI thread.
#pragma once

#include <QByteArray>

namespace radlads::ui {

class LineDecoder {
public:
    static constexpr qsizetype kMaxLineBytes = 1 << 20;  // engine/protocol/PROTOCOL.md

    void append(const QByteArray& bytes);
    // The next whole line without its end; false when none is there yet.
    bool next(QByteArray& line);
    bool hasLine() const { return m_bytes.indexOf('\n', m_scanned) >= 0; }
    bool isOversize() const { return m_bytes.size() - m_start > kMaxLineBytes && !hasLine(); }
    void clear();

private:
    QByteArray m_bytes;
    qsizetype m_start = 0;    // of the first line not yet taken
    qsizetype m_scanned = 0;  // no line end before this position
};

}  // namespace radlads::ui
