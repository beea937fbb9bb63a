"""Compares what a row shows besides its question with its template: images, options, and the floor plan.

A label can be correct while its surroundings reveal it: a missing option, a shifted number, a view from elsewhere.
So this module recomputes each of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from viewpoint100k.check.labels.definitions import Definition, Meaning, combined_answers
from viewpoint100k.check.labels.measures import azimuth_between
from viewpoint100k.geometry.row_cameras import StoredPair, dot, minus

__all__ = ["angles_problem", "images_problem", "options_problem", "plan_problem"]

Columns = Mapping[str, Any]

_ANGLE_DEG = 1e-3
_SHOWN = {"candidates": 4, "arc": 4, "choices": 6}
"""Number of options of the kinds whose template need not state it."""
_ARC_VIEWS = 3
_SPAN = (20.0, 100.0)
"""Default sizes of the angles of `candidates`; degrees."""
_NEIGHBOURS = (15.0, 60.0)
"""Of `arc`: azimuth change between neighbours, degrees."""
_PLAN = 0.01
"""Largest error of a plan's camera, relative to its distance or to 1."""


def images_problem(row: Columns, definition: Definition) -> str | None:
    """Checks that the row has as many images as the question mentions."""
    answer = definition.answer
    match definition.kind:
        case "candidates":
            expected = 1 + int(answer.get("options", _SHOWN["candidates"]))
        case "arc":
            expected = int(answer.get("views", _ARC_VIEWS))
        case _:
            expected = 3 if definition.content.get("sketch") else 2
    count = len(row["images"])
    return None if count == expected else f"there are {count} images; this type shows {expected}"


def options_problem(row: Columns, definition: Definition, claims: Sequence[Meaning | None]) -> str | None:
    """Checks that every option belongs to the wording, that all differ in meaning, and that none is missing."""
    for option, claim in zip(row["options"], claims, strict=True):
        if claim is None:
            return f"the option {option!r} is not one that the wording {row['template']!r} gives"
    if len(set(claims)) != len(claims):
        return f"two of the options {row['options']} mean the same, so that both or neither are true"
    expected = _option_count(definition)
    return None if len(claims) == expected else f"there are {len(claims)} options; this type shows {expected}"


def _option_count(definition: Definition) -> int:
    answer = definition.answer
    match definition.kind:
        case "open":
            return 0
        case "candidates" | "choices":
            return int(answer.get("options", _SHOWN[definition.kind]))
        case "arc":
            return int(answer.get("shown", _SHOWN["arc"]))
        case "combination":
            known = len(combined_answers(answer))
        case _:
            known = len(set(answer["answers"]))
    return min(int(answer.get("shown") or known), known)


def angles_problem(
    definition: Definition, pair: StoredPair, claims: Sequence[Meaning | None], value: float | None
) -> str | None:
    """Checks that the numbers or views to choose from lie as the template requires, and also the value.

    With any other arrangement, the correct one could be found without an image.
    """
    answer = definition.answer
    match definition.kind:
        case "choices" if value is not None:
            signed = bool(answer.get("signed", True))
            numbers = [float(claim) for claim in claims if isinstance(claim, int | float)]
            slack = answer.get("round_to", 5) / 2
            return _span_problem(value, answer["range"]) or _laid_out(numbers, value, answer["range"], signed, slack)
        case "open" if value is not None and "range" in answer:
            return _span_problem(value, answer["range"])
        case "candidates" if value is not None:
            span = answer.get("range", _SPAN)
            cameras = (pair.second, *pair.others)
            changes = [azimuth_between(pair, pair.first.position, camera.position) for camera in cameras]
            return _span_problem(value, span) or _laid_out(changes, value, span, True, 0.0)
        case "arc":
            return _neighbours_problem(pair, answer.get("apart", _NEIGHBOURS))
    return None


def _span_problem(value: float, span: Sequence[float]) -> str | None:
    if span[0] - _ANGLE_DEG <= abs(value) <= span[1] + _ANGLE_DEG:
        return None
    return f"{value:.4g} is the angle asked about, which is outside {span[0]:g} to {span[1]:g}"


def _laid_out(numbers: Sequence[float], value: float, span: Sequence[float], signed: bool, slack: float) -> str | None:
    """Checks that sizes are a whole number of steps from the correct one, within the span; with both signs if shown.

    ``slack``: how far a number may lie from its place, since numbers are shown rounded.
    """
    per_sign = len(numbers) // (2 if signed else 1)
    step = (span[1] - span[0]) / per_sign
    for number in numbers:
        off = math.remainder(abs(number) - abs(value), step)
        beyond = max(span[0] - abs(number), abs(number) - span[1])
        if abs(off) > slack + _ANGLE_DEG or beyond > slack + _ANGLE_DEG:
            return f"{number:.4g} is shown, which does not lie in steps of {step:g} from {value:.4g}"
    if signed and sum(number > 0 for number in numbers) != per_sign:
        return "the numbers shown are not equally many on both sides"
    return None


def _neighbours_problem(pair: StoredPair, apart: Sequence[float]) -> str | None:
    start = pair.first.position
    cameras = (pair.second, *pair.others)
    around = sorted([0.0, *(azimuth_between(pair, start, camera.position) for camera in cameras)])
    for one, other in pairwise(around):
        if not apart[0] - _ANGLE_DEG <= other - one <= apart[1] + _ANGLE_DEG:
            return f"two neighbouring views are {other - one:.4g} degrees apart, outside {apart[0]:g} to {apart[1]:g}"
    return None


def plan_problem(pair: StoredPair) -> str | None:
    """Checks that the last camera is that of a floor plan: straight above the object, with camera 1 at the bottom."""
    plan = pair.others[-1]
    if dot(plan.forward, (0.0, 0.0, -1.0)) < 1 - _PLAN**2:
        return "the plan's camera does not look straight down"
    pixels = []
    for point in (pair.center, (*pair.first.position[:2], pair.center[2])):
        ray = minus(point, plan.position)
        x, y, depth = (dot(ray, axis) for axis in (plan.right, plan.down, plan.forward))
        if depth <= 0:
            return "the plan's camera is below the object"
        pixels.append((x / depth, y / depth))
    (x, y), (u, v) = pixels
    length = math.hypot(u - x, v - y)
    if math.hypot(x, y) > _PLAN * length:
        return "the plan's camera is not above the middle of the object"
    if v - y < (1 - _PLAN**2) * length:
        return "camera 1 is not at the bottom of the plan, where it is drawn"
    return None
