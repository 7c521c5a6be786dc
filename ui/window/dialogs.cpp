#include "ui/window/dialogs.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDir>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QVBoxLayout>

#include "ui/core/theme.h"
#include "ui/window/named.h"

namespace radlads::ui {

using namespace Qt::StringLiterals;

namespace {

struct Frame {
    QFormLayout* form;
    QDialogButtonBox* buttons;
};

Frame makeFrame(QDialog* dialog, const QString& name, const QString& title, const QString& accept,
                const QString& hint = {}) {
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setObjectName(name);
    dialog->setWindowTitle(title);
    auto* layout = new QVBoxLayout(dialog);
    layout->setContentsMargins(Theme::kSpacing * 2, Theme::kSpacing * 2, Theme::kSpacing * 2, Theme::kSpacing * 2);
    layout->setSpacing(Theme::kSpacing * 2);
    if (!hint.isEmpty()) {
        auto* text = new QLabel(hint);
        text->setWordWrap(true);
        layout->addWidget(text);
    }
    auto* form = new QFormLayout;
    form->setSpacing(Theme::kSpacing);
    layout->addLayout(form);
    layout->addStretch(1);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel);
    buttons->button(QDialogButtonBox::Ok)->setText(accept);
    QObject::connect(buttons, &QDialogButtonBox::accepted, dialog, &QDialog::accept);
    QObject::connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::reject);
    layout->addWidget(buttons);
    dialog->setMinimumWidth(dialog->fontMetrics().averageCharWidth() * 64);
    return {form, buttons};
}

}  // namespace

EngineDialog::EngineDialog(const EngineAddress& address, QWidget* parent) : QDialog(parent) {
    const bool isNew = address.host.isEmpty();
    const Frame frame = makeFrame(
        this, u"engineDialog"_s, isNew ? tr("Add an engine") : tr("Edit the engine"), isNew ? tr("&Add") : tr("&Save"),
        tr("An engine on another computer is reached by ssh, with a key and without a password prompt. "
           "radlads-engine has to be installed there."));
    m_host = named(new QLineEdit(address.host), u"engineHost"_s, tr("Host"));
    m_host->setPlaceholderText(tr("gpu-node or user@gpu-node"));
    m_title = named(new QLineEdit(address.title == address.host ? QString() : address.title), u"engineTitle"_s,
                    tr("Name in the list"));
    m_title->setPlaceholderText(tr("as the host"));
    frame.form->addRow(tr("&Host:"), m_host);
    frame.form->addRow(tr("&Name in the list:"), m_title);
    QPushButton* ok = frame.buttons->button(QDialogButtonBox::Ok);
    // What starts with a dash would be an option of ssh.
    const auto isUsable = [](const QString& host) {
        static const QRegularExpression pattern(u"^[A-Za-z0-9_][A-Za-z0-9_.@:%\\[\\]-]*$"_s);
        return pattern.match(host.trimmed()).hasMatch();
    };
    ok->setEnabled(isUsable(m_host->text()));
    connect(m_host, &QLineEdit::textChanged, this,
            [ok, isUsable](const QString& text) { ok->setEnabled(isUsable(text)); });
    connect(this, &QDialog::accepted, this, [this] {
        const QString host = m_host->text().trimmed(), title = m_title->text().simplified();
        Q_EMIT chosen({host, title.isEmpty() ? host : title, QString(), host});
    });
}

LabelDialog::LabelDialog(const RunRecord& record, QWidget* parent) : QDialog(parent) {
    const Frame frame = makeFrame(this, u"labelDialog"_s, tr("Tags and notes of %1").arg(record.name), tr("&Save"));
    m_tags = named(new QLineEdit(record.tags.join(u", "_s)), u"tags"_s, tr("Tags, with commas between"));
    m_tags->setPlaceholderText(tr("paper, ablation"));
    m_notes = named(new QPlainTextEdit(record.notes), u"notes"_s, tr("Notes"));
    m_notes->setTabChangesFocus(true);
    frame.form->addRow(tr("&Tags:"), m_tags);
    frame.form->addRow(tr("&Notes:"), m_notes);
    connect(this, &QDialog::accepted, this, [this] {
        QStringList tags;
        for (const QString& tag : m_tags->text().split(u','))
            if (const QString clean = tag.simplified(); !clean.isEmpty() && !tags.contains(clean)) tags.append(clean);
        Q_EMIT chosen(tags, m_notes->toPlainText());
    });
}

