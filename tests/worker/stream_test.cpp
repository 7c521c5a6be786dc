// generate, evaluate, export and convert-teacher with --stream, as the broker runs them; and what evaluate keeps of a run.
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "engine/convert/export_hf.h"
#include "engine/io/convert_gguf.h"
#include "engine/worker/text_pieces.h"
#include "tests/io/tiny_gguf.h"
#include "tests/worker/support.h"

namespace radlads::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct Stream {
    std::vector<json> events;
    std::vector<json> results;
};

// Every line is one object with one key; a line that is no JSON or no UTF-8 fails by its exception.
Stream parse(const std::string& out) {
    Stream stream;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
        const json object = json::parse(line);
        EXPECT_EQ(object.size(), 1u) << line;
        EXPECT_TRUE(stream.results.empty()) << "a line after the result: " << line;
        if (object.contains("event")) stream.events.push_back(object["event"]);
        else stream.results.push_back(object.at("result"));
    }
    return stream;
}

std::vector<fs::path> evaluations(const fs::path& run) {
    std::vector<fs::path> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(run / "evaluations", error)) files.push_back(entry.path());
    return files;
}

TEST(TextPieces, NeverCutsACharacterAndLosesNone) {
    const Workplace place;
    place.makeTeacher("teacher");
    const auto tokenizer = io::Tokenizer::load(place.path("teacher"));
    ASSERT_TRUE(tokenizer);
    // Of these the trained vocabulary holds single bytes only.
    const std::string text = "caf\u00e9 \u4e16\u754c \U0001F600 end";
    const std::vector<int32_t> ids = tokenizer->encode(text);
    worker::TextPieces pieces(*tokenizer, false);
    std::string joined;
    size_t waited = 0;
    for (const int32_t id : ids) {
        const std::string piece = pieces.add(id);
        EXPECT_EQ(piece.find("\xEF\xBF\xBD"), std::string::npos) << "half a character was given out";
        waited += piece.empty() ? 1 : 0;
        joined += piece;
    }
    EXPECT_EQ(joined + pieces.finish(), text);
    EXPECT_GE(waited, 8u) << "1 + 2 * 2 + 3 bytes had to wait";
}

TEST(GenerateStream, TellsTextTokensRateAndMemoryAsItGoes) {
    const Workplace place;
    const fs::path run = place.makeRun();
    for (const bool student : {false, true}) {
        const std::string model = student ? run.string() : place.arg("teacher");
        const Outcome outcome = place.run({"generate", model, "--prompt", "Once upon a time", "-n", "200", "--stream", "-s", "5"});
        ASSERT_EQ(outcome.exit, 0) << outcome.err;
        EXPECT_EQ(outcome.err, "");
        const Stream stream = parse(outcome.out);
        ASSERT_EQ(stream.results.size(), 1u);
        const json& result = stream.results.front();
        ASSERT_GE(stream.events.size(), 3u);
        EXPECT_EQ(stream.events.front()["tokens"], 0) << "the first event says that the prompt has been read";
        EXPECT_EQ(stream.events.front()["context_tokens"], result["prompt_tokens"]);
        std::string text;
        int64_t tokens = 0, context = 0, bytes = 0;
        for (const json& event : stream.events) {
            text += event["text"].get<std::string>();
            EXPECT_GE(event["tokens"].get<int64_t>(), tokens);
            tokens = event["tokens"];
            context = event["context_tokens"];
            if (!student) {
                EXPECT_GE(event["state_bytes"].get<int64_t>(), bytes);
            } else if (bytes > 0) {
                EXPECT_EQ(event["state_bytes"], bytes) << "a student's state does not grow";
            }
            bytes = event["state_bytes"];
        }
        EXPECT_EQ(text, result["text"]) << "the pieces joined";
        EXPECT_EQ(tokens, result["tokens"]);
        EXPECT_EQ(context, result["prompt_tokens"].get<int64_t>() + tokens);
        EXPECT_EQ(bytes, result["state_bytes"]);
        EXPECT_EQ(result["state_kind"], student ? "state" : "cache");
        // Keys and values of 16 numbers, 1 head, 2 layers, 4 bytes each.
        if (!student) {
            EXPECT_EQ(bytes, context * 2 * 16 * 2 * 4);
        }
        EXPECT_GT(result["tokens_per_second"].get<double>(), 0.0);
        if (!result["ended"].get<bool>()) {
            EXPECT_EQ(tokens, 200);
        }
    }
}

