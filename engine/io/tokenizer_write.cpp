#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/io/pre_tokenizer.h"
#include "engine/io/tokenizer.h"

namespace radlads::io {
namespace {

using json = nlohmann::ordered_json;

std::string quoted(const std::string& text) {
    return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

json byteLevel(bool addPrefixSpace, bool trimOffsets, bool useRegex) {
    return {{"type", "ByteLevel"},
            {"add_prefix_space", addPrefixSpace},
            {"trim_offsets", trimOffsets},
            {"use_regex", useRegex}};
}

json preTokenizerJson(PreTokenizer preTokenizer) {
    const auto sequence = [](json first, bool useRegex) -> json {
        return {{"type", "Sequence"},
                {"pretokenizers", json::array({std::move(first), byteLevel(false, true, useRegex)})}};
    };
    const auto split = [](const char* regex) -> json {
        return {{"type", "Split"}, {"pattern", {{"Regex", regex}}}, {"behavior", "Isolated"}, {"invert", false}};
    };
    switch (preTokenizer) {
        case PreTokenizer::Qwen2:
            return sequence(split(kQwen2Regex), false);
        case PreTokenizer::Llama3:
            return sequence(split(kLlama3Regex), false);
        case PreTokenizer::SmolLm:
            return sequence({{"type", "Digits"}, {"individual_digits", true}}, true);
        case PreTokenizer::Gpt2:
            break;
    }
    return byteLevel(false, true, true);
}

std::string vocabularyEntry(const std::string& token, int64_t id) {
    return fmt::format("{}: {}", quoted(token), id);
}

// Puts lines into brackets, one value a line.
std::string listed(const std::vector<std::string>& lines, char open, char close) {
    if (lines.empty()) return {open, close};
    std::string text(1, open);
    for (size_t i = 0; i < lines.size(); ++i) text.append(i == 0 ? "\n      " : ",\n      ").append(lines[i]);
    return text + "\n    " + close;
}

}  // namespace

std::string writeTokenizerJson(const BpeModel& model) {
    std::vector<AddedToken> added = model.addedTokens;
    std::sort(added.begin(), added.end(), [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });

    std::vector<std::string> vocabulary, merges, addedTokens;
    for (size_t id = 0; id < model.vocabulary.size(); ++id)
        vocabulary.push_back(vocabularyEntry(model.vocabulary[id], static_cast<int64_t>(id)));
    // Hugging Face numbers added tokens on from the vocabulary's size, whatever their "id" says, unless the vocabulary
    // has them.
    const auto size = static_cast<int64_t>(model.vocabulary.size());
    const auto outside =
        std::find_if(added.begin(), added.end(), [&](const AddedToken& token) { return token.id >= size; });
    const bool contiguous =
        outside == added.end() || (outside->id == size && added.back().id - size == added.end() - outside - 1);
    for (auto token = outside; token != added.end() && !contiguous; ++token)
        vocabulary.push_back(vocabularyEntry(token->content, token->id));
    for (const auto& [left, right] : model.merges)
        merges.push_back(fmt::format("[{}, {}]", quoted(left), quoted(right)));
    for (const AddedToken& token : added)
        addedTokens.push_back(json{
            {"id", token.id},
            {"content", token.content},
            {"single_word", false},
            {"lstrip", false},
            {"rstrip", false},
            {"normalized", false},
            {"special",
             token.special}}.dump(-1, ' ', false, json::error_handler_t::replace));

    std::string text =
        "{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n  \"padding\": null,\n  \"added_tokens\": ";
    text += listed(addedTokens, '[', ']');
    text += ",\n  \"normalizer\": " + (model.nfc ? json{{"type", "NFC"}} : json()).dump();
    text += ",\n  \"pre_tokenizer\": " + preTokenizerJson(model.preTokenizer).dump();
    text += ",\n  \"post_processor\": " + byteLevel(false, false, false).dump();
    text += ",\n  \"decoder\": " + byteLevel(false, false, false).dump();
    text += ",\n  \"model\": {\n    \"type\": \"BPE\",\n    \"dropout\": null,\n    \"unk_token\": null,\n";
    text += "    \"continuing_subword_prefix\": null,\n    \"end_of_word_suffix\": null,\n    \"fuse_unk\": false,\n";
    text += "    \"byte_fallback\": false,\n    \"ignore_merges\": ";
    text += model.ignoreMerges ? "true" : "false";
    text += ",\n    \"vocab\": " + listed(vocabulary, '{', '}');
    text += ",\n    \"merges\": " + listed(merges, '[', ']');
    return text + "\n  }\n}\n";
}

}  // namespace radlads::io
