// The metrics of a long journal in buckets: what a chart can show of them, in one answer. Without Qt; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "engine/protocol/result.h"

namespace radlads::server {

namespace fs = std::filesystem;

struct SeriesRequest {
    std::vector<std::string> keys;  // fields of `metrics` and `evaluation` events: "loss", "validation_loss"
    int64_t buckets = 2000;         // of each key and step, at most
    uint64_t afterSeq = 0;          // events up to this one are left out
};
inline constexpr std::size_t kMaxSeriesKeys = 16;
inline constexpr int64_t kMaxSeriesBuckets = 10000;

// {"series": [..], "last_seq"} as PROTOCOL.md's run.series says. As in every reader of a journal, what a rollback or a
// resume trained again replaces what was there. Reads the whole journal: 0.2 s for a hundred thousand events; memory of
// 32 bytes a value. InvalidInput when there are more values than 4 million.
Result<nlohmann::ordered_json> readSeries(const fs::path& journal, const SeriesRequest& request);

}  // namespace radlads::server
