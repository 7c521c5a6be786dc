// The engines that the user knows: this computer first, then hosts reached by ssh. Each has a connection and its runs,
// kept as long as it is in the list. Owned by the application; GUI thread.
#pragma once

#include <QJsonObject>
#include <QObject>
#include <memory>
#include <vector>

#include "ui/core/run_store.h"
#include "ui/window/settings.h"

namespace radlads::ui {

class EngineSet : public QObject {
    Q_OBJECT
public:
    EngineSet(Settings* settings, EngineAddress local, QObject* parent = nullptr);
    ~EngineSet() override;

    int count() const { return static_cast<int>(m_engines.size()); }
    const EngineAddress& address(int index) const { return at(index).client->address(); }
    EngineClient* client(int index) const { return at(index).client.get(); }
    RunStore* store(int index) const { return at(index).store.get(); }
    const QJsonObject& machine(int index) const { return at(index).machine; }  // engine.describe; empty until known
    int indexOf(const QString& id) const;                                      // -1: not there

    void connectAll();
    void refresh();  // tries again where there is no connection, and asks all for their machine
    void describe(int index);
    void add(const EngineAddress& address);
    void replace(int index, const EngineAddress& address);
    void remove(int index);  // not this computer

Q_SIGNALS:
    void added(int index);
    void aboutToRemove(int index);
    void removed(int index);
    void changed(int index);    // its state or machine
    void restarted(int index);  // another engine process answers than before

private:
    struct Engine {
        std::unique_ptr<EngineClient> client;
        std::unique_ptr<RunStore> store;
        QJsonObject machine;
        qint64 pid = 0;
    };
    const Engine& at(int index) const { return *m_engines.at(static_cast<std::size_t>(index)); }
    void insert(int index, const EngineAddress& address);
    void onState(Engine* engine);
    int indexOfEngine(const Engine* engine) const;
    void save();

    Settings* m_settings;
    std::vector<std::unique_ptr<Engine>> m_engines;
};

}  // namespace radlads::ui
