"""Prompts and targets in two forms: the plain form (a letter) and the reasoned form."""

from __future__ import annotations

import re
from collections.abc import Sequence

from viewpoint100k.export.prompts import turns_of

__all__ = ["REASON_FIRST", "Message", "ask_to_reason", "concluded", "conversation", "lettered", "message"]

Message = dict[str, str]
"""One turn of a conversation: ``role`` and ``content``. A row's images come before the text of the first turn."""

REASON_FIRST = (
    "First think it through step by step inside <think> </think>, "
    "then state nothing but your answer inside <answer> </answer>."
)
"""The request for the reasoned form, which replaces a question's request for a letter only."""

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OPTION = re.compile(r"^[A-Z]\. ", re.MULTILINE)


def message(role: str, content: str) -> list[Message]:
    """A conversation of one turn."""
    return [{"role": role, "content": content}]


def conversation(question: str) -> list[Message]:
    """The turns up to the one to be answered: one, and more where the question is the last of a chat."""
    said = turns_of(question)
    return [{"role": "assistant" if place % 2 else "user", "content": text} for place, text in enumerate(said)]


def ask_to_reason(question: str) -> str:
    """``question`` with a request for the reasoned form.

    If options are listed, the text after the last one, a request for a letter only, is replaced. An open question keeps
    its last line, which states the unit of the answer.
    """
    options = list(_OPTION.finditer(question))
    if not options:
        return f"{question}\n{REASON_FIRST}"
    end = question.find("\n", options[-1].end())
    return f"{question if end < 0 else question[:end]}\n{REASON_FIRST}"


def concluded(answer_text: str, answer: str) -> str:
    """The shortest reasoned answer: the words of the right option, then its letter.

    A model with a few million weights can learn this in minutes; the set's reasoning texts are too hard for it.
    """
    return f"<think>{answer_text}</think><answer>{answer}</answer>"


def lettered(question: str, options: Sequence[str]) -> str:
    """``question`` with its options listed below it, in the format of this data set."""
    lines = [f"{letter}. {option}" for letter, option in zip(_LETTERS, options, strict=False)]
    return "\n".join([question.strip(), *lines])
