// Any bytes as a safetensors file: refused, or read without touching a byte outside.
#include <cstdlib>

#include "engine/io/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto content = radlads::io::parseSafetensors(std::as_bytes(std::span(data, size)), "fuzz");
    if (!content) {
        if (content.error().message.empty()) std::abort();
        return 0;
    }
    size_t total = 0;
    for (const auto& [name, tensor] : content->tensors) {
        const auto count = static_cast<size_t>(tensor.elementCount());
        if (count * radlads::io::sizeBytes(tensor.dtype) != tensor.data.size()) std::abort();
        total += tensor.data.size();
        std::vector<float> values(count);
        (void)radlads::io::toFloat32(tensor, values);
    }
    if (total > size) std::abort();  // tensors never overlap
    return 0;
}
