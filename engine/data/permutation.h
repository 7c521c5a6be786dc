// Number theory of the samplers: permutations without an array, and even sequences of sources. Private to engine/data.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace radlads::data {

// A well-mixed function of both (the finaliser of SplitMix64).
uint64_t mix(uint64_t a, uint64_t b);

bool isPrime(uint64_t n);

// The sum over i in [0, n) of floor((a i + b) / m), modulo 2^64. 0 <= n, a, b <= 2^41; 0 < m <= 2^41.
// Euclid's algorithm on the lattice points below the line: O(log m) steps.
uint64_t floorSum(int64_t n, int64_t m, int64_t a, int64_t b);

// Which source is sample i, so that after any number of samples each source has had its share to within a few samples:
// sample i is the point (i * golden ratio + start) mod 1, the sources are intervals as long as their weights (a
// Kronecker sequence, whose discrepancy is O(log n)). Points of an interval before i are counted by floorSum, so
// nothing is kept.
class SourceSchedule {
public:
    // weights: finite, > 0, at least one.
    SourceSchedule(std::span<const double> weights, uint64_t seed);
    struct Turn {
        int64_t source;
        int64_t number;  // samples of this source before this one
    };
    // 0 <= index < 2^40: the sequence repeats after 2^40 samples.
    Turn turn(int64_t index) const;

private:
    int64_t pointsBelow(int64_t bound, int64_t count) const;

    std::vector<int64_t> m_bounds;  // interval s is [m_bounds[s], m_bounds[s + 1])
    int64_t m_start = 0;
};

}  // namespace radlads::data
