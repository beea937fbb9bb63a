"""The protocol of export formats, and the rows that they receive."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from viewpoint100k.export.prompts import turns_of

__all__ = ["IMAGE_TOKEN", "REASONS", "Contents", "Format", "Sample", "token_in_text", "tokenised_turns", "with_tokens"]

IMAGE_TOKEN = "<image>"
"""Placeholder of one image in the prompts of LLaMA-Factory, ms-swift and verl."""

_TOKENS = re.compile(r"<(?:image|video|audio)>")

REASONS: Mapping[str, str] = {
    "images_missing": "the row has no image bytes: viewpoint100k rehydrate puts photographs back",
    "open_question": "VLMEvalKit scores a custom TSV only by its option letters; lmms-eval and inspect_ai score all",
    "option_not_text": "pandas does not read an option such as None or 12 as text",
    "options_not_found": "the question does not show its options as lines of the form 'A. text'",
    "token_in_text": "the text contains a placeholder such as <image>, which the tool would take for an image",
}
"""Why a row is left out, by reason code."""


@dataclass(frozen=True)
class Sample:
    """One row with its prompt and target."""

    split: str
    index: int
    """Index of the row in its split."""
    columns: Mapping[str, Any]
    """Every column except ``images``, as plain Python values."""
    images: tuple[bytes, ...]
    """The JPEG files, in the order in which the question names them."""
    reasoned: bool
    """True if the target includes the reasoning."""
    prompt: str
    """The question; with a request for reasoning if ``reasoned``."""
    target: str
    """``<think>…</think><answer>…</answer>`` if ``reasoned``, else the plain answer."""

    def turns(self) -> list[tuple[str, str]]:
        """The conversation: (role, text), ``user`` and ``assistant`` in turn. Two turns, and more for a chat."""
        said = [*turns_of(self.prompt), self.target]
        return [("assistant" if place % 2 else "user", text) for place, text in enumerate(said)]


@dataclass(frozen=True)
class Contents:
    """Facts about an export that are known before its first row is written."""

    dataset: str
    """The data set's name: letters, digits, dots, hyphens and underscores."""
    rows: Mapping[str, int]
    """Number of rows, by split."""
    most_options: int
    """Largest number of options of any row."""


class Format(Protocol):
    """The files of one tool, written row by row into a folder.

    ``write`` is called for the splits one after another, in the order of ``contents.rows``; memory must not grow with
    the rows, and the same rows must give the same bytes.
    """

    trains: ClassVar[bool]
    """True if the files hold the model's target text, so that a share of the targets can include reasoning."""

    def __init__(self, folder: Path, contents: Contents) -> None: ...

    def refusal(self, sample: Sample) -> str | None:
        """The reason code (a key of `REASONS`) if this format cannot hold ``sample``; else None."""

    def write(self, sample: Sample) -> None:
        """Adds a row that was not refused."""

    def close(self) -> None:
        """Closes the files; also called after an error."""

    @staticmethod
    def first_step(out: Path, contents: Contents) -> str:
        """One line for the user: how to start the tool with the files in ``out``."""


def tokenised_turns(sample: Sample) -> list[dict[str, str]]:
    """The conversation as messages, with one placeholder for each image before the first."""
    (role, first), *others = sample.turns()
    said = [(role, with_tokens(first, sample)), *others]
    return [{"role": role, "content": text} for role, text in said]


def with_tokens(prompt: str, sample: Sample) -> str:
    """``prompt`` after one placeholder for each image of ``sample``."""
    return IMAGE_TOKEN * len(sample.images) + prompt


def token_in_text(sample: Sample) -> str | None:
    """The reason code of a row whose text contains an image placeholder; else None."""
    return "token_in_text" if _TOKENS.search(sample.columns["question"]) or _TOKENS.search(sample.target) else None
