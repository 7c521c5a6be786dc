// What the engine knows about the chosen teacher (model.inspect), asked whenever the plan names another. Owned by
// ConversionWizard; GUI thread.
#pragma once

#include <QJsonObject>
#include <QObject>
#include <QString>

namespace radlads::ui {

class EngineClient;
class WizardModel;

class TeacherInspector : public QObject {
    Q_OBJECT
public:
    enum class State { None, Asking, Known, Failed };
    TeacherInspector(EngineClient* client, WizardModel* model, QObject* parent = nullptr);

    State state() const { return m_state; }
    const QJsonObject& facts() const { return m_facts; }
    QJsonObject config() const { return m_facts.value(QStringLiteral("config")).toObject(); }
    bool isConvertible() const;
    QString reason() const;   // why it can or cannot be converted, or why it could not be read
    QString licence() const;  // file names; empty: none was found
    int layers() const { return config().value(QStringLiteral("layers")).toInt(); }
    void inspectAgain();

Q_SIGNALS:
    void changed();

private:
    void ask();
    void askLicence(const QString& path);

    EngineClient* m_client;
    WizardModel* m_model;
    State m_state = State::None;
    QString m_path, m_error, m_licence;
    QJsonObject m_facts;
};

}  // namespace radlads::ui
