#include "ui/wizard/teacher_inspector.h"

#include <QJsonArray>

#include "ui/core/engine_client.h"
#include "ui/wizard/wizard_model.h"

namespace radlads::ui {

TeacherInspector::TeacherInspector(EngineClient* client, WizardModel* model, QObject* parent)
    : QObject(parent), m_client(client), m_model(model) {
    connect(m_model, &WizardModel::changed, this, [this] {
        if (QString::fromStdString(m_model->plan().teacher.path) != m_path) ask();
    });
    connect(m_client, &EngineClient::stateChanged, this, [this](EngineClient::State state) {
        if (state == EngineClient::State::Connected && m_state != State::Known) ask();
    });
}

void TeacherInspector::inspectAgain() {
    ask();
}

bool TeacherInspector::isConvertible() const {
    const QJsonObject convertible = m_facts.value(QStringLiteral("convertible")).toObject();
    return m_state == State::Known && convertible.value(QStringLiteral("ok")).toBool();
}

QString TeacherInspector::reason() const {
    if (m_state == State::Failed) return m_error;
    return m_facts.value(QStringLiteral("convertible")).toObject().value(QStringLiteral("reason")).toString();
}

QString TeacherInspector::licence() const {
    return m_licence;
}

void TeacherInspector::ask() {
    const QString path = QString::fromStdString(m_model->plan().teacher.path);
    m_path = path;
    m_facts = {};
    m_error.clear();
    m_licence.clear();
    m_state = path.isEmpty() ? State::None : State::Asking;
    Q_EMIT changed();
    if (path.isEmpty() || m_client->state() != EngineClient::State::Connected) return;
    m_client->call(
        QStringLiteral("model.inspect"), {{QStringLiteral("path"), path}}, this,
        [this, path](const QJsonObject& result) {
            if (path != m_path) return;
            m_facts = result;
            m_state = State::Known;
            Q_EMIT changed();
        },
        [this, path](const RpcError& error) {
            if (path != m_path || error.kind == QLatin1String("disconnected")) return;
            m_error = error.message;
            // An older engine that cannot look into models still converts them.
            m_state = error.kind == QLatin1String("method") ? State::None : State::Failed;
            Q_EMIT changed();
        });
    if (path.startsWith(u'/')) askLicence(path);
}

void TeacherInspector::askLicence(const QString& path) {
    m_client->call(QStringLiteral("file.list"), {{QStringLiteral("path"), path}}, this,
                   [this, path](const QJsonObject& result) {
                       if (path != m_path) return;
                       QStringList found;
                       for (const QJsonValue& entry : result.value(QStringLiteral("entries")).toArray()) {
                           const QString name = entry.toObject().value(QStringLiteral("name")).toString();
                           const QString upper = name.toUpper();
                           if (upper.startsWith(QLatin1String("LICENSE")) ||
                               upper.startsWith(QLatin1String("LICENCE")) || upper.startsWith(QLatin1String("NOTICE")))
                               found.append(name);
                       }
                       m_licence = found.join(QStringLiteral(", "));
                       Q_EMIT changed();
                   });
}

}  // namespace radlads::ui
