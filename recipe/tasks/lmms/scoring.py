"""Functions that lmms-eval calls for the task. `recipe.rewards` reads the answers, so figures agree with ours.

The rows are those of the folder in the environment variable ``VIEWPOINT100K``, by default ``viewpoint-100k`` in the
working directory.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from recipe.prompts import ask_to_reason
from recipe.rewards.answers import follows_format, is_right

__all__ = ["DATA_FILES", "images", "question", "score", "share"]

DATA_FILES = {"test": os.path.join(os.environ.get("VIEWPOINT100K", "viewpoint-100k"), "data", "test-*.parquet")}


def images(row: Mapping[str, Any]) -> list[Any]:
    """The row's images, RGB, in the order in which the question names them."""
    return [image.convert("RGB") for image in row["images"]]


def question(row: Mapping[str, Any], lmms_eval_specific_kwargs: Mapping[str, Any] | None = None) -> str:
    """The complete prompt, in the form that the task's YAML selects."""
    form = (lmms_eval_specific_kwargs or {}).get("form", "plain")
    text: str = row["question"]
    return ask_to_reason(text) if form == "reason" else text


def score(row: Mapping[str, Any], answers: Sequence[str]) -> dict[str, dict[str, Any]]:
    """For each metric the input of `share`: the row's id, its type, and True if the first answer earns the metric."""
    named = {"id": row["id"], "question_type": row["question_type"]}
    right = is_right(answers[0], row["answer"], row["options"] or [], row["question"])
    return {"accuracy": {**named, "earned": right}, "format": {**named, "earned": follows_format(answers[0])}}


def share(scores: Sequence[Mapping[str, Any]]) -> float:
    """The share of rows that earn the metric."""
    return sum(bool(one["earned"]) for one in scores) / len(scores) if scores else 0.0
