#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <limits>

#include "engine/data/preview.h"
#include "engine/data/source_identity.h"
#include "engine/data/token_store.h"
#include "tests/data_pipeline/fixtures.h"

namespace radlads::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace test;

constexpr int64_t kVocabulary = 257;

Status prepare(const protocol::SourcePlan& source, const fs::path& prefix, const ProgressCallback& progress = {},
               const PrepareOptions& options = {}) {
    return prepareSource(source, byteTokenizer(), true, kVocabulary, prefix, progress, options);
}

// Files of several kinds with some thousand documents, compressed and plain, with empty ones between.
void writeCorpus(const TempDirectory& directory) {
    std::string lines, text;
    for (int i = 0; i < 1500; ++i)
        lines += nlohmann::json{{"text", i % 7 == 0 ? "" : "story " + std::to_string(i)}}.dump() + "\n";
    for (int i = 0; i < 900; ++i) text += "text " + std::to_string(i) + "\n<|endoftext|>\n";
    directory.write("corpus/a.jsonl.zst",
                    zstd(lines.substr(0, lines.size() / 2 + 1)) + zstd(lines.substr(lines.size() / 2 + 1)));
    directory.write("corpus/b.txt.gz", gzip(text));
    directory.write("corpus/c.jsonl", lines);
    directory.write("corpus/empty.txt", "");
}

std::string pairBytes(const fs::path& prefix) {
    return readBytes(fs::path(prefix) += ".bin") + readBytes(fs::path(prefix) += ".idx");
}

TEST(Prepare, DocumentsAreTokensWithAnEosEach) {
    const TempDirectory directory;
    const auto source = plan(directory.write("a.jsonl", "{\"text\":\"ab\"}\n{\"text\":\"\"}\n{\"text\":\"c\"}\n"));
    ASSERT_TRUE(prepare(source, directory / "out"));
    const auto store = TokenStore::open(directory / "out");
    EXPECT_THAT(readAll(*store), ElementsAre('a', 'b', kEos, 'c', kEos));
    EXPECT_EQ(store->documents(), 2);
    EXPECT_EQ(store->documentLength(0), 3);
    ASSERT_TRUE(prepareSource(source, byteTokenizer(), false, kVocabulary, directory / "plain", {}));
    EXPECT_THAT(readAll(*TokenStore::open(directory / "plain")), ElementsAre('a', 'b', 'c'));
    EXPECT_EQ(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()),
              5);  // nothing else is left
}

TEST(Prepare, AnyNumberOfThreadsGivesTheSameBytes) {
    const TempDirectory directory;
    writeCorpus(directory);
    ASSERT_TRUE(prepare(plan(directory / "corpus"), directory / "one", {}, {.threads = 1}));
    ASSERT_TRUE(prepare(plan(directory / "corpus"), directory / "five", {}, {.threads = 5}));
    EXPECT_EQ(pairBytes(directory / "one"), pairBytes(directory / "five"));
    EXPECT_EQ(TokenStore::open(directory / "one")->documents(), 2 * (1500 - 215) + 900);
}

TEST(Prepare, ProgressGrowsToTheTotals) {
    const TempDirectory directory;
    writeCorpus(directory);
    std::vector<PrepareProgress> reports;
    ASSERT_TRUE(prepare(plan(directory / "corpus"), directory / "out",
                        [&](const PrepareProgress& p) { return reports.push_back(p), true; }, {.threads = 1}));
    ASSERT_GT(reports.size(), 10u);
    for (size_t i = 1; i < reports.size(); ++i) {
        EXPECT_GE(reports[i].bytesRead, reports[i - 1].bytesRead);
        EXPECT_GT(reports[i].tokens, reports[i - 1].tokens);
    }
    EXPECT_EQ(reports.back().bytesRead, reports.back().bytesTotal);
    EXPECT_EQ(reports.back().tokens, TokenStore::open(directory / "out")->size());
    EXPECT_THAT(reports.front().file, HasSubstr("a.jsonl.zst"));
}

