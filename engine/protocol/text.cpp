#include "engine/protocol/text.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

namespace radlads::protocol {
namespace {

std::size_t editDistance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replace = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replace, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

// The reason inside nlohmann's message, without its tag, its own position and the bytes that it quotes.
std::string syntaxReason(std::string_view what) {
    if (const auto dash = what.find(" - "); dash != std::string_view::npos)
        what.remove_prefix(dash + 3);
    else if (const auto bracket = what.find("] "); bracket != std::string_view::npos)
        what.remove_prefix(bracket + 2);
    if (const auto quote = what.find("; last read"); quote != std::string_view::npos) what = what.substr(0, quote);
    return std::string(what.substr(0, 160));
}

struct DuplicateKey {
    std::string key;
};

}  // namespace

std::string quote(std::string_view text) {
    constexpr std::size_t kMost = 60;
    const bool cut = text.size() > kMost;
    if (cut) {
        std::size_t end = kMost;
        while (end > kMost - 4 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
        text = text.substr(0, end);
    }
    std::string result = "\"";
    for (const char c : text) result += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
    return result + (cut ? "...\"" : "\"");
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates) {
    constexpr std::size_t kLongest = 64;
    if (word.empty() || word.size() > kLongest) return std::nullopt;
    std::size_t best = std::max<std::size_t>(2, word.size() / 3) + 1;
    std::optional<std::string> result;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = editDistance(word, candidate);
        if (distance < best && distance < std::max(word.size(), candidate.size())) {
            best = distance;
            result = candidate;
        }
    }
    return result;
}

bool jsonDepthWithin(std::string_view json, std::size_t maxDepth) {
    std::size_t depth = 0;
    bool inString = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (inString) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                inString = false;
        } else if (c == '"') {
            inString = true;
        } else if (c == '[' || c == '{') {
            if (++depth > maxDepth) return false;
        } else if ((c == ']' || c == '}') && depth > 0) {
            --depth;
        }
    }
    return true;
}

Result<nlohmann::json> parseJson(std::string_view json, const std::string& where, std::size_t maxBytes,
                                 std::size_t maxDepth) {
    if (json.size() > maxBytes)
        return invalidInput("{}: {} bytes are too many; at most {} are read", where, json.size(), maxBytes);
    if (!jsonDepthWithin(json, maxDepth))
        return invalidInput("{}: brackets are nested deeper than {} levels", where, maxDepth);
    std::vector<std::set<std::string>> keys;
    const auto refuseDuplicates = [&](int, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
        using Event = nlohmann::json::parse_event_t;
        if (event == Event::object_start) keys.emplace_back();
        if (event == Event::object_end) keys.pop_back();
        if (event == Event::key && !keys.back().insert(parsed.get_ref<const std::string&>()).second)
            throw DuplicateKey{parsed.get<std::string>()};
        return true;
    };
    try {
        return nlohmann::json::parse(json.begin(), json.end(), refuseDuplicates);
    } catch (const DuplicateKey& duplicate) {
        return invalidInput("{}: the key {} occurs twice in one object; remove one of them", where,
                            quote(duplicate.key));
    } catch (const nlohmann::json::parse_error& error) {
        const std::string_view before = json.substr(0, error.byte > 0 ? std::min(error.byte - 1, json.size()) : 0);
        const auto line = 1 + std::count(before.begin(), before.end(), '\n');
        const auto column =
            before.size() - (before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1) + 1;
        return invalidInput("{}: line {}, column {}: this is not valid JSON ({})", where, line, column,
                            syntaxReason(error.what()));
    } catch (const nlohmann::json::exception& error) {  // a number beyond the range of a double
        return invalidInput("{}: this is not valid JSON ({})", where, syntaxReason(error.what()));
    }
}

}  // namespace radlads::protocol
