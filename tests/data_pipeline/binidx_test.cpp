#include "engine/data/binidx.h"

#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "engine/data/token_store.h"
#include "tests/data_pipeline/fixtures.h"

namespace radlads::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace test;

template <class... Numbers>
std::string packed(Numbers... numbers) {
    std::string bytes;
    (bytes.append(reinterpret_cast<const char*>(&numbers), sizeof numbers), ...);
    return bytes;
}

const std::string kMagic("MMIDIDX\0\0", 9);

std::string header(uint8_t type, uint64_t n, uint64_t m, uint64_t version = 1) {
    return kMagic + packed(version, type, n, m);
}

// Documents [1 2 3] and [4 5] in uint16, with the document index of Megatron.
std::string smallIndex() {
    return header(8, 2, 3) + packed(int32_t{3}, int32_t{2}, int64_t{0}, int64_t{6}, int64_t{0}, int64_t{1}, int64_t{2});
}
std::string smallBin() {
    return packed(uint16_t{1}, uint16_t{2}, uint16_t{3}, uint16_t{4}, uint16_t{5});
}

Result<BinidxIndex> parse(const std::string& idx, int64_t binBytes) {
    return parseBinidxIndex(std::as_bytes(std::span(idx)), binBytes, "x.idx");
}

Result<TokenStore> openPair(const TempDirectory& directory, const std::string& idx, const std::string& bin) {
    directory.write("pair.idx", idx);
    directory.write("pair.bin", bin);
    return TokenStore::open(directory / "pair");
}

TEST(Binidx, TheWriterGivesTheLayoutOfTheFormat) {
    const TempDirectory directory;
    auto writer = TokenStoreWriter::create(directory / "small", 65536);
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->addDocument(std::vector<int32_t>{1, 2, 3}));
    ASSERT_TRUE(writer->addDocument(std::vector<int32_t>{4, 5}));
    EXPECT_FALSE(fs::exists(directory / "small.bin"));
    EXPECT_FALSE(fs::exists(directory / "small.idx"));
    ASSERT_TRUE(writer->finish());
    EXPECT_EQ(readBytes(directory / "small.idx"), smallIndex());
    EXPECT_EQ(readBytes(directory / "small.bin"), smallBin());
    EXPECT_EQ(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()), 2);
}

TEST(Binidx, LargeVocabulariesAreStoredAsInt32) {
    const TempDirectory directory;
    auto writer = TokenStoreWriter::create(directory / "large", 65537);
    ASSERT_TRUE(writer->addDocument(std::vector<int32_t>{65536, 0}));
    ASSERT_TRUE(writer->finish());
    EXPECT_EQ(readBytes(directory / "large.idx").substr(0, 34), header(4, 1, 2));
    EXPECT_EQ(readBytes(directory / "large.bin"), packed(int32_t{65536}, int32_t{0}));
}

TEST(Binidx, EveryTokenTypeIsReadAndOthersAreRefused) {
    const TempDirectory directory;
    const std::string tail = packed(int32_t{2}, int64_t{0}, int64_t{0}, int64_t{1});
    EXPECT_THAT(readAll(*openPair(directory, header(1, 1, 2) + tail, packed(uint8_t{7}, uint8_t{255}))),
                ElementsAre(7, 255));
    EXPECT_THAT(readAll(*openPair(directory, header(8, 1, 2) + tail, packed(uint16_t{7}, uint16_t{65535}))),
                ElementsAre(7, 65535));
    EXPECT_THAT(readAll(*openPair(directory, header(4, 1, 2) + tail, packed(int32_t{7}, int32_t{151643}))),
                ElementsAre(7, 151643));
    EXPECT_THAT(readAll(*openPair(directory, header(5, 1, 2) + tail, packed(int64_t{7}, int64_t{151643}))),
                ElementsAre(7, 151643));
    for (const int code : {0, 2, 3, 6, 7, 9, 255}) {
        const auto store = openPair(directory, header(static_cast<uint8_t>(code), 1, 2) + tail, std::string(16, '\0'));
        ASSERT_FALSE(store) << code;
        EXPECT_THAT(store.error().message, HasSubstr("byte 17")) << code;
    }
}

