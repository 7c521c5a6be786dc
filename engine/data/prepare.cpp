#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "engine/data/batch_encoder.h"
#include "engine/data/source.h"
#include "engine/data/source_identity.h"
#include "engine/data/token_store.h"
#include "engine/run/descriptor.h"
#include "engine/run/files.h"

namespace radlads::data {
namespace {

using protocol::SourcePlan;
using Clock = std::chrono::steady_clock;

constexpr int kMostThreads = 16;
constexpr size_t kBatchDocumentsPerThread = 64;
constexpr size_t kBatchBytesPerThread = 1 << 20;
constexpr uint64_t kMaxStateBytes = 4096;

// Where an interrupted preparation goes on; PREFIX.partial.json.
struct Checkpoint {
    std::string identity;
    DocumentPosition position;
    StoreCounts counts;
};

std::string writeCheckpoint(const Checkpoint& checkpoint) {
    const nlohmann::ordered_json json = {{"schema", "radlads.prepare/1"},
                                         {"identity", checkpoint.identity},
                                         {"file", checkpoint.position.file},
                                         {"unit", checkpoint.position.unit},
                                         {"documents", checkpoint.counts.documents},
                                         {"tokens", checkpoint.counts.tokens}};
    return json.dump(2) + "\n";
}

// nullopt if there is none of this identity: whatever else the file holds, preparing starts over.
std::optional<Checkpoint> readCheckpoint(const fs::path& path, const std::string& identity) {
    const auto text = run::readFile(path, kMaxStateBytes);
    if (!text) return std::nullopt;
    const auto json = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("identity") || json["identity"] != identity) return std::nullopt;
    Checkpoint checkpoint{identity, {}, {}};
    const std::pair<const char*, int64_t*> fields[] = {{"file", &checkpoint.position.file},
                                                       {"unit", &checkpoint.position.unit},
                                                       {"documents", &checkpoint.counts.documents},
                                                       {"tokens", &checkpoint.counts.tokens}};
    for (const auto& [key, field] : fields) {
        const auto found = json.find(key);
        if (found == json.end() || !found->is_number_integer()) return std::nullopt;
        *field = found->get<int64_t>();
        if (*field < 0) return std::nullopt;
    }
    return checkpoint;
}

int threadCount(int wanted) {
    const int threads = wanted > 0 ? wanted : static_cast<int>(std::thread::hardware_concurrency());
    return std::clamp(threads, 1, kMostThreads);
}

tl::unexpected<Error> interrupted(const SourcePlan& source) {
    return tl::unexpected(
        Error{ErrorCode::Interrupted, fmt::format("preparing {} was stopped; start it again to go on", source.path)});
}

// One run of prepareSource: reads a batch, tokenises it, appends it, commits now and then.
class Preparation {
public:
    static Result<Preparation> begin(const SourcePlan& source, std::string identity, int64_t vocabSize,
                                     const fs::path& prefix) {
        const fs::path statePath = fs::path(prefix) += ".partial.json";
        if (const auto checkpoint = readCheckpoint(statePath, identity)) {
            auto writer = TokenStoreWriter::resume(prefix, vocabSize, checkpoint->counts);
            if (!writer && writer.error().code != ErrorCode::InvalidInput)
                return tl::unexpected(std::move(writer.error()));
            if (writer) {
                writer->keepTemporaries(true);
                RADLADS_TRY_ASSIGN(DocumentReader reader, DocumentReader::open(source));
                const Status skipped = reader.skipTo(checkpoint->position);
                if (skipped)
                    return Preparation(source, std::move(reader), std::move(*writer), std::move(identity), statePath);
                if (skipped.error().code != ErrorCode::InvalidInput) return tl::unexpected(skipped.error());
                writer->keepTemporaries(false);
            }
        }
        RADLADS_TRY_ASSIGN(TokenStoreWriter writer, TokenStoreWriter::create(prefix, vocabSize));
        ::unlink(statePath.c_str());
        RADLADS_TRY_ASSIGN(DocumentReader reader, DocumentReader::open(source));
        return Preparation(source, std::move(reader), std::move(writer), std::move(identity), statePath);
    }

