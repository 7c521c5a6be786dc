#include "ui/window/window_parts.h"

#include <QCoreApplication>
#include <QLineEdit>
#include <QLocale>
#include <QSettings>

#include "ui/monitor/compare_view.h"
#include "ui/monitor/layers_page.h"
#include "ui/monitor/monitor_page.h"
#include "ui/playground/evaluate_page.h"
#include "ui/playground/export_dialog.h"
#include "ui/playground/try_page.h"
#include "ui/window/files_page.h"
#include "ui/window/log_page.h"
#include "ui/window/plan_page.h"
#include "ui/window/settings.h"
#include "ui/wizard/conversion_wizard.h"

namespace radlads::ui {

using namespace Qt::StringLiterals;

namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(WindowParts)
};

template <typename Page>
WindowParts::Page page(const QString& id, const QString& title, const QString& icon) {
    return {id, title, icon, [](QWidget* parent) -> RunPage* { return new Page(parent); }};
}

// Charts remember their own smoothing, in thousandths; the first time it is what the settings say.
void seedSmoothing(const QString& page) {
    QSettings store;
    const QString key = page + u"/smoothing"_s;
    if (!store.contains(key)) store.setValue(key, qRound(Settings().value(Setting::Smoothing).toDouble() * 1000));
}

WindowParts::Page monitorPage() {
    return {u"monitor"_s, Words::tr("Monitor"), u"chart"_s, [](QWidget* parent) -> RunPage* {
                seedSmoothing(u"monitor"_s);
                return new MonitorPage(parent);
            }};
}

WindowParts::Comparison makeComparison(QWidget* parent) {
    seedSmoothing(u"compare"_s);
    auto* view = new CompareView(parent);
    return {view, [view](RunStore* store, const QStringList& runs) { view->showRuns(store, runs); }};
}

void openWizard(EngineClient* client, const QJsonObject& plan, QWidget* parent,
                const std::function<void(const QString&)>& started) {
    auto* wizard = new ConversionWizard(client, parent);
    wizard->setAttribute(Qt::WA_DeleteOnClose);
    if (!plan.isEmpty()) wizard->setPlanJson(plan);
    const double cost = Settings().value(Setting::CostPerHour).toDouble();
    if (auto* field = wizard->findChild<QLineEdit*>(u"costPerHour"_s); field && cost > 0)
        field->setText(QLocale().toString(cost));
    QObject::connect(wizard, &ConversionWizard::started, parent, started);
    QObject::connect(wizard, &ConversionWizard::queued, parent, started);
    wizard->show();
}

void openExport(RunStore* store, const QString& run, QWidget* parent) {
    const RunRecord* record = store->find(run);
    if (!record) return;
    auto* dialog = new ExportDialog(store->client(), *record, parent);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
}

}  // namespace

WindowParts standardParts() {
    WindowParts parts;
    parts.pages.push_back(monitorPage());
    parts.pages.push_back(page<LayersPage>(u"layers"_s, Words::tr("Layers"), u"layers"_s));
    parts.makeComparison = makeComparison;
    parts.pages.push_back(page<EvaluatePage>(u"evaluate"_s, Words::tr("Evaluate"), u"evaluate"_s));
    parts.pages.push_back(page<TryPage>(u"try"_s, Words::tr("Try"), u"try"_s));
    parts.openExport = openExport;
    parts.openWizard = openWizard;
    parts.pages.push_back(page<LogPage>(u"log"_s, Words::tr("Log"), u"log"_s));
    parts.pages.push_back(page<PlanPage>(u"plan"_s, Words::tr("Plan"), u"plan"_s));
    parts.pages.push_back(page<FilesPage>(u"files"_s, Words::tr("Files"), u"folder"_s));
    return parts;
}

}  // namespace radlads::ui