TEST(Binidx, IdsThatNoVocabularyHasAreSeenByMaxToken) {
    const TempDirectory directory;
    const std::string tail = packed(int32_t{2}, int64_t{0}, int64_t{0}, int64_t{1});
    constexpr int32_t kHighest = std::numeric_limits<int32_t>::max();
    EXPECT_EQ(openPair(directory, header(4, 1, 2) + tail, packed(int32_t{7}, int32_t{-1}))->maxToken(), kHighest);
    EXPECT_EQ(openPair(directory, header(5, 1, 2) + tail, packed(int64_t{7}, int64_t{1} << 40))->maxToken(), kHighest);
    EXPECT_EQ(openPair(directory, header(5, 1, 2) + tail, packed(int64_t{7}, std::numeric_limits<int64_t>::min()))
                  ->maxToken(),
              kHighest);
    EXPECT_EQ(openPair(directory, header(4, 1, 2) + tail, packed(int32_t{700}, int32_t{5}))->maxToken(), 700);
    EXPECT_EQ(openPair(directory, header(4, 0, 1) + packed(int64_t{0}), "")->maxToken(), -1);
    std::string many;
    for (int32_t i = 0; i < 200'000; ++i) many += packed(i == 199'999 ? 999 : i % 7);
    EXPECT_EQ(openPair(directory, header(4, 0, 1) + packed(int64_t{0}), many)->maxToken(), 999);
}

TEST(Binidx, BothDocumentIndexesAndModesAreAccepted) {
    const std::string sizes = packed(int32_t{3}, int32_t{2}, int64_t{0}, int64_t{6});
    EXPECT_TRUE(parse(header(8, 2, 2) + sizes + packed(int64_t{0}, int64_t{1}), 10));  // RADLADS
    EXPECT_TRUE(parse(smallIndex(), 10));                                              // Megatron
    EXPECT_TRUE(parse(smallIndex() + std::string(2, '\0'), 10));                       // multimodal Megatron
    const auto index = parse(smallIndex(), 12);  // .bin may hold more than the documents
    ASSERT_TRUE(index);
    EXPECT_EQ(index->length(1), 2);
    EXPECT_EQ(index->pointer(1), 6);
}

TEST(Binidx, AnIndexCutAtAnyByteIsRefused) {
    const std::string whole = smallIndex();
    ASSERT_TRUE(parse(whole, 10));
    for (size_t size = 0; size < whole.size(); ++size) {
        const auto index = parse(std::string(whole.data(), size), 10);
        ASSERT_FALSE(index) << size;
        EXPECT_EQ(index.error().code, ErrorCode::InvalidInput);
        EXPECT_THAT(index.error().message, HasSubstr("x.idx"));
    }
    EXPECT_FALSE(parse(whole + "x", 10));
}

