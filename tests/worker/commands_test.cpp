// check, inspect, bench, doctor and every command's help, as processes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>

#include "engine/io/model_config.h"
#include "engine/io/safetensors.h"
#include "tests/worker/support.h"

namespace radlads::test {
namespace {

namespace fs = std::filesystem;

// The teacher's weights again, changed on the way: edit returns false to leave a tensor out.
void rewriteWeights(const Workplace& place, const std::function<bool(const std::string& name, std::vector<std::byte>& bytes)>& edit) {
    std::vector<io::TensorToWrite> tensors;
    {
        const auto file = io::Safetensors::open(place.path("teacher/model.safetensors"));
        ASSERT_TRUE(file) << file.error().message;
        for (const auto& [name, info] : file->tensors()) {
            std::vector<std::byte> bytes(info.data.begin(), info.data.end());
            if (!edit(name, bytes)) continue;
            tensors.push_back({name, info.dtype, info.shape, [bytes]() -> Result<std::vector<std::byte>> { return bytes; }});
        }
    }
    const auto written = io::writeSafetensors(place.path("teacher/model.safetensors"), tensors, {});
    ASSERT_TRUE(written) << written.error().message;
}

TEST(Check, SaysWhatAPlanNeedsWithMeasuredTimes) {
    const Workplace place;
    const int64_t parameters = place.makeTeacher("teacher");
    place.makePlan("plan.json");
    const Outcome outcome = place.run({"check", place.arg("plan.json"), "--json", "--cost-per-hour", "3.6", "--set", "steps.0.tokens=2000"});
    ASSERT_EQ(outcome.exit, 0) << outcome.err;
    const auto json = outcome.json();
    EXPECT_EQ(json["teacher"]["parameters"], parameters);
    ASSERT_EQ(json["steps"].size(), 3u);
    EXPECT_EQ(json["steps"][0]["updates"], 16);  // ceil(2000 / (4 * 32))
    EXPECT_EQ(json["steps"][1]["updates"], 8);
    for (const auto& step : json["steps"]) {
        EXPECT_EQ(step["seconds_basis"], "measured");
        EXPECT_GT(step["seconds"].get<double>(), 0.0);
        EXPECT_NEAR(step["cost"].get<double>(), step["seconds"].get<double>() * 0.001, 1e-9);
        EXPECT_GT(step["memory_bytes"]["total"].get<double>(), 4.0 * static_cast<double>(parameters));
    }
    EXPECT_LT(json["steps"][0]["trained_parameters"].get<double>(), json["steps"][1]["trained_parameters"].get<double>());
    EXPECT_EQ(json["resolved_plan"]["student"]["variant"], "groupnorm");
    EXPECT_EQ(json["data"][0]["tokens_basis"], "estimated");
    EXPECT_FALSE(fs::exists(place.path("runs"))) << "a check must start no run";
}

TEST(Check, CountsTheParametersThatTheStudentReallyHas) {
    const Workplace place;
    place.makeTeacher("teacher");
    place.makePlan("plan.json");
    for (const char* architecture : {"rad-rwkv7", "rad-rwkv6"}) {
        for (const char* variant : {"balanced", "groupnorm"}) {
            const Outcome outcome = place.run({"check", place.arg("plan.json"), "--json", "--no-probe", "--set", std::string("student.architecture=") + architecture,
                                               "--set", std::string("student.variant=") + variant});
            ASSERT_EQ(outcome.exit, 0) << outcome.err;
            const auto json = outcome.json();
            EXPECT_FALSE(json["steps"][0].contains("seconds")) << "--no-probe measures nothing";
            EXPECT_EQ(json["model"]["parameters"], place.studentParameters(architecture, variant)) << architecture << " " << variant;
        }
    }
}

TEST(Check, NamesWhatIsWrongInOneSentenceAndExitsWith2) {
    const Workplace place;
    place.makeTeacher("teacher");
    place.makePlan("plan.json");
    place.write("short.txt", "a few words");
    const struct {
        std::vector<std::string> arguments;
        const char* expected;
    } cases[] = {{{place.arg("none.json")}, "none.json"},
                 {{place.arg("plan.json"), "--set", "steps.0.tokenz=5"}, "tokens"},
                 {{place.arg("plan.json"), "--set", "hardware.device=cuda:0"}, "hardware.device"},
                 {{place.arg("plan.json"), "--set", "steps.0.batch_size=0"}, "batch_size"},
                 {{place.arg("plan.json"), "--set", "student.attention_layers=[9]"}, "attention_layers"},
                 {{place.arg("plan.json"), "--set", "teacher.path=" + place.arg("nowhere"), "--set", "data.tokenizer=" + place.arg("teacher")}, "nowhere"},
                 {{place.arg("plan.json"), "--set", "data.sources.0.path=" + place.arg("short.txt")}, "short.txt"}};
    for (const auto& entry : cases) {
        std::vector<std::string> arguments{"check", "--no-probe"};
        arguments.insert(arguments.end(), entry.arguments.begin(), entry.arguments.end());
        const Outcome outcome = place.run(arguments);
        EXPECT_EQ(outcome.exit, 2) << outcome.err;
        EXPECT_NE(outcome.err.find(entry.expected), std::string::npos) << outcome.err;
        EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
        EXPECT_EQ(outcome.out, "");
    }
}

TEST(Check, RefusesATeacherWithAMissingTensor) {
    const Workplace place;
    place.makeTeacher("teacher");
    place.makePlan("plan.json");
    rewriteWeights(place, [](const std::string& name, auto&) { return name != "model.layers.1.mlp.up_proj.weight"; });
    const Outcome outcome = place.run({"check", place.arg("plan.json")});
    EXPECT_EQ(outcome.exit, 2);
    EXPECT_NE(outcome.err.find("model.layers.1.mlp.up_proj.weight"), std::string::npos) << outcome.err;
}

TEST(Inspect, CountsAModelAndFindsNothingWrong) {
    const Workplace place;
    const int64_t parameters = place.makeTeacher("teacher");
    const Outcome outcome = place.run({"inspect", place.arg("teacher"), "--json", "--tensors"});
    ASSERT_EQ(outcome.exit, 0) << outcome.out;
    const auto json = outcome.json();
    EXPECT_EQ(json["parameters"], parameters);
    EXPECT_EQ(json["dtypes"]["F32"]["bytes"], parameters * 4);
    EXPECT_EQ(json["tensors"].size(), json["tensor_count"].get<size_t>());
    EXPECT_EQ(json["config"]["layers"], 2);
    EXPECT_EQ(json["tokenizer"]["added_tokens"][0]["content"], "<|endoftext|>");
    EXPECT_TRUE(json["problems"].empty());
}

TEST(Inspect, FindsNaNMissingTensorsAndAVocabularyThatDoesNotFit) {
    const Workplace place;
    place.makeTeacher("teacher");
    rewriteWeights(place, [](const std::string& name, std::vector<std::byte>& bytes) {
        const float nan = std::numeric_limits<float>::quiet_NaN();
        if (name == "model.norm.weight") std::memcpy(bytes.data() + bytes.size() - sizeof nan, &nan, sizeof nan);
        return name != "model.layers.0.input_layernorm.weight";
    });
    auto config = io::readModelConfig(place.path("teacher"));
    ASSERT_TRUE(config);
    config->vocabSize = 300;
    place.write("teacher/config.json", io::writeModelConfig(*config));
    const Outcome outcome = place.run({"inspect", place.arg("teacher")});
    EXPECT_EQ(outcome.exit, 1);
    for (const char* expected : {"model.norm.weight has 1 NaN", "model.layers.0.input_layernorm.weight is missing", "vocabulary has 300 entries", "lm_head.weight has shape"}) {
        EXPECT_NE(outcome.out.find(expected), std::string::npos) << expected << " in\n" << outcome.out;
    }
}

TEST(Inspect, KnowsWhatAPathIs) {
    const Workplace place;
    place.makeTeacher("teacher");
    place.makePlan("plan.json");
    place.write("texts/a.txt", "Hello there.\n<|endoftext|>\nOnce more.\n");
    ASSERT_EQ(place.run({"prepare", place.arg("texts"), "-t", place.arg("teacher"), "-o", place.arg("tokens"), "-q"}).exit, 0);
    const struct {
        std::string path;
        const char* kind;
    } cases[] = {{place.arg("teacher"), "Hugging Face model (softmax teacher)"},
                 {place.arg("teacher/config.json"), "model configuration (softmax teacher)"},
                 {place.arg("teacher/model.safetensors"), "safetensors"},
                 {place.arg("teacher/tokenizer.json"), "tokenizer"},
                 {place.arg("plan.json"), "plan"},
                 {place.arg("texts"), "text dataset"},
                 {place.arg("texts/a.txt"), "text dataset"},
                 {place.arg("tokens"), "tokenised dataset (binidx)"},
                 {place.arg("tokens.idx"), "tokenised dataset (binidx)"},
                 {"demo:3:20", "generated text"}};
    for (const auto& entry : cases) {
        const Outcome outcome = place.run({"inspect", entry.path, "--json"});
        EXPECT_EQ(outcome.exit, 0) << entry.path << "\n" << outcome.out << outcome.err;
        EXPECT_EQ(outcome.json()["kind"], entry.kind);
    }
    EXPECT_EQ(place.run({"inspect", place.arg("texts"), "--json"}).json()["documents"], 2);
    place.write("broken.gguf", "GGUF and then nothing of the kind");
    for (const std::string& path : {place.arg("nothing"), place.arg("broken.gguf")}) EXPECT_EQ(place.run({"inspect", path}).exit, 2) << path;
}

TEST(Inspect, ShowsTheFirstDocumentsAsTokens) {
    const Workplace place;
    place.makeTeacher("teacher");
    place.write("texts/a.txt", "\xC3\x84pfel.\n<|endoftext|>\nOnce more.\n");
    ASSERT_EQ(place.run({"prepare", place.arg("texts"), "-t", place.arg("teacher"), "-o", place.arg("tokens"), "-q"}).exit, 0);
    for (const char* source : {"texts", "tokens"}) {
        const auto json = place.run({"inspect", place.arg(source), "-t", place.arg("teacher"), "--json"}).json();
        ASSERT_EQ(json["samples"].size(), 2u) << source;
        std::string text;
        for (const auto& piece : json["samples"][0]["pieces"]) text += piece.get<std::string>();
        EXPECT_EQ(text.substr(0, 7), "\xC3\x84pfel.") << source;
        EXPECT_EQ(json["samples"][0]["pieces"].size(), json["samples"][0]["tokens"].get<size_t>()) << source;
    }
}

TEST(Doctor, NamesWhatMakesRunsImpossible) {
    const Workplace place;
    place.write("file", "");
    const Outcome well = place.run({"doctor", "--json"});
    EXPECT_EQ(well.exit, 0) << well.out;
    EXPECT_TRUE(well.json()["usable"]);
    const Outcome ill = place.run({"doctor", "--json"}, {{"RADLADS_RUNS", place.arg("file/runs")}});
    EXPECT_EQ(ill.exit, 1);
    bool found = false;
    const auto report = ill.json();
    for (const auto& finding : report["findings"]) {
        if (finding["level"] != "problem") continue;
        found = true;
        EXPECT_EQ(finding["area"], "Runs");
        EXPECT_NE(finding["remedy"].get<std::string>().find("RADLADS_RUNS"), std::string::npos);
    }
    EXPECT_TRUE(found);
}

// The BLAS that doctor reports names the kernels that it uses.
std::string blasOf(const Outcome& doctor) {
    const auto report = doctor.json();
    for (const auto& finding : report["findings"]) {
        if (finding["area"] == "BLAS") return finding["value"].get<std::string>();
    }
    return "";
}

TEST(Doctor, ShowsFastMatrixKernelsOnAModernProcessorAndRespectsTheUsersChoice) {
    const Workplace place;
    ASSERT_TRUE(__builtin_cpu_supports("avx2")) << "this test needs a processor with AVX2";
    const std::string chosen = blasOf(place.run({"doctor", "--json"}, {{"OPENBLAS_CORETYPE", "Prescott"}}));
    EXPECT_NE(chosen.find("Prescott"), std::string::npos) << chosen;
    const std::string found = blasOf(place.run({"doctor", "--json"}));
    EXPECT_NE(found.find("OpenBLAS"), std::string::npos) << found;
    for (const char* old : {"Prescott", "Core2", "Nehalem"}) EXPECT_EQ(found.find(old), std::string::npos) << found;
}

TEST(Bench, SplitsAnUpdateIntoPartsThatAddUp) {
    const Workplace place;
    place.makeTeacher("teacher");
    const Outcome outcome = place.run({"bench", "--step", "--json", "--teacher", place.arg("teacher"), "--sequence-length", "32", "--batch", "4", "--seconds", "0.05"});
    ASSERT_EQ(outcome.exit, 0) << outcome.err;
    const auto json = outcome.json();
    ASSERT_EQ(json["step"]["steps"].size(), 3u);
    for (const auto& step : json["step"]["steps"]) {
        double sum = 0;
        for (const char* part : {"teacher_forward_seconds", "student_forward_backward_seconds", "loss_seconds", "optimizer_seconds"}) sum += step[part].get<double>();
        EXPECT_NEAR(sum, step["update_seconds"].get<double>(), 1e-9);
        EXPECT_NEAR(step["tokens_per_second"].get<double>() * sum, 128.0, 1e-6);
        EXPECT_GT(step["gemm_ratio"].get<double>(), 0.0);
        EXPECT_GT(step["processor_share"].get<double>(), 0.0);
        EXPECT_LT(step["processor_share"].get<double>(), static_cast<double>(json["machine"]["threads_used"].get<int64_t>()) + 0.5);
    }
    EXPECT_EQ(json["step"]["steps"][2]["teacher_forward_seconds"], 0.0) << "step 3 has no teacher";
    EXPECT_FALSE(json.contains("kernels"));
}

TEST(Help, EveryCommandExplainsItselfWithAnExample) {
    const Workplace place;
    for (const char* command : {"check", "inspect", "tokenize", "prepare", "convert-teacher", "bench", "doctor"}) {
        const Outcome outcome = place.run({command, "--help"});
        EXPECT_EQ(outcome.exit, 0);
        EXPECT_NE(outcome.out.find(std::string("radlads-engine ") + command), std::string::npos) << outcome.out;
        EXPECT_NE(outcome.out.find("--json"), std::string::npos) << outcome.out;
    }
}

}  // namespace
}  // namespace radlads::test
