// Any bytes as a GGUF file: refused, or read and dequantised without touching a byte outside; then its configuration
// and tokenizer metadata in the same way.
#include <cstdlib>

#include "engine/io/gguf_metadata.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace radlads::io;
    const std::string where = "fuzz";
    const auto content = parseGguf(std::as_bytes(std::span(data, size)), where);
    if (!content) {
        if (content.error().message.empty()) std::abort();
        return 0;
    }
    size_t total = 0;
    for (const auto& [name, tensor] : content->tensors) {
        total += tensor.data.size();
        std::vector<float> values(static_cast<size_t>(tensor.elementCount));
        dequantize(tensor, values);
    }
    if (total > size) std::abort();  // tensors never overlap
    for (const auto& [key, value] : content->metadata)
        if (const auto* array = std::get_if<GgufArray>(&value)) (void)array->integers();

    const GgufMetadata metadata(*content, where);
    auto config = readGgufConfig(metadata);
    if (!config) config = ModelConfig{.vocabSize = 1 << 20};
    (void)readGgufTokenizer(metadata, *config);
    return 0;
}
