"""Compares every claim of a reasoning text with the stored columns of its row.

The checker gets the words from `claims` and the numbers from `stored`. It has its own table of the sizes at which a
word is true. Its tolerances are slightly wider than the writer's bands, so that rounding cannot cause a difference.
They are too narrow for the opposite word.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from viewpoint100k.questions.reasoning.answer_words import contradiction
from viewpoint100k.questions.reasoning.claim import ANSWER, FINAL_ANSWER, FORMAT, SETTING, UNRECOGNISED, Claim
from viewpoint100k.questions.reasoning.coherence import structure_of
from viewpoint100k.questions.reasoning.inference import follows
from viewpoint100k.questions.reasoning.parse import claims
from viewpoint100k.questions.reasoning.stored import MEASURES, PLACES, StoredViews, Undefined, read_views

__all__ = ["Judgement", "argument_problems", "false_claims", "judge"]


@dataclass(frozen=True)
class Judgement:
    """The result of checking one text."""

    true: tuple[Claim, ...]
    false: tuple[tuple[Claim, str], ...]
    """Each with a sentence that states what the row contains instead."""
    unrecognised: tuple[Claim, ...]
    """Sentences that the grammar does not contain."""
    idle: int
    """Sentences that introduce the images and claim nothing."""
    missing: tuple[Claim, ...] = ()
    """Claims about the camera that have no reason, and that the images do not show."""
    unused: tuple[Claim, ...] = ()
    """Claims that no later claim uses."""

    @property
    def share_true(self) -> float:
        """The share of true claims, in [0, 1]; 0 for a text without claims."""
        total = len(self.true) + len(self.false)
        return len(self.true) / total if total else 0.0


def judge(text: str, row: Mapping[str, Any], language: str | None = None) -> Judgement:
    """Checks every claim of ``text`` against ``row``, which needs only its columns about cameras, object and answer.

    Raises ``ValueError`` if the row has no cameras.
    """
    stored, said = read_views(row), claims(text, language)
    true, false, unrecognised, idle = [], [], [], 0
    for claim in said:
        if claim.kind == UNRECOGNISED:
            unrecognised.append(claim)
        elif claim.kind == SETTING:
            idle += 1
        elif (problem := _problem(claim, row, stored)) is not None:
            false.append((claim, problem))
        else:
            true.append(claim)
    structure = structure_of(said)
    return Judgement(tuple(true), tuple(false), tuple(unrecognised), idle, structure.missing, structure.unused)


def false_claims(text: str, row: Mapping[str, Any], language: str | None = None) -> list[str]:
    """The problems of a row's reasoning, one sentence each. A sentence that cannot be checked is a problem too."""
    return _not_so(judge(text, row, language))


def argument_problems(text: str, row: Mapping[str, Any], language: str | None = None) -> list[str]:
    """All problems of a row's reasoning as an argument: false claims, conclusions that do not follow, missing steps,
    and sentences that nothing uses."""
    found = judge(text, row, language)
    missing = [f"“{claim.text}” is said without a reason" for claim in found.missing]
    unused = [f"“{claim.text}” serves nothing that is said later" for claim in found.unused]
    return _not_so(found) + missing + unused


def _not_so(found: Judgement) -> list[str]:
    problems = [f"“{claim.text}” is not so: {problem}" for claim, problem in found.false]
    return problems + [f"“{claim.text}” is not a sentence that can be checked" for claim in found.unrecognised]


# --- one claim -------------------------------------------------------------------------------------------------------


def _problem(claim: Claim, row: Mapping[str, Any], stored: StoredViews) -> str | None:
    if claim.kind in _OF_TEXT:
        return _OF_TEXT[claim.kind](claim, row)
    try:
        problem = _of_geometry(claim, stored)
    except (Undefined, ZeroDivisionError) as error:
        return str(error)
    if problem is None and claim.because and not follows(claim):
        return "it does not follow from what it is said to follow from"
    return problem


