#include "ui/window/library_panel.h"

#include <QAction>
#include <QContextMenuEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/core/theme.h"
#include "ui/window/named.h"
#include "ui/window/run_delegate.h"

namespace radlads::ui {

using namespace Qt::StringLiterals;

LibraryPanel::LibraryPanel(EngineSet* engines, QAction* newConversion, QWidget* parent)
    : QWidget(parent), m_set(engines) {
    auto* create = named(new QToolButton, u"newConversionButton"_s, tr("New conversion"));
    create->setDefaultAction(newConversion);
    create->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    create->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    create->setFocusPolicy(Qt::StrongFocus);

    m_search = named(new QLineEdit, u"searchRuns"_s, tr("Search runs"));
    m_search->setPlaceholderText(tr("Search runs…"));
    m_search->setClearButtonEnabled(true);
    m_search->addAction(Theme::instance().icon(u"search"_s), QLineEdit::LeadingPosition);
    m_search->setToolTip(tr("Searches names, tags, notes, teachers and messages (Ctrl+F)"));

    m_model = new RunModel(this);
    m_filter = new QSortFilterProxyModel(this);
    m_filter->setRecursiveFilteringEnabled(true);
    m_filter->setFilterCaseSensitivity(Qt::CaseInsensitive);
    m_filter->setFilterRole(RunModel::SearchRole);
    m_filter->setFilterRegularExpression(u"."_s);  // a group has no text of its own: without runs it is not shown
    m_filter->setSourceModel(m_model);

    m_runs = named(new QTreeView, u"runs"_s, tr("Runs"));
    m_runs->setModel(m_filter);
    m_runs->setItemDelegate(new RunDelegate(m_runs));
    m_runs->setHeaderHidden(true);
    m_runs->setRootIsDecorated(false);
    m_runs->setItemsExpandable(false);
    m_runs->setIndentation(0);
    m_runs->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_runs->setEditTriggers(QAbstractItemView::EditKeyPressed);
    m_runs->setDragDropMode(QAbstractItemView::InternalMove);
    m_runs->setDropIndicatorShown(true);
    m_runs->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_runs->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_runs->setContextMenuPolicy(Qt::CustomContextMenu);
    m_runs->setWhatsThis(
        tr("The runs of the chosen engine by state. Choose one to see it, two or more to compare them. "
           "Drag queued runs, or use Alt+Up and Alt+Down, to change their order."));

    // In the list, where the runs would be.
    m_nothing = named(new QLabel, u"noRuns"_s, tr("Runs"));
    m_nothing->setWordWrap(true);
    m_nothing->setAlignment(Qt::AlignHCenter | Qt::AlignTop);
    m_nothing->setForegroundRole(QPalette::PlaceholderText);
    auto* inList = new QVBoxLayout(m_runs->viewport());
    inList->setContentsMargins(Theme::kSpacing, Theme::kSpacing * 3, Theme::kSpacing, 0);
    inList->addWidget(m_nothing, 0, Qt::AlignTop);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(Theme::kSpacing, Theme::kSpacing, Theme::kSpacing, Theme::kSpacing);
    layout->setSpacing(Theme::kSpacing);
    layout->addWidget(create);
    layout->addWidget(m_search);
    layout->addWidget(m_runs, 1);
    layout->addWidget(makeEngines());

    connect(m_search, &QLineEdit::textChanged, this, [this](const QString& text) {
        m_filter->setFilterRegularExpression(text.isEmpty() ? u"."_s : QRegularExpression::escape(text));
        m_filter->setFilterCaseSensitivity(Qt::CaseInsensitive);
        fit();
    });
    // A new group has to be open, however it came.
    connect(m_filter, &QAbstractItemModel::rowsInserted, this, &LibraryPanel::fit);
    connect(m_filter, &QAbstractItemModel::rowsRemoved, this, &LibraryPanel::fit);
    connect(m_filter, &QAbstractItemModel::modelReset, this, &LibraryPanel::fit);
    // The filter tells of moves from group to group as of a new layout.
    connect(m_filter, &QAbstractItemModel::layoutChanged, this, &LibraryPanel::fit);
    connect(m_runs->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            [this] { Q_EMIT selectionChanged(); });
    connect(m_runs, &QTreeView::customContextMenuRequested, this, [this](const QPoint& place) {
        if (m_menu && !selectedRuns().isEmpty()) m_menu->popup(m_runs->viewport()->mapToGlobal(place));
    });
    connect(m_model, &RunModel::renameWanted, this, &LibraryPanel::renameWanted);
    connect(m_model, &RunModel::queueWanted, this, &LibraryPanel::queueWanted);
    fit();
}

QWidget* LibraryPanel::makeEngines() {
    auto* title = new QLabel(tr("Eng&ines"));
    QFont bold = title->font();
    bold.setBold(true);
    bold.setPointSizeF(bold.pointSizeF() * 0.9);
    title->setFont(bold);
    title->setForegroundRole(QPalette::PlaceholderText);

    const auto button = [](const QString& icon, const QString& name, const QString& text) {
        auto* tool = named(new QToolButton, name, text);
        tool->setIcon(Theme::instance().icon(icon));
        tool->setToolTip(text);
        tool->setAutoRaise(true);
        tool->setFocusPolicy(Qt::StrongFocus);
        return tool;
    };
    m_addEngine = button(u"add"_s, u"addEngine"_s, tr("Add an engine on another computer"));
    m_editEngine = button(u"edit"_s, u"editEngine"_s, tr("Edit the chosen engine"));
    m_removeEngine = button(u"remove"_s, u"removeEngine"_s, tr("Remove the chosen engine from the list"));

    m_engineModel = new EngineModel(m_set, this);
    m_engines = named(new QListView, u"engines"_s, tr("Engines"));
    m_engines->setModel(m_engineModel);
    m_engines->setIconSize({16, 16});
    m_engines->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_engines->setContextMenuPolicy(Qt::CustomContextMenu);
    m_engines->setWhatsThis(tr("The computers whose runs this program shows: this one, and others reached by ssh."));
    m_engines->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    title->setBuddy(m_engines);

    m_problem = new QLabel;
    m_problem->setObjectName(u"engineProblem"_s);
    m_problem->setWordWrap(true);
    QFont small = m_problem->font();
    small.setPointSizeF(small.pointSizeF() * 0.9);
    m_problem->setFont(small);

    auto* box = new QWidget;
    auto* layout = new QVBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(Theme::kSpacing / 2);
    auto* head = new QHBoxLayout;
    head->setSpacing(0);
    head->addWidget(title, 1);
    for (QToolButton* tool : {m_addEngine, m_editEngine, m_removeEngine}) head->addWidget(tool);
    layout->addLayout(head);
    layout->addWidget(m_engines);
    layout->addWidget(m_problem);

    connect(m_addEngine, &QToolButton::clicked, this, &LibraryPanel::addEngineWanted);
    connect(m_editEngine, &QToolButton::clicked, this, [this] { Q_EMIT editEngineWanted(currentEngine()); });
    connect(m_removeEngine, &QToolButton::clicked, this, [this] { Q_EMIT removeEngineWanted(currentEngine()); });
    connect(m_engines->selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex& index) {
        updateProblem();
        if (index.isValid()) Q_EMIT engineChosen(index.row());
    });
    connect(m_engines, &QListView::customContextMenuRequested, this, &LibraryPanel::showEngineMenu);
    connect(m_engineModel, &QAbstractItemModel::dataChanged, this, &LibraryPanel::updateProblem);
    connect(m_engineModel, &QAbstractItemModel::rowsInserted, this, &LibraryPanel::updateProblem);
    connect(m_engineModel, &QAbstractItemModel::rowsRemoved, this, &LibraryPanel::updateProblem);
    updateProblem();
    return box;
}

