#include "ui/window/run_header.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/core/format.h"
#include "ui/core/theme_icon.h"
#include "ui/window/named.h"
#include "ui/window/progress_strip.h"
#include "ui/window/run_actions.h"
#include "ui/window/run_text.h"

namespace radlads::ui {

using namespace Qt::StringLiterals;

namespace {

QToolButton* actionButton(QAction* action, const QString& name) {
    auto* button = named(new QToolButton, name, action->text().remove(u'&'));
    button->setDefaultAction(action);
    button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    button->setFocusPolicy(Qt::StrongFocus);
    QObject::connect(action, &QAction::changed, button,
                     [button, action] { button->setAccessibleName(action->text().remove(u'&')); });
    return button;
}

}  // namespace

RunHeader::RunHeader(RunActions* actions, QMenu* more, QWidget* parent)
    : QWidget(parent),
      m_icon(new QLabel),
      m_title(new QLabel),
      m_state(new QLabel),
      m_step(new QLabel),
      m_share(new QLabel),
      m_left(new QLabel),
      m_facts(new QLabel),
      m_progress(new ProgressStrip) {
    named(this, u"runHeader"_s, tr("Run"));
    m_title->setObjectName(u"runTitle"_s);
    m_state->setObjectName(u"runState"_s);
    m_step->setObjectName(u"runStep"_s);
    m_share->setObjectName(u"runShare"_s);
    m_left->setObjectName(u"runLeft"_s);
    m_facts->setObjectName(u"runFacts"_s);
    QFont large = font();
    large.setPointSizeF(large.pointSizeF() * 1.25);
    large.setBold(true);
    m_title->setFont(large);
    m_title->setTextFormat(Qt::PlainText);
    m_title->setMinimumWidth(40);
    m_title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_facts->setTextFormat(Qt::PlainText);
    m_facts->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);

    auto* moreButton = named(new QToolButton, u"moreButton"_s, tr("More that can be done with this run"));
    moreButton->setIcon(Theme::instance().icon(u"more"_s));
    moreButton->setToolTip(tr("More"));
    moreButton->setPopupMode(QToolButton::InstantPopup);
    moreButton->setMenu(more);
    moreButton->setFocusPolicy(Qt::StrongFocus);

    auto* top = new QHBoxLayout;
    top->setSpacing(Theme::kSpacing);
    top->addWidget(m_icon);
    top->addWidget(m_title, 1);
    m_whileRunning = {actionButton(actions->pauseOrResume, u"pauseButton"_s),
                      actionButton(actions->checkpoint, u"checkpointButton"_s),
                      actionButton(actions->stop, u"stopButton"_s)};
    m_whenFinished = {actionButton(actions->exportModel, u"exportButton"_s),
                      actionButton(actions->newFromThis, u"newFromThisButton"_s)};
    for (QWidget* button : m_whileRunning + m_whenFinished) top->addWidget(button);
    top->addWidget(moreButton);

    auto* middle = new QHBoxLayout;
    middle->setSpacing(Theme::kSpacing);
    middle->addWidget(m_state);
    middle->addWidget(m_step);
    middle->addWidget(m_progress, 1);
    middle->addWidget(m_share);
    middle->addWidget(m_left);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(Theme::kSpacing * 2, Theme::kSpacing, Theme::kSpacing * 2, Theme::kSpacing);
    layout->setSpacing(Theme::kSpacing / 2);
    layout->addLayout(top);
    layout->addLayout(middle);
    layout->addWidget(m_facts);
    connect(&Theme::instance(), &Theme::changed, this, &RunHeader::recolor);
}

void RunHeader::setRecord(const RunRecord& record) {
    m_record = record;
    // What makes no sense any more only takes room.
    const bool isFinished = record.state == RunState::Finished;
    for (QWidget* button : m_whileRunning) button->setVisible(!isFinished);
    for (QWidget* button : m_whenFinished) button->setVisible(isFinished);
    setTitle();
    setStep();
    setFacts();
    recolor();
}

void RunHeader::setTitle() {
    const QString student = m_record.student.isEmpty() ? m_record.name : m_record.student;
    const QString whole = m_record.teacher.isEmpty() || m_record.student.isEmpty()
                              ? m_record.name
                              : tr("%1: %2 → %3").arg(m_record.name, m_record.teacher.section(u'/', -1), student);
    m_title->setToolTip(whole);
    m_title->setText(m_title->fontMetrics().elidedText(whole, Qt::ElideRight, std::max(60, m_title->width())));
    setAccessibleDescription(whole);
}

void RunHeader::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    setTitle();
}

void RunHeader::setStep() {
    m_state->setText(stateText(m_record.state));
    const bool isDone = m_record.state == RunState::Finished;
    m_step->setText(isDone || m_record.stepCount == 0 ? QString()
                                                      : tr("Step %1 of %2  %3")
                                                            .arg(m_record.stepIndex + 1)
                                                            .arg(m_record.stepCount)
                                                            .arg(stepTitle(m_record.stepKind)));
    m_step->setVisible(!m_step->text().isEmpty());
    m_progress->setProgress(m_record.stepTokens, isDone ? 1.0 : m_record.progress);
    m_share->setText(isDone ? percentText(1) : shareText(m_record));
    const auto left = m_record.state == RunState::Running ? m_record.secondsLeft() : std::nullopt;
    m_left->setText(left ? tr("%1 left").arg(durationText(*left)) : QString());
    m_left->setVisible(left.has_value());
}

void RunHeader::setFacts() {
    QStringList facts;
    if (m_record.planTokens > 0)
        facts.append(tr("%1 of %2 tokens")
                         .arg(countText(static_cast<double>(m_record.tokensDone)),
                              countText(static_cast<double>(m_record.planTokens))));
    if (m_record.loss) facts.append(tr("loss %1").arg(numberText(*m_record.loss, 4)));
    if (m_record.state == RunState::Running) {
        if (m_record.tokensPerSecond) facts.append(rateText(*m_record.tokensPerSecond));
        const QDateTime now = QDateTime::currentDateTime();
        if (const auto left = m_record.secondsLeft())
            facts.append(tr("finishes %1").arg(finishText(now.addMSecs(static_cast<qint64>(*left * 1000)), now)));
    }
    if (m_record.rollbacks > 0) facts.append(tr("%n rollback(s)", nullptr, m_record.rollbacks));
    for (const QString& tag : m_record.tags) facts.append(u'#' + tag);
    m_facts->setText(facts.join(u" · "_s));
}

void RunHeader::recolor() {
    const QColor color = Theme::instance().color(stateRole(m_record.state));
    m_icon->setPixmap(tintedPixmap(stateIcon(m_record.state), color, {24, 24}, devicePixelRatioF()));
    QPalette colored = palette();
    colored.setColor(QPalette::WindowText, color);
    m_state->setPalette(colored);
    QPalette muted = palette();
    muted.setColor(QPalette::WindowText, Theme::instance().color(Role::Muted));
    m_facts->setPalette(muted);
}

}  // namespace radlads::ui
