// tokenizer.json and tokenizer_config.json from the tokenizer metadata of a GGUF file (interop.md 1.4).
#include <utf8proc.h>

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "engine/io/gguf_metadata.h"
#include "engine/io/tokenizer.h"
#include "engine/protocol/text.h"

namespace radlads::io {
namespace {

using nlohmann::json;

struct PreTokenizerRow {
    std::string_view name;
    PreTokenizer preTokenizer;
    bool nfc, ignoreMerges, addsBos;  // addsBos: when the file does not say
};
constexpr PreTokenizerRow kPreTokenizers[] = {
    {"qwen2", PreTokenizer::Qwen2, true, false, false},    {"llama-bpe", PreTokenizer::Llama3, false, true, true},
    {"llama3", PreTokenizer::Llama3, false, true, true},   {"llama-v3", PreTokenizer::Llama3, false, true, true},
    {"smollm", PreTokenizer::SmolLm, false, false, false}, {"gpt-2", PreTokenizer::Gpt2, false, false, false},
    {"default", PreTokenizer::Gpt2, false, false, false},
};

enum TokenType : int64_t { kUnknownToken = 2, kControlToken = 3, kUserToken = 4, kUnusedToken = 5 };

using TokenIds = std::unordered_map<std::string_view, int32_t>;

bool isUtf8(std::string_view text) {
    const auto* data = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
    utf8proc_ssize_t left = static_cast<utf8proc_ssize_t>(text.size());
    while (left > 0) {
        utf8proc_int32_t codePoint = 0;
        const utf8proc_ssize_t size = utf8proc_iterate(data, left, &codePoint);
        if (size <= 0) return false;
        data += size;
        left -= size;
    }
    return true;
}

Result<const PreTokenizerRow*> findPreTokenizer(const GgufMetadata& metadata) {
    RADLADS_TRY_ASSIGN(const auto model, metadata.text("tokenizer.ggml.model"));
    if (model != "gpt2")
        return invalidInput(
            "{}: the tokenizer model {} is not supported; byte-level BPE (gpt2) is. Get the model as safetensors "
            "if its tokenizer.json is byte-level BPE.",
            metadata.where(), protocol::quote(model.value_or("(none)")));
    RADLADS_TRY_ASSIGN(const auto name, metadata.text("tokenizer.ggml.pre"));
    for (const auto& row : kPreTokenizers)
        if (row.name == name) return &row;
    return invalidInput(
        "{}: the pre-tokenizer {} (tokenizer.ggml.pre) is not supported; qwen2, llama-bpe, smollm and gpt-2 are.",
        metadata.where(), protocol::quote(name.value_or("(none)")));
}

// Fills vocabulary and added tokens. The ids of the tokens that exist go to `ids`; its keys point into the file.
Status readTokens(const GgufMetadata& metadata, int64_t rows, BpeModel& model, TokenIds& ids) {
    RADLADS_TRY_ASSIGN(const GgufArray* tokens, metadata.array("tokenizer.ggml.tokens"));
    RADLADS_TRY_ASSIGN(const GgufArray* typeArray, metadata.array("tokenizer.ggml.token_type"));
    if (!tokens || tokens->elementType != GgufType::String || tokens->count == 0)
        return invalidInput("{} has no tokenizer.ggml.tokens array of texts; get the file again.", metadata.where());
    if (tokens->count > static_cast<uint64_t>(rows))
        return invalidInput("{} has {} tokens but only {} rows in token_embd.weight; it is damaged.", metadata.where(),
                            tokens->count, rows);
    const std::vector<int64_t> types =
        typeArray ? typeArray->integers() : std::vector<int64_t>(tokens->strings.size(), 1);
    if (types.size() != tokens->strings.size())
        return invalidInput("{}: tokenizer.ggml.token_type must hold one whole number for each of the {} tokens.",
                            metadata.where(), tokens->count);

    // Added tokens at the end stand outside the BPE vocabulary; those within it are part of it as well, as in
    // tokenizer.json.
    const auto isAdded = [&](size_t id) { return types[id] == kControlToken || types[id] == kUserToken; };
    size_t vocabularyEnd = tokens->strings.size();
    while (vocabularyEnd > 0 && (isAdded(vocabularyEnd - 1) || types[vocabularyEnd - 1] == kUnusedToken))
        --vocabularyEnd;
    for (size_t id = 0; id < tokens->strings.size(); ++id) {
        const std::string_view token = tokens->strings[id];
        if (token.empty() || !isUtf8(token))
            return invalidInput("{}: token {} is empty or not UTF-8; get the file again.", metadata.where(), id);
        if (id >= vocabularyEnd && !isAdded(id)) continue;  // padding rows
        if (!ids.emplace(token, static_cast<int32_t>(id)).second)
            return invalidInput("{}: the token {} stands for two ids ({} is the second); get the file again.",
                                metadata.where(), protocol::quote(token), id);
        if (id < vocabularyEnd) model.vocabulary.emplace_back(token);
        if (isAdded(id))
            model.addedTokens.push_back({std::string(token), static_cast<int32_t>(id), types[id] == kControlToken});
    }
    return {};
}

Status readMerges(const GgufMetadata& metadata, const TokenIds& ids, BpeModel& model) {
    RADLADS_TRY_ASSIGN(const GgufArray* merges, metadata.array("tokenizer.ggml.merges"));
    if (!merges || (merges->elementType != GgufType::String && merges->count > 0))
        return invalidInput("{} has no tokenizer.ggml.merges array of texts; get the file again.", metadata.where());
    model.merges.reserve(merges->strings.size());
    for (const std::string_view merge : merges->strings) {
        const size_t space = merge.find(' ', 1);
        const std::string_view left = merge.substr(0, space);
        const std::string_view right = space == merge.npos ? std::string_view() : merge.substr(space + 1);
        const std::string joined = std::string(left).append(right);
        if (right.empty() || !ids.contains(left) || !ids.contains(right) || !ids.contains(joined))
            return invalidInput("{}: the merge {} does not join two tokens to a third; get the file again.",
                                metadata.where(), protocol::quote(merge));
        model.merges.emplace_back(left, right);
    }
    return {};
}

// The special tokens by role, with their texts. Ids without a text are refused: no tokenizer could produce them.
struct SpecialTokens {
    std::map<std::string, std::pair<int64_t, std::string>> byRole;

