"""The answer to a row with its two images swapped, computed from the stored cameras."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recipe.evaluation.directions import REVERSE, counterparts
from recipe.evaluation.items import Item
from recipe.evaluation.wordings import meanings
from viewpoint100k.geometry.cameras import Camera
from viewpoint100k.questions import QUANTITIES
from viewpoint100k.views.pairs import Pair

__all__ = ["reversed_letters"]

_SAME = 1e-3
"""Largest relative difference between a stored value (single precision) and the recomputed one."""

_OF_THE_WAY = (
    *("translation_x", "translation_y", "translation_z", "height", "object_translation", "own_left"),
    *("yaw_deg", "pitch_deg", "tilt_deg", "roll_deg", "bank_deg", "azimuth_deg", "elevation_deg"),
)
"""Quantities of the motion between two cameras whose sign is the direction."""


def reversed_letters(item: Item) -> dict[str, str] | str:
    """Letter of each option -> letter of the right option for swapped images; or a reason code.

    The answer becomes the opposite, or stays if it has no direction, only if the cameras confirm it. If the camera also
    turns or comes closer, the reverse of *right* need not be *left*. The quantity of the row is recognised by its
    value; the boundary between answers follows from the margin.
    """
    letters = counterparts(meanings(item), REVERSE)
    if item.answer not in letters:
        return "no_opposite_option"
    if item.answer_value is None or item.margin is None:
        return "no_quantity"
    turns = letters[item.answer] != item.answer
    boundary = abs(item.answer_value) + (-item.margin if turns else item.margin)
    back = list(_on_the_way_back(item))
    if not back:
        return "no_quantity"
    if turns:
        agree = all(value * item.answer_value < 0 and abs(value) > boundary for value in back)
    else:
        agree = all(abs(value) < boundary for value in back)
    return letters if agree else "not_its_opposite"


def _on_the_way_back(item: Item) -> Iterator[float]:
    """Yields the quantity for swapped images, for each quantity that has the row's value."""
    assert item.answer_value is not None
    there, back = _pair(item, (0, 1)), _pair(item, (1, 0))
    for name in _OF_THE_WAY:
        quantity = QUANTITIES[name]
        if quantity.needs == "front" and item.object_front is None:
            continue
        try:
            value, returning = quantity.of(there), quantity.of(back)
        except (ValueError, ZeroDivisionError):  # Undefined for these cameras, so not asked.
            continue
        if _same(value, item.answer_value):
            yield returning
    if _same(there.pose.distance_ratio, item.answer_value):
        # For ratios, the reverse is the reciprocal.
        yield -item.answer_value


def _same(value: float, stored: float) -> bool:
    return abs(value - stored) <= _SAME * max(1.0, abs(value))


def _pair(item: Item, order: tuple[int, int]) -> Pair:
    first, second = (_camera(item, place) for place in order)
    front = None if item.object_front is None else np.asarray(item.object_front, dtype=np.float64)
    return Pair((first, second), np.asarray(item.object_center), item.object_radius, front, overlap=None)


def _camera(item: Item, place: int) -> Camera:
    stored = item.cameras[place]
    pose = np.reshape(stored["camera_to_world"], (4, 4))
    return Camera(pose, np.reshape(stored["intrinsics"], (3, 3)), stored["width"], stored["height"])