TEST(PrepareResume, AStopAtEveryReportGivesTheSameBytes) {
    const TempDirectory directory;
    writeCorpus(directory);
    ASSERT_TRUE(prepare(plan(directory / "corpus"), directory / "whole"));
    Status status;
    int64_t before = -1;
    int attempts = 0;
    do {  // each attempt does one batch
        int reports = 0;
        int64_t documents = 0;
        status =
            prepare(plan(directory / "corpus"), directory / "pieces",
                    [&](const PrepareProgress& p) { return documents = p.documents, ++reports < 2; }, {.threads = 1});
        if (status) break;
        ASSERT_EQ(status.error().code, ErrorCode::Interrupted);
        EXPECT_FALSE(fs::exists(directory / "pieces.idx"));
        ASSERT_GT(documents, before) << "an attempt did not go on";
        before = documents;
    } while (++attempts < 1000);
    ASSERT_TRUE(status);
    EXPECT_GT(attempts, 20);
    EXPECT_EQ(pairBytes(directory / "pieces"), pairBytes(directory / "whole"));
    for (const auto& entry : fs::directory_iterator(directory.path()))
        EXPECT_EQ(entry.path().string().find("partial"), std::string::npos) << entry.path();
}

TEST(PrepareResume, AKilledProcessLosesOnlyWhatWasNotCommitted) {
    const TempDirectory directory;
    writeCorpus(directory);
    ASSERT_TRUE(prepare(plan(directory / "corpus"), directory / "whole"));
    for (const int killAt : {1, 2, 9, 30}) {
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            int reports = 0;
            // Commits after every 2000 tokens; dies without a last commit.
            (void)prepare(
                plan(directory / "corpus"), directory / "killed",
                [&](const PrepareProgress&) { return ++reports == killAt ? ::kill(::getpid(), SIGKILL) == 0 : true; },
                {.commitBytes = 8000, .commitSeconds = 1000, .threads = 1});
            ::_exit(0);
        }
        int result = 0;
        ASSERT_EQ(::waitpid(child, &result, 0), child);
        ASSERT_TRUE(WIFSIGNALED(result));
        EXPECT_FALSE(fs::exists(directory / "killed.idx"));
    }
    int64_t first = -1;
    ASSERT_TRUE(prepare(plan(directory / "corpus"), directory / "killed",
                        [&](const PrepareProgress& p) { return first = first < 0 ? p.documents : first, true; }));
    EXPECT_GT(first, 1000);
    EXPECT_EQ(pairBytes(directory / "killed"), pairBytes(directory / "whole"));
}

TEST(PrepareResume, ForeignOrBrokenStatesStartOver) {
    const TempDirectory directory;
    writeCorpus(directory);
    ASSERT_TRUE(prepare(plan(directory / "corpus"), directory / "whole"));
    const auto stop = [&] {
        int reports = 0;
        EXPECT_FALSE(prepare(plan(directory / "corpus"), directory / "t",
                             [&](const PrepareProgress&) { return ++reports < 9; }, {.threads = 1}));
    };
    const auto firstDocuments = [&] {
        int64_t first = -1;
        EXPECT_TRUE(prepare(plan(directory / "corpus"), directory / "t",
                            [&](const PrepareProgress& p) { return first = first < 0 ? p.documents : first, true; }));
        return first;
    };
    stop();
    EXPECT_GT(firstDocuments(), 0);

    const auto edit = [&](const char* key, const nlohmann::json& value) {
        auto state = nlohmann::json::parse(readBytes(directory / "t.partial.json"));
        state[key] = value;
        directory.write("t.partial.json", state.dump());
    };
    const std::pair<const char*, nlohmann::json> edits[] = {
        {"identity", "0123"},
        {"identity", 5},
        {"tokens", 1},
        {"tokens", -1},
        {"tokens", int64_t{1} << 62},
        {"documents", 0},
        {"documents", "x"},
        {"documents", std::numeric_limits<int64_t>::max()},
        {"file", 99},
        {"file", 1.5},
        {"unit", 1'000'000},
        {"unit", nullptr},
    };
    for (const auto& [key, value] : edits) {
        stop();
        edit(key, value);
        EXPECT_EQ(firstDocuments(), 0) << key << " " << value;
        EXPECT_EQ(pairBytes(directory / "t"), pairBytes(directory / "whole")) << key << " " << value;
    }
    for (const char* file : {"t.partial.bin", "t.partial.lengths", "t.partial.json"}) {
        stop();
        directory.write(file, "{");
        EXPECT_EQ(firstDocuments(), 0) << file;
        EXPECT_EQ(pairBytes(directory / "t"), pairBytes(directory / "whole")) << file;
    }
    stop();
    setModificationTime(directory / "corpus/c.jsonl", 1'000'000);
    EXPECT_EQ(firstDocuments(), 0);
}

