// Any bytes as a journal: read in pieces of any size it gives the same events, and it can be continued.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/run/journal.h"

using namespace radlads;

namespace {

std::vector<nlohmann::json> readAll(const std::string& file, size_t atOnce) {
    run::JournalReader reader(file);
    std::vector<nlohmann::json> events;
    for (;;) {
        auto next = reader.next(atOnce);
        if (!next) std::abort();
        if (next->empty()) return events;
        for (auto& event : *next) events.push_back(std::move(event));
    }
}

const std::string& scratchFile() {
    static const std::string file = [] {
        std::string pattern =
            std::string(::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") + "/radlads-fuzz-XXXXXX";
        const int descriptor = ::mkstemp(pattern.data());
        if (descriptor < 0) std::abort();
        ::close(descriptor);
        return pattern;
    }();
    return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string& file = scratchFile();
    std::ofstream(file, std::ios::binary | std::ios::trunc)
        .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
    const auto events = readAll(file, 1000);
    if (readAll(file, 1) != events) std::abort();

    auto writer = run::JournalWriter::open(file);
    if (!writer) std::abort();
    const uint64_t last = writer->lastSequence();
    if (!writer->append("log", {{"message", "x"}})) std::abort();
    const auto continued = readAll(file, 1000);
    if (continued.size() != events.size() + 1 || continued.back()["seq"] != last + 1) std::abort();
    return 0;
}

// The scratch file goes with the process.
__attribute__((destructor)) static void removeScratchFile() {
    ::unlink(scratchFile().c_str());
}
