// Any bytes from a client, in pieces of any size: the same lines, each a request or refused with a sentence, and an
// answer that is one line of JSON. The same lines as those of a journal: what looks plain is JSON.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/server/line_decoder.h"
#include "engine/server/plain_json.h"
#include "engine/server/request.h"
#include "engine/server/run_feed.h"

using namespace radlads::server;
using nlohmann::json;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

std::vector<std::string> linesOf(std::string_view bytes, std::size_t piece) {
    LineDecoder decoder;
    std::vector<std::string> lines;
    while (!bytes.empty()) {
        decoder.add(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
        const bool holdsLine = decoder.holdsLine();
        std::size_t count = 0;
        for (; auto line = decoder.next(); ++count) lines.push_back(std::move(*line));
        require(decoder.tooLong() || holdsLine == (count > 0));
    }
    return lines;
}

void requireLine(const std::string& line, const json& id) {
    require(!line.empty() && line.back() == '\n' && line.find('\n') == line.size() - 1);
    const json message = json::parse(line);
    require(message.at("jsonrpc") == "2.0" && message.at("id") == id);
    require(message.contains("result") != message.contains("error"));
}

// Every kind of read of every key, and of one that is not there.
void readParams(const json& object) {
    std::vector<std::string> keys{"absent"};
    for (const auto& [key, value] : object.items()) keys.push_back(key);
    for (const std::string& key : keys) {
        Params params(object);
        const char* name = key.c_str();
        (void)params.text(name);
        (void)params.text(name, "otherwise");
        (void)params.optionalText(name);
        (void)params.flag(name, true);
        const int64_t number = params.integer(name, 5, -7, int64_t{1} << 53);
        require(number >= -7 && number <= int64_t{1} << 53);
        const auto real = params.optionalNumber(name, 0, 1);
        require(!real || (*real >= 0 && *real <= 1));
        (void)params.texts(name);
        require(params.fault() && params.fault()->code == kParamsError && !params.fault()->message.empty());
    }
}

void readRequest(const std::string& line) {
    const auto request = parseRequest(line);
    if (!request) {
        const RequestFault& fault = request.error();
        require(!fault.error.message.empty());
        require(fault.error.code == (fault.closes ? kParseError : kRequestError));
        return requireLine(replyLine(fault.id, tl::unexpected(fault.error)), fault.id);
    }
    require(request->params.is_object());
    readParams(request->params);
    requireLine(replyLine(request->id, nlohmann::ordered_json{{"echo", request->params}, {"method", request->method}}),
                request->id);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    const std::vector<std::string> lines = linesOf(bytes + "\n", bytes.size() + 1);
    for (const std::size_t piece : {1, 2, 7}) require(linesOf(bytes + "\n", piece) == lines);
    for (const std::string& line : lines) {
        readRequest(line);
        if (isPlainJson(line, kMaxWireDepth)) require(json::accept(line));
        require(sequenceOf(line) <= uint64_t{1} << 53);
    }
    return 0;
}
