#include "engine/io/tokenizer_json.h"

#include "engine/protocol/text.h"

namespace radlads::io {
namespace {

using nlohmann::json;

constexpr size_t kMaxDepth = 64;
constexpr size_t kMaxValues = 1'000'000;  // outside vocabulary and merges; real files have some thousands

// Takes the parser's events one by one; a function that returns false stops it, with the problem set.
class DocumentReader {
public:
    explicit DocumentReader(TokenizerDocument& document) : m_document(document) {}
    const std::string& problem() const { return m_problem; }

    bool null() { return value(nullptr); }
    bool boolean(bool v) { return value(v); }
    bool number_integer(int64_t v) { return m_part == Part::Vocabulary ? id(v) : value(v); }
    bool number_unsigned(uint64_t v) {
        if (m_part != Part::Vocabulary) return value(v);
        return id(v > static_cast<uint64_t>(kMaxTokenId) ? -1 : static_cast<int64_t>(v));
    }
    bool number_float(double v, const std::string&) { return value(v); }
    bool string(std::string& v) {
        switch (m_part) {
            case Part::Merges:
                return mergeText(v);
            case Part::MergePair:
                m_document.mergeParts.append(v);
                return true;
            default:
                return value(std::move(v));
        }
    }
    bool binary(json::binary_t&) { return fail("holds binary data, which JSON has not"); }

    bool start_object(size_t) {
        if (!begins("vocab")) return open(json::object());
        if (m_document.hasVocabulary) return fail("has model.vocab twice");
        m_document.hasVocabulary = true;
        m_part = Part::Vocabulary;
        return true;
    }
    bool key(std::string& v) {
        if (m_part == Part::Vocabulary)
            m_document.tokens.append(v);
        else if (m_part == Part::Document)
            m_key = std::move(v);
        return true;
    }
    bool end_object() {
        if (m_part != Part::Vocabulary) return close();
        m_part = Part::Document;
        return true;
    }
    bool start_array(size_t) {
        if (m_part == Part::Merges) {
            m_part = Part::MergePair;
            m_pairBegin = m_document.mergeParts.size();
            return true;
        }
        if (begins("vocab"))
            m_part = Part::Skipped;  // pieces with scores: another kind of model, refused by its name later
        if (!begins("merges")) return open(json::array());
        if (m_document.hasMerges) return fail("has model.merges twice");
        m_document.hasMerges = true;
        m_part = Part::Merges;
        return true;
    }
    bool end_array() {
        if (m_part == Part::MergePair) {
            m_part = Part::Merges;
            return m_document.mergeParts.size() == m_pairBegin + 2 || fail(mergeProblem());
        }
        if (m_part != Part::Merges) return close();
        m_part = Part::Document;
        return true;
    }
    bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) {
        return fail(fmt::format("is not valid JSON near byte {}", position));
    }

private:
    enum class Part { Document, Vocabulary, Merges, MergePair, Skipped };

    bool fail(std::string problem) {
        m_problem = std::move(problem);
        return false;
    }
    std::string mergeProblem() const {
        return fmt::format("has in model.merges, after {} merges, something that is no pair of tokens",
                           m_document.mergeParts.size() / 2);
    }
    // Whether the value that begins now is model.`name`.
    bool begins(const char* name) const {
        return m_part == Part::Document && m_stack.size() == 2 && m_inModel && m_key == name;
    }
    bool id(int64_t v) {
        if (v < 0 || v > kMaxTokenId)
            return fail(
                fmt::format("gives the token {} in model.vocab an id that is not in 0..{}", lastToken(), kMaxTokenId));
        m_document.ids.push_back(static_cast<int32_t>(v));
        return true;
    }
    std::string lastToken() const { return protocol::quote(m_document.tokens[m_document.tokens.size() - 1]); }
    bool mergeText(std::string_view text) {
        const size_t space = text.find(' ');
        if (space == text.npos || text.find(' ', space + 1) != text.npos) return fail(mergeProblem());
        m_document.mergeParts.append(text.substr(0, space));
        m_document.mergeParts.append(text.substr(space + 1));
        return true;
    }
    bool value(json v) {
        if (m_part == Part::Skipped) return true;
        if (m_part == Part::Vocabulary)
            return fail(fmt::format("gives the token {} in model.vocab no whole number as its id", lastToken()));
        if (m_part != Part::Document) return fail(mergeProblem());
        if (++m_values > kMaxValues) return fail("holds far more than a tokenizer needs");
        place(std::move(v));
        return true;
    }
    json* place(json v) {
        if (m_stack.empty()) return &(m_document.rest = std::move(v));
        json& parent = *m_stack.back();
        return parent.is_array() ? &parent.emplace_back(std::move(v)) : &(parent[m_key] = std::move(v));
    }
    bool open(json v) {
        if (m_stack.size() >= kMaxDepth) return fail(fmt::format("is nested more than {} levels deep", kMaxDepth));
        if (m_part == Part::Skipped) {
            ++m_skippedDepth;
            return true;
        }
        if (m_part != Part::Document) return value(nullptr);
        if (++m_values > kMaxValues) return fail("holds far more than a tokenizer needs");
        m_stack.push_back(place(std::move(v)));
        if (m_stack.size() == 2) m_inModel = m_stack[0]->is_object() && m_stack[1]->is_object() && m_key == "model";
        return true;
    }
    bool close() {
        if (m_part != Part::Skipped)
            m_stack.pop_back();
        else if (--m_skippedDepth == 0)
            m_part = Part::Document;
        return true;
    }

    TokenizerDocument& m_document;
    Part m_part = Part::Document;
    std::vector<json*> m_stack;  // the open objects and arrays; each is the last member of the one below
    std::string m_key;
    bool m_inModel = false;  // the second of the stack is `model`
    size_t m_values = 0, m_pairBegin = 0, m_skippedDepth = 0;
    std::string m_problem;
};

}  // namespace

Result<TokenizerDocument> readTokenizerDocument(std::string_view text, const std::string& where) {
    TokenizerDocument document;
    DocumentReader reader(document);
    if (!json::sax_parse(text.begin(), text.end(), &reader))
        return invalidInput("{} {}; it is damaged or no tokenizer.json, get it again.", where, reader.problem());
    return document;
}

}  // namespace radlads::io
