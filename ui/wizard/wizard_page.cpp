#include "ui/wizard/wizard_page.h"

#include <QAbstractButton>

#include "ui/core/theme.h"
#include "ui/wizard/explanations.h"
#include "ui/wizard/wizard_model.h"

namespace radlads::ui {

WizardPage::WizardPage(WizardParts parts, QString title, QString topic, QStringList keys, QWidget* parent)
    : QScrollArea(parent),
      m_parts(parts),
      m_title(std::move(title)),
      m_topic(std::move(topic)),
      m_keys(std::move(keys)) {
    setObjectName(m_topic);
    setAccessibleName(m_title);
    setFrameShape(QFrame::NoFrame);
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::NoFocus);
    auto* content = new QWidget;
    content->setObjectName(QStringLiteral("content"));
    m_column = new QVBoxLayout(content);
    m_column->setContentsMargins(2, 0, Theme::kSpacing, Theme::kSpacing);
    m_column->setSpacing(Theme::kSpacing);
    setWidget(content);
    viewport()->setAutoFillBackground(false);
    content->setAutoFillBackground(false);
    explain(this, m_topic);
}

bool WizardPage::owns(const QString& key) const {
    for (const QString& part : m_keys)
        if (key == part || key.startsWith(part + u'.')) return true;
    return false;
}

void WizardPage::showField(const QString& key) {
    // The field itself, or that of the part it belongs to.
    for (QString name = key; !name.isEmpty(); name = name.section(u'.', 0, -2)) {
        if (auto* field = findChild<PlanField*>(QStringLiteral("field.%1").arg(name))) {
            for (QWidget* up = field->parentWidget(); up && up != this; up = up->parentWidget())
                if (auto* disclosure = qobject_cast<Disclosure*>(up)) disclosure->setOpen(true);
            field->focusEditor();
            ensureWidgetVisible(field);
            return;
        }
        if (!name.contains(u'.')) break;
    }
    if (QWidget* first = widget()->nextInFocusChain()) first->setFocus(Qt::OtherFocusReason);
}

PlanField* WizardPage::addField(QFormLayout* form, PlanField::Spec spec) {
    auto* field = new PlanField(m_parts.model, std::move(spec), widget());
    field->addTo(form);
    return field;
}

QFormLayout* WizardPage::makeForm() {
    auto* form = new QFormLayout;
    form->setHorizontalSpacing(Theme::kSpacing * 2);
    form->setVerticalSpacing(Theme::kSpacing / 2);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    form->setLabelAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    return form;
}

QLabel* WizardPage::addHeading(const QString& text) {
    auto* label = new QLabel(text, widget());
    QFont font = label->font();
    font.setBold(true);
    label->setFont(font);
    m_column->addWidget(label);
    return label;
}

Disclosure::Disclosure(const QString& title, QWidget* content, QWidget* parent)
    : QWidget(parent), m_button(new QToolButton(this)), m_content(content) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(Theme::kSpacing / 2);
    m_button->setText(title);
    m_button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_button->setAutoRaise(true);
    m_button->setCheckable(true);
    m_button->setFocusPolicy(Qt::StrongFocus);
    QString name = title;
    m_button->setAccessibleName(name.remove(u'&'));
    column->addWidget(m_button, 0, Qt::AlignLeft);
    column->addWidget(content);
    connect(m_button, &QToolButton::toggled, this, &Disclosure::setOpen);
    setOpen(false);
}

void Disclosure::setOpen(bool isOpen) {
    m_button->setChecked(isOpen);
    m_button->setArrowType(isOpen ? Qt::DownArrow : Qt::RightArrow);
    m_content->setVisible(isOpen);
}

QLabel* mutedLabel(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    const auto recolour = [label] {
        QPalette palette = label->palette();
        palette.setColor(QPalette::WindowText, Theme::instance().color(Role::Muted));
        label->setPalette(palette);
    };
    recolour();
    QObject::connect(&Theme::instance(), &Theme::changed, label, recolour);
    return label;
}

}  // namespace radlads::ui
