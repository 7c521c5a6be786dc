#include "ui/wizard/plan_field.h"

#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListView>
#include <QStandardItemModel>
#include <algorithm>
#include <cmath>

#include "ui/core/theme.h"
#include "ui/wizard/explanations.h"
#include "ui/wizard/wizard_model.h"

namespace radlads::ui {

std::optional<double> parseCount(QString text) {
    text = text.trimmed().remove(u',').remove(u'_').remove(QChar(0x202F)).remove(QChar(0x00A0)).remove(u' ');
    if (text.isEmpty()) return std::nullopt;
    double factor = 1;
    switch (text.back().toLower().unicode()) {
        case u'k':
            factor = 1e3;
            break;
        case u'm':
            factor = 1e6;
            break;
        case u'g':
        case u'b':
            factor = 1e9;
            break;
        default:
            break;
    }
    if (factor != 1) text.chop(1);
    bool isNumber = false;
    const double value = text.toDouble(&isNumber);
    if (!isNumber || !std::isfinite(value)) return std::nullopt;
    return value * factor;
}

QString exactCountText(qint64 value) {
    struct Unit {
        qint64 size;
        const char* name;
    };
    for (const Unit unit : {Unit{1'000'000'000, "G"}, Unit{1'000'000, "M"}, Unit{1'000, "k"}}) {
        // Up to three decimals are read back exactly.
        if (value >= std::max<qint64>(unit.size, 10'000) && value % (unit.size / 1000) == 0) {
            const double scaled = static_cast<double>(value) / static_cast<double>(unit.size);
            return QString::number(scaled, 'g', 10) + QLatin1String(unit.name);
        }
    }
    return QString::number(value);
}

QString sentence(QString clause) {
    clause = clause.trimmed();
    if (clause.isEmpty()) return clause;
    clause[0] = clause[0].toUpper();
    if (!clause.endsWith(u'.') && !clause.endsWith(u'?')) clause += u'.';
    return clause;
}

ProblemLabel::ProblemLabel(QWidget* parent) : QLabel(parent) {
    setWordWrap(true);
    setTextFormat(Qt::PlainText);
    setVisible(false);
    const auto recolour = [this] {
        QPalette palette = this->palette();
        palette.setColor(QPalette::WindowText, Theme::instance().color(Role::Failure));
        setPalette(palette);
    };
    recolour();
    connect(&Theme::instance(), &Theme::changed, this, recolour);
}

void ProblemLabel::setProblem(const QString& text) {
    setText(text.isEmpty() ? QString() : QStringLiteral("\u26A0 %1").arg(sentence(text)));
    setVisible(!text.isEmpty());
}

PlanField::PlanField(WizardModel* model, Spec spec, QWidget* parent)
    : QWidget(parent), m_model(model), m_spec(std::move(spec)) {
    build();
    connect(m_model, &WizardModel::changed, this, &PlanField::refresh);
    connect(m_model, &WizardModel::problemsChanged, this, &PlanField::refreshMarks);
    connect(&Theme::instance(), &Theme::changed, this, &PlanField::refreshMarks);
    refresh();
}

QString PlanField::plainLabel() const {
    QString text = m_spec.label;
    return text.remove(u'&').remove(u':');
}

void PlanField::build() {
    m_label = new QLabel(m_spec.label, this);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(Theme::kSpacing / 4);
    auto* row = new QHBoxLayout;
    row->setSpacing(Theme::kSpacing);
    column->addLayout(row);
    const int width = fontMetrics().averageCharWidth() * m_spec.widthInCharacters + 4 * Theme::kSpacing;
    switch (m_spec.kind) {
        case Kind::Choice:
            m_combo = new QComboBox(this);
            m_combo->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
            setChoices(m_spec.choices);
            connect(m_combo, &QComboBox::activated, this, [this] { commit(true); });
            row->addWidget(m_combo);
            break;
        case Kind::Toggle:
            m_check = new QCheckBox(m_spec.label, this);
            m_label->hide();
            connect(m_check, &QCheckBox::clicked, this, [this] { commit(true); });
            row->addWidget(m_check);
            break;
        case Kind::Text:
        case Kind::Count:
        case Kind::Number:
            m_line = new QLineEdit(this);
            m_line->setPlaceholderText(m_spec.emptyText);
            if (m_spec.kind == Kind::Text)
                m_line->setMinimumWidth(width);
            else
                m_line->setFixedWidth(width);
            connect(m_line, &QLineEdit::textEdited, this, [this] { commit(false); });
            connect(m_line, &QLineEdit::editingFinished, this, [this] { commit(true); });
            row->addWidget(m_line, m_spec.kind == Kind::Text ? 1 : 0);
            break;
    }
    m_unit = new QLabel(this);
    row->addWidget(m_unit);
    setUnit(m_spec.unit);
    m_reset = new QToolButton(this);
    m_reset->setAutoRaise(true);
    m_reset->setText(QStringLiteral("\u21BA"));
    m_reset->setAccessibleName(tr("Reset %1").arg(plainLabel()));
    connect(m_reset, &QToolButton::clicked, this, [this] {
        m_refusal.clear();
        m_isTyping = false;
        m_model->reset(m_spec.key);
        showValue();
        refreshMarks();
        focusEditor();
    });
    QSizePolicy policy = m_reset->sizePolicy();
    policy.setRetainSizeWhenHidden(true);
    m_reset->setSizePolicy(policy);
    row->addWidget(m_reset);
    if (m_spec.kind != Kind::Text) row->addStretch(1);
    m_problem = new ProblemLabel(this);
    column->addWidget(m_problem);
    QWidget* edits = editor();
    edits->setAccessibleName(plainLabel());
    edits->installEventFilter(this);
    m_label->setBuddy(edits);
    setFocusProxy(edits);
    setKey(m_spec.key);
}

QWidget* PlanField::editor() const {
    if (m_line) return m_line;
    if (m_combo) return m_combo;
    return m_check;
}

void PlanField::addTo(QFormLayout* form) {
    if (m_check)
        form->addRow(QString(), this);
    else
        form->addRow(m_label, this);
}

void PlanField::focusEditor() {
    editor()->setFocus(Qt::OtherFocusReason);
}

void PlanField::setKey(const QString& key) {
    m_spec.key = key;
    m_refusal.clear();
    m_isTyping = false;
    setObjectName(QStringLiteral("field.%1").arg(key));
    editor()->setObjectName(QStringLiteral("edit.%1").arg(key));
    m_reset->setObjectName(QStringLiteral("reset.%1").arg(key));
    m_problem->setObjectName(QStringLiteral("problem.%1").arg(key));
    explain(this, key);
    refresh();
}

void PlanField::setUnit(const QString& unit) {
    m_unit->setText(unit);
    m_unit->setVisible(!unit.isEmpty());
}

void PlanField::setChoices(const QList<FieldChoice>& choices) {
    m_spec.choices = choices;
    m_combo->clear();
    qsizetype longest = 4;
    auto* items = qobject_cast<QStandardItemModel*>(m_combo->model());
    for (const FieldChoice& choice : choices) {
        const bool isPossible = choice.whyNot.isEmpty();
        m_combo->addItem(isPossible ? choice.text : tr("%1 (%2)").arg(choice.text, choice.whyNot));
        if (!isPossible) items->item(m_combo->count() - 1)->setEnabled(false);
        if (isPossible) longest = std::max(longest, choice.text.size());
    }
    // As wide as what can be chosen; the list itself shows everything.
    m_combo->setMinimumContentsLength(int(longest));
    m_combo->view()->setMinimumWidth(m_combo->view()->sizeHintForColumn(0) + 2 * Theme::kSpacing);
    showValue();
}

QString PlanField::textOf(const QJsonValue& value) const {
    if (value.isNull() || value.isUndefined()) return {};
    if (m_spec.kind == Kind::Count) return exactCountText(value.toInteger());
    if (m_spec.kind == Kind::Number) return QString::number(value.toDouble(), 'g', 10);
    return value.toString();
}

std::optional<QJsonValue> PlanField::typedValue(const QString& text) const {
    if (m_spec.kind == Kind::Text) return QJsonValue(text);
    if (text.trimmed().isEmpty() && m_spec.optional) return QJsonValue(QJsonValue::Null);
    const auto number = parseCount(text);
    if (!number) return std::nullopt;
    if (m_spec.kind == Kind::Count) {
        if (std::abs(*number) > 9e15) return std::nullopt;
        return QJsonValue(static_cast<qint64>(std::llround(*number)));
    }
    return QJsonValue(*number);
}

void PlanField::commit(bool isFinal) {
    if (m_combo) {
        if (m_combo->currentIndex() >= 0) tryValue(m_spec.choices[m_combo->currentIndex()].value);
    } else if (m_check) {
        tryValue(m_check->isChecked());
    } else if (!isFinal || m_isTyping) {
        m_isTyping = true;
        if (const auto value = typedValue(m_line->text())) {
            tryValue(*value);
        } else {
            m_refusal = m_spec.kind == Kind::Count ? tr("This is no number; write it as 2000, 500k, 100M or 1.5e8")
                                                   : tr("This is no number; write it as 0.001 or 1e-3");
            refreshMarks();
        }
    }
    if (!isFinal) return;
    m_model->endMerge();
    if (m_refusal.isEmpty()) {
        m_isTyping = false;
        showValue();
    }
}

void PlanField::tryValue(const QJsonValue& value) {
    m_refusal = m_model->set(m_spec.key, value, tr("change %1").arg(plainLabel().toLower()));
    refreshMarks();
}

void PlanField::refresh() {
    // What is being typed stays as it is while it means the present value.
    const QJsonValue value = m_model->value(m_spec.key);
    setEnabled(!value.isUndefined());
    const auto typed = m_isTyping ? typedValue(m_line->text()) : std::nullopt;
    if (!m_isTyping || (typed && *typed != value)) {
        m_isTyping = false;
        m_refusal.clear();
        showValue();
    }
    refreshMarks();
}

void PlanField::showValue() {
    const QJsonValue value = m_model->value(m_spec.key);
    if (m_line && m_line->text() != textOf(value)) m_line->setText(textOf(value));
    if (m_check) m_check->setChecked(value.toBool());
    if (!m_combo) return;
    for (int i = 0; i < m_spec.choices.size(); ++i)
        if (m_spec.choices[i].value == value) return m_combo->setCurrentIndex(i);
    m_combo->setCurrentIndex(-1);
}

void PlanField::refreshMarks() {
    const bool isChanged = m_model->isChanged(m_spec.key);
    const QJsonValue base = m_model->baseValue(m_spec.key);
    QFont font = this->font();
    font.setBold(isChanged);
    m_label->setFont(font);
    if (m_check) m_check->setFont(font);
    m_reset->setVisible(isChanged && !base.isUndefined());
    QString before = textOf(base);
    for (const FieldChoice& choice : m_spec.choices)
        if (choice.value == base) before = choice.text;
    if (m_check) before = base.toBool() ? tr("on") : tr("off");
    if (before.isEmpty()) before = m_spec.emptyText.isEmpty() ? tr("nothing") : m_spec.emptyText;
    m_reset->setToolTip(tr("Changed. Put back to: %1").arg(before));
    m_problem->setToolTip({});
    static_cast<ProblemLabel*>(m_problem)->setProblem(m_refusal.isEmpty() ? m_model->problemOf(m_spec.key) : m_refusal);
}

bool PlanField::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::ShortcutOverride) {
        // Undo and redo belong to the plan, not to the text of one editor.
        const auto* key = static_cast<QKeyEvent*>(event);
        if (key->matches(QKeySequence::Undo) || key->matches(QKeySequence::Redo)) {
            event->ignore();
            return true;
        }
    }
    if (event->type() == QEvent::Wheel && m_combo && !m_combo->hasFocus()) {
        event->ignore();  // the page scrolls, the value stays
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

}  // namespace radlads::ui
