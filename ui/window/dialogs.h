// The window's own small dialogs. Each deletes itself when closed and tells what was accepted by a signal; GUI thread.
#pragma once

#include <QDialog>

#include "ui/core/engine_client.h"
#include "ui/core/run_record.h"
#include "ui/window/settings.h"

class QCheckBox;
class QComboBox;
class QDialogButtonBox;
class QDoubleSpinBox;
class QLineEdit;
class QPlainTextEdit;

namespace radlads::ui {

class EngineDialog : public QDialog {
    Q_OBJECT
public:
    EngineDialog(const EngineAddress& address, QWidget* parent);  // empty host: a new one

Q_SIGNALS:
    void chosen(const radlads::ui::EngineAddress& address);

private:
    QLineEdit *m_host, *m_title;
};

class LabelDialog : public QDialog {
    Q_OBJECT
public:
    LabelDialog(const RunRecord& record, QWidget* parent);

Q_SIGNALS:
    void chosen(const QStringList& tags, const QString& notes);

private:
    QLineEdit* m_tags;
    QPlainTextEdit* m_notes;
};

class SettingsDialog : public QDialog {
    Q_OBJECT
public:
    SettingsDialog(Settings* settings, QWidget* parent);

private:
    void save();

    Settings* m_settings;
    QComboBox *m_theme, *m_language;
    QDoubleSpinBox *m_smoothing, *m_cost;
    QCheckBox *m_notifications, *m_autostart;
    QLineEdit* m_folder;
};

}  // namespace radlads::ui
