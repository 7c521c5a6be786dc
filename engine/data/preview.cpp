#include "engine/data/preview.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string_view>

#include "engine/data/source.h"
#include "engine/data/token_store.h"

namespace radlads::data {
namespace {

constexpr size_t kSamples = 8;
constexpr size_t kSampleBytes = 400;
constexpr size_t kSampleIds = 64;
constexpr size_t kMostLengths = 1 << 20;

std::string cutText(std::string_view text) {
    size_t end = std::min(text.size(), kSampleBytes);
    while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return std::string(text.substr(0, end));
}

std::vector<int32_t> cutIds(const std::vector<int32_t>& ids) {
    return {ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), kSampleIds))};
}

// Adds documents up; lengths are kept for the median.
class Tally {
public:
    explicit Tally(SourcePreview& preview) : m_preview(preview) {}

    void add(int64_t tokens) {
        ++m_preview.documents;
        m_preview.tokens += tokens;
        m_lengths.push_back(tokens);
        if (tokens > 0) ++m_preview.histogram[static_cast<size_t>(std::bit_width(static_cast<uint64_t>(tokens))) - 1];
    }
    void finish() {
        if (m_lengths.empty()) return;
        std::sort(m_lengths.begin(), m_lengths.end());
        m_preview.shortest = m_lengths.front();
        m_preview.median = m_lengths[m_lengths.size() / 2];
        m_preview.longest = m_lengths.back();
    }

private:
    SourcePreview& m_preview;
    std::vector<int64_t> m_lengths;
};

Result<SourcePreview> previewTokens(const protocol::SourcePlan& source, const io::Tokenizer& tokenizer,
                                    int64_t maxDocuments) {
    RADLADS_TRY_ASSIGN(const TokenStore store, TokenStore::open(source.path));
    SourcePreview preview;
    preview.files = 1;
    preview.estimatedTokens = store.size();
    preview.complete = store.documents() <= maxDocuments;
    Tally tally(preview);
    for (int64_t i = 0; i < std::min(store.documents(), maxDocuments); ++i) {
        const int64_t length = store.documentLength(i);
        tally.add(length);
        if (preview.samples.size() == kSamples) continue;
        DocumentPreview sample;
        sample.tokens = length;
        sample.ids.resize(static_cast<size_t>(std::min<int64_t>(length, kSampleIds)));
        store.read(store.documentOffset(i), sample.ids);
        sample.text = cutText(tokenizer.decode(sample.ids));
        preview.samples.push_back(std::move(sample));
    }
    tally.finish();
    return preview;
}

}  // namespace

Result<SourcePreview> previewSource(const protocol::SourcePlan& source, const io::Tokenizer& tokenizer,
                                    int64_t maxDocuments) {
    maxDocuments = std::clamp<int64_t>(maxDocuments, 1, kMostLengths);
    if (isBinidx(source)) return previewTokens(source, tokenizer, maxDocuments);
    RADLADS_TRY_ASSIGN(const auto files, sourceFiles(source));
    RADLADS_TRY_ASSIGN(DocumentReader reader, DocumentReader::open(source));
    SourcePreview preview;
    preview.files = static_cast<int64_t>(files.size());
    preview.bytesTotal = reader.bytesTotal();
    Tally tally(preview);
    std::string document;
    std::vector<int32_t> ids;
    while (preview.documents < maxDocuments) {
        RADLADS_TRY_ASSIGN(const bool more, reader.next(document));
        preview.complete = !more;
        if (!more) break;
        ids.clear();
        tokenizer.encode(document, ids);
        const auto length = static_cast<int64_t>(ids.size());
        tally.add(length);
        if (preview.samples.size() < kSamples) preview.samples.push_back({cutText(document), cutIds(ids), length});
    }
    tally.finish();
    const double read = static_cast<double>(std::max<int64_t>(reader.bytesRead(), 1));
    const double share = preview.complete ? 1.0 : static_cast<double>(preview.bytesTotal) / read;
    preview.estimatedTokens = std::llround(static_cast<double>(preview.tokens) * std::max(share, 1.0));
    return preview;
}

std::string describeSource(const SourcePreview& preview) {
    constexpr int64_t kBarLength = 40;
    const char* documents = preview.complete ? "documents" : "documents looked at";
    std::string text =
        fmt::format("{} {}, {} tokens; {}{} tokens in all\nTokens a document: shortest {}, median {}, longest {}\n",
                    preview.documents, documents, preview.tokens, preview.complete ? "" : "about ",
                    preview.estimatedTokens, preview.shortest, preview.median, preview.longest);
    const int64_t most = *std::max_element(preview.histogram.begin(), preview.histogram.end());
    for (size_t bucket = 0; bucket < preview.histogram.size(); ++bucket) {
        const int64_t count = preview.histogram[bucket];
        if (count == 0) continue;
        const auto bar = static_cast<size_t>(std::max<int64_t>(count * kBarLength / most, 1));
        text += fmt::format("{:>10} to {:<10} {:>8} {}\n", int64_t{1} << bucket, (int64_t{2} << bucket) - 1, count,
                            std::string(bar, '#'));
    }
    return text;
}

}  // namespace radlads::data
