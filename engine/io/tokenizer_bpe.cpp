#include "engine/io/tokenizer_bpe.h"

#include <algorithm>

namespace radlads::io {
namespace {

constexpr size_t kShortPiece = 48;  // bytes; up to here scanning for the best pair is faster than a heap
constexpr uint32_t kNoRank = UINT32_MAX;

// put(id) for every byte that has a token, and for what stands for the others.
template <class Put>
void symbolsOf(const BpeRules& rules, std::string_view piece, Put put) {
    bool inUnknown = false;
    for (const char c : piece) {
        const int32_t id = rules.byteIds[static_cast<unsigned char>(c)];
        if (id >= 0) {
            put(id);
        } else if (rules.unknownId >= 0 && !(inUnknown && rules.fuseUnknown)) {
            put(rules.unknownId);
        }
        inUnknown = id < 0;
    }
}

}  // namespace

void BpeRules::apply(std::string_view piece, std::vector<int32_t>& ids) const {
    if (piece.size() <= kShortPiece)
        applyToShort(piece, ids);
    else
        applyToLong(piece, ids);
}

void BpeRules::applyToShort(std::string_view piece, std::vector<int32_t>& ids) const {
    struct Symbol {
        int32_t id;
        uint32_t rank;   // of the pair with the next symbol
        int32_t merged;  // what that pair becomes
    };
    std::array<Symbol, kShortPiece> symbols;
    size_t count = 0;
    symbolsOf(*this, piece, [&](int32_t id) { symbols[count++] = {id, kNoRank, 0}; });
    const auto rankPair = [&](size_t i) {
        const PairTable::Entry* entry = i + 1 < count ? merges.find(symbols[i].id, symbols[i + 1].id) : nullptr;
        symbols[i].rank = entry ? entry->rank : kNoRank;
        if (entry) symbols[i].merged = entry->value;
    };
    for (size_t i = 0; i < count; ++i) rankPair(i);
    while (count > 1) {
        size_t best = 0;
        for (size_t i = 1; i + 1 < count; ++i)
            if (symbols[i].rank < symbols[best].rank) best = i;
        if (symbols[best].rank == kNoRank) break;
        symbols[best].id = symbols[best].merged;
        std::copy(symbols.begin() + best + 2, symbols.begin() + count, symbols.begin() + best + 1);
        --count;
        rankPair(best);
        if (best > 0) rankPair(best - 1);
    }
    for (size_t i = 0; i < count; ++i) ids.push_back(symbols[i].id);
}

void BpeRules::applyToLong(std::string_view piece, std::vector<int32_t>& ids) const {
    constexpr int64_t kEnd = -1;
    struct Symbol {
        int32_t id;  // -1: merged into the symbol before
        int64_t previous, next;
    };
    struct Candidate {
        uint32_t rank;
        int64_t at;
        int32_t left, right, merged;  // left, right: what stood there; it may have changed since
        bool operator>(const Candidate& other) const { return rank != other.rank ? rank > other.rank : at > other.at; }
    };
    std::vector<Symbol> symbols;
    symbols.reserve(piece.size());
    symbolsOf(*this, piece, [&](int32_t id) {
        const auto at = static_cast<int64_t>(symbols.size());
        symbols.push_back({id, at - 1, at + 1});
    });
    if (symbols.empty()) return;
    symbols.back().next = kEnd;

    std::vector<Candidate> heap;
    const auto consider = [&](int64_t at, auto&& add) {
        if (at == kEnd || symbols[at].next == kEnd) return;
        const int32_t left = symbols[at].id, right = symbols[symbols[at].next].id;
        if (const PairTable::Entry* entry = merges.find(left, right))
            add(Candidate{entry->rank, at, left, right, entry->value});
    };
    const auto push = [&](const Candidate& candidate) {
        heap.push_back(candidate);
        std::push_heap(heap.begin(), heap.end(), std::greater<>());
    };
    for (size_t at = 0; at + 1 < symbols.size(); ++at)
        consider(static_cast<int64_t>(at), [&](const Candidate& candidate) { heap.push_back(candidate); });
    std::make_heap(heap.begin(), heap.end(), std::greater<>());
    while (!heap.empty()) {
        const Candidate best = heap.front();
        std::pop_heap(heap.begin(), heap.end(), std::greater<>());
        heap.pop_back();
        Symbol& left = symbols[best.at];
        if (left.id != best.left || left.next == kEnd || symbols[left.next].id != best.right) continue;
        Symbol& right = symbols[left.next];
        left.id = best.merged;
        left.next = right.next;
        right.id = -1;
        if (left.next != kEnd) symbols[left.next].previous = best.at;
        consider(left.previous, push);
        consider(best.at, push);
    }
    for (int64_t at = 0; at != kEnd; at = symbols[at].next) ids.push_back(symbols[at].id);
}

}  // namespace radlads::io