    // Tokenises to the end of the source.
    Status run(const io::Tokenizer& tokenizer, std::optional<int32_t> eos, const ProgressCallback& progress,
               const PrepareOptions& options) {
        BatchEncoder encoder(tokenizer, threadCount(options.threads));
        std::vector<std::string> documents;
        std::vector<std::vector<int32_t>> ids;
        for (;;) {
            if (progress && !progress(report())) {
                RADLADS_TRY(commit());
                return interrupted(m_source);
            }
            RADLADS_TRY(readBatch(encoder.threads(), documents));
            if (documents.empty()) return commit();
            encoder.encode(documents, ids);
            for (std::vector<int32_t>& document : ids) {
                if (eos) document.push_back(*eos);
                RADLADS_TRY(m_writer.addDocument(document));
            }
            const int64_t bytes =
                (m_writer.counts().tokens - m_committed.tokens) * static_cast<int64_t>(sizeof(int32_t));
            if (bytes >= options.commitBytes ||
                Clock::now() - m_commitTime >= std::chrono::seconds(options.commitSeconds))
                RADLADS_TRY(commit());
        }
    }

    Status finish() {
        if (m_writer.counts().tokens == 0)
            return invalidInput("the source {} holds no text: every document is empty", m_source.path);
        RADLADS_TRY(m_writer.finish());
        ::unlink(m_statePath.c_str());
        return {};
    }

    // After an error that no second attempt over the same files would get past, or before the files are others.
    void discard() {
        m_writer.keepTemporaries(false);
        ::unlink(m_statePath.c_str());
    }

private:
    Preparation(const SourcePlan& source, DocumentReader reader, TokenStoreWriter writer, std::string identity,
                fs::path statePath)
        : m_source(source),
          m_reader(std::move(reader)),
          m_writer(std::move(writer)),
          m_identity(std::move(identity)),
          m_statePath(std::move(statePath)),
          m_committed(m_writer.counts()) {}

    PrepareProgress report() const {
        return {m_reader.bytesRead(), m_reader.bytesTotal(), m_writer.counts().documents, m_writer.counts().tokens,
                m_reader.currentFile()};
    }

    Status readBatch(int threads, std::vector<std::string>& documents) {
        size_t count = 0, bytes = 0;
        while (count < kBatchDocumentsPerThread * static_cast<size_t>(threads) &&
               bytes < kBatchBytesPerThread * static_cast<size_t>(threads)) {
            if (count == documents.size()) documents.emplace_back();
            RADLADS_TRY_ASSIGN(const bool more, m_reader.next(documents[count]));
            if (!more) break;
            bytes += documents[count++].size();
        }
        documents.resize(count);
        return {};
    }

    Status commit() {
        RADLADS_TRY(m_writer.commit());
        RADLADS_TRY(run::writeFileAtomically(m_statePath,
                                             writeCheckpoint({m_identity, m_reader.position(), m_writer.counts()})));
        m_writer.keepTemporaries(true);
        m_committed = m_writer.counts();
        m_commitTime = Clock::now();
        return {};
    }

