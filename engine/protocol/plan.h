// The plan document "radlads.plan/1": everything that a conversion does, as plain structs. JSON keys are the snake_case
// forms of the members; enum values are written as in the comments. A default here is what an absent key means.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/protocol/result.h"

namespace radlads::protocol {

inline constexpr const char* kPlanSchema = "radlads.plan/1";

enum class Architecture { RadRwkv7, RadRwkv6, Softmax };   // "rad-rwkv7" "rad-rwkv6" "softmax" (kind pretrain only)
enum class Variant { Balanced, GroupNorm };                // "balanced" "groupnorm"
enum class GateKind { None, Full, LowRank };               // "none" "full" "low-rank"
enum class StepKind { Align, Distill, Extend, Pretrain };  // "align" "distill" "extend" "pretrain"
enum class Loss { AlignL2, AlignMse, Kl, CrossEntropy };   // "l2" "mse" "kl" "cross-entropy"
enum class Trainable { All, Mixer, MixerDecay };           // "all" "mixer" "mixer-decay"
enum class ScheduleKind {
    Constant,
    Cosine,
    Linear,
    Exponential,
    OneMinusSqrt
};                                                    // "constant" "cosine" "linear" "exp" "one-minus-sqrt"
enum class SamplerKind { Shuffle, MagicPrime };       // "shuffle" "magic-prime"
enum class DataFormat { Auto, Text, Jsonl, Binidx };  // "auto" "text" "jsonl" "binidx" (.gz and .zst by name)
enum class Precision { Fp32, Bf16, Fp16 };            // "fp32" "bf16" "fp16"
enum class GuardAction { Rollback, Stop };            // "rollback" "stop"

// The value as it is written in JSON.
const char* toString(Architecture value);
const char* toString(Variant value);
const char* toString(GateKind value);
const char* toString(StepKind value);
const char* toString(Loss value);
const char* toString(Trainable value);
const char* toString(ScheduleKind value);
const char* toString(SamplerKind value);
const char* toString(DataFormat value);
const char* toString(Precision value);
const char* toString(GuardAction value);

struct TeacherPlan {
    std::string path;               // Hugging Face directory; "demo" is the embedded teacher
    std::string dtype = "float32";  // "float32" | "bfloat16": what the weights are held in
};

struct LoraRanks {  // 0: the formula of radlads.md 2.1
    int64_t decay = 0, iclr = 0, value = 0, gate = 0, tokenShift = 0;
};

struct StudentPlan {
    Architecture architecture = Architecture::RadRwkv7;
    std::optional<Variant> variant;  // absent: groupnorm for rad-rwkv7, balanced for rad-rwkv6
    std::optional<bool> rope;        // absent: true for rad-rwkv7, false for rad-rwkv6
    std::optional<bool> tokenShift;  // absent: true for rad-rwkv6; rad-rwkv7 has none
    std::optional<GateKind> gate;    // absent: low-rank for rad-rwkv7, full for rad-rwkv6
    LoraRanks loraRanks;
    std::vector<int64_t> attentionLayers;  // layers that keep softmax attention
};

// Kind pretrain only: the softmax decoder (Qwen2 shape) that is trained from scratch.
struct ModelPlan {
    int64_t hiddenSize = 128, layers = 2, heads = 4, kvHeads = 2, headDim = 32, intermediateSize = 256;
    double ropeTheta = 10000.0;
    bool tieEmbeddings = false;
    // Start with the two heads of induction in place (layer 0 looks at the previous token, layer 1 for an earlier copy of the
    // current one): small models otherwise need tens of millions of tokens to find them, and recall rests on them.
    bool inductionStart = false;
};

struct SourcePlan {
    std::string path;  // a file, a directory of files, or a binidx prefix; "demo:SEED:DOCUMENTS" is generated text
    DataFormat format = DataFormat::Auto;
    std::string textKey = "text";
    double weight = 1.0;  // share of the samples, relative to the other sources; > 0
};

struct ValidationPlan {
    std::vector<SourcePlan> sources;  // empty: windows held out from the end of the training sources
    int64_t windows = 16;             // how many windows; 0: no validation
    int64_t everySteps = 50;          // optimizer steps between validations
};

struct DataPlan {
    std::vector<SourcePlan> sources;
    std::string tokenizer;  // directory or tokenizer.json; empty: the teacher's
    bool appendEos = true;
    SamplerKind sampler = SamplerKind::Shuffle;
    ValidationPlan validation;
};

struct LearningRatePlan {  // radlads.md 5.5
    double initial = 1e-3, final = 1e-5;
    std::optional<double> mixerInitial, mixerFinal;  // absent: the same as initial and final
    ScheduleKind schedule = ScheduleKind::Cosine;
    double wait = 0.0, endpoint = 1.0;  // fractions of the step's tokens
    int64_t warmupSteps = 50;
};

struct AdamPlan {
    double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
};

struct StepPlan {
    StepKind kind = StepKind::Align;
    int64_t tokens = 0;  // the step ends at the first update at or after it
    int64_t sequenceLength = 512, batchSize = 32;
    int64_t microBatchSize = 0;  // sequences; 0: auto. Any value gives the same mathematics
    std::optional<Loss> loss;    // absent: l2 for align, kl for distill, cross-entropy for extend and pretrain
    Trainable train = Trainable::All;
    LearningRatePlan learningRate;
    AdamPlan adam;
    double weightDecay = 0.0;   // decoupled, on matrices only
    double gradientClip = 1.0;  // global norm; 0: none
};

struct HardwarePlan {
    std::string device = "auto";  // "auto" | "cpu" | "cuda:N"
    int64_t ranks = 1;
    Precision precision = Precision::Fp32;
    int64_t threads = 0;                           // 0: all cores
    std::string activationCheckpointing = "auto";  // "auto" | "on" | "off"
    std::string sharding = "none";                 // "none" | "optimizer" | "full"
};

struct CheckpointPlan {
    int64_t everyTokens = 0;     // 0: by time alone
    double everyMinutes = 10.0;  // 0: by tokens alone
    int64_t keepLast = 2;
    bool keepBest = false;  // also keep the one with the lowest validation loss
};

struct GuardPlan {
    GuardAction nan = GuardAction::Rollback;
    double spikeFactor = 3.0;  // loss above this times its running mean is a spike; 0: off
    int64_t maxRollbacks = 3;
    double learningRateFactor = 0.5;  // multiplies the learning rate after each rollback
};

struct EvaluationPlan {
    std::vector<std::string> tasks;
    int64_t everyTokens = 0;
    int64_t limit = 0;
};

struct ExportPlan {
    std::string format = "hf";
    std::string path;
};

struct Plan {
    std::string name = "conversion";
    int64_t seed = 1337;
    TeacherPlan teacher;
    StudentPlan student;
    std::optional<ModelPlan> model;
    DataPlan data;
    std::vector<StepPlan> steps;
    HardwarePlan hardware;
    CheckpointPlan checkpoints;
    GuardPlan guard;
    EvaluationPlan evaluation;
    std::vector<ExportPlan> exports;  // JSON key "export"
};

// Parses and checks types, ranges and keys (an unknown key names the nearest known one). where: the file's name, for
// messages. Hostile input: at most 4 MiB, depth at most 32.
Result<Plan> parsePlan(const std::string& json, const std::string& where);
// Every key, every default, in the order of the structs; two-space indented; ends with a newline.
std::string writePlan(const Plan& plan);
// KEY=VALUE for `run --set`: dotted path, list elements by index ("steps.0.tokens=1e6"); VALUE is JSON, else a string.
Status setPlanKey(Plan& plan, const std::string& assignment);
// Checks that need more than one key: steps in order, batch divisible, optional values filled in by architecture.
// Fills every optional that has an architecture-dependent default. No files are touched.
Status resolvePlan(Plan& plan);

}  // namespace radlads::protocol