def _of_geometry(claim: Claim, stored: StoredViews) -> str | None:
    prefix, _, base = claim.kind.partition("_")
    if prefix in ("if", "not"):
        return _otherwise(base, claim, MEASURES[base](stored))
    if claim.kind in ("both_x", "both_y"):
        kind = claim.kind.replace("both", "place")
        return next(filter(None, (_worded(kind, claim.value, PLACES[kind](stored, i)) for i in (1, 2))), None)
    measure = PLACES[claim.kind](stored, claim.image) if claim.image else MEASURES[claim.kind](stored)
    if claim.kind in _SPECIAL:
        fits = _SPECIAL[claim.kind](claim, measure, stored)
        return None if fits else f"the cameras give {measure:.3g}"
    if claim.kind == "top" and max(PLACES["looks_down"](stored, image) for image in (1, 2)) < 11:
        return "neither camera sees the object's top"
    problem = None if claim.value == "times" else _worded(claim.kind, claim.value, measure)
    return problem or _numbered(claim, measure)


def _otherwise(kind: str, claim: Claim, measure: float) -> str | None:
    """An imagined or excluded movement must differ from the real one. The real one must be clear enough for a word."""
    words = _WORDS[kind]
    others = {words.negative, words.zero, words.positive} - {claim.value}
    clear = any(_worded(kind, word, measure) is None for word in others)
    return None if clear else f"the cameras give {measure:.3g}"


def _numbered(claim: Claim, measure: float) -> str | None:
    if claim.number is None:
        return "it gives no number" if claim.value == "times" else None
    if claim.value == "times":
        size, tolerance = math.exp(measure), 0.06
    else:
        size, tolerance = abs(measure), 5.2 if claim.number % 10 == 0 else 2.7
    return None if abs(claim.number - size) <= tolerance else f"the cameras give {size:.4g}"


@dataclass(frozen=True)
class _Words:
    """The sizes for which the words of a measure are true."""

    negative: str
    zero: str
    positive: str
    zero_to: float
    """The largest size for which the zero word is true."""
    from_: float
    """The smallest size for which a direction is true."""
    to: float = math.inf


_WORDS: Mapping[str, _Words] = {
    "place_x": _Words("left", "middle", "right", 0.13, 0.17, 1.05),
    "place_y": _Words("down", "middle", "up", 0.13, 0.17, 1.05),
    "shift_x": _Words("left", "none", "right", 0.07, 0.11),
    "shift_y": _Words("down", "none", "up", 0.07, 0.11),
    "kept_x": _Words("left", "middle", "right", 0.13, 0.17, 0.95),
    "kept_y": _Words("down", "middle", "up", 0.13, 0.17, 0.95),
    "beyond_x": _Words("left", "none", "right", 0.07, 0.11),
    "beyond_y": _Words("down", "none", "up", 0.07, 0.11),
    "scale": _Words("smaller", "none", "larger", 0.036, 0.07),
    "lens": _Words("wider", "none", "narrower", 0.03, 0.09),
    "distance": _Words("closer", "none", "farther", 0.036, 0.07),
    "flank_x": _Words("left", "none", "right", 2.8, 4.7, 163),
    "flank_y": _Words("down", "none", "up", 2.8, 4.7, 113),
    "top": _Words("less", "none", "more", 2.8, 4.7),
    "background_x": _Words("left", "none", "right", 2.2, 3.7, 125),
    "background_y": _Words("down", "none", "up", 2.2, 3.7, 85),
    "lean": _Words("left", "none", "right", 2.2, 3.7, 88),
    "yaw": _Words("left", "none", "right", 2.2, 3.7, 168),
    "tilt": _Words("down", "none", "up", 2.2, 3.7),
    "pitch": _Words("down", "none", "up", 2.2, 3.7),
    "roll": _Words("counterclockwise", "none", "clockwise", 2.2, 3.7, 168),
    "horizon": _Words("left", "none", "right", 2.2, 3.7, 88),
    "bank": _Words("counterclockwise", "none", "clockwise", 2.2, 3.7, 124),
    "azimuth": _Words("clockwise", "none", "counterclockwise", 2.2, 3.7, 168),
    "around": _Words("clockwise", "none", "counterclockwise", 2.2, 3.7, 168),
    "elevation": _Words("down", "none", "up", 2.2, 3.7),
    "looks_down": _Words("up", "none", "down", 4.4, 7.5),
    "parallax": _Words("left", "", "right", -1, 0.09),
    "moved_x": _Words("left", "none", "right", 0.055, 0.09),
    "moved_y": _Words("down", "none", "up", 0.055, 0.09),
    "moved_z": _Words("backwards", "none", "forwards", 0.055, 0.09),
    "height": _Words("down", "none", "up", 0.055, 0.09),
    "object_side": _Words("left", "none", "right", 0.055, 0.09),
    "front_side": _Words("left", "none", "right", 0.055, 0.09),
    "own_side": _Words("left", "none", "right", 0.055, 0.09),
}
"""Units as in `stored`: half widths and heights, logarithms of ratios, degrees, object radii."""


