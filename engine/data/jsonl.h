// One line of a JSON lines file. Private to engine/data; a fuzz target.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/protocol/result.h"

namespace radlads::data {

// Where a line stands, for messages.
struct LinePlace {
    const std::string& file;
    int64_t line;  // from 1
};

// The string under textKey of the line's object into text (the last one if the key occurs twice). InvalidInput if the
// line is not one JSON object in UTF-8, is nested deeper than 128 levels, or has no string there. No tree is built:
// memory is the text's.
Status parseJsonlLine(std::string_view line, const std::string& textKey, const LinePlace& place, std::string& text);

}  // namespace radlads::data
