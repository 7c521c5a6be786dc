// A scripted engine with a library of runs in every state, their journals, files and evaluations, and models, data and
// plans for the wizard: what the pictures and the tests of whole pages look at. Owned by the stage; GUI thread.
#pragma once

#include <QHash>

#include "tests/ui/monitor_data.h"
#include "tests/ui/wizard/wizard_engine.h"

namespace radlads::tests {

class StudioEngine : public WizardEngine {
public:
    enum class Library { Empty, Full };
    explicit StudioEngine(Library library);

    // Of what the last evaluate.start, generate.start, .. was named.
    static QString jobName(int number) { return QStringLiteral("job-%1").arg(number); }
    int jobCount() const { return m_jobs; }
    void jobEvent(int number, const QJsonObject& event);
    void jobResult(int number, const QJsonObject& result);

private:
    QJsonObject attach(const QString& run);
    QVector<QJsonObject> journalOf(const QString& run) const;

    int m_jobs = 0;
};

}  // namespace radlads::tests
