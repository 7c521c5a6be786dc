#include "tests/server/transcript.h"

#include <fstream>
#include <regex>
#include <stdexcept>

namespace radlads::test {
namespace {

using nlohmann::json;

const std::regex& placeholder() {
    static const std::regex pattern("<(text|time|int|number|bool|any)(:[A-Za-z]+)?>");
    return pattern;
}

std::string formOf(const std::string& kind) {
    if (kind == "time") return R"((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z))";
    if (kind == "int") return R"((-?\d+))";
    if (kind == "number") return R"((-?[\d.]+))";
    if (kind == "bool") return "(true|false)";
    return kind == "text" ? "(.+)" : "(.*)";
}

bool isOfKind(const json& value, const std::string& kind) {
    if (kind == "any") return true;
    if (kind == "int") return value.is_number_integer();
    if (kind == "number") return value.is_number();
    return kind == "bool" && value.is_boolean();
}

std::string escaped(const std::string& text) {
    static const std::regex special(R"([.*+?()\[\]{}|\\^$])");
    return std::regex_replace(text, special, R"(\$&)");
}

std::string differs(const std::string& where, const json& expected, const json& actual) {
    return (where.empty() ? "the message" : where) + ": expected " + expected.dump() + ", got " + actual.dump();
}

std::string compare(const json& expected, const json& actual, const std::string& where, TranscriptValues& values);

std::string compareText(const json& expected, const json& actual, const std::string& where, TranscriptValues& values) {
    const auto& text = expected.get_ref<const std::string&>();
    std::smatch alone;
    if (std::regex_match(text, alone, placeholder()) && !actual.is_string())
        return isOfKind(actual, alone[1]) ? "" : differs(where, expected, actual);
    if (!actual.is_string()) return differs(where, expected, actual);
    std::string form;
    std::vector<std::string> names;
    auto rest = text.cbegin();
    for (std::sregex_iterator found(text.begin(), text.end(), placeholder()), end; found != end; ++found) {
        form += escaped(std::string(rest, (*found)[0].first)) + formOf((*found)[1]);
        names.push_back((*found)[2]);
        rest = (*found)[0].second;
    }
    form += escaped(std::string(rest, text.cend()));
    std::smatch match;
    const std::string given = actual.get<std::string>();
    if (!std::regex_match(given, match, std::regex(form))) return differs(where, expected, actual);
    for (std::size_t i = 0; i < names.size(); ++i)
        if (!names[i].empty()) values[names[i].substr(1)] = match[i + 1];
    return "";
}

std::string compareObject(const json& expected, const json& actual, const std::string& where,
                          TranscriptValues& values) {
    for (const auto& [key, value] : expected.items()) {
        if (key == "...") continue;
        if (!actual.contains(key)) return where + "." + key + ": is missing in " + actual.dump();
        if (auto reason = compare(value, actual[key], where + "." + key, values); !reason.empty()) return reason;
    }
    if (expected.contains("...")) return "";
    for (const auto& [key, value] : actual.items())
        if (!expected.contains(key)) return where + "." + key + ": was not expected: " + value.dump();
    return "";
}

std::string compareList(const json& expected, const json& actual, const std::string& where, TranscriptValues& values) {
    const bool isOpen = !expected.empty() && expected.back() == "...";
    const std::size_t size = expected.size() - (isOpen ? 1 : 0);
    if (isOpen ? actual.size() < size : actual.size() != size) return differs(where, expected, actual);
    for (std::size_t i = 0; i < size; ++i) {
        const std::string place = where + "[" + std::to_string(i) + "]";
        if (auto reason = compare(expected[i], actual[i], place, values); !reason.empty()) return reason;
    }
    return "";
}

std::string compare(const json& expected, const json& actual, const std::string& where, TranscriptValues& values) {
    if (expected.is_string()) return compareText(expected, actual, where, values);
    if (expected.is_object() && actual.is_object()) return compareObject(expected, actual, where, values);
    if (expected.is_array() && actual.is_array()) return compareList(expected, actual, where, values);
    return expected == actual ? "" : differs(where, expected, actual);
}

}  // namespace

std::vector<TranscriptLine> readTranscript(const std::filesystem::path& file) {
    std::ifstream stream(file);
    if (!stream) throw std::runtime_error("cannot read " + file.string());
    std::vector<TranscriptLine> lines;
    std::string text;
    for (int number = 1; std::getline(stream, text); ++number) {
        using Kind = TranscriptLine::Kind;
        if (text.empty() || text.front() == '#') continue;
        if (text == "--")
            lines.push_back({Kind::NewSession, number, {}});
        else if (text == "<end")
            lines.push_back({Kind::End, number, {}});
        else if (text.starts_with("> "))
            lines.push_back({Kind::Send, number, text.substr(2)});
        else if (text.starts_with("< "))
            lines.push_back({Kind::Expect, number, text.substr(2)});
        else
            throw std::runtime_error(file.string() + ":" + std::to_string(number) + ": no line of a transcript");
    }
    return lines;
}

std::string withValues(const std::string& text, const TranscriptValues& values) {
    static const std::regex name(R"(\$([A-Za-z]+))");
    std::string result;
    auto rest = text.cbegin();
    for (std::sregex_iterator found(text.begin(), text.end(), name), end; found != end; ++found) {
        result.append(rest, (*found)[0].first);
        const auto value = values.find((*found)[1]);
        if (value == values.end()) throw std::runtime_error("nothing gave a value to " + (*found)[0].str());
        result += value->second;
        rest = (*found)[0].second;
    }
    result.append(rest, text.cend());
    return result;
}

std::string mismatch(const json& expected, const json& actual, TranscriptValues& values) {
    return compare(expected, actual, "", values);
}

}  // namespace radlads::test
