#include "engine/io/tokenizer.h"

#include <algorithm>
#include <atomic>

#include "engine/io/pre_tokenizer.h"
#include "engine/io/tokenizer_added.h"
#include "engine/io/tokenizer_bpe.h"
#include "engine/io/tokenizer_bytes.h"
#include "engine/io/tokenizer_json.h"
#include "engine/io/tokenizer_spec.h"
#include "engine/io/tokenizer_tables.h"
#include "engine/io/tokenizer_unicode.h"
#include "engine/protocol/text.h"
#include "engine/run/files.h"

namespace radlads::io {
namespace {

constexpr uint64_t kMaxFileBytes = 256ull << 20;  // real files have some 20 MB at most
constexpr const char* kConfigName = "tokenizer_config.json";

// FNV-1a, 64 bits, over numbers (as eight bytes, low first) and texts (length, bytes).
class Fingerprint {
public:
    void add(std::string_view text) {
        add(static_cast<uint64_t>(text.size()));
        for (const char c : text) byte(static_cast<unsigned char>(c));
    }
    void add(uint64_t value) {
        for (int shift = 0; shift < 64; shift += 8) byte(static_cast<unsigned char>(value >> shift));
    }
    uint64_t value() const { return m_value; }

private:
    void byte(unsigned char value) { m_value = (m_value ^ value) * 0x100000001b3ull; }
    uint64_t m_value = 0xcbf29ce484222325ull;
};

// Whether BPE makes one token of a piece that is a token: found out at its first use.
enum class Whole : uint8_t { Unknown, Yes, No };

}  // namespace

struct Tokenizer::Impl {
    PreTokenizerPipeline pipeline;
    bool nfc = false, ignoreMerges = false;
    BpeRules rules;
    StringIndex names;   // tokens as in the file, byte-mapped, and added tokens
    StringIndex pieces;  // the bytes of the tokens of the vocabulary
    size_t longestPiece = 0;
    AddedTokenMatcher rawMatcher, normalizedMatcher;  // for added tokens with normalized false, true
    std::vector<int32_t> before, after;

    TextList bytesById;  // what decoding gives; empty for ids that are not used
    std::vector<bool> specialById;
    std::unique_ptr<std::atomic<Whole>[]> wholeById;

    std::optional<int32_t> bos, eos, pad;
    std::string chatTemplate;
    uint64_t fingerprint = 0;

    Status build(const TokenizerDocument& document, const TokenizerSpec& spec, const std::string& where);
    Status configure(const TokenizerConfig& config, const std::string& where);

    void encodePiece(std::string_view piece, std::vector<int32_t>& ids) const;
    void encodeText(std::string_view text, std::vector<int32_t>& ids) const;

private:
    Status indexVocabulary(const TokenizerDocument& document, const TokenizerSpec& spec, const std::string& where);
    Status readMerges(const TokenizerDocument& document, const TokenizerSpec& spec, const std::string& where);
    Status addTokens(const TokenizerSpec& spec, const std::string& where);
    std::string shownContent(const AddedTokenRule& rule) const;
    void addFingerprint(const TokenizerDocument& document, const TokenizerSpec& spec);
    void fillBytes(const TokenizerDocument& document, const TokenizerSpec& spec);

