#include "engine/io/pre_tokenizer.h"

#include <algorithm>

#include "engine/io/tokenizer_unicode.h"

namespace radlads::io {
namespace {

constexpr uint8_t kMain = kLetter | kNumber | kWhiteSpace;

// The character at p: its class and its length in bytes.
struct Character {
    uint8_t kind;
    int length;
};

Character characterAt(const uint8_t* classes, const char* p) {
    const auto first = static_cast<unsigned char>(*p);
    if (first < 0x80) return {classes[first], 1};
    int length = 0;
    const char32_t code = decodeValidUtf8(p, length);
    return {classes[code], length};
}

// The end of the run of characters whose class, masked with kMain, is `kind`; at most `limit` characters.
const char* runEnd(const uint8_t* classes, const char* p, const char* end, uint8_t kind, int limit = INT32_MAX) {
    for (; p != end && limit > 0; --limit) {
        const Character character = characterAt(classes, p);
        if ((character.kind & kMain) != kind) break;
        p += character.length;
    }
    return p;
}

bool isNewline(char c) {
    return c == '\r' || c == '\n';
}

// The length of 's 't 're 've 'm 'll 'd at p (which is at the apostrophe), 0 if there is none.
size_t contraction(const char* p, const char* end) {
    if (end - p < 2) return 0;
    const char second = p[1];
    if (second == 's' || second == 't' || second == 'm' || second == 'd') return 2;
    if (end - p < 3) return 0;
    const char third = p[2];
    return (third == 'e' && (second == 'r' || second == 'v')) || (second == 'l' && third == 'l') ? 3 : 0;
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

// The same without regard to case: U+017F (long s) folds to s.
size_t contractionAnyCase(const char* p, const char* end) {
    if (end - p >= 3 && p[1] == '\xC5' && p[2] == '\xBF') return 3;
    const char folded[3] = {'\'', end - p >= 2 ? lower(p[1]) : '\0', end - p >= 3 ? lower(p[2]) : '\0'};
    return contraction(folded, folded + std::min<ptrdiff_t>(end - p, 3));
}

// \s+(?!\S)|\s+ : white space before a non-space leaves its last character to lead the next piece.
const char* spaceEnd(const uint8_t* classes, const char* begin, const char* end) {
    const char* p = begin;
    const char* last = begin;
    while (p != end) {
        const Character character = characterAt(classes, p);
        if (!(character.kind & kWhiteSpace)) return last == begin ? p : last;
        last = p;
        p += character.length;
    }
    return end;
}

// The same with \s*[\r\n]+ before it: up to and with the last line break of the run, if it has one.
const char* spaceOrLinesEnd(const uint8_t* classes, const char* begin, const char* end) {
    const char* lines = nullptr;
    const char* last = begin;
    const char* p = begin;
    while (p != end) {
        const Character character = characterAt(classes, p);
        if (!(character.kind & kWhiteSpace)) break;
        last = p;
        p += character.length;
        if (isNewline(*last)) lines = p;
    }
    if (lines) return lines;
    return p == end || last == begin ? p : last;
}

template <int kDigits>
const char* qwenPieceEnd(const uint8_t* classes, const char* begin, const char* end) {
    if (*begin == '\'')
        if (const size_t length = contractionAnyCase(begin, end)) return begin + length;
    const Character first = characterAt(classes, begin);
    const char* const second = begin + first.length;
    if (first.kind & kLetter) return runEnd(classes, second, end, kLetter);
    if (first.kind & kNumber) return runEnd(classes, second, end, kNumber, kDigits - 1);
    const uint8_t next = second == end ? kWhiteSpace : characterAt(classes, second).kind;
    if ((next & kLetter) && !isNewline(*begin)) return runEnd(classes, second, end, kLetter);
    if ((first.kind & kMain) == 0 || (*begin == ' ' && (next & kMain) == 0)) {
        const char* p = runEnd(classes, second, end, 0);
        while (p != end && isNewline(*p)) ++p;
        return p;
    }
    return spaceOrLinesEnd(classes, begin, end);
}

const char* gpt2PieceEnd(const uint8_t* classes, const char* begin, const char* end) {
    if (*begin == '\'')
        if (const size_t length = contraction(begin, end)) return begin + length;
    const char* start = begin;
    if (*begin == ' ' && end - begin > 1) ++start;
    const Character first = characterAt(classes, start);
    if (first.kind & kWhiteSpace) return spaceEnd(classes, begin, end);
    return runEnd(classes, start + first.length, end, first.kind & kMain);
}

template <bool kEach>
const char* digitPieceEnd(const uint8_t* classes, const char* begin, const char* end) {
    const Character first = characterAt(classes, begin);
    const bool number = first.kind & kNumber;
    const char* p = begin + first.length;
    if (number && kEach) return p;
    while (p != end) {
        const Character character = characterAt(classes, p);
        if (bool(character.kind & kNumber) != number) break;
        p += character.length;
    }
    return p;
}

const char* wholeEnd(const uint8_t*, const char*, const char* end) {
    return end;
}

}  // namespace

PieceEnd pieceEnd(Splitter splitter) {
    switch (splitter) {
        case Splitter::None:
            return wholeEnd;
        case Splitter::Qwen2:
            return qwenPieceEnd<1>;
        case Splitter::Llama3:
            return qwenPieceEnd<3>;
        case Splitter::Gpt2:
            return gpt2PieceEnd;
        case Splitter::EachDigit:
            return digitPieceEnd<true>;
        case Splitter::DigitRuns:
            return digitPieceEnd<false>;
    }
    return wholeEnd;
}

PreTokenizerPipeline PreTokenizerPipeline::of(PreTokenizer preTokenizer) {
    switch (preTokenizer) {
        case PreTokenizer::Qwen2:
            return PreTokenizerPipeline({{Splitter::Qwen2}});
        case PreTokenizer::Llama3:
            return PreTokenizerPipeline({{Splitter::Llama3}});
        case PreTokenizer::SmolLm:
            return PreTokenizerPipeline({{Splitter::EachDigit}, {Splitter::Gpt2}});
        case PreTokenizer::Gpt2:
            break;
    }
    return PreTokenizerPipeline({{Splitter::Gpt2}});
}

const uint8_t* PreTokenizerPipeline::characters() {
    return characterClasses();
}

}  // namespace radlads::io
