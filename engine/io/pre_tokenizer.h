// The pre-tokenizers of interop.md 3.4 step 3 as hand-written scanners: they cut a text into the pieces that BPE merges
// within. Private to io.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/io/tokenizer.h"

namespace radlads::io {

// The regular expressions that the scanners stand for, as tokenizer.json writes them.
inline constexpr const char* kQwen2Regex =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
inline constexpr const char* kLlama3Regex =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
inline constexpr const char* kGpt2Regex =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

enum class Splitter : uint8_t {
    None,       // the whole text is one piece
    Qwen2,      // kQwen2Regex
    Llama3,     // kLlama3Regex
    Gpt2,       // kGpt2Regex
    EachDigit,  // every \p{N} alone
    DigitRuns,  // runs of \p{N}
};

// The end of the piece that starts at `begin`, where begin < end and the text is UTF-8. classes: characterClasses().
using PieceEnd = const char* (*)(const uint8_t* classes, const char* begin, const char* end);
PieceEnd pieceEnd(Splitter splitter);

// One splitter after the other, each on the pieces of the one before.
class PreTokenizerPipeline {
public:
    struct Stage {
        Splitter splitter = Splitter::None;
        bool addsPrefixSpace =
            false;  // " " is put before a piece that does not start with it, before the piece is split
    };

    PreTokenizerPipeline() = default;
    explicit PreTokenizerPipeline(std::vector<Stage> stages) : m_stages(std::move(stages)), m_classes(characters()) {}
    static PreTokenizerPipeline of(PreTokenizer preTokenizer);
    const std::vector<Stage>& stages() const { return m_stages; }

    // take(std::string_view piece) for every piece of `text` (UTF-8) in order; no piece is empty. A piece is valid in
    // the call.
    template <class Take>
    void forEachPiece(std::string_view text, Take&& take) const {
        if (!text.empty()) split(0, text, take);
    }

private:
    static const uint8_t* characters();

    template <class Take>
    void split(size_t stage, std::string_view text, Take& take) const {
        if (stage == m_stages.size()) return take(text);
        std::string prefixed;
        if (m_stages[stage].addsPrefixSpace && text.front() != ' ') {
            prefixed.assign(" ").append(text);
            text = prefixed;
        }
        const PieceEnd next = pieceEnd(m_stages[stage].splitter);
        const char* const end = text.data() + text.size();
        for (const char* p = text.data(); p != end;) {
            const char* const stop = next(m_classes, p, end);
            const std::string_view piece(p, static_cast<size_t>(stop - p));
            if (stage + 1 == m_stages.size())
                take(piece);
            else
                split(stage + 1, piece, take);
            p = stop;
        }
    }
    std::vector<Stage> m_stages;  // at most kMaxStages, which bounds the recursion
    const uint8_t* m_classes = nullptr;
};
inline constexpr size_t kMaxStages = 8;

}  // namespace radlads::io
