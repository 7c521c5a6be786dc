// Writes the demo's tokenizer: a byte-level BPE learnt from generated stories, in which every word is one token.
// usage: radlads-demo-tokenizer DIRECTORY
#include <fmt/format.h>

#include <filesystem>
#include <string>

#include "engine/io/tokenizer.h"
#include "engine/run/run_directory.h"
#include "resources/demo/story_generator.h"

namespace {

constexpr uint64_t kSeed = 5;
constexpr uint64_t kStories = 20000;
constexpr int64_t kMostEntries = 2048;  // more than the words need: learning ends when every word is whole
constexpr const char* kEndOfText = "<|endoftext|>";

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr, "usage: radlads-demo-tokenizer DIRECTORY\n");
        return 2;
    }
    const std::filesystem::path directory(argv[1]);
    std::filesystem::create_directories(directory);
    std::string text;
    for (uint64_t i = 0; i < kStories; ++i) text += radlads::demo::storyText(kSeed * 1000003 + i) + kEndOfText;
    const radlads::io::BpeModel model = radlads::io::trainBpe(text, kMostEntries, {kEndOfText}, radlads::io::PreTokenizer::Gpt2);
    const std::string config = fmt::format("{{\n  \"tokenizer_class\": \"GPT2Tokenizer\",\n  \"eos_token\": \"{0}\",\n  \"add_bos_token\": false\n}}\n", kEndOfText);
    for (const auto& [name, bytes] : {std::pair{"tokenizer.json", radlads::io::writeTokenizerJson(model)}, std::pair{"tokenizer_config.json", config}}) {
        if (auto status = radlads::run::writeFileAtomically(directory / name, bytes); !status) {
            fmt::print(stderr, "radlads-demo-tokenizer: {}\n", status.error().message);
            return 1;
        }
    }
    fmt::print("{} tokens\n", model.vocabulary.size() + model.addedTokens.size());
    return 0;
}
