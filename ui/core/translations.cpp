#include "ui/core/translations.h"

#include <QCoreApplication>
#include <QLibraryInfo>

namespace radlads::ui {

using namespace Qt::StringLiterals;

Translations::~Translations() {
    if (QCoreApplication::instance()) remove();
}

void Translations::remove() {
    for (QTranslator* translator : {&m_qt, &m_plurals, &m_texts}) QCoreApplication::removeTranslator(translator);
}

void Translations::install(const QLocale& locale) {
    remove();
    QLocale::setDefault(locale);
    if (m_qt.load(locale, u"qtbase"_s, u"_"_s, QLibraryInfo::path(QLibraryInfo::TranslationsPath)))
        QCoreApplication::installTranslator(&m_qt);
    // English has its plural forms in a file too; they serve every language that has no file of its own.
    if (m_plurals.load(u":/i18n/radlads_en.qm"_s)) QCoreApplication::installTranslator(&m_plurals);
    if (m_texts.load(locale, u"radlads"_s, u"_"_s, u":/i18n"_s)) QCoreApplication::installTranslator(&m_texts);
}

}  // namespace radlads::ui
