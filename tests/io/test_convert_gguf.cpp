#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <numbers>

#include "engine/io/convert_gguf.h"
#include "engine/io/model_config.h"
#include "engine/io/tokenizer.h"
#include "tests/io/gguf_builder.h"
#include "tests/io/temporary_directory.h"

namespace radlads::io {
namespace {

using nlohmann::json;
using radlads::testing::GgufBuilder;
using radlads::testing::readBytes;
using radlads::testing::TemporaryDirectory;

// A byte as byte-level BPE spells it (interop.md 3.4, step 4).
std::string byteSymbol(int byte) {
    const auto prints = [](int b) { return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255); };
    int code = byte;
    if (!prints(byte)) {
        code = 256;
        for (int b = 0; b < byte; ++b) code += prints(b) ? 0 : 1;
    }
    if (code < 128) return std::string(1, static_cast<char>(code));
    return {static_cast<char>(0xc0 | (code >> 6)), static_cast<char>(0x80 | (code & 63))};
}

constexpr uint32_t kDim = 8, kHeads = 2, kKvHeads = 1, kHeadDim = 8, kFfn = 12, kVocab = 264;

// What one tiny model's file is made of; the tests change a part.
struct Tiny {
    std::string architecture = "llama", pre = "llama-bpe";
    bool tied = true, withBias = false, withNorms = false;
    std::vector<std::string> tokens, merges = {"a b", "ab c"};
    std::vector<int32_t> types;
    std::vector<std::pair<std::string, std::vector<float>>> extraTensors;
    std::function<void(GgufBuilder&)> extra = [](GgufBuilder&) {};

    Tiny() {
        for (int byte = 0; byte < 256; ++byte) tokens.push_back(byteSymbol(byte));
        tokens.insert(tokens.end(), {"ab", "abc", "<|begin|>", "<|end|>", "<tool>", "[PAD261]"});
        types.assign(258, 1);
        types.insert(types.end(), {3, 3, 4, 5});
    }

    // Entry i of the tensor is its own number, so that every move of a value shows.
    static std::vector<float> numbered(size_t count, float start) {
        std::vector<float> values(count);
        for (size_t i = 0; i < count; ++i) values[i] = start + static_cast<float>(i);
        return values;
    }

    std::string build() const {
        GgufBuilder builder;
        const std::string p = architecture + ".";
        builder.text("general.architecture", architecture);
        builder.u32(p + "block_count", 1);
        builder.u32(p + "context_length", 64);
        builder.u32(p + "embedding_length", kDim);
        builder.u32(p + "feed_forward_length", kFfn);
        builder.u32(p + "attention.head_count", kHeads);
        builder.u32(p + "attention.head_count_kv", kKvHeads);
        builder.u32(p + "attention.key_length", kHeadDim);
        builder.f32(p + "attention.layer_norm_rms_epsilon", 1e-5f);
        builder.f32(p + "rope.freq_base", 500000.0f);
        builder.text("tokenizer.ggml.model", "gpt2");
        builder.text("tokenizer.ggml.pre", pre);
        builder.texts("tokenizer.ggml.tokens", tokens);
        builder.i32s("tokenizer.ggml.token_type", types);
        builder.texts("tokenizer.ggml.merges", merges);
        builder.u32("tokenizer.ggml.bos_token_id", 258);
        builder.u32("tokenizer.ggml.eos_token_id", 259);
        builder.u32("tokenizer.ggml.eot_token_id", 260);
        builder.text("tokenizer.chat_template", "{{ messages }}");
        extra(builder);

        const auto matrix = [&](const std::string& name, uint64_t rows, uint64_t columns, float start) {
            builder.floats(name, {rows, columns}, numbered(rows * columns, start));
        };
        const auto vector = [&](const std::string& name, uint64_t size, float start) {
            builder.floats(name, {size}, numbered(size, start));
        };
        matrix("token_embd.weight", kVocab, kDim, 0);
        vector("output_norm.weight", kDim, 0.5f);
        if (!tied) matrix("output.weight", kVocab, kDim, 9000);
        vector("blk.0.attn_norm.weight", kDim, 1);
        vector("blk.0.ffn_norm.weight", kDim, 2);
        matrix("blk.0.attn_q.weight", kHeads * kHeadDim, kDim, 100);
        matrix("blk.0.attn_k.weight", kKvHeads * kHeadDim, kDim, 200);
        matrix("blk.0.attn_v.weight", kKvHeads * kHeadDim, kDim, 300);
        matrix("blk.0.attn_output.weight", kDim, kHeads * kHeadDim, 400);
        if (withBias) {
            vector("blk.0.attn_q.bias", kHeads * kHeadDim, 10);
            vector("blk.0.attn_k.bias", kKvHeads * kHeadDim, 20);
            vector("blk.0.attn_v.bias", kKvHeads * kHeadDim, 30);
        }
        if (withBias && architecture == "llama") vector("blk.0.attn_output.bias", kDim, 40);
        if (withNorms) {
            vector("blk.0.attn_q_norm.weight", kHeadDim, 50);
            vector("blk.0.attn_k_norm.weight", kHeadDim, 60);
        }
        matrix("blk.0.ffn_gate.weight", kFfn, kDim, 500);
        matrix("blk.0.ffn_up.weight", kFfn, kDim, 600);
        matrix("blk.0.ffn_down.weight", kDim, kFfn, 700);
        for (const auto& [name, values] : extraTensors) builder.floats(name, {values.size()}, values);
        return builder.build();
    }
};

struct Converted {
    TemporaryDirectory directory;
    std::filesystem::path path = directory.path() / "teacher";
    Status status;

