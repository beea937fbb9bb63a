"""Finds the two views that a row shows, whatever the form of its question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["form_of", "plain_views"]

FORMS = ("swapped", "mirrored")
_FLIPPED = (1, 2, 3, 4, 8)
"""Row-major indices of the entries of a (4, 4) pose that change sign in a mirrored scene.

An entry changes sign if it belongs to the world's x or to the camera's x, but not to both.
"""


def form_of(template: str) -> str | None:
    """The part after the ``+`` in a row's ``template`` column; None for a plain question or one in other words."""
    return template.rpartition("+")[2] if "+" in template else None


def plain_views(row: Mapping[str, Any]) -> int:
    """The same number for all rows about the same two views, whatever their form; another number for other views.

    A row with swapped images has its cameras in the other order. A row with mirrored images has the cameras of the
    scene mirrored in the plane x = 0. Raises ``ValueError`` for an unknown form.
    """
    form = form_of(row["template"])
    if form not in (None, *FORMS):
        raise ValueError(f"the form {form!r} of the wording {row['template']!r} is not one of {', '.join(FORMS)}")
    poses: list[Sequence[float]] = [camera["camera_to_world"] for camera in row["cameras"][:2]]
    if form == "swapped":
        poses.reverse()
    elif form == "mirrored":
        poses = [[-value if place in _FLIPPED else value for place, value in enumerate(pose)] for pose in poses]
    return hash(tuple(tuple(pose) for pose in poses))
