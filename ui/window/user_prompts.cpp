#include "ui/window/user_prompts.h"

#include <QFileDialog>
#include <QMessageBox>
#include <QPushButton>

namespace radlads::ui {

void DialogPrompts::ask(QWidget* parent, const QString& title, const QString& text, const QString& accept,
                        std::function<void()> onAccept) {
    auto* box = new QMessageBox(QMessageBox::NoIcon, title, text, QMessageBox::Cancel, parent);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setObjectName(QStringLiteral("question"));
    QPushButton* button = box->addButton(accept, QMessageBox::AcceptRole);
    box->setDefaultButton(QMessageBox::Cancel);
    QObject::connect(button, &QPushButton::clicked, parent, [onAccept] { onAccept(); });
    box->open();
}

namespace {

void chooseFile(QWidget* parent, QFileDialog* dialog, UserPrompts::TextHandler onChosen) {
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    QObject::connect(dialog, &QFileDialog::fileSelected, parent, [onChosen](const QString& file) { onChosen(file); });
    dialog->open();
}

}  // namespace

void DialogPrompts::askOpenFile(QWidget* parent, const QString& title, const QString& folder, const QString& filter,
                                TextHandler onChosen) {
    auto* dialog = new QFileDialog(parent, title, folder, filter);
    dialog->setFileMode(QFileDialog::ExistingFile);
    chooseFile(parent, dialog, std::move(onChosen));
}

void DialogPrompts::askSaveFile(QWidget* parent, const QString& title, const QString& suggested, const QString& filter,
                                TextHandler onChosen) {
    auto* dialog = new QFileDialog(parent, title, QString(), filter);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->selectFile(suggested);
    chooseFile(parent, dialog, std::move(onChosen));
}

}  // namespace radlads::ui
