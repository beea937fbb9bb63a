"""Rewards for one completion: its format, its answer, and the error of an angle."""

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
"""A completion as TRL passes it: text, or a list of chat messages."""

_NO_CREDIT_DEG = 45.0
"""Angular error from which the reward is 0, degrees."""

_LEFT = re.compile(r"\bleft|\banti-?clockwise|\bcounter-?clockwise|\bdown", re.IGNORECASE)
_RIGHT = re.compile(r"\bright|(?<!anti)(?<!anti-)(?<!counter)(?<!counter-)\bclockwise|\bup", re.IGNORECASE)


def format_reward(completions: Sequence[Completion], **columns: Any) -> list[float]:
    """1 if the completion is ``<think>…</think><answer>…</answer>`` and nothing else, else 0.

    The paper's format reward, with weight 0.5. Each tag must occur exactly once, in lower case. Neither part may be
    empty, because otherwise an empty thought would earn half of the reward.
    """
    return [float(follows_format(text_of(completion))) for completion in completions]


def accuracy_reward(
    completions: Sequence[Completion],
    answer: Sequence[str],
    options: Sequence[Sequence[str] | None] | None = None,
    prompts: Sequence[Completion] | None = None,
    **columns: Any,
) -> list[float]:
    """1 if the completion's answer is that of the row, else 0.

    The paper's accuracy reward, with weight 0.5. It is independent of the format: a bare ``B`` earns this reward and
    not the format reward. The answer may be the letter or, with the column ``options``, the words of the option.
    Several different answers count as none. An open answer is right within the tolerance that its question states
    (`answers.accepted_error`), else within `answers.TOLERANCE_DEG`, or within a tenth if its prompt does not ask for
    degrees; the paper has no open questions. docs/evaluation.md describes the other forms of answer.
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
    """`accuracy_reward`, but graded for angles: 1 without error, 0 from 45 degrees on, linear between.

    An answer is an angle in two cases. Either the question is open, its answer is a number, and its prompt, if known,
    asks for degrees; ``answer_value`` is then the truth, because the answer's text may be rounded. Or each option
    states one number of degrees; ``left``, ``down`` and ``counter-clockwise`` make it negative. A pose in
    JSON earns the share of its fields that are right. Otherwise this is the
    reward for the exact answer, so it can replace `accuracy_reward` in any mixture. The paper's reward is exact: if 30
    degrees are right, 35 earn as little as 90.
    """
    missing = [None] * len(answer)
    rows = zip(completions, answer, options or missing, answer_value or missing, prompts or missing, strict=True)
    return [
        _graded(text_of(completion), truth, choices, value, _asked(prompt))
        for completion, truth, choices, value, prompt in rows
    ]


def _asked(prompt: Completion | None) -> str:
    """The question in a prompt: text, or the last turn of the user in a chat; empty if unknown."""
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
    return _credit(stated_number(text, question), truth if value is None else value)


def _credit(stated: float | None, truth: float) -> float:
    return 0.0 if stated is None else max(0.0, 1.0 - abs(angle_between(stated, truth)) / _NO_CREDIT_DEG)


def _signed_angle(option: str) -> float | None:
    """The degrees that an option states: 40 for ``40 degrees``, -40 for ``40 degrees to the left``; None if it does not
    state exactly one number of degrees."""
    number = read_number(option)
    if number is None or not re.search(r"°|\bdeg", option, re.IGNORECASE):
        return None
    left, right = bool(_LEFT.search(option)), bool(_RIGHT.search(option))
    return None if left and right else -number if left else number
