// The window: library on the left, one run, a comparison or the welcome on the right. It connects the parts and does
// what the actions ask for; all state is the engine's. Owned by the application; GUI thread.
#pragma once

#include <QMainWindow>
#include <QSet>
#include <QTimer>

#include "ui/window/engine_set.h"
#include "ui/window/message_bar.h"
#include "ui/window/user_prompts.h"
#include "ui/window/window_parts.h"

class QSplitter;
class QStackedWidget;

namespace radlads::ui {

class LibraryPanel;
class Notifier;
class RunActions;
class RunView;
class StatusLine;
class WelcomePage;

class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    MainWindow(EngineSet* engines, Settings* settings, UserPrompts* prompts, WindowParts parts);
    ~MainWindow() override;

    void openPlanFile(const QString& path);
    void openRun(QString run);  // as soon as the engine has named it
    void openWizard(const QJsonObject& plan);

    LibraryPanel* library() const { return m_library; }
    RunView* runView() const { return m_runView; }
    MessageBar* messageBar() const { return m_messages; }
    RunActions* actions() const { return m_actions; }
    QWidget* comparison() const { return m_comparison.widget; }

protected:
    bool event(QEvent* event) override;
    void closeEvent(QCloseEvent* event) override;

private:
    void makeMenus();
    void connectActions();
    void connectLibrary();
    void chooseEngine(int index);
    void showSelection();
    void refresh();  // everything that depends on more than one thing
    void refreshMessages();
    void onEngineChanged(int index);
    void doDeed(Deed deed, const QString& subject);
    void runCommand(const QString& method, const QString& run);
    void call(const QString& method, const QJsonObject& params,
              const std::function<void(const QJsonObject&)>& then = {});
    void sayError(const RpcError& error);
    void startDemo();
    void pauseOrResume();
    void removeRuns();
    void moveToTrash(const QString& run, const QString& name);
    void editLabels();
    void editEngine(int index);
    void removeEngine(int index);
    void openSettings();
    void openFile();
    void savePlan(const QByteArray& plan, const QString& suggestedName);
    void copyPlanIntoWizard(const QString& run);
    void onPageMade(const QString& id, RunPage* page);
    void focusNextPane();
    void goBack();
    void explainFocus();
    void showAbout();
    void restore();
    RunStore* store() const { return m_engines->store(m_engine); }
    EngineClient* client() const { return m_engines->client(m_engine); }
    QVector<RunRecord> chosenRuns() const;
    QString oneRun() const;

    EngineSet* m_engines;
    Settings* m_settings;
    UserPrompts* m_prompts;
    WindowParts m_parts;
    RunActions* m_actions;
    QMenu* m_runMenu = nullptr;
    LibraryPanel* m_library;
    QSplitter* m_splitter;
    MessageBar* m_messages;
    QStackedWidget* m_stack;
    WelcomePage* m_welcome;
    RunView* m_runView;
    WindowParts::Comparison m_comparison;
    StatusLine* m_status;
    QTimer m_refresh, m_poll;
    int m_engine = 0;
    QString m_awaitedRun;  // to be shown when it appears
    QSet<QString> m_everConnected;
};

}  // namespace radlads::ui
