#include "engine/io/tokenizer_verify.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "engine/io/tokenizer.h"
#include "engine/protocol/text.h"
#include "engine/run/files.h"

namespace radlads::io {
namespace {

using nlohmann::json;

constexpr uint64_t kMaxGoldenBytes = 1ull << 30;
constexpr size_t kMaxDepth = 8;

struct GoldenLine {
    std::string text, decoded;
    std::vector<int32_t> ids;
};

Result<GoldenLine> readLine(std::string_view line, const std::string& where) {
    RADLADS_TRY_ASSIGN(const json document, protocol::parseJson(line, where, kMaxGoldenBytes, kMaxDepth));
    const auto isId = [](const json& value) { return value.is_number_integer() && value >= 0 && value <= INT32_MAX; };
    const bool complete = document.is_object() && document.contains("text") && document["text"].is_string() &&
                          document.contains("decoded") && document["decoded"].is_string() && document.contains("ids") &&
                          document["ids"].is_array() &&
                          std::all_of(document["ids"].begin(), document["ids"].end(), isId);
    if (!complete) return invalidInput("{} must hold \"text\", \"ids\" and \"decoded\"; write the file again.", where);
    return GoldenLine{document["text"], document["decoded"], document["ids"].get<std::vector<int32_t>>()};
}

}  // namespace

Result<TokenizerVerification> verifyTokenizer(const std::filesystem::path& tokenizerDirectory,
                                              const std::filesystem::path& goldenJsonl) {
    RADLADS_TRY_ASSIGN(const Tokenizer tokenizer, Tokenizer::load(tokenizerDirectory));
    RADLADS_TRY_ASSIGN(const std::string content, run::readFile(goldenJsonl, kMaxGoldenBytes));
    TokenizerVerification result;
    int64_t number = 0;
    for (size_t begin = 0; begin < content.size();) {
        const size_t end = std::min(content.find('\n', begin), content.size());
        const std::string_view line = std::string_view(content).substr(begin, end - begin);
        begin = end + 1;
        ++number;
        if (line.empty()) continue;
        RADLADS_TRY_ASSIGN(const GoldenLine golden, readLine(line, fmt::format("{}:{}", goldenJsonl.string(), number)));
        const std::vector<int32_t> ids = tokenizer.encode(golden.text);
        const std::string decoded = tokenizer.decode(golden.ids);
        ++result.lines;
        result.idsEqual += ids == golden.ids;
        result.decodedEqual += decoded == golden.decoded;
        if (result.firstMismatch.empty() && (ids != golden.ids || decoded != golden.decoded))
            result.firstMismatch = fmt::format("line {}, text {}: ids {} instead of {}, decoded {} instead of {}",
                                               number, protocol::quote(golden.text), ids, golden.ids,
                                               protocol::quote(decoded), protocol::quote(golden.decoded));
    }
    return result;
}

}  // namespace radlads::io
