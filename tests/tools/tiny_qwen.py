"""Makes a tiny Qwen2.5-VL: random weights, and the real vocabulary, which the PyPI package `dashscope` ships.

``python tiny_qwen.py FOLDER`` writes what a folder of the Hub holds: model, tokenizer, processors, chat template.
"""

from __future__ import annotations

import base64
import json
import sys
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import tiktoken
import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""How Qwen2 splits text into words (its tokenizer.json)."""

SPECIAL = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>"),
    *("<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>"),
    *("<|image_pad|>", "<|video_pad|>"),
)
"""The special tokens of Qwen2.5-VL, in order, from id 151643 on."""

# As in Qwen's own template, a part is an image if it has a field `image` or `image_url`, even an empty one.
CHAT = """\
{%- for message in messages -%}
{%- if loop.first and message.role != 'system' -%}
{{ '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}
{%- endif -%}
{{ '<|im_start|>' + message.role + '\\n' }}
{%- if message.content is string -%}{{ message.content }}
{%- else -%}
{%- for part in message.content -%}
{%- if part.type == 'image' or 'image' in part or 'image_url' in part -%}
{{ '<|vision_start|><|image_pad|><|vision_end|>' }}
{%- else -%}{{ part.text }}
{%- endif -%}
{%- endfor -%}
{%- endif -%}
{{ '<|im_end|>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}
"""

IMAGES = {
    "image_processor_type": "Qwen2VLImageProcessor",
    "processor_class": "Qwen2_5_VLProcessor",
    "min_pixels": 56 * 56,
    "max_pixels": 28 * 28 * 1280,
    "patch_size": 14,
    "temporal_patch_size": 2,
    "merge_size": 2,
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
}


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    ranks = vocabulary()
    tokenizer = as_tokenizer(ranks)
    check(tokenizer, ranks)
    tokenizer.save(str(folder / "tokenizer.json"))
    _write(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "Qwen2Tokenizer",
            "processor_class": "Qwen2_5_VLProcessor",
            "eos_token": "<|im_end|>",
            "pad_token": "<|endoftext|>",
            "additional_special_tokens": SPECIAL[1:],
            "model_max_length": 4096,
            "clean_up_tokenization_spaces": False,
            "chat_template": CHAT,
        },
    )
    _write(folder / "preprocessor_config.json", IMAGES)
    _write(folder / "chat_template.json", {"chat_template": CHAT})
    of = tokenizer.token_to_id
    torch.manual_seed(0)
    model = Qwen2_5_VLForConditionalGeneration(shape(of("<|image_pad|>"), of("<|video_pad|>"), of("<|vision_start|>")))
    model.generation_config.eos_token_id = [of("<|im_end|>"), of("<|endoftext|>")]
    model.generation_config.pad_token_id = of("<|endoftext|>")
    model.save_pretrained(folder)


def vocabulary() -> dict[bytes, int]:
    """The ranks of the byte sequences of Qwen's vocabulary."""
    lines = (files("dashscope") / "resources" / "qwen.tiktoken").read_bytes().splitlines()
    return {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, lines)}


def as_tokenizer(ranks: dict[bytes, int]) -> Tokenizer:
    """The vocabulary as a byte-level BPE with merges."""
    letters = bytes_to_letters()
    spelled = {token: "".join(letters[byte] for byte in token) for token in ranks}
    merges = [
        (spelled[first], spelled[second])
        for token, rank in ranks.items()
        if len(token) > 1
        for first, second in [parts_of(token, rank, ranks)]
    ]
    tokenizer = Tokenizer(models.BPE({spelled[token]: rank for token, rank in ranks.items()}, merges))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    return tokenizer


def bytes_to_letters() -> dict[int, str]:
    """GPT-2's letters for the 256 bytes: printable ones stand for themselves."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + place) for place, byte in enumerate(others)}


def parts_of(token: bytes, rank: int, ranks: dict[bytes, int]) -> tuple[bytes, bytes]:
    """The two parts whose merge makes ``token``: what is left after every merge of a lower rank."""
    parts = [token[place : place + 1] for place in range(len(token))]
    while len(parts) > 2:
        pairs = [ranks.get(first + second, rank) for first, second in pairwise(parts)]
        best = min(pairs)
        assert best < rank, token
        place = pairs.index(best)
        parts[place : place + 2] = [parts[place] + parts[place + 1]]
    return parts[0], parts[1]


def check(tokenizer: Tokenizer, ranks: dict[bytes, int]) -> None:
    """Asserts that the tokenizer gives what `tiktoken` gives, and the published ids of the special tokens."""
    truth = tiktoken.Encoding("qwen", pat_str=SPLIT, mergeable_ranks=ranks, special_tokens={})
    for text in ("To the camera's left, by 37.5 degrees.\n\nA. Yes", "相机向右移动了。", " <think>a  b</think>\n"):
        assert tokenizer.encode(text).ids == truth.encode(text)
    assert tokenizer.token_to_id("<|endoftext|>") == 151643
    assert tokenizer.token_to_id("<|image_pad|>") == 151655


def shape(image: int, video: int, vision: int) -> Qwen2_5_VLConfig:
    rope = {"type": "default", "rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 1000000.0}
    return Qwen2_5_VLConfig(
        text_config={
            "vocab_size": 152064,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "max_position_embeddings": 4096,
            "rope_scaling": rope,
            "rope_parameters": rope,
            "tie_word_embeddings": True,
        },
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_heads": 2,
            "out_hidden_size": 32,
            "fullatt_block_indexes": [1],
        },
        image_token_id=image,
        video_token_id=video,
        vision_start_token_id=vision,
        tie_word_embeddings=True,
    )


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
