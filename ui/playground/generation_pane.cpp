#include "ui/playground/generation_pane.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QTimer>
#include <QVBoxLayout>
#include <chrono>
#include <utility>

#include "ui/core/format.h"
#include "ui/core/json_values.h"
#include "ui/core/theme.h"

namespace radlads::ui {

namespace {
// Laying out a long paragraph again takes milliseconds: text is shown in portions, still as fast as anybody reads.
constexpr std::chrono::milliseconds kShowInterval{80};
}  // namespace

GenerationPane::GenerationPane(const QString& id, const QString& title, QWidget* parent)
    : QWidget(parent),
      m_isStudent(id == QLatin1String("student")),
      m_title(new QLabel(title)),
      m_model(new QLabel),
      m_text(new QPlainTextEdit),
      m_status(new QLabel),
      m_timer(new QTimer(this)) {
    m_timer->setSingleShot(true);
    m_timer->setInterval(kShowInterval);
    connect(m_timer, &QTimer::timeout, this, &GenerationPane::showWaiting);
    m_text->setObjectName(id + QStringLiteral("Answer"));
    m_status->setObjectName(id + QStringLiteral("Status"));
    m_model->setObjectName(id + QStringLiteral("Model"));
    m_text->setAccessibleName(m_isStudent ? tr("The student's answer") : tr("The teacher's answer"));
    m_text->setReadOnly(true);
    m_text->setTabChangesFocus(true);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    QFont bold = font();
    bold.setBold(true);
    m_title->setFont(bold);
    m_model->setTextFormat(Qt::PlainText);
    m_model->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_status->setTextFormat(Qt::PlainText);
    m_status->setWordWrap(true);
    m_status->setMinimumHeight(fontMetrics().height());

    auto* head = new QHBoxLayout;
    head->setSpacing(Theme::kSpacing);
    head->addWidget(m_title);
    head->addWidget(m_model, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(Theme::kSpacing / 2);
    layout->addLayout(head);
    layout->addWidget(m_text, 1);
    layout->addWidget(m_status);
    connect(&Theme::instance(), &Theme::changed, this, &GenerationPane::updateColours);
    updateColours();
}

void GenerationPane::setModel(const QString& name) {
    m_model->setText(name);
    m_model->setToolTip(name);
}

void GenerationPane::setUnavailable(const QString& reason) {
    m_reason = reason;
    m_text->setPlaceholderText(!reason.isEmpty() ? reason
                               : m_isStudent     ? tr("The student's answer appears here.")
                                                 : tr("The teacher's answer appears here."));
}

void GenerationPane::clear() {
    m_text->clear();
    m_answer.clear();
    m_waiting.clear();
    m_timer->stop();
    m_prompt.clear();
    m_last = {};
    m_isRunning = false;
    m_status->clear();
}

void GenerationPane::begin(const QString& prompt) {
    clear();
    m_prompt = prompt;
    m_isRunning = true;
    QTextCharFormat format;
    format.setForeground(Theme::instance().color(Role::Muted));
    QTextCursor(m_text->document()).insertText(prompt, format);
    showStatus(tr("Loading the model…"));
}

// Keeps the view where the user has scrolled it, and at the end if it was there.
void GenerationPane::append(const QString& text) {
    if (text.isEmpty()) return;
    QScrollBar* bar = m_text->verticalScrollBar();
    const bool isAtEnd = bar->value() >= bar->maximum() - 1;
    QTextCursor cursor(m_text->document());
    cursor.movePosition(QTextCursor::End);
    cursor.insertText(text, QTextCharFormat());
    m_answer += text;
    if (isAtEnd) bar->setValue(bar->maximum());
}

void GenerationPane::add(const QJsonObject& event) {
    if (!m_isRunning) return;
    m_waiting += event.value(QLatin1String("text")).toString();
    m_last = event;
    if (!m_timer->isActive()) m_timer->start();
}

void GenerationPane::showWaiting() {
    m_timer->stop();
    append(std::exchange(m_waiting, {}));
    if (m_isRunning) showStatus(m_answer.isEmpty() ? tr("Reading the prompt…") : QString());
}

void GenerationPane::finish(const QJsonObject& result) {
    showWaiting();
    // The pieces joined are the text; what never came in a piece comes now.
    const QString whole = result.value(QLatin1String("text")).toString();
    if (whole.startsWith(m_answer)) append(whole.mid(m_answer.size()));
    for (const char* key : {"tokens", "tokens_per_second", "state_bytes"})
        m_last.insert(QLatin1String(key), result.value(QLatin1String(key)));
    m_isRunning = false;
    showStatus(result.value(QLatin1String("ended")).toBool() ? tr("Ended by itself") : QString());
}

void GenerationPane::stop() {
    showWaiting();
    m_isRunning = false;
    showStatus(tr("Stopped"));
}

void GenerationPane::fail(const QString& sentence) {
    showWaiting();
    m_isRunning = false;
    showStatus(sentence);
}

void GenerationPane::showStatus(const QString& state) {
    QStringList parts;
    const int tokens = m_last.value(QLatin1String("tokens")).toInt();
    if (const auto rate = optionalNumberFromJson(m_last.value(QLatin1String("tokens_per_second"))); rate && tokens > 1)
        parts.append(rateText(*rate));
    if (tokens > 0) parts.append(tokens == 1 ? tr("1 token") : tr("%1 tokens").arg(QLocale().toString(tokens)));
    if (const auto bytes = optionalNumberFromJson(m_last.value(QLatin1String("state_bytes"))))
        parts.append(m_isStudent ? tr("state %1").arg(bytesText(*bytes)) : tr("cache %1").arg(bytesText(*bytes)));
    if (!state.isEmpty()) parts.append(state);
    m_status->setText(parts.join(QStringLiteral(" · ")));
}

void GenerationPane::updateColours() {
    QPalette colours;
    colours.setColor(QPalette::WindowText, Theme::instance().color(Role::Muted));
    m_model->setPalette(colours);
    // The text is written again: its two colours are the theme's.
    if (m_prompt.isEmpty() && m_answer.isEmpty()) return;
    const QString answer = std::exchange(m_answer, {});
    const int scrolled = m_text->verticalScrollBar()->value();
    m_text->clear();
    QTextCharFormat format;
    format.setForeground(Theme::instance().color(Role::Muted));
    QTextCursor(m_text->document()).insertText(m_prompt, format);
    append(answer);
    m_text->verticalScrollBar()->setValue(scrolled);
}

}  // namespace radlads::ui