    explicit Converted(const Tiny& tiny, Dtype dtype = Dtype::F32)
        : status(convertGgufTeacher(directory.write("tiny.gguf", tiny.build()), path, dtype)) {
        EXPECT_TRUE(status) << status.error().message;
    }
    std::vector<float> tensor(const std::string& name) const {
        const auto file = Safetensors::open(path);
        if (!file || !file->tensors().contains(name)) {
            ADD_FAILURE() << "no tensor " << name;
            return {};
        }
        const TensorInfo& info = file->tensors().at(name);
        std::vector<float> values(static_cast<size_t>(info.elementCount()));
        EXPECT_TRUE(toFloat32(info, values));
        return values;
    }
    json document(const std::string& name) const { return json::parse(readBytes(path / name)); }
};

std::string layer(const std::string& name) {
    return "model.layers.0." + name;
}

// Where llama.cpp's converter moves the rows of q_proj and k_proj: (heads, 2, N/2) to (heads, N/2, 2).
std::vector<float> interleaved(const std::vector<float>& values, size_t heads) {
    const size_t width = values.size() / (heads * kHeadDim);
    std::vector<float> result;
    for (size_t head = 0; head < heads; ++head)
        for (size_t j = 0; j < kHeadDim / 2; ++j)
            for (size_t s = 0; s < 2; ++s)
                for (size_t column = 0; column < width; ++column)
                    result.push_back(values[((head * 2 + s) * (kHeadDim / 2) + j) * width + column]);
    return result;
}

TEST(ConvertGguf, WritesACompleteDirectory) {
    const Converted converted{Tiny()};
    const auto config = readModelConfig(converted.path);
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->family, Family::Llama);
    EXPECT_EQ(config->vocabSize, kVocab);
    EXPECT_EQ(config->headDim, kHeadDim);
    EXPECT_EQ(config->kvHeads, kKvHeads);
    EXPECT_EQ(config->rmsNormEps, 1e-5) << "the shortest decimal of the float";
    EXPECT_EQ(config->rope.theta, 5e5);
    EXPECT_EQ(config->rope.scaling, RopeConfig::Scaling::None);
    EXPECT_TRUE(config->tieEmbeddings);
    EXPECT_EQ(config->bosToken, 258);
    EXPECT_EQ(config->eosTokens, std::vector<int64_t>{259});
    EXPECT_EQ(converted.document("generation_config.json"),
              json({{"bos_token_id", 258}, {"eos_token_id", {259, 260}}}));
    EXPECT_EQ(converted.directory.entryCount(), 2u) << "something besides the directory and its source is left";

