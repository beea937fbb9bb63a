"""What the scripts ask of a tokenised row: tokens of images counted, and nothing but the answer learnt."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

IGNORED = -100
SIDE = 28
"""A token of an image is two patches of 14 pixels on a side."""


def image_tokens(images: Sequence[dict[str, Any]]) -> int:
    """The tokens of a row's images in Qwen2.5-VL: each side is rounded to multiples of `SIDE`.

    Holds between 56 x 56 and about 1000 x 1000 pixels, where nothing else is resized.
    """
    return sum(math.prod(max(round(length / SIDE), 1) for length in image["size"]) for image in images)


def check_row(tokenizer: Any, ids: Sequence[int], labels: Sequence[int], row: dict[str, Any], target: str) -> int:
    """Asserts that one row was tokenised right; gives the number of tokens of its images.

    Every image has its tokens, the question stands in the prompt, and only ``target`` and the end of the turn have
    labels, which are the tokens themselves.
    """
    ids, labels = list(ids), list(labels)
    assert len(ids) == len(labels)
    counted = ids.count(tokenizer.convert_tokens_to_ids("<|image_pad|>"))
    assert counted == image_tokens(row["images"]), f"{row['id']}: {counted} tokens, not {image_tokens(row['images'])}"
    learnt = [place for place, label in enumerate(labels) if label != IGNORED]
    assert all(labels[place] == ids[place] for place in learnt)
    said = tokenizer.decode([ids[place] for place in learnt])
    assert said.strip() == f"{target}<|im_end|>", f"{row['id']}: learns {said!r}, not {target!r}"
    whole = tokenizer.decode(ids)
    question = row["question"].rsplit("\n", 1)[0] if target.startswith("<think>") else row["question"]
    assert question in whole, f"{row['id']}: the question is not in {whole!r}"
    return counted


def target_of(line: dict[str, Any]) -> str:
    """What the model is to say in a line of an export with ``messages``."""
    content = line["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def losses_of(state: dict[str, Any], steps: int = 2) -> list[float]:
    """The losses in a trainer's state; asserts that there is a finite one for each step."""
    losses = [entry["loss"] for entry in state["log_history"] if "loss" in entry]
    assert len(losses) == steps, losses
    assert all(map(math.isfinite, losses))
    return losses


def spread(numbers: Collection[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"
