# SPDX-License-Identifier: Apache-2.0
"""RAD-RWKV6 and RAD-RWKV7 students in plain PyTorch (the RADLADS protocol, arXiv 2505.03005).

With Hugging Face transformers: AutoModelForCausalLM.from_pretrained(DIR, trust_remote_code=True). Without it, PyTorch is enough:

    python modeling_radlads.py DIR "9707 11 1879" [--generate N]

prints the five likeliest next tokens after every given token id, and the ids of N tokens of greedy generation.

Shapes: B batch, T tokens, D hidden size, H query heads, N head size, A = H N. A layer's memory is constant in T, except in
layers that keep softmax attention (config key attention_layers).
"""

import json
import math
import pathlib
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

try:
    from transformers import GenerationMixin, PreTrainedModel
    from transformers import __version__ as transformers_version
    from transformers.modeling_outputs import CausalLMOutputWithPast

    from .configuration_radlads import RadladsConfig, RWKV6Qwen2Config, RWKV7Qwen2Config
except ImportError:  # run as a script, or no transformers: StandaloneModel below
    PreTrainedModel = None

CHUNK = 16  # tokens of one step of the parallel form; within it exp(16 x the largest decay) stays inside float32
LOWEST_LOG_DECAY = -5.0  # RAD-RWKV6
DECAY_SCALE = math.exp(-0.5)  # RAD-RWKV7: log w = -e^-0.5 sigmoid(.)
GATE_FULL, GATE_LOW_RANK = 1, 2  # gate_rank_type; 0: no gate
# Exponent e and factor m of the protocol's rank 32 max(1, round(D^e m / 32)), where config.json has no lora_rank_NAME.
LOW_RANKS = {
    "tokenshift": (0.5, 1.8), "decay": (0.5, 1.8), "iclr": (0.5, 1.8), "value_residual_mix": (0.5, 1.3), "gate": (0.8, 0.6)
}  # fmt: skip


