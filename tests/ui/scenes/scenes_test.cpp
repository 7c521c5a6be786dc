// What holds on every page, in every dialog and menu, in English and in German.
#include "tests/ui/scenes/scenes.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractScrollArea>
#include <QAbstractSpinBox>
#include <QComboBox>
#include <QGroupBox>
#include <QLabel>
#include <QMenu>
#include <QMenuBar>
#include <QPushButton>
#include <QScrollArea>
#include <QTabBar>
#include <QTest>

#include "ui/core/theme.h"

using namespace Qt::StringLiterals;
using namespace radlads;
using namespace radlads::ui;

namespace {

QString nameOf(const QWidget* widget) {
    return QString::fromLatin1(widget->metaObject()->className()) + u' ' + widget->objectName();
}

// Parts of Qt's own widgets that nobody reaches alone.
bool isInner(const QWidget* widget) {
    const QWidget* parent = widget->parentWidget();
    return widget->objectName().startsWith(u"qt_"_s) || widget->inherits("QComboBoxPrivateContainer") ||
           widget->inherits("QLineEditIconButton") ||
           (parent && (parent->inherits("QComboBoxPrivateContainer") || qobject_cast<const QAbstractSpinBox*>(parent) ||
                       qobject_cast<const QComboBox*>(parent)));
}

QList<const QWidget*> visibleIn(const QWidget& window) {
    QList<const QWidget*> shown;
    for (const QWidget* widget : window.findChildren<QWidget*>())
        if (widget->window() == &window && widget->isVisible() && !isInner(widget)) shown.append(widget);
    return shown;
}

// The texts whose Alt+letter works while this window is in front, with where they are.
QList<std::pair<QString, QString>> mnemonicTexts(const QWidget& window) {
    QList<std::pair<QString, QString>> texts;
    for (const QWidget* widget : visibleIn(window)) {
        if (const auto* button = qobject_cast<const QAbstractButton*>(widget)) {
            texts.append({button->text(), nameOf(widget)});
        } else if (const auto* label = qobject_cast<const QLabel*>(widget)) {
            if (label->buddy()) texts.append({label->text(), nameOf(label->buddy())});
        } else if (const auto* box = qobject_cast<const QGroupBox*>(widget)) {
            texts.append({box->title(), nameOf(widget)});
        } else if (const auto* tabs = qobject_cast<const QTabBar*>(widget)) {
            for (int i = 0; i < tabs->count(); ++i) texts.append({tabs->tabText(i), nameOf(widget)});
        } else if (const auto* bar = qobject_cast<const QMenuBar*>(widget)) {
            for (const QAction* action : bar->actions()) texts.append({action->text(), u"menu"_s});
        }
    }
    return texts;
}

QStringList clashesOf(const QList<std::pair<QString, QString>>& texts) {
    QStringList clashes;
    QHash<QString, QString> taken;
    for (const auto& [text, where] : texts) {
        const QString keys = QKeySequence::mnemonic(text).toString();
        if (keys.isEmpty()) continue;
        const QString what = u"'%1' (%2)"_s.arg(text, where);
        if (taken.contains(keys)) clashes.append(u"%1: %2 and %3"_s.arg(keys, taken.value(keys), what));
        taken.insert(keys, what);
    }
    return clashes;
}

bool isReachedByKeys(const QWidget* widget) {
    return widget->focusPolicy() & Qt::TabFocus;
}

// A widget that shows less of its text than it has.
bool isTooNarrow(const QWidget* widget) {
    if (widget->sizePolicy().horizontalPolicy() == QSizePolicy::Ignored) return false;
    if (const auto* label = qobject_cast<const QLabel*>(widget)) {
        if (label->text().isEmpty()) return false;
        if (label->wordWrap())
            return label->hasHeightForWidth() && label->height() + 1 < label->heightForWidth(label->width());
        return label->width() + 1 < label->sizeHint().width() || label->height() + 1 < label->sizeHint().height();
    }
    const auto* button = qobject_cast<const QAbstractButton*>(widget);
    if (!button || button->text().isEmpty()) return false;
    if (!qobject_cast<const QPushButton*>(button)) return button->width() + 1 < button->minimumSizeHint().width();
    // A style wants more of a button than its words need.
    const int icon = button->icon().isNull() ? 0 : button->iconSize().width() + 4;
    return button->width() < button->fontMetrics().size(Qt::TextShowMnemonic, button->text()).width() + icon + 8;
}

// Cut off by what it lies in, other than by something that scrolls.
bool isCutOff(const QWidget* widget) {
    const QWidget* parent = widget->parentWidget();
    if (!parent || widget->isWindow()) return false;
    const auto* area = qobject_cast<const QAbstractScrollArea*>(parent->parentWidget());
    const QRect place = widget->geometry();
    if (area && area->viewport() == parent) {
        const bool isScrollArea = qobject_cast<const QScrollArea*>(area);
        return isScrollArea && area->horizontalScrollBarPolicy() == Qt::ScrollBarAlwaysOff &&
               place.width() > parent->width();
    }
    return !parent->rect().adjusted(-1, -1, 1, 1).contains(place) && !place.isEmpty();
}

}  // namespace

