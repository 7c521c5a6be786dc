// The index of a binidx pair from anywhere. The first two bytes choose the size of the .bin; the rest is the index.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "engine/data/binidx.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    const int64_t binBytes = data[0] | data[1] << 8;
    const auto index =
        radlads::data::parseBinidxIndex(std::as_bytes(std::span(data + 2, size - 2)), binBytes, "fuzz.idx");
    if (!index) return 0;
    const int64_t item = radlads::data::sizeBytes(index->type);
    for (int64_t i = 0; i < index->documents; ++i) {
        const int64_t pointer = index->pointer(i), length = index->length(i);
        if (pointer < 0 || length < 0 || pointer % item != 0 || pointer + length * item > binBytes) std::abort();
    }
    return 0;
}
