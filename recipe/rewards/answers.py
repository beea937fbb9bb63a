"""Reads the answer in a model's text. Rewards, evaluation and tasks all use these functions.

All functions take linear time in the length of the text; no pattern backtracks without limit.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from recipe.rewards.answer_forms import (
    form_of_answer,
    last_turn,
    pose_fields_right,
    read_pose,
    read_text,
    read_yes_no,
    stated_tolerance,
)
from recipe.rewards.answer_places import TAG, answer_elements, normalised
from recipe.rewards.letters import LEAD, LETTERS, read_element, read_reply
from recipe.rewards.numbers import read_number, signed_number
from recipe.rewards.option_words import option_in_words

__all__ = [
    "LETTERS",
    "TOLERANCE",
    "TOLERANCE_DEG",
    "accepted_error",
    "angle_between",
    "chosen_letter",
    "follows_format",
    "in_degrees",
    "is_right",
    "read_answer",
    "read_number",
    "stated_answer",
    "stated_number",
    "text_of",
    "thoughts",
]

TOLERANCE_DEG = 10.0
"""Largest error of a right open answer in degrees."""
TOLERANCE = 0.1
"""Largest relative error of a right open answer in another unit."""

_YES_OR_NO = {("yes", True): "Yes", ("no", True): "No", ("yes", False): "是", ("no", False): "否"}
"""What is said, and whether in English, as rows have it."""

_FORM = ("<think>", "</think>", "<answer>", "</answer>")

_LEAD = re.compile(f"^{LEAD}", re.IGNORECASE)
_LETTERED = re.compile(r"\W{0,4}([A-Za-z])[\W_]{1,4}(.*)", re.DOTALL)
"""A letter and words with any separator; an answer if the words are those of that option."""


def text_of(completion: str | Sequence[Mapping[str, Any]]) -> str:
    """The text of a completion as TRL passes it: a string, or a list of chat messages.

    Of several messages, only the assistant's count. A content may be a list of blocks, of which only texts count.
    """
    if isinstance(completion, str):
        return completion
    parts = []
    for message in completion:
        if message.get("role", "assistant") != "assistant":
            continue
        content = message.get("content") or ""
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        parts += [str(block.get("text") or "") for block in blocks if block.get("type", "text") == "text"]
    return "\n".join(parts)


def follows_format(text: str) -> bool:
    """True if ``text`` is ``<think>…</think><answer>…</answer>``: each tag once, no empty part, nothing outside."""
    stripped = text.strip()
    tags = list(TAG.finditer(stripped))
    if tuple(tag.group() for tag in tags) != _FORM:
        return False
    opens, closes, answers, ends = tags
    between = stripped[closes.end() : answers.start()]
    thought, answer = stripped[opens.end() : closes.start()], stripped[answers.end() : ends.start()]
    whole = opens.start() == 0 and ends.end() == len(stripped)
    return whole and not between.strip() and bool(thought.strip()) and bool(answer.strip())


def thoughts(text: str) -> str:
    """The text between ``<think>`` and the last ``</think>``; from the start if the prompt contains the first tag.

    Empty if there is no complete thought.
    """
    closing = [tag for tag in TAG.finditer(text) if tag.group().lower() == "</think>"]
    if not closing:
        return ""
    inside = text[: closing[-1].start()]
    opening = next((tag.end() for tag in TAG.finditer(inside) if tag.group().lower() == "<think>"), 0)
    return inside[opening:]


def read_answer(text: str) -> str | None:
    """The answer in ``text``: a capital letter if it states one, else its words; None if there is no answer.

    Thoughts and tags inside them are ignored. If there are ``<answer>`` elements, only they count; different answers in
    several elements count as none. A text without tags is read like a short reply of a person: ``b``, ``(B)``,
    ``B. To the left``, ``The answer is B``. ``A dog`` states two words and no letter.
    """
    stated = _stated(text)
    return None if stated is None else stated[0] or stated[1]


def chosen_letter(text: str, options: Sequence[str]) -> str | None:
    """The letter of the only option that ``text`` chooses, by its letter or its words; None otherwise.

    A letter beside the words of another option chooses nothing.
    """
    letter, words = _stated(text) or ("", "")
    wordings = [_plain(option) for option in options]
    said = {_plain(words), _plain(_LEAD.sub("", words))}
    named = [LETTERS[place] for place, wording in enumerate(wordings) if wording in said]
    if not letter and (lettered := _LETTERED.fullmatch(words)):
        own = LETTERS.find(lettered.group(1).upper())
        beside = lettered.group(2)
        agrees = wordings[own : own + 1] == [_plain(beside)] or option_in_words(beside, options) == own
        letter = LETTERS[own] if own >= 0 and agrees else ""
    if letter:
        known = letter in LETTERS[: len(options)]
        return letter if known and (not named or letter in named) else None
    if named:
        # Options may themselves be single letters; only options with different texts count.
        return named[0] if len(named) == 1 else None
    place = option_in_words(_own_words(text), options)
    return None if place is None else LETTERS[place]


def stated_number(text: str, question: str = "") -> float | None:
    """The number with which ``text`` answers an open ``question`` (`numbers.signed_number`).

    None if there is none, a range, or several.
    """
    stated = read_answer(text)
    if stated is None:  # A discussion has its conclusion in the last line.
        stated = _own_words(text).strip().rpartition("\n")[2]
    return signed_number(stated, last_turn(question))


def stated_answer(text: str, answer: str, options: Sequence[str], question: str = "") -> str | None:
    """The answer in ``text`` in the form of the row's ``answer``; None if no answer can be read.

    It is the letter of an option. For an open question it is the number, yes or no, one of the possible answers in
    words, the pose as JSON, or the reply's words if ``answer`` has none of these forms.
    """
    if options:
        return chosen_letter(text, options)
    match form_of_answer(answer, question):
        case "pose":
            pose = read_pose(text, list(json.loads(answer)))
            return None if pose is None else json.dumps(pose)
        case "yes_no":
            said = read_yes_no(text)
            return None if said is None else _YES_OR_NO[said, answer in ("Yes", "No")]
        case "words" | "sentence":
            return read_text(text, answer, question)
    if read_number(answer) is None:
        return read_answer(text)
    number = stated_number(text, question)
    return None if number is None else f"{number:g}"


def in_degrees(question: str) -> bool:
    """True if the words of an open ``question`` ask for degrees, or if the question is empty (unknown)."""
    if (stated := stated_tolerance(question)) is not None:
        return stated.in_degrees
    return not question or any(word in question.casefold() for word in ("degree", "°", "度"))


def accepted_error(question: str, truth: float) -> float:
    """By how much an answer to an open ``question`` may be off: as it says itself, else `TOLERANCE_DEG` degrees, or
    `TOLERANCE` of the truth."""
    if (stated := stated_tolerance(question)) is not None:
        return stated.size
    return TOLERANCE_DEG if in_degrees(question) else TOLERANCE * abs(truth)


def is_right(text: str, answer: str, options: Sequence[str] | None, question: str = "") -> bool:
    """True if the answer in ``text`` is that of the row.

    Args:
        text: the model's text.
        answer: the row's answer: the right option's letter, or the value of an open question.
        options: the row's options; empty for an open question, None if unknown.
        question: gives the unit of an open answer (`in_degrees`), its tolerance (`accepted_error`), and the possible
            answers in words. Degrees are compared modulo 360. A pose is right if all its fields are.
    """
    if options:
        return chosen_letter(text, options) == answer
    form = form_of_answer(answer, question)
    if form == "pose":
        return pose_fields_right(text, answer, question) == 1.0
    if form in ("yes_no", "words", "sentence"):
        return stated_answer(text, answer, (), question) == answer
    if (truth := read_number(answer)) is not None:
        value = stated_number(text, question)
        if value is None:
            return False
        off = angle_between(value, truth) if in_degrees(question) else value - truth
        return abs(off) <= accepted_error(question, truth) + 1e-9
    stated = read_answer(text)
    return stated is not None and _plain(stated) == _plain(answer)


def angle_between(first: float, second: float) -> float:
    """The angle from ``second`` to ``first`` modulo whole turns, degrees, in [-180, 180)."""
    return (first - second + 180.0) % 360.0 - 180.0


def _stated(text: str) -> tuple[str, str] | None:
    """(letter or empty, words or empty) of the answer in ``text``; None if there is none."""
    elements, beside = answer_elements(normalised(text))
    if not elements:
        return read_reply(beside)
    read = {read_element(element) for element in elements}
    letters = {letter for letter, _ in read}
    if len(read) > 1 and not (len(letters) == 1 and letters != {""}):
        return None
    stated = max(read, key=lambda one: len(one[1]))
    return stated if any(stated) else None


def _own_words(text: str) -> str:
    """The text outside thoughts: the content of the answer's element, or all of it."""
    elements, beside = answer_elements(normalised(text))
    return beside if not elements else elements[0] if len(set(elements)) == 1 else ""


def _plain(words: str) -> str:
    """Words normalised for comparison: lower case, no punctuation at the ends, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", words).casefold().split()).strip(" .,:;!?\"'`*()")
