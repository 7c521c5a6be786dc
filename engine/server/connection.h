// A connected local socket, read and written without waiting. Unlike QLocalSocket it goes on writing to a peer that
// sends no more, and keeps nothing that the kernel has not taken.
#pragma once

#include <QObject>
#include <QSocketNotifier>
#include <string_view>
#include <vector>

#include "engine/run/descriptor.h"

namespace radlads::server {

// Owned by a Session, in the main thread.
class Connection : public QObject {
    Q_OBJECT
public:
    Connection(run::Descriptor socket, QObject* parent);

    // At most 64 KiB of what has arrived, until the next call. Empty when there is nothing now; `readable` tells when
    // there is.
    std::string_view read();
    // While false the peer's bytes stay in the kernel, which stops the peer.
    void setReading(bool isWanted);
    // How many of the bytes the kernel took. When it was not all of them, `writable` follows.
    std::size_t write(std::string_view bytes);
    void awaitWritable() { m_writeNotifier.setEnabled(isOpen()); }
    void close();

    bool isOpen() const { return m_socket.valid(); }
    // The peer sends no more; it may still read.
    bool isAtEnd() const { return m_isAtEnd; }

Q_SIGNALS:
    void readable();
    void writable();
    void closed();  // by the peer, or by close(); once, and never from within read or write

private:
    run::Descriptor m_socket;
    QSocketNotifier m_readNotifier, m_writeNotifier;
    std::vector<char> m_buffer;
    bool m_isAtEnd = false, m_isReadingWanted = true;
};

}  // namespace radlads::server
