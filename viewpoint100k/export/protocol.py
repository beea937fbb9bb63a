"""What a row on its way out is, and what the files of a tool must be able to take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from viewpoint100k.export.prompts import turns_of

__all__ = ["IMAGE_TOKEN", "REASONS", "Contents", "Format", "Sample", "token_in_text", "tokenised_turns", "with_tokens"]

IMAGE_TOKEN = "<image>"
"""Stands for one image in the prompts of LLaMA-Factory, ms-swift and verl."""

_TOKENS = re.compile(r"<(?:image|video|audio)>")

REASONS: Mapping[str, str] = {
    "images_missing": "the row has no image bytes: viewpoint100k rehydrate puts photographs back",
    "open_question": "VLMEvalKit scores a TSV of one's own by its option letters alone",
    "option_not_text": "pandas would read an option such as None or 12 as something other than that text",
    "options_not_found": "the question does not show its options as lines of the form 'A. text'",
    "token_in_text": "the text itself holds a placeholder such as <image>, and the tool counts those",
}
"""Why a row is left out, by reason code."""


@dataclass(frozen=True)
class Sample:
    """One row, with what it is to be answered with."""

    split: str
    index: int
    """The row's place in its split."""
    columns: Mapping[str, Any]
    """Every column but ``images``, as plain Python values."""
    images: tuple[bytes, ...]
    """The JPEG files, in the order in which the question names them."""
    reasoned: bool
    """Whether the row was chosen to carry its reasoning."""
    prompt: str
    """The question; of a row that carries its reasoning, with the wish for that form."""
    target: str
    """``<think>…</think><answer>…</answer>`` where it carries its reasoning, else the plain answer."""

    def turns(self) -> list[tuple[str, str]]:
        """The conversation: (role, text), ``user`` and ``assistant`` in turn. Two turns, and more for a chat."""
        said = [*turns_of(self.prompt), self.target]
        return [("assistant" if place % 2 else "user", text) for place, text in enumerate(said)]


@dataclass(frozen=True)
class Contents:
    """What is known of an export before its first row is written."""

    dataset: str
    """The data set's name: letters, digits, dots, hyphens and underscores."""
    rows: Mapping[str, int]
    """Rows to come, by split."""
    most_options: int
    """Of any row."""


class Format(Protocol):
    """The files of one tool, written row by row into a folder.

    ``write`` is called for the splits one after another, in the order of ``contents.rows``; memory must not grow with
    the rows, and the same rows must give the same bytes.
    """

    trains: ClassVar[bool]
    """Whether the files hold what a model should say, so that a share of it can be reasoning."""

    def __init__(self, folder: Path, contents: Contents) -> None: ...

    def refusal(self, sample: Sample) -> str | None:
        """The reason code (of `REASONS`) for which this format cannot hold ``sample``; None where it can."""

    def write(self, sample: Sample) -> None:
        """Adds a row that was not refused."""

    def close(self) -> None:
        """Ends the files; also called where something went wrong on the way."""

    @staticmethod
    def first_step(out: Path, contents: Contents) -> str:
        """One line for a person: how the tool is given what now lies in ``out``."""


def tokenised_turns(sample: Sample) -> list[dict[str, str]]:
    """The conversation as messages, with one placeholder for each image before the first."""
    (role, first), *others = sample.turns()
    said = [(role, with_tokens(first, sample)), *others]
    return [{"role": role, "content": text} for role, text in said]


def with_tokens(prompt: str, sample: Sample) -> str:
    """``prompt`` after one placeholder for each image of ``sample``."""
    return IMAGE_TOKEN * len(sample.images) + prompt


def token_in_text(sample: Sample) -> str | None:
    """The refusal of a row whose own text would be taken for a place of an image."""
    return "token_in_text" if _TOKENS.search(sample.columns["question"]) or _TOKENS.search(sample.target) else None