    const SourcePlan& m_source;
    DocumentReader m_reader;
    TokenStoreWriter m_writer;
    std::string m_identity;
    fs::path m_statePath;
    StoreCounts m_committed;
    Clock::time_point m_commitTime = Clock::now();
};

Result<std::optional<int32_t>> eosId(const io::Tokenizer& tokenizer, bool appendEos) {
    if (!appendEos) return std::nullopt;
    if (const auto eos = tokenizer.eosToken()) return eos;
    return invalidInput(
        "the tokenizer names no end-of-text token to put after each document; set append_eos to false, or add "
        "eos_token to its tokenizer_config.json");
}

// Takes the lock of a cache directory, waiting for another process that prepares the same.
Result<run::Descriptor> waitForLock(const fs::path& path, const SourcePlan& source, const ProgressCallback& progress) {
    run::Descriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (!lock.valid()) return systemError("creating " + path.string(), errno);
    constexpr auto kPause = std::chrono::milliseconds(100);
    while (::flock(lock.value(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return systemError("locking " + path.string(), errno);
        if (progress && !progress(PrepareProgress{0, 0, 0, 0, source.path})) return interrupted(source);
        std::this_thread::sleep_for(kPause);
    }
    return lock;
}

// Scanning a large file takes minutes, so the largest id found is kept beside the prepared tokens.
Result<int32_t> cachedMaxToken(const TokenStore& store, const fs::path& prefix, const fs::path& tokensDirectory) {
    std::string identity = "maxToken\n";
    for (const char* ending : {".bin", ".idx"}) {
        RADLADS_TRY_ASSIGN(const std::string file, fileIdentity((fs::path(prefix) += ending).string()));
        identity += file + "\n";
    }
    const fs::path path = tokensDirectory / (fingerprint(identity) + ".max");
    if (const auto text = run::readFile(path, 64))
        if (const auto json = nlohmann::json::parse(*text, nullptr, false); json.is_number_integer())
            return json.get<int32_t>();
    const int32_t largest = store.maxToken();
    std::error_code error;
    fs::create_directories(tokensDirectory, error);
    RADLADS_TRY(run::writeFileAtomically(path, fmt::format("{}\n", largest)));
    return largest;
}

Result<TokenStore> openBinidx(const SourcePlan& source, int64_t vocabSize, const fs::path& tokensDirectory) {
    RADLADS_TRY_ASSIGN(TokenStore store, TokenStore::open(source.path));
    fs::path prefix = source.path;
    if (prefix.extension() == ".bin" || prefix.extension() == ".idx") prefix.replace_extension();
    RADLADS_TRY_ASSIGN(const int32_t largest, cachedMaxToken(store, prefix, tokensDirectory));
    if (largest >= vocabSize)
        return invalidInput(
            "{} holds token {}, outside the model's vocabulary of {}; it was made with another tokenizer or is damaged",
            source.path, largest, vocabSize);
    return store;
}

}  // namespace

Status prepareSource(const SourcePlan& source, const io::Tokenizer& tokenizer, bool appendEos, int64_t vocabSize,
                     const fs::path& prefix, const ProgressCallback& progress, const PrepareOptions& options) {
    RADLADS_TRY_ASSIGN(const std::optional<int32_t> eos, eosId(tokenizer, appendEos));
    RADLADS_TRY_ASSIGN(const std::string identity, sourceIdentity(source, tokenizer, appendEos, vocabSize));
    RADLADS_TRY_ASSIGN(Preparation preparation, Preparation::begin(source, identity, vocabSize, prefix));
    Status status = preparation.run(tokenizer, eos, progress, options);
    if (status) {
        const auto after = sourceIdentity(source, tokenizer, appendEos, vocabSize);
        if (!after || *after != identity)
            status = invalidInput("the source {} changed while it was read; prepare it again when nobody writes to it",
                                  source.path);
    }
    if (status) status = preparation.finish();
    if (!status && status.error().code == ErrorCode::InvalidInput) preparation.discard();
    return status;
}

Result<TokenStore> openSource(const SourcePlan& source, const io::Tokenizer& tokenizer, bool appendEos,
                              int64_t vocabSize, const fs::path& cacheDirectory, const ProgressCallback& progress) {
    const fs::path tokensDirectory = cacheDirectory / "tokens";
    if (isBinidx(source)) return openBinidx(source, vocabSize, tokensDirectory);

    RADLADS_TRY_ASSIGN(const std::string identity, sourceIdentity(source, tokenizer, appendEos, vocabSize));
    const fs::path directory = tokensDirectory / identity;
    const fs::path prefix = directory / "tokens";
    if (auto store = TokenStore::open(prefix)) return store;

    std::error_code error;
    fs::create_directories(directory, error);
    if (error) return systemError("creating the directory " + directory.string(), error.value());
    RADLADS_TRY_ASSIGN(const run::Descriptor lock, waitForLock(directory / "lock", source, progress));
    if (auto store = TokenStore::open(prefix)) return store;
    RADLADS_TRY(prepareSource(source, tokenizer, appendEos, vocabSize, prefix, progress));
    return TokenStore::open(prefix);
}

}  // namespace radlads::data
