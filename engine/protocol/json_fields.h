// Structs as tables of JSON fields. A struct S takes part by a function `fields(Tag<S>)` beside it that returns a tuple
// of field(key, &S::member, check); an enum by `choices(Tag<E>)`. Reading, writing and the hints for misspelt keys all
// come from that one table. Private to the .cpp files that hold such tables.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/protocol/result.h"
#include "engine/protocol/text.h"

namespace radlads::protocol {

template <class T>
struct Tag {};

template <class E>
struct Choice {
    E value;
    const char* name;
};

// What a value must fulfil beyond its type. `text` returns why a string is refused, or nothing.
struct Check {
    double low = -std::numeric_limits<double>::infinity();
    double high = std::numeric_limits<double>::infinity();
    bool aboveLow = false;   // low itself is refused
    bool nonFinite = false;  // the strings "nan", "inf", "-inf" are numbers
    std::optional<std::string> (*text)(const std::string&) = nullptr;
};
constexpr Check atLeast(double low) {
    return {.low = low};
}
constexpr Check between(double low, double high) {
    return {.low = low, .high = high};
}
constexpr Check above(double low, double high) {
    return {.low = low, .high = high, .aboveLow = true};
}
constexpr Check textIs(std::optional<std::string> (*text)(const std::string&)) {
    return {.text = text};
}

template <class S, class M>
struct Field {
    const char* key;
    M S::*member;
    Check check;
};
template <class S, class M>
constexpr Field<S, M> field(const char* key, M S::*member, Check check = {}) {
    return {key, member, check};
}

enum class UnknownKeys { Refuse, Ignore };

inline constexpr std::size_t kMaxElements = 4096;
inline constexpr std::size_t kMaxTextBytes = 65536;

namespace detail {

template <class T>
inline constexpr bool isOptional = false;
template <class T>
inline constexpr bool isOptional<std::optional<T>> = true;
template <class T>
inline constexpr bool isVector = false;
template <class T>
inline constexpr bool isVector<std::vector<T>> = true;
template <class T>
concept Described = requires {
    fields(Tag<T>{});
};

inline std::string joined(const std::string& path, const std::string& key) {
    return path.empty() ? key : path + "." + key;
}

inline const char* kindOf(const nlohmann::json& value) {
    switch (value.type()) {
        case nlohmann::json::value_t::object:
            return "an object";
        case nlohmann::json::value_t::array:
            return "a list";
        case nlohmann::json::value_t::string:
            return "a string";
        case nlohmann::json::value_t::boolean:
            return "a boolean";
        case nlohmann::json::value_t::number_float:
            return "a fraction";
        case nlohmann::json::value_t::number_integer:
        case nlohmann::json::value_t::number_unsigned:
            return "an integer";
        default:
            return "null";
    }
}

inline tl::unexpected<Error> wrongKind(const std::string& path, const char* expected, const nlohmann::json& value) {
    return invalidInput("{}: expected {}, found {}", path.empty() ? "the document" : path, expected, kindOf(value));
}

inline std::string rangeText(const Check& check) {
    const std::string low = fmt::format("{} {}", check.aboveLow ? "greater than" : "at least", check.low);
    if (!std::isfinite(check.high)) return low;
    if (check.aboveLow) return fmt::format("{} and at most {}", low, check.high);
    return fmt::format("between {} and {}", check.low, check.high);
}

template <class N>
Status checkRange(const std::string& path, N value, const Check& check) {
    const auto number = static_cast<double>(value);
    if (number > check.low && number <= check.high) return {};
    if (number == check.low && !check.aboveLow) return {};
    return invalidInput("{}: {} is out of range; it must be {}", path, value, rangeText(check));
}

inline Status read(const nlohmann::json& value, const std::string& path, const Check& check, UnknownKeys,
                   std::string& out) {
    if (!value.is_string()) return wrongKind(path, "a string", value);
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() > kMaxTextBytes)
        return invalidInput("{}: a text of {} bytes is too long; at most {} are read", path, text.size(),
                            kMaxTextBytes);
    if (text.find('\0') != std::string::npos) return invalidInput("{}: the text holds a zero byte; remove it", path);
    if (check.text)
        if (const auto reason = check.text(text)) return invalidInput("{}: {} {}", path, quote(text), *reason);
    out = text;
    return {};
}

inline Status read(const nlohmann::json& value, const std::string& path, const Check&, UnknownKeys, bool& out) {
    if (!value.is_boolean()) return wrongKind(path, "true or false", value);
    out = value.get<bool>();
    return {};
}

// 1e6 and 1000000.0 are integers too; above 2^53 only the plain form is exact.
inline Status read(const nlohmann::json& value, const std::string& path, const Check& check, UnknownKeys,
                   int64_t& out) {
    if (!value.is_number()) return wrongKind(path, "an integer", value);
    int64_t number = 0;
    if (value.is_number_float()) {
        const auto real = value.get<double>();
        if (std::floor(real) != real || std::abs(real) > 9007199254740992.0)
            return invalidInput("{}: expected an integer, found {}", path, real);
        number = static_cast<int64_t>(real);
    } else if (value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()}) {
        return invalidInput("{}: {} is out of range; it must be at most {}", path, value.get<uint64_t>(),
                            std::numeric_limits<int64_t>::max());
    } else {
        number = value.get<int64_t>();
    }
    RADLADS_TRY(checkRange(path, number, check));
    out = number;
    return {};
}

