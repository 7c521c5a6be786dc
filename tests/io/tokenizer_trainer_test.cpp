#include <algorithm>
#include <map>

#include "engine/io/pre_tokenizer.h"
#include "engine/io/tokenizer_bytes.h"
#include "tests/io/tokenizer_fixtures.h"

namespace radlads::io {
namespace {

// 500 made-up words, each at least twice in the text.
std::vector<std::string> madeUpWords() {
    std::vector<std::string> words;
    uint32_t state = 12345;
    while (words.size() < 500) {
        std::string word;
        for (int syllables = 2 + (state >> 28) % 3; syllables > 0; --syllables) {
            state = state * 1664525 + 1013904223;
            word += "bdfgklmnprst"[(state >> 16) % 12];
            word += "aeiou"[(state >> 8) % 5];
        }
        if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
    }
    return words;
}

std::string textOf(const std::vector<std::string>& words) {
    std::string text;
    for (int round = 0; round < 3; ++round)
        for (const std::string& word : words) text += " " + word;
    return text + ".\n";
}

TEST(BpeTrainer, everyWordOfASmallVocabularyBecomesOneToken) {
    const auto words = madeUpWords();
    const std::string text = textOf(words);
    const Tokenizer tokenizer =
        tokenizerOf(writeTokenizerJson(trainBpe(text, 1'000'000, {"<|end|>"}, PreTokenizer::Gpt2)));
    for (const std::string& word : words) EXPECT_EQ(tokenizer.encode(" " + word).size(), 1u) << word;
    EXPECT_EQ(tokenizer.encode(text).size(), 3 * words.size() + 2);
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
}

TEST(BpeTrainer, mergesInTheOrderOfCountThenBytes) {
    const BpeModel model = trainBpe("ab ab abq abz xy xyr xyk cd cdp cdm", 400, {}, PreTokenizer::Gpt2);
    // (a, b) occurs four times, nothing else as often; of the pairs that occur three times those with a space come
    // first.
    ASSERT_GE(model.merges.size(), 4u);
    const std::string space = mapBytes(" ");
    using Merge = std::pair<std::string, std::string>;
    EXPECT_EQ(model.merges[0], Merge("a", "b"));
    EXPECT_EQ(model.merges[1], Merge(space, "ab"));
    EXPECT_EQ(model.merges[2], Merge(space, "c"));
    EXPECT_EQ(model.merges[3], Merge(space, "x"));
    EXPECT_EQ(model.merges[4], Merge(space + "c", "d"));
    EXPECT_EQ(model.merges[5], Merge(space + "x", "y"));
    EXPECT_EQ(model.merges.size(), 6u);  // nothing else repeats
}

TEST(BpeTrainer, idsAreBytesThenMergesThenAddedTokens) {
    const BpeModel model = trainBpe("hello hello hello", 260, {"<a>", "<b>", "<a>", ""}, PreTokenizer::Gpt2);
    ASSERT_EQ(model.vocabulary.size(), 258u);
    EXPECT_EQ(model.vocabulary[0], "!");
    EXPECT_EQ(model.vocabulary[93], "~");
    EXPECT_EQ(model.vocabulary[94], "\u00a1");
    EXPECT_EQ(model.vocabulary[188], "\u0100");
    EXPECT_EQ(model.vocabulary[255], "\u0143");
    ASSERT_EQ(model.addedTokens.size(), 2u);
    EXPECT_EQ(model.addedTokens[0].content, "<a>");
    EXPECT_EQ(model.addedTokens[0].id, 258);
    EXPECT_EQ(model.addedTokens[1].id, 259);
}

TEST(BpeTrainer, addedTokensInTheTextTeachNothing) {
    const BpeModel model = trainBpe("<|end|><|end|><|end|>ab<|end|>ab", 1000, {"<|end|>"}, PreTokenizer::Gpt2);
    EXPECT_EQ(model.merges, (std::vector<std::pair<std::string, std::string>>{{"a", "b"}}));
}

TEST(BpeTrainer, stopsAtTheSizeAskedForAndNeverBelowTheBytes) {
    const std::string text = textOf(madeUpWords());
    for (const int64_t size : {-5, 0, 256, 257, 300, 555}) {
        const BpeModel model = trainBpe(text, size, {"<e>"}, PreTokenizer::Gpt2);
        EXPECT_EQ(model.vocabulary.size() + 1, std::max<size_t>(257, static_cast<size_t>(std::max<int64_t>(size, 0))));
    }
    EXPECT_EQ(trainBpe("", 1000, {}, PreTokenizer::Gpt2).vocabulary.size(), 256u);
}

using Merges = std::vector<std::pair<std::string, std::string>>;

// The definition, slow: counts all pairs anew before each merge. Works on bytes; the result is byte-mapped.
Merges mergesByCountingAnew(const std::string& text, size_t limit, PreTokenizer preTokenizer) {
    std::vector<std::vector<std::string>> words;
    PreTokenizerPipeline::of(preTokenizer).forEachPiece(text, [&](std::string_view piece) {
        words.emplace_back();
        for (const char byte : piece) words.back().emplace_back(1, byte);
    });
    Merges merges;
    while (merges.size() < limit) {
        std::map<std::pair<std::string, std::string>, int> counts;  // in the order of the bytes
        for (const auto& word : words)
            for (size_t i = 0; i + 1 < word.size(); ++i) ++counts[{word[i], word[i + 1]}];
        const auto best =
            std::max_element(counts.begin(), counts.end(), [](auto& a, auto& b) { return a.second < b.second; });
        if (best == counts.end() || best->second < 2) break;
        const auto [left, right] = best->first;
        for (auto& word : words)
            for (size_t i = 0; i + 1 < word.size(); ++i)
                if (word[i] == left && word[i + 1] == right) {
                    word[i] += right;
                    word.erase(word.begin() + static_cast<ptrdiff_t>(i) + 1);
                }
        const std::pair merge(mapBytes(left), mapBytes(right));
        if (std::find(merges.begin(), merges.end(), merge) == merges.end()) merges.push_back(merge);
    }
    return merges;
}

// The counts that are kept up to date must lead to the same merges as counting anew before each.
TEST(BpeTrainer, agreesWithCountingAnew) {
    const std::string text =
        readText(kTokenizers / "write_golden.py").substr(0, 3000) + " aaaa aaa aaaaaa aaabaaab abababab";
    for (const PreTokenizer pre : {PreTokenizer::Qwen2, PreTokenizer::Gpt2}) {
        const BpeModel model = trainBpe(text, 100'000, {}, pre);
        EXPECT_GT(model.merges.size(), 100u);
        EXPECT_EQ(model.merges, mergesByCountingAnew(text, model.merges.size() + 1, pre));
    }
}

TEST(BpeTrainer, theSameTextGivesTheSameModel) {
    const std::string text = textOf(madeUpWords());
    for (const PreTokenizer pre : {PreTokenizer::Qwen2, PreTokenizer::Llama3, PreTokenizer::SmolLm, PreTokenizer::Gpt2})
        EXPECT_EQ(writeTokenizerJson(trainBpe(text, 400, {"<e>"}, pre)),
                  writeTokenizerJson(trainBpe(text, 400, {"<e>"}, pre)));
}

TEST(TokenizerWriter, whatItWritesLoadsWithTheSameIds) {
    for (const bool flag : {false, true}) {
        BpeModel model = trainBpe(textOf(madeUpWords()), 400, {"<e>", "<f>"}, PreTokenizer::Llama3);
        model.nfc = model.ignoreMerges = flag;
        model.addedTokens[1].special = false;
        const Tokenizer tokenizer = tokenizerOf(writeTokenizerJson(model));
        for (size_t id = 0; id < model.vocabulary.size(); ++id)
            EXPECT_EQ(tokenizer.tokenId(model.vocabulary[id]), static_cast<int32_t>(id));
        EXPECT_EQ(tokenizer.encode("<e><f>"), (std::vector<int32_t>{398, 399}));
        EXPECT_EQ(tokenizer.decode(std::vector<int32_t>{398, 399}, true), "<f>");
        EXPECT_EQ(tokenizer.encode("e\u0301") == tokenizer.encode("\u00e9"), flag);
    }
}

// Hugging Face numbers added tokens on from the vocabulary unless it has them: with a gap, the vocabulary must have
// them.
TEST(TokenizerWriter, addedTokensAfterAGapStandInTheVocabulary) {
    BpeModel model = trainBpe("", 0, {}, PreTokenizer::Gpt2);
    model.addedTokens = {{"<y>", 300, true}, {"<x>", 256, true}};
    const std::string text = writeTokenizerJson(model);
    const auto vocabulary = nlohmann::json::parse(text)["model"]["vocab"];
    EXPECT_EQ(vocabulary.value("<x>", -1), 256);
    EXPECT_EQ(vocabulary.value("<y>", -1), 300);
    EXPECT_EQ(tokenizerOf(text).encode("<y><x>"), (std::vector<int32_t>{300, 256}));
    model.addedTokens[0].id = 257;
    EXPECT_FALSE(nlohmann::json::parse(writeTokenizerJson(model))["model"]["vocab"].contains("<x>"));
}

}  // namespace
}  // namespace radlads::io
