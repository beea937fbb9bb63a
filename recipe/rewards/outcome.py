"""Rewards for the outcome of one completion: its form, its answer, and how far off an angle is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from recipe.rewards.answer_forms import form_of_answer, pose_fields_right
from recipe.rewards.answers import (
    angle_between,
    chosen_letter,
    follows_format,
    in_degrees,
    is_right,
    read_number,
    stated_number,
    text_of,
)

__all__ = ["Completion", "accuracy_reward", "angle_reward", "format_reward"]

Completion = str | Sequence[Mapping[str, Any]]
"""As TRL passes it: text, or a list of chat messages."""

_NO_CREDIT_DEG = 45.0
"""An angle that is off by so much, or more, earns nothing."""

_LEFT = re.compile(r"\bleft|\banti-?clockwise|\bcounter-?clockwise|\bdown", re.IGNORECASE)
_RIGHT = re.compile(r"\bright|(?<!anti)(?<!anti-)(?<!counter)(?<!counter-)\bclockwise|\bup", re.IGNORECASE)


def format_reward(completions: Sequence[Completion], **columns: Any) -> list[float]:
    """1 where the completion is ``<think>…</think><answer>…</answer>`` and nothing else, 0 elsewhere.

    The paper's format reward, with weight 0.5. Here each tag must stand exactly once, in lower case, and neither part
    may be empty: an empty thought would earn half of the reward for nothing.
    """
    return [float(follows_format(text_of(completion))) for completion in completions]


def accuracy_reward(
    completions: Sequence[Completion],
    answer: Sequence[str],
    options: Sequence[Sequence[str] | None] | None = None,
    prompts: Sequence[Completion] | None = None,
    **columns: Any,
) -> list[float]:
    """1 where the completion answers as the row does, 0 elsewhere.

    The paper's accuracy reward, with weight 0.5: all or nothing. It does not look at the format, so that the two say
    different things: a bare ``B`` earns this one and not the other. The answer may be the letter or, where the column
    ``options`` is there, the option's own words. Several different answers are none. An open answer is right within
    what its question states (`answers.accepted_error`), else within `answers.TOLERANCE_DEG` or, where its prompt does
    not ask for degrees, a tenth; the paper has no open questions. Other forms of answer: docs/evaluation.md.
    """
    missing = [None] * len(answer)
    rows = zip(completions, answer, options or missing, prompts or missing, strict=True)
    return [
        float(is_right(text_of(completion), truth, choices, _asked(prompt)))
        for completion, truth, choices, prompt in rows
    ]


def angle_reward(
    completions: Sequence[Completion],
    answer: Sequence[str],
    options: Sequence[Sequence[str] | None] | None = None,
    answer_value: Sequence[float | None] | None = None,
    prompts: Sequence[Completion] | None = None,
    **columns: Any,
) -> list[float]:
    """`accuracy_reward`, but graded where the answer is an angle: 1 at no error, 0 from 45 degrees on, linear between.

    An answer is an angle where the question is open, its answer a number (``answer_value`` is then the truth to compare
    with, as the answer's text may be rounded), and its prompt, if known, asks for degrees; or where each option states
    one number of degrees; ``left``, ``down`` and ``counter-clockwise`` make it negative. A pose in JSON earns the share
    of its fields that are right. Everywhere else this is the exact answer, so that it can stand in for
    `accuracy_reward` in any mix. The paper's reward is exact: 90 degrees earn as little as 35 where 30 is right.
    """
    missing = [None] * len(answer)
    rows = zip(completions, answer, options or missing, answer_value or missing, prompts or missing, strict=True)
    return [
        _graded(text_of(completion), truth, choices, value, _asked(prompt))
        for completion, truth, choices, value, prompt in rows
    ]


def _asked(prompt: Completion | None) -> str:
    """The question of a prompt, which is text or a chat whose last turn of the user asks; empty if it is not known."""
    if prompt is None or isinstance(prompt, str):
        return prompt or ""
    return text_of([{**turn, "role": "assistant"} for turn in prompt if turn.get("role") == "user"][-1:])


def _graded(text: str, answer: str, options: Sequence[str] | None, value: float | None, question: str) -> float:
    if options:
        angles = [_signed_angle(option) for option in options]
        letters = [chr(ord("A") + place) for place in range(len(options))]
        chosen = chosen_letter(text, options)
        if None in angles or answer not in letters:
            return float(chosen == answer)
        by_letter = {letter: angle for letter, angle in zip(letters, angles, strict=True) if angle is not None}
        return _credit(by_letter.get(chosen or ""), by_letter[answer])
    form = form_of_answer(answer, question)
    if form == "pose":
        return pose_fields_right(text, answer, question) or 0.0
    truth = read_number(answer) if form == "number" else None
    if truth is None or not in_degrees(question):
        return float(is_right(text, answer, options, question))
    return _credit(stated_number(text), truth if value is None else value)


def _credit(stated: float | None, truth: float) -> float:
    return 0.0 if stated is None else max(0.0, 1.0 - abs(angle_between(stated, truth)) / _NO_CREDIT_DEG)


def _signed_angle(option: str) -> float | None:
    """The degrees that an option states: 40 for ``40 degrees``, -40 for ``40 degrees to the left``; None where it
    states no single number of degrees."""
    number = read_number(option)
    if number is None or not re.search(r"°|\bdeg", option, re.IGNORECASE):
        return None
    left, right = bool(_LEFT.search(option)), bool(_RIGHT.search(option))
    return None if left and right else -number if left else number
