// Compares a tokenizer with ids and texts that Hugging Face's own library wrote. No torch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "engine/protocol/result.h"

namespace radlads::io {

struct TokenizerVerification {
    int64_t lines = 0, idsEqual = 0, decodedEqual = 0;
    std::string firstMismatch;  // line, text, and both lists of ids; "" if all are equal

    bool passed() const { return lines > 0 && idsEqual == lines && decodedEqual == lines; }
};

// goldenJsonl: one {"text", "ids", "decoded"} a line: the ids without special tokens added, and those ids decoded with
// special tokens kept. InvalidInput if a file is missing or damaged.
Result<TokenizerVerification> verifyTokenizer(const std::filesystem::path& tokenizerDirectory,
                                              const std::filesystem::path& goldenJsonl);

}  // namespace radlads::io
