#include "ui/window/window_parts.h"

#include <QCoreApplication>

#include "ui/window/files_page.h"
#include "ui/window/log_page.h"
#include "ui/window/plan_page.h"

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

}  // namespace

WindowParts standardParts() {
    WindowParts parts;
    parts.pages = {
        page<LogPage>(u"log"_s, Words::tr("Log"), u"log"_s),
        page<PlanPage>(u"plan"_s, Words::tr("Plan"), u"plan"_s),
        page<FilesPage>(u"files"_s, Words::tr("Files"), u"folder"_s),
    };
    return parts;
}

}  // namespace radlads::ui
