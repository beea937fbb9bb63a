"""What must hold for one row by itself, worked out from its stored columns alone.

This is the second opinion: it shares no code with the path that made the labels and knows nothing of templates. It
uses other formulas where there are any: triple products in the world frame instead of an inverse times a matrix, and
its own reading of what an option's text says. Plain ``math`` on tuples, so that every step can be followed by hand.

A new question type is one function from a `StoredPair` to its quantity, and one entry in `QUANTITIES`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "GEOMETRY_CHECKS",
    "QUANTITIES",
    "TEXT_CHECKS",
    "Quantity",
    "StoredCamera",
    "StoredPair",
    "check_row",
    "claimed_direction",
    "read_camera",
    "recomputed_relative",
    "signed_answer",
]

Vector = tuple[float, float, float]
Columns = Mapping[str, Any]

MAY_BE_NULL = frozenset({"answer_value", "margin", "reasoning", "object_front", "answerability"})
"""Columns of a row that may be null; all others must have a value."""

# Poses may come from files with single-precision numbers: two exact formulas then differ by about 1e-6 of a length.
_RIGID = 1e-5
_LENGTH = 1e-5
_ANGLE_DEG = 1e-3
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class StoredCamera:
    """One element of the ``cameras`` column, its axes as unit vectors of the world."""

    right: Vector
    down: Vector
    forward: Vector
    position: Vector
    focal: tuple[float, float]
    """Pixels."""
    principal_point: tuple[float, float]
    """Pixels."""
    width: int
    height: int


@dataclass(frozen=True)
class StoredPair:
    """What a question is about: two cameras and the object between them."""

    first: StoredCamera
    second: StoredCamera
    center: Vector
    radius: float


@dataclass(frozen=True)
class Quantity:
    """What a question type asks about, and the words for its two directions."""

    measure: Callable[[StoredPair], float]
    """The true value; raises ``ValueError`` where the cameras leave it undefined."""
    positive: str
    """The word in an option that claims a positive value."""
    negative: str
    unit: str
    tolerance: float
    """How far a stored value, in single precision, may lie from the true one."""


def _minus(a: Vector, b: Vector) -> Vector:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def _triple(a: Vector, b: Vector, c: Vector) -> float:
    """Signed volume of the box that three vectors span; 1 for right, down, forward."""
    return _dot(a, _cross(b, c))


# --- the quantities --------------------------------------------------------------------------------------------------


def ego_translation(pair: StoredPair) -> float:
    """How far camera 2 lies to the right of camera 1's vertical middle plane; object radii.

    The plane holds camera 1's centre, its down and its forward axis: the signed volume over them is the distance.
    """
    step = _minus(pair.second.position, pair.first.position)
    return _triple(step, pair.first.down, pair.first.forward) / pair.radius


def ego_rotation(pair: StoredPair) -> float:
    """Turn of the optical axis about camera 1's vertical, degrees; a right-handed turn about *down* is to the right."""
    first, ahead = pair.first, pair.second.forward
    sine = _triple(first.down, first.forward, ahead)
    cosine = _dot(first.forward, ahead)
    if math.hypot(sine, cosine) < 1e-9:
        raise ValueError("camera 2 looks along camera 1's vertical, so it has no yaw")
    return math.degrees(math.atan2(sine, cosine))


def object_translation(pair: StoredPair) -> float:
    """How far camera 2 lies to the right of the line from the object to camera 1, on the floor plan; object radii.

    Seen from above, a place to the right of where the observer faces has a negative plane cross product with it.
    """
    facing = _minus(pair.first.position, pair.center)
    place = _minus(pair.second.position, pair.center)
    length = math.hypot(facing[0], facing[1])
    if length < 1e-6 * math.hypot(*facing):
        raise ValueError("camera 1 is straight above or below the object, so an observer there has no left or right")
    return -(facing[0] * place[1] - facing[1] * place[0]) / length / pair.radius


QUANTITIES: Mapping[str, Quantity] = {
    "ego_translation": Quantity(ego_translation, "right", "left", "object radii", 1e-4),
    "ego_rotation": Quantity(ego_rotation, "right", "left", "degrees", _ANGLE_DEG),
    "object_translation": Quantity(object_translation, "right", "left", "object radii", 1e-4),
}
"""Every question type whose answer can be worked out again."""


