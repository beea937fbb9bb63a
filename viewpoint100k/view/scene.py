"""The content of the 3D view of one row as plain numbers: frusta and arrows. It does not depend on the drawing library.

All coordinates are in the row's world frame: right-handed, +Z up, with the object's centre at ``object_center``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.check.labels.forms import form_of
from viewpoint100k.geometry import WORLD_UP, azimuth_deg, elevation_deg, orbit, wrap_deg
from viewpoint100k.geometry.row_cameras import StoredCamera, read_camera
from viewpoint100k.view.frames_of_reference import Arrow, TypeTraits, reference_arrows

__all__ = [
    *("ALTERNATIVE", "COLORS", "FRUSTUM_SCALE", "VIEW_FOV_DEG", "Frustum", "RowScene", "alternatives", "row_scene"),
    "viewpoint_behind",
]

Floats = NDArray[np.float64]
Color = tuple[int, int, int]

COLORS: Sequence[Color] = ((0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (86, 180, 233))
"""Colours of cameras 1, 2, ...: the palette of Okabe and Ito (2008), which is safe for colour-blind people."""
ALTERNATIVE: Color = (110, 110, 110)
MOTION: Color = (30, 30, 30)

_STRAIGHT_DOWN = -0.999
"""Upward component of the optical axis below which a camera is left out: that of a floor plan hides the object."""

VIEW_FOV_DEG = 45.0
"""Vertical field of view of the 3D view from behind camera 1."""
FRUSTUM_SCALE = 0.16
"""Size of a frustum, as a share of the largest distance of a camera from the object."""
_FILLED = 0.85
"""Share of the view that the cameras may fill. The edge is left for labels and for viser's own panel."""

_HARDLY_A_TURN_DEG = 3.0
_SMALL_TURN_DEG = 9.0
"""As in `viewpoint100k.views.answerability`, which compares the images of these cameras."""


@dataclass(frozen=True, eq=False)
class Frustum:
    """One camera, with an OpenCV pose as everywhere in this project."""

    name: str
    rotation: Floats
    """(3, 3), proper: camera axes to world."""
    position: Floats
    """(3,)"""
    window: tuple[float, float, float, float]
    """The frustum's rectangle in the camera's image plane at depth 1: left, top, right, bottom; x to the right, y down.
    Its centre is on the optical axis, even if the image's centre is not."""
    image: tuple[float, float, float, float] | None
    """The image's rectangle in the same plane; None for a camera without an image."""
    number: int
    """Number of the image, from 1; 0 for an alternative."""
    flipped: bool
    """True if the stored image is the camera's view flipped left to right."""
    color: Color

    @property
    def fov_y_rad(self) -> float:
        """Vertical field of view."""
        return 2 * math.atan(self.window[3])

    @property
    def aspect(self) -> float:
        """Width over height."""
        return self.window[2] / self.window[3]


@dataclass(frozen=True, eq=False)
class RowScene:
    """The content of the 3D view without the object."""

    center: Floats
    """(3,): centre of the object."""
    radius: float
    frusta: tuple[Frustum, ...]
    arrows: tuple[Arrow, ...]
    mirrored_world: bool
    """True if the row shows the scene mirrored in the plane x = 0. The object must be mirrored, too."""

    @property
    def reach(self) -> float:
        """Largest distance of a camera from the object's centre."""
        return max(float(np.sqrt(((frustum.position - self.center) ** 2).sum())) for frustum in self.frusta)