    std::vector<int32_t> m_tokenById;  // index in document.tokens; -1: none. Only while building
};

Status Tokenizer::Impl::indexVocabulary(const TokenizerDocument& document, const TokenizerSpec& spec,
                                        const std::string& where) {
    if (!document.hasVocabulary || !document.hasMerges)
        return invalidInput("{} has no model.vocab or no model.merges; it is not a BPE tokenizer, or damaged.", where);
    int32_t highest = -1;
    for (const int32_t id : document.ids) highest = std::max(highest, id);
    for (const AddedTokenRule& rule : spec.addedTokens) highest = std::max(highest, rule.id);
    if (highest < 0) return invalidInput("{} has no tokens; get the file again.", where);

    m_tokenById.assign(static_cast<size_t>(highest) + 1, -1);
    names.reserve(document.ids.size() + spec.addedTokens.size(), document.tokens.byteCount());
    pieces.reserve(document.ids.size(), document.tokens.byteCount());
    std::string bytes;
    for (size_t i = 0; i < document.ids.size(); ++i) {
        const int32_t id = document.ids[i];
        const std::string_view token = document.tokens[i];
        int32_t& place = m_tokenById[static_cast<size_t>(id)];
        if (!names.insert(token, id) || place >= 0)
            return invalidInput("{}: in model.vocab the token {} or its id {} occurs twice; get the file again.", where,
                                protocol::quote(token), id);
        place = static_cast<int32_t>(i);
        bytes.clear();
        if (!unmapBytes(token, bytes)) continue;
        pieces.insert(bytes, id);
        longestPiece = std::max(longestPiece, bytes.size());
    }
    for (size_t byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        rules.byteIds[byte] = pieces.find(std::string_view(&c, 1));
    }
    return {};
}

Status Tokenizer::Impl::readMerges(const TokenizerDocument& document, const TokenizerSpec& spec,
                                   const std::string& where) {
    const size_t count = document.mergeParts.size() / 2;
    rules.merges.reserve(count);
    std::string joined;
    for (size_t rank = 0; rank < count; ++rank) {
        const std::string_view left = document.mergeParts[2 * rank], right = document.mergeParts[2 * rank + 1];
        joined.assign(left).append(right);
        const int32_t leftId = names.find(left), rightId = names.find(right), joinedId = names.find(joined);
        if (leftId < 0 || rightId < 0 || joinedId < 0)
            return invalidInput(
                "{}: model.merges[{}] joins {} and {}, but {} is not in model.vocab; get the file again.", where, rank,
                protocol::quote(left), protocol::quote(right),
                protocol::quote(leftId < 0    ? left
                                : rightId < 0 ? right
                                              : std::string_view(joined)));
        rules.merges.assign(leftId, rightId, static_cast<uint32_t>(rank), joinedId);
    }
    if (!spec.unknownToken) return {};
    rules.unknownId = names.find(*spec.unknownToken);
    rules.fuseUnknown = spec.fuseUnknown;
    const bool isAdded = std::any_of(spec.addedTokens.begin(), spec.addedTokens.end(),
                                     [&](const AddedTokenRule& rule) { return rule.content == *spec.unknownToken; });
    if (rules.unknownId < 0 && !isAdded)
        return invalidInput("{}: model.unk_token is {}, which is no token; get the file again.", where,
                            protocol::quote(*spec.unknownToken));
    return {};
}

Status Tokenizer::Impl::addTokens(const TokenizerSpec& spec, const std::string& where) {
    specialById.assign(m_tokenById.size(), false);
    std::vector<AddedTokenRule> raw, normalized;
    std::vector<std::string> rawContents, normalizedContents;
    for (const AddedTokenRule& rule : spec.addedTokens) {
        const int32_t known = names.find(rule.content);
        if (known < 0 ? m_tokenById[static_cast<size_t>(rule.id)] >= 0 : known != rule.id)
            return invalidInput(
                "{}: the added token {} has the id {}, which contradicts model.vocab; get the file again.", where,
                protocol::quote(rule.content), rule.id);
        names.insert(rule.content, rule.id);
        specialById[static_cast<size_t>(rule.id)] = rule.special;
        (rule.normalized ? normalized : raw).push_back(rule);
        (rule.normalized ? normalizedContents : rawContents).push_back(shownContent(rule));
    }
    rawMatcher = AddedTokenMatcher(raw, rawContents);
    normalizedMatcher = AddedTokenMatcher(normalized, normalizedContents);
    return {};
}

// What an added token is found as, and decoded to.
std::string Tokenizer::Impl::shownContent(const AddedTokenRule& rule) const {
    std::string storage;
    return std::string(rule.normalized && nfc ? toNfc(rule.content, storage) : std::string_view(rule.content));
}

void Tokenizer::Impl::addFingerprint(const TokenizerDocument& document, const TokenizerSpec& spec) {
    Fingerprint hash;
    for (size_t id = 0; id < m_tokenById.size(); ++id) {
        if (m_tokenById[id] < 0) continue;
        hash.add(id);
        hash.add(document.tokens[static_cast<size_t>(m_tokenById[id])]);
    }
    for (size_t i = 0; i < document.mergeParts.size(); ++i) hash.add(document.mergeParts[i]);
    for (const AddedTokenRule& rule : spec.addedTokens) {
        hash.add(rule.content);
        hash.add(static_cast<uint64_t>(rule.id));
        hash.add(uint64_t(rule.singleWord) | uint64_t(rule.leftStrip) << 1 | uint64_t(rule.rightStrip) << 2 |
                 uint64_t(rule.normalized) << 3);
    }
    for (const auto& stage : pipeline.stages())
        hash.add(static_cast<uint64_t>(stage.splitter) << 1 | uint64_t(stage.addsPrefixSpace));
    hash.add(uint64_t(nfc) | uint64_t(ignoreMerges) << 1 | uint64_t(rules.fuseUnknown) << 2);
    hash.add(static_cast<uint64_t>(rules.unknownId));
    fingerprint = hash.value();
}

void Tokenizer::Impl::fillBytes(const TokenizerDocument& document, const TokenizerSpec& spec) {
    std::vector<const AddedTokenRule*> added(m_tokenById.size(), nullptr);
    for (const AddedTokenRule& rule : spec.addedTokens) added[static_cast<size_t>(rule.id)] = &rule;
    std::string bytes;
    for (size_t id = 0; id < m_tokenById.size(); ++id) {
        bytes.clear();
        if (added[id])
            bytes = shownContent(*added[id]);
        else if (m_tokenById[id] >= 0 && !unmapBytes(document.tokens[static_cast<size_t>(m_tokenById[id])], bytes))
            bytes = document.tokens[static_cast<size_t>(m_tokenById[id])];
        bytesById.append(bytes);
    }
}

Status Tokenizer::Impl::build(const TokenizerDocument& document, const TokenizerSpec& spec, const std::string& where) {
    pipeline = spec.pipeline;
    nfc = spec.nfc;
    ignoreMerges = spec.ignoreMerges;
    before = spec.before;
    after = spec.after;
    RADLADS_TRY(indexVocabulary(document, spec, where));
    RADLADS_TRY(readMerges(document, spec, where));
    RADLADS_TRY(addTokens(spec, where));
    addFingerprint(document, spec);

    fillBytes(document, spec);
    wholeById = std::make_unique<std::atomic<Whole>[]>(m_tokenById.size());
    m_tokenById = {};
    return {};
}

Status Tokenizer::Impl::configure(const TokenizerConfig& config, const std::string& where) {
    const auto resolve = [&](const char* key, const std::optional<std::string>& token,
                             std::optional<int32_t>& id) -> Status {
        if (!token) return {};
        const int32_t found = names.find(*token);
        if (found < 0)
            return invalidInput("{}: {} is {}, which tokenizer.json does not have; correct one of the two.", where, key,
                                protocol::quote(*token));
        id = found;
        return {};
    };
    RADLADS_TRY(resolve("bos_token", config.bos, bos));
    RADLADS_TRY(resolve("eos_token", config.eos, eos));
    RADLADS_TRY(resolve("pad_token", config.pad, pad));
    chatTemplate = config.chatTemplate;
    const bool hasBos = bos && !before.empty() && before.front() == *bos;
    if (bos && config.addsBos && *config.addsBos != hasBos) {
        if (hasBos)
            before.erase(before.begin());
        else
            before.insert(before.begin(), *bos);
    }
    return {};
}

void Tokenizer::Impl::encodePiece(std::string_view piece, std::vector<int32_t>& ids) const {
    const int32_t token = piece.size() <= longestPiece ? pieces.find(piece) : StringIndex::kNone;
    if (token < 0) return rules.apply(piece, ids);
    std::atomic<Whole>& whole = wholeById[static_cast<size_t>(token)];
    const Whole known = ignoreMerges ? Whole::Yes : whole.load(std::memory_order_relaxed);
    if (known == Whole::Yes) return ids.push_back(token);
    const size_t begin = ids.size();
    rules.apply(piece, ids);
    const bool isWhole = ids.size() == begin + 1 && ids.back() == token;
    if (known == Whole::Unknown) whole.store(isWhole ? Whole::Yes : Whole::No, std::memory_order_relaxed);
}

void Tokenizer::Impl::encodeText(std::string_view text, std::vector<int32_t>& ids) const {
    const auto onToken = [&ids](int32_t id) { ids.push_back(id); };
    std::string storage;
    rawMatcher.cut(
        text,
        [&](std::string_view stretch) {
            normalizedMatcher.cut(
                nfc ? toNfc(stretch, storage) : stretch,
                [&](std::string_view plain) {
                    pipeline.forEachPiece(plain, [&](std::string_view piece) { encodePiece(piece, ids); });
                },
                onToken);
        },
        onToken);
}

Result<Tokenizer> Tokenizer::parse(const std::string& tokenizerJson, const std::string& tokenizerConfigJson,
                                   const std::string& where) {
    RADLADS_TRY_ASSIGN(const TokenizerDocument document, readTokenizerDocument(tokenizerJson, where));
    RADLADS_TRY_ASSIGN(const TokenizerSpec spec, readTokenizerSpec(document.rest, where));
    auto impl = std::make_shared<Impl>();
    RADLADS_TRY(impl->build(document, spec, where));
    if (!tokenizerConfigJson.empty()) {
        const std::string configWhere = (std::filesystem::path(where).parent_path() / kConfigName).string();
        RADLADS_TRY_ASSIGN(const TokenizerConfig config, readTokenizerConfig(tokenizerConfigJson, configWhere));
        RADLADS_TRY(impl->configure(config, configWhere));
    }
    Fingerprint hash;
    hash.add(impl->fingerprint);
    for (const auto& list : {impl->before, impl->after}) {
        hash.add(static_cast<uint64_t>(list.size()));
        for (const int32_t id : list) hash.add(static_cast<uint64_t>(id));
    }
    // Token stores hold the end-of-text token after each document.
    for (const auto& id : {impl->bos, impl->eos}) hash.add(static_cast<uint64_t>(id.value_or(-1)));
    impl->fingerprint = hash.value();
    Tokenizer tokenizer;
    tokenizer.m_impl = std::move(impl);
    return tokenizer;
}

Result<Tokenizer> Tokenizer::load(const std::filesystem::path& directoryOrFile) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    const fs::path file =
        fs::is_directory(directoryOrFile, ignored) ? directoryOrFile / "tokenizer.json" : directoryOrFile;
    if (!fs::exists(file, ignored))
        return invalidInput("{} does not exist; a model directory must hold a tokenizer.json.", file.string());
    RADLADS_TRY_ASSIGN(const std::string json, run::readFile(file, kMaxFileBytes));
    const auto readBeside = [&](const char* name) -> Result<std::string> {
        const fs::path path = file.parent_path() / name;
        if (!fs::exists(path, ignored)) return std::string();
        return run::readFile(path, kMaxFileBytes);
    };
    RADLADS_TRY_ASSIGN(const std::string config, readBeside(kConfigName));
    RADLADS_TRY_ASSIGN(std::string chatTemplate, readBeside("chat_template.jinja"));
    RADLADS_TRY_ASSIGN(Tokenizer tokenizer, parse(json, config, file.string()));
    if (chatTemplate.empty()) return tokenizer;
    std::const_pointer_cast<Impl>(tokenizer.m_impl)->chatTemplate =
        std::move(chatTemplate);  // not shared with anyone yet
    return tokenizer;
}

