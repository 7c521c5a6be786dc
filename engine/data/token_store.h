// Token ids on disk: binidx files (interop.md 4.2), mapped; and the cache that tokenises each source once. No torch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/io/tokenizer.h"
#include "engine/protocol/plan.h"
#include "engine/protocol/result.h"

namespace radlads::data {

namespace fs = std::filesystem;

// One mapped PREFIX.bin / PREFIX.idx. The whole .bin is one token stream (radlads.md 5.6). Copyable: shares the map.
class TokenStore {
public:
    // prefix with or without ".bin"/".idx". Sizes, dtype and bounds are checked before use; unsigned 8 and 16 bit and
    // signed 32 and 64 bit ids are read. The ids themselves are checked by maxToken() alone.
    static Result<TokenStore> open(const fs::path& prefix);
    int64_t size() const;  // tokens
    int64_t documents() const;
    int64_t documentLength(int64_t index) const;  // tokens
    int64_t documentOffset(int64_t index) const;  // tokens before it in the stream
    // Copies tokens [offset, offset + out.size()) as int32; the caller keeps inside size(). Negative ids and ids over
    // 2^31 - 1 read as 2^31 - 1. Thread-safe.
    void read(int64_t offset, std::span<int32_t> out) const;
    // The largest id in the file, as read() gives it; -1 if there is none. Scans the whole file: call it once.
    int32_t maxToken() const;

private:
    struct Map;
    std::shared_ptr<const Map> m_map;
};

// How much of a store is written.
struct StoreCounts {
    int64_t documents = 0;
    int64_t tokens = 0;
    bool operator==(const StoreCounts&) const = default;
};

// Appends documents; PREFIX.bin and PREFIX.idx appear under their names only at finish(), the index last. Until then
// the data is in PREFIX.partial.bin (locked: a second writer is Busy) and PREFIX.partial.lengths. int32 if vocabSize >
// 65536, else uint16. NoSpace when the disk is full; a process that may meet a limit on file sizes must ignore SIGXFSZ
// to get it.
class TokenStoreWriter {
public:
    static Result<TokenStoreWriter> create(const fs::path& prefix, int64_t vocabSize);
    // Goes on behind the first `counts` of an earlier writer's temporary files; what follows there is cut off.
    // InvalidInput if they do not hold that much.
    static Result<TokenStoreWriter> resume(const fs::path& prefix, int64_t vocabSize, const StoreCounts& counts);
    TokenStoreWriter(TokenStoreWriter&&) noexcept;
    TokenStoreWriter& operator=(TokenStoreWriter&&) noexcept;
    ~TokenStoreWriter();  // without finish() or keepTemporaries(): the temporary files are removed
    // InvalidInput if an id is outside [0, vocabSize).
    Status addDocument(std::span<const int32_t> ids);
    StoreCounts counts() const;
    // What was added so far is on the disk, for resume().
    Status commit();
    void keepTemporaries(bool keep);
    Status finish();

private:
    struct State;
    explicit TokenStoreWriter(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

// What preparing reports as it goes; bytes of the source files as stored (compressed if they are), stories for
// "demo:...".
struct PrepareProgress {
    int64_t bytesRead = 0, bytesTotal = 0, documents = 0, tokens = 0;
    std::string file;
};
// Returns false to stop (the call then fails with Interrupted). May be empty. Called on the caller's thread.
using ProgressCallback = std::function<bool(const PrepareProgress&)>;

struct PrepareOptions {
    int64_t commitBytes = 64 << 20;  // of tokens, between two points that preparing can go on from
    int64_t commitSeconds = 10;      // likewise
    int threads = 0;                 // that tokenise; 0: one a core, at most 16. The result is the same for any number
};

// Tokenises a source to PREFIX.bin/.idx: each document, EOS appended if the plan says so, no BOS. Streams: never a
// whole file in memory. After Interrupted, NoSpace, Failed or the death of the process, the next call with the same
// arguments over the same files goes on from the last commit (PREFIX.partial.json) and gives the same bytes as one call
// would have.
Status prepareSource(const protocol::SourcePlan& source, const io::Tokenizer& tokenizer, bool appendEos,
                     int64_t vocabSize, const fs::path& prefix, const ProgressCallback& progress,
                     const PrepareOptions& options = {});
// Opens a source as tokens: a binidx as it is (InvalidInput if it holds ids outside the vocabulary); anything else from
// cacheDirectory/tokens/KEY (key: files' paths, sizes, mtimes, text key, tokenizer, EOS, vocabulary), prepared on first
// use. While another process prepares the same, waits for it (progress is still called).
Result<TokenStore> openSource(const protocol::SourcePlan& source, const io::Tokenizer& tokenizer, bool appendEos,
                              int64_t vocabSize, const fs::path& cacheDirectory, const ProgressCallback& progress);

}  // namespace radlads::data