    EXPECT_EQ(Safetensors::open(converted.path)->tensors().size(), 11u);
    EXPECT_EQ(converted.tensor("model.embed_tokens.weight"), Tiny::numbered(kVocab * kDim, 0));
    EXPECT_EQ(converted.tensor("model.norm.weight"), Tiny::numbered(kDim, 0.5f));
    EXPECT_EQ(converted.tensor(layer("input_layernorm.weight")), Tiny::numbered(kDim, 1));
    EXPECT_EQ(converted.tensor(layer("post_attention_layernorm.weight")), Tiny::numbered(kDim, 2));
    EXPECT_EQ(converted.tensor(layer("self_attn.v_proj.weight")), Tiny::numbered(kKvHeads * kHeadDim * kDim, 300));
    EXPECT_EQ(converted.tensor(layer("self_attn.o_proj.weight")), Tiny::numbered(kDim * kHeads * kHeadDim, 400));
    EXPECT_EQ(converted.tensor(layer("mlp.gate_proj.weight")), Tiny::numbered(kFfn * kDim, 500));
    EXPECT_EQ(converted.tensor(layer("mlp.up_proj.weight")), Tiny::numbered(kFfn * kDim, 600));
    EXPECT_EQ(converted.tensor(layer("mlp.down_proj.weight")), Tiny::numbered(kDim * kFfn, 700));
}

TEST(ConvertGguf, LlamaRowsReturnToHalfSplitOrder) {
    Tiny tiny;
    tiny.withBias = true;
    const Converted converted{tiny};
    const auto q = converted.tensor(layer("self_attn.q_proj.weight"));
    const auto k = converted.tensor(layer("self_attn.k_proj.weight"));
    EXPECT_EQ(interleaved(q, kHeads), Tiny::numbered(kHeads * kHeadDim * kDim, 100));
    EXPECT_EQ(interleaved(k, kKvHeads), Tiny::numbered(kKvHeads * kHeadDim * kDim, 200));
    EXPECT_EQ(interleaved(converted.tensor(layer("self_attn.q_proj.bias")), kHeads),
              Tiny::numbered(kHeads * kHeadDim, 10));
    EXPECT_EQ(converted.tensor(layer("self_attn.k_proj.bias")), (std::vector<float>{20, 22, 24, 26, 21, 23, 25, 27}))
        << "by hand";
    EXPECT_EQ(converted.tensor(layer("self_attn.v_proj.bias")), Tiny::numbered(kKvHeads * kHeadDim, 30));
    EXPECT_TRUE(readModelConfig(converted.path)->qkvBias);
}

TEST(ConvertGguf, QwenRowsStayWhereTheyAre) {
    for (const char* architecture : {"qwen2", "qwen3"}) {
        Tiny tiny;
        tiny.architecture = architecture;
        tiny.pre = "qwen2";
        tiny.tied = false;
        tiny.withBias = tiny.architecture == "qwen2";
        tiny.withNorms = tiny.architecture == "qwen3";
        const Converted converted{tiny};
        EXPECT_EQ(converted.tensor(layer("self_attn.q_proj.weight")), Tiny::numbered(kHeads * kHeadDim * kDim, 100));
        EXPECT_EQ(converted.tensor(layer("self_attn.k_proj.weight")), Tiny::numbered(kKvHeads * kHeadDim * kDim, 200));
        EXPECT_EQ(converted.tensor("lm_head.weight"), Tiny::numbered(kVocab * kDim, 9000));
        const std::string last = tiny.withBias ? "self_attn.q_proj.bias" : "self_attn.k_norm.weight";
        EXPECT_EQ(converted.tensor(layer(last)),
                  tiny.withBias ? Tiny::numbered(kHeads * kHeadDim, 10) : Tiny::numbered(kHeadDim, 60));
        const auto config = readModelConfig(converted.path);
        EXPECT_STREQ(toString(config->family), architecture);
        EXPECT_FALSE(config->tieEmbeddings);
        EXPECT_EQ(config->qkvBias, tiny.withBias);
    }
}