    Status read(const GgufMetadata& metadata, const std::string& role, const TokenIds& ids,
                const std::vector<std::string_view>& tokens) {
        const std::string key = "tokenizer.ggml." + role + "_token_id";
        RADLADS_TRY_ASSIGN(const auto id, metadata.integer(key, 0, UINT32_MAX));
        if (!id || *id == UINT32_MAX) return {};  // both mean "none"
        const auto index = static_cast<size_t>(*id);
        const auto known = index < tokens.size() ? ids.find(tokens[index]) : ids.end();
        if (known == ids.end() || known->second != *id)
            return invalidInput("{}: {} is {}, which is no token of its vocabulary.", metadata.where(), key, *id);
        byRole[role] = {*id, std::string(tokens[index])};
        return {};
    }
    std::optional<int64_t> id(const std::string& role) const {
        const auto found = byRole.find(role);
        return found == byRole.end() ? std::nullopt : std::optional(found->second.first);
    }
};

// What Llama 3 writes so that encoding with special tokens puts bos in front.
json bosPostProcessor(int64_t id, const std::string& token) {
    const json special = {{"SpecialToken", {{"id", token}, {"type_id", 0}}}};
    const auto sequence = [](const char* name, int type) -> json {
        return {{"Sequence", {{"id", name}, {"type_id", type}}}};
    };
    const json second = {{"SpecialToken", {{"id", token}, {"type_id", 1}}}};
    const json byteLevel = {
        {"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", false}, {"use_regex", true}};
    const json processor = {
        {"type", "TemplateProcessing"},
        {"single", json::array({special, sequence("A", 0)})},
        {"pair", json::array({special, sequence("A", 0), second, sequence("B", 1)})},
        {"special_tokens", {{token, {{"id", token}, {"ids", json::array({id})}, {"tokens", json::array({token})}}}}}};
    return {{"type", "Sequence"}, {"processors", json::array({byteLevel, processor})}};
}

Result<std::string> tokenizerConfig(const GgufMetadata& metadata, const SpecialTokens& special, bool addBos,
                                    int64_t maxPositions) {
    nlohmann::ordered_json document = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                                       {"add_bos_token", addBos},
                                       {"clean_up_tokenization_spaces", false},
                                       {"model_max_length", maxPositions}};
    constexpr std::pair<const char*, const char*> kNames[] = {
        {"bos", "bos_token"}, {"eos", "eos_token"}, {"padding", "pad_token"}, {"unknown", "unk_token"}};
    for (const auto& [role, name] : kNames) {
        const auto found = special.byRole.find(role);
        document[name] =
            found == special.byRole.end() ? nlohmann::ordered_json() : nlohmann::ordered_json(found->second.second);
    }
    RADLADS_TRY_ASSIGN(const auto chatTemplate, metadata.text("tokenizer.chat_template"));
    if (chatTemplate && !isUtf8(*chatTemplate))
        return invalidInput("{}: tokenizer.chat_template is not UTF-8; get the file again.", metadata.where());
    if (chatTemplate) document["chat_template"] = *chatTemplate;
    return document.dump(2) + "\n";
}

}  // namespace

Result<TokenizerFiles> readGgufTokenizer(const GgufMetadata& metadata, ModelConfig& config) {
    RADLADS_TRY_ASSIGN(const PreTokenizerRow* row, findPreTokenizer(metadata));
    BpeModel model;
    model.preTokenizer = row->preTokenizer;
    model.nfc = row->nfc;
    model.ignoreMerges = row->ignoreMerges;
    TokenIds ids;
    RADLADS_TRY(readTokens(metadata, config.vocabSize, model, ids));
    RADLADS_TRY(readMerges(metadata, ids, model));

    RADLADS_TRY_ASSIGN(const GgufArray* tokens, metadata.array("tokenizer.ggml.tokens"));
    SpecialTokens special;
    for (const char* role : {"bos", "eos", "eot", "padding", "unknown"})
        RADLADS_TRY(special.read(metadata, role, ids, tokens->strings));
    config.bosToken = special.id("bos");
    config.paddingToken = special.id("padding");
    TokenizerFiles files;
    if (const auto eos = special.id("eos")) config.eosTokens = files.stopTokens = {*eos};
    if (const auto eot = special.id("eot"); eot && eot != special.id("eos")) files.stopTokens.push_back(*eot);

    RADLADS_TRY_ASSIGN(const auto addBos, metadata.boolean("tokenizer.ggml.add_bos_token"));
    const bool addsBos = addBos.value_or(row->addsBos) && config.bosToken.has_value();
    RADLADS_TRY_ASSIGN(files.tokenizerConfigJson, tokenizerConfig(metadata, special, addsBos, config.maxPositions));
    files.tokenizerJson = writeTokenizerJson(model);
    if (addsBos) {
        json document = json::parse(files.tokenizerJson);
        document["post_processor"] = bosPostProcessor(*config.bosToken, special.byRole["bos"].second);
        files.tokenizerJson = document.dump(1) + "\n";
    }
    return files;
}

}  // namespace radlads::io
