#include <algorithm>
#include <array>
#include <queue>
#include <unordered_map>

#include "engine/io/pre_tokenizer.h"
#include "engine/io/tokenizer.h"
#include "engine/io/tokenizer_added.h"
#include "engine/io/tokenizer_bytes.h"
#include "engine/io/tokenizer_tables.h"

namespace radlads::io {
namespace {

using Pair = std::pair<int32_t, int32_t>;
struct PairHash {
    size_t operator()(const Pair& pair) const {
        return mixBits(uint64_t(static_cast<uint32_t>(pair.first)) << 32 | static_cast<uint32_t>(pair.second));
    }
};

// A distinct piece of the text.
struct Word {
    std::vector<int32_t> symbols;
    int64_t count = 0;
};

struct PairState {
    int64_t count = 0;
    std::vector<uint32_t> words;  // where it occurs, or did
    bool learnt = false;          // it is a merge; it can occur again when another merge makes one of its two tokens
};

class Trainer {
public:
    explicit Trainer(PreTokenizer preTokenizer) : m_pipeline(PreTokenizerPipeline::of(preTokenizer)) {
        // The bytes in the order of the characters that stand for them.
        for (int code = 0; code < kMappedCodes; ++code) {
            const int16_t byte = kByteMap.toByte[static_cast<size_t>(code)];
            if (byte < 0) continue;
            m_byteIds[static_cast<size_t>(byte)] = static_cast<int32_t>(m_tokens.size());
            addToken(std::string(1, static_cast<char>(byte)));
        }
    }

    void countWords(std::string_view text) {
        m_pipeline.forEachPiece(text, [&](std::string_view piece) { countWord(piece); });
    }

    void learn(size_t vocabularySize) {
        for (uint32_t word = 0; word < m_words.size(); ++word) countPairs(word);
        for (const auto& [pair, state] : m_pairs) push(pair, state.count);
        while (m_tokens.size() < vocabularySize && !m_queue.empty()) {
            const Candidate best = m_queue.top();
            m_queue.pop();
            const int64_t count = m_pairs[best.pair].count;
            if (count < 2) continue;
            if (count == best.count)
                merge(best.pair);
            else if (count < best.count)
                push(best.pair, count);  // it has become rarer since it was queued; a rise is queued at once
        }
    }

    void moveTo(BpeModel& model) {
        for (const std::string& token : m_tokens) model.vocabulary.push_back(mapBytes(token));
        for (const auto& [left, right] : m_merges)
            model.merges.emplace_back(model.vocabulary[static_cast<size_t>(left)],
                                      model.vocabulary[static_cast<size_t>(right)]);
    }

private:
    struct Candidate {
        int64_t count;
        Pair pair;
    };
    // Whether a comes after b: it is rarer, or as frequent and greater by its bytes.
    struct ComesAfter {
        const std::vector<std::string>* tokens;
        bool operator()(const Candidate& a, const Candidate& b) const {
            if (a.count != b.count) return a.count < b.count;
            const auto text = [this](int32_t id) -> const std::string& { return (*tokens)[static_cast<size_t>(id)]; };
            if (const int order = text(a.pair.first).compare(text(b.pair.first))) return order > 0;
            return text(a.pair.second) > text(b.pair.second);
        }
    };

    int32_t addToken(const std::string& bytes) {
        const auto id = static_cast<int32_t>(m_tokens.size());
        if (!m_tokenIds.insert(bytes, id)) return m_tokenIds.find(bytes);  // another pair makes the same token
        m_tokens.push_back(bytes);
        return id;
    }

    void countWord(std::string_view piece) {
        int32_t word = m_wordIds.find(piece);
        if (word < 0) {
            word = static_cast<int32_t>(m_words.size());
            m_wordIds.insert(piece, word);
            Word& added = m_words.emplace_back();
            for (const char c : piece) added.symbols.push_back(m_byteIds[static_cast<unsigned char>(c)]);
        }
        ++m_words[static_cast<size_t>(word)].count;
    }

    void push(const Pair& pair, int64_t count) {
        if (count >= 2) m_queue.push({count, pair});
    }