TEST(PrepareErrors, BadInputLeavesNothing) {
    const TempDirectory directory;
    fs::create_directory(directory / "out");
    std::string lines;
    for (int i = 0; i < 1000; ++i) lines += "{\"text\":\"good\"}\n";
    const auto source = plan(directory.write("bad.jsonl", lines + "{\"text\":\n"));
    const Status status = prepare(source, directory / "out/t", {}, {.commitBytes = 1, .threads = 1});
    EXPECT_EQ(status.error().code, ErrorCode::InvalidInput);
    EXPECT_THAT(status.error().message, HasSubstr("bad.jsonl, line 1001"));
    EXPECT_THAT(prepare(plan(directory.write("blank.txt", " \n")), directory / "out/t").error().message,
                HasSubstr("holds no text"));
    EXPECT_THAT(prepareSource(plan("demo:1:1"), byteTokenizer(false), true, kVocabulary, directory / "out/t", {})
                    .error()
                    .message,
                HasSubstr("append_eos"));
    EXPECT_THAT(prepareSource(plan("demo:1:1"), byteTokenizer(), true, 256, directory / "out/t", {}).error().message,
                HasSubstr("token 256, outside the model's vocabulary of 256"));
    EXPECT_TRUE(fs::is_empty(directory / "out"));
    EXPECT_EQ(prepare(plan("demo:1:1"), directory / "no/such/directory/t").error().code, ErrorCode::Failed);
}

TEST(PrepareErrors, ASourceThatChangesWhileItIsReadIsRefused) {
    const TempDirectory directory;
    const auto source = plan(directory.write("a.txt", "text"));
    const Status status = prepare(source, directory / "t", [&](const PrepareProgress&) {
        setModificationTime(directory / "a.txt", 1'000'000);
        return true;
    });
    EXPECT_EQ(status.error().code, ErrorCode::InvalidInput);
    EXPECT_THAT(status.error().message, HasSubstr("changed while it was read"));
    EXPECT_FALSE(fs::exists(directory / "t.bin"));
}

TEST(PrepareErrors, AFullDiskKeepsWhatWasCommittedAndGoesOnLater) {
    const TempDirectory directory;
    writeCorpus(directory);
    ASSERT_TRUE(prepare(plan(directory / "corpus"), directory / "whole"));
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    auto* handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{40'000, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    const PrepareOptions options{.commitBytes = 8000, .commitSeconds = 1000, .threads = 1};
    const Status status = prepare(plan(directory / "corpus"), directory / "t", {}, options);
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::NoSpace) << status.error().message;
    int64_t first = -1;
    ASSERT_TRUE(prepare(plan(directory / "corpus"), directory / "t",
                        [&](const PrepareProgress& p) { return first = first < 0 ? p.documents : first, true; }));
    EXPECT_GT(first, 500);
    EXPECT_EQ(pairBytes(directory / "t"), pairBytes(directory / "whole"));
}

// Opens through the cache; says whether that tokenised anything.
struct Opened {
    Result<TokenStore> store;
    bool prepared = false;
};
Opened openCached(const protocol::SourcePlan& source, const fs::path& cache, const io::Tokenizer& tokenizer,
                  bool eos = true, int64_t vocabSize = 300) {
    bool prepared = false;
    auto store =
        openSource(source, tokenizer, eos, vocabSize, cache, [&](const PrepareProgress&) { return prepared = true; });
    if (!store) ADD_FAILURE() << store.error().message;
    return {std::move(store), prepared};
}