void LibraryPanel::updateProblem() {
    const int rows = std::clamp(m_engineModel->rowCount(), 1, 4);
    const int row = std::max(m_engines->sizeHintForRow(0), fontMetrics().height() + 4);
    m_engines->setFixedHeight(rows * row + 2 * m_engines->frameWidth());
    const QModelIndex current = m_engines->currentIndex();
    const QString problem = current.data(EngineModel::ProblemRole).toString();
    m_problem->setText(problem);
    m_problem->setVisible(!problem.isEmpty());
    m_editEngine->setEnabled(current.row() > 0);
    m_removeEngine->setEnabled(current.row() > 0);
}

void LibraryPanel::showEngineMenu(const QPoint& place) {
    QMenu menu(this);
    menu.addAction(tr("&Add an engine…"), this, &LibraryPanel::addEngineWanted);
    const int index = m_engines->indexAt(place).row();
    if (index > 0) {
        menu.addAction(tr("&Edit…"), this, [this, index] { Q_EMIT editEngineWanted(index); });
        menu.addAction(tr("&Remove from the list…"), this, [this, index] { Q_EMIT removeEngineWanted(index); });
    }
    menu.exec(m_engines->viewport()->mapToGlobal(place));
}

void LibraryPanel::setStore(RunStore* store) {
    if (m_store) m_store->disconnect(this);
    m_store = store;
    if (store) connect(store, &RunStore::loaded, this, &LibraryPanel::fit);
    m_model->setStore(store);
    fit();
}