    void countPairs(uint32_t word) {
        const Word& counted = m_words[word];
        for (size_t i = 0; i + 1 < counted.symbols.size(); ++i)
            change({counted.symbols[i], counted.symbols[i + 1]}, counted.count, word);
    }

    void change(const Pair& pair, int64_t by, uint32_t word) {
        PairState& state = m_pairs[pair];
        state.count += by;
        if (by > 0 && (state.words.empty() || state.words.back() != word)) state.words.push_back(word);
    }

    void merge(const Pair& pair) {
        const int32_t merged =
            addToken(m_tokens[static_cast<size_t>(pair.first)] + m_tokens[static_cast<size_t>(pair.second)]);
        PairState& state = m_pairs[pair];
        if (!state.learnt) m_merges.push_back(pair);
        const std::vector<uint32_t> words = std::move(state.words);
        m_risen.clear();
        for (const uint32_t word : words) mergeIn(word, pair, merged);
        m_pairs[pair] = {0, {}, true};
        // Each pair that became more frequent once, with its final count.
        std::sort(m_risen.begin(), m_risen.end());
        m_risen.erase(std::unique(m_risen.begin(), m_risen.end()), m_risen.end());
        for (const Pair& risen : m_risen) push(risen, m_pairs[risen].count);
    }

    void mergeIn(uint32_t word, const Pair& pair, int32_t merged) {
        std::vector<int32_t>& symbols = m_words[word].symbols;
        const int64_t count = m_words[word].count;
        size_t kept = 0;
        for (size_t i = 0; i < symbols.size(); ++kept) {
            if (i + 1 >= symbols.size() || symbols[i] != pair.first || symbols[i + 1] != pair.second) {
                symbols[kept] = symbols[i++];
                continue;
            }
            if (kept > 0) {
                change({symbols[kept - 1], pair.first}, -count, word);
                rise({symbols[kept - 1], merged}, count, word);
            }
            if (i + 2 < symbols.size()) {
                change({pair.second, symbols[i + 2]}, -count, word);
                rise({merged, symbols[i + 2]}, count, word);
            }
            symbols[kept] = merged;
            i += 2;
        }
        symbols.resize(kept);
    }

    void rise(const Pair& pair, int64_t by, uint32_t word) {
        change(pair, by, word);
        m_risen.push_back(pair);
    }

    PreTokenizerPipeline m_pipeline;
    std::array<int32_t, 256> m_byteIds{};
    std::vector<std::string> m_tokens;  // bytes
    StringIndex m_tokenIds, m_wordIds;
    std::vector<Word> m_words;
    std::unordered_map<Pair, PairState, PairHash> m_pairs;
    std::priority_queue<Candidate, std::vector<Candidate>, ComesAfter> m_queue{ComesAfter{&m_tokens}};
    std::vector<Pair> m_merges, m_risen;
};

}  // namespace

BpeModel trainBpe(std::string_view text, int64_t vocabSize, const std::vector<std::string>& addedTokens,
                  PreTokenizer preTokenizer) {
    std::vector<std::string> contents;
    for (const std::string& token : addedTokens)
        if (!token.empty() && std::find(contents.begin(), contents.end(), token) == contents.end())
            contents.push_back(token);
    std::vector<AddedTokenRule> rules;
    for (const std::string& content : contents) rules.push_back({content});

    Trainer trainer(preTokenizer);
    std::string storage;
    AddedTokenMatcher(rules, contents)
        .cut(
            replaceInvalidUtf8(text, storage), [&](std::string_view stretch) { trainer.countWords(stretch); },
            [](int32_t) {});
    trainer.learn(static_cast<size_t>(std::max<int64_t>(0, vocabSize - static_cast<int64_t>(contents.size()))));

    BpeModel model;
    model.preTokenizer = preTokenizer;
    trainer.moveTo(model);
    auto next = static_cast<int32_t>(model.vocabulary.size());
    for (const std::string& content : contents) {
        const auto known = std::find(model.vocabulary.begin(), model.vocabulary.end(), content);
        const bool isNew = known == model.vocabulary.end();
        model.addedTokens.push_back({content, isNew ? next++ : static_cast<int32_t>(known - model.vocabulary.begin())});
    }
    return model;
}

}  // namespace radlads::io