TEST(Cache, TheSecondOpenReusesAndEveryChangePreparesAgain) {
    const TempDirectory directory;
    const io::Tokenizer tokenizer = byteTokenizer();
    const fs::path cache = directory / "cache";
    auto source = plan(directory.write("data/a.jsonl", "{\"text\":\"ab\",\"body\":\"x\"}\n"));
    EXPECT_TRUE(openCached(source, cache, tokenizer).prepared);
    const auto again = openCached(source, cache, tokenizer);
    EXPECT_FALSE(again.prepared);
    EXPECT_THAT(readAll(*again.store), ElementsAre('a', 'b', kEos));
    source.weight = 5;
    EXPECT_FALSE(openCached(source, cache, tokenizer).prepared);

    setModificationTime(directory / "data/a.jsonl", 1'000'000);
    EXPECT_TRUE(openCached(source, cache, tokenizer).prepared);
    EXPECT_FALSE(openCached(source, cache, tokenizer).prepared);
    EXPECT_TRUE(openCached(source, cache, tokenizer, false).prepared);
    EXPECT_TRUE(openCached(source, cache, tokenizer, true, 301).prepared);
    EXPECT_TRUE(openCached(source, cache, byteTokenizer(true, "<extra>")).prepared);
    source.textKey = "body";
    const auto body = openCached(source, cache, tokenizer);
    EXPECT_TRUE(body.prepared);
    EXPECT_THAT(readAll(*body.store), ElementsAre('x', kEos));

    auto whole = plan(directory / "data");
    openCached(whole, cache, tokenizer);
    EXPECT_FALSE(openCached(whole, cache, tokenizer).prepared);
    directory.write("data/b.txt", "more");
    EXPECT_TRUE(openCached(whole, cache, tokenizer).prepared);
    EXPECT_FALSE(openCached(whole, cache, tokenizer).prepared);
    EXPECT_TRUE(openCached(plan("demo:1:2"), cache, tokenizer).prepared);
    EXPECT_FALSE(openCached(plan("demo:1:2"), cache, tokenizer).prepared);
    EXPECT_TRUE(openCached(plan("demo:2:2"), cache, tokenizer).prepared);
}

TEST(Cache, ADamagedEntryIsPreparedAgain) {
    const TempDirectory directory;
    const auto source = plan(directory.write("a.txt", "abc"));
    ASSERT_TRUE(openCached(source, directory / "cache", byteTokenizer()).prepared);
    for (const auto& entry : fs::recursive_directory_iterator(directory / "cache"))
        if (entry.path().extension() == ".idx") fs::resize_file(entry.path(), 20);
    const auto opened = openCached(source, directory / "cache", byteTokenizer());
    EXPECT_TRUE(opened.prepared);
    EXPECT_THAT(readAll(*opened.store), ElementsAre('a', 'b', 'c', kEos));
}