def recomputed_relative(pair: StoredPair) -> dict[str, float]:
    """The ``relative`` struct but for its overlap; a field that the cameras leave undefined is left out."""
    first, second = pair.first, pair.second
    step = _minus(second.position, first.position)
    a, b = _minus(first.position, pair.center), _minus(second.position, pair.center)
    distances = math.hypot(*a), math.hypot(*b)
    # Cramer's rule for step = x right + y down + z forward, whose determinant is 1.
    fields = {
        "translation_x": _triple(step, first.down, first.forward),
        "translation_y": _triple(first.right, step, first.forward),
        "translation_z": _triple(first.right, first.down, step),
        "pitch_deg": math.degrees(math.asin(_clamped(-_dot(second.forward, first.down)))),
    }
    if min(distances) > 1e-9:
        fields["distance_ratio"] = distances[1] / distances[0]
        angles = [math.degrees(math.asin(_clamped(v[2] / d))) for v, d in zip((a, b), distances, strict=True)]
        fields["elevation_deg"] = angles[1] - angles[0]
        if min(math.hypot(v[0], v[1]) / d for v, d in zip((a, b), distances, strict=True)) > 1e-4:
            around = math.atan2(a[0] * b[1] - a[1] * b[0], a[0] * b[0] + a[1] * b[1])
            fields["azimuth_deg"] = math.degrees(around)
    # Level with camera 1 and square to camera 2's axis: where camera 2's right would point, had it not been rolled.
    level = _cross(first.down, second.forward)
    if math.hypot(*level) > 1e-4:
        fields["yaw_deg"] = ego_rotation(pair)
        sine, cosine = _triple(second.forward, level, second.right), _dot(level, second.right)
        fields["roll_deg"] = math.degrees(math.atan2(sine, cosine))
    return fields


def _clamped(cosine: float) -> float:
    return max(-1.0, min(1.0, cosine))


# --- reading the columns ---------------------------------------------------------------------------------------------


def read_camera(stored: Columns) -> StoredCamera:
    """One element of ``cameras``. Raises ``ValueError`` where it is not a rigid, finite pinhole camera."""
    m, k = stored["camera_to_world"], stored["intrinsics"]
    if len(m) != 16 or len(k) != 9 or not all(v is not None and math.isfinite(v) for v in (*m, *k)):
        raise ValueError("camera_to_world must hold 16 finite numbers and intrinsics 9")
    right, down, forward, position = ((m[i], m[i + 4], m[i + 8]) for i in range(4))
    axes = (right, down, forward)
    skewness = max(abs(_dot(p, q) - (i == j)) for i, p in enumerate(axes) for j, q in enumerate(axes))
    if skewness > _RIGID or abs(_triple(*axes) - 1) > _RIGID or tuple(m[12:]) != (0, 0, 0, 1):
        raise ValueError("camera_to_world is not a rotation and a translation")
    if tuple(k[i] for i in (1, 3, 6, 7, 8)) != (0, 0, 0, 0, 1) or min(k[0], k[4]) <= 0:
        raise ValueError("intrinsics are not [[fx, 0, cx], [0, fy, cy], [0, 0, 1]] with positive focal lengths")
    width, height = stored["width"], stored["height"]
    if not (width and height and width > 0 and height > 0):
        raise ValueError(f"the image size {width} x {height} is not positive")
    return StoredCamera(right, down, forward, position, (k[0], k[4]), (k[2], k[5]), width, height)


def claimed_direction(text: str, quantity: Quantity) -> int:
    """1 or -1 where an option's text names the positive or the negative direction, 0 where it names neither.

    Raises ``ValueError`` where the text names both, or denies one: then a reader cannot know what it claims.
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
    """The direction (1, -1, or 0 for none) that the row's answer claims; None where that cannot be read."""
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
    # Without options "none" is not on offer: a text that names no direction is one that we cannot read.
    return claim if options or claim else None


