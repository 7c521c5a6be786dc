#include "tests/ui/journey/user.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QDir>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QGroupBox>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QScrollArea>
#include <QSemaphore>
#include <QTabBar>
#include <QTest>
#include <QTextEdit>
#include <QTimer>
#include <QWheelEvent>
#include <QWindow>
#include <memory>
#include <thread>

namespace radlads::tests {

using namespace Qt::StringLiterals;

namespace {

constexpr int kLookMs = 15;
constexpr int kMostTabs = 400;

QList<QWidget*> windowsInFront() {
    QList<QWidget*> windows;
    const auto add = [&](QWidget* window) {
        if (window && window->isVisible() && !windows.contains(window)) windows.append(window);
    };
    add(QApplication::activePopupWidget());
    if (QWidget* modal = QApplication::activeModalWidget()) {
        add(modal);
        return windows;
    }
    add(QApplication::activeWindow());
    for (QWidget* window : QApplication::topLevelWidgets()) add(window);
    return windows;
}

bool hasName(const QWidget* widget, const QString& name) {
    if (widget->objectName() == name || widget->accessibleName() == name) return true;
    const auto* button = qobject_cast<const QAbstractButton*>(widget);
    return button && button->text().remove(u'&') == name;
}

// What a window manager does, which the offscreen platform lacks: when the active window closes, the one that was
// active before it is so again. Looked after as often as the user looks.
void activateInFront() {
    static QList<QPointer<QWidget>> recent;  // the newest first
    if (QWidget* active = QApplication::activeWindow()) {
        if (recent.isEmpty() || recent.first() != active) {
            recent.removeAll(active);
            recent.prepend(active);
        }
        return;
    }
    if (QGuiApplication::focusWindow()) return;
    recent.removeIf([](const QPointer<QWidget>& window) { return !window || !window->isVisible(); });
    const QList<QWidget*> windows = windowsInFront();
    if (!recent.isEmpty())
        recent.first()->activateWindow();
    else if (!windows.isEmpty())
        windows.first()->activateWindow();
}

// A person wheels until it is in sight.
void wheelTowards(QWidget* widget, QPoint place) {
    for (QWidget* up = widget->parentWidget(); up; up = up->parentWidget()) {
        auto* area = qobject_cast<QScrollArea*>(up);
        if (!area) continue;
        QWidget* viewport = area->viewport();
        const int y = widget->mapTo(viewport, place).y();
        if (y >= 0 && y < viewport->height()) continue;
        const QPointF middle = viewport->rect().center();
        QWheelEvent wheel(middle, viewport->mapToGlobal(middle), {}, {0, y < 0 ? 60 : -60}, Qt::NoButton,
                          Qt::NoModifier, Qt::NoScrollPhase, false);
        QCoreApplication::sendEvent(viewport, &wheel);
        return;
    }
}

// Where the pointer would be over this very widget: its middle, or nearer to its left end.
std::optional<QPoint> reachable(QWidget* widget, QPoint place) {
    QWidget* window = widget->window();
    const QPoint inWindow = widget->mapTo(window, place);
    const QWidget* under = window->childAt(inWindow);
    if (under == widget || (under && widget->isAncestorOf(under)) || (widget == window && !under)) return inWindow;
    return std::nullopt;
}

QString onTheScreen() {
    QStringList windows;
    for (const QWidget* window : windowsInFront())
        windows.append(u"%1 \"%2\""_s.arg(window->objectName(), window->windowTitle()));
    const QWidget* focus = QApplication::focusWidget();
    return u"on the screen: %1; focus: %2"_s.arg(windows.join(u", "_s), focus ? focus->objectName() : u"nowhere"_s);
}

void savePictures(const QString& name) {
    const QString folder = qEnvironmentVariable("RADLADS_SCREENSHOTS");
    if (folder.isEmpty()) return;
    QDir().mkpath(folder);
    int number = 0;
    for (QWidget* window : QApplication::topLevelWidgets()) {
        if (!window->isVisible()) continue;
        const QString suffix = number++ == 0 ? QString() : u"-%1"_s.arg(number);
        window->grab().save(QDir(folder).filePath(u"%1%2.png"_s.arg(name, suffix)));
    }
}

}  // namespace

QWidget* shown(const QString& name) {
    for (QWidget* window : windowsInFront()) {
        if (hasName(window, name)) return window;
        for (QWidget* widget : window->findChildren<QWidget*>())
            if (hasName(widget, name) && widget->isVisible()) return widget;
    }
    return nullptr;
}

QString textOf(const QWidget* widget) {
    if (const auto* label = qobject_cast<const QLabel*>(widget)) return label->text();
    if (const auto* button = qobject_cast<const QAbstractButton*>(widget)) return button->text();
    if (const auto* line = qobject_cast<const QLineEdit*>(widget)) return line->text();
    if (const auto* plain = qobject_cast<const QPlainTextEdit*>(widget)) return plain->toPlainText();
    if (const auto* rich = qobject_cast<const QTextEdit*>(widget)) return rich->toPlainText();
    if (const auto* combo = qobject_cast<const QComboBox*>(widget)) return combo->currentText();
    return widget ? widget->windowTitle() : QString();
}

QModelIndex itemOf(const QAbstractItemView* view, const QString& text) {
    const QAbstractItemModel* model = view->model();
    std::function<QModelIndex(const QModelIndex&)> search = [&](const QModelIndex& parent) -> QModelIndex {
        for (int row = 0; row < model->rowCount(parent); ++row) {
            const QModelIndex index = model->index(row, 0, parent);
            if (index.data().toString().contains(text)) return index;
            if (const QModelIndex below = search(index); below.isValid()) return below;
        }
        return {};
    };
    return search(view->rootIndex());
}

QString User::run(const std::function<void(User&)>& script) {
    QString problem;
    QEventLoop loop;
    User user;
    std::thread person([&] {
        try {
            script(user);
        } catch (const std::exception& stuck) {
            problem = QString::fromUtf8(stuck.what());
        }
        QMetaObject::invokeMethod(&loop, &QEventLoop::quit, Qt::QueuedConnection);
    });
    loop.exec();
    person.join();
    return problem;
}

void User::inGuiThread(const std::function<void()>& work) {
    QMetaObject::invokeMethod(
        qApp, [&work] { work(); }, Qt::BlockingQueuedConnection);
}

void User::when(const QString& what, std::function<std::optional<Deed>()> attempt, int patienceMs) {
    struct Waiting {
        QSemaphore done;
        QString problem;
    };
    const auto waiting = std::make_shared<Waiting>();
    const auto begin = [this, what, attempt = std::move(attempt), patienceMs, waiting] {
        auto* timer = new QTimer(qApp);
        QElapsedTimer since;
        since.start();
        QObject::connect(timer, &QTimer::timeout, timer, [=, this] {
            if (m_isHandBusy) return;
            activateInFront();
            const std::optional<Deed> deed = attempt();
            if (!deed && since.elapsed() < patienceMs) return;
            timer->stop();
            timer->deleteLater();
            if (!deed) {
                savePictures(u"stuck"_s);
                waiting->problem = u"waited %1 s for: %2; %3"_s.arg(patienceMs / 1000).arg(what, onTheScreen());
            }
            // First: a menu or a dialog may keep the deed from returning until it is closed.
            waiting->done.release();
            if (deed && *deed) (*deed)();
        });
        timer->start(kLookMs);
    };
    QMetaObject::invokeMethod(qApp, begin, Qt::QueuedConnection);
    waiting->done.acquire();
    if (!waiting->problem.isEmpty()) throw Stuck(waiting->problem.toStdString());
}

void User::await(const QString& what, std::function<bool()> isSo, int patienceMs) {
    when(
        what, [isSo = std::move(isSo)] { return isSo() ? std::optional<Deed>(Deed()) : std::nullopt; }, patienceMs);
}

void User::awaitShown(const QString& name, int patienceMs) {
    await(
        u"%1 is shown"_s.arg(name), [name] { return shown(name) != nullptr; }, patienceMs);
}

void User::awaitGone(const QString& name, int patienceMs) {
    await(
        u"%1 is gone"_s.arg(name), [name] { return shown(name) == nullptr; }, patienceMs);
}

void User::awaitText(const QString& name, const QString& part, int patienceMs) {
    const auto last = std::make_shared<QString>();
    try {
        await(
            u"%1 says \"%2\""_s.arg(name, part),
            [name, part, last] {
                const QWidget* widget = shown(name);
                *last = widget ? textOf(widget) : u"(not shown)"_s;
                return widget && last->contains(part, Qt::CaseInsensitive);
            },
            patienceMs);
    } catch (const Stuck& stuck) {
        throw Stuck(stuck.what() + u"; it says \"%1\""_s.arg(*last).toStdString());
    }
}

QString User::text(const QString& name) {
    return see([name] { return textOf(shown(name)); });
}

std::optional<User::Deed> User::clickAt(QWidget* widget, QPoint place, Qt::KeyboardModifiers modifiers) {
    const auto inWindow = reachable(widget, place);
    if (!inWindow) {
        wheelTowards(widget, place);
        return std::nullopt;
    }
    QPointer<QWindow> window = widget->window()->windowHandle();
    if (!window) return std::nullopt;
    // Nobody clicks what has only just appeared and still finds its place.
    const std::pair<const QWidget*, QRect> seenNow{widget, QRect(*inWindow, widget->size())};
    if (std::exchange(m_seenLast, seenNow) != seenNow) return std::nullopt;
    return [this, window, where = *inWindow, modifiers] {
        m_isHandBusy = true;
        if (window && window != QGuiApplication::focusWindow() && window->type() != Qt::Popup)
            window->requestActivate();
        // Posted, as the press may open a menu, which has an event loop of its own.
        QMetaObject::invokeMethod(
            qApp,
            [this, window, where, modifiers] {
                m_isHandBusy = false;
                if (window) QTest::mouseRelease(window, Qt::LeftButton, modifiers, where);
            },
            Qt::QueuedConnection);
        if (window) QTest::mousePress(window, Qt::LeftButton, modifiers, where);
    };
}

void User::click(const QString& name, Qt::KeyboardModifiers modifiers) {
    when(u"%1 can be clicked"_s.arg(name), [this, name, modifiers]() -> std::optional<Deed> {
        QWidget* widget = shown(name);
        if (!widget || !widget->isEnabled()) return std::nullopt;
        // Check boxes and radio buttons answer where they are drawn.
        const bool isAtLeft = widget->inherits("QCheckBox") || widget->inherits("QRadioButton");
        const QPoint middle = widget->rect().center();
        return clickAt(widget, isAtLeft ? QPoint(10, middle.y()) : middle, modifiers);
    });
}

void User::clickItem(const QString& viewName, const QString& itemText, Qt::KeyboardModifiers modifiers) {
    when(u"\"%1\" in %2 can be clicked"_s.arg(itemText, viewName), [=, this]() -> std::optional<Deed> {
        auto* view = shownAs<QAbstractItemView>(viewName);
        if (!view || !view->isEnabled()) return std::nullopt;
        const QModelIndex index = itemOf(view, itemText);
        if (!index.isValid()) return std::nullopt;
        const QRect place = view->visualRect(index);
        if (place.isEmpty()) return std::nullopt;
        if (!view->viewport()->rect().contains(place.center())) {
            view->scrollTo(index);
            return std::nullopt;
        }
        return clickAt(view->viewport(), {place.left() + std::min(place.width() / 2, 80), place.center().y()},
                       modifiers);
    });
}

void User::clickTab(const QString& tabBar, const QString& tabText) {
    when(u"the tab \"%1\" of %2 can be clicked"_s.arg(tabText, tabBar), [=, this]() -> std::optional<Deed> {
        auto* bar = shownAs<QTabBar>(tabBar);
        for (int i = 0; bar && i < bar->count(); ++i)
            if (bar->tabText(i).remove(u'&') == tabText && bar->isTabEnabled(i))
                return clickAt(bar, bar->tabRect(i).center(), {});
        return std::nullopt;
    });
}

void User::choose(const QString& comboBox, const QString& itemText) {
    click(comboBox);
    const auto isDone = std::make_shared<bool>(false);
    when(u"\"%1\" of %2 can be chosen"_s.arg(itemText, comboBox), [=, this]() -> std::optional<Deed> {
        QWidget* popup = QApplication::activePopupWidget();
        auto* view = popup ? popup->findChild<QAbstractItemView*>() : nullptr;
        if (!view) return std::nullopt;
        const QModelIndex index = itemOf(view, itemText);
        if (!index.isValid()) return std::nullopt;
        const QRect place = view->visualRect(index);
        if (place.isEmpty()) return std::nullopt;
        if (!view->viewport()->rect().contains(place.center())) {
            view->scrollTo(index);
            return std::nullopt;
        }
        return clickAt(view->viewport(), place.center(), {});
    });
    await(u"the list of %1 is closed"_s.arg(comboBox), [] { return !QApplication::activePopupWidget(); });
    awaitText(comboBox, itemText);
}

void User::chooseInMenu(const QString& itemText) {
    when(u"\"%1\" in the menu can be clicked"_s.arg(itemText), [=, this]() -> std::optional<Deed> {
        auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
        if (!menu) return std::nullopt;
        for (QAction* action : menu->actions())
            if (action->text().remove(u'&').contains(itemText) && action->isEnabled())
                return clickAt(menu, menu->actionGeometry(action).center(), {});
        return std::nullopt;
    });
}

void User::tapKey(Qt::Key key, Qt::KeyboardModifiers modifiers) {
    QPointer<QWindow> window = QGuiApplication::focusWindow();
    m_isHandBusy = true;
    QMetaObject::invokeMethod(
        qApp,
        [this, window, key, modifiers] {
            m_isHandBusy = false;
            if (window) QTest::keyRelease(window, key, modifiers);
        },
        Qt::QueuedConnection);
    if (window) QTest::keyPress(window, key, modifiers);
}

void User::press(Qt::Key key, Qt::KeyboardModifiers modifiers) {
    when(u"a window takes the key %1"_s.arg(QKeySequence(key | modifiers).toString()),
         [=, this]() -> std::optional<Deed> {
             if (!QGuiApplication::focusWindow()) return std::nullopt;
             return [=, this] { tapKey(key, modifiers); };
         });
}

void User::pressTimes(Qt::Key key, int times) {
    for (int i = 0; i < times; ++i) press(key);
}

void User::type(const QString& text) {
    when(u"something takes the text \"%1\""_s.arg(text), [=, this]() -> std::optional<Deed> {
        if (!QGuiApplication::focusWindow() || !QApplication::focusWidget()) return std::nullopt;
        return [=, this] {
            m_isHandBusy = true;
            for (const QChar letter : text)
                if (QWindow* window = QGuiApplication::focusWindow()) QTest::keyClick(window, letter.toLatin1());
            m_isHandBusy = false;
        };
    });
}

void User::fill(const QString& name, const QString& text) {
    click(name);
    await(u"%1 has the focus"_s.arg(name), [name] { return shown(name) && shown(name)->hasFocus(); });
    press(Qt::Key_A, Qt::ControlModifier);
    type(text);
    press(Qt::Key_Tab);
}

void User::tabTo(const QString& name) {
    for (int i = 0; i < kMostTabs; ++i) {
        const bool isThere = see([name] {
            const QWidget* focus = QApplication::focusWidget();
            return focus && hasName(focus, name);
        });
        if (isThere) return;
        press(Qt::Key_Tab);
    }
    throw Stuck(u"the Tab key does not reach %1; %2"_s.arg(name, see(onTheScreen)).toStdString());
}

void User::picture(const QString& name) {
    inGuiThread([name] { savePictures(name); });
}

}  // namespace radlads::tests
