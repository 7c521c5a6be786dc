#include "resources/demo/story_generator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace radlads::demo {
namespace {

std::string spoken(int number) {
    std::string text = std::to_string(number);
    text.insert(text.begin(), ' ');
    return text;
}

// The reader knows the story's words and nothing of how they were made; every answer is derived again from what stands
// before.
class Reader {
public:
    explicit Reader(const std::vector<Word>& words) : m_words(words) {}

    const std::string& text(size_t i) const { return m_words[i].text; }
    // "barn" of " barn"; empty outside the story.
    std::string word(size_t i) const { return i < m_words.size() ? m_words[i].text.substr(1) : ""; }
    std::optional<int> number(size_t i) const {
        const std::string digits = word(i);
        int value = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
        return value;
    }
    // The last place before i where the text stands.
    std::optional<size_t> lastBefore(size_t i, const std::string& text) const {
        while (i-- > 0)
            if (m_words[i].text == text) return i;
        return std::nullopt;
    }

    // The value that followed the key standing before i, everywhere before i; nothing if it was not always the same
    // one.
    std::optional<std::string> recalled(size_t i) const {
        std::optional<std::string> value;
        for (size_t j = 0; j + 2 < i; ++j) {
            if (text(j) != text(i - 1)) continue;
            if (value && *value != text(j + 1)) return std::nullopt;
            value = text(j + 1);
        }
        return value;
    }
    std::optional<std::string> copied(size_t i) const {
        const auto again = lastBefore(i, " again");
        const auto reads = lastBefore(i, " reads");
        if (!again || !reads) return std::nullopt;
        return text(*reads + (i - *again));  // both are followed by a colon
    }
    std::optional<std::string> counted(size_t i) const {
        const auto counts = lastBefore(i, " counts");
        if (!counts) return std::nullopt;
        if (word(*counts + 1) == "from") {  // "counts from 3 to 6 : 3 4 5 6 ."
            const bool reached = number(i - 1) && number(i - 1) == number(*counts + 4);
            return reached ? std::optional<std::string>(" .") : std::nullopt;
        }
        size_t end = *counts + 2;  // "counts : nuts nuts . that makes 2"
        while (text(end) == text(*counts + 2)) ++end;
        return spoken(static_cast<int>(end - *counts - 2));
    }
    std::optional<std::string> computed(size_t i) const {
        const auto had = lastBefore(i, " had");  // "had 5 nuts and got 3 . now has 8"
        if (!had || !number(*had + 1) || !number(*had + 5)) return std::nullopt;
        const int change = *number(*had + 5);
        return spoken(*number(*had + 1) + (word(*had + 4) == "got" ? change : -change));
    }

private:
    const std::vector<Word>& m_words;
};

std::optional<std::string> answer(const Reader& reader, Skill skill, size_t i) {
    switch (skill) {
        case Skill::Recall:
            return reader.recalled(i);
        case Skill::Copy:
            return reader.copied(i);
        case Skill::Count:
            return reader.counted(i);
        case Skill::Arithmetic:
            return reader.computed(i);
        case Skill::Text:
            break;
    }
    return std::nullopt;
}

constexpr uint64_t kStories = 3000;

TEST(StoryGenerator, SameTextEverywhere) {
    uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a over texts, skills and distances
    const auto mix = [&hash](uint8_t byte) { hash = (hash ^ byte) * 0x100000001b3ULL; };
    for (uint64_t seed = 0; seed < 1000; ++seed)
        for (const Word& word : story(seed)) {
            for (const char c : word.text) mix(static_cast<uint8_t>(c));
            mix(static_cast<uint8_t>(word.skill));
            mix(static_cast<uint8_t>(word.distance));
            mix(static_cast<uint8_t>(word.distance >> 8));
        }
    EXPECT_EQ(hash, 0x4504e2738b05395cULL) << std::hex << hash;
}

TEST(StoryGenerator, TextIsTheWordsInARow) {
    std::string text;
    for (const Word& word : story(7)) text += word.text;
    EXPECT_EQ(storyText(7), text);
    EXPECT_EQ(text.rfind(" one day ", 0), 0U);
    EXPECT_EQ(text.substr(text.size() - 10), " the end .");
    EXPECT_NE(storyText(7), storyText(8));
}

TEST(StoryGenerator, WordsAreShortLowerCaseWithALeadingSpace) {
    std::set<std::string> vocabulary;
    for (uint64_t seed = 0; seed < kStories; ++seed) {
        const std::vector<Word> words = story(seed);
        EXPECT_GE(words.size(), 80U) << "seed " << seed;
        EXPECT_LE(words.size(), 255U) << "seed " << seed;
        for (const Word& word : words) vocabulary.insert(word.text);
    }
    for (const std::string& word : vocabulary) {
        ASSERT_GE(word.size(), 2U);
        EXPECT_LE(word.size(), 7U) << word;
        EXPECT_EQ(word[0], ' ');
        const auto all = [&word](auto test) { return std::all_of(word.begin() + 1, word.end(), test); };
        EXPECT_TRUE(all([](char c) { return c >= 'a' && c <= 'z'; }) ||
                    all([](char c) { return c >= '0' && c <= '9'; }) || word == " ." || word == " ," || word == " :")
            << word;
    }
    EXPECT_GE(vocabulary.size(), 200U);
    EXPECT_LE(vocabulary.size(), 260U);
}

TEST(StoryGenerator, EveryScoredWordFollowsFromWhatStandsBeforeIt) {
    for (uint64_t seed = 0; seed < kStories; ++seed) {
        const std::vector<Word> words = story(seed);
        const Reader reader(words);
        for (size_t i = 0; i < words.size(); ++i) {
            if (words[i].skill == Skill::Text) continue;
            ASSERT_EQ(answer(reader, words[i].skill, i), words[i].text)
                << toString(words[i].skill) << ", seed " << seed << ", word " << i << " of:" << storyText(seed);
        }
    }
}

TEST(StoryGenerator, DistancesReachBackToTheAnswer) {
    for (uint64_t seed = 0; seed < kStories; ++seed) {
        const std::vector<Word> words = story(seed);
        const Reader reader(words);
        for (size_t i = 0; i < words.size(); ++i) {
            if (words[i].skill != Skill::Recall) {
                ASSERT_EQ(words[i].distance, 0);
                continue;
            }
            const auto last = reader.lastBefore(i, words[i].text);
            ASSERT_TRUE(last) << "seed " << seed << ", word " << i;
            ASSERT_EQ(words[i].distance, static_cast<int32_t>(i - *last)) << "seed " << seed << ", word " << i;
            ASSERT_EQ(words[*last - 1].text, words[i - 1].text) << "the key stands before the value, seed " << seed;
        }
    }
}

// After "a" or "the", an epithet names something: scored every time but the first, and its words stand nowhere else.
TEST(StoryGenerator, EveryMentionOfABindingIsScored) {
    std::set<std::string> epithets;
    for (uint64_t seed = 0; seed < kStories; ++seed) {
        const std::vector<Word> words = story(seed);
        for (size_t i = 0; i < words.size(); ++i)
            if (words[i].skill == Skill::Recall) epithets.insert(words[i - 1].text);
    }
    EXPECT_EQ(epithets.size(), 40U);
    for (uint64_t seed = 0; seed < kStories; ++seed) {
        const std::vector<Word> words = story(seed);
        std::set<std::string> keys, values;
        std::vector<bool> named(words.size(), false);
        for (size_t i = 2; i < words.size(); ++i) {
            const bool article = words[i - 2].text == " a" || words[i - 2].text == " the";
            if (!article || !epithets.contains(words[i - 1].text)) continue;
            named[i - 1] = named[i] = true;
            const bool fresh = keys.insert(words[i - 1].text).second;
            ASSERT_EQ(values.insert(words[i].text).second, fresh) << words[i].text << ", seed " << seed;
            ASSERT_EQ(words[i].skill, fresh ? Skill::Text : Skill::Recall) << words[i].text << ", seed " << seed;
            ASSERT_EQ(words[i - 2].text, fresh ? " a" : " the") << words[i].text << ", seed " << seed;
        }
        for (size_t i = 0; i < words.size(); ++i)
            ASSERT_EQ(keys.contains(words[i].text) || values.contains(words[i].text), named[i]) << words[i].text;
        EXPECT_GE(keys.size(), 4U) << "seed " << seed;
    }
}

TEST(StoryGenerator, SkillsAndDistancesHaveTheirShares) {
    std::map<Skill, double> words;
    std::array<double, 5> bands{};
    double all = 0;
    for (uint64_t seed = 0; seed < kStories; ++seed)
        for (const Word& word : story(seed)) {
            ++all;
            ++words[word.skill];
            if (word.skill != Skill::Recall) continue;
            constexpr std::array<int, 4> ends = {16, 32, 64, 128};
            ++bands[static_cast<size_t>(std::upper_bound(ends.begin(), ends.end(), word.distance) - ends.begin())];
        }
    const auto expectShare = [](double part, double whole, double low, double high, const char* what) {
        EXPECT_GE(part / whole, low) << what;
        EXPECT_LE(part / whole, high) << what;
    };
    expectShare(words[Skill::Recall], all, 0.09, 0.16, "recall");
    expectShare(words[Skill::Copy], all, 0.03, 0.06, "copy");
    expectShare(words[Skill::Count], all, 0.004, 0.02, "counting");
    expectShare(words[Skill::Arithmetic], all, 0.004, 0.02, "arithmetic");
    constexpr std::array<std::array<double, 2>, 5> shares = {
        {{0.15, 0.30}, {0.2, 0.35}, {0.25, 0.4}, {0.1, 0.25}, {0.01, 0.06}}};
    for (size_t band = 0; band < bands.size(); ++band)
        expectShare(bands[band], words[Skill::Recall], shares[band][0], shares[band][1], "distance band");
}

TEST(StoryGenerator, SkillNames) {
    EXPECT_STREQ(toString(Skill::Text), "text");
    EXPECT_STREQ(toString(Skill::Recall), "recall");
    EXPECT_STREQ(toString(Skill::Copy), "copy");
    EXPECT_STREQ(toString(Skill::Count), "counting");
    EXPECT_STREQ(toString(Skill::Arithmetic), "arithmetic");
}

}  // namespace
}  // namespace radlads::demo