@dataclass
class Settings:
    """What the model needs of config.json; an absent key means the default here."""

    student: str  # "rwkv6" | "rwkv7"
    vocab_size: int
    hidden_size: int
    intermediate_size: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    eps: float
    tied: bool
    qkv_bias: bool
    output_bias: bool
    mlp_bias: bool
    qk_norm: bool
    window: int  # of kept softmax layers; 0: none
    use_rope: bool
    rope: dict  # rope_theta, and the keys of a scaling
    balance_state: bool
    groupnorm: bool
    token_shift: bool
    gate: int
    ranks: dict
    attention_layers: set

    @staticmethod
    def of(config):
        """config: the parsed config.json."""

        def get(key, default=None):
            value = config.get(key)
            return default if value is None else value

        names = " ".join([get("model_type", ""), *get("architectures", [])]).lower()
        student = "rwkv6" if "rwkv6" in names else "rwkv7" if "rwkv7" in names else None
        if student is None:
            raise ValueError(f"config.json: model_type is {config.get('model_type')!r}; this file runs rwkv6qwen2 and rwkv7qwen2")
        family = get("radlads_family", "qwen2")
        if family not in ("qwen2", "qwen3", "llama", "mistral"):
            raise ValueError(f"config.json: radlads_family is {family!r}; it is one of qwen2, qwen3, llama, mistral")
        if get("hidden_act", "silu") != "silu":
            raise ValueError(f"config.json: hidden_act is {config['hidden_act']!r}; only silu is supported")
        hidden, heads = config["hidden_size"], config["num_attention_heads"]
        is_six = student == "rwkv6"
        rope = {"rope_theta": get("rope_theta", 10000.0), **get("rope_scaling", {}), **get("rope_parameters", {})}
        windowed = get("use_sliding_window", family == "mistral")
        return Settings(
            student=student,
            vocab_size=config["vocab_size"],
            hidden_size=hidden,
            intermediate_size=config["intermediate_size"],
            layers=config["num_hidden_layers"],
            heads=heads,
            kv_heads=get("num_key_value_heads", heads),
            head_dim=get("head_dim", hidden // heads),
            eps=get("rms_norm_eps", 1e-6),
            tied=get("tie_word_embeddings", False),
            qkv_bias=get("attention_bias", family == "qwen2"),
            output_bias=get("attention_output_bias", False),
            mlp_bias=get("mlp_bias", False),
            qk_norm=get("qk_norm", family == "qwen3"),
            window=get("sliding_window", 0) if windowed else 0,
            use_rope=get("use_rope", not is_six),
            rope=rope,
            balance_state=get("balance_state", True),
            groupnorm=get("groupnorm_att", False),
            token_shift=get("use_tokenshift", is_six) and is_six,
            gate=get("gate_rank_type", GATE_FULL if is_six else GATE_LOW_RANK),
            ranks={
                name: get(f"lora_rank_{name}", 32 * max(1, round(hidden**exponent * factor / 32)))
                for name, (exponent, factor) in LOW_RANKS.items()
            },
            attention_layers=set(get("attention_layers", [])),
        )


def rope_frequencies(settings):
    """[N/2] in float64, with the scalings "linear" and "llama3"."""
    n, scaling = settings.head_dim, settings.rope
    frequencies = scaling["rope_theta"] ** (-torch.arange(0, n, 2, dtype=torch.float64) / n)
    kind = scaling.get("rope_type", scaling.get("type", "default"))
    if kind == "default":
        return frequencies
    if kind == "linear":
        return frequencies / scaling["factor"]
    if kind != "llama3":
        raise ValueError(f"config.json: rope_scaling is of type {kind!r}; linear and llama3 are supported")
    low, high = scaling.get("low_freq_factor", 1.0), scaling.get("high_freq_factor", 4.0)
    turns = scaling.get("original_max_position_embeddings", 8192) * frequencies / (2 * math.pi)
    share = ((turns - low) / (high - low)).clamp(0, 1)
    return (1 - share) * frequencies / scaling["factor"] + share * frequencies


def rotary_table(settings, start, length, mask, like):
    """cos and sin [B or 1, 1, T, N] for the positions start, start + 1, ...; with a mask, padding is not counted."""
    positions = torch.arange(start, start + length, dtype=torch.float64)[None]
    if mask is not None:
        positions = (mask.cpu().double().cumsum(-1) - 1).clamp_min(0)[:, -length:]
    angles = (positions[..., None] * rope_frequencies(settings)).repeat(1, 1, 2)[:, None]
    return angles.cos().to(like), angles.sin().to(like)


def rotate(x, rotary):
    first, second = x.chunk(2, dim=-1)
    return x * rotary[0] + torch.cat([-second, first], dim=-1) * rotary[1]


def wide(x):
    """At least float32: recurrences and norms are computed in it."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def split_heads(x, heads):
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)  # [B, T, H N] -> [B, H, T, N]


def merge_heads(x):
    return x.transpose(1, 2).flatten(2)


def wkv6(q, log_decay, k, v, state):
    """S_t = diag(w_t) S_{t-1} + k_t^T v_t, y_t = q_t S_t, in chunks. All [B, H, T, N]; state [B, H, K, V]. Gives y and the state."""
    outputs = []
    for q, step, k, v in zip(*(x.split(CHUNK, dim=2) for x in (q, log_decay, k, v))):
        total = step.cumsum(2)
        last, middle = total[:, :, -1:], total[:, :, total.shape[2] // 2, None]
        scores = ((q * (total - middle).exp()) @ (k * (middle - total).exp()).transpose(-1, -2)).tril()
        outputs.append(scores @ v + (q * total.exp()) @ state)
        state = last.exp().transpose(-1, -2) * state + (k * (last - total).exp()).transpose(-1, -2) @ v
    return torch.cat(outputs, dim=2), state


def wkv7(r, log_decay, k, v, alpha, beta, state):
    """S_t = S_{t-1} (diag(w_t) + alpha_t^T beta_t) + v_t^T k_t, y_t = S_t r_t, in chunks. All [B, H, T, N]; state [B, H, V, K]."""
    outputs = []
    for r, step, k, v, alpha, beta in zip(*(x.split(CHUNK, dim=2) for x in (r, log_decay, k, v, alpha, beta))):
        total = step.cumsum(2)
        alpha, r = alpha * (total - step).exp(), r * total.exp()
        k, beta = k * (-total).exp(), beta * (-total).exp()
        k_columns, beta_columns = k.transpose(-1, -2), beta.transpose(-1, -2)
        before = state.transpose(-1, -2)
        one = torch.eye(total.shape[2], dtype=total.dtype, device=total.device)
        right = (alpha @ k_columns).tril(-1) @ v + alpha @ before
        u = torch.linalg.solve_triangular(one - (alpha @ beta_columns).tril(-1), right, upper=False, unitriangular=True)
        outputs.append((r @ k_columns).tril() @ v + (r @ beta_columns).tril() @ u + r @ before)
        state = (state + v.transpose(-1, -2) @ k + u.transpose(-1, -2) @ beta) * total[:, :, -1:].exp()
    return torch.cat(outputs, dim=2), state


class RadladsCache:
    """What the model keeps of the tokens it has read: by layer, a tuple of tensors whose first dimension is the batch."""

    def __init__(self):
        self.layers = {}
        self.tokens = 0

    def get_seq_length(self, layer_idx=0):
        return self.tokens

    def reorder_cache(self, beams):
        self.layers = {i: tuple(x.index_select(0, beams.to(x.device)) for x in held) for i, held in self.layers.items()}

    def size_bytes(self):
        return sum(x.numel() * x.element_size() for held in self.layers.values() for x in held)


@dataclass
class Window:
    """One call of the model: what its layers share."""

    rotary: tuple
    cache: RadladsCache
    mask: torch.Tensor = None  # [B, tokens read before + T], 0 at padding
    first_value: torch.Tensor = None  # RAD-RWKV7: values of the first recurrent layer

    def held(self, layer):
        return self.cache.layers.get(layer)


class RMSNorm(nn.Module):
    def __init__(self, size, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x):
        x32 = wide(x)
        return self.weight * (x32 * torch.rsqrt(x32.square().mean(-1, keepdim=True) + self.eps)).to(x.dtype)


class HeadNorm(nn.Module):
    """GroupNorm with one group a head, on [B, H, T, N], giving [B, T, A]."""

    def __init__(self, width, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.eps = eps

    def forward(self, y):
        return merge_heads(F.layer_norm(y, y.shape[-1:], eps=self.eps)) * self.weight + self.bias


class Mixer(nn.Module):
    """The projections and norms that all mixers take over from the teacher's attention."""

    def __init__(self, settings, layer):
        super().__init__()
        self.settings, self.layer = settings, layer
        self.width = settings.heads * settings.head_dim
        kv_width = settings.kv_heads * settings.head_dim
        self.q_proj = nn.Linear(settings.hidden_size, self.width, bias=settings.qkv_bias)
        self.k_proj = nn.Linear(settings.hidden_size, kv_width, bias=settings.qkv_bias)
        self.v_proj = nn.Linear(settings.hidden_size, kv_width, bias=settings.qkv_bias)
        self.o_proj = nn.Linear(self.width, settings.hidden_size, bias=settings.output_bias)
        if settings.qk_norm:
            self.q_norm = RMSNorm(settings.head_dim, settings.eps)
            self.k_norm = RMSNorm(settings.head_dim, settings.eps)

    def parameter(self, *shape):
        return nn.Parameter(torch.zeros(shape))

    def project(self, xq, xk, xv, use_rope, window):
        s = self.settings
        q = split_heads(self.q_proj(xq), s.heads)
        k = split_heads(self.k_proj(xk), s.kv_heads)
        v = split_heads(self.v_proj(xv), s.kv_heads)
        if s.qk_norm:
            q, k = self.q_norm(q), self.k_norm(k)
        if use_rope:
            q, k = rotate(q, window.rotary), rotate(k, window.rotary)
        return q, k, v

    def repeat(self, x):
        return x.repeat_interleave(self.settings.heads // self.settings.kv_heads, dim=1)


class SoftmaxAttention(Mixer):
    """A layer that keeps the teacher's attention."""

    def forward(self, x, window):
        s = self.settings
        q, k, v = self.project(x, x, x, True, window)
        if held := window.held(self.layer):
            k, v = torch.cat([held[0], k], dim=2), torch.cat([held[1], v], dim=2)
        window.cache.layers[self.layer] = (k, v)
        keys = torch.arange(k.shape[2], device=x.device)
        queries = keys[-q.shape[2] :, None]
        visible = keys <= queries
        if s.window:
            visible = visible & (keys > queries - s.window)
        if window.mask is not None:  # a padding token sees itself, so that no row is empty
            visible = visible & (window.mask[:, None, None, : k.shape[2]].bool() | (keys == queries))
        y = F.scaled_dot_product_attention(q, self.repeat(k), self.repeat(v), attn_mask=visible)
        return self.o_proj(merge_heads(y))


class RecurrentMixer(Mixer):
    """Gate, norm and state handling of both students. The state is at least float32."""

    def __init__(self, settings, layer):
        super().__init__(settings, layer)
        if settings.gate == GATE_FULL:
            self.gate = nn.Linear(settings.hidden_size, self.width, bias=False)
        elif settings.gate == GATE_LOW_RANK:
            self.g1 = self.parameter(settings.hidden_size, settings.ranks["gate"])
            self.g2 = self.parameter(settings.ranks["gate"], self.width)
        if settings.groupnorm:
            self.ln_x = HeadNorm(self.width, settings.head_dim * 1e-5)

    def state_before(self, window, like):
        if held := window.held(self.layer):
            return held[0]
        return like.new_zeros(like.shape[0], self.settings.heads, self.settings.head_dim, self.settings.head_dim)

    def unpadded(self, x, window):
        """x [B, H, T, N], zero at padding tokens: as a value, or as what the next token is mixed with, they leave no trace."""
        return x if window.mask is None else x * window.mask[:, None, -x.shape[2] :, None].to(x.dtype)

    def finish(self, y, xg):
        y = self.ln_x(y) if self.settings.groupnorm else merge_heads(y)
        y = y.to(xg.dtype)
        if self.settings.gate == GATE_FULL:
            y = y * self.gate(xg).sigmoid()
        elif self.settings.gate == GATE_LOW_RANK:
            y = y * ((xg @ self.g1).sigmoid() @ self.g2)
        return self.o_proj(y)


class RadRwkv6(RecurrentMixer):
    STREAMS = "rkvwg"

    def __init__(self, settings, layer):
        super().__init__(settings, layer)
        d = settings.hidden_size
        if settings.token_shift:
            for stream in "x" + self.STREAMS:
                setattr(self, f"time_maa_{stream}", self.parameter(1, 1, d))
            self.time_maa_w1 = self.parameter(d, len(self.STREAMS) * settings.ranks["tokenshift"])
            self.time_maa_w2 = self.parameter(len(self.STREAMS), settings.ranks["tokenshift"], d)
        self.time_decay = self.parameter(1, 1, self.width)
        self.time_decay_w1 = self.parameter(d, settings.ranks["decay"])
        self.time_decay_w2 = self.parameter(settings.ranks["decay"], self.width)

    def shifted(self, x, source, before):
        """x with a learned, data-dependent share of the token before it in `source`, once for each stream. before: [B, 1, D]."""
        delta = torch.cat([before, source[:, :-1]], dim=1) - x
        z = torch.tanh((x + delta * self.time_maa_x) @ self.time_maa_w1).unflatten(-1, (len(self.STREAMS), -1))
        mixes = torch.einsum("btcr,crd->cbtd", z, self.time_maa_w2)
        return [x + delta * (getattr(self, f"time_maa_{stream}") + mix) for stream, mix in zip(self.STREAMS, mixes)]

    def forward(self, x, window):
        s = self.settings
        held = window.held(self.layer)
        before = held[1] if held else torch.zeros_like(x[:, :1])
        source = self.unpadded(x[:, None], window)[:, 0]
        xr, xk, xv, xw, xg = self.shifted(x, source, before) if s.token_shift else [x] * 5
        q, k, v = self.project(xr, xk, xv, s.use_rope, window)
        decay = wide(self.time_decay + torch.tanh(xw @ self.time_decay_w1) @ self.time_decay_w2)
        log_decay = split_heads((-decay.exp()).clamp_min(LOWEST_LOG_DECAY), s.heads)
        q, k, v = wide(q) * s.head_dim**-0.5, wide(self.repeat(k)), wide(self.repeat(v))
        if s.balance_state:
            k = k * (1 - log_decay.exp())
        y, state = wkv6(q, log_decay, k, self.unpadded(v, window), self.state_before(window, v))
        window.cache.layers[self.layer] = (state, source[:, -1:])
        return self.finish(y, xg)


class RadRwkv7(RecurrentMixer):
    def __init__(self, settings, layer):
        super().__init__(settings, layer)
        for name, kind in {"w": "decay", "a": "iclr", "v": "value_residual_mix"}.items():
            rank = settings.ranks[kind]
            setattr(self, f"{name}0", self.parameter(1, 1, self.width))
            setattr(self, f"{name}1", self.parameter(settings.hidden_size, rank))
            setattr(self, f"{name}2", self.parameter(rank, self.width))
        self.k_k = self.parameter(1, 1, self.width)
        self.k_a = self.parameter(1, 1, self.width)
        self.r_k = self.parameter(settings.heads, settings.head_dim)  # a key of the format; the bonus is not part of the students

    def forward(self, x, window):
        s = self.settings
        heads = s.heads
        r, k, v = self.project(x, x, x, s.use_rope, window)
        decay = wide(self.w0 + torch.tanh(x @ self.w1) @ self.w2)
        log_decay = split_heads(-DECAY_SCALE * decay.sigmoid(), heads)
        a = split_heads(wide(self.a0 + x @ self.a1 @ self.a2).sigmoid(), heads)
        r, k, v = wide(r), wide(self.repeat(k)), wide(self.repeat(v))
        if s.balance_state:
            removal = F.normalize(k, dim=-1, eps=1e-12)
            k = k * (1 - log_decay.exp() + a)
        else:
            removal = F.normalize(k * split_heads(self.k_k, heads), dim=-1, eps=1e-12)
            k = k * (1 + (a - 1) * split_heads(self.k_a, heads))
        if window.first_value is None:
            window.first_value = v
        else:
            v = v + (window.first_value - v) * split_heads(wide(self.v0 + x @ self.v1 @ self.v2).sigmoid(), heads)
        y, state = wkv7(r, log_decay, k, self.unpadded(v, window), -removal, removal * a, self.state_before(window, v))
        window.cache.layers[self.layer] = (state,)
        return self.finish(y if s.groupnorm else y * s.head_dim**-0.5, x)


class MLP(nn.Module):
    def __init__(self, settings):
        super().__init__()
        d, width, bias = settings.hidden_size, settings.intermediate_size, settings.mlp_bias
        self.gate_proj = nn.Linear(d, width, bias=bias)
        self.up_proj = nn.Linear(d, width, bias=bias)
        self.down_proj = nn.Linear(width, d, bias=bias)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class DecoderLayer(nn.Module):
    def __init__(self, settings, layer):
        super().__init__()
        recurrent = RadRwkv6 if settings.student == "rwkv6" else RadRwkv7
        self.input_layernorm = RMSNorm(settings.hidden_size, settings.eps)
        self.self_attn = (SoftmaxAttention if layer in settings.attention_layers else recurrent)(settings, layer)
        self.post_attention_layernorm = RMSNorm(settings.hidden_size, settings.eps)
        self.mlp = MLP(settings)

    def forward(self, x, window):
        x = x + self.self_attn(self.input_layernorm(x), window)
        return x + self.mlp(self.post_attention_layernorm(x))


class Decoder(nn.Module):
    def __init__(self, settings):
        super().__init__()
        self.settings = settings
        self.embed_tokens = nn.Embedding(settings.vocab_size, settings.hidden_size)
        self.layers = nn.ModuleList(DecoderLayer(settings, layer) for layer in range(settings.layers))
        self.norm = RMSNorm(settings.hidden_size, settings.eps)

    def forward(self, x, cache, mask=None):
        """x: embeddings [B, T, D] of the tokens after those in `cache`, which is advanced. The normalised hidden state [B, T, D]."""
        if mask is not None and mask.shape != (x.shape[0], cache.tokens + x.shape[1]):
            raise ValueError(f"attention_mask is {tuple(mask.shape)}; it has to cover all {cache.tokens + x.shape[1]} tokens read")
        window = Window(rotary_table(self.settings, cache.tokens, x.shape[1], mask, x), cache, mask)
        for layer in self.layers:
            x = layer(x, window)
        cache.tokens += x.shape[1]
        return self.norm(x)


class StandaloneModel(nn.Module):
    """The model without transformers: ids [B, T] -> logits [B, T, V]."""

    def __init__(self, settings):
        super().__init__()
        self.model = Decoder(settings)
        self.lm_head = nn.Linear(settings.hidden_size, settings.vocab_size, bias=False)

    def forward(self, ids, cache=None):
        return self.lm_head(self.model(self.model.embed_tokens(ids), RadladsCache() if cache is None else cache))

    @staticmethod
    def load(directory):
        directory = pathlib.Path(directory)
        settings = Settings.of(json.loads((directory / "config.json").read_text(encoding="utf-8")))
        tensors = {}
        index = directory / "model.safetensors.index.json"
        files = sorted(set(json.loads(index.read_text())["weight_map"].values())) if index.exists() else ["model.safetensors"]
        for name in files:
            tensors.update(read_safetensors(directory / name))
        if settings.tied:
            tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"]
        with torch.device("meta"):
            model = StandaloneModel(settings)
        missing, unexpected = model.load_state_dict(tensors, strict=False, assign=True)
        if missing:
            raise ValueError(f"{directory}: {len(missing)} tensors are missing, for example {missing[0]}")
        if unexpected:
            print(f"{directory}: {len(unexpected)} tensors are not used, for example {unexpected[0]}")
        return model.eval()


def read_safetensors(path):
    """All tensors of a file by name. Layout: u64 length of the header, header (JSON), data."""
    dtypes = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
    data = bytearray(pathlib.Path(path).read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] not in dtypes:
            raise ValueError(f"{path}: tensor {name} is {entry['dtype']}; a model's tensors are one of {', '.join(dtypes)}")
        begin, end = entry["data_offsets"]
        raw = torch.frombuffer(data[start + begin : start + end], dtype=torch.uint8)
        tensors[name] = raw.view(dtypes[entry["dtype"]]).reshape(entry["shape"])
    return tensors


if PreTrainedModel is not None:
    IS_TRANSFORMERS_5 = int(transformers_version.split(".")[0]) >= 5

    class RadladsForCausalLM(PreTrainedModel, GenerationMixin):
        config_class = RadladsConfig
        base_model_prefix = "model"
        _no_split_modules = ["DecoderLayer"]
        _is_stateful = True
        _supports_sdpa = True
        _tied_weights_keys = {"lm_head.weight": "model.embed_tokens.weight"} if IS_TRANSFORMERS_5 else ["lm_head.weight"]

        def __init__(self, config):
            super().__init__(config)
            settings = Settings.of(config.to_dict())
            self.model = Decoder(settings)
            self.lm_head = nn.Linear(settings.hidden_size, settings.vocab_size, bias=False)
            self.post_init()

        def get_input_embeddings(self):
            return self.model.embed_tokens

        def set_input_embeddings(self, value):
            self.model.embed_tokens = value

        def get_output_embeddings(self):
            return self.lm_head

        def set_output_embeddings(self, value):
            self.lm_head = value

        def forward(
            self, input_ids=None, attention_mask=None, past_key_values=None, inputs_embeds=None, labels=None, use_cache=None,
            logits_to_keep=0, **kwargs
        ):  # fmt: skip
            """attention_mask [B, tokens in the cache + T]; labels [B, T], -100 where there is none, shifted here."""
            x = self.model.embed_tokens(input_ids) if inputs_embeds is None else inputs_embeds
            cache = past_key_values if isinstance(past_key_values, RadladsCache) else RadladsCache()
            hidden = self.model(x, cache, attention_mask)
            logits = self.lm_head(hidden[:, -logits_to_keep:] if labels is None and logits_to_keep else hidden)
            loss = None
            if labels is not None:
                loss = F.cross_entropy(wide(logits[:, :-1]).flatten(0, 1), labels[:, 1:].flatten().to(logits.device))
            keep = (not self.training) if use_cache is None else use_cache
            return CausalLMOutputWithPast(loss=loss, logits=logits, past_key_values=cache if keep else None)

        def prepare_inputs_for_generation(
            self, input_ids, past_key_values=None, attention_mask=None, inputs_embeds=None, use_cache=True, **kwargs
        ):
            cache = past_key_values if isinstance(past_key_values, RadladsCache) else RadladsCache()
            inputs = {"past_key_values": cache, "attention_mask": attention_mask, "use_cache": use_cache, "logits_to_keep": 1}
            if inputs_embeds is not None and cache.tokens == 0:
                return {**inputs, "inputs_embeds": inputs_embeds}
            return {**inputs, "input_ids": input_ids[:, cache.tokens :] if use_cache else input_ids}

        @staticmethod
        def _reorder_cache(past_key_values, beams):
            past_key_values.reorder_cache(beams)
            return past_key_values

    class RWKV6Qwen2ForCausalLM(RadladsForCausalLM):
        config_class = RWKV6Qwen2Config

    class RWKV7Qwen2ForCausalLM(RadladsForCausalLM):
        config_class = RWKV7Qwen2Config


@torch.no_grad()
def main(arguments):
    model = StandaloneModel.load(arguments.directory)
    ids = [int(token) for token in arguments.ids.replace(",", " ").split()]
    vocabulary = model.model.settings.vocab_size
    if not ids or not all(0 <= token < vocabulary for token in ids):
        raise SystemExit(f"the ids have to be one or more numbers from 0 to {vocabulary - 1}")
    cache = RadladsCache()
    logits = model(torch.tensor([ids]), cache)[0]
    for token, row in zip(ids, logits):
        values, best = wide(row).topk(min(5, vocabulary))
        print(token, "->", "  ".join(f"{i}: {value:.5f}" for i, value in zip(best.tolist(), values.tolist())))
    generated = []
    for _ in range(arguments.generate):
        generated.append(int(logits[-1].argmax()))
        logits = model(torch.tensor([generated[-1:]]), cache)[0]
    if generated:
        print(*generated)
        print(f"memory of {cache.tokens} tokens: {cache.size_bytes()} bytes")


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description="Next tokens of an exported student, with nothing but PyTorch.")
    parser.add_argument("directory", metavar="DIR", help="config.json and model.safetensors")
    parser.add_argument("ids", metavar="IDS", help="token ids, separated by blanks or commas")
    parser.add_argument("--generate", metavar="N", type=int, default=0, help="then generate N tokens greedily")
    main(parser.parse_args())
