// The runs of one engine, kept equal to what the engine says. State flows engine -> store -> model -> view; views call
// the client.
#pragma once

#include <QHash>
#include <QObject>
#include <QStringList>
#include <memory>

#include "ui/core/engine_client.h"
#include "ui/core/run_history.h"
#include "ui/core/run_record.h"

namespace radlads::ui {

class RunStore : public QObject {
    Q_OBJECT
public:
    explicit RunStore(EngineClient* client, QObject* parent = nullptr);
    ~RunStore() override;

    EngineClient* client() const;
    QList<RunRecord> runs() const;  // newest first
    const RunRecord* find(const QString& run) const;
    QStringList queue() const;
    bool isLoaded() const;  // the first list has arrived

    // The history of a run, attached while at least one shared pointer is held. After a loss of the connection it goes
    // on where it was.
    std::shared_ptr<RunHistory> history(const QString& run);

    // Commands; the error, if any, is shown by the caller.
    void command(const QString& method, const QString& run, QObject* context, EngineClient::ErrorHandler onError);

Q_SIGNALS:
    void loaded();
    void runAdded(const QString& run);
    void runChanged(const QString& run);
    void runRemoved(const QString& run);
    void queueChanged();

private:
    class Private;
    std::unique_ptr<Private> d;
};

}  // namespace radlads::ui