void Tokenizer::encode(std::string_view text, std::vector<int32_t>& ids, bool addSpecialTokens) const {
    if (addSpecialTokens) ids.insert(ids.end(), m_impl->before.begin(), m_impl->before.end());
    std::string storage;
    m_impl->encodeText(replaceInvalidUtf8(text, storage), ids);
    if (addSpecialTokens) ids.insert(ids.end(), m_impl->after.begin(), m_impl->after.end());
}

std::vector<int32_t> Tokenizer::encode(std::string_view text, bool addSpecialTokens) const {
    std::vector<int32_t> ids;
    ids.reserve(text.size() / 4 + 8);
    encode(text, ids, addSpecialTokens);
    return ids;
}

std::string Tokenizer::decode(std::span<const int32_t> ids, bool skipSpecialTokens) const {
    std::string bytes;
    for (const int32_t id : ids) {
        if (id < 0 || id >= vocabSize()) continue;
        if (skipSpecialTokens && m_impl->specialById[static_cast<size_t>(id)]) continue;
        bytes.append(m_impl->bytesById[static_cast<size_t>(id)]);
    }
    std::string storage;
    const std::string_view text = replaceInvalidUtf8(bytes, storage);
    return text.data() == bytes.data() ? std::move(bytes) : std::move(storage);
}

std::string Tokenizer::tokenBytes(int32_t id) const {
    return id < 0 || id >= vocabSize() ? std::string() : std::string(m_impl->bytesById[static_cast<size_t>(id)]);
}

int64_t Tokenizer::vocabSize() const {
    return static_cast<int64_t>(m_impl->bytesById.size());
}

std::optional<int32_t> Tokenizer::tokenId(std::string_view token) const {
    const int32_t id = m_impl->names.find(token);
    return id < 0 ? std::nullopt : std::optional(id);
}

std::optional<int32_t> Tokenizer::bosToken() const {
    return m_impl->bos;
}
std::optional<int32_t> Tokenizer::eosToken() const {
    return m_impl->eos;
}
std::optional<int32_t> Tokenizer::padToken() const {
    return m_impl->pad;
}
std::string Tokenizer::chatTemplate() const {
    return m_impl->chatTemplate;
}
uint64_t Tokenizer::fingerprint() const {
    return m_impl->fingerprint;
}

}  // namespace radlads::io
