// Which window of which source is sample number i: pure functions of i, so that a position in the data is one integer.
// No torch.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/data/token_store.h"
#include "engine/protocol/plan.h"
#include "engine/protocol/result.h"

namespace radlads::data {

// The largest prime p = 2 mod 3 with p <= tokens / contextLength - 1 (radlads.md 5.6; the check values there); 0 if
// none.
int64_t magicPrime(int64_t tokens, int64_t contextLength);
// Window (F i^3 mod p) with F = floor(p (sqrt 5 - 1) / 2), i >= 1: every window once per p samples.
int64_t magicPrimeWindow(int64_t i, int64_t prime);
// For i >= 0, count > 0: a permutation of [0, count) for each epoch i / count, all different, keyed by the seed (a
// Feistel network: no array of `count` is kept).
int64_t shuffledWindow(int64_t i, int64_t count, uint64_t seed);

// Batches of windows of length + 1 tokens over several weighted sources. Copyable, thread-safe.
class BatchSampler {
public:
    // Windows start at multiples of `length` and never run past a source's end. weights: one a source, finite, > 0.
    // heldOutWindows: so many windows in all are never sampled; they lie at the ends of the sources, shared out by
    // weight, and are the validation set. (For validation sources of their own: a second sampler with heldOutWindows 0,
    // and its first samples.) A source without enough windows is InvalidInput, with its length and the remedy.
    static Result<BatchSampler> create(std::vector<TokenStore> stores, std::vector<double> weights,
                                       protocol::SamplerKind kind, int64_t length, uint64_t seed,
                                       int64_t heldOutWindows);
    // Sample `index` (0 <= index < 2^40): length + 1 tokens into out. Deterministic in (seed, index), in constant time.
    // After any number of samples each source has had its share by weight, to within a few; within a source every
    // window comes once per pass. MagicPrime with one source and no held-out windows: the order of the RADLADS code
    // (index + 1 is its ii).
    void sample(int64_t index, std::span<int32_t> out) const;
    // The windows of all sources that sample() draws from.
    int64_t windowsPerEpoch() const;
    // Held-out window `index` of validationWindows(), source after source.
    void validationSample(int64_t index, std::span<int32_t> out) const;
    int64_t validationWindows() const;
    // Where sample(index) reads: for previews and tests.
    struct Place {
        int64_t source;
        int64_t window;  // starts at token window * length of the source
        bool operator==(const Place&) const = default;
    };
    Place place(int64_t index) const;

private:
    struct State;
    std::shared_ptr<const State> m_state;
};

}  // namespace radlads::data
