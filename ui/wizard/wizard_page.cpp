#include "ui/wizard/wizard_page.h"

#include <QAbstractButton>
#include <QEvent>
#include <algorithm>

#include "ui/core/theme.h"
#include "ui/wizard/explanations.h"
#include "ui/wizard/wizard_model.h"

namespace radlads::ui {

namespace {

constexpr int kGap = Theme::kSpacing * 2;      // between two forms side by side
constexpr int kFormGap = Theme::kSpacing / 2;  // between one below the other, as between their rows

}  // namespace

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

// Without a layout of its own: that would be asked for the height instead of this.
TwoForms::TwoForms(QFormLayout* left, QFormLayout* right, int indent, QWidget* parent)
    : QWidget(parent), m_indent(indent), m_left(new QWidget(this)), m_right(new QWidget(this)) {
    m_left->setLayout(left);
    m_right->setLayout(right);
    for (QFormLayout* form : {left, right}) form->setContentsMargins(0, 0, 0, 0);
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
}

bool TwoForms::isWideEnough(int width) const {
    return width >= m_indent + m_left->minimumSizeHint().width() + kGap + m_right->minimumSizeHint().width();
}

QSize TwoForms::sizeHint() const {
    const int width = m_indent + m_left->sizeHint().width() + kGap + m_right->sizeHint().width();
    return {width, heightForWidth(width)};
}

QSize TwoForms::minimumSizeHint() const {
    return {m_indent + std::max(m_left->minimumSizeHint().width(), m_right->minimumSizeHint().width()),
            heightForWidth(width())};
}

int TwoForms::heightForWidth(int width) const {
    return place(width, false);
}

// Returns the height that they take.
int TwoForms::place(int width, bool isMoved) const {
    const auto heightOf = [](const QWidget* box, int boxWidth) {
        const QLayout* form = box->layout();
        return std::max(form->hasHeightForWidth() ? form->totalHeightForWidth(boxWidth) : 0,
                        form->totalMinimumSize().height());
    };
    const bool isRow = isWideEnough(width);
    const int room = width - m_indent;
    // Half for each, unless one needs more.
    const int half =
        std::clamp((room - kGap) / 2, std::min(room, m_left->minimumSizeHint().width()),
                   std::max(m_left->minimumSizeHint().width(), room - kGap - m_right->minimumSizeHint().width()));
    const QRect left(m_indent, 0, isRow ? half : room, heightOf(m_left, isRow ? half : room));
    const int rightWidth = isRow ? room - half - kGap : room;
    const QRect right(isRow ? m_indent + half + kGap : m_indent, isRow ? 0 : left.height() + kFormGap, rightWidth,
                      heightOf(m_right, rightWidth));
    if (isMoved) {
        m_left->setGeometry(left);
        m_right->setGeometry(right);
    }
    return std::max(left.height(), right.top() + right.height());
}

void TwoForms::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    place(width(), true);
}

bool TwoForms::event(QEvent* event) {
    if (event->type() == QEvent::LayoutRequest) {
        place(width(), true);
        updateGeometry();
    }
    return QWidget::event(event);
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
