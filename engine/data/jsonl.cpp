#include "engine/data/jsonl.h"

#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "engine/protocol/text.h"

namespace radlads::data {
namespace {

constexpr size_t kMaxDepth = 128;
constexpr size_t kMaxKeysNamed = 16;

// Watches the events of nlohmann's parser (which keeps its own stack, so that depth costs no recursion) for the wanted
// key of the outermost object. Every handler returns whether to go on.
class TextFinder {
public:
    using json = nlohmann::json;
    TextFinder(const std::string& textKey, std::string& text) : m_textKey(textKey), m_text(text) {}

    bool null() { return value("null"); }
    bool boolean(bool) { return value("a boolean"); }
    bool number_integer(json::number_integer_t) { return value("a number"); }
    bool number_unsigned(json::number_unsigned_t) { return value("a number"); }
    bool number_float(json::number_float_t, const json::string_t&) { return value("a number"); }
    bool binary(json::binary_t&) { return value("binary data"); }
    bool string(json::string_t& content) {
        if (m_depth == 1 && m_wanted) {
            m_text.swap(content);
            m_found = true;
            m_wanted = false;
            return true;
        }
        return value("a string");
    }
    bool start_object(size_t) { return m_depth == 0 ? enter() : value("an object") && enter(); }
    bool start_array(size_t) { return value("an array") && enter(); }
    bool end_object() { return leave(); }
    bool end_array() { return leave(); }
    bool key(const json::string_t& name) {
        if (m_depth != 1) return true;
        m_wanted = name == m_textKey;
        if (m_keys.size() < kMaxKeysNamed) m_keys.push_back(name);
        return true;
    }
    template <class Exception>
    bool parse_error(size_t position, const std::string&, const Exception& error) {
        m_reason = fmt::format("is not valid JSON at byte {} ({})", position, reasonOf(error.what()));
        return false;
    }

    bool found() const { return m_found; }
    const std::string& reason() const { return m_reason; }
    const std::vector<std::string>& keys() const { return m_keys; }

private:
    bool enter() { return ++m_depth <= kMaxDepth || stop(fmt::format("is nested deeper than {} levels", kMaxDepth)); }
    bool leave() {
        --m_depth;
        return true;
    }
    bool stop(std::string reason) {
        m_reason = std::move(reason);
        return false;
    }
    // A value other than the wanted string.
    bool value(const char* kind) {
        if (m_depth == 0) return stop(fmt::format("is {}, not an object; write one JSON object a line", kind));
        if (m_depth == 1 && m_wanted)
            return stop(fmt::format("has {} under the key {}, not a string; name another text key", kind,
                                    protocol::quote(m_textKey)));
        return true;
    }
    // nlohmann's message without its tag, its own position and the bytes that it quotes.
    static std::string reasonOf(std::string_view what) {
        if (const auto dash = what.find(" - "); dash != what.npos)
            what.remove_prefix(dash + 3);
        else if (const auto bracket = what.find("] "); bracket != what.npos)
            what.remove_prefix(bracket + 2);
        if (const auto quoted = what.find("; last read"); quoted != what.npos) what = what.substr(0, quoted);
        std::string reason(what.substr(0, 120));
        for (char& c : reason)
            if (static_cast<unsigned char>(c) < 0x20) c = '?';
        return reason;
    }

    const std::string& m_textKey;
    std::string& m_text;
    size_t m_depth = 0;
    bool m_wanted = false;
    bool m_found = false;
    std::string m_reason;
    std::vector<std::string> m_keys;
};

}  // namespace

Status parseJsonlLine(std::string_view line, const std::string& textKey, const LinePlace& place, std::string& text) {
    TextFinder finder(textKey, text);
    if (!nlohmann::json::sax_parse(line.begin(), line.end(), &finder))
        return invalidInput("{}, line {}: the line {}", place.file, place.line, finder.reason());
    if (finder.found()) return {};
    std::vector<std::string> keys;
    for (const std::string& key : finder.keys()) keys.push_back(protocol::quote(key));
    const std::string has = keys.empty() ? "no keys at all" : fmt::format("the keys {}", fmt::join(keys, ", "));
    return invalidInput("{}, line {}: there is no key {}; the line has {}: set text_key to one of them", place.file,
                        place.line, protocol::quote(textKey), has);
}

}  // namespace radlads::data
