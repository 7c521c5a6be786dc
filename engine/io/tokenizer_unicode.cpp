#include "engine/io/tokenizer_unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "engine/io/tokenizer_unicode_tables.h"

namespace radlads::io {
namespace {

constexpr char32_t kCodePoints = 0x110000;
constexpr auto kNfcOptions = static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE);

using CodePoints = std::vector<utf8proc_int32_t>;

// The canonical decomposition of one character; none is longer than four.
void appendDecomposed(char32_t code, CodePoints& out) {
    utf8proc_int32_t parts[16];
    int boundary = 0;
    const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(code), parts, 16, kNfcOptions, &boundary);
    if (count < 1 || count > 16)
        out.push_back(static_cast<utf8proc_int32_t>(code));
    else
        out.insert(out.end(), parts, parts + count);
}

int combiningClass(utf8proc_int32_t code) {
    const int value = utf8proc_get_property(code)->combining_class;
    return value != 0 && isIn(kMarksLeftAlone, static_cast<char32_t>(code)) ? 0 : value;
}

// utf8proc orders marks in quadratic time; a stable sort of each run keeps hostile runs of marks cheap.
void orderMarks(CodePoints& codes) {
    const auto isMark = [](utf8proc_int32_t code) { return combiningClass(code) != 0; };
    for (auto run = std::find_if(codes.begin(), codes.end(), isMark); run != codes.end();) {
        const auto end = std::find_if_not(run, codes.end(), isMark);
        std::stable_sort(run, end, [](auto a, auto b) { return combiningClass(a) < combiningClass(b); });
        run = std::find_if(end, codes.end(), isMark);
    }
}

void compose(CodePoints& codes) {
    orderMarks(codes);
    const auto length =
        utf8proc_normalize_utf32(codes.data(), static_cast<utf8proc_ssize_t>(codes.size()), kNfcOptions);
    if (length >= 0) codes.resize(static_cast<size_t>(length));
}

uint8_t classOf(char32_t code, const utf8proc_property_t& property) {
    switch (property.category) {
        case UTF8PROC_CATEGORY_LU:
        case UTF8PROC_CATEGORY_LL:
        case UTF8PROC_CATEGORY_LT:
        case UTF8PROC_CATEGORY_LM:
        case UTF8PROC_CATEGORY_LO:
            return kLetter | kWordCharacter;
        case UTF8PROC_CATEGORY_ND:
        case UTF8PROC_CATEGORY_NL:
            return kNumber | kWordCharacter;
        case UTF8PROC_CATEGORY_NO:
            return kNumber;
        case UTF8PROC_CATEGORY_MN:
        case UTF8PROC_CATEGORY_MC:
        case UTF8PROC_CATEGORY_ME:
        case UTF8PROC_CATEGORY_PC:
            return kWordCharacter;
        case UTF8PROC_CATEGORY_ZS:
        case UTF8PROC_CATEGORY_ZL:
        case UTF8PROC_CATEGORY_ZP:
            return kWhiteSpace;
        default:
            break;
    }
    if ((code >= 0x09 && code <= 0x0D) || code == 0x85) return kWhiteSpace;
    // Other_Alphabetic symbols (circled and squared Latin letters) and Join_Control.
    const bool alphabetic = (code >= 0x24B6 && code <= 0x24E9) || (code >= 0x1F130 && code <= 0x1F149) ||
                            (code >= 0x1F150 && code <= 0x1F169) || (code >= 0x1F170 && code <= 0x1F189);
    return alphabetic || code == 0x200C || code == 0x200D ? kWordCharacter : 0;
}

std::vector<uint8_t> buildClasses() {
    std::vector<uint8_t> classes(kCodePoints, 0);
    CodePoints parts;
    for (char32_t code = 0; code < kCodePoints; ++code) {
        const utf8proc_property_t& property = *utf8proc_get_property(static_cast<utf8proc_int32_t>(code));
        classes[code] |= classOf(code, property);
        if (property.combining_class != 0) classes[code] |= kNotInert;
        const bool isHangul = code >= 0xAC00 && code <= 0xD7A3;
        if (property.decomp_seqindex == UINT16_MAX && !isHangul) continue;
        parts.clear();
        appendDecomposed(code, parts);
        // Whatever follows the first part of a canonical decomposition can join the character before it.
        for (size_t i = 1; i < parts.size(); ++i) classes[static_cast<size_t>(parts[i])] |= kNotInert;
        if (isHangul) continue;
        compose(parts);
        if (parts.size() != 1 || static_cast<char32_t>(parts[0]) != code) classes[code] |= kNotInert;
    }
    const auto inRanges = [&classes](const auto& ranges, auto change) {
        for (const CodeRange& range : ranges)
            for (char32_t code = range.first; code <= range.last; ++code) change(classes[code]);
    };
    inRanges(kNewLetters, [](uint8_t& bits) { bits |= kLetter | kWordCharacter; });
    inRanges(kNewNumbers, [](uint8_t& bits) { bits |= kNumber; });
    inRanges(kMarksLeftAlone, [](uint8_t& bits) { bits &= static_cast<uint8_t>(~kNotInert); });
    return classes;
}

