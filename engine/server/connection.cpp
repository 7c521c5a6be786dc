#include "engine/server/connection.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace radlads::server {
namespace {

constexpr std::size_t kChunk = 64 << 10;

bool mayTryAgain(int reason) {
    return reason == EAGAIN || reason == EWOULDBLOCK || reason == EINTR;
}

// Whether a peer that sends no more has gone altogether.
bool isHungUp(int socket) {
    pollfd entry{socket, 0, 0};
    return ::poll(&entry, 1, 0) == 1 && (entry.revents & (POLLHUP | POLLERR)) != 0;
}

}  // namespace

Connection::Connection(run::Descriptor socket, QObject* parent)
    : QObject(parent),
      m_socket(std::move(socket)),
      m_readNotifier(m_socket.value(), QSocketNotifier::Read),
      m_writeNotifier(m_socket.value(), QSocketNotifier::Write),
      m_buffer(kChunk) {
    ::fcntl(m_socket.value(), F_SETFL, ::fcntl(m_socket.value(), F_GETFL) | O_NONBLOCK);
    m_writeNotifier.setEnabled(false);
    connect(&m_readNotifier, &QSocketNotifier::activated, this, &Connection::readable);
    connect(&m_writeNotifier, &QSocketNotifier::activated, this, [this] {
        m_writeNotifier.setEnabled(false);
        Q_EMIT writable();
    });
}

std::string_view Connection::read() {
    if (!isOpen() || m_isAtEnd) return {};
    const ssize_t count = ::recv(m_socket.value(), m_buffer.data(), m_buffer.size(), 0);
    if (count > 0) return {m_buffer.data(), static_cast<std::size_t>(count)};
    if (count < 0 && mayTryAgain(errno)) return {};
    m_isAtEnd = true;
    m_readNotifier.setEnabled(false);
    if (count < 0 || isHungUp(m_socket.value())) close();
    return {};
}

void Connection::setReading(bool isWanted) {
    if (m_isReadingWanted == isWanted) return;
    m_isReadingWanted = isWanted;
    if (isOpen() && !m_isAtEnd) m_readNotifier.setEnabled(isWanted);
}

std::size_t Connection::write(std::string_view bytes) {
    std::size_t written = 0;
    while (isOpen() && written < bytes.size()) {
        const ssize_t count = ::send(m_socket.value(), bytes.data() + written, bytes.size() - written, MSG_NOSIGNAL);
        if (count >= 0) {
            written += static_cast<std::size_t>(count);
        } else if (mayTryAgain(errno)) {
            awaitWritable();
            break;
        } else {
            close();
        }
    }
    return written;
}

void Connection::close() {
    if (!isOpen()) return;
    m_readNotifier.setEnabled(false);
    m_writeNotifier.setEnabled(false);
    m_socket = run::Descriptor();
    QMetaObject::invokeMethod(this, &Connection::closed, Qt::QueuedConnection);
}

}  // namespace radlads::server
