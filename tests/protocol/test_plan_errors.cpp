// The messages for plans that are wrong, word for word.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/protocol/plan.h"

namespace radlads::protocol {
namespace {

using nlohmann::json;

json goodPlan() {
    return json::parse(R"({"schema": "radlads.plan/1", "teacher": {"path": "/t"}, "data": {"sources": [{"path": "/d"}]},
                           "steps": [{"kind": "align", "tokens": 1000}]})");
}

// A JSON merge patch on the good plan.
json patched(const char* patch) {
    json document = goodPlan();
    document.merge_patch(json::parse(patch));
    return document;
}

// For a value inside a list, which a merge patch cannot reach.
std::string step(const std::string& keys) {
    return R"({"steps": [{"tokens": 1000, )" + keys + "}]}";
}

TEST(PlanErrors, OneSentenceSaysWhereWhyAndWhatInstead) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {R"({"steps": [{"kind": "align"}, {"learning_rate": {"intial": 1}}]})",
         "steps[1].learning_rate.intial: unknown key; did you mean \"initial\"?"},
        {R"({"techer": {}})", "techer: unknown key; did you mean \"teacher\"?"},
        {R"({"exports": []})", "exports: unknown key; did you mean \"export\"?"},
        {R"({"teacher": {"zzzzzzzz": 1}})", "teacher.zzzzzzzz: unknown key; the known keys are path, dtype"},
        {R"({"student": {"architecture": "rad-rwkv8"}})",
         "student.architecture: \"rad-rwkv8\" is not known; it must be one of \"rad-rwkv7\", \"rad-rwkv6\", "
         "\"softmax\""},
        {R"({"teacher": {"dtype": "float16"}})",
         "teacher.dtype: \"float16\" is not known; it must be one of \"float32\", \"bfloat16\""},
        {R"({"hardware": {"device": "cuda"}})",
         "hardware.device: \"cuda\" is no device; it must be \"auto\", \"cpu\" or \"cuda:N\" with N from 0 to 9999"},
        {R"({"hardware": {"device": "cuda:x"}})",
         "hardware.device: \"cuda:x\" is no device; it must be \"auto\", \"cpu\" or \"cuda:N\" with N from 0 to 9999"},
        {R"({"name": ""})", "name: \"\" is no name; it must be 1 to 100 bytes without control characters"},
        {R"({"name": "a\nb"})", "name: \"a?b\" is no name; it must be 1 to 100 bytes without control characters"},
        {R"({"seed": -1})", "seed: -1 is out of range; it must be at least 0"},
        {R"({"seed": 18446744073709551615})",
         "seed: 18446744073709551615 is out of range; it must be at most 9223372036854775807"},
        {R"({"seed": "1"})", "seed: expected an integer, found a string"},
        {R"({"seed": 1.5})", "seed: expected an integer, found 1.5"},
        {R"({"seed": 1e300})", "seed: expected an integer, found 1e+300"},
        {R"({"data": {"append_eos": 1}})", "data.append_eos: expected true or false, found an integer"},
        {R"({"data": {"sources": {}}})", "data.sources: expected a list, found an object"},
        {R"({"data": {"sources": [{"path": "/d", "weight": 0}]}})",
         "data.sources[0].weight: 0 is out of range; it must be greater than 0 and at most 1000000000"},
        {R"({"data": {"sources": [{"path": 3}]}})", "data.sources[0].path: expected a string, found an integer"},
        {R"({"data": {"sources": [3]}})", "data.sources[0]: expected an object, found an integer"},
        {R"({"data": {"sources": [{"path": "a\u0000b"}]}})",
         "data.sources[0].path: the text holds a zero byte; remove it"},
        {step(R"("batch_size": 0)"), "steps[0].batch_size: 0 is out of range; it must be between 1 and 1000000"},
        {step(R"("loss": 3)"), "steps[0].loss: expected a string, found an integer"},
        {step(R"("learning_rate": null)"), "steps[0].learning_rate: expected an object, found null"},
        {step(R"("learning_rate": {"initial": -0.1})"),
         "steps[0].learning_rate.initial: -0.1 is out of range; it must be between 0 and 1000"},
        {step(R"("learning_rate": {"initial": "nan"})"),
         "steps[0].learning_rate.initial: expected a number, found a string"},
        {step(R"("adam": {"beta1": 1})"),
         "steps[0].adam.beta1: 1 is out of range; it must be between 0 and 0.999999999"},
        {step(R"("kind": [])"), "steps[0].kind: expected a string, found a list"},
        {R"({"steps": 3})", "steps: expected a list, found an integer"},
        {R"({"student": {"attention_layers": [1, -2]}})",
         "student.attention_layers[1]: -2 is out of range; it must be between 0 and 4095"},
        {R"({"export": [{"format": "onnx"}]})",
         "export[0].format: \"onnx\" is not known; it must be one of \"hf\", \"gguf\""},
        {R"({"checkpoints": {"keep_last": 0}})",
         "checkpoints.keep_last: 0 is out of range; it must be between 1 and 1000000"},
        {R"({"schema": "radlads.plan/2"})",
         "this plan is schema radlads.plan/2; this program reads up to /1: update Radlads Studio"},
        {R"({"schema": "radlads.plan/99999999999999999999"})",
         "this plan is schema radlads.plan/99999999999999999999; this program reads up to /1: update Radlads Studio"},
        {R"({"schema": "radlads.run/1"})", "schema: expected \"radlads.plan/1\"; this file is no plan"},
        {R"({"schema": "radlads.plan/0"})", "schema: expected \"radlads.plan/1\"; this file is no plan"},
        {R"({"schema": "radlads.plan/1x"})", "schema: expected \"radlads.plan/1\"; this file is no plan"},
        {R"({"schema": 1})", "schema: expected \"radlads.plan/1\"; this file is no plan"},
        {R"({"schema": null})", "\"schema\" is missing; a plan starts with \"schema\": \"radlads.plan/1\""},
    };
    for (const auto& [patch, message] : cases) {
        const auto plan = parsePlan(patched(patch.c_str()).dump(), "p.json");
        ASSERT_FALSE(plan) << patch;
        EXPECT_EQ(plan.error().code, ErrorCode::InvalidInput);
        EXPECT_EQ(plan.error().message, "p.json: " + message);
    }
}

