#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <utility>

#include "engine/data/binidx.h"
#include "engine/data/output_file.h"
#include "engine/data/token_store.h"
#include "engine/run/files.h"

namespace radlads::data {
namespace {

constexpr int64_t kMaxUint16Vocabulary = 65536;
constexpr size_t kLengthsChunk = 1 << 16;

fs::path withEnding(const fs::path& prefix, const char* ending) {
    return fs::path(prefix) += ending;
}

Status renameFile(const fs::path& from, const fs::path& to) {
    if (std::rename(from.c_str(), to.c_str()) != 0)
        return systemError(fmt::format("renaming {} to {}", from.string(), to.string()), errno);
    return {};
}

// Calls visit(span of lengths) over the first `documents` int32 of the file.
template <class Visit>
Status forEachLength(const OutputFile& lengths, int64_t documents, const fs::path& path, Visit visit) {
    std::vector<int32_t> chunk(kLengthsChunk);
    for (int64_t done = 0; done < documents;) {
        const auto count = static_cast<size_t>(std::min<int64_t>(static_cast<int64_t>(chunk.size()), documents - done));
        size_t bytes = 0;
        while (bytes < count * sizeof(int32_t)) {
            const ssize_t got = ::pread(lengths.descriptor(), reinterpret_cast<char*>(chunk.data()) + bytes,
                                        count * sizeof(int32_t) - bytes,
                                        done * static_cast<int64_t>(sizeof(int32_t)) + static_cast<int64_t>(bytes));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return systemError("reading " + path.string(), errno);
            if (got == 0)
                return invalidInput("{} is shorter than its documents; remove it and start over", path.string());
            bytes += static_cast<size_t>(got);
        }
        RADLADS_TRY(visit(std::span<const int32_t>(chunk).first(count)));
        done += static_cast<int64_t>(count);
    }
    return {};
}

}  // namespace

struct TokenStoreWriter::State {
    fs::path prefix;
    int64_t vocabSize = 0;
    TokenType type = TokenType::U16;
    OutputFile bin, lengths;
    StoreCounts counts;
    std::vector<uint16_t> narrow;
    bool isTemporary = true;  // the temporary files are ours to remove

