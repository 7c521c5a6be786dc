#include "engine/server/request.h"

#include "engine/protocol/text.h"
#include "engine/server/line_decoder.h"

namespace radlads::server {
namespace {

using nlohmann::json;
constexpr std::size_t kMaxId = 256;
const json kNull;

tl::unexpected<RequestFault> notARequest(json id, const std::string& reason) {
    return tl::unexpected(
        RequestFault{{kRequestError, "this is not a JSON-RPC 2.0 request: " + reason, {}}, std::move(id), false});
}

bool isId(const json& id) {
    if (id.is_string()) return id.get_ref<const std::string&>().size() <= kMaxId;
    return id.is_number() || id.is_null();
}

}  // namespace

tl::expected<Request, RequestFault> parseRequest(std::string_view line) {
    auto parsed = protocol::parseJson(line, "the line", kMaxWireLine, kMaxWireDepth);
    if (!parsed) return tl::unexpected(RequestFault{{kParseError, parsed.error().message, {}}, kNull, true});
    json document = std::move(*parsed);
    if (document.is_array()) return notARequest(kNull, "batches are not supported; send one object a line");
    if (!document.is_object()) return notARequest(kNull, "a line holds one object");

    Request request;
    const auto id = document.find("id");
    request.wantsAnswer = id != document.end();
    if (request.wantsAnswer) {
        if (!isId(*id)) return notARequest(kNull, "id must be a number or a string of at most 256 bytes");
        request.id = *id;
    }
    const auto version = document.find("jsonrpc");
    if (version == document.end() || *version != "2.0") return notARequest(request.id, "\"jsonrpc\" must be \"2.0\"");
    const auto method = document.find("method");
    if (method == document.end() || !method->is_string()) return notARequest(request.id, "\"method\" must be a string");
    request.method = method->get<std::string>();
    if (const auto params = document.find("params"); params != document.end()) {
        if (!params->is_object()) return notARequest(request.id, "\"params\" must be an object");
        request.params = std::move(*params);
    }
    return request;
}

void Params::wrong(const char* key, const std::string& expected) {
    if (!m_fault) m_fault = RpcError{kParamsError, fmt::format("the parameter \"{}\" must be {}", key, expected), key};
}

bool Params::has(const char* key) const {
    return !at(key).is_null();
}

const json& Params::at(const char* key) const {
    const auto found = m_object.find(key);
    return found == m_object.end() ? kNull : *found;
}

std::string Params::text(const char* key) {
    const json& value = at(key);
    if (!value.is_string()) {
        wrong(key, "a string");
        return {};
    }
    return value.get<std::string>();
}

std::string Params::text(const char* key, const std::string& otherwise) {
    return has(key) ? text(key) : otherwise;
}

std::optional<std::string> Params::optionalText(const char* key) {
    if (!has(key)) return std::nullopt;
    return text(key);
}

bool Params::flag(const char* key, bool otherwise) {
    const json& value = at(key);
    if (value.is_null()) return otherwise;
    if (!value.is_boolean()) wrong(key, "true or false");
    return value.is_boolean() && value.get<bool>();
}

int64_t Params::integer(const char* key, int64_t otherwise, int64_t low, int64_t high) {
    const json& value = at(key);
    if (value.is_null()) return otherwise;
    const bool fits = value.is_number_integer() && (!value.is_number_unsigned() || value.get<uint64_t>() >> 63 == 0);
    const int64_t number = fits ? value.get<int64_t>() : 0;
    if (fits && number >= low && number <= high) return number;
    // A client whose numbers are all doubles may write 5e8.
    if (value.is_number_float()) {
        const auto real = value.get<double>();
        if (real >= static_cast<double>(low) && real <= static_cast<double>(high) &&
            real == static_cast<double>(static_cast<int64_t>(real)))
            return static_cast<int64_t>(real);
    }
    wrong(key, fmt::format("a whole number from {} to {}", low, high));
    return otherwise;
}

std::optional<double> Params::optionalNumber(const char* key, double low, double high) {
    const json& value = at(key);
    if (value.is_null()) return std::nullopt;
    if (value.is_number() && value.get<double>() >= low && value.get<double>() <= high) return value.get<double>();
    wrong(key, fmt::format("a number from {:g} to {:g}", low, high));
    return std::nullopt;
}

std::optional<std::vector<std::string>> Params::optionalTexts(const char* key) {
    const json& value = at(key);
    if (value.is_null()) return std::nullopt;
    std::vector<std::string> texts;
    if (!value.is_array()) wrong(key, "a list of strings");
    for (const json& element : value.is_array() ? value : json::array()) {
        if (element.is_string())
            texts.push_back(element.get<std::string>());
        else
            wrong(key, "a list of strings");
    }
    return texts;
}

std::vector<std::string> Params::texts(const char* key) {
    return optionalTexts(key).value_or(std::vector<std::string>());
}

}  // namespace radlads::server
