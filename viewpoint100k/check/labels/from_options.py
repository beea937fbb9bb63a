"""Checks the label of a row with an unknown wording, from the words left and right in its options.

Data sets from other versions of the package, or by other authors, have their own wordings. For the paper's three
types the options can be read without them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from viewpoint100k.geometry.row_cameras import StoredPair, dot, minus, triple

__all__ = ["QUANTITIES", "Quantity", "claimed_direction", "examine_from_options", "signed_answer"]

Columns = Mapping[str, Any]

_LENGTH = 1e-5
_ANGLE_DEG = 1e-3
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Quantity:
    """The quantity that a question type asks about, and the words for its two directions."""

    measure: Callable[[StoredPair], float]
    """The true value; raises ``ValueError`` if the cameras leave it undefined."""
    positive: str
    """The word in an option that claims a positive value."""
    negative: str
    unit: str
    tolerance: float
    """Largest allowed error of a stored value in single precision."""


def ego_translation(pair: StoredPair) -> float:
    """How far camera 2 lies to the right of camera 1's vertical middle plane; object radii.

    The plane holds camera 1's centre, its down and its forward axis: the signed volume over them is the distance.
    """
    step = minus(pair.second.position, pair.first.position)
    return triple(step, pair.first.down, pair.first.forward) / pair.radius


def ego_rotation(pair: StoredPair) -> float:
    """Turn of the optical axis about camera 1's vertical, degrees; a right-handed turn about *down* is to the right."""
    first, ahead = pair.first, pair.second.forward
    sine = triple(first.down, first.forward, ahead)
    cosine = dot(first.forward, ahead)
    if math.hypot(sine, cosine) < 1e-9:
        raise ValueError("camera 2 looks along camera 1's vertical, so it has no yaw")
    return math.degrees(math.atan2(sine, cosine))


def object_translation(pair: StoredPair) -> float:
    """How far camera 2 lies to the right of the line from the object to camera 1, on the floor plan; object radii.

    Seen from above, a point right of the observer's viewing direction has a negative plane cross product with it.
    """
    facing = minus(pair.first.position, pair.center)
    place = minus(pair.second.position, pair.center)
    length = math.hypot(facing[0], facing[1])
    if length <= 1e-6 * math.hypot(*facing):
        raise ValueError("camera 1 is straight above or below the object, so an observer there has no left or right")
    return -(facing[0] * place[1] - facing[1] * place[0]) / length / pair.radius


QUANTITIES: Mapping[str, Quantity] = {
    "ego_translation": Quantity(ego_translation, "right", "left", "object radii", 1e-4),
    "ego_rotation": Quantity(ego_rotation, "right", "left", "degrees", _ANGLE_DEG),
    "object_translation": Quantity(object_translation, "right", "left", "object radii", 1e-4),
}
"""Every question type whose answer can be recomputed."""


def claimed_direction(text: str, quantity: Quantity) -> int:
    """1 or -1 if an option's text names the positive or the negative direction, 0 if it names neither.

    Raises ``ValueError`` if the text names both or denies one, because its meaning is then unclear.
    """
    words = re.findall(r"[a-z']+", text.lower())
    named = {
        sign
        for sign, word in ((1, quantity.positive), (-1, quantity.negative))
        if any(w in (word, f"{word}ward", f"{word}wards", f"{word}'s") for w in words)
    }
    if len(named) > 1:
        raise ValueError(f"the option {text!r} names both {quantity.negative} and {quantity.positive}")
    if named and any(w in ("not", "no", "never", "neither", "nor", "without") or w.endswith("n't") for w in words):
        raise ValueError(f"the option {text!r} names a direction and denies it")
    return named.pop() if named else 0


def signed_answer(row: Columns) -> int | None:
    """The direction (1, -1, or 0 for none) that the row's answer claims; None if it cannot be read."""
    quantity = QUANTITIES.get(row["question_type"])
    if quantity is None:
        return None
    options, answer = row["options"], row["answer"]
    text = answer
    if options:
        index = _LETTERS.find(answer) if len(answer) == 1 else -1
        if not 0 <= index < len(options):
            return None
        text = options[index]
    try:
        claim = claimed_direction(text, quantity)
    except ValueError:
        return None
    # Without options "none" cannot be chosen: a text without a direction cannot be read.
    return claim if options or claim else None


def examine_from_options(row: Columns, pair: StoredPair) -> Iterator[tuple[str, str | None]]:
    """Checks of a row of one of the paper's types, each with the problem found, or None."""
    yield "options", _options(row)
    yield "answer_value", _answer_value(row, pair)
    yield "margin", _margin(row, pair)
    yield "label", _label(row, pair)


def _options(row: Columns) -> str | None:
    options, quantity = row["options"], QUANTITIES[row["question_type"]]
    try:
        claims = [claimed_direction(option, quantity) for option in options]
    except ValueError as error:
        return str(error)
    if len(set(claims)) != len(claims):
        return f"two of the options {options} claim the same direction, so that both or neither are true"
    return None


def _answer_value(row: Columns, pair: StoredPair) -> str | None:
    quantity, stored = QUANTITIES[row["question_type"]], row["answer_value"]
    try:
        value = quantity.measure(pair)
    except ValueError as error:
        return str(error)
    if stored is None:
        return f"answer_value is null; the cameras give {value:.6g} {quantity.unit}"
    if not abs(stored - value) <= quantity.tolerance + _LENGTH * abs(value):
        return f"answer_value is {stored:.6g}; the cameras give {value:.6g} {quantity.unit}"
    return None


def _margin(row: Columns, pair: StoredPair) -> str | None:
    margin, value = row["margin"], row["answer_value"]
    if value is None:
        return None
    if margin is None or not (margin > 0 and math.isfinite(margin)):
        return f"the margin is {margin}, not a positive number"
    # The boundary of a left or right answer is at zero or beyond, so the margin cannot exceed the distance to zero.
    if signed_answer(row) and not margin <= abs(value) * (1 + _LENGTH):
        return f"the margin {margin:.6g} is larger than the value {value:.6g} that it is the margin of"
    return None


def _label(row: Columns, pair: StoredPair) -> str | None:
    quantity, claim = QUANTITIES[row["question_type"]], signed_answer(row)
    if not row["options"] and claim is None:
        return f"the answer {row['answer']!r} to an open question names neither direction"
    if not claim:
        return None
    try:
        value = quantity.measure(pair)
    except ValueError:
        return None  # the answer_value check has reported this
    if value * claim > 0:
        return None
    said = quantity.positive if claim > 0 else quantity.negative
    given = f"{value:.6g} {quantity.unit}, where positive is {quantity.positive}"
    return f"the answer {row['answer']} says {said}, but the cameras give {given}"
