#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/io/model_config.h"
#include "tests/io/temporary_directory.h"

namespace radlads::io {
namespace {

using nlohmann::json;
using radlads::testing::TemporaryDirectory;

json smallest(const std::string& type) {
    return {{"model_type", type}, {"hidden_size", 64}, {"num_hidden_layers", 3}, {"num_attention_heads", 4}};
}

Result<ModelConfig> parse(const json& document) {
    return parseModelConfig(document.dump(), "config.json");
}

ModelConfig parsed(const json& document) {
    const auto config = parse(document);
    EXPECT_TRUE(config) << config.error().message;
    return config.value_or(ModelConfig());
}

json with(json document, const json& changes) {
    document.merge_patch(changes);
    return document;
}

TEST(ModelConfig, ReadsTheGoldenTeacher) {
    const auto read = readModelConfig(std::string(RADLADS_TEST_DATA) + "/golden/teacher");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->family, Family::Qwen2);
    EXPECT_EQ(read->vocabSize, 199);
    EXPECT_EQ(read->headDim, 16);
    EXPECT_EQ(read->kvHeads, 2);
    EXPECT_EQ(read->attentionWidth(), 64);
    EXPECT_EQ(read->rope.theta, 1e6);
    EXPECT_EQ(read->maxPositions, 512);
    EXPECT_EQ(read->slidingWindow, 0);
    EXPECT_TRUE(read->qkvBias);
    EXPECT_FALSE(read->tieEmbeddings);
    EXPECT_EQ(read->bosToken, 0);
    EXPECT_EQ(read->eosTokens, std::vector<int64_t>{0});
    EXPECT_FALSE(read->isStudent());
    EXPECT_TRUE(read->keepsAttention(1));
}

TEST(ModelConfig, EveryFamilyHasItsOwnDefaults) {
    struct Case {
        const char* type;
        json changes;
        Family family;
        int64_t vocab, intermediate, kvHeads, headDim, window;
        bool qkvBias, outputBias, qkNorm;
    };
    const Case cases[] = {
        {"qwen2", {{"num_attention_heads", 32}}, Family::Qwen2, 151936, 22016, 32, 2, 0, true, false, false},
        {"qwen3", {{"num_attention_heads", 32}}, Family::Qwen3, 151936, 22016, 32, 128, 0, false, false, true},
        {"llama", json::object(), Family::Llama, 32000, 11008, 4, 16, 0, false, false, false},
        {"mistral", {{"num_attention_heads", 8}}, Family::Mistral, 32000, 14336, 8, 8, 4096, false, false, false},
    };
    for (const Case& c : cases) {
        const ModelConfig config = parsed(with(smallest(c.type), c.changes));
        EXPECT_EQ(config.family, c.family);
        EXPECT_STREQ(toString(config.family), c.type);
        EXPECT_EQ(config.vocabSize, c.vocab) << c.type;
        EXPECT_EQ(config.intermediateSize, c.intermediate) << c.type;
        EXPECT_EQ(config.kvHeads, c.kvHeads) << c.type;
        EXPECT_EQ(config.headDim, c.headDim) << c.type;
        EXPECT_EQ(config.slidingWindow, c.window) << c.type;
        EXPECT_EQ(config.qkvBias, c.qkvBias) << c.type;
        EXPECT_EQ(config.outputBias, c.outputBias) << c.type;
        EXPECT_EQ(config.qkNorm, c.qkNorm) << c.type;
        EXPECT_EQ(config.rmsNormEps, 1e-6) << c.type;
        EXPECT_EQ(config.rope.theta, 10000.0) << c.type;
        EXPECT_FALSE(config.tieEmbeddings) << c.type;
    }
}

TEST(ModelConfig, ReadsKeysInAllTheirForms) {
    const json base = with(smallest("llama"), {{"num_key_value_heads", nullptr}});
    EXPECT_EQ(parsed(base).kvHeads, 4);
    EXPECT_EQ(parsed(with(smallest("mistral"), {{"num_key_value_heads", 2}, {"sliding_window", 128}})).slidingWindow,
              128);
    json mistral = with(smallest("mistral"), {{"num_key_value_heads", 2}});
    mistral["sliding_window"] = nullptr;  // merge_patch would remove it
    EXPECT_EQ(parsed(mistral).slidingWindow, 0);
    EXPECT_EQ(parsed(with(base, {{"eos_token_id", {5, 7}}, {"pad_token_id", -1}})).eosTokens,
              (std::vector<int64_t>{5, 7}));
    EXPECT_FALSE(parsed(with(base, {{"pad_token_id", -1}})).paddingToken);
    EXPECT_EQ(parsed(with(base, {{"pad_token_id", 9}})).paddingToken, 9);
    EXPECT_EQ(parsed(with(base, {{"torch_dtype", "bfloat16"}})).torchDtype, "bfloat16");
    EXPECT_EQ(parsed(with(base, {{"dtype", "float16"}})).torchDtype, "float16");
    EXPECT_EQ(parsed(with(base, {{"head_dim", 32}})).attentionWidth(), 128);
    const ModelConfig biased = parsed(with(base, {{"attention_bias", true}, {"mlp_bias", true}}));
    EXPECT_TRUE(biased.qkvBias && biased.outputBias && biased.mlpBias);
    json noType = with(base, {{"architectures", {"LlamaForCausalLM"}}});
    noType.erase("model_type");
    EXPECT_EQ(parsed(noType).family, Family::Llama);
}

TEST(ModelConfig, ReadsRopeInTheOldAndTheNewForm) {
    const json llama3 = {{"factor", 8.0},
                         {"low_freq_factor", 1.0},
                         {"high_freq_factor", 4.0},
                         {"original_max_position_embeddings", 8192}};
    const json oldForm = {{"rope_theta", 5e5}, {"rope_scaling", with(llama3, {{"type", "llama3"}})}};
    const json newForm = {{"rope_parameters", with(llama3, {{"rope_type", "llama3"}, {"rope_theta", 5e5}})}};
    for (const json& form : {oldForm, newForm}) {
        const RopeConfig rope = parsed(with(smallest("llama"), form)).rope;
        EXPECT_EQ(rope.theta, 5e5);
        EXPECT_EQ(rope.scaling, RopeConfig::Scaling::Llama3);
        EXPECT_EQ(rope.factor, 8.0);
        EXPECT_EQ(rope.lowFrequencyFactor, 1.0);
        EXPECT_EQ(rope.highFrequencyFactor, 4.0);
        EXPECT_EQ(rope.originalMaxPositions, 8192);
    }
    const RopeConfig linear =
        parsed(with(smallest("llama"), {{"rope_scaling", {{"type", "linear"}, {"factor", 2}}}})).rope;
    EXPECT_EQ(linear.scaling, RopeConfig::Scaling::Linear);
    EXPECT_EQ(linear.factor, 2.0);
    const RopeConfig none =
        parsed(with(smallest("llama"), {{"rope_parameters", {{"rope_type", "default"}, {"rope_theta", 1e6}}}})).rope;
    EXPECT_EQ(none.scaling, RopeConfig::Scaling::None);
    EXPECT_EQ(none.theta, 1e6);
}

TEST(ModelConfig, KeepsAWindowOnAllLayersAndRefusesOneOnSome) {
    const json base = with(smallest("qwen3"), {{"num_key_value_heads", 2}, {"sliding_window", 64}});
    EXPECT_EQ(parsed(base).slidingWindow, 0) << "use_sliding_window is false when absent";
    EXPECT_EQ(parsed(with(base, {{"use_sliding_window", true}, {"max_window_layers", 0}})).slidingWindow, 64);
    EXPECT_EQ(parsed(with(base, {{"use_sliding_window", true}, {"max_window_layers", 3}})).slidingWindow, 0);
    EXPECT_FALSE(parse(with(base, {{"use_sliding_window", true}, {"max_window_layers", 1}})));
    EXPECT_FALSE(parse(with(base, {{"layer_types", {"full_attention", "sliding_attention", "full_attention"}}})));
}

TEST(ModelConfig, RefusesWhatIsWrongAndNamesTheKeyAndTheRemedy) {
    const json base = with(smallest("llama"), {{"vocab_size", 100}});
    struct Case {
        json changes;
        const char* reason;
    };
    const Case cases[] = {
        {{{"model_type", "gemma2"}}, "supported are qwen2, qwen3, llama, mistral"},
        {{{"model_type", "quen2"}}, "\"qwen2\" is the nearest"},
        {{{"architectures", {"LlamaForSequenceClassification"}}}, "LlamaForCausalLM"},
        {{{"hidden_act", "gelu"}}, "silu"},
        {{{"quantization_config", {{"quant_method", "gptq"}}}}, "unquantised"},
        {{{"hidden_size", 0}}, "hidden_size"},
        {{{"hidden_size", -64}}, "hidden_size"},
        {{{"hidden_size", 64.5}}, "hidden_size"},
        {{{"hidden_size", "64"}}, "hidden_size"},
        {{{"hidden_size", uint64_t{1} << 63}}, "hidden_size"},
        {{{"hidden_size", 66}}, "multiple of num_attention_heads"},
        {{{"hidden_size", 12}}, "head dimension 3"},
        {{{"head_dim", 258}}, "head_dim"},
        {{{"head_dim", 15}}, "even"},
        {{{"num_key_value_heads", 3}}, "multiple of num_key_value_heads"},
        {{{"num_attention_heads", 0}}, "num_attention_heads"},
        {{{"num_hidden_layers", 1025}}, "num_hidden_layers"},
        {{{"vocab_size", (1 << 24) + 1}}, "vocab_size"},
        {{{"intermediate_size", 1e300}}, "intermediate_size"},
        {{{"rms_norm_eps", 0}}, "rms_norm_eps"},
        {{{"rope_theta", 0}}, "rope_theta"},
        {{{"rope_scaling", {{"type", "yarn"}, {"factor", 4}}}}, "yarn"},
        {{{"rope_scaling", {{"rope_type", "dynamic"}, {"factor", 4}}}}, "dynamic"},
        {{{"rope_parameters", {{"rope_type", "longrope"}}}}, "longrope"},
        {{{"rope_scaling", {{"rope_type", "llama3"}, {"factor", 4}}}}, "low_freq_factor is missing"},
        {{{"rope_scaling", {{"rope_type", "linear"}}}}, "factor is missing"},
        {{{"rope_scaling", 5}}, "rope_scaling"},
        {{{"partial_rotary_factor", 0.5}}, "partial_rotary_factor"},
        {{{"tie_word_embeddings", 1}}, "tie_word_embeddings"},
        {{{"eos_token_id", {"a"}}}, "eos_token_id"},
    };
    for (const Case& c : cases) {
        const auto config = parse(with(base, c.changes));
        ASSERT_FALSE(config) << c.changes;
        EXPECT_EQ(config.error().code, ErrorCode::InvalidInput);
        EXPECT_EQ(config.error().message.find("config.json"), config.error().message.rfind("config.json"))
            << config.error().message;
        EXPECT_NE(config.error().message.find("config.json"), std::string::npos) << config.error().message;
        EXPECT_NE(config.error().message.find(c.reason), std::string::npos) << config.error().message;
    }
}

TEST(ModelConfig, NamesTheNearestKeyForAMissingOne) {
    json document = smallest("llama");
    document.erase("hidden_size");
    document["hiden_size"] = 64;
    const auto config = parse(document);
    ASSERT_FALSE(config);
    EXPECT_NE(config.error().message.find("hiden_size"), std::string::npos) << config.error().message;
}

TEST(ModelConfig, RefusesTextsThatAreNoConfig) {
    for (const char* text : {"", "[]", "5", "{", R"({"model_type":"llama","model_type":"qwen2"})", "\xff"})
        EXPECT_FALSE(parseModelConfig(text, "config.json")) << text;
    EXPECT_FALSE(parseModelConfig(std::string(100000, '['), "config.json"));
    const TemporaryDirectory directory;
    EXPECT_FALSE(readModelConfig(directory.path()));
    directory.write("config.json", smallest("llama").dump());
    EXPECT_TRUE(readModelConfig(directory.path()));
    EXPECT_TRUE(readModelConfig(directory.path() / "config.json"));
}

void expectSame(const ModelConfig& a, const ModelConfig& b) {
    EXPECT_EQ(a.family, b.family);
    const auto sizes = [](const ModelConfig& c) {
        return std::vector<int64_t>{c.vocabSize,
                                    c.hiddenSize,
                                    c.intermediateSize,
                                    c.layers,
                                    c.heads,
                                    c.kvHeads,
                                    c.headDim,
                                    c.maxPositions,
                                    c.slidingWindow,
                                    c.rope.originalMaxPositions,
                                    c.bosToken.value_or(-1),
                                    c.paddingToken.value_or(-1)};
    };
    EXPECT_EQ(sizes(a), sizes(b));
    const auto reals = [](const ModelConfig& c) {
        return std::vector<double>{c.rmsNormEps, c.rope.theta, c.rope.factor, c.rope.lowFrequencyFactor,
                                   c.rope.highFrequencyFactor};
    };
    EXPECT_EQ(reals(a), reals(b));
    const auto flags = [](const ModelConfig& c) {
        return std::vector<bool>{c.tieEmbeddings, c.qkvBias, c.outputBias, c.mlpBias, c.qkNorm, c.isStudent()};
    };
    EXPECT_EQ(flags(a), flags(b));
    EXPECT_EQ(a.rope.scaling, b.rope.scaling);
    EXPECT_EQ(a.eosTokens, b.eosTokens);
    EXPECT_EQ(a.torchDtype, b.torchDtype);
    ASSERT_EQ(a.isStudent(), b.isStudent());
    if (!a.student) return;
    const auto student = [](const StudentConfig& s) {
        return std::vector<int64_t>{static_cast<int64_t>(s.architecture),
                                    s.balanceState,
                                    s.groupNorm,
                                    s.rope,
                                    s.tokenShift,
                                    static_cast<int64_t>(s.gate),
                                    s.ranks.decay,
                                    s.ranks.gate,
                                    s.ranks.iclr,
                                    s.ranks.value,
                                    s.ranks.tokenShift};
    };
    EXPECT_EQ(student(*a.student), student(*b.student));
    EXPECT_EQ(a.student->attentionLayers, b.student->attentionLayers);
}

ModelConfig roundTrip(const ModelConfig& config) {
    const auto read = parseModelConfig(writeModelConfig(config), "written");
    EXPECT_TRUE(read) << read.error().message;
    return read.value_or(ModelConfig());
}

TEST(ModelConfig, TeachersRoundTrip) {
    for (const char* type : {"qwen2", "qwen3", "llama", "mistral"}) {
        json document = with(smallest(type), {{"num_key_value_heads", 2},
                                              {"eos_token_id", {1, 2}},
                                              {"bos_token_id", 3},
                                              {"rms_norm_eps", 1e-5},
                                              {"tie_word_embeddings", true},
                                              {"torch_dtype", "bfloat16"},
                                              {"vocab_size", 777}});
        expectSame(parsed(document), roundTrip(parsed(document)));
        document["rope_scaling"] = {{"rope_type", "linear"}, {"factor", 3.5}};
        document["use_sliding_window"] = true;
        document["max_window_layers"] = 0;
        expectSame(parsed(document), roundTrip(parsed(document)));
        document["rope_scaling"] = {{"rope_type", "llama3"},
                                    {"factor", 8},
                                    {"low_freq_factor", 2},
                                    {"high_freq_factor", 5},
                                    {"original_max_position_embeddings", 99}};
        expectSame(parsed(document), roundTrip(parsed(document)));
    }
    expectSame(parsed(with(smallest("llama"), {{"attention_bias", true}, {"mlp_bias", true}})),
               roundTrip(parsed(with(smallest("llama"), {{"attention_bias", true}, {"mlp_bias", true}}))));
}

TEST(ModelConfig, StudentsRoundTripWithEveryKeyExplicit) {
    for (const char* type : {"qwen2", "qwen3", "llama", "mistral"}) {
        ModelConfig config = parsed(with(smallest(type), {{"num_key_value_heads", 2}}));
        StudentConfig seven;
        seven.ranks = {.decay = 32, .iclr = 64, .value = 96, .gate = 128};
        config.student = seven;
        config.student->ranks = resolveRanks(config.student->ranks, config.hiddenSize);
        for (const std::vector<int64_t>& kept : {std::vector<int64_t>{}, {1}, {1, 2}, {0, 2}}) {
            config.student->attentionLayers = kept;
            const ModelConfig read = roundTrip(config);
            expectSame(config, read);
            for (int64_t layer = 0; layer < 3; ++layer)
                EXPECT_EQ(read.keepsAttention(layer), std::find(kept.begin(), kept.end(), layer) != kept.end());
        }
        StudentConfig six;
        six.architecture = protocol::Architecture::RadRwkv6;
        six.balanceState = true;
        six.groupNorm = six.rope = false;
        six.tokenShift = true;
        six.gate = protocol::GateKind::Full;
        six.ranks = resolveRanks({.decay = 12, .gate = 96, .tokenShift = 8}, config.hiddenSize);
        config.student = six;
        expectSame(config, roundTrip(config));
    }
}

TEST(ModelConfig, AStudentsFileNamesItsClassesAndEveryOption) {
    ModelConfig config = parsed(with(smallest("llama"), {{"num_key_value_heads", 2}}));
    config.student = StudentConfig();
    config.student->attentionLayers = {2, 1};
    const json document = json::parse(writeModelConfig(config));
    EXPECT_EQ(document["architectures"], json::array({"RWKV7Qwen2ForCausalLM"}));
    EXPECT_EQ(document["model_type"], "rwkv7qwen2");
    EXPECT_EQ(document["auto_map"]["AutoConfig"], "configuration_radlads.RWKV7Qwen2Config");
    EXPECT_EQ(document["auto_map"]["AutoModelForCausalLM"], "modeling_radlads.RWKV7Qwen2ForCausalLM");
    EXPECT_EQ(document["radlads_family"], "llama");
    EXPECT_EQ(document["attention_layers"], json::array({1, 2}));
    EXPECT_EQ(document["num_attention_layers"], 2);
    EXPECT_EQ(document["gate_rank_type"], 2);
    EXPECT_EQ(document["lora_rank_decay"], 32);
    for (const char* key :
         {"lora_rank_iclr", "lora_rank_value_residual_mix", "lora_rank_gate", "balance_state", "groupnorm_att",
          "use_rope", "use_tokenshift", "attention_bias", "attention_output_bias", "qk_norm", "mlp_bias"})
        EXPECT_TRUE(document.contains(key)) << key;
    config.student->attentionLayers = {0};
    EXPECT_FALSE(json::parse(writeModelConfig(config)).contains("num_attention_layers"))
        << "layer 0 is not among the last";
}

TEST(ModelConfig, ReadsReleasedStudentsByTheirClassesDefaults) {
    const json six =
        with(smallest("rwkv6qwen2"), {{"num_key_value_heads", 2}, {"architectures", {"RWKV6Qwen2ForCausalLM"}}});
    const ModelConfig config = parsed(six);
    ASSERT_TRUE(config.isStudent());
    EXPECT_EQ(config.family, Family::Qwen2);
    EXPECT_TRUE(config.qkvBias);
    EXPECT_TRUE(config.student->balanceState && config.student->tokenShift);
    EXPECT_FALSE(config.student->groupNorm || config.student->rope);
    EXPECT_EQ(config.student->gate, protocol::GateKind::Full);
    EXPECT_EQ(config.student->ranks.tokenShift, 32);
    EXPECT_EQ(config.student->ranks.decay, 64);
    const json seven =
        with(smallest("rwkv7qwen2"), {{"num_key_value_heads", 2}, {"num_attention_layers", 2}, {"lora_rank_decay", 5}});
    EXPECT_EQ(parsed(seven).student->attentionLayers, (std::vector<int64_t>{1, 2}));
    EXPECT_EQ(parsed(seven).student->ranks.decay, 5);
    EXPECT_EQ(parsed(seven).student->gate, protocol::GateKind::LowRank);

    for (const json& wrong :
         {json{{"attention_layers", {3}}}, json{{"attention_layers", {1, 1}}}, json{{"attention_layers", {0}}},
          json{{"gate_rank_type", 3}}, json{{"groupnorm_att", true}}, json{{"use_tokenshift", true}},
          json{{"radlads_family", "gpt2"}}, json{{"lora_rank_iclr", -1}}})
        EXPECT_FALSE(parse(with(seven, wrong))) << wrong;
}

TEST(ModelConfig, RanksFollowTheFormulaOfTheProtocol) {  // the table of radlads.md 2.1
    struct Case {
        int64_t hidden, decay, value, gate;
    };
    for (const Case& c : {Case{896, 64, 32, 128},
                          {1536, 64, 64, 224},
                          {2048, 96, 64, 256},
                          {3584, 96, 64, 416},
                          {4096, 128, 96, 480},
                          {5120, 128, 96, 544},
                          {8192, 160, 128, 800},
                          {64, 32, 32, 32}}) {
        const protocol::LoraRanks ranks = resolveRanks({}, c.hidden);
        EXPECT_EQ(ranks.decay, c.decay) << c.hidden;
        EXPECT_EQ(ranks.iclr, c.decay) << c.hidden;
        EXPECT_EQ(ranks.tokenShift, c.decay) << c.hidden;
        EXPECT_EQ(ranks.value, c.value) << c.hidden;
        EXPECT_EQ(ranks.gate, c.gate) << c.hidden;
    }
    EXPECT_EQ(resolveRanks({.decay = 7}, 896).decay, 7) << "a rank that is given stays";
}

}  // namespace
}  // namespace radlads::io
