#include <QBuffer>
#include <QClipboard>
#include <QFileDialog>
#include <QGuiApplication>
#include <QMenu>
#include <QSaveFile>
#include <algorithm>
#include <array>
#include <charconv>

#include "ui/chart/chart_private.h"

namespace radlads::ui {
namespace {

constexpr qsizetype kFlushBytes = 1 << 16;

template <class Number>
void appendNumber(QByteArray& line, Number value) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    line.append(text.data(), end - text.data());
}

void appendText(QByteArray& line, const QString& text, char separator) {
    QByteArray bytes = text.toUtf8();
    if (bytes.contains(separator) || bytes.contains('"') || bytes.contains('\n')) {
        bytes.replace("\"", "\"\"");
        bytes = '"' + bytes + '"';
    }
    line.append(bytes);
}

// The curves of one run, read together in the order of their steps.
struct RunRows {
    QString run;
    struct Part {
        const Curve* curve;
        int column;
        size_t next, end;
    };
    std::vector<Part> parts;
};

QString columnTitle(const Chart& chart, const Curve& curve) {
    return curve.name.isEmpty() ? chart.title() : curve.name;
}

}  // namespace

bool Chart::writeCsv(QIODevice& device, Extent extent, char separator) const {
    QStringList columns;
    std::vector<RunRows> runs;
    for (const Curve& curve : d->curves) {
        const QString title = columnTitle(*this, curve);
        if (!columns.contains(title)) columns.append(title);
        auto rows =
            std::find_if(runs.begin(), runs.end(), [&](const RunRows& other) { return other.run == curve.run; });
        if (rows == runs.end()) rows = runs.insert(runs.end(), {curve.run, {}});
        const XColumn& x = curve.x->in(d->group->unit());
        const size_t size = std::min(x.size(), curve.y->size());
        const bool isAll = extent == Extent::All;
        rows->parts.push_back({&curve, int(columns.indexOf(title)), isAll ? 0 : x.lowerBound(d->group->lower()),
                               isAll ? size : std::min(size, x.upperBound(d->group->upper()))});
    }
    const bool hasRuns = runs.size() > 1;
    QByteArray text;
    if (hasRuns) text.append("run").append(separator);
    text.append("step").append(separator).append("tokens").append(separator).append("hours");
    for (const QString& column : columns) appendText(text.append(separator), column, separator);
    text.append('\n');
    std::vector<std::optional<float>> values(size_t(columns.size()));
    for (RunRows& rows : runs) {
        while (true) {
            const RunRows::Part* first = nullptr;
            for (const auto& part : rows.parts) {
                if (part.next >= part.end) continue;
                if (!first || part.curve->x->steps.at(part.next) < first->curve->x->steps.at(first->next))
                    first = &part;
            }
            if (!first) break;
            const XPoint point = first->curve->x->at(first->next);
            std::fill(values.begin(), values.end(), std::nullopt);
            for (auto& part : rows.parts) {
                if (part.next < part.end && part.curve->x->steps.at(part.next) == point.steps) {
                    values[size_t(part.column)] = part.curve->y->at(part.next++);
                }
            }
            if (hasRuns) {
                appendText(text, rows.run, separator);
                text.append(separator);
            }
            appendNumber(text, point.steps);
            appendNumber(text.append(separator), point.tokens);
            appendNumber(text.append(separator), point.hours);
            for (const auto& value : values) {
                text.append(separator);
                if (value) appendNumber(text, *value);
            }
            text.append('\n');
            if (text.size() < kFlushBytes) continue;
            if (device.write(text) != text.size()) return false;
            text.clear();
        }
    }
    return device.write(text) == text.size();
}

bool Chart::saveCsv(const QString& path) const {
    QSaveFile file(path);
    return file.open(QIODevice::WriteOnly) && writeCsv(file, Extent::All) && file.commit();
}

