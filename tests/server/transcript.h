// A recorded conversation with an engine, kept as a text file, and whether an answer is what it promises.
//
//   # a comment
//   > TEXT        is sent, with its newline
//   < JSON        is what the engine says next
//   <end          the engine ends the session
//   --            a new session
//
// In what is sent, $NAME stands for a value of the test, or one that an answer gave before. In an expected answer a
// string may hold placeholders: <text> (not empty), <time>, <int>, <number>, <bool>, <any>; alone in a string, <int>,
// <number>, <bool> and <any> stand for values that are no strings. <text:NAME> also keeps the value as $NAME. An object
// with the key "..." may have other keys, a list that ends with "..." further elements.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace radlads::test {

struct TranscriptLine {
    enum class Kind { Send, Expect, End, NewSession };
    Kind kind = Kind::Send;
    int number = 0;  // in the file
    std::string text;
};
using TranscriptValues = std::map<std::string, std::string>;

// Throws when the file cannot be read or has a line of another form.
std::vector<TranscriptLine> readTranscript(const std::filesystem::path& file);
std::string withValues(const std::string& text, const TranscriptValues& values);
// Empty if they fit, else where and why not. Keeps what placeholders with a name stood for.
std::string mismatch(const nlohmann::json& expected, const nlohmann::json& actual, TranscriptValues& values);

}  // namespace radlads::test
