#include "engine/io/tokenizer_spec.h"

#include <algorithm>
#include <unordered_set>

#include "engine/io/tokenizer_json.h"
#include "engine/protocol/text.h"

namespace radlads::io {
namespace {

using nlohmann::json;
using protocol::quote;

constexpr const char* kSupported =
    "supported are byte-level BPE models with the pre-tokenizers of Qwen2, Llama 3, SmolLM and GPT-2";
constexpr int kMaxNesting = 8;  // of Sequences

// The member, or nullptr if it is absent or null.
const json* member(const json& object, const char* key) {
    const auto found = object.find(key);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

bool isTokenId(const json& value) {
    return value.is_number_integer() && value >= 0 && value <= kMaxTokenId;
}

// Reads the members of one object; path names it in messages.
struct Fields {
    const json& object;
    std::string path;  // "tokenizer.json: pre_tokenizer"

    Result<bool> flag(const char* key, bool absent) const {
        const json* value = member(object, key);
        if (!value) return absent;
        if (!value->is_boolean()) return invalidInput("{}.{} must be true or false; get the file again.", path, key);
        return value->get<bool>();
    }
    // nullopt if it is absent.
    Result<std::optional<std::string>> text(const char* key) const {
        const json* value = member(object, key);
        if (!value) return std::nullopt;
        if (!value->is_string()) return invalidInput("{}.{} must be a text; get the file again.", path, key);
        return value->get<std::string>();
    }
};

// The "type" of a component.
Result<std::string> typeOf(const json& component, const std::string& path) {
    if (!component.is_object()) return invalidInput("{} must be an object; get the file again.", path);
    RADLADS_TRY_ASSIGN(const auto type, (Fields{component, path}.text("type")));
    if (!type) return invalidInput("{} has no \"type\"; get the file again.", path);
    return *type;
}

// leaf(component, type, path) for the component, or for the members of a Sequence in order. members: the Sequence's
// key.
template <class Leaf>
Status forEachComponent(const json& component, const char* members, const std::string& path, const Leaf& leaf,
                        int depth = 0) {
    RADLADS_TRY_ASSIGN(const std::string type, typeOf(component, path));
    if (type != "Sequence") return leaf(component, type, path);
    const json* list = member(component, members);
    if (!list || !list->is_array()) return invalidInput("{}.{} must be a list; get the file again.", path, members);
    if (depth == kMaxNesting)
        return invalidInput("{} nests Sequences more than {} deep; get the file again.", path, kMaxNesting);
    for (size_t i = 0; i < list->size(); ++i)
        RADLADS_TRY(forEachComponent((*list)[i], members, fmt::format("{}.{}[{}]", path, members, i), leaf, depth + 1));
    return {};
}

Result<std::vector<AddedTokenRule>> readAddedTokens(const json& document, const std::string& where) {
    std::vector<AddedTokenRule> rules;
    const json* list = member(document, "added_tokens");
    if (!list) return rules;
    if (!list->is_array()) return invalidInput("{}: added_tokens must be a list; get the file again.", where);
    std::unordered_set<std::string> contents;
    std::unordered_set<int32_t> ids;
    for (size_t i = 0; i < list->size(); ++i) {
        const json& entry = (*list)[i];
        const Fields fields{entry, fmt::format("{}: added_tokens[{}]", where, i)};
        if (!entry.is_object()) return invalidInput("{} must be an object; get the file again.", fields.path);
        const json* id = member(entry, "id");
        if (!id || !isTokenId(*id))
            return invalidInput("{}.id must be a whole number in 0..{}; get the file again.", fields.path, kMaxTokenId);
        RADLADS_TRY_ASSIGN(const auto content, fields.text("content"));
        if (!content) return invalidInput("{} has no content; get the file again.", fields.path);
        if (content->empty()) continue;  // Hugging Face ignores these as well
        if (content->size() > kMaxAddedTokenBytes)
            return invalidInput("{}.content is longer than {} bytes, which no real token is; get the file again.",
                                fields.path, kMaxAddedTokenBytes);
        AddedTokenRule rule{*content, id->get<int32_t>()};
        if (!contents.insert(rule.content).second || !ids.insert(rule.id).second)
            return invalidInput("{}: the token {} or its id {} occurs twice in added_tokens; get the file again.",
                                where, quote(rule.content), rule.id);
        const std::pair<const char*, bool AddedTokenRule::*> flags[] = {{"single_word", &AddedTokenRule::singleWord},
                                                                        {"lstrip", &AddedTokenRule::leftStrip},
                                                                        {"rstrip", &AddedTokenRule::rightStrip},
                                                                        {"normalized", &AddedTokenRule::normalized},
                                                                        {"special", &AddedTokenRule::special}};
        for (const auto& [key, flag] : flags) {
            RADLADS_TRY_ASSIGN(rule.*flag, fields.flag(key, false));
        }
        rules.push_back(std::move(rule));
    }
    return rules;
}

Result<bool> readNormalizer(const json& document, const std::string& where) {
    bool nfc = false;
    const json* normalizer = member(document, "normalizer");
    if (!normalizer) return nfc;
    RADLADS_TRY(forEachComponent(*normalizer, "normalizers", where + ": normalizer",
                                 [&](const json&, const std::string& type, const std::string& path) -> Status {
                                     if (type != "NFC")
                                         return invalidInput("{} is {}; only NFC and none are supported: {}.", path,
                                                             quote(type), kSupported);
                                     nfc = true;
                                     return {};
                                 }));
    return nfc;
}

Result<Splitter> readSplit(const json& component, const std::string& path) {
    const json* pattern = member(component, "pattern");
    const json* regex = pattern && pattern->is_object() ? member(*pattern, "Regex") : nullptr;
    if (!regex || !regex->is_string()) return invalidInput("{}.pattern has no \"Regex\" text; {}.", path, kSupported);
    const Fields fields{component, path};
    RADLADS_TRY_ASSIGN(const auto behavior, fields.text("behavior"));
    RADLADS_TRY_ASSIGN(const bool invert, fields.flag("invert", false));
    // The expressions cover every text, so that to remove what lies between their matches is the same as to isolate
    // them.
    const bool isolates = behavior == "Isolated" || (behavior == "Removed" && invert);
    if (!isolates)
        return invalidInput("{}.behavior is {}; only \"Isolated\" is supported.", path, quote(behavior.value_or("")));
    const std::pair<const char*, Splitter> known[] = {
        {kQwen2Regex, Splitter::Qwen2}, {kLlama3Regex, Splitter::Llama3}, {kGpt2Regex, Splitter::Gpt2}};
    for (const auto& [text, splitter] : known)
        if (*regex == text) return splitter;
    return invalidInput("{}.pattern is the unknown expression {}; {}.", path,
                        quote(regex->get_ref<const std::string&>()), kSupported);
}

Result<PreTokenizerPipeline> readPreTokenizer(const json& document, const std::string& where) {
    const json* preTokenizer = member(document, "pre_tokenizer");
    if (!preTokenizer) return invalidInput("{} has no pre_tokenizer; {}.", where, kSupported);
    std::vector<PreTokenizerPipeline::Stage> stages;
    bool byteLevel = false;
    const auto addStage = [&](const json& component, const std::string& type, const std::string& path) -> Status {
        if (byteLevel || stages.size() == kMaxStages)
            return invalidInput("{} ({}) comes after ByteLevel or after {} others; {}.", path, quote(type), kMaxStages,
                                kSupported);
        const Fields fields{component, path};
        if (type == "Split") {
            RADLADS_TRY_ASSIGN(const Splitter splitter, readSplit(component, path));
            stages.push_back({splitter});
        } else if (type == "Digits") {
            RADLADS_TRY_ASSIGN(const bool each, fields.flag("individual_digits", false));
            stages.push_back({each ? Splitter::EachDigit : Splitter::DigitRuns});
        } else if (type == "ByteLevel") {
            RADLADS_TRY_ASSIGN(const bool addsPrefixSpace, fields.flag("add_prefix_space", true));
            RADLADS_TRY_ASSIGN(const bool usesRegex, fields.flag("use_regex", true));
            if (usesRegex || addsPrefixSpace)
                stages.push_back({usesRegex ? Splitter::Gpt2 : Splitter::None, addsPrefixSpace});
            byteLevel = true;
        } else {
            return invalidInput("{} is {}; {}.", path, quote(type), kSupported);
        }
        return {};
    };
    RADLADS_TRY(forEachComponent(*preTokenizer, "pretokenizers", where + ": pre_tokenizer", addStage));
    if (!byteLevel) return invalidInput("{}: pre_tokenizer has no ByteLevel; {}.", where, kSupported);
    return PreTokenizerPipeline(std::move(stages));
}

// Appends the ids of a special token of a TemplateProcessing.
Status readTemplateIds(const json& component, const std::string& name, const std::string& path,
                       std::vector<int32_t>& ids) {
    const json* tokens = member(component, "special_tokens");
    const json* token = tokens && tokens->is_object() ? member(*tokens, name.c_str()) : nullptr;
    const json* list = token && token->is_object() ? member(*token, "ids") : nullptr;
    if (!list || !list->is_array() || !std::all_of(list->begin(), list->end(), isTokenId))
        return invalidInput("{}.special_tokens has no list of ids for {}; get the file again.", path, quote(name));
    for (const json& id : *list) ids.push_back(id.get<int32_t>());
    return {};
}

// Puts the special tokens of a TemplateProcessing around those that are there already.
Status readTemplate(const json& component, const std::string& path, TokenizerSpec& spec) {
    const json* single = member(component, "single");
    if (!single || !single->is_array()) return invalidInput("{}.single must be a list; get the file again.", path);
    std::vector<int32_t> before, after;
    bool seen = false;
    for (size_t i = 0; i < single->size(); ++i) {
        const json& piece = (*single)[i];
        const json* special = piece.is_object() ? member(piece, "SpecialToken") : nullptr;
        const json* sequence = piece.is_object() ? member(piece, "Sequence") : nullptr;
        const json* content = special ? special : sequence;
        const json* id = content && content->is_object() ? member(*content, "id") : nullptr;
        if (!id || !id->is_string() || (!special && (seen || *id != "A")))
            return invalidInput("{}.single[{}] must name a SpecialToken, or the Sequence A once; get the file again.",
                                path, i);
        if (special)
            RADLADS_TRY(readTemplateIds(component, id->get<std::string>(), path, seen ? after : before));
        else
            seen = true;
    }
    if (!seen) return invalidInput("{}.single does not hold the Sequence A; get the file again.", path);
    spec.before.insert(spec.before.begin(), before.begin(), before.end());
    spec.after.insert(spec.after.end(), after.begin(), after.end());
    return {};
}

Status readPostProcessor(const json& document, const std::string& where, TokenizerSpec& spec) {
    const json* processor = member(document, "post_processor");
    if (!processor) return {};
    return forEachComponent(*processor, "processors", where + ": post_processor",
                            [&](const json& component, const std::string& type, const std::string& path) -> Status {
                                if (type == "ByteLevel") return {};  // changes offsets only
                                if (type == "TemplateProcessing") return readTemplate(component, path, spec);
                                return invalidInput("{} is {}; only ByteLevel and TemplateProcessing are supported.",
                                                    path, quote(type));
                            });
}

Status checkDecoder(const json& document, const std::string& where) {
    const json* decoder = member(document, "decoder");
    if (!decoder) return {};
    return forEachComponent(*decoder, "decoders", where + ": decoder",
                            [](const json&, const std::string& type, const std::string& path) -> Status {
                                if (type == "ByteLevel") return {};
                                return invalidInput("{} is {}; only ByteLevel is supported.", path, quote(type));
                            });
}

Status readModel(const json& model, const std::string& where, TokenizerSpec& spec) {
    const Fields fields{model, where + ": model"};
    RADLADS_TRY_ASSIGN(const auto type, fields.text("type"));
    if (type && *type != "BPE") return invalidInput("{}.type is {}; {}.", fields.path, quote(*type), kSupported);
    RADLADS_TRY_ASSIGN(const bool byteFallback, fields.flag("byte_fallback", false));
    if (byteFallback)
        return invalidInput("{} has byte_fallback, as SentencePiece models converted to BPE have; {}.", fields.path,
                            kSupported);
    for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
        RADLADS_TRY_ASSIGN(const auto affix, fields.text(key));
        if (affix && !affix->empty())
            return invalidInput("{}.{} is {}, which byte-level models do not have; {}.", fields.path, key,
                                quote(*affix), kSupported);
    }
    if (const json* dropout = member(model, "dropout"); dropout && *dropout != 0.0)
        return invalidInput("{}.dropout makes the ids random; set it to null.", fields.path);
    RADLADS_TRY_ASSIGN(spec.ignoreMerges, fields.flag("ignore_merges", false));
    RADLADS_TRY_ASSIGN(spec.fuseUnknown, fields.flag("fuse_unk", false));
    RADLADS_TRY_ASSIGN(spec.unknownToken, fields.text("unk_token"));
    return {};
}

// A token of tokenizer_config.json: a text, or an object with a content.
Result<std::optional<std::string>> readNamedToken(const json& document, const char* key, const std::string& where) {
    const json* value = member(document, key);
    if (value && value->is_object()) value = member(*value, "content");
    if (!value) return std::nullopt;
    if (!value->is_string())
        return invalidInput("{}: {} must be a text or an object with a content; correct it.", where, key);
    return value->get<std::string>();
}

// A text, or a list of {"name", "template"}: the one named "default", else the first.
std::string readChatTemplate(const json& document) {
    const json* value = member(document, "chat_template");
    if (!value) return "";
    if (value->is_string()) return value->get<std::string>();
    std::optional<std::string> chosen;
    if (value->is_array())
        for (const json& entry : *value) {
            const json* text = entry.is_object() ? member(entry, "template") : nullptr;
            const json* name = entry.is_object() ? member(entry, "name") : nullptr;
            if (text && text->is_string() && (!chosen || (name && *name == "default")))
                chosen = text->get<std::string>();
        }
    return chosen.value_or("");
}

}  // namespace

Result<TokenizerSpec> readTokenizerSpec(const json& document, const std::string& where) {
    const json* model = document.is_object() ? member(document, "model") : nullptr;
    if (!model || !model->is_object())
        return invalidInput("{} has no object \"model\"; it is no tokenizer.json.", where);
    TokenizerSpec spec;
    RADLADS_TRY(readModel(*model, where, spec));
    RADLADS_TRY_ASSIGN(spec.nfc, readNormalizer(document, where));
    RADLADS_TRY_ASSIGN(spec.pipeline, readPreTokenizer(document, where));
    RADLADS_TRY(readPostProcessor(document, where, spec));
    RADLADS_TRY(checkDecoder(document, where));
    RADLADS_TRY_ASSIGN(spec.addedTokens, readAddedTokens(document, where));
    return spec;
}

Result<TokenizerConfig> readTokenizerConfig(const std::string& text, const std::string& where) {
    constexpr size_t kMaxBytes = 64 << 20, kMaxDepth = 64;
    RADLADS_TRY_ASSIGN(const json document, protocol::parseJson(text, where, kMaxBytes, kMaxDepth));
    if (!document.is_object()) return invalidInput("{} must hold an object; get the file again.", where);
    TokenizerConfig config;
    RADLADS_TRY_ASSIGN(config.bos, readNamedToken(document, "bos_token", where));
    RADLADS_TRY_ASSIGN(config.eos, readNamedToken(document, "eos_token", where));
    RADLADS_TRY_ASSIGN(config.pad, readNamedToken(document, "pad_token", where));
    if (const json* addsBos = member(document, "add_bos_token"); addsBos && addsBos->is_boolean())
        config.addsBos = addsBos->get<bool>();
    config.chatTemplate = readChatTemplate(document);
    return config;
}

}  // namespace radlads::io