TEST(PlanErrors, PlansThatContradictThemselvesAreRefused) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {R"({"steps": []})", "steps: there is none; give at least one step"},
        {R"({"steps": [{"kind": "align"}]})",
         "steps[0].tokens: must be above 0; say how many tokens the step trains on"},
        {R"({"data": {"sources": []}})",
         "data.sources: there is none; name at least one file, directory or binidx prefix"},
        {R"({"data": {"sources": [{}]}})",
         "data.sources[0].path: is empty; name a file, a directory or a binidx prefix"},
        {R"({"data": {"validation": {"sources": [{}]}}})",
         "data.validation.sources[0].path: is empty; name a file, a directory or a binidx prefix"},
        {R"({"teacher": {"path": ""}})",
         "teacher.path: is empty; name the directory of the model to convert, or \"demo\""},
        {R"({"export": [{}]})", "export[0].path: is empty; name where the model goes"},
        {R"({"student": {"token_shift": true}})",
         "student.token_shift: rad-rwkv7 has no token shift; set it to false or choose rad-rwkv6"},
        {R"({"student": {"attention_layers": [2, 3, 2]}})",
         "student.attention_layers: layer 2 is listed twice; name it once"},
        {R"({"student": {"architecture": "softmax", "rope": true}})",
         "student: architecture \"softmax\" has no variant, rope, token_shift, gate or attention_layers; remove them"},
        {R"({"student": {"architecture": "softmax"}})",
         "student.architecture: \"softmax\" is for \"pretrain\" steps alone; choose rad-rwkv7 or rad-rwkv6"},
        {R"({"model": {}})", "model: belongs to \"pretrain\" steps alone; the teacher gives the sizes here; remove it"},
        {R"({"steps": [{"kind": "distill", "tokens": 1}, {"kind": "align", "tokens": 1}]})",
         "steps[1].kind: \"align\" comes after \"distill\"; the order is align, distill, extend"},
        {R"({"steps": [{"kind": "extend", "tokens": 1}, {"kind": "distill", "tokens": 1}]})",
         "steps[1].kind: \"distill\" comes after \"extend\"; the order is align, distill, extend"},
        {R"({"steps": [{"kind": "align", "tokens": 1}, {"kind": "pretrain", "tokens": 1}]})",
         "steps[1].kind: \"pretrain\" stands alone; a plan either pretrains or converts"},
        {R"({"steps": [{"kind": "pretrain", "tokens": 1}]})",
         "student.architecture: a \"pretrain\" step trains a softmax model; set it to \"softmax\""},
        {R"({"steps": [{"kind": "pretrain", "tokens": 1}], "student": {"architecture": "softmax"}})",
         "model: is missing; a \"pretrain\" step needs the sizes of the model"},
        {R"({"steps": [{"kind": "pretrain", "tokens": 1}], "student": {"architecture": "softmax"}, "model": {}})",
         "data.tokenizer: is empty; a \"pretrain\" step has no teacher to take the tokenizer from"},
        {R"({"steps": [{"kind": "pretrain", "tokens": 1}], "student": {"architecture": "softmax"}, "model": {"heads": 3}})",
         "model.kv_heads: 2 does not divide heads 3"},
        {R"({"steps": [{"kind": "pretrain", "tokens": 1}], "student": {"architecture": "softmax"}, "model": {"head_dim": 3}})",
         "model.head_dim: 3 is odd; rotary embeddings need an even size"},
        {step(R"("loss": "kl")"), "steps[0].loss: \"kl\" does not belong to \"align\"; it takes \"l2\", \"mse\""},
        {step(R"("kind": "distill", "train": "mixer-decay")"),
         "steps[0].train: \"mixer-decay\" does not belong to \"distill\"; it takes \"all\", \"mixer\""},
        {step(R"("batch_size": 32, "micro_batch_size": 5)"),
         "steps[0].micro_batch_size: 5 does not divide the batch of 32 sequences; choose a divisor, or 0 for "
         "automatic"},
        {R"({"hardware": {"ranks": 3}})", "steps[0].batch_size: 32 is not a multiple of hardware.ranks 3"},
        {step(R"("learning_rate": {"wait": 0.5, "endpoint": 0.5})"),
         "steps[0].learning_rate.wait: 0.5 is not before endpoint 0.5; the rate would never fall"},
        {step(R"("learning_rate": {"schedule": "exp", "final": 0})"),
         "steps[0].learning_rate.schedule: \"exp\" cannot start from or reach 0; give rates above 0"},
    };
    for (const auto& [patch, message] : cases) {
        auto plan = parsePlan(patched(patch.c_str()).dump(), "p");
        ASSERT_TRUE(plan) << patch << ": " << plan.error().message;
        const std::string before = writePlan(*plan);
        const Status status = resolvePlan(*plan);
        ASSERT_FALSE(status) << patch;
        EXPECT_EQ(status.error().code, ErrorCode::InvalidInput);
        EXPECT_EQ(status.error().message, message);
        EXPECT_EQ(writePlan(*plan), before) << "a refused plan is left as it was";
    }
}