def _incomplete(row: Columns) -> str | None:
    for name, value in row.items():
        if value is None and name not in MAY_BE_NULL:
            return f"{name} is null"
    center, front = row["object_center"], row["object_front"]
    if len(center) != 3 or not all(v is not None and math.isfinite(v) for v in center):
        return "object_center does not hold three finite numbers"
    if not (math.isfinite(row["object_radius"]) and row["object_radius"] > 0):
        return f"object_radius is {row['object_radius']}, not a positive length"
    if front is not None and (len(front) != 3 or any(v is None or not math.isfinite(v) for v in front)):
        return "object_front does not hold three finite numbers"
    if None in row["options"] or None in row["images"]:
        return "one of the options or images is null"
    if any(camera is None or None in camera.values() for camera in row["cameras"]):
        return "one of the cameras has a part that is null"
    if len(row["images"]) != len(row["cameras"]) or len(row["images"]) != 2:
        return f"there are {len(row['images'])} images and {len(row['cameras'])} cameras, where both should be two"
    return None


# --- checks of the text and the provenance ---------------------------------------------------------------------------


def _options(row: Columns) -> str | None:
    options, quantity = row["options"], QUANTITIES.get(row["question_type"])
    if len(options) == 1 or len(options) > len(_LETTERS):
        return f"a question cannot have {len(options)} options"
    if len({option.strip().lower() for option in options}) != len(options) or not all(o.strip() for o in options):
        return f"the options {options} are not all different and not empty"
    if quantity is None:
        return None
    try:
        claims = [claimed_direction(option, quantity) for option in options]
    except ValueError as error:
        return str(error)
    if len(set(claims)) != len(claims):
        return f"two of the options {options} claim the same direction, so that both or neither are true"
    return None


def _answer(row: Columns) -> str | None:
    options, answer = row["options"], row["answer"]
    if not options:
        return None if row["answer_text"] == answer else f"answer_text {row['answer_text']!r} is not {answer!r}"
    letters = _LETTERS[: len(options)]
    if len(answer) != 1 or answer not in letters:
        return f"the answer {answer!r} is not one of the letters {', '.join(letters)}"
    if row["answer_text"] != options[letters.index(answer)]:
        return f"answer_text {row['answer_text']!r} is not option {answer}, {options[letters.index(answer)]!r}"
    return None


def _question_text(row: Columns) -> str | None:
    question, options = row["question"], row["options"]
    if "<image" in question.lower():
        return "the question holds an image token, which every trainer adds by itself"
    for letter, option in zip(_LETTERS, options, strict=False):
        if not re.search(rf"(?<!\w)\(?{letter}[.):]+\s*{re.escape(option)}(?!\w)", question):
            return f"the question does not list option {letter}, {option!r}, with its letter"
    beyond = _LETTERS[len(options) : len(options) + 1]
    if options and beyond and re.search(rf"^\s*\(?{beyond}[.):]\s", question, re.MULTILINE):
        return f"the question lists an option {beyond} that the row does not have"
    return None


def _reasoning(row: Columns) -> str | None:
    for stated in re.findall(r"<answer>(.*?)</answer>", row["reasoning"] or "", re.DOTALL):
        if stated.strip() != row["answer"]:
            return f"the reasoning ends in {stated.strip()!r}, the answer is {row['answer']!r}"
    return None


def _provenance(row: Columns) -> str | None:
    for name in ("id", "question_type", "template", "group", "source", "asset_id", "license", "renderer", "config"):
        if not row[name].strip():
            return f"{name} is empty"
    if not re.fullmatch(r"[0-9a-f]{64}", row["asset_sha256"]):
        return f"asset_sha256 {row['asset_sha256']!r} is not 64 hexadecimal digits"
    return None


def _ranges(row: Columns) -> str | None:
    overlap, answerability = row["relative"]["overlap"], row["answerability"]
    if overlap is not None and not 0 <= overlap <= 1:
        return f"relative.overlap is {overlap}, outside 0 to 1"
    if answerability is not None and not (math.isfinite(answerability) and answerability >= 0):
        return f"answerability is {answerability}, not a difference"
    return None


# --- checks against the cameras --------------------------------------------------------------------------------------


