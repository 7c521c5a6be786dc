// What a tokenizer promises beyond the golden ids: special tokens, the configuration beside it, broken bytes, the
// fingerprint.
#include <set>

#include "tests/io/temporary_directory.h"
#include "tests/io/tokenizer_fixtures.h"

namespace radlads::io {
namespace {

using nlohmann::json;
using Ids = std::vector<int32_t>;

TEST(Tokenizer, postProcessorAddsItsTokensOnlyWhenAsked) {
    const Tokenizer tokenizer = tokenizerNamed("flags");
    const Ids plain = tokenizer.encode("abc");
    Ids around = {*tokenizer.tokenId("<|end|>")};
    around.insert(around.end(), plain.begin(), plain.end());
    around.push_back(*tokenizer.tokenId("<think>"));
    EXPECT_EQ(tokenizer.encode("abc", true), around);
}

TEST(Tokenizer, encodeAppends) {
    const Tokenizer tokenizer = tokenizerNamed("gpt2");
    Ids ids = {7};
    tokenizer.encode("!", ids);
    EXPECT_EQ(ids, (Ids{7, 0}));
}

TEST(Tokenizer, addBosTokenOfTheConfigurationDecides) {
    const std::string bos = R"({"bos_token": {"content": "<|end|>"}, "add_bos_token": )";
    const std::string plain = tokenizerText("gpt2"), withTemplate = tokenizerText("flags");
    EXPECT_EQ(tokenizerOf(plain).encode("!", true), (Ids{0}));
    EXPECT_EQ(tokenizerOf(plain, bos + "true}").encode("!", true), (Ids{517, 0}));
    EXPECT_EQ(tokenizerOf(plain, bos + "false}").encode("!", true), (Ids{0}));
    EXPECT_EQ(tokenizerOf(plain, bos + "null}").encode("!", true), (Ids{0}));
    EXPECT_EQ(tokenizerOf(withTemplate, bos + "true}").encode("", true), (Ids{323, 324}));
    EXPECT_EQ(tokenizerOf(withTemplate, bos + "false}").encode("", true), (Ids{324}));
    EXPECT_EQ(tokenizerOf(plain, bos + "true}").encode("!", false), (Ids{0}));
}

TEST(Tokenizer, readsTheNamedTokensAndTheChatTemplate) {
    const std::string text = tokenizerText("gpt2");
    const Tokenizer bare = tokenizerOf(text);
    EXPECT_EQ(bare.bosToken(), std::nullopt);
    EXPECT_EQ(bare.eosToken(), std::nullopt);
    EXPECT_EQ(bare.padToken(), std::nullopt);
    EXPECT_EQ(bare.chatTemplate(), "");
    const Tokenizer named =
        tokenizerOf(text, R"({"bos_token": null, "eos_token": "<|end|>", "pad_token": {"content": "<think>"},
        "chat_template": [{"name": "tool_use", "template": "T"}, {"name": "default", "template": "D"}], "model_max_length": 1e30})");
    EXPECT_EQ(named.bosToken(), std::nullopt);
    EXPECT_EQ(named.eosToken(), 517);
    EXPECT_EQ(named.padToken(), 518);
    EXPECT_EQ(named.chatTemplate(), "D");
    EXPECT_EQ(tokenizerOf(text, R"({"chat_template": "{{ x }}"})").chatTemplate(), "{{ x }}");
    EXPECT_NE(refusal(text, R"({"eos_token": "<none>"})").find("eos_token is \"<none>\""), std::string::npos);
    EXPECT_NE(refusal(text, R"({"pad_token": 5})").find("pad_token"), std::string::npos);
    EXPECT_NE(refusal(text, "[]").find("tokenizer_config.json"), std::string::npos);
    EXPECT_FALSE(Tokenizer::parse(text, "{", "tokenizer.json"));
}

TEST(Tokenizer, loadsADirectoryOrAFile) {
    const radlads::testing::TemporaryDirectory directory;
    EXPECT_FALSE(Tokenizer::load(directory.path()));
    directory.write("tokenizer.json", tokenizerText("gpt2"));
    directory.write("tokenizer_config.json", R"({"eos_token": "<|end|>", "chat_template": "old"})");
    directory.write("chat_template.jinja", "new");
    for (const auto& path : {directory.path(), directory.path() / "tokenizer.json"}) {
        const auto tokenizer = Tokenizer::load(path);
        ASSERT_TRUE(tokenizer) << tokenizer.error().message;
        EXPECT_EQ(tokenizer->eosToken(), 517);
        EXPECT_EQ(tokenizer->chatTemplate(), "new");
        EXPECT_EQ(tokenizer->vocabSize(), 520);
    }
}

// The replacements are those of Python's bytes.decode("utf-8", "replace") and Rust's String::from_utf8_lossy.
TEST(Tokenizer, brokenUtf8CountsAsReplacementCharacters) {
    const std::string r = "\xEF\xBF\xBD";
    const std::pair<std::string, std::string> cases[] = {
        {"\xFF", r},
        {"a\x80z", "a" + r + "z"},
        {"\xC3", r},
        {"\xC3(", r + "("},
        {"\xE4\xB8", r},
        {"\xE4\xB8 x", r + " x"},
        {"\xF0\x9F\x98", r},
        {"\xF0\x9F\x98\xF0\x9F\x98\x80", r + "\xF0\x9F\x98\x80"},
        {"\xED\xA0\x80", r + r + r},  // a surrogate
        {"\xED\xA0\xBD\xED\xB8\x80", r + r + r + r + r + r},
        {"\xC0\xAF", r + r},  // overlong
        {"\xE0\x80\x80", r + r + r},
        {"\xF4\x90\x80\x80", r + r + r + r},  // beyond U+10FFFF
        {"\xF5\x80", r + r},
        {"abcdefgh\xE9ijklmnop", "abcdefgh" + r + "ijklmnop"},
    };
    for (const char* name : kTokenizerNames) {
        const Tokenizer tokenizer = tokenizerNamed(name);
        for (const auto& [broken, repaired] : cases)
            EXPECT_EQ(tokenizer.encode(broken), tokenizer.encode(repaired)) << name;
    }
    const Tokenizer tokenizer = tokenizerNamed("gpt2");
    const auto bytesAsIds = [&](const std::string& bytes) {
        Ids ids;
        for (const char byte : bytes)
            for (int32_t id = 0; id < 256; ++id)
                if (tokenizer.tokenBytes(id) == std::string(1, byte)) ids.push_back(id);
        return ids;
    };
    for (const auto& [broken, repaired] : cases) EXPECT_EQ(tokenizer.decode(bytesAsIds(broken)), repaired);
}

TEST(Tokenizer, decodeSkipsSpecialTokensOnRequestAndIgnoresUnknownIds) {
    const Tokenizer tokenizer = tokenizerNamed("gpt2");
    const Ids ids = {517, 0, -1, 520, INT32_MAX, INT32_MIN, 518};
    EXPECT_EQ(tokenizer.decode(ids), "<|end|>!<think>");
    EXPECT_EQ(tokenizer.decode(ids, true), "!");
    EXPECT_EQ(tokenizer.tokenBytes(-1), "");
    EXPECT_EQ(tokenizer.tokenBytes(520), "");
    EXPECT_EQ(tokenizer.tokenBytes(517), "<|end|>");
}

TEST(Tokenizer, theBytesOfTheTokensMakeUpTheText) {
    const std::string text =
        readText(kTokenizers / "write_golden.py") + "\xE4\xB8\xAD\xE6\x96\x87 \xF0\x9F\x98\x80\r\n\t";
    for (const char* name : {"llama3", "smollm", "gpt2"}) {
        const Tokenizer tokenizer = tokenizerNamed(name);
        std::string bytes;
        for (const int32_t id : tokenizer.encode(text)) bytes += tokenizer.tokenBytes(id);
        EXPECT_EQ(bytes, text) << name;
    }
}

// Token caches on disks are named by it: a change of the number makes them useless.
TEST(Tokenizer, fingerprintStaysTheSame) {
    const Tokenizer tokenizer = tokenizerNamed("gpt2");
    EXPECT_EQ(tokenizer.fingerprint(), tokenizerNamed("gpt2").fingerprint());
    // Written otherwise: the order of keys, the old form of the merges, the lines.
    json document = tokenizerJson("gpt2");
    for (json& merge : document["model"]["merges"])
        merge = merge[0].get<std::string>() + " " + merge[1].get<std::string>();
    EXPECT_EQ(tokenizer.fingerprint(), tokenizerOf(document.dump()).fingerprint());
    EXPECT_EQ(tokenizer.fingerprint(), tokenizerOf(document.dump(), R"({"chat_template": "x"})").fingerprint());
    EXPECT_EQ(tokenizer.fingerprint(), 6815701826368583934u);
}

TEST(Tokenizer, fingerprintChangesWithWhateverChangesIds) {
    const json original = tokenizerJson("gpt2");
    const auto changed = [&](const char* pointer, const json& value) {
        json document = original;
        document[json::json_pointer(pointer)] = value;
        return tokenizerOf(document.dump()).fingerprint();
    };
    json merges = original["model"]["merges"];
    std::swap(merges[0], merges[1]);
    json vocabulary = original["model"]["vocab"];
    std::swap(vocabulary["a"], vocabulary["b"]);
    std::set<uint64_t> seen = {
        tokenizerNamed("gpt2").fingerprint(),
        changed("/model/merges", merges),
        changed("/model/vocab", vocabulary),
        changed("/model/ignore_merges", true),
        changed("/normalizer", {{"type", "NFC"}}),
        changed("/pre_tokenizer/add_prefix_space", true),
        changed("/pre_tokenizer", tokenizerJson("smollm")["pre_tokenizer"]),
        changed("/added_tokens/0/content", "<|stop|>"),
        changed("/added_tokens/0/id", 600),
        changed("/added_tokens/0/lstrip", true),
        changed("/added_tokens/0/rstrip", true),
        changed("/added_tokens/0/single_word", true),
        changed("/added_tokens/0/normalized", true),
        tokenizerOf(original.dump(), R"({"eos_token": "<|end|>"})").fingerprint(),
        tokenizerOf(original.dump(), R"({"bos_token": "<|end|>", "add_bos_token": true})").fingerprint()};
    EXPECT_EQ(seen.size(), 15u);
}

TEST(Tokenizer, prefersTheLongestOfAddedTokensThatBeginAlike) {
    json document = tokenizerJson("gpt2");
    int id = 520;
    for (const char* content : {"<a", "<ab", "<abcd", "b>"})
        document["added_tokens"].push_back({{"id", id++}, {"content", content}, {"special", false}});
    const Tokenizer tokenizer = tokenizerOf(document.dump());
    EXPECT_EQ(tokenizer.encode("<abcd<abc<ab><a"),
              (Ids{522, 521, *tokenizer.tokenId("c"), 521, *tokenizer.tokenId(">"), 520}));
    EXPECT_EQ(tokenizer.encode("b><abb>"), (Ids{523, 521, 523}));
}

}  // namespace
}  // namespace radlads::io