TEST(PlanErrors, StepTrainMixerDecayBelongsToExtend) {
    auto plan = parsePlan(patched(step(R"("kind": "extend", "train": "mixer-decay")").c_str()).dump(), "p");
    ASSERT_TRUE(plan);
    EXPECT_TRUE(resolvePlan(*plan));
}

TEST(PlanErrors, SetNamesTheKeyAndLeavesThePlanAlone) {
    const std::vector<std::pair<const char*, const char*>> cases{
        {"seed", "--set \"seed\": write it as KEY=VALUE, as in steps.0.tokens=1e6"},
        {"=3", "--set \"=3\": write it as KEY=VALUE, as in steps.0.tokens=1e6"},
        {"seed=abc", "--set \"seed\": seed: expected an integer, found a string"},
        {"steps.0.tokns=3", "--set \"steps.0.tokns\": steps[0].tokns: unknown key; did you mean \"tokens\"?"},
        {"steps.7.tokens=3", "--set \"steps.7.tokens\": steps has no element 7; how many there are: 1"},
        {"steps.tokens=3", "--set \"steps.tokens\": steps is a list; name an element by its number, as in steps.0"},
        {"seed.x=3", "--set \"seed.x\": seed is a single value; it has no key \"x\""},
        {"a..b=3", "--set \"a..b\": a part of the key is empty; write it as in steps.0.tokens"},
        {"schema=radlads.plan/9",
         "--set \"schema\": this plan is schema radlads.plan/9; this program reads up to /1: update Radlads Studio"},
        {"guard.nan=explode",
         "--set \"guard.nan\": guard.nan: \"explode\" is not known; it must be one of \"rollback\", \"stop\""},
    };
    auto plan = parsePlan(goodPlan().dump(), "p");
    ASSERT_TRUE(plan);
    const std::string before = writePlan(*plan);
    for (const auto& [assignment, message] : cases) {
        const Status set = setPlanKey(*plan, assignment);
        ASSERT_FALSE(set) << assignment;
        EXPECT_EQ(set.error().message, message);
        EXPECT_EQ(writePlan(*plan), before);
    }
    const Status deep = setPlanKey(*plan, "seed=" + std::string(100000, '['));
    EXPECT_FALSE(deep);
    const Status deepPath = setPlanKey(*plan, "model" + std::string(5000, '.') + "x=1");
    EXPECT_FALSE(deepPath);
    std::string longPath = "model";
    for (int i = 0; i < 5000; ++i) longPath += ".a";
    EXPECT_EQ(setPlanKey(*plan, longPath + "=1").error().message.substr(0, 13), "--set \"model.");
}

