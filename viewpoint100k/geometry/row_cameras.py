"""Reads the cameras of a row from its columns, with the few vector operations that the checks need.

The code uses plain ``math`` on tuples, because the checked values were computed with matrices.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "StoredCamera",
    "StoredPair",
    "Vector",
    "cross",
    "dot",
    "minus",
    "read_camera",
    "read_pair",
    "triple",
]

Vector = tuple[float, float, float]

_RIGID = 1e-5
"""Tolerance of the rotation check. Poses may come from files with single-precision numbers."""


@dataclass(frozen=True)
class StoredCamera:
    """One element of the ``cameras`` column; its axes are unit vectors in world coordinates."""

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
    mirrored: bool = False
    """True if the stored image is this camera's view flipped left to right."""


@dataclass(frozen=True)
class StoredPair:
    """The geometry a question is about: two or more cameras, and the object between them."""

    first: StoredCamera
    second: StoredCamera
    center: Vector
    radius: float
    others: tuple[StoredCamera, ...] = ()
    """Cameras of the images after the second."""
    front: Vector | None = None
    mirrored: bool = False
    """True if the second image is flipped left to right; ``second`` is the camera of the unflipped image."""
    answerability: float | None = None
    stated: float | None = None
    """The ``answer_value`` column."""


def minus(a: Vector, b: Vector) -> Vector:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def triple(a: Vector, b: Vector, c: Vector) -> float:
    """Signed volume of the box that three vectors span; 1 for (right, down, forward)."""
    return dot(a, cross(b, c))


def read_camera(stored: Mapping[str, Any]) -> StoredCamera:
    """Reads one element of ``cameras``. Raises ``ValueError`` if it is not a finite pinhole camera with a rotation."""
    m, k = stored["camera_to_world"], stored["intrinsics"]
    if len(m) != 16 or len(k) != 9 or not all(v is not None and math.isfinite(v) for v in (*m, *k)):
        raise ValueError("camera_to_world must hold 16 finite numbers and intrinsics 9")
    right, down, forward, position = ((m[i], m[i + 4], m[i + 8]) for i in range(4))
    axes = (right, down, forward)
    skewness = max(abs(dot(p, q) - (i == j)) for i, p in enumerate(axes) for j, q in enumerate(axes))
    if skewness > _RIGID or abs(triple(*axes) - 1) > _RIGID or tuple(m[12:]) != (0, 0, 0, 1):
        raise ValueError("camera_to_world is not a proper rotation (determinant +1) and a translation")
    if tuple(k[i] for i in (1, 3, 6, 7, 8)) != (0, 0, 0, 0, 1) or min(k[0], k[4]) <= 0:
        raise ValueError("intrinsics are not [[fx, 0, cx], [0, fy, cy], [0, 0, 1]] with positive focal lengths")
    width, height = stored["width"], stored["height"]
    if not (width and height and width > 0 and height > 0):
        raise ValueError(f"the image size {width} x {height} is not positive")
    mirrored = stored["mirrored"]
    if not isinstance(mirrored, bool):
        raise ValueError("mirrored must say whether the stored image is flipped left to right")
    return StoredCamera(right, down, forward, position, (k[0], k[4]), (k[2], k[5]), width, height, mirrored)


def read_pair(row: Mapping[str, Any], may_be_mirrored: bool) -> StoredPair:
    """Reads the cameras and the object from a row's columns.

    Args:
        may_be_mirrored: True if the row's question type may mirror the second image. No other image may be mirrored.

    Raises ``ValueError`` if a camera is invalid, or if an image is mirrored that must not be.
    """
    cameras = [read_camera(camera) for camera in row["cameras"]]
    for number, camera in enumerate(cameras, start=1):
        if camera.mirrored and not (may_be_mirrored and number == 2):
            raise ValueError(f"image {number} is marked as mirrored, which its question type does not show")
    first, second, *others = cameras
    x, y, z = row["object_center"]
    front = row["object_front"]
    return StoredPair(
        first,
        second,
        (x, y, z),
        row["object_radius"],
        tuple(others),
        None if front is None else (front[0], front[1], front[2]),
        second.mirrored,
        row["answerability"],
        row["answer_value"],
    )
