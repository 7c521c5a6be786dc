// The hand-written scanners against PCRE2 with the real regular expressions, and the normaliser against utf8proc's own,
// on random texts.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <gtest/gtest.h>
#include <pcre2.h>
#include <utf8proc.h>

#include <cstdlib>
#include <memory>
#include <random>

#include "engine/io/pre_tokenizer.h"
#include "engine/io/tokenizer_unicode.h"
#include "engine/io/tokenizer_unicode_tables.h"

namespace radlads::io {
namespace {

constexpr uint32_t kSeed = 20240607;

// PCRE2's \s counts U+180E, which Unicode took out of White_Space in version 6.3: the property is spelt out instead.
constexpr const char* kSpaces =
    R"(\t-\r \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";

std::string withSpacesSpeltOut(std::string regex) {
    const auto replaceAll = [&regex](const std::string& from, const std::string& to) {
        for (size_t at = 0; (at = regex.find(from, at)) != regex.npos; at += to.size())
            regex.replace(at, from.size(), to);
    };
    replaceAll("[^\\s", std::string("[^") + kSpaces);
    replaceAll("\\s", std::string("[") + kSpaces + "]");
    replaceAll("\\S", std::string("[^") + kSpaces + "]");
    return regex;
}

class Regex {
public:
    explicit Regex(const std::string& pattern) {
        int error = 0;
        size_t at = 0;
        m_code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), PCRE2_UTF | PCRE2_UCP,
                                   &error, &at, nullptr));
        if (!m_code) std::abort();
        m_match.reset(pcre2_match_data_create_from_pattern(m_code.get(), nullptr));
    }
    // The matches and what lies between them: "Isolated".
    std::vector<std::string> split(const std::string& text) const {
        std::vector<std::string> pieces;
        size_t done = 0;
        while (done < text.size()) {
            const int count = pcre2_match(m_code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), done, 0,
                                          m_match.get(), nullptr);
            const size_t* bounds = pcre2_get_ovector_pointer(m_match.get());
            const size_t begin = count > 0 ? bounds[0] : text.size(), end = count > 0 ? bounds[1] : text.size();
            if (done < begin) pieces.push_back(text.substr(done, begin - done));
            if (begin < end) pieces.push_back(text.substr(begin, end - begin));
            done = end;
        }
        return pieces;
    }

private:
    struct Free {
        void operator()(pcre2_code* code) const { pcre2_code_free(code); }
        void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
    };
    std::unique_ptr<pcre2_code, Free> m_code;
    std::unique_ptr<pcre2_match_data, Free> m_match;
};

// Texts that visit every branch: mostly what the expressions name, some of everything else.
class RandomTexts {
public:
    std::string next() {
        std::string text;
        const int length = pick(1, 24);
        for (int i = 0; i < length; ++i) appendUtf8(character(), text);
        return text;
    }

private:
    int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(m_random); }
    char32_t from(std::u32string_view pool) {
        return pool[static_cast<size_t>(pick(0, static_cast<int>(pool.size()) - 1))];
    }
    char32_t character() {
        switch (pick(0, 9)) {
            case 0:
            case 1:
                return from(U"'sStTrReEvVmMlLdD\u017f\u212a");
            case 2:
                return from(U"  \t\r\n\n\v\f\u0085\u00a0\u1680\u2003\u2028\u202f\u205f\u3000");
            case 3:
                return from(
                    U"abcXYZ\u00e9\u03a9\u0416\u05d0\u0639\u0939\u4e2d\uac00\u30c6\u01c5\u02b0\u00aa\U00010400");
            case 4:
                return from(U"0123456789\u0663\u0967\u00b2\u00bd\u2167\u3007\uff11\U0001d7d8");
            case 5:
                return from(U"!?.,;:()[]{}<>|#_-+*/=\u2014\u201c\u2026\u20ac");
            case 6:
                return from(
                    U"\u0301\u0323\u0308\u094d\u200d\ufe0f\u200b\ufeff\U0001f600\U0001f3fd\U000e0041\ufffd\u180e\0");
            case 7:
                return from(U"' ");
            case 8:
                return from(
                    U"aeiouAEIOU\u0300\u0301\u0302\u0323\u0327\u1100\u1161\u11a8\uac00\u00e9\u1e9b\u0344\u0958\u212b");
            // All of the first planes but the surrogates. Both libraries know the same characters up to U+2FFF well
            // enough; newer blocks depend on the Unicode version.
            default:
                return static_cast<char32_t>(pick(0, 0x52F));
        }
    }
    std::mt19937 m_random{kSeed};
};

