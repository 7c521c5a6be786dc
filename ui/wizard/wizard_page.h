// A page of the wizard: what it may use, and what the frame around it asks of it. Owned by ConversionWizard.
#pragma once

#include <QFormLayout>
#include <QLabel>
#include <QScrollArea>
#include <QStringList>
#include <QVBoxLayout>

#include "ui/wizard/plan_field.h"

namespace radlads::ui {

class EngineClient;
class PlanAdvisor;
class TeacherInspector;
class WizardModel;

struct WizardParts {
    EngineClient* client = nullptr;
    WizardModel* model = nullptr;
    PlanAdvisor* advisor = nullptr;
    TeacherInspector* teacher = nullptr;
};

class WizardPage : public QScrollArea {
    Q_OBJECT
public:
    // keys: the parts of the plan that the page edits, as "data" or "student".
    WizardPage(WizardParts parts, QString title, QString topic, QStringList keys, QWidget* parent);

    const QString& title() const { return m_title; }
    const QString& topic() const { return m_topic; }
    bool owns(const QString& key) const;
    // Sets the focus to the field of a key, or to the nearest that there is.
    virtual void showField(const QString& key);
    // What is missing for the page to be done, beyond the plan's own problems; empty: nothing.
    virtual QString attention() const { return {}; }

Q_SIGNALS:
    void attentionChanged();

protected:
    QVBoxLayout* column() { return m_column; }
    PlanField* addField(QFormLayout* form, PlanField::Spec spec);
    QLabel* addHeading(const QString& text);
    static QFormLayout* makeForm();
    const WizardParts& parts() const { return m_parts; }
    WizardModel* model() const { return m_parts.model; }
    PlanAdvisor* advisor() const { return m_parts.advisor; }

private:
    WizardParts m_parts;
    QString m_title, m_topic;
    QStringList m_keys;
    QVBoxLayout* m_column;
};

// Two forms side by side, one below the other where there is no room.
class TwoForms : public QWidget {
    Q_OBJECT
public:
    TwoForms(QFormLayout* left, QFormLayout* right, int indent, QWidget* parent);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;

protected:
    void resizeEvent(QResizeEvent* event) override;
    bool event(QEvent* event) override;

private:
    bool isWideEnough(int width) const;
    int place(int width, bool isMoved) const;

    int m_indent;
    QWidget *m_left, *m_right;
};

// A button that opens and closes what is below it.
class Disclosure : public QWidget {
    Q_OBJECT
public:
    Disclosure(const QString& title, QWidget* content, QWidget* parent);
    void setOpen(bool isOpen);

private:
    QToolButton* m_button;
    QWidget* m_content;
};

// Text in the colour of small print, kept when the theme changes.
QLabel* mutedLabel(const QString& text, QWidget* parent);

}  // namespace radlads::ui
