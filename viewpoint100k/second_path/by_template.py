"""The label of a row, against the template that it was made with."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from viewpoint100k.second_path.definitions import Definition, Meaning, rendered
from viewpoint100k.second_path.judging import Verdict, judge
from viewpoint100k.second_path.measures import tolerance
from viewpoint100k.stored import StoredPair

__all__ = ["examine_by_template"]

Columns = Mapping[str, Any]

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MARGIN_TOLERANCE = 1e-3


def examine_by_template(
    row: Columns, pair: StoredPair, definition: Definition, paraphrase: Mapping[str, Any]
) -> Iterator[tuple[str, str | None]]:
    """Checks of a row whose wording is known, each with what it found wrong, or None."""
    claims = definition.meanings(paraphrase, row["options"], len(row["images"]))
    yield "options", _options(row, definition, claims)
    try:
        verdict = judge(definition, pair, claims)
    except ValueError as error:
        yield "label", str(error)
        return
    yield "wording", _wording(row, paraphrase, verdict)
    yield "answer_value", _answer_value(row, definition, verdict)
    yield "margin", _margin(row, verdict)
    yield "label", _label(row, claims, verdict)
    yield "requirements", _requirements(definition, pair)


def _options(row: Columns, definition: Definition, claims: Sequence[Meaning | None]) -> str | None:
    if bool(row["options"]) == (definition.kind == "open"):
        return "an open question has no options, and every other has some"
    for option, claim in zip(row["options"], claims, strict=True):
        if claim is None:
            return f"the option {option!r} is not one that the wording {row['template']!r} gives"
    if len(set(claims)) != len(claims):
        return f"two of the options {row['options']} mean the same, so that both or neither are true"
    return None


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
    difference = stored - value
    if definition.kind != "open" and "deg" in str(definition.answer.get("quantity", "deg")):
        difference = math.remainder(difference, 360) if math.isfinite(difference) else difference
    if not abs(difference) <= tolerance(value, str(definition.answer.get("quantity", "azimuth_deg"))):
        return f"answer_value is {stored:.6g}; the cameras give {value:.6g}"
    return None


def _margin(row: Columns, verdict: Verdict) -> str | None:
    stored, margin = row["margin"], verdict.margin
    if margin is None or stored is None:
        return None if stored is None and margin is None else f"the margin is {stored}, where {margin} is true"
    if not (stored > 0 and math.isfinite(stored)):
        return f"the margin is {stored}, not a positive number"
    if abs(stored - margin) > _MARGIN_TOLERANCE * max(1, abs(margin)):
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
        return None  # The check of the answer's form has said so.
    said = claims[place]
    if said == verdict.answer:
        return None
    return f"the answer {answer} says {said}, but the cameras give {verdict.answer}"


def _number(value: Meaning) -> str:
    return str(int(value)) if isinstance(value, int | float) and value == int(value) else str(value)


def _requirements(definition: Definition, pair: StoredPair) -> str | None:
    """Whether the pair is one that this type may be asked about."""
    told = pair.answerability
    least = (definition.content.get("requires") or {}).get("min_answerability", 0)
    if told is not None and told < least:
        return f"answerability is {told:.3g}, and this type is asked only from {least:g} on"
    if any("front" in str(quantity) or "own" in str(quantity) for quantity in _quantities(definition)):
        return None if pair.front is not None else "this type needs an object whose front is known, and it is null"
    return None


def _quantities(definition: Definition) -> list[str]:
    answer = definition.answer
    blocks = answer["parts"].values() if "parts" in answer else [answer]
    return [str(block.get("quantity", "")) for block in blocks]
