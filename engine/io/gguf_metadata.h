// Typed access to GGUF metadata, and the parts of the GGUF conversion that read it. Private to io.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/io/gguf.h"
#include "engine/io/model_config.h"

namespace radlads::io {

class GgufMetadata {
public:
    GgufMetadata(const GgufContent& content, const std::string& where) : m_content(content), m_where(where) {}

    const GgufContent& content() const { return m_content; }
    const std::string& where() const { return m_where; }

    // Each of them: InvalidInput if the key has another type or a value out of range; absent keys give nothing.
    Result<std::optional<int64_t>> integer(const std::string& key, int64_t low, int64_t high) const;
    Result<std::optional<double>> number(const std::string& key) const;  // float32 values as their shortest decimal
    Result<std::optional<std::string_view>> text(const std::string& key) const;
    Result<std::optional<bool>> boolean(const std::string& key) const;
    Result<const GgufArray*> array(const std::string& key) const;  // nullptr if absent
    // As integer(), but the key must be there.
    Result<int64_t> required(const std::string& key, int64_t low, int64_t high) const;

private:
    tl::unexpected<Error> wrong(const std::string& key, const std::string& expected) const;

    const GgufContent& m_content;
    const std::string& m_where;
};

// The model's sizes and settings from the metadata and the tensors' names; checked as a config.json would be.
Result<ModelConfig> readGgufConfig(const GgufMetadata& metadata);

struct TokenizerFiles {
    std::string tokenizerJson, tokenizerConfigJson;
    std::vector<int64_t> stopTokens;  // every id that ends a generation
};
// config: receives the bos, eos and padding ids. The vocabulary may be smaller than config.vocabSize, not larger.
Result<TokenizerFiles> readGgufTokenizer(const GgufMetadata& metadata, ModelConfig& config);

}  // namespace radlads::io