TEST(Binidx, HostileIndexesAreRefused) {
    constexpr uint64_t kHuge = ~uint64_t{0};
    const auto document = [](int32_t length, int64_t pointer, int64_t binBytes) {
        return parse(header(8, 1, 0) + packed(length, pointer), binBytes);
    };
    struct Case {
        const char* name;
        Result<BinidxIndex> index;
        const char* message;
    };
    const Case cases[] = {
        {"wrong magic", parse("MMIDIDY" + smallIndex().substr(7), 10), "does not begin with MMIDIDX"},
        {"version 0", parse(header(8, 0, 0, 0), 0), "version 0"},
        {"version 2", parse(header(8, 0, 0, 2), 0), "version 2"},
        {"huge n", parse(header(8, kHuge, 0), 10), "does not fit"},
        {"huge m", parse(header(8, 0, kHuge), 10), "does not fit"},
        {"n whose 12 n wraps to 0", parse(header(8, uint64_t{1} << 62, 0), 10), "does not fit"},
        {"m whose 8 m wraps to 0", parse(header(8, 0, uint64_t{1} << 61), 10), "does not fit"},
        {"n and m that cancel", parse(header(8, kHuge / 12 + 1, kHuge / 8), 10), "does not fit"},
        {"odd .bin", parse(smallIndex(), 11), "not a multiple of the 2 bytes"},
        {"length one too long", document(6, 0, 10), "document 0 (6 tokens from byte 0)"},
        {"length negative", document(-1, 0, 10), "does not lie in"},
        {"pointer negative", document(1, -2, 10), "does not lie in"},
        {"pointer behind the end", document(0, 12, 10), "does not lie in"},
        {"pointer at the end", document(1, 10, 10), "does not lie in"},
        {"pointer inside a token", document(1, 1, 10), "does not lie in"},
        {"pointer at the limit", document(1, std::numeric_limits<int64_t>::max(), 10), "does not lie in"},
        {"length at the limit", document(std::numeric_limits<int32_t>::max(), 8, 10), "does not lie in"},
    };
    for (const Case& test : cases) {
        ASSERT_FALSE(test.index) << test.name;
        EXPECT_THAT(test.index.error().message, HasSubstr(test.message)) << test.name;
    }
    EXPECT_TRUE(document(5, 0, 10));
    EXPECT_TRUE(document(0, 10, 10));
}

TEST(TokenStoreTest, ReadsAnyRangeByAnyOfItsNames) {
    const TempDirectory directory;
    ASSERT_TRUE(openPair(directory, smallIndex(), smallBin()));
    for (const char* name : {"pair", "pair.bin", "pair.idx"}) {
        const auto store = TokenStore::open(directory / name);
        ASSERT_TRUE(store) << name;
        EXPECT_EQ(store->size(), 5);
        EXPECT_EQ(store->documents(), 2);
        EXPECT_EQ(store->documentLength(0), 3);
        EXPECT_EQ(store->documentOffset(1), 3);
        std::vector<int32_t> middle(3);
        store->read(1, middle);
        EXPECT_THAT(middle, ElementsAre(2, 3, 4));  // across the documents
        store->read(5, std::span<int32_t>());
    }
    fs::remove(directory / "pair.bin");
    EXPECT_EQ(TokenStore::open(directory / "pair").error().code, ErrorCode::InvalidInput);
}

TEST(TokenStoreWriterTest, WithoutFinishNothingIsLeft) {
    const TempDirectory directory;
    {
        auto writer = TokenStoreWriter::create(directory / "t", 100);
        ASSERT_TRUE(writer->addDocument(std::vector<int32_t>{1}));
        ASSERT_TRUE(writer->commit());
        EXPECT_FALSE(fs::is_empty(directory.path()));
    }
    EXPECT_TRUE(fs::is_empty(directory.path()));
}

TEST(TokenStoreWriterTest, ASecondWriterIsBusyAndHarmsNothing) {
    const TempDirectory directory;
    auto first = TokenStoreWriter::create(directory / "t", 100);
    ASSERT_TRUE(first->addDocument(std::vector<int32_t>{1, 2}));
    const auto second = TokenStoreWriter::create(directory / "t", 100);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::Busy);
    ASSERT_TRUE(first->finish());
    EXPECT_THAT(readAll(*TokenStore::open(directory / "t")), ElementsAre(1, 2));
}

TEST(TokenStoreWriterTest, IdsOutsideTheVocabularyAreRefused) {
    const TempDirectory directory;
    auto writer = TokenStoreWriter::create(directory / "t", 100);
    EXPECT_TRUE(writer->addDocument(std::vector<int32_t>{0, 99}));
    EXPECT_THAT(writer->addDocument(std::vector<int32_t>{1, 100}).error().message,
                HasSubstr("token 100, outside the model's vocabulary of 100"));
    EXPECT_FALSE(writer->addDocument(std::vector<int32_t>{-1}));
    EXPECT_FALSE(TokenStoreWriter::create(directory / "u", 0));
}

