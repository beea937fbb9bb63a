"""Splits the prompt of a row into its parts, and replaces its last line by a request for reasoning."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["REASON_FIRST", "QuestionParts", "ask_to_reason", "take_apart", "turns_of"]

REASON_FIRST = (
    "First think it through step by step inside <think> </think>, "
    "then state nothing but your answer inside <answer> </answer>."
)
"""The request for reasoning; the recipe uses the same words."""


_ANSWERED = re.compile(r"\n\n(?:Assistant: |助手：)(.*?)\n\n(?:User: |用户：)", re.DOTALL)
"""Between two questions of a chat: the answer to the first."""


@dataclass(frozen=True)
class QuestionParts:
    """The parts of a multiple-choice question."""

    stem: str
    """The question itself."""
    options: str
    """The lines with the options."""
    reply: str
    """The text after the options: the requested form of the reply."""


def take_apart(question: str, options: Sequence[str]) -> QuestionParts | None:
    """The parts of ``question``; None if it does not show ``options`` as lines of the form ``A. text``."""
    listed = "\n".join(f"{letter}. {text}" for letter, text in zip(string.ascii_uppercase, options, strict=False))
    stem, found, reply = question.partition(f"\n{listed}")
    if not (options and found) or (reply and not reply.startswith("\n")):
        return None
    return QuestionParts(stem.strip(), listed, reply.strip())


def ask_to_reason(question: str, options: Sequence[str]) -> str:
    """``question`` with a request for reasoning in place of its request for a letter only.

    An open question keeps its last line, which states the unit of the answer.
    """
    parts = take_apart(question, options)
    return "\n".join([parts.stem, parts.options, REASON_FIRST] if parts else [question, REASON_FIRST])


def turns_of(question: str) -> list[str]:
    """What is said in turn, by the one who asks and by the one who answers; the last is asked. One text for no chat."""
    return _ANSWERED.split(question)
