// Tells which files change in a set of directories, by inotify.
#pragma once

#include <QObject>
#include <QSocketNotifier>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "engine/run/descriptor.h"

namespace radlads::server {

namespace fs = std::filesystem;

// Owned by the RunLibrary, in the main thread. Where inotify is not there (or its limits are reached) it tells nothing:
// its owner looks at everything from time to time anyway.
class DirectoryWatch : public QObject {
    Q_OBJECT
public:
    explicit DirectoryWatch(QObject* parent = nullptr);
    // key: what `changed` calls the directory. False if it cannot be watched.
    bool add(const std::string& key, const fs::path& directory);
    void remove(const std::string& key);
    // Tells now what has happened until now; otherwise it is told when the event loop comes to it.
    void readEvents();

Q_SIGNALS:
    // file: its name in the directory; empty when the directory itself changed or events were lost.
    void changed(const std::string& key, const std::string& file);

private:
    run::Descriptor m_notify;
    std::unique_ptr<QSocketNotifier> m_notifier;
    std::map<int, std::string> m_keys;     // by watch descriptor
    std::map<std::string, int> m_watches;  // by key
};

}  // namespace radlads::server
