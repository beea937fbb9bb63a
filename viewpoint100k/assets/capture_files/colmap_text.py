"""What a COLMAP model consists of, and its text form (``cameras.txt``, ``images.txt``, ``points3D.txt``).

Source: COLMAP, "Output format". An invalid line is skipped and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "COLMAP_MODELS",
    "ColmapCamera",
    "ColmapImage",
    "Faults",
    "text_cameras",
    "text_images",
    "text_points",
]

COLMAP_MODELS = {
    0: ("SIMPLE_PINHOLE", 3),
    1: ("PINHOLE", 4),
    2: ("SIMPLE_RADIAL", 4),
    3: ("RADIAL", 5),
    4: ("OPENCV", 8),
    5: ("OPENCV_FISHEYE", 8),
    6: ("FULL_OPENCV", 12),
    7: ("FOV", 5),
    8: ("SIMPLE_RADIAL_FISHEYE", 4),
    9: ("RADIAL_FISHEYE", 5),
    10: ("THIN_PRISM_FISHEYE", 12),
    11: ("RAD_TAN_THIN_PRISM_FISHEYE", 16),
    12: ("SIMPLE_DIVISION", 4),
    13: ("DIVISION", 5),
    14: ("SIMPLE_FISHEYE", 3),
    15: ("FISHEYE", 4),
    16: ("EUCM", 6),
}
"""By COLMAP's number: name and count of parameters. EQUIRECTANGULAR (17) is no photo."""
_COUNTS = dict(COLMAP_MODELS.values())


@dataclass(frozen=True)
class ColmapCamera:
    """One lens."""

    model: str
    width: int
    height: int
    params: tuple[float, ...]


@dataclass(frozen=True)
class ColmapImage:
    """One registered photo."""

    image_id: int
    name: str
    quaternion: tuple[float, ...]
    """(4,) w first, world to camera."""
    translation: tuple[float, ...]
    """(3,): of ``X_camera = R X_world + t``."""
    camera_id: int


@dataclass
class Faults:
    """What of a model makes no sense."""

    dropped: dict[str, str] = field(default_factory=dict)
    """Lines of ``images.txt`` and ``cameras.txt``, with their reason."""
    points: int = 0
    """How many points are left out."""


def _lines(data: bytes) -> Iterator[tuple[int, str]]:
    """Numbered from 1, without comments."""
    text = data.decode("utf-8", "surrogateescape")
    lines = ((number, line.rstrip("\r")) for number, line in enumerate(text.split("\n"), 1))
    return ((number, line) for number, line in lines if not line.startswith("#"))


def text_cameras(data: bytes, faults: Faults) -> Iterator[tuple[int, ColmapCamera]]:
    """``cameras.txt``: each camera with its id."""
    for number, line in _lines(data):
        if words := line.split():
            try:
                camera_id, model, width, height, *params = words
                if len(params) != _COUNTS.get(model):
                    raise ValueError("the model is unknown, or has other parameters")
                camera = ColmapCamera(model, int(width), int(height), tuple(float(word) for word in params))
                found = int(camera_id), camera
            except ValueError:
                faults.dropped[f"cameras.txt line {number}"] = "malformed_record"
                continue
            yield found


def text_images(data: bytes, faults: Faults) -> Iterator[ColmapImage]:
    """``images.txt``: a line for each photo; the line of its observations, numbers alone, is passed over."""
    for number, line in _lines(data):
        words = line.split(maxsplit=9)
        # The name of a photo may itself be a number; observations have three each.
        if not words or (_are_numbers(line.split(maxsplit=10)[:10]) and len(line.split()) % 3 == 0):
            continue
        try:
            image_id, *pose, camera_id, name = words
            numbers = tuple(float(word) for word in pose)
            if len(numbers) != 7:
                raise ValueError("it has too few numbers")
            image = ColmapImage(int(image_id), name.rstrip(), numbers[:4], numbers[4:], int(camera_id))
        except ValueError:
            faults.dropped[f"images.txt line {number}"] = "malformed_record"
            continue
        yield image


def text_points(data: bytes, faults: Faults) -> Iterator[tuple[tuple[float, ...], NDArray[np.int64]]]:
    """``points3D.txt``: each point with the ids of the photos that observe it."""
    for _, line in _lines(data):
        if words := line.split():
            try:
                point = tuple(float(word) for word in words[1:4])
                track = np.array(words[8::2], dtype=np.int64)
                sound = len(words) >= 8 and not len(words) % 2
            except (ValueError, OverflowError):
                sound = False
            if sound and all(abs(value) < 1e12 for value in point):
                yield point, track
            else:
                faults.points += 1


def _are_numbers(words: list[str]) -> bool:
    try:
        return all(float(word) is not None for word in words)
    except ValueError:
        return False
