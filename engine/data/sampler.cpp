#include "engine/data/sampler.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "engine/data/permutation.h"

namespace radlads::data {
namespace {

using protocol::SamplerKind;

struct Source {
    TokenStore store;
    int64_t trainWindows = 0;  // windows [0, trainWindows) are sampled; for MagicPrime the prime
    int64_t heldOutStart = 0;  // windows [heldOutStart, heldOutStart + heldOut) are held out
    int64_t heldOut = 0;
};

// `total` shared out by weight, by the largest remainders.
std::vector<int64_t> shareOut(int64_t total, const std::vector<double>& weights) {
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    std::vector<int64_t> shares;
    std::vector<double> remainders;
    for (const double weight : weights) {
        const double exact = static_cast<double>(total) * (weight / sum);
        shares.push_back(static_cast<int64_t>(exact));
        remainders.push_back(exact - std::floor(exact));
    }
    std::vector<size_t> order(weights.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return remainders[a] > remainders[b]; });
    int64_t left = total - std::accumulate(shares.begin(), shares.end(), int64_t{0});
    for (size_t i = 0; left > 0; i = (i + 1) % order.size(), --left) ++shares[order[i]];
    return shares;
}

Result<Source> makeSource(TokenStore store, SamplerKind kind, int64_t length, int64_t heldOut, size_t number,
                          size_t count) {
    const int64_t tokens = store.size();
    const int64_t windows = tokens > 0 ? (tokens - 1) / length : 0;
    Source source{std::move(store), windows - heldOut, windows - heldOut, heldOut};
    if (kind == SamplerKind::MagicPrime && source.trainWindows > 0)
        source.trainWindows = magicPrime(tokens - heldOut * length, length);
    if (source.trainWindows > 0) return source;

    const std::string which = fmt::format("data source {} of {} has {} tokens", number + 1, count, tokens);
    if (windows == 0)
        return invalidInput("{}, fewer than one window of {}; add text or lower sequence_length", which, length + 1);
    if (windows <= heldOut)
        return invalidInput(
            "{}, {} windows of {}, and {} are held out for validation; add text, lower sequence_length or "
            "validation.windows",
            which, windows, length + 1, heldOut);
    return invalidInput(
        "{}, too few windows of {} for the magic-prime sampler; add text, lower sequence_length or use shuffle", which,
        length + 1);
}

}  // namespace

struct BatchSampler::State {
    std::vector<Source> sources;
    SamplerKind kind;
    int64_t length;
    uint64_t seed;
    SourceSchedule schedule;

    void readWindow(const Source& source, int64_t window, std::span<int32_t> out) const {
        assert(static_cast<int64_t>(out.size()) == length + 1);
        source.store.read(window * length, out);
    }
};

Result<BatchSampler> BatchSampler::create(std::vector<TokenStore> stores, std::vector<double> weights, SamplerKind kind,
                                          int64_t length, uint64_t seed, int64_t heldOutWindows) {
    constexpr int64_t kMost = int64_t{1} << 40;
    if (stores.empty()) return invalidInput("there is no data source; name at least one in the plan's data.sources");
    if (weights.size() != stores.size())
        return invalidInput("{} weights are given for {} data sources", weights.size(), stores.size());
    if (length < 1 || length > kMost)
        return invalidInput("a sequence length of {} is not possible; give 1 or more", length);
    if (heldOutWindows < 0 || heldOutWindows > kMost)
        return invalidInput("{} validation windows are not possible; give 0 or more", heldOutWindows);
    for (size_t i = 0; i < weights.size(); ++i)
        if (!std::isfinite(weights[i]) || weights[i] <= 0 || weights[i] > 1e12)
            return invalidInput("data source {} has the weight {}; it must be above 0 and at most 1e12", i + 1,
                                weights[i]);

    const std::vector<int64_t> heldOut = shareOut(heldOutWindows, weights);
    std::vector<Source> sources;
    for (size_t i = 0; i < stores.size(); ++i) {
        RADLADS_TRY_ASSIGN(Source source, makeSource(std::move(stores[i]), kind, length, heldOut[i], i, stores.size()));
        sources.push_back(std::move(source));
    }
    BatchSampler sampler;
    sampler.m_state =
        std::make_shared<const State>(State{std::move(sources), kind, length, seed, SourceSchedule(weights, seed)});
    return sampler;
}

BatchSampler::Place BatchSampler::place(int64_t index) const {
    const State& state = *m_state;
    const SourceSchedule::Turn turn = state.schedule.turn(index);
    const int64_t count = state.sources[static_cast<size_t>(turn.source)].trainWindows;
    if (state.kind == SamplerKind::MagicPrime) return {turn.source, magicPrimeWindow(turn.number + 1, count)};
    return {turn.source, shuffledWindow(turn.number, count, mix(state.seed, static_cast<uint64_t>(turn.source)))};
}

void BatchSampler::sample(int64_t index, std::span<int32_t> out) const {
    const Place where = place(index);
    m_state->readWindow(m_state->sources[static_cast<size_t>(where.source)], where.window, out);
}

int64_t BatchSampler::windowsPerEpoch() const {
    int64_t windows = 0;
    for (const Source& source : m_state->sources) windows += source.trainWindows;
    return windows;
}

void BatchSampler::validationSample(int64_t index, std::span<int32_t> out) const {
    assert(index >= 0 && index < validationWindows());
    for (const Source& source : m_state->sources) {
        if (index < source.heldOut) return m_state->readWindow(source, source.heldOutStart + index, out);
        index -= source.heldOut;
    }
}

int64_t BatchSampler::validationWindows() const {
    int64_t windows = 0;
    for (const Source& source : m_state->sources) windows += source.heldOut;
    return windows;
}

}  // namespace radlads::data
