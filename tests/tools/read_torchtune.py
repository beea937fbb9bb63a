"""torchtune: its own dataset class, its reader of OpenAI's form and its transform of Llama 3.2 Vision, on ``openai``.

Its recipes fetch a model of gigabytes, so that no step of training is made. The transform wants a vocabulary of
Llama 3 in tiktoken's form: the first 128,000 tokens of Qwen's stand in for it.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from comparing import given
from qwen import target_of
from torchtune.data import OpenAIToMessages
from torchtune.datasets import SFTDataset
from torchtune.models.llama3_2_vision import Llama3VisionTransform

LLAMA_TOKENS = 128_000
IMAGE = "<|image|>"


class ForTorchtune:
    """As docs/exports.md says: images as ``image_url``, whose ``url`` is the path of the file."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._read = folder, OpenAIToMessages()

    def __call__(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        for turn in row["messages"]:
            for part in turn["content"]:
                if part["type"] == "image":
                    url = str(self._folder / part.pop("path"))
                    part.update({"type": "image_url", "image_url": {"url": url}})
        return dict(self._read(row))


_, truth = given()
chats = Path(sys.argv[3])
with tempfile.TemporaryDirectory() as scratch:
    words = (files("dashscope") / "resources" / "qwen.tiktoken").read_bytes().splitlines()[:LLAMA_TOKENS]
    vocabulary = Path(scratch, "tokenizer.model")
    vocabulary.write_bytes(b"\n".join(words) + b"\n")
    transform = Llama3VisionTransform(str(vocabulary), tile_size=112, patch_size=14, max_num_tiles=1)
    tokenizer = transform.tokenizer
    pad = tokenizer.special_tokens[IMAGE]
    for split, rows in truth.items():
        file = chats / f"{split}.jsonl"
        dataset = SFTDataset(
            source="json",
            data_files=str(file),
            split="train",
            message_transform=ForTorchtune(chats),
            model_transform=transform,
            cache_dir=scratch,
        )
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        assert len(dataset) == len(rows) == len(lines)
        for place, (row, line) in enumerate(zip(rows, lines, strict=True)):
            found = dataset[place]
            assert found["tokens"].count(pad) == len(row["images"])
            assert len(found["encoder_input"]["images"]) == len(row["images"])
            learnt = [token for token, label in zip(found["tokens"], found["labels"], strict=True) if label != -100]
            assert tokenizer.decode(learnt, skip_special_tokens=True).strip() == target_of(line), learnt
            assert row["question"].split("\n")[0] in tokenizer.decode(found["tokens"])
version, count = importlib.metadata.version("torchtune"), sum(map(len, truth.values()))
print(f"torchtune {version}: {count} of {count} rows, a token for each image; only the answer and its end have labels")