TEST(Cache, WaitsForAnotherPreparationOfTheSame) {
    const TempDirectory directory;
    const auto source = plan(directory.write("a.txt", "abc"));
    const io::Tokenizer tokenizer = byteTokenizer();
    const fs::path entry = directory / "cache/tokens" / *sourceIdentity(source, tokenizer, true, 300);
    fs::create_directories(entry);
    const int lock = ::open((entry / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_EQ(::flock(lock, LOCK_EX), 0);
    int reports = 0;
    const auto stopped = openSource(source, tokenizer, true, 300, directory / "cache",
                                    [&](const PrepareProgress&) { return ++reports < 2; });
    EXPECT_EQ(stopped.error().code, ErrorCode::Interrupted);
    EXPECT_FALSE(fs::exists(entry / "tokens.bin"));
    // The other one finishes while this one waits: its tokens are taken, none are made.
    reports = 0;
    const auto store = openSource(source, tokenizer, true, 300, directory / "cache", [&](const PrepareProgress&) {
        if (++reports == 1) {
            auto writer = TokenStoreWriter::create(entry / "tokens", 300);
            EXPECT_TRUE(writer->addDocument(std::vector<int32_t>{42}) && writer->finish());
            ::flock(lock, LOCK_UN);
        }
        return true;
    });
    ::close(lock);
    ASSERT_TRUE(store);
    EXPECT_EQ(reports, 1);
    EXPECT_THAT(readAll(*store), ElementsAre(42));
}

TEST(Cache, BinidxIsOpenedAsItIsAndItsIdsAreChecked) {
    const TempDirectory directory;
    auto writer = TokenStoreWriter::create(directory / "set", 1000);
    ASSERT_TRUE(writer->addDocument(std::vector<int32_t>{5, 999}));
    ASSERT_TRUE(writer->finish());
    for (const char* name : {"set", "set.bin", "set.idx"}) {
        const auto store = openSource(plan(directory / name), byteTokenizer(), true, 1000, directory / "cache", {});
        ASSERT_TRUE(store) << store.error().message;
        EXPECT_THAT(readAll(*store), ElementsAre(5, 999));
        for (int attempt = 0; attempt < 2; ++attempt) {  // the second from the cached maximum
            const auto refused =
                openSource(plan(directory / name), byteTokenizer(), true, 999, directory / "cache", {});
            ASSERT_FALSE(refused);
            EXPECT_THAT(refused.error().message, HasSubstr("holds token 999, outside the model's vocabulary of 999"));
        }
    }
    auto larger = TokenStoreWriter::create(directory / "set", 3000);
    ASSERT_TRUE(larger->addDocument(std::vector<int32_t>{5, 2000, 1}));
    ASSERT_TRUE(larger->finish());
    EXPECT_FALSE(openSource(plan(directory / "set"), byteTokenizer(), true, 1000, directory / "cache", {}));
    EXPECT_FALSE(DocumentReader::open(plan(directory / "set.bin")));
}

TEST(Preview, CountsLengthsAndShowsTheFirstDocuments) {
    const TempDirectory directory;
    std::string lines;
    for (const int length : {1, 2, 3, 4, 100})
        lines += nlohmann::json{{"text", std::string(static_cast<size_t>(length), 'x')}}.dump() + "\n";
    const auto source = plan(directory.write("a.jsonl", lines));
    const auto whole = previewSource(source, byteTokenizer(), 1000);
    ASSERT_TRUE(whole);
    EXPECT_TRUE(whole->complete);
    EXPECT_EQ(whole->documents, 5);
    EXPECT_EQ(whole->tokens, 110);
    EXPECT_EQ(whole->estimatedTokens, 110);
    EXPECT_EQ(whole->shortest, 1);
    EXPECT_EQ(whole->median, 3);
    EXPECT_EQ(whole->longest, 100);
    EXPECT_THAT(std::vector<int64_t>(whole->histogram.begin(), whole->histogram.begin() + 7),
                ElementsAre(1, 2, 1, 0, 0, 0, 1));
    ASSERT_EQ(whole->samples.size(), 5u);
    EXPECT_EQ(whole->samples[2].text, "xxx");
    EXPECT_EQ(whole->samples[4].ids.size(), 64u);
    EXPECT_EQ(whole->samples[4].tokens, 100);
    const auto some = previewSource(source, byteTokenizer(), 2);
    EXPECT_FALSE(some->complete);
    EXPECT_EQ(some->documents, 2);
    const std::string text = describeSource(*whole);
    EXPECT_THAT(text, HasSubstr("5 documents, 110 tokens; 110 tokens in all"));
    EXPECT_THAT(text, HasSubstr("64 to 127"));
    EXPECT_FALSE(describeSource(SourcePreview{}).empty());
}

TEST(Preview, BinidxIsDecoded) {
    const TempDirectory directory;
    ASSERT_TRUE(prepare(plan(directory.write("a.txt", "hello")), directory / "set"));
    const auto preview = previewSource(plan(directory / "set"), byteTokenizer(), 10);
    ASSERT_TRUE(preview);
    EXPECT_EQ(preview->documents, 1);
    EXPECT_EQ(preview->tokens, 6);
    EXPECT_THAT(preview->samples.at(0).text, HasSubstr("hello"));
}

}  // namespace
}  // namespace radlads::data
