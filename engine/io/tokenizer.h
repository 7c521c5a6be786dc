// tokenizer.json, byte-level BPE (interop.md 3.4): Qwen2, Llama-3, SmolLM and GPT-2 pre-tokenizers, NFC, added tokens,
// both merge forms, ignore_merges; ids equal Hugging Face's. Also trains small byte-level BPE vocabularies (the
// demo's). No torch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/protocol/result.h"

namespace radlads::io {

class Tokenizer {
public:
    // A directory with tokenizer.json or a tokenizer.json; the files beside it are read when there:
    // tokenizer_config.json for bos, eos, pad, add_bos_token and the chat template, chat_template.jinja. InvalidInput
    // for files that are damaged, or that hold another kind of tokenizer (Unigram, WordPiece, byte_fallback, other
    // pre-tokenizers), which is named.
    static Result<Tokenizer> load(const std::filesystem::path& directoryOrFile);
    // tokenizerJson and tokenizerConfigJson ("" if none) as texts. (The fuzz target.)
    static Result<Tokenizer> parse(const std::string& tokenizerJson, const std::string& tokenizerConfigJson,
                                   const std::string& where);

    // Appends the ids of `text`. Bytes that are not UTF-8 are replaced by U+FFFD as Hugging Face does. Thread-safe.
    // addSpecialTokens: what the post-processor adds (Llama-3: <|begin_of_text|>).
    void encode(std::string_view text, std::vector<int32_t>& ids, bool addSpecialTokens = false) const;
    std::vector<int32_t> encode(std::string_view text, bool addSpecialTokens = false) const;
    // UTF-8 with replacement of broken sequences; ids outside the vocabulary give nothing.
    std::string decode(std::span<const int32_t> ids, bool skipSpecialTokens = false) const;
    // The raw bytes of one id, for streaming output (a token may hold part of a character).
    std::string tokenBytes(int32_t id) const;

    int64_t vocabSize() const;                                     // highest id + 1
    std::optional<int32_t> tokenId(std::string_view token) const;  // token: as in the file, byte-mapped or added
    std::optional<int32_t> bosToken() const;
    std::optional<int32_t> eosToken() const;
    std::optional<int32_t> padToken() const;
    std::string chatTemplate() const;  // "" if none
    uint64_t fingerprint() const;      // of everything that changes ids: the key of the token cache

private:
    struct Impl;
    std::shared_ptr<const Impl> m_impl;
};

enum class PreTokenizer { Qwen2, Llama3, SmolLm, Gpt2 };
// The tokenizer.json text of a byte-level BPE. vocabulary: byte-mapped strings in id order; merges: pairs in rank
// order.
struct AddedToken {
    std::string content;
    int32_t id = 0;
    bool special = true;
};
struct BpeModel {
    std::vector<std::string> vocabulary;
    std::vector<std::pair<std::string, std::string>> merges;
    std::vector<AddedToken> addedTokens;
    PreTokenizer preTokenizer = PreTokenizer::Gpt2;
    bool nfc = false;
    bool ignoreMerges = false;
};
// An added token whose id lies within the vocabulary must stand there as well.
std::string writeTokenizerJson(const BpeModel& model);
// Learns merges from a text until the vocabulary (256 bytes + merges + added tokens) has vocabSize entries or no pair
// repeats. Ids: the bytes in the order of their mapped characters, the merged tokens in the order in which they were
// learnt, the added tokens. The most frequent pair is merged first; of pairs as frequent, the one whose left, then
// right bytes come first. Added tokens in the text are cut out and teach nothing. The same input gives the same model
// on every machine.
BpeModel trainBpe(std::string_view text, int64_t vocabSize, const std::vector<std::string>& addedTokens,
                  PreTokenizer preTokenizer);

}  // namespace radlads::io
