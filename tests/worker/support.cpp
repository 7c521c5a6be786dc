#include "tests/worker/support.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "engine/convert/setup.h"
#include "engine/data/source.h"
#include "engine/io/tokenizer.h"
#include "engine/model/weights.h"
#include "engine/protocol/plan.h"

namespace radlads::test {

namespace fs = std::filesystem;

Workplace::Workplace() {
    std::string pattern = (fs::temp_directory_path() / "radlads-worker-test-XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw std::runtime_error("no temporary directory");
    m_directory = pattern;
}

Workplace::~Workplace() {
    std::error_code error;
    fs::remove_all(m_directory, error);
}

void Workplace::write(const std::string& name, const std::string& text) const {
    fs::create_directories(path(name).parent_path());
    std::ofstream(path(name), std::ios::binary) << text;
}

std::string Workplace::read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path(name), std::ios::binary).rdbuf();
    return text.str();
}

Outcome Workplace::run(const std::vector<std::string>& arguments, const std::vector<std::pair<std::string, std::string>>& environment,
                       const fs::path& interruptAt) const {
    return runUntil(arguments, environment, interruptAt.empty() ? std::function<bool()>() : [&] { return fs::exists(interruptAt); }, SIGINT);
}

Outcome Workplace::runAndInterrupt(const std::vector<std::string>& arguments, size_t lines, int signal) const {
    const auto written = [this, lines] {
        const std::string text = read("stdout");
        return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) >= lines;
    };
    write("stdout", "");
    return runUntil(arguments, {}, written, signal);
}

Outcome Workplace::runUntil(const std::vector<std::string>& arguments, const std::vector<std::pair<std::string, std::string>>& environment,
                            const std::function<bool()>& signalWhen, int signal) const {
    std::vector<std::string> words{std::string(RADLADS_BIN_DIR) + "/radlads-worker"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        setenv("HOME", m_directory.c_str(), 1);
        setenv("RADLADS_RUNS", path("runs").c_str(), 1);
        setenv("RADLADS_CACHE", path("cache").c_str(), 1);
        for (const auto& [key, value] : environment) setenv(key.c_str(), value.c_str(), 1);
        const int in = open("/dev/null", O_RDONLY);
        const int out = open(path("stdout").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), err = open(path("stderr").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(in, STDIN_FILENO);
        dup2(out, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
        execv(argv[0], argv.data());
        _exit(127);
    }
    int status = 0;
    if (signalWhen) {
        while (!signalWhen()) {
            if (waitpid(child, &status, WNOHANG) == child) return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read("stdout"), read("stderr")};
            sched_yield();
        }
        kill(child, signal);
    }
    waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read("stdout"), read("stderr")};
}

int64_t Workplace::makeTeacher(const std::string& name) const {
    std::string text;
    auto reader = data::DocumentReader::open({"demo:1:200"});
    if (!reader) throw std::runtime_error(reader.error().message);
    for (std::string story; reader->next(story).value_or(false);) text += story + "\n";
    write(name + "/tokenizer.json", io::writeTokenizerJson(io::trainBpe(text, 320, {"<|endoftext|>"}, io::PreTokenizer::Gpt2)));
    write(name + "/tokenizer_config.json", R"({"eos_token": "<|endoftext|>"})");
    const auto tokenizer = io::Tokenizer::load(path(name));
    if (!tokenizer) throw std::runtime_error(tokenizer.error().message);
    protocol::ModelPlan plan;
    plan.hiddenSize = 32;
    plan.heads = 2;
    plan.kvHeads = 1;
    plan.headDim = 16;
    plan.intermediateSize = 48;
    io::ModelConfig config = convert::freshConfig(plan, tokenizer->vocabSize());
    config.eosTokens = {*tokenizer->eosToken()};
    const model::Weights weights = convert::freshWeights(config, plan, 1);
    write(name + "/config.json", io::writeModelConfig(config));
    const auto saved = model::saveWeights(path(name) / "model.safetensors", weights, io::Dtype::F32);
    if (!saved) throw std::runtime_error(saved.error().message);
    return model::parameterCount(weights);
}

int64_t Workplace::studentParameters(const std::string& architecture, const std::string& variant) const {
    auto plan = protocol::parsePlan(read("plan.json"), "plan.json");
    if (!plan || !protocol::setPlanKey(*plan, "student.architecture=" + architecture) || !protocol::setPlanKey(*plan, "student.variant=" + variant) ||
        !protocol::resolvePlan(*plan)) {
        throw std::runtime_error("the plan was not understood");
    }
    const auto teacher = model::loadCheckpoint(path("teacher"));
    if (!teacher) throw std::runtime_error(teacher.error().message);
    const auto config = convert::studentConfig(teacher->config, plan->student);
    if (!config) throw std::runtime_error(config.error().message);
    return model::parameterCount(convert::studentWeights(teacher->weights, *config, 1));
}

void Workplace::makePlan(const std::string& name) const {
    protocol::Plan plan;
    plan.name = "small";
    plan.teacher.path = arg("teacher");
    plan.data.sources = {{"demo:7:300"}};
    for (const protocol::StepKind kind : {protocol::StepKind::Align, protocol::StepKind::Distill, protocol::StepKind::Extend}) {
        protocol::StepPlan step;
        step.kind = kind;
        step.tokens = 1000;
        step.sequenceLength = 32;
        step.batchSize = 4;
        plan.steps.push_back(step);
    }
    write(name, protocol::writePlan(plan));
}

fs::path Workplace::makeRun() const {
    if (!fs::exists(path("teacher"))) makeTeacher("teacher");
    makePlan("plan.json");
    const Outcome outcome = run({"run", arg("plan.json"), "--quiet", "--json"});
    if (outcome.exit != 0) throw std::runtime_error(outcome.err);
    return outcome.json().at("run").get<std::string>();
}

}  // namespace radlads::test
