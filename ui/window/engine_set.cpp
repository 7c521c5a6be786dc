#include "ui/window/engine_set.h"

#include <QTimer>

namespace radlads::ui {

using namespace Qt::StringLiterals;

EngineSet::EngineSet(Settings* settings, EngineAddress local, QObject* parent) : QObject(parent), m_settings(settings) {
    insert(0, local);
    for (const QVariant& value : settings->value(Setting::Engines).toList()) {
        const QVariantMap map = value.toMap();
        const QString host = map.value(u"host"_s).toString();
        if (host.isEmpty() || indexOf(host) >= 0) continue;
        const QString title = map.value(u"title"_s).toString();
        insert(count(), {host, title.isEmpty() ? host : title, QString(), host});
    }
}

EngineSet::~EngineSet() = default;

int EngineSet::indexOf(const QString& id) const {
    for (int i = 0; i < count(); ++i)
        if (address(i).id == id) return i;
    return -1;
}

int EngineSet::indexOfEngine(const Engine* engine) const {
    for (int i = 0; i < count(); ++i)
        if (&at(i) == engine) return i;
    return -1;
}

void EngineSet::insert(int index, const EngineAddress& address) {
    auto engine = std::make_unique<Engine>();
    engine->client = std::make_unique<EngineClient>(address);
    engine->store = std::make_unique<RunStore>(engine->client.get());
    connect(engine->client.get(), &EngineClient::stateChanged, this, [this, raw = engine.get()] { onState(raw); });
    m_engines.insert(m_engines.begin() + index, std::move(engine));
}

void EngineSet::onState(Engine* engine) {
    const int index = indexOfEngine(engine);
    if (index < 0) return;
    if (engine->client->state() == EngineClient::State::Connected) {
        const qint64 pid = engine->client->hello()["pid"_L1].toInteger();
        const bool isAnother = engine->pid != 0 && pid != 0 && pid != engine->pid;
        engine->pid = pid;
        describe(index);
        if (isAnother) Q_EMIT restarted(index);
    }
    Q_EMIT changed(index);
}

void EngineSet::describe(int index) {
    Engine* engine = m_engines.at(static_cast<std::size_t>(index)).get();
    if (engine->client->state() != EngineClient::State::Connected) return;
    engine->client->call(u"engine.describe"_s, {}, engine->client.get(), [this, engine](const QJsonObject& result) {
        engine->machine = result;
        if (const int place = indexOfEngine(engine); place >= 0) Q_EMIT changed(place);
    });
}

void EngineSet::connectAll() {
    for (const auto& engine : m_engines) engine->client->connectToEngine();
}

void EngineSet::refresh() {
    for (int i = 0; i < count(); ++i) {
        if (client(i)->state() == EngineClient::State::Connected) {
            describe(i);
        } else {
            client(i)->disconnectFromEngine();
            client(i)->connectToEngine();
        }
    }
}

void EngineSet::add(const EngineAddress& address) {
    if (indexOf(address.id) >= 0) return;
    insert(count(), address);
    save();
    Q_EMIT added(count() - 1);
    client(count() - 1)->connectToEngine();
}

void EngineSet::replace(int index, const EngineAddress& address) {
    if (index <= 0 || address == this->address(index)) return;
    remove(index);
    insert(index, address);
    save();
    Q_EMIT added(index);
    client(index)->connectToEngine();
}

void EngineSet::remove(int index) {
    if (index <= 0 || index >= count()) return;
    Q_EMIT aboutToRemove(index);
    const std::unique_ptr<Engine> engine = std::move(m_engines.at(static_cast<std::size_t>(index)));
    m_engines.erase(m_engines.begin() + index);
    engine->client->disconnect(this);
    save();
    Q_EMIT removed(index);
}

void EngineSet::save() {
    QVariantList list;
    for (int i = 1; i < count(); ++i)
        list.append(QVariantMap{{u"title"_s, address(i).title}, {u"host"_s, address(i).host}});
    m_settings->setValue(Setting::Engines, list);
}

}  // namespace radlads::ui