std::vector<std::string> piecesOf(PreTokenizer preTokenizer, const std::string& text) {
    std::vector<std::string> pieces;
    PreTokenizerPipeline::of(preTokenizer).forEachPiece(text, [&](std::string_view piece) {
        pieces.emplace_back(piece);
    });
    return pieces;
}

TEST(PreTokenizerScanner, cutsRandomTextsAsTheRegularExpressionsDo) {
    const Regex qwen2(withSpacesSpeltOut(kQwen2Regex)), llama3(withSpacesSpeltOut(kLlama3Regex));
    const Regex gpt2(withSpacesSpeltOut(kGpt2Regex)), digit("\\p{N}");
    RandomTexts texts;
    for (int i = 0; i < 40'000; ++i) {
        const std::string text = texts.next();
        ASSERT_EQ(piecesOf(PreTokenizer::Qwen2, text), qwen2.split(text))
            << "seed " << kSeed << ", text " << i << ": " << text;
        ASSERT_EQ(piecesOf(PreTokenizer::Llama3, text), llama3.split(text))
            << "seed " << kSeed << ", text " << i << ": " << text;
        ASSERT_EQ(piecesOf(PreTokenizer::Gpt2, text), gpt2.split(text))
            << "seed " << kSeed << ", text " << i << ": " << text;
        std::vector<std::string> smolLm;
        for (const std::string& part : digit.split(text))
            for (const std::string& piece : gpt2.split(part)) smolLm.push_back(piece);
        ASSERT_EQ(piecesOf(PreTokenizer::SmolLm, text), smolLm) << "seed " << kSeed << ", text " << i << ": " << text;
    }
}

std::string utf8procNfc(const std::string& text) {
    utf8proc_uint8_t* composed = nullptr;
    const auto size =
        utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                     &composed, static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
    const std::string result(reinterpret_cast<const char*>(composed), size > 0 ? static_cast<size_t>(size) : 0);
    std::free(composed);
    return result;
}

TEST(Nfc, isThatOfUtf8procOnRandomTexts) {
    RandomTexts texts;
    int changed = 0;
    for (int i = 0; i < 40'000; ++i) {
        const std::string text = texts.next();
        std::string storage;
        const std::string_view nfc = toNfc(text, storage);
        ASSERT_EQ(nfc, utf8procNfc(text)) << "seed " << kSeed << ", text " << i << ": " << text;
        changed += nfc != text;
    }
    EXPECT_GT(changed, 5'000);
}

TEST(Nfc, isThatOfUtf8procForEveryCharacterAfterABase) {
    std::string text, storage;
    for (char32_t code = 0; code < 0x110000; ++code) {
        if ((code >= 0xD800 && code < 0xE000) || isIn(kMarksLeftAlone, code)) continue;
        text.clear();
        for (const char32_t part : {char32_t('e'), code, char32_t(0x323), char32_t(0x1161)}) appendUtf8(part, text);
        ASSERT_EQ(toNfc(text, storage), utf8procNfc(text)) << static_cast<uint32_t>(code);
        if (code >= 0x32400 && code < 0xDFFFF) code += 0xFF;  // unassigned
    }
}

TEST(Nfc, leavesMarksAloneThatHuggingFaceDoesNotKnow) {
    for (const auto& [text, nfc] :
         {std::pair("\u0312\u07fd", "\u0312\u07fd"), std::pair("e\u07fd\u0301", "e\u07fd\u0301"),
          std::pair("e\u0301\u07fd\u0323", "\u00e9\u07fd\u0323"),
          std::pair("\U00011935\U00011930", "\U00011935\U00011930")}) {
        std::string storage;
        EXPECT_EQ(toNfc(text, storage), nfc);
    }
}

TEST(Nfc, doesNotCopyTextThatIsInNfcAlready) {
    for (const char* text : {"", "plain", "caf\u00e9 \u4e2d\u6587 \uac00 \U0001f600", "\u00e9"}) {
        std::string storage;
        const std::string_view in(text);
        EXPECT_EQ(toNfc(in, storage).data(), in.data());
    }
}

}  // namespace
}  // namespace radlads::io