class ScenesTest : public QObject {
    Q_OBJECT

    static void addScenes() {
        QTest::addColumn<QString>("language");
        QTest::addColumn<int>("index");
        for (const QString& language : {u"en"_s, u"de"_s})
            for (int i = 0; i < int(tests::scenes().size()); ++i)
                QTest::newRow(qPrintable(language + u'/' + tests::scenes().at(size_t(i)).name)) << language << i;
    }

private Q_SLOTS:
    void initTestCase() {
        QCoreApplication::setOrganizationName(u"radlads-test"_s);
        QCoreApplication::setApplicationName(u"scenes"_s);
        Theme::instance().apply(Theme::Mode::Light);
    }

    void keysAreUniqueEverythingHasANameAndNothingIsClipped_data() { addScenes(); }
    void keysAreUniqueEverythingHasANameAndNothingIsClipped() {
        QFETCH(QString, language);
        QFETCH(int, index);
        tests::setLanguage(language);
        const tests::Scene& scene = tests::scenes().at(size_t(index));
        const auto stage = scene.make();
        QWidget* shown = scene.open(*stage);
        QTest::qWait(50);  // layouts that are asked for once the window is there

        QStringList faults;
        if (const auto* menu = qobject_cast<QMenu*>(shown)) {
            QList<std::pair<QString, QString>> texts;
            for (const QAction* action : menu->actions()) {
                if (action->isSeparator() || !action->isVisible()) continue;
                texts.append({action->text(), action->objectName()});
                if (QKeySequence::mnemonic(action->text()).isEmpty() && action->shortcut().isEmpty())
                    faults.append(u"'%1' has neither a mnemonic nor a shortcut"_s.arg(action->text()));
            }
            faults += clashesOf(texts);
        } else {
            const QWidget* window = shown->window();
            faults += clashesOf(mnemonicTexts(*window));
            for (const QWidget* widget : visibleIn(*window)) {
                const auto* button = qobject_cast<const QAbstractButton*>(widget);
                const bool isNamed = !widget->accessibleName().isEmpty() || (button && !button->text().isEmpty());
                if (isReachedByKeys(widget) && !isNamed) faults.append(nameOf(widget) + u" has no accessible name"_s);
                if (isReachedByKeys(widget) && widget->objectName().isEmpty() && !button)
                    faults.append(nameOf(widget) + u" has no object name"_s);
                if (isTooNarrow(widget)) {
                    const auto* label = qobject_cast<const QLabel*>(widget);
                    const QString text = label ? label->text() : button ? button->text() : QString();
                    faults.append(u"%1 has no room for '%2': %3 x %4"_s.arg(nameOf(widget), text)
                                      .arg(widget->width())
                                      .arg(widget->height()));
                }
                if (isCutOff(widget))
                    faults.append(nameOf(widget) + u" is cut off by "_s + nameOf(widget->parentWidget()));
            }
        }
        faults.removeDuplicates();
        QVERIFY2(faults.isEmpty(), qPrintable(faults.join(u"\n    "_s)));
    }
};

QTEST_MAIN(ScenesTest)
#include "scenes_test.moc"
