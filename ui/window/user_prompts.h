// What the window asks the user: the seam behind which tests answer. Questions never block; the answer comes later, or
// never.
#pragma once

#include <QString>
#include <functional>

class QWidget;

namespace radlads::ui {

class UserPrompts {
public:
    using TextHandler = std::function<void(const QString& text)>;

    virtual ~UserPrompts() = default;
    // onAccept is called if the user chooses `accept`; `accept` names the deed ("Delete").
    virtual void ask(QWidget* parent, const QString& title, const QString& text, const QString& accept,
                     std::function<void()> onAccept) = 0;
    virtual void askOpenFile(QWidget* parent, const QString& title, const QString& folder, const QString& filter,
                             TextHandler onChosen) = 0;
    virtual void askSaveFile(QWidget* parent, const QString& title, const QString& suggested, const QString& filter,
                             TextHandler onChosen) = 0;
};

// With Qt's dialogs.
class DialogPrompts : public UserPrompts {
public:
    void ask(QWidget* parent, const QString& title, const QString& text, const QString& accept,
             std::function<void()> onAccept) override;
    void askOpenFile(QWidget* parent, const QString& title, const QString& folder, const QString& filter,
                     TextHandler onChosen) override;
    void askSaveFile(QWidget* parent, const QString& title, const QString& suggested, const QString& filter,
                     TextHandler onChosen) override;
};

}  // namespace radlads::ui
