// Files and texts that are wrong, damaged or meant to do harm.
#include <set>

#include "tests/io/tokenizer_fixtures.h"

namespace radlads::io {
namespace {

using nlohmann::json;

// A small tokenizer.json that loads.
json small() {
    json document = tokenizerJson("gpt2");
    document["model"]["vocab"] = {{"a", 0}, {"b", 1}, {"ab", 2}, {"abb", 3}};
    document["model"]["merges"] = json::array({json::array({"a", "b"}), "ab b"});
    document["added_tokens"] = json::array({{{"id", 4}, {"content", "<s>"}, {"special", true}}});
    return document;
}

TEST(TokenizerHostile, theSmallFileOfTheseTestsLoads) {
    EXPECT_EQ(tokenizerOf(small().dump()).encode("abba<s>b"), (std::vector<int32_t>{3, 0, 4, 1}));
}

TEST(TokenizerHostile, everyTruncationIsRefused) {
    const std::string text = small().dump();
    for (size_t size = 0; size < text.size(); ++size) refusal(text.substr(0, size));
    const std::string real = tokenizerText("qwen2");
    for (size_t size = 1; size + 3 < real.size(); size += 97) refusal(real.substr(0, size));
}

TEST(TokenizerHostile, everyValueOfAnotherTypeIsRefusedOrHarmless) {
    const json wrong[] = {nullptr,
                          true,
                          -1,
                          4.5,
                          1e300,
                          uint64_t(1) << 63,
                          "",
                          "x",
                          json::array(),
                          json::array({json::array()}),
                          json::object(),
                          json{{"type", "Sequence"}}};
    // Every value of a file with all parts, and everything that holds it.
    json original = tokenizerJson("flags");
    original["model"]["vocab"] = small()["model"]["vocab"];
    original["model"]["merges"] = small()["model"]["merges"];
    original["model"].erase("unk_token");
    ASSERT_TRUE(Tokenizer::parse(original.dump(), "", "f"));
    std::set<std::string> places;
    const json flat = original.flatten();
    for (auto entry = flat.begin(); entry != flat.end(); ++entry)
        for (json::json_pointer place(entry.key()); places.insert(place.to_string()).second && !place.empty();)
            place.pop_back();
    int refused = 0, accepted = 0;
    for (const std::string& place : places)
        for (const json& value : wrong) {
            json document = original;
            document[json::json_pointer(place)] = value;
            const auto tokenizer = Tokenizer::parse(document.dump(), "", "f");
            ++(tokenizer ? accepted : refused);
            if (tokenizer) tokenizer->decode(tokenizer->encode("some Text 12 <|end|> KEY \xCE\xA9"));
        }
    EXPECT_GT(places.size(), 100u);
    EXPECT_GT(refused, 1000);
    EXPECT_GT(accepted, 100);
}

TEST(TokenizerHostile, refusesIdsThatAreWrong) {
    const std::pair<const char*, json> cases[] = {
        {"/model/vocab/b", -1},
        {"/model/vocab/b", 1u << 22},
        {"/model/vocab/b", uint64_t(1) << 63},
        {"/model/vocab/b", 1.0},
        {"/model/vocab/b", "1"},
        {"/model/vocab/b", nullptr},
        {"/model/vocab/b", 0},
        {"/model/vocab/b", json::array({1})},
        {"/model/vocab/b", json::object()},
        {"/added_tokens/0/id", -1},
        {"/added_tokens/0/id", 1u << 22},
        {"/added_tokens/0/id", "4"},
        {"/added_tokens/0/id", 3},
        {"/added_tokens/0/content", "ab"},
        {"/added_tokens/0/content", std::string(513, 'x')},
        {"/model/unk_token", "none"},
    };
    for (const auto& [pointer, value] : cases) {
        json document = small();
        document[json::json_pointer(pointer)] = value;
        refusal(document.dump());
    }
    json twice = small();
    twice["added_tokens"].push_back(twice["added_tokens"][0]);
    EXPECT_NE(refusal(twice.dump()).find("twice"), std::string::npos);
    std::string sameKey = small().dump();
    sameKey.replace(sameKey.find("\"b\":1"), 5, "\"b\":1,\"b\":9");
    EXPECT_NE(refusal(sameKey).find("twice"), std::string::npos);
}

TEST(TokenizerHostile, refusesMergesThatAreWrong) {
    for (const json& merge : {json("a x"), json("x a"), json("b a"), json("ab"), json("a  b"), json("a b b"), json(""),
                              json(5), json::array({"a"}), json::array({"a", "b", "b"}), json::array({"a", 1}),
                              json::array(), json::array({json::array({"a", "b"})}), json::object(), json(nullptr)}) {
        json document = small();
        document["model"]["merges"].push_back(merge);
        EXPECT_NE(refusal(document.dump()).find("merges"), std::string::npos) << merge;
    }
}

TEST(TokenizerHostile, namesTheKindsOfTokenizerThatAreNotSupported) {
    const auto sequence = [](json members) -> json {
        return {{"type", "Sequence"}, {"pretokenizers", std::move(members)}};
    };
    const json byteLevel = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}};
    const json unknownSplit = {
        {"type", "Split"}, {"pattern", {{"Regex", "\\w+"}}}, {"behavior", "Isolated"}, {"invert", false}};
    const std::tuple<const char*, json, const char*> cases[] = {
        {"/model/type", "Unigram", "Unigram"},
        {"/model/type", "WordPiece", "WordPiece"},
        {"/model/byte_fallback", true, "byte_fallback"},
        {"/model/end_of_word_suffix", "</w>", "end_of_word_suffix"},
        {"/model/continuing_subword_prefix", "##", "continuing_subword_prefix"},
        {"/model/dropout", 0.1, "dropout"},
        {"/normalizer", {{"type", "Replace"}}, "Replace"},
        {"/normalizer", {{"type", "Sequence"}, {"normalizers", json::array({{{"type", "NFKC"}}})}}, "NFKC"},
        {"/pre_tokenizer", {{"type", "Metaspace"}}, "Metaspace"},
        {"/pre_tokenizer", nullptr, "pre_tokenizer"},
        {"/pre_tokenizer", sequence(json::array({unknownSplit, byteLevel})), "\\w+"},
        {"/pre_tokenizer", sequence(json::array({{{"type", "Digits"}}})), "ByteLevel"},
        {"/pre_tokenizer", sequence(json::array({byteLevel, {{"type", "Digits"}}})), "Digits"},
        {"/post_processor", {{"type", "BertProcessing"}}, "BertProcessing"},
        {"/decoder", {{"type", "WordPiece"}}, "WordPiece"},
    };
    for (const auto& [pointer, value, word] : cases) {
        json document = small();
        document[json::json_pointer(pointer)] = value;
        EXPECT_NE(refusal(document.dump()).find(word), std::string::npos) << word;
    }
    json unigram = small();
    unigram["model"] = {{"type", "Unigram"},
                        {"vocab", json::array({json::array({"<unk>", 0.0}), json::array({"a", -1.5})})}};
    EXPECT_NE(refusal(unigram.dump()).find("Unigram"), std::string::npos);
}