TEST(GenerateStream, GivesTheTextOfTheSameSeedWithoutIt) {
    const Workplace place;
    place.makeTeacher("teacher");
    const std::vector<std::string> arguments{"generate", place.arg("teacher"), "--prompt", "A", "-n", "64", "-s", "9"};
    auto with = arguments, without = arguments;
    with.push_back("--stream");
    without.push_back("--json");
    const Outcome streamed = place.run(with), whole = place.run(without);
    EXPECT_EQ(parse(streamed.out).results.at(0)["text"], whole.json()["text"]);
    EXPECT_EQ(parse(streamed.out).results.at(0)["tokens"], whole.json()["tokens"].size());
}

TEST(GenerateStream, EndsAtOnceWhenAskedAndGivesNoResult) {
    const Workplace place;
    const fs::path run = place.makeRun();
    for (const int signal : {SIGTERM, SIGINT}) {
        const Outcome outcome = place.runAndInterrupt({"generate", run.string(), "--prompt", "A", "-n", "1000000000", "--temp", "0", "--repeat-penalty", "1", "--stream"}, 5, signal);
        EXPECT_EQ(outcome.exit, 130) << outcome.err;
        const Stream stream = parse(outcome.out);
        EXPECT_GE(stream.events.size(), 5u);
        EXPECT_TRUE(stream.results.empty());
    }
}

TEST(GenerateStream, SaysAnErrorInOneSentenceAndNothingOnTheOutput) {
    const Workplace place;
    const Outcome outcome = place.run({"generate", place.arg("nowhere"), "--prompt", "A", "--stream"});
    EXPECT_EQ(outcome.exit, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.err.find("nowhere"), std::string::npos);
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
}

TEST(EvaluateStream, ScoresAStageAgainstTheRunsTeacherAndKeepsTheReport) {
    const Workplace place;
    const fs::path run = place.makeRun();
    const Outcome outcome =
        place.run({"evaluate", run.string(), "--stage", "1", "--tasks", "perplexity,skills", "--windows", "8", "--seed", "7", "--stream"});
    ASSERT_EQ(outcome.exit, 0) << outcome.err;
    const Stream stream = parse(outcome.out);
    ASSERT_EQ(stream.results.size(), 1u);
    const json& report = stream.results.front();
    EXPECT_EQ(report["stage"], "step 1");
    EXPECT_EQ(report["run"], run.filename().string());
    EXPECT_EQ(report["against"], place.arg("teacher"));
    EXPECT_EQ(report["seed"], 7);
    EXPECT_EQ(report["tasks"], json({"perplexity", "skills"}));
    EXPECT_EQ(report["data"], json({"demo:7:300"})) << "without --data: the run's own";
    EXPECT_TRUE(report["held_out"].get<bool>());
    EXPECT_EQ(report["sequence_length"], 32) << "without --sequence-length: the run's longest";
    EXPECT_GT(report["teacher_perplexity"]["standard_error"].get<double>(), 0.0);
    EXPECT_GT(report["agreement"]["standard_error"].get<double>(), 0.0);
    EXPECT_GT(report["chance"]["perplexity"].get<double>(), 256.0);
    for (const char* part : {"skills", "teacher_skills", "floor"}) {
        EXPECT_TRUE(report[part]["skills"]["recall"]["standard_error"].is_number()) << part;
    }
    EXPECT_TRUE(report["relative"]["skills"].contains("copy"));

    // Progress: 8 windows of text, then three times 8 of skills.
    double done = 0;
    for (const json& event : stream.events) {
        if (event["text"].get<std::string>().starts_with("Tokenising")) continue;
        EXPECT_EQ(event["total"], 32);
        EXPECT_GE(event["done"].get<double>(), done);
        done = event["done"];
        EXPECT_NE(event["text"].get<std::string>().find("tok/s"), std::string::npos) << event;
    }
    EXPECT_EQ(done, 32);

    const auto files = evaluations(run);
    ASSERT_EQ(files.size(), 1u) << "and nothing half-written";
    EXPECT_TRUE(files.front().filename().string().ends_with("-step-1.json")) << files.front();
    std::ifstream kept(files.front());
    EXPECT_EQ(json::parse(kept), report);
}