def row_scene(row: Mapping[str, Any], traits: TypeTraits) -> RowScene:
    """The scene of a row. Raises ``ValueError`` if one of its cameras is invalid."""
    cameras = [read_camera(camera) for camera in row["cameras"]]
    center = np.asarray(row["object_center"], dtype=np.float64)
    shown = [(number, camera) for number, camera in enumerate(cameras, 1) if camera.forward[2] > _STRAIGHT_DOWN]
    frusta = [_frustum(camera, number) for number, camera in shown]
    frusta += [
        _copy_of(frusta[1], pose, f"alternative_{number}")
        for number, pose in enumerate(alternatives(row, traits, len(shown)), 1)
    ]
    arrows = list(reference_arrows(cameras[0], center, row["object_radius"], row["object_front"], traits))
    if len(shown) > 1:
        start, end = np.asarray(cameras[0].position), np.asarray(cameras[1].position)
        if np.sqrt(((end - start) ** 2).sum()) > 1e-3 * row["object_radius"]:
            arrows.append(Arrow("motion", start, end, "camera motion", MOTION))
    return RowScene(center, row["object_radius"], tuple(frusta), tuple(arrows), form_of(row["template"]) == "mirrored")


def alternatives(row: Mapping[str, Any], traits: TypeTraits, views: int) -> list[Floats]:
    """Poses (4, 4) with which the row's ``answerability`` compared the second camera.

    The usual alternative goes around the object by the same angle to the other side. If the camera did not go around
    the object, there are two alternatives, one on each side. Like answerability, they look straight at the object's
    centre. They have the distance of the second camera. The list is empty if the answerability is unknown or compares
    with something else than a camera.
    """
    if row["answerability"] is None or views != 2 or traits.concerns_handedness:
        return []
    center = np.asarray(row["object_center"], dtype=np.float64)
    places = [np.asarray(read_camera(camera).position) for camera in row["cameras"][:2]]
    if form_of(row["template"]) == "swapped":  # The answerability is that of the plain form.
        places.reverse()
    here, there = (azimuth_deg(place, center) for place in places)
    turn = wrap_deg(there - here)
    others = [-turn] if abs(turn) > _HARDLY_A_TURN_DEG else [turn + _SMALL_TURN_DEG, turn - _SMALL_TURN_DEG]
    distance = float(np.sqrt(((places[1] - center) ** 2).sum()))
    elevation = elevation_deg(places[1], center)
    return [orbit(distance, here + other, elevation, center) for other in others]


def _frustum(camera: StoredCamera, number: int) -> Frustum:
    (fx, fy), (cx, cy) = camera.focal, camera.principal_point
    image = (-cx / fx, -cy / fy, (camera.width - cx) / fx, (camera.height - cy) / fy)
    half_width, half_height = max(-image[0], image[2]), max(-image[1], image[3])
    return Frustum(
        name=f"camera_{number}",
        rotation=np.array([camera.right, camera.down, camera.forward]).T,
        position=np.asarray(camera.position, dtype=np.float64),
        window=(-half_width, -half_height, half_width, half_height),
        image=image,
        number=number,
        flipped=camera.mirrored,
        color=COLORS[(number - 1) % len(COLORS)],
    )


def _copy_of(camera: Frustum, pose: Floats, name: str) -> Frustum:
    return Frustum(name, pose[:3, :3], pose[:3, 3], camera.window, None, 0, False, ALTERNATIVE)


def viewpoint_behind(scene: RowScene) -> tuple[Floats, Floats]:
    """Position and target of a view from above and behind camera 1. Camera 1's left is left on the screen.

    The object's centre and all cameras are inside a square view with the field of view `VIEW_FOV_DEG`.
    """
    first = scene.frusta[0].position - scene.center
    level = np.array([first[0], first[1], 0.0])
    length = float(np.sqrt((level**2).sum()))
    away = level / length if length > 1e-9 else np.array([0.0, -1.0, 0.0])
    back = (1.5 * away + 1.7 * WORLD_UP) / math.hypot(1.5, 1.7)
    right = np.cross(WORLD_UP, away)
    points = np.array([scene.center, *(frustum.position for frustum in scene.frusta)])
    target = (points.min(axis=0) + points.max(axis=0)) / 2
    offsets = points - target
    off_axis = np.maximum(np.abs(offsets @ right), np.abs(offsets @ np.cross(back, right)))
    room = FRUSTUM_SCALE * scene.reach
    half = _FILLED * math.tan(math.radians(VIEW_FOV_DEG) / 2)
    return target + float(((off_axis + room) / half + offsets @ back).max()) * back, target