TEST(TokenizerHostile, deepNestingIsRefusedAtOnce) {
    const size_t depth = 1'000'000;
    for (const std::string& open : {std::string("["), std::string("{\"model\":"), std::string("{\"a\":[")}) {
        std::string text;
        for (size_t i = 0; i < depth; ++i) text += open;
        refusal(text);
    }
    std::string list = R"({"model":{"type":"Unigram","vocab":)" + std::string(depth, '[');
    refusal(list);
    json normalizer = {{"type", "NFC"}};
    for (int i = 0; i < 20; ++i) normalizer = {{"type", "Sequence"}, {"normalizers", json::array({normalizer})}};
    json document = small();
    document["normalizer"] = normalizer;
    EXPECT_NE(refusal(document.dump()).find("deep"), std::string::npos);
}

TEST(TokenizerHostile, moreValuesThanATokenizerHasAreRefused) {
    std::string text = R"({"x":[0)";
    for (int i = 0; i < 1'000'001; ++i) text += ",0";
    refusal(text + "]}");
}

// A quadratic algorithm would take hours for these.
TEST(TokenizerHostile, longTextsWithoutABorderTakeLittleTime) {
    constexpr size_t kBytes = 10'000'000;
    const Tokenizer tokenizer = tokenizerNamed("gpt2");
    const auto decodesBack = [&](const std::string& text) { return tokenizer.decode(tokenizer.encode(text)) == text; };
    EXPECT_TRUE(decodesBack(std::string(kBytes, 'a')));
    std::string letters(kBytes / 10, 't');
    uint32_t state = 1;
    for (char& letter : letters) letter = "therinasd"[(state = state * 1664525 + 1013904223) >> 16 & 7];
    EXPECT_TRUE(decodesBack(letters));
    EXPECT_TRUE(decodesBack(std::string(kBytes / 10, ' ') + "x"));
    EXPECT_TRUE(decodesBack(std::string(kBytes / 10, '\n')));
}

TEST(TokenizerHostile, longRunsOfMarksTakeLittleTime) {
    const Tokenizer tokenizer = tokenizerNamed("qwen2");
    std::string marks = "a";                                // in the order that needs the most exchanges
    for (int i = 0; i < 200'000; ++i) marks += "\xCC\x81";  // U+0301, class 230
    for (int i = 0; i < 200'000; ++i) marks += "\xCC\xA3";  // U+0323, class 220
    const std::string decoded = tokenizer.decode(tokenizer.encode(marks));
    EXPECT_EQ(decoded.substr(0, 5), "\xE1\xBA\xA1\xCC\xA3");  // a with dot below, then the other dots
    EXPECT_EQ(decoded.substr(decoded.size() - 2), "\xCC\x81");
}

TEST(TokenizerHostile, addedTokensThatNearlyMatchEverywhereTakeLittleTime) {
    json document = tokenizerJson("gpt2");
    document["added_tokens"].push_back({{"id", 520}, {"content", std::string(511, 'a') + "b"}});
    document["added_tokens"].push_back({{"id", 521}, {"content", " "}, {"rstrip", true}, {"lstrip", true}});
    const Tokenizer tokenizer = tokenizerOf(document.dump());
    EXPECT_FALSE(tokenizer.encode(std::string(20'000, 'a')).empty());
    EXPECT_EQ(tokenizer.encode(std::string(1'000'000, ' ')), (std::vector<int32_t>{521}));
}

}  // namespace
}  // namespace radlads::io