TEST(TokenStoreWriterTest, ResumingCutsOffWhatWasNotCommitted) {
    const TempDirectory directory;
    {
        auto writer = TokenStoreWriter::create(directory / "t", 100);
        ASSERT_TRUE(writer->addDocument(std::vector<int32_t>{1, 2}));
        ASSERT_TRUE(writer->addDocument(std::vector<int32_t>{3, 4, 5}));
        ASSERT_TRUE(writer->commit());
        writer->keepTemporaries(true);
    }
    auto writer = TokenStoreWriter::resume(directory / "t", 100, {1, 2});
    ASSERT_TRUE(writer) << writer.error().message;
    ASSERT_TRUE(writer->addDocument(std::vector<int32_t>{9}));
    ASSERT_TRUE(writer->finish());
    EXPECT_THAT(readAll(*TokenStore::open(directory / "t")), ElementsAre(1, 2, 9));
    for (const StoreCounts counts :
         {StoreCounts{1, 2}, {-1, 0}, {0, -1}, {0, 5}, {std::numeric_limits<int64_t>::max(), 0}})
        EXPECT_EQ(TokenStoreWriter::resume(directory / "u", 100, counts).error().code, ErrorCode::InvalidInput);
}

TEST(TokenStoreWriterTest, AnEarlierPairIsReplaced) {
    const TempDirectory directory;
    ASSERT_TRUE(openPair(directory, smallIndex(), smallBin()));
    auto writer = TokenStoreWriter::create(directory / "pair", 100);
    ASSERT_TRUE(writer->addDocument(std::vector<int32_t>{42}));
    EXPECT_EQ(TokenStore::open(directory / "pair")->size(), 5);
    ASSERT_TRUE(writer->finish());
    EXPECT_THAT(readAll(*TokenStore::open(directory / "pair")), ElementsAre(42));
}

// Limits the size of files of this process while it lives; what goes beyond gets EFBIG.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) {
        m_handler = std::signal(SIGXFSZ, SIG_IGN);
        EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &m_before), 0);
        const rlimit limit{bytes, m_before.rlim_max};
        EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    }
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &m_before);
        std::signal(SIGXFSZ, m_handler);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

private:
    rlimit m_before{};
    void (*m_handler)(int) = nullptr;
};

TEST(TokenStoreWriterTest, AFullDiskIsNoSpaceAndLeavesNothing) {
    const TempDirectory directory;
    const std::vector<int32_t> document(1000, 7);
    for (const int documents : {5, 500, 2000}) {  // seen at finish, at a flush of the buffer, at the first flush
        const FileSizeLimit limit(4096);
        Status status;
        {
            auto writer = TokenStoreWriter::create(directory / "t", 100);
            for (int i = 0; i < documents && status; ++i) status = writer->addDocument(document);
            if (status) status = writer->finish();
        }
        ASSERT_FALSE(status);
        EXPECT_EQ(status.error().code, ErrorCode::NoSpace) << status.error().message;
        EXPECT_TRUE(fs::is_empty(directory.path()));
    }
}

TEST(TokenStoreWriterTest, AnIndexThatDoesNotFitIsNoSpaceAndLeavesNothing) {
    const TempDirectory directory;
    const FileSizeLimit limit(4096);
    Status status;
    {
        auto writer = TokenStoreWriter::create(directory / "t", 100);
        for (int i = 0; i < 1000 && status; ++i) status = writer->addDocument(std::vector<int32_t>{1});
        ASSERT_TRUE(status);
        status = writer->finish();  // 2000 bytes of tokens, over 20,000 of index
    }
    EXPECT_EQ(status.error().code, ErrorCode::NoSpace);
    EXPECT_TRUE(fs::is_empty(directory.path()));
}

}  // namespace
}  // namespace radlads::data
