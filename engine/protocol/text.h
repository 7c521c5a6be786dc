// Small text helpers that every message needs: quoting what a file said, and naming the nearest known word.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/protocol/result.h"

namespace radlads::protocol {

// The text in double quotes, fit for one line of a terminal: at most 60 bytes (cut between characters), control
// characters as '?'.
std::string quote(std::string_view text);

// The candidate with the least edit distance to word, if it is near enough to be meant (at most 2, or a third of the
// length).
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

// Whether no bracket of a JSON text is nested deeper than maxDepth. Looks at brackets and strings alone: works on any
// bytes.
bool jsonDepthWithin(std::string_view json, std::size_t maxDepth);

// Parses a JSON text from outside: size and depth are checked first, a fault is named by line and column, a key that
// occurs twice in an object is refused. where: the name of the file, for messages.
Result<nlohmann::json> parseJson(std::string_view json, const std::string& where, std::size_t maxBytes,
                                 std::size_t maxDepth);

}  // namespace radlads::protocol
