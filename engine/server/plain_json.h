// JSON as this program's writers make it, recognised in one pass: ten times as fast as reading it.
#pragma once

#include <cstddef>
#include <string_view>

namespace radlads::server {

// Whether the text is a JSON value of at most so many levels, and plain: no white space, no escapes, ASCII alone,
// numbers of ordinary length. False says nothing: other JSON is valid too.
bool isPlainJson(std::string_view text, std::size_t maxDepth);

}  // namespace radlads::server