TEST(PlanErrors, HostileTextsEndInAMessage) {
    std::vector<std::string> texts{"",
                                   "null",
                                   "[]",
                                   "{",
                                   "{\"schema\":\"radlads.plan/1\"",
                                   std::string(5 << 20, ' '),
                                   std::string(100000, '['),
                                   "{\"schema\":\"radlads.plan/1\",\"name\":\"\xff\"}",
                                   "{\"schema\":\"radlads.plan/1\",\"seed\":nan}",
                                   "{\"schema\":\"radlads.plan/1\",\"seed\":1e999}",
                                   "{\"schema\":\"radlads.plan/1\",\"schema\":\"radlads.plan/1\"}"};
    json many = goodPlan();
    many["student"]["attention_layers"] = std::vector<int>(5000, 1);
    texts.push_back(many.dump());
    json longText = goodPlan();
    longText["teacher"]["path"] = std::string(1 << 20, 'a');
    texts.push_back(longText.dump());
    json longKey = goodPlan();
    longKey[std::string(1 << 20, 'k')] = 1;
    texts.push_back(longKey.dump());
    for (const std::string& text : texts) {
        const auto plan = parsePlan(text, "p");
        ASSERT_FALSE(plan);
        EXPECT_EQ(plan.error().code, ErrorCode::InvalidInput);
        EXPECT_LT(plan.error().message.size(), 600U);
        EXPECT_TRUE(plan.error().message.starts_with("p: "));
    }
}

// Every prefix of a good plan is refused, and no byte of it can be changed into a crash.
TEST(PlanErrors, TornAndChangedPlansAreReadSafely) {
    auto good = parsePlan(goodPlan().dump(), "p");
    ASSERT_TRUE(good);
    const std::string text = writePlan(*good);
    for (size_t length = 0; length + 2 < text.size(); ++length)
        EXPECT_FALSE(parsePlan(text.substr(0, length), "p")) << length;
    for (size_t i = 0; i < text.size(); ++i) {
        for (const char byte : {'\0', '[', '"', '\xff', '9'}) {
            std::string changed = text;
            changed[i] = byte;
            if (auto plan = parsePlan(changed, "p")) {
                EXPECT_TRUE(parsePlan(writePlan(*plan), "p"));
            }
        }
    }
}

}  // namespace
}  // namespace radlads::protocol
