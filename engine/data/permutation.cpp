#include "engine/data/permutation.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>

#include "engine/data/sampler.h"

namespace radlads::data {
namespace {

__extension__ using Uint128 = unsigned __int128;
__extension__ using Int128 = __int128;

constexpr int64_t kCircle = int64_t{1} << 40;
constexpr int64_t kGoldenStep = 679'535'556'991;  // kCircle * (sqrt(5) - 1) / 2, to the nearest odd number

uint64_t multiplyModulo(uint64_t a, uint64_t b, uint64_t modulus) {
    return static_cast<uint64_t>(Uint128{a} * b % modulus);
}

uint64_t powerModulo(uint64_t base, uint64_t exponent, uint64_t modulus) {
    uint64_t result = 1 % modulus;
    for (base %= modulus; exponent > 0; exponent >>= 1) {
        if (exponent & 1) result = multiplyModulo(result, base, modulus);
        base = multiplyModulo(base, base, modulus);
    }
    return result;
}

// A balanced Feistel network over 2 * halfBits bits.
uint64_t feistel(uint64_t value, int halfBits, uint64_t key) {
    constexpr int kRounds = 6;
    const uint64_t mask = (uint64_t{1} << halfBits) - 1;
    uint64_t left = value >> halfBits, right = value & mask;
    for (int round = 0; round < kRounds; ++round) {
        const uint64_t next = left ^ (mix(key + static_cast<uint64_t>(round), right) & mask);
        left = right;
        right = next;
    }
    return left << halfBits | right;
}

}  // namespace

uint64_t mix(uint64_t a, uint64_t b) {
    uint64_t z = a * 0x9E3779B97F4A7C15 + b + 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

bool isPrime(uint64_t n) {
    constexpr uint64_t kBases[] = {2,  3,  5,  7,  11, 13,
                                   17, 19, 23, 29, 31, 37};  // enough for every n < 2^64 (Miller-Rabin)
    if (n < 2) return false;
    for (const uint64_t base : kBases)
        if (n % base == 0) return n == base;
    const int twos = std::countr_zero(n - 1);
    return std::all_of(std::begin(kBases), std::end(kBases), [&](uint64_t base) {
        uint64_t x = powerModulo(base, (n - 1) >> twos, n);
        if (x == 1 || x == n - 1) return true;
        for (int i = 1; i < twos; ++i)
            if ((x = multiplyModulo(x, x, n)) == n - 1) return true;
        return false;
    });
}

uint64_t floorSum(int64_t n, int64_t m, int64_t a, int64_t b) {
    Int128 sum = 0, count = n, modulus = m, slope = a, offset = b;
    for (;;) {
        sum += (count - 1) * count / 2 * (slope / modulus) + count * (offset / modulus);
        slope %= modulus;
        offset %= modulus;
        const Int128 top = slope * count + offset;
        if (top < modulus) return static_cast<uint64_t>(sum);
        count = top / modulus;
        offset = top % modulus;
        std::swap(modulus, slope);
    }
}

SourceSchedule::SourceSchedule(std::span<const double> weights, uint64_t seed) {
    double total = 0;
    for (const double weight : weights) total += weight;
    m_bounds.push_back(0);
    double below = 0;
    for (const double weight : weights) {
        below += weight;
        m_bounds.push_back(std::min<int64_t>(std::llround(below / total * static_cast<double>(kCircle)), kCircle));
    }
    m_bounds.back() = kCircle;
    m_start = static_cast<int64_t>(mix(seed, 0) % static_cast<uint64_t>(kCircle));
}

// Of the first `count` points x mod kCircle, how many are below `bound`: floor((x + kCircle - bound) / kCircle) is one
// more than floor(x / kCircle) exactly for the others.
int64_t SourceSchedule::pointsBelow(int64_t bound, int64_t count) const {
    const uint64_t atOrAbove = floorSum(count, kCircle, kGoldenStep, m_start + kCircle - bound) -
                               floorSum(count, kCircle, kGoldenStep, m_start);
    return count - static_cast<int64_t>(atOrAbove);
}

SourceSchedule::Turn SourceSchedule::turn(int64_t index) const {
    assert(index >= 0 && index < kCircle);
    if (m_bounds.size() == 2) return {0, index};
    const auto point = static_cast<int64_t>((Int128{index} * kGoldenStep + m_start) % kCircle);
    const int64_t source = std::upper_bound(m_bounds.begin(), m_bounds.end(), point) - m_bounds.begin() - 1;
    const auto at = static_cast<size_t>(source);
    return {source, pointsBelow(m_bounds[at + 1], index) - pointsBelow(m_bounds[at], index)};
}

int64_t magicPrime(int64_t tokens, int64_t contextLength) {
    if (contextLength < 1 || tokens < contextLength) return 0;
    for (int64_t candidate = tokens / contextLength - 1; candidate >= 2; --candidate)
        if (candidate % 3 == 2 && isPrime(static_cast<uint64_t>(candidate))) return candidate;
    return 0;
}

int64_t magicPrimeWindow(int64_t i, int64_t prime) {
    const auto p = static_cast<uint64_t>(prime);
    // In double precision, as the original computes it: the order of the windows is part of a published run.
    const auto factor = static_cast<uint64_t>(static_cast<double>(prime) * ((std::sqrt(5.0) - 1) / 2));
    const uint64_t base = static_cast<uint64_t>(i) % p;
    return static_cast<int64_t>(multiplyModulo(multiplyModulo(multiplyModulo(base, base, p), base, p), factor, p));
}

int64_t shuffledWindow(int64_t i, int64_t count, uint64_t seed) {
    const auto n = static_cast<uint64_t>(count);
    const uint64_t epoch = static_cast<uint64_t>(i) / n;
    const uint64_t key = mix(seed, epoch);
    const int halfBits = std::max(1, (static_cast<int>(std::bit_width(n - 1)) + 1) / 2);
    // The network permutes up to 4 n numbers; walking along its cycle from a number below n to the next one below n is
    // a permutation of those.
    uint64_t value = static_cast<uint64_t>(i) % n;
    do value = feistel(value, halfBits, key);
    while (value >= n);
    return static_cast<int64_t>(value);
}

}  // namespace radlads::data
