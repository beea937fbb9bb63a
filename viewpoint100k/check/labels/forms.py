"""Which two views a row is about, whatever the form in which it asks about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["form_of", "plain_views"]

FORMS = ("swapped", "mirrored")
_FLIPPED = (1, 2, 3, 4, 8)
"""Entries of a (4, 4) pose, by rows, that change their sign in a scene mirrored left for right: those of the world's x
or the camera's x, but not of both."""


def form_of(template: str) -> str | None:
    """What follows the ``+`` in a row's ``template`` column; None for a question as it is, or in other words."""
    return template.rpartition("+")[2] if "+" in template else None


def plain_views(row: Mapping[str, Any]) -> int:
    """The same number for every row about the same two views, their form undone; another for any others.

    A row with the images swapped has its cameras in the other order, one with the images mirrored those of the
    mirrored scene, in the plane x = 0. Raises ``ValueError`` for a form that is not known.
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
