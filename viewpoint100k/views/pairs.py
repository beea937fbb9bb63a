"""Two frames of one object: the checks of each frame, and the data about both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import (
    Camera,
    RelativePose,
    azimuth_deg,
    object_translation,
    relative_pose,
    wrap_deg,
)
from viewpoint100k.views.settings import Pairs, Views

__all__ = ["Frame", "Pair", "frame_problem", "overlap", "pair_problem", "shows"]

Floats = NDArray[np.float64]

_SURFACE_TOLERANCE = 0.01
"""Two depths closer than this, in object radii, are the same surface; more on a slant, see `_shown`."""

_STEEPEST = 0.15
"""The most that a slant may add to the tolerance, in object radii."""

_SAMPLING = 2
"""Only every second row and column of a depth map is compared with the other: enough points for a share."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One rendered view of an object."""

    camera: Camera
    depth: NDArray[np.float32]
    """(h, w) depth of the object, world units, ``inf`` outside it; may be smaller than the image."""

    @cached_property
    def mask(self) -> NDArray[np.bool_]:
        """(h, w): True on the object."""
        return np.isfinite(self.depth)


@dataclass(frozen=True, eq=False)
class Pair:
    """Two views and the object between them: the subject of a question. Some questions show further views."""

    cameras: tuple[Camera, ...]
    """Two or more cameras; statements about the motion concern the first two."""
    center: Floats
    """(3,): the object's centre, world units."""
    radius: float
    """Radius of the object about its centre, world units."""
    front: Floats | None
    """(3,): unit vector out of the object's front; None if unknown."""
    overlap: float | None
    """The share of the surface seen in either frame that both show; None if the surface is unknown."""
    answerability: float | None = None
    """How different the second image would be if another answer were true; None if unknown."""
    mirrored: bool = False
    """True if the second image is shown mirrored left to right, and so shows the mirror image of the object."""

    @cached_property
    def pose(self) -> RelativePose:
        """The motion from the first camera to the second."""
        return relative_pose(self.cameras[0], self.cameras[1], self.center)

    def azimuth_to(self, place: int) -> float:
        """Signed angle about world up, at the object's centre, from the first camera to another; (-180, 180]."""
        there, here = (azimuth_deg(self.cameras[i].position, self.center) for i in (place, 0))
        return wrap_deg(there - here)

    @cached_property
    def object_translation(self) -> float:
        """Position of camera 2 along the right hand of an observer at the object who faces camera 1, world units."""
        return object_translation(self.cameras[0], self.cameras[1], self.center)


def frame_problem(frame: Frame, views: Views) -> str | None:
    """The reason code if a frame cannot be used, else None."""
    mask = frame.mask
    if mask[[0, -1]].any() or mask[:, [0, -1]].any():
        return "object_not_whole"
    if np.count_nonzero(mask) / mask.size < views.min_object_area:
        return "object_too_small"
    return None


def pair_problem(pair: Pair, pairs: Pairs, wanted_deg: Sequence[float] | None) -> str | None:
    """The reason code if a pair cannot be used, else None.

    ``wanted_deg`` is the required signed range of the azimuth change, if there is one.
    """
    if wanted_deg and not wanted_deg[0] - 1e-6 <= pair.pose.azimuth_deg <= wanted_deg[1] + 1e-6:
        return "azimuth_out_of_range"
    if pair.overlap is not None and pair.overlap < pairs.min_overlap:
        return "too_little_overlap"
    if pair.answerability is not None and pair.answerability < pairs.min_answerability:
        return "symmetric"
    return None


def overlap(first: Frame, second: Frame, radius: float) -> float:
    """The share of the surface seen in either frame that both show, in [0, 1].

    The pixels of each frame are projected into the world by their depth and compared with the other's depth map. The
    result is the mean over both directions; all pixels have equal weight. Compared with rays through eight real meshes,
    with maps of 256 pixels, the mean error was 0.02 and the largest 0.07.
    """
    seen = np.concatenate([_seen_in(first, second, radius), _seen_in(second, first, radius)])
    return float(np.count_nonzero(seen) / len(seen)) if len(seen) else 0.0


def shows(camera: Camera, depth_map: NDArray[np.float32], points: Floats, radius: float) -> NDArray[np.bool_]:
    """True for each of ``points`` (n, 3), on an object of ``radius``, that is visible in a view with this depth map."""
    height, width = depth_map.shape
    pixels, depth = camera.resized(width, height).project(points)
    nearest = np.floor(pixels).astype(int)
    inside = (depth > 0) & (nearest >= 0).all(axis=1) & (nearest[:, 0] < width) & (nearest[:, 1] < height)
    shown = np.zeros(len(points), dtype=bool)
    column, row = nearest[inside].T
    shown[inside] = _shown(depth_map, row, column, depth[inside], radius)
    return shown


def _seen_in(first: Frame, second: Frame, radius: float) -> NDArray[np.bool_]:
    """For sampled pixels of the first frame's object: True if the surface point is visible in the second frame."""
    rows, columns = (_SAMPLING * places for places in np.nonzero(first.mask[::_SAMPLING, ::_SAMPLING]))
    grid = first.camera.resized(*first.depth.shape[::-1])
    points = grid.unproject(np.column_stack([columns, rows]) + 0.5, first.depth[rows, columns])
    return shows(second.camera, second.depth, points, radius)


def _shown(
    depth_map: NDArray[np.float32], row: NDArray[np.int_], column: NDArray[np.int_], depth: Floats, radius: float
) -> NDArray[np.bool_]:
    """True if a pixel or one of its four neighbours is at ``depth``.

    The tolerance grows with the change of depth from the pixel to its neighbours. On each axis the smaller change
    counts, so that the slant of the surface adds to the tolerance, but an edge that may hide the point does not.
    """
    height, width = depth_map.shape
    padded = np.full((height + 2, width + 2), np.inf, depth_map.dtype)
    padded[1:-1, 1:-1] = depth_map
    around = np.array([0, -1, 1, -width - 2, width + 2])[:, None]
    near = padded.ravel()[(row + 1) * (width + 2) + column + 1 + around].astype(np.float64)
    here, beside = near[0], near[1:]
    known = np.isfinite(near)
    steps = np.abs(np.subtract(beside, here, where=known[1:] & known[0], out=np.zeros_like(beside)))
    slant = np.minimum(steps[:2].min(axis=0) + steps[2:].min(axis=0), _STEEPEST * radius)
    error = np.minimum(np.abs(here - depth), np.abs(beside - depth).min(axis=0))
    shown: NDArray[np.bool_] = error < _SURFACE_TOLERANCE * radius + slant
    return shown
