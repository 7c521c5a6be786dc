// The program's texts in the user's language, and Qt's own. Owned by the application, which installs it before the first
// text is looked up; GUI thread.
#pragma once

#include <QLocale>
#include <QTranslator>

namespace radlads::ui {

class Translations {
public:
    ~Translations();
    // The locale becomes the default one. What was installed before is replaced.
    void install(const QLocale& locale);

private:
    void remove();
    QTranslator m_qt, m_plurals, m_texts;
};

}  // namespace radlads::ui
