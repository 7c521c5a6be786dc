// A look at a source before it is prepared: its first documents, counts, and how long documents are in tokens. No
// torch.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/io/tokenizer.h"
#include "engine/protocol/plan.h"
#include "engine/protocol/result.h"

namespace radlads::data {

struct DocumentPreview {
    std::string text;          // at most 400 bytes of it, whole characters
    std::vector<int32_t> ids;  // at most 64
    int64_t tokens = 0;        // of the whole document, without EOS
};

struct SourcePreview {
    static constexpr size_t kBuckets = 32;
    int64_t files = 0;
    int64_t bytesTotal = 0;                         // of the stored files; stories for "demo:..."
    int64_t documents = 0;                          // looked at
    int64_t tokens = 0;                             // in those
    int64_t shortest = 0, median = 0, longest = 0;  // tokens of those
    bool complete = false;                          // the source has no more documents
    int64_t estimatedTokens = 0;                    // of the whole source, from the part read; exact if complete
    std::array<int64_t, kBuckets> histogram{};      // [b]: documents of [2^b, 2^(b+1)) tokens
    std::vector<DocumentPreview> samples;           // the first 8
};

// Reads the first maxDocuments (>= 1) documents. For binidx the counts are the file's and text is decoded from ids.
Result<SourcePreview> previewSource(const protocol::SourcePlan& source, const io::Tokenizer& tokenizer,
                                    int64_t maxDocuments);
// A few lines for a terminal: counts and the histogram.
std::string describeSource(const SourcePreview& preview);

}  // namespace radlads::data
