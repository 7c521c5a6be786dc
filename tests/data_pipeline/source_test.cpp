#include "engine/data/source.h"

#include <gmock/gmock.h>

#include "engine/data/jsonl.h"
#include "resources/demo/story_generator.h"
#include "tests/data_pipeline/fixtures.h"

namespace radlads::data {
namespace {

using protocol::DataFormat;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace test;

std::string jsonLine(const std::string& text) {
    return nlohmann::json{{"id", 7}, {"text", text}}.dump() + "\n";
}

TEST(SourceFormats, EveryEndingGivesTheSameDocuments) {
    const std::string text = "Ein Bär.\n<|endoftext|>\nZwei.\nZeilen.\n";
    const std::string lines = jsonLine("Ein Bär.\n") + "\n" + jsonLine("Zwei.\nZeilen.\n");
    const TempDirectory directory;
    for (const char* ending : {".txt", ".text", ".md", ".jsonl", ".ndjson", ".json"}) {
        const bool isText =
            std::string(ending) != ".jsonl" && std::string(ending) != ".ndjson" && std::string(ending) != ".json";
        const std::string& bytes = isText ? text : lines;
        const std::pair<const char*, std::string> forms[] = {
            {"", bytes}, {".gz", gzip(bytes)}, {".zst", zstd(bytes)}, {".zstd", zstd(bytes)}, {".GZ", gzip(bytes)}};
        for (const auto& [compression, stored] : forms) {
            const fs::path file = directory.write(std::string("file") + ending + compression, stored);
            EXPECT_THAT(readDocuments(plan(file)), ElementsAre("Ein Bär.\n", "Zwei.\nZeilen.\n")) << file;
        }
    }
}

TEST(SourceFormats, ConcatenatedStreamsAreReadToTheEnd) {
    const TempDirectory directory;
    const std::string first = jsonLine("one"), second = jsonLine("two"), third = jsonLine("three");
    EXPECT_THAT(readDocuments(plan(directory.write("a.jsonl.gz", gzip(first) + gzip(second) + gzip(third)))),
                ElementsAre("one", "two", "three"));
    EXPECT_THAT(readDocuments(plan(directory.write("b.jsonl.zst", zstd(first) + zstd(second) + zstd(third)))),
                ElementsAre("one", "two", "three"));
    const std::string skippable = std::string("\x50\x2A\x4D\x18\x03\0\0\0", 8) + "abc";
    EXPECT_THAT(readDocuments(plan(directory.write("c.jsonl.zst", zstd(first) + skippable + zstd(second)))),
                ElementsAre("one", "two"));
    EXPECT_THAT(readDocuments(plan(directory.write("d.jsonl.gz", gzip(first) + std::string(1000, '\0')))),
                ElementsAre("one"));
    EXPECT_THAT(readError(plan(directory.write("e.jsonl.gz", gzip(first) + "garbage"))).message,
                HasSubstr("e.jsonl.gz cannot be decompressed"));
    // A member of no bytes, and lines that cross the members.
    EXPECT_THAT(
        readDocuments(plan(directory.write("f.jsonl.gz", gzip(first.substr(0, 9)) + gzip("") + gzip(first.substr(9))))),
        ElementsAre("one"));
}

TEST(SourceFormats, ZstdWindowsAboveTheLibrarysOwnLimitAreRead) {
    const TempDirectory directory;
    const fs::path file = directory.write("long.txt.zst", zstd("A long window.", 28));
    EXPECT_THAT(readDocuments(plan(file)), ElementsAre("A long window."));
}

TEST(SourceFormats, TruncatedStreamsAreErrorsAtEveryByte) {
    const TempDirectory directory;
    std::string lines;
    for (int i = 0; i < 40; ++i) lines += jsonLine("document " + std::to_string(i * i));
    for (const auto& [name, bytes] : {std::pair{"t.jsonl.gz", gzip(lines)}, {"t.jsonl.zst", zstd(lines)}})
        for (size_t size = 0; size < bytes.size(); ++size) {
            const Error error = readError(plan(directory.write(name, bytes.substr(0, size))));
            ASSERT_EQ(error.code, ErrorCode::InvalidInput) << name << " cut at " << size << ": " << error.message;
            ASSERT_THAT(error.message, HasSubstr(name));
        }
}

TEST(SourceFormats, DamagedStreamsAreErrorsOrOtherTextButNeverCrashes) {
    const TempDirectory directory;
    std::string lines;
    for (int i = 0; i < 20; ++i) lines += jsonLine("document " + std::to_string(i * i));
    int errors = 0;
    for (const auto& [name, bytes] : {std::pair{"t.jsonl.gz", gzip(lines)}, {"t.jsonl.zst", zstd(lines)}})
        for (size_t at = 0; at < bytes.size(); at += 3) {
            std::string damaged = bytes;
            damaged[at] = static_cast<char>(~damaged[at]);
            errors += readError(plan(directory.write(name, damaged))).code == ErrorCode::InvalidInput;
        }
    EXPECT_GT(errors, 40);
}

TEST(SourceFormats, ThePlansFormatDecidesForNamesThatSayNothing) {
    const TempDirectory directory;
    auto source = plan(directory.write("corpus", jsonLine("x")));
    EXPECT_THAT(readError(source).message, HasSubstr("unknown ending"));
    source.format = DataFormat::Jsonl;
    EXPECT_THAT(readDocuments(source), ElementsAre("x"));
    source.format = DataFormat::Text;
    EXPECT_THAT(readDocuments(source), ElementsAre(jsonLine("x")));
    EXPECT_THAT(readError(plan(directory.write("t.parquet", "PAR1"))).message, HasSubstr("convert it to .jsonl"));
    EXPECT_THAT(readError(plan(directory / "absent.txt")).message, HasSubstr("does not exist"));
}

TEST(SourceDirectories, FilesAreSortedAndHiddenOnesLeftOut) {
    const TempDirectory directory;
    directory.write("b.txt", "b");
    directory.write("a/z.txt", "az");
    directory.write("a/b/y.jsonl", jsonLine("aby"));
    directory.write("c.txt.gz", gzip("c"));
    directory.write(".hidden.txt", "no");
    directory.write(".git/x.txt", "no");
    directory.write("notes.pdf", "no");
    directory.write("empty.txt", "");
    EXPECT_THAT(readDocuments(plan(directory.path())), ElementsAre("aby", "az", "b", "c"));
    auto texts = plan(directory.path());
    texts.format = DataFormat::Text;
    EXPECT_THAT(readDocuments(texts), ElementsAre("az", "b", "c"));
}

TEST(SourceDirectories, LinksInACircleEndAndLinkedFilesAreRead) {
    const TempDirectory directory;
    directory.write("store/blob", "linked");
    directory.write("data/a.txt", "a");
    fs::create_symlink(directory / "store/blob", directory / "data/b.txt");
    fs::create_directory_symlink(directory / "data", directory / "data/again");
    fs::create_directory_symlink(directory.path(), directory / "data/up");
    EXPECT_THAT(readDocuments(plan(directory / "data")), ElementsAre("a", "linked"));
    fs::create_symlink(directory / "gone", directory / "data/c.txt");
    EXPECT_THAT(readError(plan(directory / "data")).message,
                HasSubstr("c.txt is a link to a file that does not exist"));
}

TEST(SourceDirectories, ADirectoryWithoutTextIsAnErrorThatHelps) {
    const TempDirectory directory;
    fs::create_directory(directory / "d");
    EXPECT_THAT(readError(plan(directory / "d")).message, HasSubstr("no file that ends in .txt"));
    directory.write("d/x.bin", "");
    directory.write("d/x.idx", "");
    EXPECT_THAT(readError(plan(directory / "d")).message, HasSubstr("name " + (directory / "d/x.idx").string()));
    ASSERT_EQ(::mkfifo((directory / "pipe.txt").c_str(), 0600), 0);
    EXPECT_THAT(readError(plan(directory / "pipe.txt")).message, HasSubstr("neither a file nor a directory"));
}

TEST(SourceText, SeparatorLinesSplitAndTextIsKeptByteForByte) {
    const TempDirectory directory;
    const std::string bytes =
        "\xEF\xBB\xBF"
        "one\r\n\r\ntwo\n<|endoftext|>\r\n \n\t\n<|endoftext|>\nnot <|endoftext|> here\n<|endoftext|> \nlast";
    EXPECT_THAT(readDocuments(plan(directory.write("a.txt", bytes))),
                ElementsAre("one\r\n\r\ntwo\n", "not <|endoftext|> here\n", "last"));
    EXPECT_THAT(readError(plan(directory.write("b.txt", std::string("\xFF\xFEh\0i\0", 6)))).message,
                HasSubstr("UTF-16"));
}

TEST(SourceText, LongTextsAreCutAtLineEnds) {
    const TempDirectory directory;
    const std::string line = std::string(999, 'x') + "\n";
    std::string bytes;
    for (int i = 0; i < 10'000; ++i) bytes += line;
    const auto documents = readDocuments(plan(directory.write("long.txt", bytes)));
    ASSERT_EQ(documents.size(), 3u);
    std::string whole;
    for (const auto& document : documents) {
        EXPECT_EQ(document.back(), '\n');
        whole += document;
    }
    EXPECT_EQ(documents[0].size(), 4'195'000u);  // the first line end at or after 4 MiB
    EXPECT_EQ(whole, bytes);
}

TEST(SourceText, AnEndlessLineIsCutBetweenCharacters) {
    const TempDirectory directory;
    std::string bytes = "ab";  // so that 64 MiB end inside a character
    while (bytes.size() < (65u << 20))
        bytes += "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC";
    const auto documents = readDocuments(plan(directory.write("line.txt", bytes)));
    ASSERT_EQ(documents.size(), 2u);
    EXPECT_EQ(documents[0].size() % 3, 2u);  // "ab" and whole characters of three bytes
    EXPECT_EQ(documents[1].substr(0, 3), "\xE2\x82\xAC");
    EXPECT_EQ(documents[0] + documents[1], bytes);
}

TEST(SourceJsonl, BrokenLinesNameFileAndLine) {
    struct Case {
        const char* line;
        const char* message;
    };
    const Case cases[] = {
        {R"({"text": "x")", "is not valid JSON"},
        {R"(["text"])", "is an array, not an object"},
        {R"("text")", "is a string, not an object"},
        {R"({"text": 5})", "has a number under the key \"text\""},
        {R"({"text": null})", "has null under the key"},
        {R"({"text": ["a"]})", "has an array under the key"},
        {R"({"text": {"text": "inner"}})", "has an object under the key"},
        {R"({"content": "x", "meta": {"text": "inner"}})",
         R"(there is no key "text"; the line has the keys "content", "meta")"},
        {"{}", "no keys at all"},
        {"{\"text\": \"\xFF\xFE\"}", "is not valid JSON"},
        {"{\"text\": \"cut \xE2\x82\"}", "is not valid JSON"},
        {R"({"text": "\ud800"})", "is not valid JSON"},
        {R"({"text": "x"} {"text": "y"})", "is not valid JSON"},
        {R"({"text": "x", "n": 1e999})", "is not valid JSON"},
    };
    const TempDirectory directory;
    for (const Case& test : cases) {
        const fs::path file =
            directory.write("bad.jsonl", jsonLine("good") + "\n" + test.line + "\n" + jsonLine("good"));
        const Error error = readError(plan(file));
        EXPECT_EQ(error.code, ErrorCode::InvalidInput) << test.line;
        EXPECT_THAT(error.message, HasSubstr("bad.jsonl, line 3: ")) << test.line;
        EXPECT_THAT(error.message, HasSubstr(test.message)) << test.line;
        EXPECT_EQ(error.message.find('\n'), std::string::npos);
    }
}

TEST(SourceJsonl, DeepNestingIsRefusedWithoutRecursion) {
    std::string text;
    const std::string file = "deep.jsonl";
    const auto nested = [](size_t depth) {
        return R"({"text": "t", "deep": )" + std::string(depth, '[') + std::string(depth, ']') + "}";
    };
    EXPECT_TRUE(parseJsonlLine(nested(100), "text", {file, 1}, text));
    EXPECT_EQ(text, "t");
    const auto status = parseJsonlLine(nested(10'000'000), "text", {file, 1}, text);
    ASSERT_FALSE(status);
    EXPECT_THAT(status.error().message, HasSubstr("nested deeper than 128 levels"));
}

TEST(SourceJsonl, OtherKeysAndEmptyDocumentsAreHandled) {
    const TempDirectory directory;
    auto source = plan(directory.write("a.jsonl", R"({"body":"a","text":1})"
                                                  "\r\n"
                                                  R"({"body":""})"
                                                  "\n"
                                                  R"({"body":" \n"})"
                                                  "\n"
                                                  R"({"body":"b","body":"c"})"));
    source.textKey = "body";
    EXPECT_THAT(readDocuments(source), ElementsAre("a", "c"));
}

TEST(SourceJsonl, LinesUpTo64MiBAreReadAndLongerOnesRefused) {
    const TempDirectory directory;
    const std::string frame = R"({"text":""})";
    const size_t most = (64u << 20) - frame.size() - 1;
    EXPECT_EQ(
        readDocuments(plan(directory.write("a.jsonl", R"({"text":")" + std::string(most, 'x') + "\"}\n")))[0].size(),
        most);
    EXPECT_THAT(
        readError(plan(directory.write("a.jsonl", "\n{\"text\":\"" + std::string(most + 2, 'x') + "\"}\n"))).message,
        HasSubstr("line 2: the line is longer than 64 MiB"));
}

TEST(SourceDemo, StoriesAreTheGenerators) {
    const auto documents = readDocuments(plan("demo:42:3"));
    ASSERT_EQ(documents.size(), 3u);
    for (uint64_t i = 0; i < 3; ++i) EXPECT_EQ(documents[i], demo::storyText(42 * 1000003 + i));
    for (const char* path :
         {"demo:", "demo:1", "demo:1:", "demo:1:0", "demo:-1:5", "demo:1:5x", "demo:1:5:6", "demo:1:99999999999"})
        EXPECT_THAT(readError(plan(path)).message, HasSubstr("demo:SEED:DOCUMENTS")) << path;
}

TEST(SourcePosition, ReadingGoesOnAtEveryPosition) {
    const TempDirectory directory;
    directory.write("a.jsonl.gz", gzip(jsonLine("a1") + "\n" + jsonLine("a2") + jsonLine("")));
    directory.write("b.txt", "b1\n<|endoftext|>\n<|endoftext|>\nb2");
    directory.write("c.jsonl", "");
    directory.write("d.txt.zst", zstd("d1"));
    const auto all = readDocuments(plan(directory.path()));
    ASSERT_THAT(all, ElementsAre("a1", "a2", "b1\n", "b2", "d1"));
    auto first = DocumentReader::open(plan(directory.path()));
    std::string document;
    for (size_t taken = 0; taken <= all.size(); ++taken) {
        auto second = DocumentReader::open(plan(directory.path()));
        ASSERT_TRUE(second->skipTo(first->position()));
        EXPECT_EQ(readDocuments(*second),
                  std::vector<std::string>(all.begin() + static_cast<std::ptrdiff_t>(taken), all.end()));
        EXPECT_EQ(*first->next(document), taken < all.size());
    }
    auto reader = DocumentReader::open(plan(directory.path()));
    EXPECT_FALSE(reader->skipTo({1, 99}));
    EXPECT_FALSE(DocumentReader::open(plan(directory.path()))->skipTo({99, 0}));
    EXPECT_EQ(first->bytesRead(), first->bytesTotal());
    EXPECT_GT(first->bytesTotal(), 0);
}

}  // namespace
}  // namespace radlads::data