void LibraryPanel::fit() {
    m_runs->expandAll();
    const bool isEmpty = m_filter->rowCount() == 0;
    m_nothing->setText(!m_search->text().isEmpty()      ? tr("No run matches the search.")
                       : m_store && m_store->isLoaded() ? tr("No runs yet.")
                                                        : tr("Runs appear here once the engine answers."));
    m_nothing->setVisible(isEmpty);
}

QStringList LibraryPanel::selectedRuns() const {
    QModelIndexList indexes = m_runs->selectionModel()->selectedIndexes();
    std::sort(indexes.begin(), indexes.end(), [](const QModelIndex& a, const QModelIndex& b) {
        return std::pair(a.parent().row(), a.row()) < std::pair(b.parent().row(), b.row());
    });
    QStringList runs;
    for (const QModelIndex& index : indexes)
        if (const QString run = index.data(RunModel::RunRole).toString(); !run.isEmpty()) runs.append(run);
    return runs;
}

void LibraryPanel::selectRuns(const QStringList& runs) {
    QItemSelection selection;
    QModelIndex last;
    for (const QString& run : runs) {
        const QModelIndex index = m_filter->mapFromSource(m_model->indexOfRun(run));
        if (!index.isValid()) continue;
        selection.select(index, index);
        last = index;
    }
    if (last.isValid()) m_runs->selectionModel()->setCurrentIndex(last, QItemSelectionModel::NoUpdate);
    m_runs->selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect);
    if (last.isValid()) m_runs->scrollTo(last);
}

void LibraryPanel::editName(const QString& run) {
    const QModelIndex index = m_filter->mapFromSource(m_model->indexOfRun(run));
    if (!index.isValid()) return;
    m_runs->setFocus();
    m_runs->setCurrentIndex(index);
    m_runs->edit(index);
}

void LibraryPanel::moveInQueue(const QString& run, int places) {
    const QModelIndex group = m_model->indexOfRun(run).parent();
    QStringList order;
    for (int i = 0; i < m_model->rowCount(group); ++i)
        order.append(m_model->index(i, 0, group).data(RunModel::RunRole).toString());
    const auto from = order.indexOf(run);
    const auto to = std::clamp<qsizetype>(from + places, 0, order.size() - 1);
    if (from < 0 || to == from) return;
    order.move(from, to);
    Q_EMIT queueWanted(order);
}

void LibraryPanel::setCurrentEngine(int index) {
    if (index != currentEngine()) m_engines->setCurrentIndex(m_engineModel->index(index));
}

int LibraryPanel::currentEngine() const {
    return m_engines->currentIndex().row();
}

}  // namespace radlads::ui
