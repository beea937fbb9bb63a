"""Computes the correct answer to a row, and its margin, from the row's template and stored columns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from viewpoint100k.check.labels.definitions import Definition, Meaning, combined_answers
from viewpoint100k.check.labels.expressions import evaluate
from viewpoint100k.check.labels.measures import azimuth_between
from viewpoint100k.geometry.row_cameras import StoredPair

__all__ = ["Verdict", "judge"]


@dataclass(frozen=True)
class Verdict:
    """The correct answer and its margin."""

    answer: Meaning
    """The correct option's meaning; for an open question the number."""
    value: float | None
    margin: float | None
    """None if the answer has no margin."""
    least_margin: float
    """Smallest margin with which the question may be asked."""
    question: Mapping[str, Any]
    """Variables of the question's text."""


def judge(definition: Definition, pair: StoredPair, claims: Sequence[Meaning | None]) -> Verdict:
    """The verdict on a row whose options claim ``claims``. Raises ``ValueError`` if there is none."""
    answer = definition.answer
    match definition.kind:
        case "bins":
            name, value, margin = _bin(answer, pair)
            return Verdict(name, value, margin, answer["dead_zone"], {})
        case "combination":
            return _combination(answer, pair)
        case "choices":
            return _choices(answer, pair, claims)
        case "open":
            value = evaluate(answer["quantity"], pair)
            step = answer.get("round_to", 1)
            return Verdict(round(value / step) * step, value, None, 0, {})
        case "candidates":
            return _candidates(answer, pair)
        case "arc":
            return _arc(answer, pair)
    raise ValueError(f"answers of the kind {definition.kind!r} are not known")


def _bin(block: Mapping[str, Any], pair: StoredPair) -> tuple[str, float, float]:
    value = evaluate(block["quantity"], pair)
    edges = [-math.inf, *block["boundaries"], math.inf]
    place = next(i for i, (low, high) in enumerate(pairwise(edges)) if low < value <= high)
    return block["answers"][place], value, min(abs(value - edge) for edge in block["boundaries"])


def _combination(answer: Mapping[str, Any], pair: StoredPair) -> Verdict:
    bins = {name: _bin(part, pair) for name, part in answer["parts"].items()}
    true = [
        name
        for name, wanted in combined_answers(answer).items()
        if all(bins[part][0] == bin_ for part, bin_ in wanted.items())
    ]
    if len(true) != 1:
        found = ", ".join(bin_ for bin_, _, _ in bins.values())
        raise ValueError(f"no single answer is true of {found}")
    wanted = combined_answers(answer)[true[0]]
    margin = min(bins[part][2] / answer["parts"][part]["dead_zone"] for part in wanted)
    return Verdict(true[0], None, margin, 1, {})


def _choices(answer: Mapping[str, Any], pair: StoredPair, claims: Sequence[Meaning | None]) -> Verdict:
    value = evaluate(answer["quantity"], pair)
    if not answer.get("signed", True):
        value = abs(value)
    numbers = sorted((float(c) for c in claims if isinstance(c, int | float)), key=lambda n: abs(n - value))
    if len(numbers) < 2:
        raise ValueError("the options do not give numbers to choose from")
    margin = (abs(numbers[1] - value) - abs(numbers[0] - value)) / 2
    return Verdict(numbers[0], value, margin, answer["dead_zone"], {})


def _candidates(answer: Mapping[str, Any], pair: StoredPair) -> Verdict:
    """The answer is the image whose azimuth change the question states.

    ``answer_value`` stores this change. Exactly one of the images must agree with it.
    """
    changes = [azimuth_between(pair, pair.first.position, camera.position) for camera in (pair.second, *pair.others)]
    stated = pair.stated
    if stated is None:
        raise ValueError("answer_value is null, and the question asks for a view at that angle")
    apart = sorted(range(len(changes)), key=lambda i: abs(math.remainder(changes[i] - stated, 360)))
    value = changes[apart[0]]
    margin = min(abs(changes[i] - value) for i in apart[1:]) / 2
    step = answer.get("round_to", 10)
    number = round(value / step) * step
    number = int(number) if number == int(number) else number
    return Verdict(float(apart[0] + 2), value, margin, step / 2, {"value": number, "size": abs(number)})


def _arc(answer: Mapping[str, Any], pair: StoredPair) -> Verdict:
    places = [pair.first.position, pair.second.position, *(camera.position for camera in pair.others)]
    around = [azimuth_between(pair, places[0], place) if i else 0.0 for i, place in enumerate(places)]
    order = sorted(range(len(around)), key=around.__getitem__)
    gaps = [around[b] - around[a] for a, b in pairwise(order)]
    low = answer.get("apart", (15.0, 60.0))[0]
    return Verdict(", ".join(str(i + 1) for i in order), None, min(gaps), low / 2, {})
