#include <QBuffer>
#include <QClipboard>
#include <QFileDialog>
#include <QGuiApplication>
#include <QMenu>
#include <QProgressDialog>
#include <algorithm>
#include <map>
#include <tuple>

#include "ui/chart/chart_private.h"
#include "ui/chart/csv_export.h"

namespace radlads::ui {
namespace {

constexpr int kQuickMs = 400;  // what takes no longer shows no progress

QString columnTitle(const Chart& chart, const Curve& curve) {
    return curve.name.isEmpty() ? chart.title() : curve.name;
}

}  // namespace

CsvTable Chart::csvTable(Extent extent) const {
    CsvTable table;
    std::map<std::tuple<const XColumns*, size_t, size_t>, std::shared_ptr<const std::vector<XPoint>>> shared;
    for (const Curve& curve : d->curves) {
        const QString title = columnTitle(*this, curve);
        if (!table.columns.contains(title)) table.columns.append(title);
        auto run = std::find_if(table.runs.begin(), table.runs.end(),
                                [&](const CsvTable::Run& other) { return other.name == curve.run; });
        if (run == table.runs.end()) run = table.runs.insert(table.runs.end(), {curve.run, {}});
        const XColumn& x = curve.x->in(d->group->unit());
        const size_t size = std::min(x.size(), curve.y->size());
        const bool isAll = extent == Extent::All;
        const size_t begin = isAll ? 0 : std::min(size, x.lowerBound(d->group->lower()));
        const size_t end = isAll ? size : std::min(size, x.upperBound(d->group->upper()));
        auto& points = shared[{curve.x.get(), begin, end}];
        if (!points) {
            auto copy = std::make_shared<std::vector<XPoint>>();
            copy->reserve(end - begin);
            for (size_t i = begin; i < end; ++i) copy->push_back(curve.x->at(i));
            points = copy;
        }
        CsvTable::Part part{points, {}, size_t(table.columns.indexOf(title))};
        part.y.reserve(end - begin);
        for (size_t i = begin; i < end; ++i) part.y.push_back(curve.y->at(i));
        run->parts.push_back(std::move(part));
    }
    return table;
}

bool Chart::writeCsv(QIODevice& device, Extent extent, char separator) const {
    return csvTable(extent).write(device, separator);
}

CsvExport* Chart::saveCsv(const QString& path) {
    auto* writing = new CsvExport(csvTable(Extent::All), path, this);
    connect(writing, &CsvExport::failed, this, [this, path] { sayNotWritten(path); });
    auto* dialog = new QProgressDialog(tr("Writing %1").arg(path), tr("&Cancel"), 0, 100, this);
    dialog->setObjectName(QStringLiteral("csvProgress"));
    dialog->setWindowTitle(tr("Save the chart's data"));
    dialog->setAutoClose(false);
    dialog->setAutoReset(false);
    dialog->setMinimumDuration(kQuickMs);
    connect(writing, &CsvExport::progress, dialog, &QProgressDialog::setValue);
    connect(dialog, &QProgressDialog::canceled, writing, &CsvExport::cancel);
    connect(writing, &QObject::destroyed, dialog, &QObject::deleteLater);
    return writing;
}

void Chart::sayNotWritten(const QString& path) {
    Q_EMIT exportFailed(tr("The file %1 could not be written. Choose another folder or free some space.").arg(path));
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
        if (!path.isEmpty() && !write(path)) sayNotWritten(path);
    };
    const bool hasData = !isEmpty();
    add("copyData", tr("&Copy data in sight"), QKeySequence::Copy, [this] { copyData(); })->setEnabled(hasData);
    menu->addSeparator();
    add("saveCsv", tr("Save as C&SV…"), {}, [this] {
        const QString path = askForFile(tr("Save the chart's data"), QStringLiteral("csv"));
        if (!path.isEmpty()) saveCsv(path);
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