size_t asciiPrefix(std::string_view text, size_t at) {
    while (at + 8 <= text.size()) {
        uint64_t word = 0;
        std::memcpy(&word, text.data() + at, 8);
        if (word & 0x8080808080808080ull) break;
        at += 8;
    }
    while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
    return at;
}

}  // namespace

DecodedCharacter decodeUtf8(const char* p, size_t size) {
    const auto byte = [p](size_t i) { return static_cast<unsigned char>(p[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return {first, 1, true};
    constexpr DecodedCharacter kBroken{0xFFFD, 1, false};
    if (first < 0xC2 || first > 0xF4) return kBroken;
    const size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    // The second byte's range excludes overlong forms, surrogates and what lies beyond U+10FFFF.
    unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    for (size_t i = 1; i < length; ++i) {
        if (i >= size || byte(i) < low || byte(i) > high) return {0xFFFD, static_cast<uint8_t>(i), false};
        low = 0x80;
        high = 0xBF;
    }
    int consumed = 0;
    const char32_t code = decodeValidUtf8(p, consumed);
    return {code, static_cast<uint8_t>(length), true};
}

void appendUtf8(char32_t code, std::string& out) {
    const auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (code < 0x80) return put(code);
    if (code < 0x800) {
        put(0xC0 | code >> 6);
    } else {
        if (code < 0x10000) {
            put(0xE0 | code >> 12);
        } else {
            put(0xF0 | code >> 18);
            put(0x80 | (code >> 12 & 0x3F));
        }
        put(0x80 | (code >> 6 & 0x3F));
    }
    put(0x80 | (code & 0x3F));
}

std::string_view replaceInvalidUtf8(std::string_view text, std::string& storage) {
    bool copying = false;
    size_t copied = 0;
    for (size_t at = asciiPrefix(text, 0); at < text.size();) {
        const DecodedCharacter character = decodeUtf8(text.data() + at, text.size() - at);
        if (!character.valid) {
            if (!copying) storage.clear();
            copying = true;
            storage.append(text.substr(copied, at - copied)).append("\xEF\xBF\xBD");
            copied = at + character.length;
        }
        at = asciiPrefix(text, at + character.length);
    }
    if (!copying) return text;
    storage.append(text.substr(copied));
    return storage;
}

const uint8_t* characterClasses() {
    static const std::vector<uint8_t> classes = buildClasses();
    return classes.data();
}

std::string_view toNfc(std::string_view text, std::string& storage) {
    const uint8_t* classes = characterClasses();
    CodePoints span;
    bool copying = false;
    size_t copied = 0, previous = 0;  // `previous`: the start of the character before `at`
    for (size_t at = asciiPrefix(text, 0); at < text.size();) {
        if (at > 0 && static_cast<unsigned char>(text[at - 1]) < 0x80) previous = at - 1;
        int length = 0;
        if (!(classes[decodeValidUtf8(text.data() + at, length)] & kNotInert)) {
            previous = at;
            at = asciiPrefix(text, at + static_cast<size_t>(length));
            continue;
        }
        // From the inert character before to the next inert one, nothing outside can take part.
        span.clear();
        size_t end = previous;
        while (end < text.size()) {
            const char32_t code = decodeValidUtf8(text.data() + end, length);
            if (end > at && !(classes[code] & kNotInert)) break;
            appendDecomposed(code, span);
            end += static_cast<size_t>(length);
        }
        compose(span);
        if (!copying) storage.clear();
        copying = true;
        storage.append(text.substr(copied, previous - copied));
        for (const auto code : span) appendUtf8(static_cast<char32_t>(code), storage);
        copied = previous = end;
        at = asciiPrefix(text, end);
    }
    if (!copying) return text;
    storage.append(text.substr(copied));
    return storage;
}

}  // namespace radlads::io
