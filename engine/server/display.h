// Numbers, times and tables for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace radlads::server {

std::string countText(double value);        // 25300 -> "25.3 k", 5e8 -> "500 M"
std::string durationText(double seconds);   // 6720 -> "1 h 52 min"
std::string numberText(double value);       // four significant digits
std::string printable(const std::string&);  // one line: control characters as '?'
// The seconds between an RFC 3339 UTC time and now; nothing if the text is no such time.
std::optional<double> secondsSince(const std::string& time);

// Columns padded to their widest cell, two spaces between them, no trailing spaces. The first row is the heading.
std::string tableText(const std::vector<std::vector<std::string>>& rows);

}  // namespace radlads::server
