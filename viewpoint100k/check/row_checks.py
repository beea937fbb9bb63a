"""Checks one row by itself, from its stored columns alone.

The checks share no code with the code that made the labels. They use triple products and angles in the world frame,
where the builder multiplies matrices. They read the meaning of an option from the text of its template
(`viewpoint100k.check.labels`). They use plain ``math`` on tuples, so that every step can be checked by hand.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from viewpoint100k.check.labels.answer_forms import examine_form, form_of_answer
from viewpoint100k.check.labels.definitions import Definition, packaged_definitions
from viewpoint100k.check.labels.from_options import (
    QUANTITIES,
    claimed_direction,
    ego_rotation,
    examine_from_options,
    signed_answer,
)
from viewpoint100k.check.labels.from_template import examine_from_template
from viewpoint100k.geometry.row_cameras import (
    StoredCamera,
    StoredPair,
    cross,
    dot,
    minus,
    read_camera,
    read_pair,
    triple,
)
from viewpoint100k.questions.reasoning.check import judge as judge_reasoning

__all__ = [
    "QUANTITIES",
    "StoredCamera",
    "StoredPair",
    "check_row",
    "claimed_direction",
    "read_camera",
    "recomputed_relative",
    "signed_answer",
]

Columns = Mapping[str, Any]

MAY_BE_NULL = frozenset({"answer_value", "margin", "reasoning", "object_front", "answerability"})
"""Columns of a row that may be null; all others must have a value."""

# Poses may come from files with single-precision numbers: two exact formulas then differ by about 1e-6 of a length.
_LENGTH = 1e-5
_ANGLE_DEG = 1e-3
_MARK = re.compile(r"(?<!\w)\(?([A-Z])[.):]+\s*")
"""A letter with which an option is listed: ``A.``, ``(A)``, ``A:``."""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def recomputed_relative(pair: StoredPair) -> dict[str, float]:
    """The ``relative`` struct without its overlap; fields that the cameras leave undefined are left out."""
    first, second = pair.first, pair.second
    step = minus(second.position, first.position)
    a, b = minus(first.position, pair.center), minus(second.position, pair.center)
    distances = math.hypot(*a), math.hypot(*b)
    # Cramer's rule for step = x right + y down + z forward, whose determinant is 1.
    fields = {
        "translation_x": triple(step, first.down, first.forward),
        "translation_y": triple(first.right, step, first.forward),
        "translation_z": triple(first.right, first.down, step),
        "pitch_deg": math.degrees(math.asin(_clamped(-dot(second.forward, first.down)))),
    }
    if min(distances) > 1e-9:
        fields["distance_ratio"] = distances[1] / distances[0]
        angles = [math.degrees(math.asin(_clamped(v[2] / d))) for v, d in zip((a, b), distances, strict=True)]
        fields["elevation_deg"] = angles[1] - angles[0]
        if min(math.hypot(v[0], v[1]) / d for v, d in zip((a, b), distances, strict=True)) > 1e-4:
            around = math.atan2(a[0] * b[1] - a[1] * b[0], a[0] * b[0] + a[1] * b[1])
            fields["azimuth_deg"] = math.degrees(around)
    # Level with camera 1 and square to camera 2's axis: camera 2's right axis without its roll.
    level = cross(first.down, second.forward)
    if math.hypot(*level) > 1e-4:
        fields["yaw_deg"] = ego_rotation(pair)
        sine, cosine = triple(second.forward, level, second.right), dot(level, second.right)
        fields["roll_deg"] = math.degrees(math.atan2(sine, cosine))
    return fields


def _clamped(cosine: float) -> float:
    return max(-1.0, min(1.0, cosine))


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
    if len(row["images"]) != len(row["cameras"]) or len(row["images"]) < 2:
        return f"there are {len(row['images'])} images and {len(row['cameras'])} cameras: as many of each, two or more"
    return None


def _options(row: Columns) -> str | None:
    options = row["options"]
    if len(options) == 1 or len(options) > len(_LETTERS):
        return f"a question cannot have {len(options)} options"
    if len({option.strip().lower() for option in options}) != len(options) or not all(o.strip() for o in options):
        return f"the options {options} are not all different and not empty"
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
    listed: dict[str, list[int]] = {}
    for mark in _MARK.finditer(question):
        listed.setdefault(mark[1], []).append(mark.end())
    for letter, option in zip(_LETTERS, options, strict=False):
        if not any(_stands_at(question, start, option.strip()) for start in listed.get(letter, ())):
            return f"the question does not list option {letter}, {option!r}, with its letter"
    beyond = _LETTERS[len(options) : len(options) + 1]
    if options and beyond and re.search(rf"^\s*\(?{beyond}[.):]\s", question, re.MULTILINE):
        return f"the question lists an option {beyond} that the row does not have"
    return None


def _stands_at(question: str, start: int, option: str) -> bool:
    """True if the option's text is there and is not the beginning of a longer word."""
    after = question[start + len(option) : start + len(option) + 1]
    return question.startswith(option, start) and not (after.isalnum() or after == "_")