TEST(ConvertGguf, TheTokenizerKeepsItsIdsAndAddedTokens) {
    const Converted converted{Tiny()};
    const auto tokenizer = Tokenizer::load(converted.path);
    ASSERT_TRUE(tokenizer) << tokenizer.error().message;
    EXPECT_EQ(tokenizer->encode("abc"), std::vector<int32_t>{257});
    EXPECT_EQ(tokenizer->encode("ab d"), (std::vector<int32_t>{256, ' ', 'd'}));
    EXPECT_EQ(tokenizer->encode("<|end|>a<tool>"), (std::vector<int32_t>{259, 'a', 260}));
    EXPECT_EQ(tokenizer->encode("a", true), (std::vector<int32_t>{258, 'a'})) << "llama-bpe puts bos in front";
    EXPECT_EQ(tokenizer->decode(std::vector<int32_t>{257, 259, 'x'}, true), "abcx");
    EXPECT_EQ(tokenizer->bosToken(), 258);
    EXPECT_EQ(tokenizer->eosToken(), 259);
    EXPECT_EQ(tokenizer->chatTemplate(), "{{ messages }}");
    EXPECT_FALSE(tokenizer->tokenId("[PAD261]")) << "padding rows are no tokens";

    const json config = converted.document("tokenizer_config.json");
    EXPECT_EQ(config["bos_token"], "<|begin|>");
    EXPECT_EQ(config["eos_token"], "<|end|>");
    EXPECT_EQ(config["pad_token"], nullptr);
    EXPECT_EQ(config["add_bos_token"], true);
    EXPECT_EQ(config["chat_template"], "{{ messages }}");
}

TEST(ConvertGguf, AFileThatAddsNoBosGivesATokenizerThatAddsNone) {
    Tiny tiny;
    tiny.extra = [](GgufBuilder& b) { b.boolean("tokenizer.ggml.add_bos_token", false); };
    const Converted converted{tiny};
    EXPECT_EQ(Tokenizer::load(converted.path)->encode("a", true), std::vector<int32_t>{'a'});
    EXPECT_EQ(converted.document("tokenizer_config.json")["add_bos_token"], false);
}

TEST(ConvertGguf, NarrowTypesRoundAndRefuseToOverflow) {
    const Converted converted(Tiny(), Dtype::BF16);
    EXPECT_EQ(Safetensors::open(converted.path)->tensors().at("model.norm.weight").dtype, Dtype::BF16);
    EXPECT_EQ(converted.tensor("model.norm.weight"), Tiny::numbered(kDim, 0.5f));
    EXPECT_EQ(readModelConfig(converted.path)->torchDtype, "bfloat16");
    const std::vector<float> embedding = converted.tensor("model.embed_tokens.weight");
    for (size_t i = 0; i < embedding.size(); ++i)
        ASSERT_EQ(embedding[i], bf16ToFloat(floatToBf16(static_cast<float>(i)))) << i;

    Tiny large;
    large.architecture = "qwen2";
    large.pre = "qwen2";
    large.withBias = large.tied = true;
    const TemporaryDirectory directory;
    std::string file = large.build();
    const float tooLarge = 70000.0f;
    const auto position = file.rfind(radlads::testing::bytesOf(700.0f));
    ASSERT_NE(position, std::string::npos);
    file.replace(position, sizeof(tooLarge), radlads::testing::bytesOf(tooLarge));
    const auto source = directory.write("large.gguf", file);
    const Status status = convertGgufTeacher(source, directory.path() / "out", Dtype::F16);
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find("ffn_down"), std::string::npos) << status.error().message;
    EXPECT_EQ(directory.entryCount(), 1u) << "something was left behind";
    EXPECT_TRUE(convertGgufTeacher(source, directory.path() / "out", Dtype::BF16));
}

