# SPDX-License-Identifier: Apache-2.0
"""Configuration of RAD-RWKV6 and RAD-RWKV7 students: the decoder of a Qwen2, Qwen3, Llama or Mistral model whose softmax
attention was converted into a linear-attention RNN. Every key of config.json becomes an attribute; modeling_radlads.Settings
says which of them the model reads and what an absent one means."""

from transformers import PretrainedConfig


class RadladsConfig(PretrainedConfig):
    keys_to_ignore_at_inference = ["past_key_values"]

    def __init__(
        self,
        vocab_size=151936,
        hidden_size=3584,
        intermediate_size=18944,
        num_hidden_layers=28,
        num_attention_heads=28,
        num_key_value_heads=None,
        head_dim=None,
        hidden_act="silu",
        max_position_embeddings=32768,
        rms_norm_eps=1e-6,
        rope_theta=10000.0,
        rope_scaling=None,
        rope_parameters=None,
        tie_word_embeddings=False,
        radlads_family="qwen2",
        attention_layers=None,
        **kwargs,
    ):
        super().__init__(tie_word_embeddings=tie_word_embeddings, **kwargs)
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.intermediate_size = intermediate_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.num_key_value_heads = num_key_value_heads or num_attention_heads
        self.head_dim = head_dim or hidden_size // num_attention_heads
        self.hidden_act = hidden_act
        self.max_position_embeddings = max_position_embeddings
        self.rms_norm_eps = rms_norm_eps
        # One form for old files (rope_theta, rope_scaling) and those of Transformers 5 (rope_parameters).
        self.rope_parameters = {"rope_type": "default", "rope_theta": rope_theta, **(rope_scaling or {}), **(rope_parameters or {})}
        self.radlads_family = radlads_family
        self.attention_layers = list(attention_layers or [])


# Transformers 5 writes an __init__ of its own for a subclass that has none, and it would not call the one above.
class RWKV6Qwen2Config(RadladsConfig):
    model_type = "rwkv6qwen2"

    def __init__(self, **kwargs):
        super().__init__(**kwargs)


class RWKV7Qwen2Config(RadladsConfig):
    model_type = "rwkv7qwen2"

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
