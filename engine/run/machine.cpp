#include "engine/run/machine.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>

namespace radlads::run {
namespace {

constexpr std::array<const char*, 10> kFeatures{"sse4_2",      "avx",      "avx2",  "fma", "avx512f",
                                               "avx512_bf16", "avx512_fp16", "amx_bf16", "asimd", "sve"};

std::string trimmed(const std::string& text) {
    const size_t first = text.find_first_not_of(" \t"), last = text.find_last_not_of(" \t");
    return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

int64_t meminfoBytes(std::string_view key) {
    std::ifstream file("/proc/meminfo");
    std::string line;
    while (std::getline(file, line)) {
        if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != ':') continue;
        int64_t kibibytes = 0;
        std::istringstream(line.substr(key.size() + 1)) >> kibibytes;
        return kibibytes * 1024;
    }
    return 0;
}

// A number in a file of the control group; the largest value for "max", for no limit and for no such file.
int64_t groupValue(const std::string& file) {
    std::ifstream stream(file);
    int64_t value = 0;
    return stream >> value ? value : std::numeric_limits<int64_t>::max();
}

// The tightest memory limit above this process, and what is left of it: every group up to the root counts (cgroup v2).
std::pair<int64_t, int64_t> groupMemory() {
    int64_t limit = std::numeric_limits<int64_t>::max(), left = limit;
    std::ifstream file("/proc/self/cgroup");
    std::string line;
    while (std::getline(file, line)) {
        if (!line.starts_with("0::/")) continue;
        for (std::string group = line.substr(3);; group.erase(group.find_last_of('/'))) {
            const std::string base = "/sys/fs/cgroup" + (group == "/" ? "" : group);
            const int64_t most = groupValue(base + "/memory.max");
            if (most < limit) limit = most;
            if (most != std::numeric_limits<int64_t>::max())
                left = std::min(left, most - std::min(most, groupValue(base + "/memory.current")));
            if (group.find('/') == std::string::npos || group.empty()) break;
        }
    }
    return {limit, left};
}

void readProcessor(Machine& machine) {
    std::ifstream file("/proc/cpuinfo");
    std::set<std::pair<std::string, std::string>> cores;
    std::set<std::string> flags;
    std::string line, package;
    while (std::getline(file, line)) {
        const size_t colon = line.find(':');
        if (colon == std::string::npos) continue;
        const std::string key = trimmed(line.substr(0, colon)), value = trimmed(line.substr(colon + 1));
        if (key == "model name") machine.processor = value;
        if (key == "physical id") package = value;
        if (key == "core id") cores.insert({package, value});
        if ((key == "flags" || key == "Features") && flags.empty()) {
            std::istringstream words(value);
            for (std::string word; words >> word;) flags.insert(word);
        }
    }
    if (machine.processor.empty()) machine.processor = "unknown processor";
    for (const char* feature : kFeatures) {
        if (flags.contains(feature)) machine.features.push_back(feature);
    }
    if (!cores.empty()) machine.cores = static_cast<int64_t>(cores.size());
}

}  // namespace

Machine describeMachine() {
    Machine machine;
    machine.hardwareThreads = std::max<int64_t>(1, sysconf(_SC_NPROCESSORS_ONLN));
    machine.cores = machine.hardwareThreads;
    readProcessor(machine);
    const auto [limit, left] = groupMemory();
    machine.memoryBytes = std::min(meminfoBytes("MemTotal"), limit);
    machine.availableBytes = std::min(meminfoBytes("MemAvailable"), left);
    return machine;
}

std::string hostName() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string("localhost");
}

}  // namespace radlads::run
