#include "ui/window/notifier.h"

#include <QIcon>
#include <QSystemTrayIcon>

#include "ui/window/run_text.h"

namespace radlads::ui {

using namespace Qt::StringLiterals;

Notifier::Notifier(EngineSet* engines, Settings* settings, QObject* parent)
    : QObject(parent), m_engines(engines), m_settings(settings) {
    for (int i = 0; i < engines->count(); ++i) watch(i);
    connect(engines, &EngineSet::added, this, &Notifier::watch);
}

void Notifier::watch(int index) {
    RunStore* store = m_engines->store(index);
    const QString prefix = m_engines->address(index).id + u'/';
    const auto remember = [this, store, prefix](const QString& run) {
        if (const RunRecord* record = store->find(run)) m_states.insert(prefix + run, record->state);
    };
    connect(store, &RunStore::runAdded, this, remember);
    connect(store, &RunStore::runChanged, this, [this, store, prefix](const QString& run) {
        const RunRecord* record = store->find(run);
        if (!record) return;
        const RunState before = m_states.value(prefix + run, record->state);
        m_states.insert(prefix + run, record->state);
        const bool pausedItself = record->state == RunState::Paused && !record->message.isEmpty();
        const bool isNews = record->state == RunState::Finished || record->state == RunState::Failed ||
                            record->state == RunState::Interrupted || pausedItself;
        if (before != record->state && isNews && isActive(before)) tell(*record);
    });
}

void Notifier::tell(const RunRecord& record) {
    if (!m_settings->value(Setting::Notifications).toBool()) return;
    const QString title = tr("%1 %2").arg(record.name, stateText(record.state));
    const QString text = record.state == RunState::Finished
                             ? tr("The student is ready to be evaluated, tried and exported.")
                             : record.message.section(u'\n', 0, 0);
    if (!m_tray && QSystemTrayIcon::isSystemTrayAvailable()) {
        m_tray = new QSystemTrayIcon(QIcon(u":/icons/radlads.svg"_s), this);
        m_tray->setToolTip(tr("Radlads Studio"));
        connect(m_tray, &QSystemTrayIcon::activated, this, &Notifier::activated);
        connect(m_tray, &QSystemTrayIcon::messageClicked, this, &Notifier::activated);
        m_tray->show();
    }
    if (m_tray)
        m_tray->showMessage(
            title, text, record.state == RunState::Finished ? QSystemTrayIcon::Information : QSystemTrayIcon::Warning);
    Q_EMIT told(title, text);
}

}  // namespace radlads::ui
