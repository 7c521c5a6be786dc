// A whole model of one layer as a GGUF file.
#pragma once

#include <map>

#include "tests/io/gguf_builder.h"

namespace radlads::testing {

// One layer of llama with a byte vocabulary.
inline std::string tinyGguf() {
    GgufBuilder builder;
    builder.text("general.architecture", "llama");
    for (const auto& [key, value] : std::map<std::string, uint32_t>{{"block_count", 1}, {"context_length", 64}, {"embedding_length", 8},
                                                                    {"feed_forward_length", 12}, {"attention.head_count", 2}, {"attention.head_count_kv", 1},
                                                                    {"attention.key_length", 8}}) {
        builder.u32("llama." + key, value);
    }
    builder.f32("llama.attention.layer_norm_rms_epsilon", 1e-5f);
    builder.f32("llama.rope.freq_base", 10000.0f);
    builder.text("tokenizer.ggml.model", "gpt2");
    builder.text("tokenizer.ggml.pre", "llama-bpe");
    std::vector<std::string> tokens;
    const auto symbol = [](int code) {
        return code < 128 ? std::string(1, static_cast<char>(code)) : std::string{static_cast<char>(0xc0 | (code >> 6)), static_cast<char>(0x80 | (code & 63))};
    };
    for (int byte = 0, shifted = 256; byte < 256; ++byte) {
        const bool prints = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
        tokens.push_back(symbol(prints ? byte : shifted));
        shifted += prints ? 0 : 1;
    }
    tokens.insert(tokens.end(), {"ab", "<|end|>"});
    std::vector<int32_t> types(257, 1);
    types.push_back(3);
    builder.texts("tokenizer.ggml.tokens", tokens);
    builder.i32s("tokenizer.ggml.token_type", types);
    builder.texts("tokenizer.ggml.merges", {"a b"});
    builder.u32("tokenizer.ggml.eos_token_id", 257);
    const auto tensor = [&](const std::string& name, const std::vector<uint64_t>& shape) {
        size_t count = 1;
        for (const uint64_t extent : shape) count *= extent;
        builder.floats(name, shape, std::vector<float>(count, 0.5f));
    };
    tensor("token_embd.weight", {258, 8});
    tensor("output_norm.weight", {8});
    for (const char* name : {"attn_norm.weight", "ffn_norm.weight"}) tensor(std::string("blk.0.") + name, {8});
    tensor("blk.0.attn_q.weight", {16, 8});
    tensor("blk.0.attn_k.weight", {8, 8});
    tensor("blk.0.attn_v.weight", {8, 8});
    tensor("blk.0.attn_output.weight", {8, 16});
    tensor("blk.0.ffn_gate.weight", {12, 8});
    tensor("blk.0.ffn_up.weight", {12, 8});
    tensor("blk.0.ffn_down.weight", {8, 12});
    return builder.build();
}

}  // namespace radlads::testing
