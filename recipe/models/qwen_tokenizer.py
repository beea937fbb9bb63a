"""The tokenizer of Qwen2.5-VL and Qwen3-VL without a download, from the vocabulary that the PyPI package dashscope has.

Needs ``tokenizers``. ``pip install --no-deps dashscope`` is enough: the package is not imported, only its file is read.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

from viewpoint100k.errors import UsageError

__all__ = [
    "END",
    "IMAGE",
    "PAD",
    "SPECIAL",
    "VIDEO",
    "VISION_START",
    "build_tokenizer",
    "find_vocabulary",
    "read_ranks",
]

PAD, END, VISION_START = "<|endoftext|>", "<|im_end|>", "<|vision_start|>"
IMAGE, VIDEO = "<|image_pad|>", "<|video_pad|>"

SPECIAL = (
    *(PAD, "<|im_start|>", END, "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>", "<|box_end|>"),
    *("<|quad_start|>", "<|quad_end|>", VISION_START, "<|vision_end|>", "<|vision_pad|>", IMAGE, VIDEO),
)
"""Special tokens of the published models in the order of their ids, which begin at 151643."""

_ORDINARY = (
    *("<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>"),
    *("<|repo_name|>", "<|file_sep|>"),
)
"""Added tokens that follow them. Decoding with ``skip_special_tokens`` keeps these."""

_ORDINARY_OF_QWEN3 = ("<tool_response>", "</tool_response>", "<think>", "</think>")

_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""Regular expression that splits a text into words: ``pre_tokenizer`` of the published tokenizer.json."""


def find_vocabulary() -> Path:
    """Path of ``qwen.tiktoken``. Raises ``UsageError`` if dashscope is not installed, or its version lacks the file."""
    spec = find_spec("dashscope")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "resources" / "qwen.tiktoken"
        if path.is_file():
            return path
    raise UsageError("Qwen's vocabulary is not installed: run  pip install --no-deps dashscope")


def read_ranks(path: Path) -> dict[bytes, int]:
    """Token -> rank, from a file of tiktoken's format: in each line a token in base64 and its rank."""
    lines = (line.split() for line in path.read_bytes().splitlines())
    return {base64.b64decode(token): int(rank) for token, rank in lines}


def build_tokenizer(ranks: Mapping[bytes, int], thinks: bool) -> Any:
    """A ``tokenizers.Tokenizer`` with the ids of the published models.

    Args:
        thinks: True for Qwen3's vocabulary, in which ``<think>`` and ``</think>`` are tokens.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    letters = _letters()
    spelled = {token: "".join(letters[byte] for byte in token) for token in ranks}
    pairs = (_merged(token, ranks) for token in ranks if len(token) > 1)
    merges = [(spelled[first], spelled[second]) for first, second in pairs]
    tokenizer = Tokenizer(models.BPE({spelled[token]: rank for token, rank in ranks.items()}, merges))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.post_processor = processors.ByteLevel(add_prefix_space=False, use_regex=False, trim_offsets=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    ordinary: Sequence[str] = (*_ORDINARY, *(_ORDINARY_OF_QWEN3 if thinks else ()))
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in ordinary])
    return tokenizer


def _letters() -> dict[int, str]:
    """GPT-2's letter for each of the 256 bytes; printable bytes stand for themselves."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + place) for place, byte in enumerate(others)}


def _merged(token: bytes, ranks: Mapping[bytes, int]) -> tuple[bytes, bytes]:
    """The two parts whose merge makes ``token``: those that remain after all merges of lower ranks."""
    parts = [token[place : place + 1] for place in range(len(token))]
    while len(parts) > 2:
        pairs = [ranks.get(first + second, len(ranks)) for first, second in pairwise(parts)]
        place = min(range(len(pairs)), key=pairs.__getitem__)
        assert pairs[place] < ranks[token], token
        parts[place : place + 2] = [parts[place] + parts[place + 1]]
    return parts[0], parts[1]