bool Chart::savePng(const QString& path) {
    return d->plot->savePng(path, d->plot->width(), d->plot->height(), 2);
}

bool Chart::savePdf(const QString& path) {
    return d->plot->savePdf(path, d->plot->width(), d->plot->height(), QCP::epNoCosmetic, QString(), d->title);
}

void Chart::copyData() const {
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    writeCsv(buffer, Extent::Visible, '\t');
    QGuiApplication::clipboard()->setText(QString::fromUtf8(buffer.data()));
}

QString Chart::askForFile(const QString& title, const QString& suffix) {
    QString name = d->title.toLower().replace(QLatin1Char(' '), QLatin1Char('-')).remove(QLatin1Char('/'));
    const QString filter = tr("%1 file (*.%2)").arg(suffix.toUpper(), suffix);
    QString path = QFileDialog::getSaveFileName(this, title, name + QLatin1Char('.') + suffix, filter);
    if (!path.isEmpty() && !path.endsWith(QLatin1Char('.') + suffix, Qt::CaseInsensitive))
        path += QLatin1Char('.') + suffix;
    return path;
}

std::unique_ptr<QMenu> Chart::contextMenu() {
    auto menu = std::make_unique<QMenu>();
    menu->setObjectName(QStringLiteral("chartMenu"));
    const auto add = [&](const char* name, const QString& text, const QKeySequence& keys, auto handler) {
        QAction* action = menu->addAction(text);
        action->setObjectName(QLatin1String(name));
        action->setShortcut(keys);
        connect(action, &QAction::triggered, this, handler);
        return action;
    };
    const auto addSwitch = [&](const char* name, const QString& text, bool isOn, auto handler) {
        QAction* action = menu->addAction(text);
        action->setObjectName(QLatin1String(name));
        action->setCheckable(true);
        action->setChecked(isOn);
        connect(action, &QAction::toggled, this, handler);
    };
    const auto save = [this](const QString& title, const QString& suffix, auto write) {
        const QString path = askForFile(title, suffix);
        if (!path.isEmpty() && !write(path)) {
            Q_EMIT exportFailed(
                tr("The file %1 could not be written. Choose another folder or free some space.").arg(path));
        }
    };
    const bool hasData = !isEmpty();
    add("copyData", tr("&Copy data in sight"), QKeySequence::Copy, [this] { copyData(); })->setEnabled(hasData);
    menu->addSeparator();
    add("saveCsv", tr("Save as C&SV…"), {}, [this, save] {
        save(tr("Save the chart's data"), QStringLiteral("csv"), [this](const QString& path) { return saveCsv(path); });
    })->setEnabled(hasData);
    add("savePng", tr("Save as &PNG…"), {}, [this, save] {
        save(tr("Save the chart as a picture"), QStringLiteral("png"),
             [this](const QString& path) { return savePng(path); });
    })->setEnabled(hasData);
    add("savePdf", tr("Save as P&DF…"), {}, [this, save] {
        save(tr("Save the chart as a document"), QStringLiteral("pdf"),
             [this](const QString& path) { return savePdf(path); });
    })->setEnabled(hasData);
    menu->addSeparator();
    addSwitch("logX", tr("Logarithmic &x axis"), isLogX(), [this](bool isOn) { setLogX(isOn); });
    addSwitch("logY", tr("Logarithmic &y axis"), isLogY(), [this](bool isOn) { setLogY(isOn); });
    addSwitch("ignoreOutliers", tr("Leave &outliers out of sight"), ignoresOutliers(),
              [this](bool isOn) { setIgnoresOutliers(isOn); });
    menu->addSeparator();
    add("fit", tr("&Fit everything"), QKeySequence(Qt::Key_F), [this] { d->group->fit(); });
    if (!d->group->isFollowing()) add("follow", tr("Fo&llow the newest data"), {}, [this] { d->group->follow(); });
    return menu;
}

}  // namespace radlads::ui