    State(fs::path where, int64_t vocabulary, OutputFile binFile, OutputFile lengthsFile)
        : prefix(std::move(where)),
          vocabSize(vocabulary),
          type(vocabulary > kMaxUint16Vocabulary ? TokenType::I32 : TokenType::U16),
          bin(std::move(binFile)),
          lengths(std::move(lengthsFile)) {}
    ~State() {
        if (!isTemporary) return;
        ::unlink(partial(".partial.idx").c_str());
        ::unlink(partial(".partial.lengths").c_str());
        ::unlink(partial(".partial.bin").c_str());  // the locked one last
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    fs::path partial(const char* ending) const { return withEnding(prefix, ending); }

    Status writeIndex() {
        RADLADS_TRY_ASSIGN(OutputFile idx, OutputFile::open(partial(".partial.idx")));
        RADLADS_TRY(idx.startAt(0));
        const auto n = static_cast<uint64_t>(counts.documents);
        RADLADS_TRY(idx.append(binidxHeader(type, n, n + 1)));
        const auto visitLengths = [&](auto visit) {
            return forEachLength(lengths, counts.documents, partial(".partial.lengths"), visit);
        };
        RADLADS_TRY(visitLengths([&](std::span<const int32_t> chunk) { return idx.append(std::as_bytes(chunk)); }));
        int64_t pointer = 0;
        std::vector<int64_t> values;
        RADLADS_TRY(visitLengths([&](std::span<const int32_t> chunk) {
            values.clear();
            for (const int32_t length : chunk)
                values.push_back(std::exchange(pointer, pointer + length * sizeBytes(type)));
            return idx.append(std::as_bytes(std::span(values)));
        }));
        // Megatron's document index, 0 and the running ends: each document is one sequence. Its readers insist on the
        // last end.
        for (int64_t document = 0; document <= counts.documents; ++document)
            RADLADS_TRY(idx.append(std::as_bytes(std::span(&document, 1))));
        return idx.sync();
    }
};

TokenStoreWriter::TokenStoreWriter(std::unique_ptr<State> state) : m_state(std::move(state)) {}
TokenStoreWriter::TokenStoreWriter(TokenStoreWriter&&) noexcept = default;
TokenStoreWriter& TokenStoreWriter::operator=(TokenStoreWriter&&) noexcept = default;
TokenStoreWriter::~TokenStoreWriter() = default;

Result<TokenStoreWriter> TokenStoreWriter::create(const fs::path& prefix, int64_t vocabSize) {
    return resume(prefix, vocabSize, {});
}

Result<TokenStoreWriter> TokenStoreWriter::resume(const fs::path& prefix, int64_t vocabSize,
                                                  const StoreCounts& counts) {
    if (vocabSize < 1 || vocabSize > std::numeric_limits<int32_t>::max())
        return invalidInput("a vocabulary of {} tokens cannot be stored; it must have 1 to 2^31 - 1", vocabSize);
    RADLADS_TRY_ASSIGN(OutputFile bin, OutputFile::open(withEnding(prefix, ".partial.bin")));
    RADLADS_TRY_ASSIGN(OutputFile lengths, OutputFile::open(withEnding(prefix, ".partial.lengths")));
    auto state = std::make_unique<State>(prefix, vocabSize, std::move(bin), std::move(lengths));
    state->counts = counts;

    constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 16;
    const bool inRange =
        counts.documents >= 0 && counts.documents <= kMost && counts.tokens >= 0 && counts.tokens <= kMost;
    if (!inRange) return invalidInput("{} cannot go on: its counts are out of range; start over", prefix.string());
    RADLADS_TRY(state->lengths.startAt(counts.documents * static_cast<int64_t>(sizeof(int32_t))));
    int64_t tokens = 0;
    RADLADS_TRY(forEachLength(state->lengths, counts.documents, state->partial(".partial.lengths"),
                              [&](std::span<const int32_t> chunk) -> Status {
                                  for (const int32_t length : chunk) tokens += length;
                                  return {};
                              }));
    if (tokens != counts.tokens)
        return invalidInput("{} cannot go on: its documents have {} tokens, not {}; start over", prefix.string(),
                            tokens, counts.tokens);
    RADLADS_TRY(state->bin.startAt(counts.tokens * sizeBytes(state->type)));
    return TokenStoreWriter(std::move(state));
}

Status TokenStoreWriter::addDocument(std::span<const int32_t> ids) {
    State& state = *m_state;
    if (ids.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max()))
        return invalidInput("document {} has {} tokens, more than a binidx file can index; split it",
                            state.counts.documents, ids.size());
    for (const int32_t id : ids)
        if (id < 0 || id >= state.vocabSize)
            return invalidInput(
                "document {} holds token {}, outside the model's vocabulary of {}; use the model's own tokenizer",
                state.counts.documents, id, state.vocabSize);
    if (state.type == TokenType::U16) {
        state.narrow.assign(ids.begin(), ids.end());
        RADLADS_TRY(state.bin.append(std::as_bytes(std::span(state.narrow))));
    } else {
        RADLADS_TRY(state.bin.append(std::as_bytes(ids)));
    }
    const auto length = static_cast<int32_t>(ids.size());
    RADLADS_TRY(state.lengths.append(std::as_bytes(std::span(&length, 1))));
    state.counts.documents += 1;
    state.counts.tokens += length;
    return {};
}

StoreCounts TokenStoreWriter::counts() const {
    return m_state->counts;
}

Status TokenStoreWriter::commit() {
    RADLADS_TRY(m_state->bin.sync());
    return m_state->lengths.sync();
}

void TokenStoreWriter::keepTemporaries(bool keep) {
    m_state->isTemporary = !keep;
}

Status TokenStoreWriter::finish() {
    State& state = *m_state;
    RADLADS_TRY(commit());
    RADLADS_TRY(state.writeIndex());
    const fs::path idx = withEnding(state.prefix, ".idx");
    // An older index must not stand beside the new .bin, however short.
    if (::unlink(idx.c_str()) != 0 && errno != ENOENT) return systemError("replacing " + idx.string(), errno);
    RADLADS_TRY(renameFile(state.partial(".partial.bin"), withEnding(state.prefix, ".bin")));
    RADLADS_TRY(renameFile(state.partial(".partial.idx"), idx));
    ::unlink(state.partial(".partial.lengths").c_str());
    state.isTemporary = false;
    return run::syncDirectory(state.prefix.parent_path());
}

}  // namespace radlads::data