def _reasoning(row: Columns) -> str | None:
    for stated in re.findall(r"<answer>(.*?)</answer>", row["reasoning"] or "", re.DOTALL):
        if stated.strip() != row["answer"]:
            return f"the reasoning ends in {stated.strip()!r}, the answer is {row['answer']!r}"
    return None


def _reasoning_claims(row: Columns) -> str | None:
    """Checks that every sentence of the reasoning is checkable, true, and in the right order."""
    if not row["reasoning"]:
        return None
    try:
        judgement = judge_reasoning(row["reasoning"], row)
    except (ArithmeticError, ValueError) as error:
        return f"the cameras leave undefined what the reasoning says: {error}"
    for claim, instead in judgement.false:
        return f"the reasoning says {claim.text!r}, and {instead}"
    for claim in judgement.unrecognised:
        return f"the reasoning says {claim.text!r}, which cannot be checked"
    for claim in judgement.missing:
        return f"the reasoning says {claim.text!r} without a reason"
    for claim in judgement.unused:
        return f"the reasoning says {claim.text!r}, which serves nothing that is said later"
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


def _in_frame(row: Columns, pair: StoredPair) -> str | None:
    for number, camera in enumerate((pair.first, pair.second, *pair.others), start=1):
        ray = minus(pair.center, camera.position)
        x, y, depth = (dot(ray, axis) for axis in (camera.right, camera.down, camera.forward))
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


TEXT_CHECKS: Mapping[str, Callable[[Columns], str | None]] = {
    "answer": _answer,
    "question_text": _question_text,
    "reasoning": _reasoning,
    "provenance": _provenance,
    "ranges": _ranges,
}
"""Checks that need no camera: each returns a sentence about the problem, or None."""


def check_row(row: Columns, definitions: Mapping[str, Definition] | None = None) -> Iterator[tuple[str, str | None]]:
    """Every check of a row with all the schema's columns, each with the problem found, or None.

    ``definitions`` are the question types by name; the package's own by default.
    """
    problem = _incomplete(row)
    yield "incomplete", problem
    if problem:
        return
    for name, check in TEXT_CHECKS.items():
        yield name, check(row)
    definition = (packaged_definitions() if definitions is None else definitions).get(row["question_type"])
    try:
        pair = read_pair(row, definition is not None and definition.shows_mirror_images())
    except ValueError as error:
        yield "options", _options(row)
        yield "cameras", str(error)
        return
    yield "cameras", None
    yield "in_frame", _in_frame(row, pair)
    yield "relative", _relative(row, pair)
    yield "reasoning_claims", _reasoning_claims(row)
    yield from _label_checks(row, pair, definition)


def _label_checks(row: Columns, pair: StoredPair, definition: Definition | None) -> Iterator[tuple[str, str | None]]:
    """Checks the label: against its template if the wording is known, else by the words of its options."""
    kind, problem = row["question_type"], _options(row)
    paraphrase = definition.paraphrase(row["template"]) if definition else None
    try:
        form = form_of_answer(row["template"])
    except ValueError as error:
        yield "unknown_question_type", str(error)
        return
    if problem is None and definition is not None and paraphrase is not None and form is not None:
        yield from examine_form(row, pair, definition, paraphrase, form)
    elif problem is None and definition is not None and paraphrase is not None:
        yield from examine_from_template(row, pair, definition, paraphrase)
    elif problem is None and kind in QUANTITIES:
        yield from examine_from_options(row, pair)
    else:
        yield "options", problem
    known = kind in QUANTITIES or (definition is not None and paraphrase is not None)
    unknown = (
        f"the question type {kind!r}, wording {row['template']!r}, is not one whose answer can be worked out again"
    )
    yield "unknown_question_type", None if known else unknown
