"""Arrows for up, left and right in a question's frame of reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viewpoint100k.errors import UsageError
from viewpoint100k.geometry import WORLD_UP
from viewpoint100k.geometry.row_cameras import StoredCamera
from viewpoint100k.questions import Template, load_template, template_names

__all__ = ["Arrow", "TypeTraits", "reference_arrows", "traits_of_template", "type_traits"]

Floats = NDArray[np.float64]
Color = tuple[int, int, int]

UP: Color = (0, 120, 90)
SIDE: Color = (150, 60, 130)

_LENGTH = 0.75
"""Length of an arrow, in object radii."""


@dataclass(frozen=True, eq=False)
class Arrow:
    name: str
    start: Floats
    """(3,)"""
    end: Floats
    """(3,)"""
    label: str
    color: Color


@dataclass(frozen=True)
class TypeTraits:
    """The properties of a question type that the viewer needs."""

    reference: str = "camera"
    """``camera``, ``object``, ``world`` or ``images``, from the template."""
    needs_front: bool = False
    """True if left and right are the object's own, relative to its front."""
    concerns_handedness: bool = False
    """True if the answerability compares with a mirror image instead of another camera."""
    may_be_turned: bool = False
    """True if the images may show the object as a solid of revolution."""


def traits_of_template(template: Template) -> TypeTraits:
    """The traits of one template."""
    turned = any(parts.get("object") == "symmetric" for parts in template.cases.values())
    return TypeTraits(template.reference, template.needs_front, template.concerns_handedness, turned)


@lru_cache(maxsize=64)
def _of_the_package(question_type: str) -> TypeTraits | None:
    return traits_of_template(load_template(question_type)) if question_type in template_names() else None


def type_traits(question_type: str, of_the_build: Mapping[str, Any]) -> TypeTraits:
    """The traits of a question type, from the package's template or the one that the build recorded.

    A type without either has the traits of a plain question.

    Args:
        of_the_build: templates from ``.build/build.json``, by question type.
    """
    known = _of_the_package(question_type)
    if known is not None:
        return known
    stated = of_the_build.get(question_type)
    if stated is None:
        return TypeTraits()
    try:
        return traits_of_template(Template.model_validate(stated))
    except (ValueError, UsageError):  # The template is from another version. Its frame of reference can still be read.
        return TypeTraits(str(stated.get("reference", "camera")))


def reference_arrows(
    camera: StoredCamera, center: Floats, radius: float, front: ArrayLike | None, traits: TypeTraits
) -> Iterator[Arrow]:
    """Arrows for up, left and right, as a question with these traits means them.

    The frame ``camera`` gives the directions of camera 1's image, at camera 1. The frame ``object`` gives those of an
    upright observer at the object's centre who faces camera 1, or the object's own if the question is about its front.
    The frame ``world`` gives up only.
    """
    right: Floats | None = None
    match traits.reference:
        case "object":
            start = center
            to_camera = np.asarray(camera.position, dtype=np.float64) - center
            facing = to_camera if front is None or not traits.needs_front else np.asarray(front, dtype=np.float64)
            right = _unit(np.cross(facing, WORLD_UP))
            whose = "object's own " if front is not None and traits.needs_front else "observer's "
            up = WORLD_UP
        case "world":
            start, whose, up = center, "", WORLD_UP
        case _:
            start = np.asarray(camera.position, dtype=np.float64)
            right, whose, up = np.asarray(camera.right, dtype=np.float64), "camera 1's ", -np.asarray(camera.down)
    yield Arrow("reference_up", start, start + _LENGTH * radius * up, "up", UP)
    if right is not None:
        yield Arrow("reference_left", start, start - _LENGTH * radius * right, f"{whose}left", SIDE)
        yield Arrow("reference_right", start, start + _LENGTH * radius * right, f"{whose}right", SIDE)


def _unit(vector: Floats) -> Floats:
    length = np.sqrt((vector**2).sum())
    return vector / length if length > 1e-9 else np.array([1.0, 0.0, 0.0])
