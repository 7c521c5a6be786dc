#include "ui/window/log_page.h"

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSortFilterProxyModel>
#include <QTreeView>
#include <QVBoxLayout>

#include "ui/core/theme.h"
#include "ui/window/log_model.h"
#include "ui/window/named.h"

namespace radlads::ui {

using namespace Qt::StringLiterals;

LogPage::LogPage(QWidget* parent)
    : RunPage(parent),
      m_model(new LogModel(this)),
      m_levels(new QSortFilterProxyModel(this)),
      m_texts(new QSortFilterProxyModel(this)),
      m_level(named(new QComboBox, u"logLevel"_s, tr("Which lines are shown"))),
      m_search(named(new QLineEdit, u"logSearch"_s, tr("Search the log"))),
      m_view(named(new QTreeView, u"logView"_s, tr("Log"))),
      m_empty(new QLabel(tr("Nothing to show here yet."))) {
    m_level->addItem(tr("Everything"), QString());
    m_level->addItem(tr("Warnings and errors"), u"^(warning|error)$"_s);
    m_level->addItem(tr("Events"), u"^event$"_s);
    m_search->setPlaceholderText(tr("Search the log…"));
    m_search->setClearButtonEnabled(true);
    auto* copyButton =
        named(new QPushButton(tr("&Copy")), u"logCopy"_s, tr("Copy the chosen lines, or all that are shown"));
    copyButton->setToolTip(copyButton->accessibleName());

    m_levels->setSourceModel(m_model);
    m_levels->setFilterRole(LogModel::LevelRole);
    m_texts->setSourceModel(m_levels);
    m_texts->setFilterKeyColumn(LogModel::Text);
    m_texts->setFilterCaseSensitivity(Qt::CaseInsensitive);
    m_view->setModel(m_texts);
    m_view->setRootIsDecorated(false);
    m_view->setUniformRowHeights(true);
    m_view->setAlternatingRowColors(true);
    m_view->setSelectionMode(QAbstractItemView::ExtendedSelection);
    const int letter = m_view->fontMetrics().horizontalAdvance(u'0');
    m_view->setColumnWidth(LogModel::Time, letter * 22);
    m_view->setColumnWidth(LogModel::Level, letter * 11);
    m_view->header()->setStretchLastSection(true);
    m_empty->setAlignment(Qt::AlignCenter);

    auto* top = new QHBoxLayout;
    top->setSpacing(Theme::kSpacing);
    top->addWidget(m_level);
    top->addWidget(m_search, 1);
    top->addWidget(copyButton);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(Theme::kSpacing * 2, Theme::kSpacing, Theme::kSpacing * 2, Theme::kSpacing);
    layout->setSpacing(Theme::kSpacing);
    layout->addLayout(top);
    layout->addWidget(m_view, 1);
    layout->addWidget(m_empty, 1);

    connect(m_level, &QComboBox::currentIndexChanged, this, &LogPage::setFilter);
    connect(m_search, &QLineEdit::textChanged, this, &LogPage::setFilter);
    connect(copyButton, &QPushButton::clicked, this, &LogPage::copy);
    QScrollBar* bar = m_view->verticalScrollBar();
    connect(bar, &QScrollBar::valueChanged, this, [this, bar](int value) { m_follows = value >= bar->maximum(); });
    connect(bar, &QScrollBar::rangeChanged, this, [this, bar] {
        if (m_follows) bar->setValue(bar->maximum());
    });
    connect(m_texts, &QAbstractItemModel::rowsInserted, this, &LogPage::updateEmpty);
    connect(m_texts, &QAbstractItemModel::rowsRemoved, this, &LogPage::updateEmpty);
    updateEmpty();
}

void LogPage::showRun(RunStore*, std::shared_ptr<RunHistory> history) {
    m_follows = true;
    m_model->setHistory(std::move(history));
    m_view->scrollToBottom();
    updateEmpty();
}

void LogPage::updateEmpty() {
    const bool isEmpty = m_texts->rowCount() == 0;
    m_view->setVisible(!isEmpty);
    m_empty->setVisible(isEmpty);
}

void LogPage::setFilter() {
    m_levels->setFilterRegularExpression(m_level->currentData().toString());
    m_texts->setFilterRegularExpression(
        QRegularExpression(QRegularExpression::escape(m_search->text()), QRegularExpression::CaseInsensitiveOption));
    updateEmpty();
}

void LogPage::copy() const {
    QStringList lines;
    const QModelIndexList chosen = m_view->selectionModel()->selectedRows();
    const auto line = [this](int row) {
        QStringList cells;
        for (int column = 0; column < LogModel::Columns; ++column)
            cells.append(m_texts->index(row, column).data().toString());
        return cells.join(u'\t');
    };
    if (chosen.isEmpty()) {
        for (int row = 0; row < m_texts->rowCount(); ++row) lines.append(line(row));
    } else {
        for (const QModelIndex& index : chosen) lines.append(line(index.row()));
    }
    QApplication::clipboard()->setText(lines.join(u'\n'));
}

}  // namespace radlads::ui
