// labels.json of a run: what its user calls it. The worker neither reads nor writes it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/protocol/result.h"

namespace radlads::server {

namespace fs = std::filesystem;

struct RunLabels {
    std::string name;  // empty: the plan's
    std::vector<std::string> tags;
    std::string notes;
    std::string startKey;  // of run.start; empty: not started through a broker
    // What run.start promised and is not done yet: "start", "queue", or empty.
    std::string pending;
};
inline constexpr std::size_t kMaxNameBytes = 200, kMaxNotesBytes = 64 << 10, kMaxTags = 32, kMaxTagBytes = 64;

// No file, or a damaged one, counts as no labels.
RunLabels readLabels(const fs::path& runDirectory);
Status writeLabels(const fs::path& runDirectory, const RunLabels& labels);
// InvalidInput for control characters and what is too long.
Status checkName(const std::string& name);
Status checkNotes(const std::string& notes);
Status checkTags(const std::vector<std::string>& tags);

}  // namespace radlads::server
