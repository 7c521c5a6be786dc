// Plans there and back, the defaults, --set, and the presets.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/protocol/plan.h"

namespace radlads::protocol {
namespace {

namespace fs = std::filesystem;

Plan convertPlan() {
    Plan plan;
    plan.teacher.path = "/teachers/a";
    plan.data.sources = {{"/data/a.jsonl", DataFormat::Jsonl, "content", 0.25}};
    for (const StepKind kind : {StepKind::Align, StepKind::Distill, StepKind::Extend}) {
        StepPlan step;
        step.kind = kind;
        step.tokens = 100000;
        plan.steps.push_back(step);
    }
    return plan;
}

// Every member differs from its default, so that a key that is forgotten in the table shows.
Plan fullPlan() {
    Plan plan = convertPlan();
    plan.name = "täst \"name\"";
    plan.seed = 9007199254740993;  // no double holds it
    plan.teacher.dtype = "bfloat16";
    plan.student = {Architecture::RadRwkv6, Variant::GroupNorm,     true,  false,
                    GateKind::None,         {32, 64, 96, 128, 160}, {3, 1}};
    plan.model = ModelPlan{64, 3, 8, 4, 16, 128, 5e5, true};
    plan.data.tokenizer = "/t/tokenizer.json";
    plan.data.appendEos = false;
    plan.data.sampler = SamplerKind::MagicPrime;
    plan.data.validation = {{{"/v.txt", DataFormat::Text, "t", 2.0}}, 3, 7};
    StepPlan& step = plan.steps[0];
    step.tokens = 123456789012345;
    step.sequenceLength = 96;
    step.batchSize = 12;
    step.microBatchSize = 3;
    step.loss = Loss::AlignMse;
    step.train = Trainable::Mixer;
    step.learningRate = {0.1, 0.3, 7e-6, 1.0 / 3.0, ScheduleKind::OneMinusSqrt, 0.833, 0.875, 9};
    step.adam = {0.8, 0.99, 1e-7};
    step.weightDecay = 0.05;
    step.gradientClip = 0.5;
    plan.hardware = {"cuda:3", 4, Precision::Bf16, 5, "on", "full"};
    plan.checkpoints = {1000, 2.5, 7, true};
    plan.guard = {GuardAction::Stop, 2.0, 9, 0.25};
    plan.evaluation = {{"lambada", "piqa"}, 500, 40};
    plan.exports = {{"gguf", "/out.gguf"}, {"hf", "/out"}};
    return plan;
}

TEST(Plan, EveryMemberSurvivesWritingAndParsing) {
    const std::string text = writePlan(fullPlan());
    const auto parsed = parsePlan(text, "p");
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(writePlan(*parsed), text);
    const Plan& plan = *parsed;
    EXPECT_EQ(plan.name, "täst \"name\"");
    EXPECT_EQ(plan.seed, 9007199254740993);
    EXPECT_EQ(plan.student.attentionLayers, (std::vector<int64_t>{3, 1}));
    EXPECT_EQ(plan.student.loraRanks.tokenShift, 160);
    EXPECT_EQ(plan.model->ropeTheta, 5e5);
    EXPECT_EQ(plan.steps[0].learningRate.mixerFinal, 1.0 / 3.0);
    EXPECT_EQ(plan.steps[0].loss, Loss::AlignMse);
    EXPECT_EQ(plan.hardware.sharding, "full");
    EXPECT_EQ(plan.exports[0].path, "/out.gguf");
}

// Counts the leaves of the JSON that differ from the default plan's.
TEST(Plan, NoMemberIsLeftAtItsDefaultByTheFullPlan) {
    Plan defaults;
    defaults.steps.resize(3);
    const auto full = nlohmann::json::parse(writePlan(fullPlan())).flatten(),
               plain = nlohmann::json::parse(writePlan(defaults)).flatten();
    for (const auto& [key, value] : plain.items()) {
        const bool other =
            key.starts_with("/steps/1") || key.starts_with("/steps/2") || key == "/schema" || key == "/steps/0/kind";
        if (other || !full.contains(key)) continue;
        EXPECT_NE(full[key], value) << key;
    }
}

TEST(Plan, WritesKeysInTheOrderOfTheStructs) {
    const auto document = nlohmann::ordered_json::parse(writePlan(convertPlan()));
    std::vector<std::string> keys;
    for (const auto& [key, value] : document.items()) keys.push_back(key);
    EXPECT_EQ(keys, (std::vector<std::string>{"schema", "name", "seed", "teacher", "student", "model", "data", "steps",
                                              "hardware", "checkpoints", "guard", "evaluation", "export"}));
    EXPECT_TRUE(document["model"].is_null());
    EXPECT_TRUE(document["student"]["variant"].is_null());
    EXPECT_EQ(writePlan(convertPlan()).back(), '\n');
}

TEST(Plan, AbsentKeysMeanTheDefaultsOfTheStructs) {
    const auto parsed = parsePlan(R"({"schema": "radlads.plan/1"})", "p");
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(writePlan(*parsed), writePlan(Plan{}));
}

TEST(Plan, IntegersMayBeWrittenWithExponents) {
    const auto parsed =
        parsePlan(R"({"schema": "radlads.plan/1", "steps": [{"tokens": 1e8, "batch_size": 32.0}]})", "p");
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(parsed->steps[0].tokens, 100000000);
    EXPECT_EQ(parsed->steps[0].batchSize, 32);
}

TEST(ResolvePlan, FillsWhatDependsOnArchitectureAndKind) {
    struct Case {
        Architecture architecture;
        Variant variant;
        bool rope, tokenShift;
        GateKind gate;
    };
    for (const Case& expected : {Case{Architecture::RadRwkv7, Variant::GroupNorm, true, false, GateKind::LowRank},
                                 Case{Architecture::RadRwkv6, Variant::Balanced, false, true, GateKind::Full}}) {
        Plan plan = convertPlan();
        plan.student.architecture = expected.architecture;
        const Status status = resolvePlan(plan);
        ASSERT_TRUE(status) << status.error().message;
        EXPECT_EQ(plan.student.variant, expected.variant);
        EXPECT_EQ(plan.student.rope, expected.rope);
        EXPECT_EQ(plan.student.tokenShift, expected.tokenShift);
        EXPECT_EQ(plan.student.gate, expected.gate);
        EXPECT_EQ(plan.steps[0].loss, Loss::AlignL2);
        EXPECT_EQ(plan.steps[1].loss, Loss::Kl);
        EXPECT_EQ(plan.steps[2].loss, Loss::CrossEntropy);
        const std::string once = writePlan(plan);
        ASSERT_TRUE(resolvePlan(plan));
        EXPECT_EQ(writePlan(plan), once) << "resolving twice changes nothing";
    }
}

TEST(ResolvePlan, KeepsWhatIsGiven) {
    Plan plan = convertPlan();
    plan.student.variant = Variant::Balanced;
    plan.student.rope = false;
    plan.student.gate = GateKind::None;
    plan.steps[0].loss = Loss::AlignMse;
    ASSERT_TRUE(resolvePlan(plan));
    EXPECT_EQ(plan.student.variant, Variant::Balanced);
    EXPECT_EQ(plan.student.rope, false);
    EXPECT_EQ(plan.student.gate, GateKind::None);
    EXPECT_EQ(plan.steps[0].loss, Loss::AlignMse);
}

TEST(ResolvePlan, AcceptsAPretrainPlan) {
    Plan plan = convertPlan();
    plan.teacher.path.clear();
    plan.student.architecture = Architecture::Softmax;
    plan.model = ModelPlan{};
    plan.data.tokenizer = "/t";
    plan.steps.resize(1);
    plan.steps[0].kind = StepKind::Pretrain;
    const Status status = resolvePlan(plan);
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_EQ(plan.steps[0].loss, Loss::CrossEntropy);
}

TEST(SetPlanKey, ChangesOneKeyByItsPath) {
    Plan plan = convertPlan();
    for (const char* assignment : {"steps.0.tokens=1e6", "steps[1].learning_rate.schedule=linear", "name=7",
                                   "student.rope=true", "model.layers=5", "data.sources.0.path=/a=b",
                                   "student.attention_layers=[1,2]", "steps.2.loss=null", "hardware.device=cuda:1"}) {
        const Status set = setPlanKey(plan, assignment);
        EXPECT_TRUE(set) << assignment << ": " << (set ? "" : set.error().message);
    }
    EXPECT_EQ(plan.steps[0].tokens, 1000000);
    EXPECT_EQ(plan.steps[1].learningRate.schedule, ScheduleKind::Linear);
    EXPECT_EQ(plan.name, "7");
    EXPECT_EQ(plan.student.rope, true);
    EXPECT_EQ(plan.model->layers, 5);
    EXPECT_EQ(plan.model->heads, ModelPlan{}.heads);
    EXPECT_EQ(plan.data.sources[0].path, "/a=b");
    EXPECT_EQ(plan.student.attentionLayers, (std::vector<int64_t>{1, 2}));
    EXPECT_EQ(plan.hardware.device, "cuda:1");
}

std::vector<fs::path> presetFiles() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(RADLADS_SOURCE_DIR "/resources/presets"))
        if (entry.path().extension() == ".json") files.push_back(entry.path());
    return files;
}

