// The second step of reading tokenizer.json: what its parts (added tokens, normalizer, pre_tokenizer, post_processor,
// model) ask for, checked against what is supported. And tokenizer_config.json. Private to io.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/io/pre_tokenizer.h"
#include "engine/io/tokenizer_added.h"
#include "engine/protocol/result.h"

namespace radlads::io {

struct TokenizerSpec {
    std::vector<AddedTokenRule> addedTokens;  // contents differ, ids differ and lie in 0..kMaxTokenId
    bool nfc = false;
    PreTokenizerPipeline pipeline;
    std::vector<int32_t> before, after;  // the special tokens that the post-processor puts around a text
    bool ignoreMerges = false;
    std::optional<std::string> unknownToken;
    bool fuseUnknown = false;
};

// document: tokenizer.json without vocab and merges. where: the file's name, for messages. InvalidInput for what is not
// supported, named with what is.
Result<TokenizerSpec> readTokenizerSpec(const nlohmann::json& document, const std::string& where);

struct TokenizerConfig {
    std::optional<std::string> bos, eos, pad;
    std::optional<bool> addsBos;
    std::string chatTemplate;
};
Result<TokenizerConfig> readTokenizerConfig(const std::string& json, const std::string& where);

}  // namespace radlads::io