inline Status read(const nlohmann::json& value, const std::string& path, const Check& check, UnknownKeys, double& out) {
    if (check.nonFinite && value.is_string()) {
        constexpr double kInfinity = std::numeric_limits<double>::infinity();
        const auto& text = value.get_ref<const std::string&>();
        for (const auto& [name, number] : {std::pair{"nan", std::nan("")}, {"inf", kInfinity}, {"-inf", -kInfinity}})
            if (text == name) {
                out = number;
                return {};
            }
    }
    if (!value.is_number()) return wrongKind(path, "a number", value);
    const auto number = value.get<double>();
    if (!std::isfinite(number)) return invalidInput("{}: the number is too large to be held", path);
    RADLADS_TRY(checkRange(path, number, check));
    out = number;
    return {};
}

template <class E>
requires std::is_enum_v<E> Status read(const nlohmann::json& value, const std::string& path, const Check&, UnknownKeys,
                                       E& out) {
    if (!value.is_string()) return wrongKind(path, "a string", value);
    const auto& text = value.get_ref<const std::string&>();
    std::string known;
    for (const Choice<E>& choice : choices(Tag<E>{})) {
        if (text == choice.name) {
            out = choice.value;
            return {};
        }
        known += (known.empty() ? "\"" : ", \"") + std::string(choice.name) + "\"";
    }
    return invalidInput("{}: {} is not known; it must be one of {}", path, quote(text), known);
}

template <Described S>
Status read(const nlohmann::json& value, const std::string& path, const Check& check, UnknownKeys unknown, S& out);

template <class T>
Status read(const nlohmann::json& value, const std::string& path, const Check& check, UnknownKeys unknown,
            std::optional<T>& out) {
    if (value.is_null()) {
        out.reset();
        return {};
    }
    T inner{};
    RADLADS_TRY(read(value, path, check, unknown, inner));
    out = std::move(inner);
    return {};
}

template <class T>
Status read(const nlohmann::json& value, const std::string& path, const Check& check, UnknownKeys unknown,
            std::vector<T>& out) {
    if (!value.is_array()) return wrongKind(path, "a list", value);
    if (value.size() > kMaxElements)
        return invalidInput("{}: {} elements are too many; at most {} are read", path, value.size(), kMaxElements);
    std::vector<T> elements(value.size());
    for (std::size_t i = 0; i < value.size(); ++i)
        RADLADS_TRY(read(value[i], fmt::format("{}[{}]", path, i), check, unknown, elements[i]));
    out = std::move(elements);
    return {};
}

template <class S>
std::vector<std::string> keysOf() {
    return std::apply([](const auto&... entry) { return std::vector<std::string>{entry.key...}; }, fields(Tag<S>{}));
}

inline tl::unexpected<Error> unknownKey(const std::string& path, const std::string& key,
                                        const std::vector<std::string>& known) {
    // A long or odd key is shown shortened; a plain one without quotes, as in the path.
    const std::string shown = quote(key);
    const std::string full = joined(path, shown.substr(1, shown.size() - 2));
    if (const auto hint = nearest(key, known))
        return invalidInput("{}: unknown key; did you mean \"{}\"?", full, *hint);
    std::string list;
    for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
    return invalidInput("{}: unknown key; the known keys are {}", full, list);
}

template <Described S>
Status read(const nlohmann::json& value, const std::string& path, const Check&, UnknownKeys unknown, S& out) {
    if (!value.is_object()) return wrongKind(path, "an object", value);
    if (unknown == UnknownKeys::Refuse) {
        const std::vector<std::string> known = keysOf<S>();
        for (const auto& [key, ignored] : value.items())
            if (std::find(known.begin(), known.end(), key) == known.end()) return unknownKey(path, key, known);
    }
    Status status;
    const auto readField = [&](const auto& entry) {
        const auto found = value.find(entry.key);
        if (status && found != value.end())
            status = read(*found, joined(path, entry.key), entry.check, unknown, out.*entry.member);
    };
    std::apply([&](const auto&... entry) { (readField(entry), ...); }, fields(Tag<S>{}));
    return status;
}

}  // namespace detail

// Reads the keys that are present into out; absent keys leave what is there.
template <class S>
Status readFields(const nlohmann::json& value, const std::string& path, UnknownKeys unknown, S& out) {
    return detail::read(value, path, Check{}, unknown, out);
}

// Every field, in the order of the table; unset optionals are null; non-finite numbers are the strings "nan", "inf",
// "-inf".
template <class T>
nlohmann::ordered_json writeFields(const T& value) {
    if constexpr (detail::isOptional<T>) {
        return value ? writeFields(*value) : nlohmann::ordered_json(nullptr);
    } else if constexpr (detail::isVector<T>) {
        auto list = nlohmann::ordered_json::array();
        for (const auto& element : value) list.push_back(writeFields(element));
        return list;
    } else if constexpr (std::is_enum_v<T>) {
        for (const auto& choice : choices(Tag<T>{}))
            if (choice.value == value) return choice.name;
        return nullptr;
    } else if constexpr (detail::Described<T>) {
        auto object = nlohmann::ordered_json::object();
        const auto add = [&](const auto& entry) { object[entry.key] = writeFields(value.*entry.member); };
        std::apply([&](const auto&... entry) { (add(entry), ...); }, fields(Tag<T>{}));
        return object;
    } else if constexpr (std::is_same_v<T, double>) {
        if (std::isfinite(value)) return value;
        return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
    } else {
        return value;
    }
}

}  // namespace radlads::protocol
