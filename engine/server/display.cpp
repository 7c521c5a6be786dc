#include "engine/server/display.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace radlads::server {
namespace {

size_t widthOf(const std::string& text) {
    return static_cast<size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

struct Unit {
    double size;
    const char* name;
};

}  // namespace

std::string countText(double value) {
    constexpr std::array<Unit, 4> kUnits{{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}}};
    if (!std::isfinite(value)) return numberText(value);
    for (const Unit& unit : kUnits)
        if (std::abs(value) >= unit.size)
            return fmt::format("{:.3g} {}", std::min(value / unit.size, 999e9), unit.name);
    return fmt::format("{:.3g}", value);
}

std::string durationText(double seconds) {
    if (!std::isfinite(seconds) || seconds < 0) return "-";
    if (seconds > 1e9) return "over 30 years";
    const auto whole = static_cast<int64_t>(std::llround(seconds));
    const int64_t days = whole / 86400, hours = whole / 3600 % 24, minutes = whole / 60 % 60;
    if (days > 0) return fmt::format("{} d {} h", days, hours);
    if (hours > 0) return fmt::format("{} h {} min", hours, minutes);
    if (minutes > 0) return fmt::format("{} min", minutes);
    return fmt::format("{} s", whole);
}

std::string numberText(double value) {
    return fmt::format("{:.4g}", value);
}

std::string printable(const std::string& text) {
    std::string result = text;
    for (char& c : result)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
    return result;
}

std::optional<double> secondsSince(const std::string& time) {
    std::tm parts{};
    if (std::sscanf(time.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
                    &parts.tm_hour, &parts.tm_min, &parts.tm_sec) != 6)
        return std::nullopt;
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    const std::time_t then = ::timegm(&parts);
    return std::max(0.0, std::difftime(std::time(nullptr), then));
}

std::string tableText(const std::vector<std::vector<std::string>>& rows) {
    std::vector<size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], widthOf(row[i]));
    }
    std::string text;
    for (const auto& row : rows) {
        std::string line;
        for (size_t i = 0; i < row.size(); ++i) line += row[i] + std::string(widths[i] - widthOf(row[i]) + 2, ' ');
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

}  // namespace radlads::server
