// A user who can do what a person can and no more: finds things by name among what is on the screen, and uses mouse and
// keyboard. The user's script runs in a thread of its own while the program's event loop runs undisturbed, nested loops
// of menus and dialogs included; whatever touches widgets happens in the GUI thread.
#pragma once

#include <QRect>
#include <QString>
#include <QWidget>
#include <atomic>
#include <functional>
#include <optional>
#include <stdexcept>

class QAbstractItemView;
class QModelIndex;
class QWindow;

namespace radlads::tests {

// What the user waited for in vain.
class Stuck : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class User {
public:
    static constexpr int kPatienceMs = 60000;

    // Runs the script; what the user waited for in vain, empty if nothing. Called in the GUI thread.
    static QString run(const std::function<void(User&)>& script);

    // Looking. `isSo` is asked in the GUI thread, now and then.
    void await(const QString& what, std::function<bool()> isSo, int patienceMs = kPatienceMs);
    void awaitShown(const QString& name, int patienceMs = kPatienceMs);
    void awaitGone(const QString& name, int patienceMs = kPatienceMs);
    void awaitText(const QString& name, const QString& part, int patienceMs = kPatienceMs);
    QString text(const QString& name);  // of a label, an editor or a button; empty if it is not shown
    template <typename Look>
    auto see(Look look) -> decltype(look()) {
        decltype(look()) seen{};
        inGuiThread([&] { seen = look(); });
        return seen;
    }

    // Doing. Each waits until it can be done: the thing is shown, enabled and not covered; wheels to it if it is out
    // of sight in its scroll area.
    void click(const QString& name, Qt::KeyboardModifiers modifiers = {});
    void clickItem(const QString& view, const QString& itemText, Qt::KeyboardModifiers modifiers = {});
    void clickTab(const QString& tabBar, const QString& tabText);
    void choose(const QString& comboBox, const QString& itemText);
    void chooseInMenu(const QString& itemText);  // of the menu that is open
    void press(Qt::Key key, Qt::KeyboardModifiers modifiers = {});
    void pressTimes(Qt::Key key, int times);
    void type(const QString& text);                       // where the focus is
    void fill(const QString& name, const QString& text);  // clicks, replaces everything, leaves with Tab
    void tabTo(const QString& name);                      // the Tab key until it has the focus
    void picture(const QString& name);                    // of everything shown, if RADLADS_SCREENSHOTS names a folder

private:
    using Deed = std::function<void()>;
    // `attempt` is asked until it returns something to do.
    void when(const QString& what, std::function<std::optional<Deed>()> attempt, int patienceMs = kPatienceMs);
    void inGuiThread(const std::function<void()>& work);
    std::optional<Deed> clickAt(QWidget* widget, QPoint place, Qt::KeyboardModifiers modifiers);
    void tapKey(Qt::Key key, Qt::KeyboardModifiers modifiers);

    std::atomic<bool> m_isHandBusy = false;       // between a press and its release
    std::pair<const QWidget*, QRect> m_seenLast;  // what is about to be clicked, and where
};

// In the GUI thread: the widget of this name (objectName, accessibleName or a button's text) that is on the screen and,
// while a dialog is modal, within it; null if there is none.
QWidget* shown(const QString& name);
template <typename Widget>
Widget* shownAs(const QString& name) {
    return qobject_cast<Widget*>(shown(name));
}
QString textOf(const QWidget* widget);
QModelIndex itemOf(const QAbstractItemView* view, const QString& text);

}  // namespace radlads::tests