TEST(ConvertGguf, RecoversTheRopeScalingOfLlama3OrRefuses) {
    const auto factorsOf = [](double factor, double low, double high, double original) {
        std::vector<float> factors;
        for (int j = 0; j < static_cast<int>(kHeadDim) / 2; ++j) {
            const double wavelength = 2 * std::numbers::pi / std::pow(500000.0, -2.0 * j / kHeadDim);
            if (wavelength < original / high)
                factors.push_back(1.0f);
            else if (wavelength > original / low)
                factors.push_back(static_cast<float>(factor));
            else {
                const double smooth = (original / wavelength - low) / (high - low);
                factors.push_back(static_cast<float>(1 / ((1 - smooth) / factor + smooth)));
            }
        }
        return factors;
    };
    // The wavelengths are 6.3, 167, 4443 and 118142: with 8192 positions the third lies between the two limits.
    Tiny tiny;
    tiny.extraTensors = {{"rope_freqs.weight", {1.0f, 1.0f, 1.0f, 1.0f}}};
    EXPECT_EQ(readModelConfig(Converted(tiny).path)->rope.scaling, RopeConfig::Scaling::None);
    tiny.extraTensors = {{"rope_freqs.weight", factorsOf(32, 1, 4, 8192)}};
    const RopeConfig rope = readModelConfig(Converted(tiny).path)->rope;
    EXPECT_EQ(rope.scaling, RopeConfig::Scaling::Llama3);
    EXPECT_EQ(rope.factor, 32.0);
    EXPECT_EQ(rope.lowFrequencyFactor, 1.0);
    EXPECT_EQ(rope.highFrequencyFactor, 4.0);
    EXPECT_EQ(rope.originalMaxPositions, 8192);

    const TemporaryDirectory directory;
    const std::pair<const char*, std::vector<float>> refused[] = {{"other positions", factorsOf(32, 1, 4, 4096 + 1024)},
                                                                  {"other limits", factorsOf(32, 2, 4, 8192)},
                                                                  {"another formula", {2.0f, 4.0f, 6.0f, 8.0f}},
                                                                  {"a wrong count", {1.0f}}};
    for (const auto& [promise, factors] : refused) {
        tiny.extraTensors = {{"rope_freqs.weight", factors}};
        const Status status =
            convertGgufTeacher(directory.write("a.gguf", tiny.build()), directory.path() / "out", Dtype::F32);
        ASSERT_FALSE(status) << promise;
        EXPECT_NE(status.error().message.find("rope_freqs"), std::string::npos) << status.error().message;
    }
}

TEST(ConvertGguf, ReadsLinearRopeScaling) {
    Tiny tiny;
    tiny.extra = [](GgufBuilder& b) {
        b.text("llama.rope.scaling.type", "linear");
        b.f32("llama.rope.scaling.factor", 4.0f);
    };
    const RopeConfig rope = readModelConfig(Converted(tiny).path)->rope;
    EXPECT_EQ(rope.scaling, RopeConfig::Scaling::Linear);
    EXPECT_EQ(rope.factor, 4.0);
}