TEST(EvaluateStream, ShowsRightAndWrongAnswers) {
    const Workplace place;
    // The demo's own teacher knows the skills.
    const Outcome outcome = place.run({"evaluate", "demo", "--tasks", "skills", "--windows", "24", "--stream"});
    ASSERT_EQ(outcome.exit, 0) << outcome.err;
    const json report = parse(outcome.out).results.at(0);
    std::set<std::string> skills;
    size_t right = 0;
    for (const json& sample : report["samples"]) {
        skills.insert(sample["skill"]);
        EXPECT_EQ(sample["right"].get<bool>(), sample["given"] == sample["expected"]);
        right += sample["right"].get<bool>() ? 1 : 0;
        const std::string prompt = sample["prompt"];
        EXPECT_GT(prompt.size(), 3u);
        EXPECT_LE(prompt.size(), 700u);
        EXPECT_EQ(sample["expected"].get<std::string>().substr(0, 1), " ");
    }
    EXPECT_EQ(skills, (std::set<std::string>{"recall", "copy", "counting", "arithmetic"}));
    EXPECT_GE(right, 4u);
    EXPECT_TRUE(report["stage"].is_null()) << "no run: nothing was recorded";
}

double perplexityOf(const Workplace& place, const fs::path& run, const std::string& stage, json* report = nullptr) {
    const Outcome outcome = place.run({"evaluate", run.string(), "--stage", stage, "--windows", "8", "--json", "--quiet"});
    EXPECT_EQ(outcome.exit, 0) << outcome.err;
    if (report) *report = outcome.json();
    return outcome.json()["perplexity"]["perplexity"];
}

TEST(Evaluate, EveryStageOfARunIsAModelOfItsOwn) {
    const Workplace place;
    const fs::path run = place.makeRun();
    const double setup = perplexityOf(place, run, "setup"), now = perplexityOf(place, run, "now");
    const std::set<double> different{setup, perplexityOf(place, run, "1"), perplexityOf(place, run, "step 2")};
    EXPECT_EQ(different.size(), 3u);
    EXPECT_EQ(perplexityOf(place, run, "step-3"), now) << "after the last step it is the run's model";
    EXPECT_EQ(evaluations(run).size(), 5u) << "each kept under a name of its own";
    // An unfinished run: its newest checkpoint speaks for it. This one was written after the last update.
    fs::rename(run / "model", run / "gone");
    json report;
    EXPECT_EQ(perplexityOf(place, run, "now", &report), now);
    EXPECT_EQ(report["position"]["step_index"], 3);
}

TEST(Evaluate, RefusesAStageThatIsNotThere) {
    const Workplace place;
    const fs::path run = place.makeRun();
    const struct {
        std::vector<std::string> arguments;
        const char* expected;
    } cases[] = {{{run.string(), "--stage", "4"}, "3 steps"},
                 {{run.string(), "--stage", "soon"}, "choose setup"},
                 {{place.arg("teacher"), "--stage", "1", "--data", "demo:1:20"}, "no run"},
                 {{place.arg("teacher"), "--record", place.arg("nowhere"), "--data", "demo:1:20"}, "nowhere"},
                 {{place.arg("teacher")}, "--data"}};
    for (const auto& entry : cases) {
        std::vector<std::string> arguments{"evaluate", "--stream"};
        arguments.insert(arguments.end(), entry.arguments.begin(), entry.arguments.end());
        const Outcome outcome = place.run(arguments);
        EXPECT_EQ(outcome.exit, 2) << outcome.err;
        EXPECT_NE(outcome.err.find(entry.expected), std::string::npos) << outcome.err;
    }
    EXPECT_TRUE(evaluations(run).empty());
}

