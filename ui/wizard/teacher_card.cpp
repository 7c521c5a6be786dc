#include "ui/wizard/teacher_card.h"

#include <QGridLayout>
#include <QJsonObject>
#include <QLabel>
#include <QLocale>
#include <QVBoxLayout>

#include "ui/core/format.h"
#include "ui/core/theme.h"
#include "ui/wizard/plan_field.h"
#include "ui/wizard/teacher_inspector.h"
#include "ui/wizard/wizard_model.h"
#include "ui/wizard/wizard_page.h"

namespace radlads::ui {
namespace {

constexpr int kFacts = 8;

QString familyName(const QString& family) {
    if (family == QLatin1String("qwen2")) return QStringLiteral("Qwen2");
    if (family == QLatin1String("qwen3")) return QStringLiteral("Qwen3");
    if (family == QLatin1String("llama")) return QStringLiteral("Llama");
    if (family == QLatin1String("mistral")) return QStringLiteral("Mistral");
    return family;
}

}  // namespace

TeacherCard::TeacherCard(TeacherInspector* teacher, WizardModel* model, QWidget* parent)
    : QFrame(parent), m_teacher(teacher), m_model(model) {
    setObjectName(QStringLiteral("teacherCard"));
    setFrameShape(QFrame::StyledPanel);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(Theme::kSpacing * 3 / 2, Theme::kSpacing, Theme::kSpacing * 3 / 2, Theme::kSpacing);
    column->setSpacing(Theme::kSpacing / 2);
    m_title = new QLabel(this);
    m_title->setTextFormat(Qt::PlainText);
    QFont bold = m_title->font();
    bold.setBold(true);
    m_title->setFont(bold);
    m_path = mutedLabel({}, this);
    m_grid = new QGridLayout;
    m_grid->setHorizontalSpacing(Theme::kSpacing * 3 / 2);
    m_grid->setVerticalSpacing(Theme::kSpacing / 4);
    m_grid->setColumnStretch(1, 1);
    m_grid->setColumnStretch(3, 1);
    m_verdict = new QLabel(this);
    m_verdict->setObjectName(QStringLiteral("verdict"));
    m_verdict->setWordWrap(true);
    m_verdict->setTextFormat(Qt::PlainText);
    column->addWidget(m_title);
    column->addWidget(m_path);
    column->addLayout(m_grid);
    column->addWidget(m_verdict);
    for (int i = 0; i < kFacts; ++i) {
        auto* name = mutedLabel({}, this);
        name->setWordWrap(false);
        auto* value = new QLabel(this);
        value->setTextFormat(Qt::PlainText);
        value->setTextInteractionFlags(Qt::TextSelectableByMouse);
        m_grid->addWidget(name, i / 2, i % 2 * 2);
        m_grid->addWidget(value, i / 2, i % 2 * 2 + 1);
    }
    connect(m_teacher, &TeacherInspector::changed, this, &TeacherCard::refresh);
    connect(&Theme::instance(), &Theme::changed, this, &TeacherCard::refresh);
    refresh();
}

void TeacherCard::setFact(int index, const QString& name, const QString& value) {
    auto* left = qobject_cast<QLabel*>(m_grid->itemAtPosition(index / 2, index % 2 * 2)->widget());
    auto* right = qobject_cast<QLabel*>(m_grid->itemAtPosition(index / 2, index % 2 * 2 + 1)->widget());
    left->setText(name);
    right->setText(value);
    right->setAccessibleName(name);
    left->setVisible(!value.isEmpty());
    right->setVisible(!value.isEmpty());
}

void TeacherCard::refresh() {
    using State = TeacherInspector::State;
    const QString path = QString::fromStdString(m_model->plan().teacher.path);
    const bool isDemo = path == QLatin1String("demo");
    setVisible(m_teacher->state() != State::None);
    m_title->setText(isDemo ? tr("The demo's teacher") : path.section(u'/', -1, -1, QString::SectionSkipEmpty));
    m_path->setText(isDemo ? tr("A small model that comes with this program.") : path);
    const QJsonObject& facts = m_teacher->facts();
    const QJsonObject config = m_teacher->config();
    const QLocale locale;
    const auto number = [&](const char* key) { return locale.toString(config.value(QLatin1String(key)).toInteger()); };
    const bool isKnown = m_teacher->state() == State::Known && !config.isEmpty();
    const auto ifKnown = [&](const QString& text) { return isKnown ? text : QString(); };
    setFact(0, tr("Architecture"), ifKnown(familyName(config.value(QStringLiteral("family")).toString())));
    setFact(1, tr("Parameters"), ifKnown(countText(facts.value(QStringLiteral("parameters")).toDouble())));
    setFact(2, tr("Layers"), ifKnown(tr("%1, %2 wide").arg(number("layers"), number("hidden_size"))));
    setFact(3, tr("Heads"),
            ifKnown(tr("%1 of %2 (%3 kv)").arg(number("heads"), number("head_dim"), number("kv_heads"))));
    setFact(4, tr("Vocabulary"), ifKnown(tr("%1 tokens").arg(number("vocab_size"))));
    setFact(5, tr("Context"), ifKnown(tr("%1 tokens").arg(number("max_positions"))));
    setFact(6, tr("Stored as"),
            ifKnown(tr("%1, %2").arg(config.value(QStringLiteral("dtype")).toString(),
                                     bytesText(facts.value(QStringLiteral("tensor_bytes")).toDouble()))));
    const QString licence = m_teacher->licence();
    setFact(7, tr("Licence"),
            ifKnown(isDemo              ? tr("as this program")
                    : licence.isEmpty() ? tr("no licence file found")
                                        : licence));
    Role role = Role::Muted;
    QString text = tr("Reading the model…");
    if (m_teacher->state() == State::Failed) {
        role = Role::Failure;
        text = QStringLiteral("\u2717 ") + sentence(m_teacher->reason());
    } else if (m_teacher->isConvertible()) {
        role = Role::Success;
        const QString reason = m_teacher->reason();
        text = QStringLiteral("\u2713 ") + (reason.isEmpty()
                                                ? tr("This model can be converted.")
                                                : tr("This model can be converted. %1").arg(sentence(reason)));
    } else if (m_teacher->state() == State::Known) {
        role = Role::Failure;
        text = QStringLiteral("\u2717 ") + tr("This model cannot be converted: %1").arg(sentence(m_teacher->reason()));
    }
    m_verdict->setText(text);
    QPalette palette = m_verdict->palette();
    palette.setColor(QPalette::WindowText, Theme::instance().color(role));
    m_verdict->setPalette(palette);
}

}  // namespace radlads::ui