TEST(ConvertGguf, RefusesWhatItCannotExpressAndWritesNothing) {
    struct Case {
        const char* promise;
        std::function<void(Tiny&)> change;
        const char* reason;
    };
    const auto key = [](auto add) { return [add](Tiny& t) { t.extra = add; }; };
    const Case cases[] = {
        {"other architecture", [](Tiny& t) { t.architecture = std::string("gemma2"); }, "gemma2"},
        {"other pre-tokenizer", [](Tiny& t) { t.pre = std::string("tekken"); }, "tekken"},
        {"unknown tensor",
         [](Tiny& t) {
             t.extraTensors = {{"blk.0.extra", {1.0f}}};
         },
         "blk.0.extra"},
        {"tensor of the wrong shape",
         [](Tiny& t) {
             t.tied = true, t.extraTensors = {{"output.weight", {1.0f}}};
         },
         "output.weight"},
        {"missing tensor", [](Tiny& t) { t.architecture = std::string("qwen3"); }, "attn_q_norm"},
        {"yarn", key([](GgufBuilder& b) { b.text("llama.rope.scaling.type", "yarn"); }), "yarn"},
        {"partial rotary", key([](GgufBuilder& b) { b.u32("llama.rope.dimension_count", 2); }), "partial"},
        {"experts", key([](GgufBuilder& b) { b.u32("llama.expert_count", 8); }), "experts"},
        {"value length", key([](GgufBuilder& b) { b.u32("llama.attention.value_length", 4); }), "lengths"},
        {"wrong type of a key", key([](GgufBuilder& b) { b.text("llama.expert_count", "8"); }), "llama.expert_count"},
        {"padding id beyond the vocabulary", key([](GgufBuilder& b) { b.u32("tokenizer.ggml.padding_token_id", 262); }),
         "padding_token_id"},
        {"padding id of an unused row", key([](GgufBuilder& b) { b.u32("tokenizer.ggml.padding_token_id", 261); }),
         "padding_token_id"},
        {"token twice", [](Tiny& t) { t.tokens[5] = t.tokens[6]; }, "two ids"},
        {"token that is no UTF-8", [](Tiny& t) { t.tokens[5] = std::string("\xff"); }, "UTF-8"},
        {"more tokens than rows", [](Tiny& t) { t.tokens.resize(300, "x"), t.types.resize(300, 1); }, "rows"},
        {"types missing", [](Tiny& t) { t.types.pop_back(); }, "token_type"},
        {"merge of unknown parts", [](Tiny& t) { t.merges.push_back("zz z"); }, "merge"},
        {"merge to an unknown token", [](Tiny& t) { t.merges.push_back("b a"); }, "merge"},
        {"merge of one part", [](Tiny& t) { t.merges.push_back("ab"); }, "merge"},
    };
    for (const Case& c : cases) {
        Tiny tiny;
        c.change(tiny);
        const TemporaryDirectory directory;
        const Status status =
            convertGgufTeacher(directory.write("tiny.gguf", tiny.build()), directory.path() / "out", Dtype::F32);
        ASSERT_FALSE(status) << c.promise;
        EXPECT_EQ(status.error().code, ErrorCode::InvalidInput) << c.promise;
        EXPECT_NE(status.error().message.find(c.reason), std::string::npos)
            << c.promise << ": " << status.error().message;
        EXPECT_EQ(directory.entryCount(), 1u) << c.promise;
    }
}

TEST(ConvertGguf, NeverOverwritesADirectoryThatHoldsSomething) {
    const TemporaryDirectory directory;
    const auto source = directory.write("tiny.gguf", Tiny().build());
    std::filesystem::create_directory(directory.path() / "full");
    directory.write("full/precious", "kept");
    ASSERT_FALSE(convertGgufTeacher(source, directory.path() / "full", Dtype::F32));
    EXPECT_EQ(readBytes(directory.path() / "full" / "precious"), "kept");
    ASSERT_FALSE(convertGgufTeacher(source, source, Dtype::F32)) << "a file is in the way";

    std::filesystem::create_directory(directory.path() / "empty");
    EXPECT_TRUE(convertGgufTeacher(source, directory.path() / "empty" / "", Dtype::F32))
        << "an empty directory may be used";
    EXPECT_TRUE(convertGgufTeacher(source, directory.path() / "new" / "deep", Dtype::F32)) << "parents are made";
}

TEST(ConvertGguf, ReportsProgressAndStopsWhenTold) {
    const TemporaryDirectory directory;
    const auto source = directory.write("tiny.gguf", Tiny().build());
    int64_t last = 0, total = 0;
    ASSERT_TRUE(convertGgufTeacher(source, directory.path() / "out", Dtype::F32, [&](int64_t done, int64_t all) {
        EXPECT_GT(done, last);
        last = done;
        total = all;
        return true;
    }));
    EXPECT_EQ(last, total);
    EXPECT_EQ(total, Safetensors::open(directory.path() / "out")->totalBytes());

    const Status status =
        convertGgufTeacher(source, directory.path() / "other", Dtype::F32, [](int64_t, int64_t) { return false; });
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::Interrupted);
    EXPECT_EQ(directory.entryCount(), 2u);
}

}  // namespace
}  // namespace radlads::io