def _in_frame(row: Columns, pair: StoredPair) -> str | None:
    for number, camera in enumerate((pair.first, pair.second), start=1):
        ray = _minus(pair.center, camera.position)
        x, y, depth = (_dot(ray, axis) for axis in (camera.right, camera.down, camera.forward))
        if depth <= 0:
            return f"the object's centre is behind camera {number}"
        u = camera.focal[0] * x / depth + camera.principal_point[0]
        v = camera.focal[1] * y / depth + camera.principal_point[1]
        if not (0 <= u <= camera.width and 0 <= v <= camera.height):
            size = f"{camera.width} x {camera.height}"
            return f"the object's centre is at pixel ({u:.0f}, {v:.0f}) of image {number}, outside its {size}"
    return None


def _relative(row: Columns, pair: StoredPair) -> str | None:
    stored = row["relative"]
    away = max(math.dist(pair.first.position, pair.center), math.dist(pair.second.position, pair.center))
    for name, value in recomputed_relative(pair).items():
        tolerance = _ANGLE_DEG if name.endswith("_deg") else _LENGTH * max(away, 1e-9)
        if name == "distance_ratio":
            tolerance = _LENGTH * value
        if stored[name] is None:
            return f"relative.{name} is null; the cameras give {value:.6g}"
        difference = stored[name] - value
        if name.endswith("_deg") and math.isfinite(difference):
            difference = math.remainder(difference, 360)
        if not abs(difference) <= tolerance:
            return f"relative.{name} is {stored[name]:.6g}; the cameras give {value:.6g}"
    return None


def _unknown_question_type(row: Columns, pair: StoredPair) -> str | None:
    if row["question_type"] in QUANTITIES:
        return None
    return f"the question type {row['question_type']!r} is not one whose answer can be worked out again"


def _answer_value(row: Columns, pair: StoredPair) -> str | None:
    quantity, stored = QUANTITIES.get(row["question_type"]), row["answer_value"]
    if quantity is None:
        return None
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
    quantity, margin, value = QUANTITIES.get(row["question_type"]), row["margin"], row["answer_value"]
    if quantity is None or value is None:
        return None
    if margin is None or not (margin > 0 and math.isfinite(margin)):
        return f"the margin is {margin}, not a positive number"
    # A left or right answer is decided at zero or beyond: it cannot be further from the decision than from zero.
    if signed_answer(row) and not margin <= abs(value) * (1 + _LENGTH):
        return f"the margin {margin:.6g} is larger than the value {value:.6g} that it is the margin of"
    return None


def _label(row: Columns, pair: StoredPair) -> str | None:
    quantity, claim = QUANTITIES.get(row["question_type"]), signed_answer(row)
    if quantity is None:
        return None
    if not row["options"] and claim is None:
        return f"the answer {row['answer']!r} to an open question names neither direction"
    if not claim:
        return None
    try:
        value = quantity.measure(pair)
    except ValueError:
        return None  # the answer_value check has said so
    if value * claim > 0:
        return None
    said = quantity.positive if claim > 0 else quantity.negative
    given = f"{value:.6g} {quantity.unit}, where positive is {quantity.positive}"
    return f"the answer {row['answer']} says {said}, but the cameras give {given}"


TEXT_CHECKS: Mapping[str, Callable[[Columns], str | None]] = {
    "options": _options,
    "answer": _answer,
    "question_text": _question_text,
    "reasoning": _reasoning,
    "provenance": _provenance,
    "ranges": _ranges,
}
"""Checks that need no camera: each gives a sentence about what is wrong, or None."""

GEOMETRY_CHECKS: Mapping[str, Callable[[Columns, StoredPair], str | None]] = {
    "in_frame": _in_frame,
    "relative": _relative,
    "unknown_question_type": _unknown_question_type,
    "answer_value": _answer_value,
    "margin": _margin,
    "label": _label,
}
"""Checks against the stored cameras."""


def check_row(row: Columns) -> Iterator[tuple[str, str | None]]:
    """Every check that was made of a row of all the schema's columns, with what it found wrong, or None."""
    problem = _incomplete(row)
    yield "incomplete", problem
    if problem:
        return
    for name, check in TEXT_CHECKS.items():
        yield name, check(row)
    try:
        first, second = (read_camera(stored) for stored in row["cameras"])
    except ValueError as error:
        yield "cameras", str(error)
        return
    yield "cameras", None
    x, y, z = row["object_center"]
    pair = StoredPair(first, second, (x, y, z), row["object_radius"])
    for name, against_cameras in GEOMETRY_CHECKS.items():
        yield name, against_cameras(row, pair)
