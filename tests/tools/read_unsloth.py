"""unsloth: its own collator on the export ``openai``. It trains no model with images without a GPU."""

from __future__ import annotations

import os

os.environ["UNSLOTH_FORCE_CPU"] = "1"

import importlib.metadata
import json
import sys
from pathlib import Path
from typing import Any

import unsloth  # noqa: F401  # It wants to be imported before transformers.
from comparing import given
from qwen import check_row, spread, target_of
from transformers import AutoProcessor, Qwen2_5_VLForConditionalGeneration
from unsloth_zoo.vision_utils import UnslothVisionDataCollator


def for_unsloth(row: dict[str, Any], folder: Path) -> dict[str, Any]:
    """As docs/exports.md says: the path of an image is its ``image``."""
    for turn in row["messages"]:
        for part in turn["content"]:
            if path := part.pop("path", None):
                part["image"] = str(folder / path)
    return row


_, truth = given()
chats = Path(sys.argv[3])
processor = AutoProcessor.from_pretrained(os.environ["TINY_QWEN"])
model = Qwen2_5_VLForConditionalGeneration.from_pretrained(os.environ["TINY_QWEN"])
collator = UnslothVisionDataCollator(
    model,
    processor,
    resize="max",
    train_on_responses_only=True,
    instruction_part="<|im_start|>user\n",
    response_part="<|im_start|>assistant\n",
)
tokens = set()
for split, rows in truth.items():
    lines = [json.loads(line) for line in (chats / f"{split}.jsonl").read_text().splitlines()]
    for line, row in zip(lines, rows, strict=True):
        target = target_of(line)
        batch = collator([for_unsloth(line, chats)])
        ids, labels = batch["input_ids"][0].tolist(), batch["labels"][0].tolist()
        tokens.add(check_row(processor.tokenizer, ids, labels, row, target))
version, count = importlib.metadata.version("unsloth"), sum(map(len, truth.values()))
print(
    f"unsloth {version}: its collator reads {count} of {count} rows, {spread(tokens)} image tokens a row, as expected; "
    "only the answer and its end have labels. No step of training: it wants a GPU for models with images"
)
