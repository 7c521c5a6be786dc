// Documents of text sources, streamed. No torch.
//   .txt .text .md       a file is a document; lines that hold only "<|endoftext|>" split it into several. The first
//   line end
//                        at or after 4 MiB ends a document too.
//   .jsonl .ndjson .json one object a line; the document is the string under the plan's text key. A line is at most 64
//   MiB.
// Each also as .gz (several members) and .zst, .zstd (several frames). Directories recursively, in sorted order, hidden
// names left out. "demo:SEED:DOCUMENTS" gives that many stories of the demo's generator, story i with seed SEED *
// 1000003 + i. Documents of white space alone are left out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/protocol/plan.h"
#include "engine/protocol/result.h"

namespace radlads::data {

// The regular files behind a source path with a known ending, sorted; InvalidInput when there is none. Empty for
// "demo:...". A file named itself (not its directory) may have any ending if the plan's format says what it is.
Result<std::vector<std::filesystem::path>> sourceFiles(const protocol::SourcePlan& source);
// Whether the source is token ids already (token_store.h), which DocumentReader does not read: by format, ending or the
// files there.
bool isBinidx(const protocol::SourcePlan& source);

// A place between two documents of a source: units are lines (jsonl), pieces (text) or stories taken from that file.
struct DocumentPosition {
    int64_t file = 0;
    int64_t unit = 0;
    bool operator==(const DocumentPosition&) const = default;
};

// One pass over the documents of a source. Memory: a document and its line, never a whole file. One thread.
class DocumentReader {
public:
    static Result<DocumentReader> open(const protocol::SourcePlan& source);
    DocumentReader(DocumentReader&&) noexcept;
    DocumentReader& operator=(DocumentReader&&) noexcept;
    ~DocumentReader();
    // false at the end. A broken jsonl line is InvalidInput with file and line number; a truncated .gz/.zst likewise.
    // Text is handed out as it lies in the file; bytes that are not UTF-8 are the tokenizer's to replace. In jsonl they
    // are an error.
    Result<bool> next(std::string& document);
    // After next(): the place behind that document.
    DocumentPosition position() const;
    // Goes on at an earlier reader's position over the same files, for a reader that has not read yet. InvalidInput if
    // it lies behind the end.
    Status skipTo(const DocumentPosition& position);
    int64_t bytesRead() const;   // of the stored files; stories for "demo:..."
    int64_t bytesTotal() const;  // likewise
    std::string currentFile() const;

private:
    struct State;
    explicit DocumentReader(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

}  // namespace radlads::data
