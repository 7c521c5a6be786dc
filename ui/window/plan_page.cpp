#include "ui/window/plan_page.h"

#include <QApplication>
#include <QClipboard>
#include <QFontDatabase>
#include <QHBoxLayout>
#include <QJsonDocument>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include "engine/protocol/plan.h"
#include "ui/core/theme.h"
#include "ui/window/named.h"

namespace radlads::ui {

using namespace Qt::StringLiterals;

namespace {

QString quoted(QString text) {
    return u'\'' + text.replace(u'\'', u"'\\''"_s) + u'\'';
}

// As the engine writes plans, in the order that they are read in; what this version cannot read, as it came.
QByteArray textOf(const RunHistory& history) {
    const QByteArray text = QJsonDocument(history.plan()).toJson(QJsonDocument::Indented);
    const auto plan = protocol::parsePlan(text.toStdString(), "plan");
    return plan ? QByteArray::fromStdString(protocol::writePlan(*plan)) : text;
}

}  // namespace

PlanPage::PlanPage(QWidget* parent) : RunPage(parent) {
    m_text = named(new QPlainTextEdit, u"planText"_s, tr("Plan"));
    m_text->setReadOnly(true);
    m_text->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_text->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_text->setPlaceholderText(tr("The plan has not arrived yet."));
    m_text->setTabChangesFocus(true);
    m_command = named(new QLabel, u"planCommand"_s, tr("The command line of the same conversion"));
    m_command->setTextFormat(Qt::PlainText);
    m_command->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_command->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_command->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);

    auto* row = new QHBoxLayout;
    row->setSpacing(Theme::kSpacing);
    const auto button = [&](const QString& name, const QString& text) {
        auto* push = named(new QPushButton(text), name, QString(text).remove(u'&').remove(u'…'));
        row->addWidget(push);
        m_buttons.append(push);
        return push;
    };
    connect(button(u"copyPlan"_s, tr("&Copy the plan")), &QPushButton::clicked, this,
            [this] { QApplication::clipboard()->setText(m_text->toPlainText()); });
    connect(button(u"copyCommand"_s, tr("Copy the command &line")), &QPushButton::clicked, this,
            [this] { QApplication::clipboard()->setText(commandLine()); });
    connect(button(u"savePlan"_s, tr("&Save the plan…")), &QPushButton::clicked, this, [this] {
        if (m_history) Q_EMIT savePlanWanted(textOf(*m_history), m_history->run() + u".json"_s);
    });
    row->addStretch(1);
    connect(button(u"planNewFromThis"_s, tr("&New conversion from this…")), &QPushButton::clicked, this,
            &PlanPage::newFromThisWanted);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(Theme::kSpacing * 2, Theme::kSpacing, Theme::kSpacing * 2, Theme::kSpacing);
    layout->setSpacing(Theme::kSpacing);
    layout->addLayout(row);
    layout->addWidget(m_command);
    layout->addWidget(m_text, 1);
}

void PlanPage::showRun(RunStore* store, std::shared_ptr<RunHistory> history) {
    if (m_history) m_history->disconnect(this);
    m_store = store;
    m_history = std::move(history);
    if (m_history) connect(m_history.get(), &RunHistory::planChanged, this, &PlanPage::refresh);
    refresh();
}

QString PlanPage::commandLine() const {
    if (!m_history) return {};
    const RunRecord* record = m_store ? m_store->find(m_history->run()) : nullptr;
    const QString directory = record && !record->directory.isEmpty() ? record->directory : m_history->run();
    return u"radlads-engine run "_s + quoted(directory + u"/plan.json"_s);
}

void PlanPage::refresh() {
    const bool hasPlan = m_history && !m_history->plan().isEmpty();
    m_text->setPlainText(hasPlan ? QString::fromUtf8(textOf(*m_history)) : QString());
    m_command->setText(hasPlan ? commandLine() : QString());
    for (QPushButton* button : m_buttons) button->setEnabled(hasPlan);
}

}  // namespace radlads::ui
