#include "ui/wizard/source_row.h"

#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QSlider>
#include <QSpinBox>
#include <QToolButton>

#include "ui/core/theme.h"
#include "ui/wizard/explanations.h"
#include "ui/wizard/plan_field.h"
#include "ui/wizard/wizard_model.h"
#include "ui/wizard/wizard_page.h"

namespace radlads::ui {
namespace {

QString titleOf(const QString& path) {
    if (path.startsWith(QLatin1String("demo:")))
        return SourceRow::tr("The demo's stories (%1)").arg(path.section(u':', 2, 2));
    return path.section(u'/', -1, -1, QString::SectionSkipEmpty);
}

}  // namespace

SourceRow::SourceRow(WizardModel* model, int index, QWidget* parent) : QFrame(parent), m_model(model), m_index(index) {
    setObjectName(QStringLiteral("source.%1").arg(index));
    setFrameShape(QFrame::StyledPanel);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(Theme::kSpacing, Theme::kSpacing / 2, Theme::kSpacing / 2, Theme::kSpacing / 2);
    column->setSpacing(Theme::kSpacing / 2);
    auto* top = new QHBoxLayout;
    top->setSpacing(Theme::kSpacing);
    m_name = new QLabel(this);
    m_name->setTextFormat(Qt::PlainText);
    m_facts = mutedLabel({}, this);
    m_facts->setWordWrap(false);
    m_remove = new QToolButton(this);
    m_remove->setObjectName(QStringLiteral("remove.%1").arg(index));
    m_remove->setAutoRaise(true);
    m_remove->setIcon(Theme::instance().icon(QStringLiteral("delete")));
    m_remove->setFocusPolicy(Qt::StrongFocus);
    top->addWidget(m_name);
    top->addWidget(m_facts, 1);
    top->addWidget(m_remove);
    column->addLayout(top);
    auto* bottom = new QHBoxLayout;
    bottom->setSpacing(Theme::kSpacing);
    m_slider = new QSlider(Qt::Horizontal, this);
    m_slider->setObjectName(QStringLiteral("weight.%1").arg(index));
    m_slider->setRange(1, 100);
    m_percent = new QSpinBox(this);
    m_percent->setObjectName(QStringLiteral("percent.%1").arg(index));
    m_percent->setRange(1, 100);
    m_percent->setSuffix(QStringLiteral(" %"));
    m_format = new QComboBox(this);
    m_format->setObjectName(QStringLiteral("format.%1").arg(index));
    m_format->addItem(tr("Automatic"), QStringLiteral("auto"));
    m_format->addItem(tr("Text"), QStringLiteral("text"));
    m_format->addItem(tr("jsonl"), QStringLiteral("jsonl"));
    m_format->addItem(tr("binidx"), QStringLiteral("binidx"));
    m_textKeyLabel = new QLabel(tr("key"), this);
    m_textKey = new QLineEdit(this);
    m_textKey->setObjectName(QStringLiteral("textKey.%1").arg(index));
    m_textKey->setFixedWidth(fontMetrics().averageCharWidth() * 10);
    bottom->addWidget(m_slider, 1);
    bottom->addWidget(m_percent);
    bottom->addWidget(m_format);
    bottom->addWidget(m_textKeyLabel);
    bottom->addWidget(m_textKey);
    column->addLayout(bottom);
    m_problem = new ProblemLabel(this);
    m_problem->setObjectName(QStringLiteral("problem.data.sources.%1.path").arg(index));
    column->addWidget(m_problem);
    explain(this, QStringLiteral("data.sources.weight"));
    explain(m_format, QStringLiteral("data.sources.format"));
    explain(m_textKey, QStringLiteral("data.sources.text_key"));
    for (QWidget* widget : std::initializer_list<QWidget*>{m_slider, m_percent, m_format, m_textKey, m_remove})
        widget->installEventFilter(this);

    connect(m_slider, &QSlider::valueChanged, this, &SourceRow::weightMoved);
    connect(m_percent, &QSpinBox::valueChanged, this, &SourceRow::weightMoved);
    connect(m_remove, &QToolButton::clicked, this, &SourceRow::removed);
    connect(m_format, &QComboBox::activated, this,
            [this] { m_model->set(key("format"), m_format->currentData().toString(), tr("change the format")); });
    connect(m_textKey, &QLineEdit::editingFinished, this,
            [this] { m_model->set(key("text_key"), m_textKey->text(), tr("change the text key")); });
}

QString SourceRow::key(const char* field) const {
    return QStringLiteral("data.sources.%1.%2").arg(m_index).arg(QLatin1String(field));
}

void SourceRow::show(const protocol::SourcePlan& source, int percent, bool isAlone, bool isCurrent,
                     const QString& facts, const QString& problem) {
    const QString path = QString::fromStdString(source.path);
    const QString title = titleOf(path);
    m_name->setText(title);
    QFont font = m_name->font();
    font.setBold(isCurrent);
    m_name->setFont(font);
    m_name->setToolTip(path);
    m_facts->setText(facts);
    m_slider->setAccessibleName(tr("Share of %1").arg(title));
    m_percent->setAccessibleName(tr("Share of %1 in percent").arg(title));
    m_format->setAccessibleName(tr("Format of %1").arg(title));
    m_textKey->setAccessibleName(tr("Key of the text in %1").arg(title));
    m_remove->setAccessibleName(tr("Remove %1").arg(title));
    m_remove->setToolTip(tr("Remove this source"));
    const QSignalBlocker slider(m_slider), spin(m_percent);
    m_slider->setValue(percent);
    m_percent->setValue(percent);
    m_slider->setEnabled(!isAlone);
    m_percent->setEnabled(!isAlone);
    m_format->setCurrentIndex(m_format->findData(QString::fromLatin1(protocol::toString(source.format))));
    if (!m_textKey->hasFocus()) m_textKey->setText(QString::fromStdString(source.textKey));
    const bool mayBeJsonl = source.format == protocol::DataFormat::Jsonl ||
                            (source.format == protocol::DataFormat::Auto && path.contains(QLatin1String(".json")));
    m_textKey->setVisible(mayBeJsonl);
    m_textKeyLabel->setVisible(mayBeJsonl);
    m_problem->setProblem(problem);
}

void SourceRow::focusSlider() {
    if (m_slider->isEnabled())
        m_slider->setFocus(Qt::OtherFocusReason);
    else
        m_format->setFocus(Qt::OtherFocusReason);
}

void SourceRow::mousePressEvent(QMouseEvent*) {
    Q_EMIT chosen();
}

bool SourceRow::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::FocusIn) Q_EMIT chosen();
    return QFrame::eventFilter(watched, event);
}

}  // namespace radlads::ui
