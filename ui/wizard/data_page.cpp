#include "ui/wizard/data_page.h"

#include <QFileDialog>
#include <QHBoxLayout>
#include <QJsonArray>
#include <QMenu>
#include <QPushButton>
#include <QTextBlock>
#include <QTextEdit>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "ui/core/engine_client.h"
#include "ui/core/format.h"
#include "ui/core/theme.h"
#include "ui/wizard/data_previews.h"
#include "ui/wizard/drop_zone.h"
#include "ui/wizard/explanations.h"
#include "ui/wizard/length_histogram.h"
#include "ui/wizard/remote_file_dialog.h"
#include "ui/wizard/source_row.h"
#include "ui/wizard/wizard_model.h"

namespace radlads::ui {
namespace {

constexpr const char* kDemoText = "demo:2:15000";

// Adds 1 to or takes 1 from the shares (but one) until they sum to 100; the largest give first.
void balance(QList<int>& shares, int fixed) {
    const auto sum = [&] { return std::accumulate(shares.begin(), shares.end(), 0); };
    while (sum() != 100) {
        const int step = sum() > 100 ? -1 : 1;
        int chosen = -1;
        for (int i = 0; i < shares.size(); ++i) {
            if (i == fixed || (step < 0 && shares[i] <= 1)) continue;
            if (chosen < 0 || shares[i] > shares[chosen]) chosen = i;
        }
        if (chosen < 0) break;
        shares[chosen] += step;
    }
}

}  // namespace

QList<int> percentShares(const QList<double>& weights) {
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    QList<int> shares;
    for (const double weight : weights)
        shares.append(std::max(1, static_cast<int>(std::lround(100 * weight / std::max(sum, 1e-300)))));
    if (!shares.isEmpty() && shares.size() <= 100) balance(shares, -1);
    return shares;
}

QList<int> withShare(const QList<int>& shares, int index, int percent) {
    const int others = static_cast<int>(shares.size()) - 1;
    if (others < 1) return {100};
    percent = std::clamp(percent, 1, 100 - others);
    const int left = 100 - percent;
    const int before = std::max(1, std::accumulate(shares.begin(), shares.end(), 0) - shares[index]);
    QList<int> result = shares;
    for (int i = 0; i < result.size(); ++i)
        result[i] =
            i == index ? percent : std::max(1, static_cast<int>(std::lround(double(shares[i]) * left / before)));
    balance(result, index);
    return result;
}

DataPage::DataPage(WizardParts parts, QWidget* parent)
    : WizardPage(parts, tr("Data"), QStringLiteral("page.data"), {QStringLiteral("data")}, parent),
      m_previews(new DataPreviews(parts.client, this)) {
    buildSources();
    buildPreview();
    buildSettings();
    column()->addStretch(1);
    connect(model(), &WizardModel::changed, this, &DataPage::refresh);
    connect(model(), &WizardModel::problemsChanged, this, &DataPage::refresh);
    connect(m_previews, &DataPreviews::changed, this, [this] {
        refresh();
        Q_EMIT attentionChanged();
    });
    connect(&Theme::instance(), &Theme::changed, this, &DataPage::refreshPreview);
    refresh();
}

void DataPage::buildSources() {
    m_drop = new DropZone(tr("Drop texts, jsonl, folders or binidx here, or"), widget());
    m_drop->setObjectName(QStringLiteral("dataDrop"));
    explain(m_drop, QStringLiteral("data.sources"));
    auto* add = new QPushButton(tr("&Add…"), m_drop);
    add->setObjectName(QStringLiteral("addSource"));
    add->setAccessibleName(tr("Add a source of data"));
    auto* menu = new QMenu(add);
    menu->addAction(tr("&Files…"), this, [this] { browse(false); });
    menu->addAction(tr("F&older…"), this, [this] { browse(true); });
    add->setMenu(menu);
    m_demo = new QPushButton(tr("Use the &demo's text"), m_drop);
    m_demo->setObjectName(QStringLiteral("demoText"));
    m_drop->layout()->addWidget(add);
    m_drop->layout()->addWidget(m_demo);
    connect(m_drop, &DropZone::dropped, this, &DataPage::addSources);
    connect(m_demo, &QPushButton::clicked, this, [this] { addSources({QString::fromLatin1(kDemoText)}); });
    column()->addWidget(m_drop);
    m_problem = new ProblemLabel(widget());
    m_problem->setObjectName(QStringLiteral("problem.data.sources"));
    column()->addWidget(m_problem);
    m_rows = new QVBoxLayout;
    m_rows->setSpacing(Theme::kSpacing / 2);
    column()->addLayout(m_rows);
    m_tokens = new QLabel(widget());
    m_tokens->setObjectName(QStringLiteral("tokensLine"));
    m_tokens->setWordWrap(true);
    m_tokens->setTextFormat(Qt::PlainText);
    column()->addWidget(m_tokens);
}

void DataPage::buildPreview() {
    m_previewTitle = addHeading({});
    auto* row = new QHBoxLayout;
    row->setSpacing(Theme::kSpacing);
    m_text = new QTextEdit(widget());
    m_text->setObjectName(QStringLiteral("tokenPreview"));
    m_text->setAccessibleName(tr("The first documents as tokens"));
    m_text->setReadOnly(true);
    m_text->setTabChangesFocus(true);
    m_text->setMinimumHeight(fontMetrics().height() * 8);
    explain(m_text, QStringLiteral("data.preview"));
    m_histogram = new LengthHistogram(widget());
    row->addWidget(m_text, 3);
    row->addWidget(m_histogram, 2);
    column()->addLayout(row);
    m_previewProblem = new ProblemLabel(widget());
    m_previewProblem->setObjectName(QStringLiteral("previewProblem"));
    column()->addWidget(m_previewProblem);
}

void DataPage::buildSettings() {
    using Kind = PlanField::Kind;
    QFormLayout* form = makeForm();
    addField(form,
             {QStringLiteral("data.validation.windows"), tr("&Held-out windows"), Kind::Count, {}, {}, false, {}, 6});
    addField(form, {QStringLiteral("data.validation.every_steps"),
                    tr("&Validate every"),
                    Kind::Count,
                    {},
                    tr("updates"),
                    false,
                    {},
                    6});
    addField(form, {QStringLiteral("data.sampler"),
                    tr("O&rder"),
                    Kind::Choice,
                    {{QStringLiteral("shuffle"), tr("Shuffle"), {}},
                     {QStringLiteral("magic-prime"), tr("Magic prime, as released"), {}}}});
    addField(form, {QStringLiteral("data.append_eos"), tr("&End token after each document"), Kind::Toggle});
    m_heldOut = mutedLabel({}, widget());
    column()->addLayout(form);
    column()->addWidget(m_heldOut);
}

void DataPage::addSources(const QStringList& paths) {
    model()->edit(tr("add data"), {}, [&](protocol::Plan& plan) {
        auto& sources = plan.data.sources;
        QList<double> weights;
        for (const auto& source : sources) weights.append(source.weight);
        QList<int> shares = percentShares(weights);
        for (const QString& path : paths) {
            protocol::SourcePlan source;
            source.path = path.toStdString();
            // A newcomer gets an equal share; the others shrink in proportion.
            sources.push_back(source);
            shares.append(1);
            if (shares.size() > 1)
                shares = withShare(shares, static_cast<int>(shares.size()) - 1, static_cast<int>(100 / shares.size()));
        }
        if (sources.size() < 2) return;
        for (std::size_t i = 0; i < sources.size(); ++i) sources[i].weight = shares[qsizetype(i)] / 100.0;
    });
    m_current = static_cast<int>(model()->plan().data.sources.size()) - 1;
    refresh();
}

void DataPage::browse(bool forFolder) {
    const QString title = forFolder ? tr("Choose a folder of texts") : tr("Choose texts");
    if (!parts().client->address().host.isEmpty()) {
        auto* dialog = new RemoteFileDialog(parts().client, title, forFolder, this);
        connect(dialog, &RemoteFileDialog::chosen, this, [this](const QString& path) { addSources({path}); });
        return dialog->open();
    }
    auto* dialog = new QFileDialog(this, title);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(forFolder ? QFileDialog::Directory : QFileDialog::ExistingFiles);
    connect(dialog, &QFileDialog::filesSelected, this, &DataPage::addSources);
    dialog->open();
}

void DataPage::setWeight(int index, int percent) {
    model()->edit(tr("change the shares"), QStringLiteral("weights.%1").arg(index), [&](protocol::Plan& plan) {
        QList<double> weights;
        for (const auto& source : plan.data.sources) weights.append(source.weight);
        const QList<int> shares = withShare(percentShares(weights), index, percent);
        for (std::size_t i = 0; i < plan.data.sources.size(); ++i)
            plan.data.sources[i].weight = shares[qsizetype(i)] / 100.0;
    });
}

void DataPage::remove(int index) {
    model()->edit(tr("remove a source"), {}, [&](protocol::Plan& plan) {
        auto& sources = plan.data.sources;
        sources.erase(sources.begin() + index);
        QList<double> weights;
        for (const auto& source : sources) weights.append(source.weight);
        const QList<int> shares = percentShares(weights);
        for (std::size_t i = 0; i < sources.size(); ++i) sources[i].weight = shares[qsizetype(i)] / 100.0;
    });
}

const SourcePreview& DataPage::previewOf(int index) const {
    const protocol::Plan& plan = model()->plan();
    const std::string& tokenizer = plan.data.tokenizer.empty() ? plan.teacher.path : plan.data.tokenizer;
    return m_previews->of(plan.data.sources[std::size_t(index)], tokenizer);
}

void DataPage::refresh() {
    const protocol::Plan& plan = model()->plan();
    const int count = static_cast<int>(plan.data.sources.size());
    while (m_sources.size() > count) {
        m_rows->removeWidget(m_sources.back());
        m_sources.takeLast()->deleteLater();
    }
    while (m_sources.size() < count) {
        const int index = static_cast<int>(m_sources.size());
        auto* row = new SourceRow(model(), index, widget());
        connect(row, &SourceRow::weightMoved, this, [this, index](int percent) { setWeight(index, percent); });
        connect(
            row, &SourceRow::removed, this, [this, index] { remove(index); }, Qt::QueuedConnection);
        connect(row, &SourceRow::chosen, this, [this, index] {
            if (m_current == index) return;
            m_current = index;
            refresh();
        });
        m_rows->addWidget(row);
        m_sources.append(row);
    }
    m_current = std::clamp(m_current, 0, std::max(0, count - 1));
    QList<double> weights;
    for (const auto& source : plan.data.sources) weights.append(source.weight);
    const QList<int> shares = percentShares(weights);
    for (int i = 0; i < count; ++i) {
        const SourcePreview& preview = previewOf(i);
        QString facts;
        if (preview.state == SourcePreview::State::Asking) facts = tr("reading…");
        if (const auto tokens = preview.tokens())
            facts = preview.facts.value(QStringLiteral("complete")).toBool(true)
                        ? tr("%1 tokens").arg(countText(*tokens))
                        : tr("about %1 tokens").arg(countText(*tokens));
        const QString own = model()->problemOf(QStringLiteral("data.sources.%1.path").arg(i));
        m_sources[i]->show(plan.data.sources[std::size_t(i)], shares[i], count == 1, i == m_current && count > 1, facts,
                           own.isEmpty() ? preview.error : own);
    }
    const bool isDemo = plan.teacher.path == "demo";
    m_demo->setVisible(isDemo && count == 0);
    m_problem->setProblem(model()->problemOf(QStringLiteral("data.sources")));
    refreshPreview();
    refreshTokens();
}

void DataPage::refreshPreview() {
    const bool isAny = !model()->plan().data.sources.empty();
    const QJsonObject facts = isAny ? previewOf(m_current).facts : QJsonObject();
    m_previewTitle->setText(isAny ? tr("What the student will see") : tr("Add a source to see its tokens here"));
    m_histogram->setLengths(facts.value(QStringLiteral("lengths")).toObject());
    m_text->clear();
    QTextCursor cursor(m_text->document());
    const bool isDark = Theme::instance().isDark();
    QColor tints[2] = {Theme::instance().chartColor(0), Theme::instance().chartColor(1)};
    for (QColor& tint : tints) tint.setAlphaF(isDark ? 0.30F : 0.20F);
    bool isFirst = true;
    for (const QJsonValue& value : facts.value(QStringLiteral("samples")).toArray()) {
        const QJsonObject sample = value.toObject();
        if (!isFirst) {
            QTextCharFormat muted;
            muted.setForeground(Theme::instance().color(Role::Muted));
            cursor.insertBlock();
            cursor.insertText(QStringLiteral("\u2500\u2500\u2500\u2500 ") + tr("end of the document") +
                                  QStringLiteral(" \u2500\u2500\u2500\u2500"),
                              muted);
            cursor.insertBlock();
        }
        isFirst = false;
        int shown = 0;
        for (const QJsonValue& piece : sample.value(QStringLiteral("pieces")).toArray()) {
            QTextCharFormat format;
            format.setBackground(tints[shown % 2]);
            QString text = piece.toString();
            text.replace(u'\n', QStringLiteral("\u21B5"));
            cursor.insertText(text, format);
            ++shown;
        }
        const qint64 left = sample.value(QStringLiteral("tokens")).toInteger() - shown;
        if (left > 0) cursor.insertText(tr(" … %1 more").arg(left), QTextCharFormat());
    }
    m_text->moveCursor(QTextCursor::Start);
    m_previewProblem->setProblem(isAny && previewOf(m_current).facts.value(QStringLiteral("documents")).toInt(1) == 0
                                     ? tr("There is no text in it")
                                     : QString());
}

void DataPage::refreshTokens() {
    const protocol::Plan& plan = model()->plan();
    double needed = 0, longest = 0;
    for (const auto& step : plan.steps) {
        needed += static_cast<double>(step.tokens);
        longest = std::max(longest, static_cast<double>(step.sequenceLength));
    }
    double available = 0, repeats = 0;
    bool isKnown = !plan.data.sources.empty();
    QList<double> weights;
    for (const auto& source : plan.data.sources) weights.append(source.weight);
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (int i = 0; i < weights.size(); ++i) {
        const auto tokens = previewOf(i).tokens();
        isKnown = isKnown && tokens && *tokens > 0;
        if (!isKnown) break;
        available += *tokens;
        repeats = std::max(repeats, needed * weights[i] / sum / *tokens);
    }
    m_tokens->setVisible(!plan.data.sources.empty());
    if (!isKnown)
        m_tokens->setText(needed > 0 ? tr("%1 tokens needed.").arg(countText(needed)) : QString());
    else if (repeats <= 1)
        m_tokens->setText(
            tr("%1 tokens available, %2 needed: none is seen twice.").arg(countText(available), countText(needed)));
    else
        m_tokens->setText(tr("%1 tokens available, %2 needed: the most used source is seen %3 times.")
                              .arg(countText(available), countText(needed), numberText(repeats, 2)));
    const double held = static_cast<double>(plan.data.validation.windows) * longest;
    m_heldOut->setVisible(isKnown && held > 0 && plan.data.validation.sources.empty());
    m_heldOut->setText(tr("Held out: %1 tokens at most, %2 of the data.")
                           .arg(countText(held), percentText(held / std::max(1.0, available))));
}

void DataPage::showField(const QString& key) {
    if (key.startsWith(QLatin1String("data.sources"))) {
        const int index = key.section(u'.', 2, 2).toInt();
        if (index < m_sources.size()) return m_sources[index]->focusSlider();
        return findChild<QPushButton*>(QStringLiteral("addSource"))->setFocus(Qt::OtherFocusReason);
    }
    WizardPage::showField(key);
}

QString DataPage::attention() const {
    for (int i = 0; i < m_sources.size() && i < int(model()->plan().data.sources.size()); ++i)
        if (const SourcePreview& preview = previewOf(i); preview.state == SourcePreview::State::Failed)
            return preview.error;
    return {};
}

}  // namespace radlads::ui
