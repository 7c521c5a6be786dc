// A line of a JSON lines file from anywhere: it gives a text or one plain sentence.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/data/jsonl.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const std::string file = "fuzz.jsonl", key = "text";
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    std::string text;
    const auto status = radlads::data::parseJsonlLine(line, key, {file, 1}, text);
    if (status && text.size() > size) std::abort();  // escapes never make a text longer
    if (!status && (status.error().message.size() > 4096 || status.error().message.find('\n') != std::string::npos))
        std::abort();
    return 0;
}
