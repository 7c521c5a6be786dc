// The merging of one piece (interop.md 3.4, step 5). Private to io.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/io/tokenizer_tables.h"

namespace radlads::io {

struct BpeRules {
    std::array<int32_t, 256> byteIds{};  // -1: the vocabulary has no token for the byte
    PairTable merges;                    // (left, right) -> (rank, merged)
    // What bytes without a token become; -1: nothing, they are left out. fuseUnknown: a run of them becomes one.
    int32_t unknownId = -1;
    bool fuseUnknown = false;

    // Appends the ids: the adjacent pair of lowest rank is merged, leftmost first, until no pair has a rank. Time n^2
    // for short pieces, n log n for others.
    void apply(std::string_view piece, std::vector<int32_t>& ids) const;

private:
    void applyToShort(std::string_view piece, std::vector<int32_t>& ids) const;
    void applyToLong(std::string_view piece, std::vector<int32_t>& ids) const;
};

}  // namespace radlads::io