TEST(Evaluate, KeepsAnotherModelsReportWhereItIsTold) {
    const Workplace place;
    const fs::path run = place.makeRun();
    const Outcome outcome = place.run({"evaluate", (run / "model").string(), "--record", run.string(), "--data", "demo:3:40", "--windows", "4", "--json", "--quiet"});
    ASSERT_EQ(outcome.exit, 0) << outcome.err;
    ASSERT_EQ(evaluations(run).size(), 1u);
    std::ifstream kept(evaluations(run).front());
    const json report = json::parse(kept);
    EXPECT_EQ(report["run"], run.filename().string());
    EXPECT_EQ(report["stage"], "now");
    EXPECT_FALSE(report["held_out"].get<bool>());
}

TEST(Evaluate, KeepsNothingOfAnEvaluationThatWasStopped) {
    const Workplace place;
    const fs::path run = place.makeRun();
    const Outcome outcome = place.runAndInterrupt({"evaluate", run.string(), "--tasks", "skills", "--windows", "100000", "--stream"}, 1, SIGTERM);
    EXPECT_EQ(outcome.exit, 130) << outcome.err;
    EXPECT_TRUE(parse(outcome.out).results.empty());
    EXPECT_TRUE(evaluations(run).empty());
}

TEST(ExportStream, TellsItsPhasesAndWhatWasCompared) {
    const Workplace place;
    const fs::path run = place.makeRun();
    const Outcome outcome = place.run({"export", run.string(), "-o", place.arg("out"), "--dtype", "bfloat16", "--stream"});
    ASSERT_EQ(outcome.exit, 0) << outcome.err;
    const Stream stream = parse(outcome.out);
    ASSERT_EQ(stream.results.size(), 1u);
    const json& result = stream.results.front();
    EXPECT_EQ(result["output"], place.arg("out"));
    EXPECT_EQ(result["dtype"], "bfloat16");
    EXPECT_EQ(result["verified_tokens"], 600);
    EXPECT_GT(result["reload_difference"].get<double>(), 0.0) << "bfloat16 cannot hold float32";
    EXPECT_LT(result["reload_difference"].get<double>(), 0.1);
    double done = -1;
    for (const json& event : stream.events) {
        EXPECT_GT(event["done"].get<double>(), done);
        done = event["done"];
        EXPECT_EQ(event["total"], 100);
    }
    EXPECT_EQ(done, 100);
    EXPECT_TRUE(fs::exists(place.path("out/modeling_radlads.py")));
}

TEST(Export, LeavesNothingBehindWhenStopped) {
    const Workplace place;
    place.makeTeacher("teacher");
    const auto checkpoint = model::loadCheckpoint(place.path("teacher"));
    ASSERT_TRUE(checkpoint);
    const auto status = convert::exportHuggingFace(place.path("exports/out"), checkpoint->weights, checkpoint->config, place.path("teacher"),
                                                   io::Dtype::F32, [](int64_t done, int64_t total) { return done < total / 2; });
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::Interrupted);
    EXPECT_TRUE(fs::is_empty(place.path("exports")));
}

TEST(ConvertTeacherStream, CountsBytesAndNamesThePath) {
    const Workplace place;
    place.write("tiny.gguf", testing::tinyGguf());
    const Outcome outcome = place.run({"convert-teacher", place.arg("tiny.gguf"), "-o", place.arg("teacher"), "--stream"});
    ASSERT_EQ(outcome.exit, 0) << outcome.err;
    const Stream stream = parse(outcome.out);
    ASSERT_EQ(stream.results.size(), 1u);
    EXPECT_EQ(stream.results.front()["path"], place.arg("teacher"));
    ASSERT_FALSE(stream.events.empty());
    EXPECT_EQ(stream.events.back()["done"], stream.events.back()["total"]);
    EXPECT_TRUE(fs::exists(place.path("teacher/model.safetensors")));
}

}  // namespace
}  // namespace radlads::test