SettingsDialog::SettingsDialog(Settings* settings, QWidget* parent) : QDialog(parent), m_settings(settings) {
    const Frame frame = makeFrame(this, u"settingsDialog"_s, tr("Settings"), tr("&Save"));
    m_theme = named(new QComboBox, u"settingTheme"_s, tr("Colours"));
    m_theme->addItem(tr("As the desktop"), u"system"_s);
    m_theme->addItem(tr("Light"), u"light"_s);
    m_theme->addItem(tr("Dark"), u"dark"_s);
    m_theme->setCurrentIndex(std::max(0, m_theme->findData(settings->value(Setting::ThemeMode))));
    m_language = named(new QComboBox, u"settingLanguage"_s, tr("Language, from the next start on"));
    m_language->addItem(tr("As the desktop"), QString());
    m_language->addItem(u"English"_s, u"en"_s);
    for (const QString& file : QDir(u":/i18n"_s).entryList({u"radlads_*.qm"_s})) {
        const QString code = file.section(u'_', 1).section(u'.', 0, 0);
        m_language->addItem(QLocale(code).nativeLanguageName(), code);
    }
    m_language->setCurrentIndex(std::max(0, m_language->findData(settings->value(Setting::Language))));
    m_smoothing = named(new QDoubleSpinBox, u"settingSmoothing"_s, tr("Smoothing of new charts"));
    m_smoothing->setRange(0, 0.999);
    m_smoothing->setDecimals(3);
    m_smoothing->setSingleStep(0.05);
    m_smoothing->setValue(settings->value(Setting::Smoothing).toDouble());
    m_cost = named(new QDoubleSpinBox, u"settingCost"_s, tr("Cost of this machine per hour"));
    m_cost->setRange(0, 100000);
    m_cost->setPrefix(tr("$ "));
    m_cost->setSpecialValueText(tr("not estimated"));
    m_cost->setValue(settings->value(Setting::CostPerHour).toDouble());
    m_folder = named(new QLineEdit(settings->value(Setting::RunFolder).toString()), u"settingFolder"_s,
                     tr("Folder for plans"));
    m_folder->setPlaceholderText(QDir::homePath());
    m_notifications = named(new QCheckBox(tr("&Tell me when a run ends or needs attention")), u"settingNotifications"_s,
                            tr("Tell me when a run ends or needs attention"));
    m_notifications->setChecked(settings->value(Setting::Notifications).toBool());
    m_autostart = named(new QCheckBox(tr("Start the &engine on this computer when it does not run")),
                        u"settingAutostart"_s, tr("Start the engine on this computer when it does not run"));
    m_autostart->setChecked(settings->value(Setting::EngineAutostart).toBool());

    frame.form->addRow(tr("&Colours:"), m_theme);
    frame.form->addRow(tr("&Language (from the next start on):"), m_language);
    frame.form->addRow(tr("S&moothing of new charts:"), m_smoothing);
    frame.form->addRow(tr("C&ost per hour:"), m_cost);
    frame.form->addRow(tr("&Folder for plans:"), m_folder);
    frame.form->addRow(m_notifications);
    frame.form->addRow(m_autostart);
    connect(this, &QDialog::accepted, this, &SettingsDialog::save);
}

void SettingsDialog::save() {
    m_settings->setValue(Setting::ThemeMode, m_theme->currentData());
    m_settings->setValue(Setting::Language, m_language->currentData());
    m_settings->setValue(Setting::Smoothing, m_smoothing->value());
    m_settings->setValue(Setting::CostPerHour, m_cost->value());
    m_settings->setValue(Setting::RunFolder, m_folder->text().trimmed());
    m_settings->setValue(Setting::Notifications, m_notifications->isChecked());
    m_settings->setValue(Setting::EngineAutostart, m_autostart->isChecked());
}

}  // namespace radlads::ui
