// What the tokens of a source depend on, as one name. Private to engine/data.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/io/tokenizer.h"
#include "engine/protocol/plan.h"
#include "engine/protocol/result.h"

namespace radlads::data {

// 32 hexadecimal digits (FNV-1a, 128 bits).
std::string fingerprint(std::string_view text);

// The fingerprint of the source's files (paths, sizes, modification times), its format and text key, the tokenizer, EOS
// and the vocabulary. The weight has no part in it.
Result<std::string> sourceIdentity(const protocol::SourcePlan& source, const io::Tokenizer& tokenizer, bool appendEos,
                                   int64_t vocabSize);

// "path|size|mtime" of a file, its path made absolute.
Result<std::string> fileIdentity(const std::string& path);

}  // namespace radlads::data
