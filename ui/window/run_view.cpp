#include "ui/window/run_view.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPointer>
#include <QTabBar>
#include <QTabWidget>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/core/format.h"
#include "ui/core/theme.h"
#include "ui/window/named.h"
#include "ui/window/run_header.h"

namespace radlads::ui {

using namespace Qt::StringLiterals;

namespace {
constexpr int kKeptHistories = 3;
constexpr int kClockMs = 10000;
}  // namespace

RunView::RunView(const WindowParts& parts, RunActions* actions, QMenu* more, QWidget* parent)
    : QWidget(parent), m_pages(parts.pages), m_header(new RunHeader(actions, more)) {
    m_tabs = named(new QTabWidget, u"tabs"_s, tr("Pages of the run"));
    m_tabs->setDocumentMode(true);
    m_tabs->tabBar()->setObjectName(u"tabBar"_s);
    m_tabs->tabBar()->setAccessibleName(tr("Pages of the run"));
    m_tabs->tabBar()->setDrawBase(false);
    for (std::size_t i = 0; i < m_pages.size(); ++i) {
        auto* place = new QWidget;
        auto* layout = new QVBoxLayout(place);
        layout->setContentsMargins(0, 0, 0, 0);
        const int index = m_tabs->addTab(place, Theme::instance().icon(m_pages[i].icon), m_pages[i].title);
        m_tabs->setTabToolTip(index, tr("%1 (Ctrl+%2)").arg(m_pages[i].title).arg(index + 1));
    }
    m_warnings = new QLabel;
    m_checkpoint = new QLabel;
    auto* foot = new QHBoxLayout;
    foot->setContentsMargins(Theme::kSpacing * 2, Theme::kSpacing / 2, Theme::kSpacing * 2, Theme::kSpacing / 2);
    foot->addWidget(m_warnings, 1);
    foot->addWidget(m_checkpoint);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_header);
    layout->addWidget(m_tabs, 1);
    layout->addLayout(foot);

    m_clock.setTimerType(Qt::VeryCoarseTimer);
    m_clock.setInterval(kClockMs);
    connect(&m_clock, &QTimer::timeout, this, [this] {
        if (isVisible()) refreshFoot();
    });
    connect(m_tabs, &QTabWidget::currentChanged, this, [this] {
        makeCurrentPage();
        Q_EMIT pageChanged(currentPage());
    });
}

void RunView::keep(const std::shared_ptr<RunHistory>& history) {
    m_recent.removeAll(history);
    m_recent.prepend(history);
    if (m_recent.size() > kKeptHistories) m_recent.resize(kKeptHistories);
}

void RunView::showRun(RunStore* store, const QString& run) {
    if (store == m_store && run == m_run) return;
    if (m_store) m_store->disconnect(this);
    if (m_history) m_history->disconnect(this);
    if (store != m_store) m_recent.clear();
    m_store = store;
    m_run = store ? run : QString();
    m_history = store && !run.isEmpty() ? store->history(run) : nullptr;
    for (const auto& [id, page] : m_made) page->showRun(m_history ? store : nullptr, m_history);
    if (!m_history) {
        m_clock.stop();
        return;
    }
    keep(m_history);
    connect(m_store, &RunStore::runChanged, this, [this](const QString& changed) {
        if (changed == m_run) refresh();
    });
    connect(m_history.get(), &RunHistory::changed, this, &RunView::refreshFoot);
    m_clock.start();
    refresh();
    makeCurrentPage();
}

void RunView::refresh() {
    const RunRecord* record = m_store ? m_store->find(m_run) : nullptr;
    if (!record) return;
    m_header->setRecord(*record);
    refreshFoot();
}

void RunView::refreshFoot() {
    const RunRecord* record = m_store ? m_store->find(m_run) : nullptr;
    if (!record || !m_history) return;
    const auto& marks = m_history->marks();
    const auto isWarning = [](const Mark& mark) {
        return mark.kind == MarkKind::Warning || mark.kind == MarkKind::Rollback;
    };
    const auto count = std::count_if(marks.cbegin(), marks.cend(), isWarning);
    if (count == 0) {
        m_warnings->setText(tr("No warnings"));
    } else {
        const auto last = std::find_if(marks.crbegin(), marks.crend(), isWarning);
        m_warnings->setText(
            tr("%n warning(s), the last: %1", nullptr, static_cast<int>(count)).arg(last->text.section(u'\n', 0, 0)));
    }
    const QDateTime now = QDateTime::currentDateTimeUtc();
    m_checkpoint->setText(record->state == RunState::Finished && record->hasModel
                              ? tr("The model is written: %1").arg(agoText(record->updated, now))
                          : record->checkpointTime
                              ? tr("Newest checkpoint: %1").arg(agoText(*record->checkpointTime, now))
                              : tr("No checkpoint yet"));
}

void RunView::makeCurrentPage() {
    const int index = m_tabs->currentIndex();
    if (index < 0 || !m_history) return;
    const WindowParts::Page& description = m_pages.at(static_cast<std::size_t>(index));
    if (m_made.contains(description.id)) return;
    QWidget* place = m_tabs->widget(index);
    RunPage* page = description.make(place);
    place->layout()->addWidget(page);
    m_made.emplace(description.id, page);
    page->showRun(m_store, m_history);
    Q_EMIT pageMade(description.id, page);
}

RunPage* RunView::page(const QString& id) const {
    const auto place = m_made.find(id);
    return place == m_made.end() ? nullptr : place->second;
}

void RunView::showPage(const QString& id) {
    for (int i = 0; i < pageCount(); ++i)
        if (m_pages.at(static_cast<std::size_t>(i)).id == id) showPage(i);
}

void RunView::showPage(int index) {
    if (index < 0 || index >= pageCount()) return;
    m_tabs->setCurrentIndex(index);
    makeCurrentPage();
}

QString RunView::currentPage() const {
    const int index = m_tabs->currentIndex();
    return index < 0 ? QString() : m_pages.at(static_cast<std::size_t>(index)).id;
}

}  // namespace radlads::ui
