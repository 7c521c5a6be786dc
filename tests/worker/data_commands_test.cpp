// tokenize, prepare, convert-teacher, as processes.
#include <gtest/gtest.h>

#include "engine/data/token_store.h"
#include "engine/io/tokenizer.h"
#include "tests/worker/support.h"

namespace radlads::test {
namespace {

namespace fs = std::filesystem;

std::vector<int32_t> tokens(const fs::path& prefix) {
    const auto store = data::TokenStore::open(prefix);
    EXPECT_TRUE(store) << store.error().message;
    std::vector<int32_t> ids(static_cast<size_t>(store->size()));
    store->read(0, ids);
    return ids;
}

TEST(Tokenize, GivesTheTokenizersIdsAndReadsThemBack) {
    const Workplace place;
    place.makeTeacher("teacher");
    const std::string text = "Anna counts: one, two.\nÄpfel \xF0\x9F\x8D\x8E";
    place.write("text.txt", text);
    const auto tokenizer = io::Tokenizer::load(place.path("teacher"));
    ASSERT_TRUE(tokenizer);
    const std::vector<int32_t> expected = tokenizer->encode(text);

    const auto json = place.run({"tokenize", text, "-t", place.arg("teacher"), "--json"}).json();
    EXPECT_EQ(json["ids"].get<std::vector<int32_t>>(), expected);
    EXPECT_EQ(json["pieces"].size(), expected.size());
    EXPECT_EQ(place.run({"tokenize", "-f", place.arg("text.txt"), "-t", place.arg("teacher"), "--json"}).json()["ids"], json["ids"]);

    const Outcome ids = place.run({"tokenize", "-f", place.arg("text.txt"), "-t", place.arg("teacher"), "--ids"});
    const Outcome back = place.run({"tokenize", "-t", place.arg("teacher"), "--decode", ids.out});
    EXPECT_EQ(back.out, text + "\n");
}

TEST(Tokenize, RefusesIdsThatAreNone) {
    const Workplace place;
    place.makeTeacher("teacher");
    for (const char* ids : {"12,x", "-1", "99999999999", "4000"}) {
        const Outcome outcome = place.run({"tokenize", "-t", place.arg("teacher"), std::string("--decode=") + ids});
        EXPECT_EQ(outcome.exit, 2) << ids;
        EXPECT_NE(outcome.err.find("--decode"), std::string::npos) << outcome.err;
    }
}

TEST(Prepare, WritesOneDatasetOfSeveralSourcesInOrder) {
    const Workplace place;
    place.makeTeacher("teacher");
    place.write("a.txt", "The first text.\n");
    place.write("b.jsonl", "{\"body\": \"The second.\"}\n{\"body\": \"The third.\"}\n");
    const auto prepare = [&](std::vector<std::string> sources, const std::string& output) {
        std::vector<std::string> arguments{"prepare", "-q", "--json", "-t", place.arg("teacher"), "-o", place.arg(output), "--text-key", "body"};
        for (const std::string& source : sources) arguments.push_back(place.arg(source));
        return place.run(arguments);
    };
    ASSERT_EQ(prepare({"a.txt"}, "one").exit, 0);
    ASSERT_EQ(prepare({"b.jsonl"}, "two").exit, 0);
    const Outcome outcome = prepare({"a.txt", "b.jsonl"}, "both");
    ASSERT_EQ(outcome.exit, 0) << outcome.err;
    EXPECT_EQ(outcome.json()["documents"], 3);
    std::vector<int32_t> expected = tokens(place.path("one"));
    const std::vector<int32_t> second = tokens(place.path("two"));
    expected.insert(expected.end(), second.begin(), second.end());
    EXPECT_EQ(tokens(place.path("both")), expected);
    for (const auto& entry : fs::directory_iterator(place.path("."))) {
        EXPECT_EQ(entry.path().filename().string().find("part"), std::string::npos) << entry.path() << " was left behind";
    }
    // Datasets may be joined with texts.
    ASSERT_EQ(prepare({"one", "b.jsonl"}, "joined").exit, 0);
    EXPECT_EQ(tokens(place.path("joined")), expected);
}

TEST(Prepare, KeepsWhatIsThereUnlessForced) {
    const Workplace place;
    place.makeTeacher("teacher");
    place.write("a.txt", "The first text.\n");
    place.write("b.txt", "Another one.\n");
    const auto prepare = [&](const std::string& source, std::vector<std::string> more) {
        std::vector<std::string> arguments{"prepare", "-q", place.arg(source), "-t", place.arg("teacher"), "-o", place.arg("out")};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return place.run(arguments);
    };
    ASSERT_EQ(prepare("a.txt", {}).exit, 0);
    const std::string before = place.read("out.bin");
    const Outcome refused = prepare("b.txt", {});
    EXPECT_EQ(refused.exit, 2);
    EXPECT_NE(refused.err.find("--force"), std::string::npos) << refused.err;
    EXPECT_EQ(place.read("out.bin"), before);
    EXPECT_EQ(prepare("b.txt", {"--force"}).exit, 0);
    EXPECT_NE(place.read("out.bin"), before);
    // The same text without the end token is one token shorter.
    const size_t withEos = tokens(place.path("out")).size();
    EXPECT_EQ(prepare("b.txt", {"--force", "--no-eos"}).exit, 0);
    EXPECT_EQ(tokens(place.path("out")).size() + 1, withEos);
    // An output is no source of itself.
    EXPECT_EQ(prepare("out", {"--force"}).exit, 2);
}

TEST(Prepare, GoesOnAfterCtrlCAndGivesTheSameBytes) {
    const Workplace place;
    place.makeTeacher("teacher");
    const auto arguments = [&](const char* output) {
        return std::vector<std::string>{"prepare", "-q", "demo:5:20000", "-t", place.arg("teacher"), "-o", place.arg(output)};
    };
    ASSERT_EQ(place.run(arguments("whole")).exit, 0);
    const Outcome stopped = place.run(arguments("parts/cut"), {}, place.path("parts/cut.partial.bin"));
    ASSERT_EQ(stopped.exit, 130) << stopped.err;
    EXPECT_FALSE(fs::exists(place.path("parts/cut.bin"))) << "half a dataset must not carry the name of a whole one";
    ASSERT_EQ(place.run(arguments("parts/cut")).exit, 0);
    EXPECT_EQ(place.read("parts/cut.bin"), place.read("whole.bin"));
    EXPECT_EQ(place.read("parts/cut.idx"), place.read("whole.idx"));
}

TEST(ConvertTeacher, SaysThatADirectoryNeedsNoConversion) {
    const Workplace place;
    place.makeTeacher("teacher");
    const Outcome outcome = place.run({"convert-teacher", place.arg("teacher"), "-o", place.arg("new")});
    EXPECT_EQ(outcome.exit, 2);
    EXPECT_NE(outcome.err.find("already"), std::string::npos) << outcome.err;
    EXPECT_FALSE(fs::exists(place.path("new")));
}

}  // namespace
}  // namespace radlads::test
