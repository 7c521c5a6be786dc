#include "engine/data/sampler.h"

#include <gmock/gmock.h>

#include <map>
#include <numeric>
#include <random>
#include <set>

#include "engine/data/permutation.h"
#include "tests/data_pipeline/fixtures.h"

namespace radlads::data {
namespace {

using protocol::SamplerKind;
using testing::HasSubstr;
using namespace test;

// A source whose token at position i is `first` + i.
TokenStore countingStore(const TempDirectory& directory, const std::string& name, int64_t tokens, int32_t first = 0) {
    auto writer = TokenStoreWriter::create(directory / name, 100'000'000);
    std::vector<int32_t> ids(static_cast<size_t>(tokens));
    std::iota(ids.begin(), ids.end(), first);
    EXPECT_TRUE(writer->addDocument(ids));
    EXPECT_TRUE(writer->finish());
    return *TokenStore::open(directory / name);
}

TEST(MagicPrime, GivesTheValuesOfThePublishedRun) {
    const std::pair<int64_t, int64_t> expected[] = {{512, 2929793}, {1024, 1464917}, {2048, 732461},
                                                    {4096, 366227}, {8192, 183089},  {16384, 91541}};
    for (const auto& [length, prime] : expected) EXPECT_EQ(magicPrime(1'500'087'317, length), prime) << length;
    EXPECT_EQ(magicPrime(30, 10), 2);  // 3 - 1
    EXPECT_EQ(magicPrime(29, 10), 0);
    EXPECT_EQ(magicPrime(0, 10), 0);
    EXPECT_EQ(magicPrime(100, 0), 0);
}

TEST(MagicPrime, PrimalityAgreesWithTrialDivision) {
    for (uint64_t n = 0; n < 20'000; ++n) {
        bool expected = n >= 2;
        for (uint64_t d = 2; d * d <= n && expected; ++d) expected = n % d != 0;
        ASSERT_EQ(isPrime(n), expected) << n;
    }
    EXPECT_TRUE(isPrime(18'446'744'073'709'551'557u));  // the largest below 2^64
    EXPECT_FALSE(isPrime(3'825'123'056'546'413'051u));  // a strong pseudoprime to the bases 2 to 23
    EXPECT_FALSE(isPrime(4'294'967'291u * 4'294'967'291u));
}

TEST(MagicPrime, EveryWindowComesOncePerPass) {
    for (const int64_t prime : {2, 5, 11, 91541}) {
        std::vector<bool> seen(static_cast<size_t>(prime));
        for (int64_t i = 1; i <= prime; ++i) {
            const int64_t window = magicPrimeWindow(i, prime);
            ASSERT_TRUE(window >= 0 && window < prime && !seen[static_cast<size_t>(window)]) << prime << " " << i;
            seen[static_cast<size_t>(window)] = true;
            ASSERT_EQ(magicPrimeWindow(i + prime, prime), window);
        }
    }
    // F = 1810711 for this prime; F * 2^3 and F * 1000^3 modulo it.
    EXPECT_EQ(magicPrimeWindow(1, 2929793), 1810711);
    EXPECT_EQ(magicPrimeWindow(2, 2929793), 1810711 * 8 % 2929793);
    EXPECT_EQ(magicPrimeWindow(1000, 2929793), 1810711 * (int64_t{1'000'000'000} % 2929793) % 2929793);
    const int64_t large = magicPrime(int64_t{1} << 60, 2);                              // needs 128-bit products
    EXPECT_EQ(magicPrimeWindow(large - 1, large) + magicPrimeWindow(1, large), large);  // (-1)^3 = -1
}

TEST(Shuffle, IsABijectionForEveryCountAndEpoch) {
    for (const int64_t count : {1, 2, 3, 4, 5, 7, 16, 17, 100, 255, 256, 257, 1000, 65537})
        for (int64_t epoch = 0; epoch < 3; ++epoch) {
            std::vector<bool> seen(static_cast<size_t>(count));
            for (int64_t i = 0; i < count; ++i) {
                const int64_t window = shuffledWindow(epoch * count + i, count, 99);
                ASSERT_TRUE(window >= 0 && window < count && !seen[static_cast<size_t>(window)])
                    << count << " " << epoch << " " << i;
                seen[static_cast<size_t>(window)] = true;
            }
        }
    const int64_t huge = (int64_t{1} << 62) - 1;
    EXPECT_LT(shuffledWindow(huge - 1, huge, 1), huge);
}

TEST(Shuffle, EpochsAndSeedsDifferAndNeighboursAreFarApart) {
    constexpr int64_t kCount = 10'000;
    int sameEpoch = 0, sameSeed = 0;
    double distance = 0;
    for (int64_t i = 0; i < kCount; ++i) {
        const int64_t window = shuffledWindow(i, kCount, 1);
        sameEpoch += window == shuffledWindow(kCount + i, kCount, 1);
        sameSeed += window == shuffledWindow(i, kCount, 2);
        distance += std::abs(static_cast<double>(window - shuffledWindow((i + 1) % kCount, kCount, 1)));
    }
    EXPECT_LT(sameEpoch, 10);  // 1 expected by chance
    EXPECT_LT(sameSeed, 10);
    EXPECT_NEAR(distance / kCount, kCount / 3.0, kCount * 0.02);  // as of two random windows
}

TEST(Schedule, FloorSumAgreesWithTheLoop) {
    std::mt19937_64 random(7);
    for (int i = 0; i < 2000; ++i) {
        const auto n = static_cast<int64_t>(random() % 200), m = static_cast<int64_t>(random() % 1000 + 1);
        const auto a = static_cast<int64_t>(random() % 3000), b = static_cast<int64_t>(random() % 3000);
        uint64_t expected = 0;
        for (int64_t k = 0; k < n; ++k) expected += static_cast<uint64_t>((a * k + b) / m);
        ASSERT_EQ(floorSum(n, m, a, b), expected) << n << " " << m << " " << a << " " << b;
    }
}

TEST(Schedule, NumbersCountUpPerSourceAndSharesAreMet) {
    const std::vector<std::vector<double>> cases = {
        {1}, {1, 1}, {9, 1}, {0.9, 0.1, 0.0005}, {1e-9, 1}, {3, 1, 4, 1, 5, 9, 2, 6}};
    for (const auto& weights : cases)
        for (const uint64_t seed : {0u, 1u, 1337u}) {
            const SourceSchedule schedule(weights, seed);
            const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
            std::vector<int64_t> taken(weights.size());
            for (int64_t i = 0; i < 50'000; ++i) {
                const auto turn = schedule.turn(i);
                const auto source = static_cast<size_t>(turn.source);
                ASSERT_LT(source, weights.size());
                ASSERT_EQ(turn.number, taken[source]++) << "sample " << i << " of source " << source;
                if (i % 1000 != 999) continue;
                for (size_t s = 0; s < weights.size(); ++s)
                    ASSERT_NEAR(static_cast<double>(taken[s]), static_cast<double>(i + 1) * weights[s] / total, 8) << i;
            }
        }
}

TEST(Schedule, APointAtABoundCountsForOneSourceOnly) {
    constexpr int64_t kCircle = int64_t{1} << 40;
    for (const uint64_t seed : {1u, 2u, 3u})
        for (const int source : {0, 1}) {
            const auto point = static_cast<int64_t>(mix(seed, 0) % kCircle);  // of sample 0
            const int64_t bound = source == 0 ? point + 1 : point;
            const std::vector<double> weights = {static_cast<double>(bound), static_cast<double>(kCircle - bound)};
            const SourceSchedule schedule(weights, seed);
            EXPECT_EQ(schedule.turn(0).source, source);
            std::vector<int64_t> taken(2);
            for (int64_t i = 0; i < 100; ++i) {
                const auto turn = schedule.turn(i);
                ASSERT_EQ(turn.number, taken[static_cast<size_t>(turn.source)]++) << i;
            }
        }
}

TEST(Schedule, FarPositionsAreExact) {
    const std::vector<double> weights = {2, 1, 1};
    const SourceSchedule schedule(weights, 5);
    const int64_t start = (int64_t{1} << 40) - 5000;
    std::map<int64_t, int64_t> next;
    for (int64_t i = start; i < start + 5000; ++i) {
        const auto turn = schedule.turn(i);
        if (next.contains(turn.source)) {
            ASSERT_EQ(turn.number, next[turn.source]);
        }
        next[turn.source] = turn.number + 1;
    }
    EXPECT_EQ(next[0] + next[1] + next[2], int64_t{1} << 40);
    EXPECT_NEAR(static_cast<double>(next[0]), static_cast<double>(int64_t{1} << 39), 8);
}

TEST(Sampler, AWindowIsItsTokensAndOneMore) {
    const TempDirectory directory;
    const auto sampler =
        BatchSampler::create({countingStore(directory, "a", 1001)}, {1}, SamplerKind::Shuffle, 10, 3, 0);
    ASSERT_TRUE(sampler) << sampler.error().message;
    EXPECT_EQ(sampler->windowsPerEpoch(), 100);
    EXPECT_EQ(sampler->validationWindows(), 0);
    std::vector<int32_t> window(11);
    std::set<int32_t> starts;
    for (int64_t i = 0; i < 100; ++i) {
        sampler->sample(i, window);
        EXPECT_EQ(window[0] % 10, 0);
        for (size_t k = 0; k < window.size(); ++k) ASSERT_EQ(window[k], window[0] + static_cast<int32_t>(k));
        starts.insert(window[0]);
    }
    EXPECT_EQ(starts.size(), 100u);
    EXPECT_EQ(*starts.rbegin(), 990);  // 990 .. 1000: the very last token
    // One token fewer, and the last window no longer fits.
    EXPECT_EQ(BatchSampler::create({countingStore(directory, "b", 1000)}, {1}, SamplerKind::Shuffle, 10, 3, 0)
                  ->windowsPerEpoch(),
              99);
}

TEST(Sampler, MagicPrimeFollowsTheRadladsOrder) {
    const TempDirectory directory;
    const auto sampler =
        BatchSampler::create({countingStore(directory, "a", 100'000)}, {1}, SamplerKind::MagicPrime, 16, 3, 0);
    ASSERT_TRUE(sampler);
    const int64_t prime = magicPrime(100'000, 16);
    EXPECT_EQ(sampler->windowsPerEpoch(), prime);
    std::vector<int32_t> window(17);
    for (int64_t i = 0; i < 1000; ++i) {
        sampler->sample(i, window);
        ASSERT_EQ(window[0], 16 * magicPrimeWindow(i + 1, prime));
    }
}

TEST(Sampler, SamplesAreAPureFunctionOfSeedAndIndex) {
    const TempDirectory directory;
    const std::vector<TokenStore> stores = {countingStore(directory, "a", 50'000),
                                            countingStore(directory, "b", 20'000, 1'000'000)};
    const auto make = [&](uint64_t seed) {
        return *BatchSampler::create(stores, {3, 1}, SamplerKind::Shuffle, 32, seed, 4);
    };
    const BatchSampler forwards = make(11), backwards = make(11), other = make(12);
    std::map<int64_t, std::vector<int32_t>> seen;
    std::vector<int32_t> window(33);
    for (int64_t i = 0; i < 3000; ++i) {
        forwards.sample(i, window);
        seen[i] = window;
    }
    int same = 0;
    for (int64_t i = 2999; i >= 0; --i) {
        backwards.sample(i, window);
        ASSERT_EQ(window, seen[i]) << i;
        other.sample(i, window);
        same += window == seen[i];
    }
    EXPECT_LT(same, 100);
}

TEST(Sampler, WeightsAreMetAndEverySourceIsPassedThroughEvenly) {
    const TempDirectory directory;
    const std::vector<TokenStore> stores = {countingStore(directory, "a", 5001), countingStore(directory, "b", 2001),
                                            countingStore(directory, "c", 11'001)};
    const std::vector<double> weights = {0.6, 0.3, 0.1};
    for (const SamplerKind kind : {SamplerKind::Shuffle, SamplerKind::MagicPrime}) {
        const auto sampler = BatchSampler::create(stores, weights, kind, 10, 5, 0);
        ASSERT_TRUE(sampler);
        constexpr int64_t kSamples = 20'000;
        std::vector<std::map<int64_t, int64_t>> counts(3);
        for (int64_t i = 0; i < kSamples; ++i) {
            const auto place = sampler->place(i);
            ++counts[static_cast<size_t>(place.source)][place.window];
        }
        for (size_t s = 0; s < 3; ++s) {
            int64_t total = 0, least = kSamples, most = 0;
            for (const auto& [window, count] : counts[s]) {
                total += count;
                least = std::min(least, count);
                most = std::max(most, count);
            }
            EXPECT_NEAR(static_cast<double>(total) / kSamples, weights[s], 0.01 * weights[s]);
            EXPECT_LE(most - least, 1) << "source " << s;
        }
    }
}

TEST(Sampler, HeldOutWindowsAreAtTheEndsAndNeverSampled) {
    const TempDirectory directory;
    const std::vector<TokenStore> stores = {countingStore(directory, "a", 1001),
                                            countingStore(directory, "b", 501, 1'000'000)};
    for (const SamplerKind kind : {SamplerKind::Shuffle, SamplerKind::MagicPrime}) {
        const auto sampler = BatchSampler::create(stores, {3, 1}, kind, 10, 5, 16);
        ASSERT_TRUE(sampler);
        ASSERT_EQ(sampler->validationWindows(), 16);
        std::set<int32_t> heldOut;  // inputs; a label may be the first token of a held-out window
        std::vector<int32_t> window(11);
        for (int64_t i = 0; i < 16; ++i) {
            sampler->validationSample(i, window);
            heldOut.insert(window.begin(), window.end() - 1);
            const int32_t position = window[0] % 1'000'000;
            EXPECT_GE(position, window[0] < 1'000'000 ? 880 : 460);  // 12 and 4 windows
        }
        EXPECT_EQ(heldOut.size(), 160u);
        for (int64_t i = 0; i < 3000; ++i) {
            sampler->sample(i, window);
            for (size_t k = 0; k + 1 < window.size(); ++k) ASSERT_FALSE(heldOut.contains(window[k])) << i;
        }
        if (kind == SamplerKind::Shuffle) {
            EXPECT_EQ(sampler->windowsPerEpoch(), 88 + 46);
        }
    }
}

TEST(Sampler, WhatCannotBeSampledIsSaidPlainly) {
    const TempDirectory directory;
    const TokenStore enough = countingStore(directory, "a", 1001), tiny = countingStore(directory, "b", 10),
                     few = countingStore(directory, "c", 35);
    const auto message = [](std::vector<TokenStore> stores, std::vector<double> weights, SamplerKind kind,
                            int64_t length, int64_t heldOut) {
        const auto sampler = BatchSampler::create(std::move(stores), std::move(weights), kind, length, 1, heldOut);
        EXPECT_TRUE(!sampler && sampler.error().code == ErrorCode::InvalidInput);
        return sampler ? std::string() : sampler.error().message;
    };
    EXPECT_THAT(message({enough, tiny}, {1, 1}, SamplerKind::Shuffle, 10, 0),
                HasSubstr("data source 2 of 2 has 10 tokens, fewer than one window of 11"));
    EXPECT_THAT(message({few}, {1}, SamplerKind::Shuffle, 10, 3), HasSubstr("3 windows of 11, and 3 are held out"));
    EXPECT_THAT(message({few}, {1}, SamplerKind::MagicPrime, 16, 0),
                HasSubstr("too few windows of 17 for the magic-prime sampler"));
    EXPECT_THAT(message({}, {}, SamplerKind::Shuffle, 10, 0), HasSubstr("no data source"));
    EXPECT_THAT(message({enough}, {1, 2}, SamplerKind::Shuffle, 10, 0), HasSubstr("2 weights"));
    EXPECT_THAT(message({enough}, {0}, SamplerKind::Shuffle, 10, 0), HasSubstr("weight"));
    EXPECT_THAT(message({enough}, {std::nan("")}, SamplerKind::Shuffle, 10, 0), HasSubstr("weight"));
    EXPECT_THAT(message({enough}, {1}, SamplerKind::Shuffle, 0, 0), HasSubstr("sequence length"));
    EXPECT_THAT(message({enough}, {1}, SamplerKind::Shuffle, 10, -1), HasSubstr("validation windows"));
    EXPECT_THAT(message({enough}, {1}, SamplerKind::Shuffle, int64_t{1} << 41, 0), HasSubstr("sequence length"));
}

}  // namespace
}  // namespace radlads::data
