#include "engine/server/directory_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <vector>

namespace radlads::server {

DirectoryWatch::DirectoryWatch(QObject* parent) : QObject(parent), m_notify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    if (!m_notify.valid()) return;
    m_notifier = std::make_unique<QSocketNotifier>(m_notify.value(), QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, &DirectoryWatch::readEvents);
}

bool DirectoryWatch::add(const std::string& key, const fs::path& directory) {
    if (!m_notify.valid()) return false;
    constexpr uint32_t kEvents = IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                 IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
    const int watch = ::inotify_add_watch(m_notify.value(), directory.c_str(), kEvents);
    if (watch < 0) return false;
    if (const auto before = m_watches.find(key); before != m_watches.end() && before->second != watch) remove(key);
    m_keys[watch] = key;
    m_watches[key] = watch;
    return true;
}

void DirectoryWatch::remove(const std::string& key) {
    const auto found = m_watches.find(key);
    if (found == m_watches.end()) return;
    ::inotify_rm_watch(m_notify.value(), found->second);
    m_keys.erase(found->second);
    m_watches.erase(found);
}

void DirectoryWatch::readEvents() {
    alignas(inotify_event) char buffer[16384];
    for (;;) {
        const ssize_t count = ::read(m_notify.value(), buffer, sizeof buffer);
        if (count <= 0) return;
        for (ssize_t at = 0; at < count;) {
            const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
            at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
            if ((event->mask & IN_Q_OVERFLOW) != 0) {
                const std::map<std::string, int> all = m_watches;
                for (const auto& [key, watch] : all) Q_EMIT changed(key, {});
                continue;
            }
            const auto found = m_keys.find(event->wd);
            if (found == m_keys.end()) continue;
            const std::string key = found->second;
            if ((event->mask & IN_IGNORED) != 0) {  // the directory is gone
                m_watches.erase(key);
                m_keys.erase(found);
            }
            Q_EMIT changed(key, event->len > 0 ? std::string(event->name) : std::string());
        }
    }
}

}  // namespace radlads::server
