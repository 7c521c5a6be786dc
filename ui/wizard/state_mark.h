// The marks for done, needs attention and default: a shape and a colour, always shown beside a word.
#pragma once

#include <QIcon>
#include <QString>

namespace radlads::ui {

enum class PageState { Default, Done, Attention };

QString stateWord(PageState state);
QIcon stateIcon(PageState state);

}  // namespace radlads::ui
