// config.json of teachers (qwen2, qwen3, llama, mistral; interop.md 3.2) and of our students (interop.md 2.1), as one struct.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/protocol/plan.h"
#include "engine/protocol/result.h"

namespace radlads::io {

enum class Family { Qwen2, Qwen3, Llama, Mistral };
const char* toString(Family family);  // "qwen2", ...

struct RopeConfig {
    double theta = 10000.0;
    enum class Scaling { None, Linear, Llama3 } scaling = Scaling::None;  // others are refused by name
    double factor = 1.0, lowFrequencyFactor = 1.0, highFrequencyFactor = 4.0;
    int64_t originalMaxPositions = 8192;
    bool operator==(const RopeConfig&) const = default;
};

// The student's part: present when the checkpoint is RAD-RWKV6 or RAD-RWKV7. Ranks are always explicit here.
struct StudentConfig {
    protocol::Architecture architecture = protocol::Architecture::RadRwkv7;
    bool balanceState = false, groupNorm = true;  // variant B: true,false; variant G: false,true
    bool rope = true, tokenShift = false;
    protocol::GateKind gate = protocol::GateKind::LowRank;
    protocol::LoraRanks ranks;
    std::vector<int64_t> attentionLayers;  // layers that stay softmax
};

struct ModelConfig {
    Family family = Family::Qwen2;  // of the decoder around the mixers
    int64_t vocabSize = 0, hiddenSize = 0, intermediateSize = 0, layers = 0, heads = 0, kvHeads = 0, headDim = 0;
    double rmsNormEps = 1e-6;
    bool tieEmbeddings = false;
    bool qkvBias = true, outputBias = false, mlpBias = false, qkNorm = false;
    RopeConfig rope;
    int64_t maxPositions = 32768;
    int64_t slidingWindow = 0;  // 0: none
    std::optional<int64_t> bosToken;
    std::vector<int64_t> eosTokens;
    std::optional<int64_t> paddingToken;
    std::string torchDtype = "float32";
    std::optional<StudentConfig> student;

    bool isStudent() const { return student.has_value(); }
    int64_t attentionWidth() const { return heads * headDim; }  // A = H N
    bool keepsAttention(int64_t layer) const;  // true for every layer of a teacher
};

// Reads DIR/config.json (or a config.json itself). Unsupported architectures, activations, rope types and impossible sizes
// are InvalidInput with the key and the remedy.
Result<ModelConfig> readModelConfig(const std::filesystem::path& directoryOrFile);
Result<ModelConfig> parseModelConfig(const std::string& json, const std::string& where);
// The text of config.json for a teacher or a student (every key explicit; interop.md 2.1 for students).
std::string writeModelConfig(const ModelConfig& config);
// rank(e, m) = 32 max(1, round(D^e m / 32)), radlads.md 2.1, for every rank that is 0 in `ranks`.
protocol::LoraRanks resolveRanks(protocol::LoraRanks ranks, int64_t hiddenSize);

}  // namespace radlads::io