_EXTENTS = {"little": (4.7, 21.0), "far": (66.0, 114.0), "out": (1.1, math.inf)}
"""The sizes for which "a little", "fully" and "out of the frame" are true."""


def _worded(kind: str, value: str, measure: float) -> str | None:
    """The problem with the word ``value`` for a measure; None if the word is true."""
    words = _WORDS[kind]
    extent, _, plain = value.rpartition("_")
    size, word = abs(measure), words.positive if measure > 0 else words.negative
    if value == words.zero:
        true = size <= words.zero_to
    elif plain != word:
        true = False
    elif extent == "slight":
        true = 0.75 * words.zero_to <= size <= 1.15 * words.from_
    else:
        low, high = _EXTENTS.get(extent, (words.from_, words.to))
        true = low <= size <= high
    return None if true else f"the cameras give {measure:.3g}"


# --- claims with words of their own ----------------------------------------------------------------------------------


def _place(claim: Claim, moved: float, _: StoredViews) -> bool:
    return moved <= 0.055 if claim.value == "kept" else moved >= 0.09


def _direction(claim: Claim, turned: float, _: StoredViews) -> bool:
    return turned <= 2.2 if claim.value == "kept" else turned >= 3.7


def _horizon(claim: Claim, leaned: float, _: StoredViews) -> bool:
    return _worded("horizon", "none" if claim.value == "kept" else claim.value, leaned) is None


def _same_faces(claim: Claim, between: float, _: StoredViews) -> bool:
    return between <= 2.8 if claim.value == "same" else between >= 4.7


def _frame_swap(_: Claim, cosine: float, __: StoredViews) -> bool:
    return cosine <= -0.5


_SIDES_DEG = {"front": 0, "left": 90, "back": 180, "right": -90}
"""Directions of the object's own sides, counter-clockwise from its front as seen from above."""


def _faces(claim: Claim, azimuth: float, stored: StoredViews) -> bool:
    level = abs(PLACES["looks_down"](stored, claim.image)) <= 52
    off = [abs(math.remainder(azimuth - _SIDES_DEG[side], 360)) for side in claim.value.split("_")]
    return level and (off[0] <= 42 if len(off) == 1 else max(off) <= 68)


_SPECIAL: Mapping[str, Callable[[Claim, float, StoredViews], bool]] = {
    "place": _place,
    "direction": _direction,
    "horizon": _horizon,
    "same_faces": _same_faces,
    "frame_swap": _frame_swap,
    "faces": _faces,
    "faces_two": _faces,
}


# --- claims about the answer -----------------------------------------------------------------------------------------


def _answer(claim: Claim, row: Mapping[str, Any]) -> str | None:
    if claim.value and claim.value != row["answer"]:
        return f"the answer is {row['answer']}"
    if claim.value and not row["options"]:
        return "the question has no options"
    if claim.quoted is not None and _bare(claim.quoted) != _bare(row["answer_text"]):
        return f"the answer's text is “{row['answer_text']}”"
    if len(row["cameras"]) == 2 and _shown_by_image_1_alone(claim.because):
        return "the question is about image 2, and it is concluded from what image 1 shows"
    return contradiction(claim.because, row["answer_text"])


_OF_ONE_IMAGE = ("faces", "faces_two", "looks_down")
"""What one image shows. Of two images, every quantity that one image can show is about the second."""


def _shown_by_image_1_alone(because: Sequence[Claim]) -> bool:
    return {claim.image for claim in because} == {1} and all(claim.kind in _OF_ONE_IMAGE for claim in because)


def _final_answer(claim: Claim, row: Mapping[str, Any]) -> str | None:
    return None if claim.value == row["answer"].strip() else f"the answer is {row['answer']}"


def _format(_: Claim, __: Mapping[str, Any]) -> str:
    return "the text is not of the form <think>…</think><answer>…</answer>"


def _bare(text: str) -> str:
    return text.strip().removesuffix(".").removesuffix("。")


_OF_TEXT: Mapping[str, Callable[[Claim, Mapping[str, Any]], str | None]] = {
    ANSWER: _answer,
    FINAL_ANSWER: _final_answer,
    FORMAT: _format,
}
