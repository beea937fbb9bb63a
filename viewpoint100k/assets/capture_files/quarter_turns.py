"""Photos taken with the camera on its side or upside down, turned upright by quarters: pixels are moved, none is mixed.

A phone stores what its sensor saw, in landscape, and says in EXIF how it was held. COLMAP and others ignore that, so
that the camera lies on its side as the stored picture does. Which way a picture is turned follows from its camera
alone: EXIF's word is used only to match a file to a stated size (see `photo_files.fitted`), so nothing is turned twice.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.capture_files.lenses import Lens
from viewpoint100k.assets.capture_files.up import roll_deg
from viewpoint100k.geometry import WORLD_UP, Camera

__all__ = ["quarter_turns", "turned_camera", "turned_intrinsics", "turned_picture"]

Kind = TypeVar("Kind", bound=np.generic)


def quarter_turns(camera: Camera) -> int:
    """How many turns by 90 degrees, counter-clockwise as one looks at the picture, bring a camera of the normalised
    world (+Z up) nearest to upright: 0 to 3."""
    return round(float(roll_deg(camera.camera_to_world[None], WORLD_UP)[0]) / 90.0) % 4


def turned_camera(camera: Camera, turns: int) -> Camera:
    """The camera that sees the turned picture: with each turn its right is what was down, its down what was left."""
    pose = camera.camera_to_world
    for _ in range(turns):
        pose = np.column_stack([pose[:, 1], -pose[:, 0], pose[:, 2], pose[:, 3]])
    lens = turned_intrinsics(Lens(camera.intrinsics, camera.width, camera.height), turns)
    return Camera(pose, lens.intrinsics, lens.width, lens.height)


def turned_intrinsics(lens: Lens, turns: int) -> Lens:
    """The pinhole ``lens`` of the turned picture: a pixel at (u, v) comes to (v, width - u) with each turn."""
    for _ in range(turns):
        (fx, _, cx), (_, fy, cy) = lens.intrinsics[:2].tolist()
        lens = Lens(np.array([[fy, 0, cy], [0, fx, lens.width - cx], [0, 0, 1.0]]), lens.height, lens.width)
    return lens


def turned_picture(pixels: NDArray[Kind], turns: int) -> NDArray[Kind]:
    """(h, w, ...) turned counter-clockwise."""
    return np.ascontiguousarray(np.rot90(pixels, turns))
