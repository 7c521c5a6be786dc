// Bytes as a tokenizer.json; if it loads, a text is encoded and decoded with it. What follows a NUL byte is the text.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/io/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const size_t end = input.find('\0');
    const std::string json(input.substr(0, end));
    const std::string text(end == input.npos ? "The 'quick' fox\r\n  e\xCC\x81 12\xE4\xB8\xAD\xFF <s>"
                                             : input.substr(end + 1));
    const auto tokenizer = radlads::io::Tokenizer::parse(json, "", "input");
    if (!tokenizer) return 0;
    const auto ids = tokenizer->encode(text, true);
    for (const int32_t id : ids)
        if (id < 0 || id > 0x3FFFFF) std::abort();
    const std::string decoded = tokenizer->decode(ids);
    tokenizer->decode(ids, true);
    // Decoded text is UTF-8, so that encoding it needs no repair: the same ids whether or not it is checked again.
    if (tokenizer->encode(decoded) != tokenizer->encode(std::string(decoded))) std::abort();
    if (radlads::io::Tokenizer::parse(json, "", "input")->fingerprint() != tokenizer->fingerprint()) std::abort();
    return 0;
}
