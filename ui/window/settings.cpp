#include "ui/window/settings.h"

#include <algorithm>
#include <array>

namespace radlads::ui {

using namespace Qt::StringLiterals;

namespace {

struct Row {
    Setting setting;
    const char* key;
    QVariant byDefault;
};

const Row& rowOf(Setting setting) {
    static const std::array<Row, 13> rows{{
        {Setting::ThemeMode, "look/theme", u"system"_s},
        {Setting::Language, "look/language", QString()},
        {Setting::Smoothing, "charts/smoothing", 0.9},
        {Setting::Notifications, "notifications/enabled", true},
        {Setting::CostPerHour, "machine/cost_per_hour", 0.0},
        {Setting::RunFolder, "files/folder", QString()},
        {Setting::EngineAutostart, "engine/autostart", true},
        {Setting::Engines, "engine/list", QVariantList()},
        {Setting::Geometry, "window/geometry", QByteArray()},
        {Setting::SplitterState, "window/splitter", QByteArray()},
        {Setting::SelectedEngine, "window/engine", u"local"_s},
        {Setting::SelectedRun, "window/run", QString()},
        {Setting::SelectedTab, "window/tab", QString()},
    }};
    return *std::find_if(rows.begin(), rows.end(), [setting](const Row& row) { return row.setting == setting; });
}

}  // namespace

Settings::Settings(QObject* parent) : QObject(parent) {}

QVariant Settings::value(Setting setting) const {
    const Row& row = rowOf(setting);
    QVariant stored = m_store.value(QLatin1String(row.key), row.byDefault);
    // A file keeps numbers and truths as text; what does not read as one is as if it were not there.
    return stored.convert(row.byDefault.metaType()) ? stored : row.byDefault;
}

void Settings::setValue(Setting setting, const QVariant& value) {
    if (this->value(setting) == value) return;
    m_store.setValue(QLatin1String(rowOf(setting).key), value);
    Q_EMIT changed(setting);
}

}  // namespace radlads::ui
