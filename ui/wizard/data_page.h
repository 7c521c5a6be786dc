// Page 3: what the student learns from: sources with their shares, a look at the tokens, and how many there are.
#pragma once

#include "ui/wizard/wizard_page.h"

class QPushButton;
class QTextEdit;

namespace radlads::ui {

class DataPreviews;
class DropZone;
class LengthHistogram;
class SourceRow;
struct SourcePreview;

class DataPage : public WizardPage {
    Q_OBJECT
public:
    DataPage(WizardParts parts, QWidget* parent);

    void addSources(const QStringList& paths);
    void showField(const QString& key) override;
    QString attention() const override;

private:
    void buildSources();
    void buildPreview();
    void buildSettings();
    void browse(bool forFolder);
    void refresh();
    void refreshPreview();
    void refreshTokens();
    void setWeight(int index, int percent);
    void remove(int index);
    const SourcePreview& previewOf(int index) const;

    DropZone* m_drop;
    QPushButton* m_demo;
    QVBoxLayout* m_rows;
    QList<SourceRow*> m_sources;
    ProblemLabel *m_problem, *m_previewProblem;
    QLabel *m_previewTitle, *m_tokens, *m_heldOut;
    QTextEdit* m_text;
    LengthHistogram* m_histogram;
    DataPreviews* m_previews;
    int m_current = 0;
};

// Shares in whole percent that sum to 100, none below 1, nearest to the weights.
QList<int> percentShares(const QList<double>& weights);
// One share set to `percent`: the others give or take in proportion, and all still sum to 100.
QList<int> withShare(const QList<int>& shares, int index, int percent);

}  // namespace radlads::ui
