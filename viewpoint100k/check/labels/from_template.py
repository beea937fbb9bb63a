"""Checks the label of a row against its template."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from viewpoint100k.check.labels.definitions import Definition, Meaning, rendered
from viewpoint100k.check.labels.judging import Verdict, judge
from viewpoint100k.check.labels.measures import azimuth_between, tolerance
from viewpoint100k.check.labels.shown import angles_problem, images_problem, options_problem, plan_problem
from viewpoint100k.geometry.row_cameras import StoredPair

__all__ = ["examine_from_template", "requirements_problem"]

Columns = Mapping[str, Any]

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MARGIN_TOLERANCE = 1e-3
_ANGLE_DEG = 1e-3


def examine_from_template(
    row: Columns, pair: StoredPair, definition: Definition, paraphrase: Mapping[str, Any]
) -> Iterator[tuple[str, str | None]]:
    """Checks of a row whose wording is known, each with the problem found, or None."""
    problem = images_problem(row, definition)
    yield "image_count", problem
    if problem:
        return
    try:
        claims = definition.meanings(paraphrase, row["options"], len(row["images"]))
        yield "options", options_problem(row, definition, claims)
        verdict = judge(definition, pair, claims)
        yield "requirements", requirements_problem(row, definition, pair)
        yield "layout", angles_problem(definition, pair, claims, verdict.value)
    except (ArithmeticError, ValueError) as error:
        yield "label", str(error)
        return
    except (LookupError, TypeError, AttributeError, StopIteration) as error:
        # A data set states its own question types, and may come from anywhere.
        yield "label", f"the question type {row['question_type']!r} cannot be judged as it is stated: {error!r}"
        return
    if definition.content.get("sketch"):
        yield "plan", plan_problem(pair)
    yield "wording", _wording(row, paraphrase, verdict)
    yield "answer_value", _answer_value(row, definition, verdict)
    yield "margin", _margin(row, verdict)
    yield "label", _label(row, claims, verdict)


def _wording(row: Columns, paraphrase: Mapping[str, Any], verdict: Verdict) -> str | None:
    listed = [f"{letter}. {option}" for letter, option in zip(_LETTERS, row["options"], strict=False)]
    question = rendered(paraphrase["question"], verdict.question)
    expected = "\n".join([question, *listed, paraphrase["reply"].strip()])
    if row["question"] == expected:
        return None
    return f"the question is not what the wording {row['template']!r} says of these cameras"


def _answer_value(row: Columns, definition: Definition, verdict: Verdict) -> str | None:
    stored, value = row["answer_value"], verdict.value
    if value is None or stored is None:
        return None if stored is None and value is None else f"answer_value is {stored}, where {value} is true"
    quantity = str(definition.answer.get("quantity", "azimuth_deg"))
    difference = stored - value
    if quantity in _FULL_CIRCLE and math.isfinite(difference):
        difference = math.remainder(difference, 360)
    if not abs(difference) <= tolerance(value, quantity):
        return f"answer_value is {stored:.6g}; the cameras give {value:.6g}"
    return None


_FULL_CIRCLE = frozenset({"azimuth_deg", "yaw_deg", "roll_deg", "bank_deg", "front_azimuth_deg"})
"""Angles for which -180 and 180 degrees are equal."""


def _margin(row: Columns, verdict: Verdict) -> str | None:
    stored, margin = row["margin"], verdict.margin
    if margin is None or stored is None:
        return None if stored is None and margin is None else f"the margin is {stored}, where {margin} is true"
    if not (stored > 0 and math.isfinite(stored)):
        return f"the margin is {stored}, not a positive number"
    if not abs(stored - margin) <= _MARGIN_TOLERANCE * max(1, abs(margin)):
        return f"the margin is {stored:.6g}; the cameras give {margin:.6g}"
    if margin < verdict.least_margin * (1 - 1e-6) - 1e-9:
        return f"the margin {margin:.6g} lies in the dead zone of {verdict.least_margin:g}, where nothing may be asked"
    return None


def _label(row: Columns, claims: Sequence[Meaning | None], verdict: Verdict) -> str | None:
    answer = row["answer"]
    if not row["options"]:
        right = _number(verdict.answer)
        return None if answer == right else f"the answer is {answer!r}; the cameras give {right}"
    place = _LETTERS.find(answer) if len(answer) == 1 else -1
    if not 0 <= place < len(claims):
        return None  # The check of the answer's form has reported this.
    said = claims[place]
    if said == verdict.answer:
        return None
    return f"the answer {answer} says {said}, but the cameras give {verdict.answer}"


def _number(value: Meaning) -> str:
    return str(int(value)) if isinstance(value, int | float) and value == int(value) else str(value)


def requirements_problem(row: Columns, definition: Definition, pair: StoredPair) -> str | None:
    """Checks that this type may ask about the pair."""
    requires = definition.content.get("requires") or {}
    if "azimuth_deg" in requires:
        low, high = requires["azimuth_deg"]
        around = abs(azimuth_between(pair, pair.first.position, pair.second.position))
        if not low - _ANGLE_DEG <= around <= high + _ANGLE_DEG:
            return f"the camera goes around by {around:.4g} degrees, and this type is asked from {low:g} to {high:g}"
    for name, told in (("overlap", row["relative"]["overlap"]), ("answerability", pair.answerability)):
        least = requires.get(f"min_{name}", 0)
        if least and (told is None or told < least * (1 - 1e-6)):
            return (
                f"the {name} is {'null' if told is None else f'{told:.3g}'}, and this type is asked from {least:g} on"
            )
    return None
