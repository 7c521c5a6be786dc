// The ids and texts of Hugging Face's library (tests/data/tokenizers/write_golden.py) on small vocabularies.
#include <thread>

#include "engine/io/tokenizer_verify.h"
#include "tests/io/temporary_directory.h"
#include "tests/io/tokenizer_fixtures.h"

namespace radlads::io {
namespace {

class TokenizerGolden : public ::testing::TestWithParam<const char*> {};

TEST_P(TokenizerGolden, idsAndTextsAreThoseOfHuggingFace) {
    const auto result =
        verifyTokenizer(kTokenizers / GetParam(), kTokenizers / (std::string(GetParam()) + ".golden.jsonl"));
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_TRUE(result->passed()) << result->firstMismatch;
    EXPECT_EQ(result->lines, 167);
}

TEST_P(TokenizerGolden, idsAreTheSameInFourThreads) {
    const Tokenizer tokenizer = tokenizerNamed(GetParam());
    const std::string text = readText(kTokenizers / "write_golden.py");
    std::vector<std::vector<int32_t>> ids(4);
    std::vector<std::thread> threads;
    for (auto& own : ids) threads.emplace_back([&] { own = tokenizer.encode(text); });
    for (auto& thread : threads) thread.join();
    for (const auto& own : ids) EXPECT_EQ(own, tokenizer.encode(text));
    EXPECT_GT(ids[0].size(), 1000u);
}

INSTANTIATE_TEST_SUITE_P(All, TokenizerGolden, ::testing::ValuesIn(kTokenizerNames));

TEST(TokenizerVerify, countsAndNamesWhatDiffers) {
    const radlads::testing::TemporaryDirectory directory;
    const auto golden = directory.path() / "wrong.golden.jsonl";
    std::ofstream(golden) << R"({"text": "!", "ids": [0], "decoded": "!"})"
                          << "\n"
                          << R"({"text": "!", "ids": [1], "decoded": "!"})"
                          << "\n\n";
    const auto result = verifyTokenizer(kTokenizers / "gpt2", golden);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->lines, 2);
    EXPECT_EQ(result->idsEqual, 1);
    EXPECT_EQ(result->decodedEqual, 1);
    EXPECT_FALSE(result->passed());
    EXPECT_NE(result->firstMismatch.find("line 2"), std::string::npos) << result->firstMismatch;
}

TEST(TokenizerVerify, refusesGoldenFilesThatAreDamaged) {
    const radlads::testing::TemporaryDirectory directory;
    const auto golden = directory.path() / "damaged.jsonl";
    for (const char* line :
         {"{", "[]", R"({"text": 1, "ids": [], "decoded": ""})", R"({"text": "", "ids": [-1], "decoded": ""})",
          R"({"text": "", "ids": ["a"], "decoded": ""})", R"({"text": "", "ids": []})"}) {
        std::ofstream(golden) << line << "\n";
        const auto result = verifyTokenizer(kTokenizers / "gpt2", golden);
        ASSERT_FALSE(result) << line;
        EXPECT_NE(result.error().message.find("damaged.jsonl:1"), std::string::npos) << result.error().message;
    }
    EXPECT_FALSE(verifyTokenizer(kTokenizers / "gpt2", directory.path() / "none.jsonl"));
    EXPECT_FALSE(verifyTokenizer(directory.path(), golden));
}

}  // namespace
}  // namespace radlads::io
