// What the tests of the tokenizer share.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "engine/io/tokenizer.h"

namespace radlads::io {

inline const std::filesystem::path kTokenizers = std::filesystem::path(RADLADS_TEST_DATA) / "tokenizers";
inline const char* const kTokenizerNames[] = {"qwen2", "llama3", "smollm", "gpt2", "flags", "prefix"};

inline std::string readText(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

inline std::string tokenizerText(const std::string& name) {
    return readText(kTokenizers / name / "tokenizer.json");
}
inline nlohmann::json tokenizerJson(const std::string& name) {
    return nlohmann::json::parse(tokenizerText(name));
}

// The tokenizer, or a failed test and an end of the program: nothing can be tested without it.
inline Tokenizer tokenizerOf(const std::string& json, const std::string& config = "") {
    auto tokenizer = Tokenizer::parse(json, config, "tokenizer.json");
    if (!tokenizer) {
        ADD_FAILURE() << tokenizer.error().message;
        std::abort();
    }
    return *tokenizer;
}
inline Tokenizer tokenizerNamed(const std::string& name) {
    return tokenizerOf(tokenizerText(name));
}

// The message of the refusal; a failed test if there is none, or if it is not one sentence for a user.
inline std::string refusal(const std::string& json, const std::string& config = "") {
    const auto tokenizer = Tokenizer::parse(json, config, "DIR/tokenizer.json");
    if (tokenizer) {
        ADD_FAILURE() << "accepted";
        return "";
    }
    EXPECT_EQ(tokenizer.error().code, ErrorCode::InvalidInput);
    EXPECT_EQ(tokenizer.error().message.find("DIR/tokenizer"), 0u) << tokenizer.error().message;
    EXPECT_EQ(tokenizer.error().message.back(), '.') << tokenizer.error().message;
    return tokenizer.error().message;
}

}  // namespace radlads::io