TEST(Presets, EveryOneParsesAndResolves) {
    const auto files = presetFiles();
    EXPECT_GE(files.size(), 12U);
    for (const fs::path& file : files) {
        std::ostringstream text;
        text << std::ifstream(file).rdbuf();
        auto plan = parsePlan(text.str(), file.string());
        ASSERT_TRUE(plan) << plan.error().message;
        if (plan->teacher.path.empty()) plan->teacher.path = "/teacher";
        if (plan->data.sources.empty()) plan->data.sources.push_back({"/data", {}, "text", 1.0});
        const Status resolved = resolvePlan(*plan);
        EXPECT_TRUE(resolved) << file << ": " << (resolved ? "" : resolved.error().message);
    }
}

TEST(Presets, ThePaperProtocolHasTheHyperParametersOfItsTable2) {
    std::ostringstream text;
    text << std::ifstream(RADLADS_SOURCE_DIR "/resources/presets/paper-rwkv7.json").rdbuf();
    const auto plan = parsePlan(text.str(), "paper-rwkv7");
    ASSERT_TRUE(plan) << plan.error().message;
    struct Row {
        StepKind kind;
        int64_t tokens, length, batch, updates;
        double rate;
    };
    const std::vector<Row> table{{StepKind::Align, 100000000, 512, 32, 6104, 1e-3},
                                 {StepKind::Distill, 500000000, 512, 96, 10173, 1e-5},
                                 {StepKind::Extend, 100000000, 16384, 96, 64, 1e-5}};
    ASSERT_EQ(plan->steps.size(), table.size());
    for (size_t i = 0; i < table.size(); ++i) {
        const StepPlan& step = plan->steps[i];
        EXPECT_EQ(step.kind, table[i].kind);
        EXPECT_EQ(step.tokens, table[i].tokens);
        const int64_t perUpdate = table[i].length * table[i].batch;
        EXPECT_EQ(step.sequenceLength * step.batchSize, perUpdate);
        EXPECT_EQ((step.tokens + perUpdate - 1) / perUpdate, table[i].updates);
        EXPECT_EQ(step.learningRate.initial, table[i].rate);
        EXPECT_EQ(step.learningRate.final, 1e-5);
        EXPECT_EQ(step.adam.beta1, 0.9);
        EXPECT_EQ(step.adam.beta2, 0.95);
    }
}

}  // namespace
}  // namespace radlads::protocol
