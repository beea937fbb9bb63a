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
from viewpoint100k.runtime.compiled import compiled
from viewpoint100k.views.settings import Pairs, Views

__all__ = ["Frame", "Pair", "frame_problem", "overlap", "pair_problem", "seen_in"]

Floats = NDArray[np.float64]

_SURFACE_TOLERANCE = 0.01
"""Two depths closer than this, in object radii, are the same surface; more on a slant, see `_shown`."""

_STEEPEST = 0.15
"""The most that a slant may add to the tolerance, in object radii."""

_SAMPLING = 2
"""Only every second row and column of a depth map is compared with another: enough points for a share."""


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

    @cached_property
    def intrinsics(self) -> Floats:
        """(3, 3), with one pixel for each entry of ``depth``."""
        return self.camera.intrinsics_at(*self.depth.shape[::-1])


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
    seen = np.count_nonzero(seen_in(first, second, radius)) + np.count_nonzero(seen_in(second, first, radius))
    shown = sum(np.count_nonzero(frame.mask[::_SAMPLING, ::_SAMPLING]) for frame in (first, second))
    return float(seen / shown) if shown else 0.0


def seen_in(first: Frame, second: Frame, radius: float) -> NDArray[np.bool_]:
    """For every second row and column of the first frame's depth: True if the second frame shows the surface there.

    ``radius``: of the object, world units.
    """
    here, there = ((f.depth, f.intrinsics, f.camera.camera_to_world) for f in (first, second))
    return seen_from(*here, *there, _SAMPLING, _SURFACE_TOLERANCE * radius, _STEEPEST * radius)


@compiled
def seen_from(
    depth: NDArray[np.float32],
    intrinsics: Floats,
    camera_to_world: Floats,
    depth_2: NDArray[np.float32],
    intrinsics_2: Floats,
    camera_to_world_2: Floats,
    step: int,
    tolerance: float,
    steepest: float,
) -> NDArray[np.bool_]:
    """For every ``step``-th row and column of a view: True if the second view shows the surface there.

    A view has a depth map (h, w), world units, the intrinsics of its pixels and the camera's pose. See `_shown` for the
    lengths ``tolerance`` and ``steepest``.
    """
    first = Camera(camera_to_world, intrinsics, *depth.shape[::-1])
    second = Camera(camera_to_world_2, intrinsics_2, *depth_2.shape[::-1])
    rows, columns = np.nonzero(np.isfinite(depth[::step, ::step]))
    places = step * np.column_stack([columns, rows]) + 0.5
    pixels, away = second.project(first.unproject(places, depth[step * rows, step * columns]))
    nearest = np.floor(pixels).astype(int)
    inside = (away > 0) & (nearest >= 0).all(axis=1) & (nearest < depth_2.shape[::-1]).all(axis=1)
    column, row = nearest[inside].T
    seen = np.zeros(depth[::step, ::step].shape, dtype=bool)
    seen[rows[inside], columns[inside]] = _shown(depth_2, row, column, away[inside], tolerance, steepest)
    return seen


def _shown(
    depth_map: NDArray[np.float32],
    row: NDArray[np.int_],
    column: NDArray[np.int_],
    depth: Floats,
    tolerance: float,
    steepest: float,
) -> NDArray[np.bool_]:
    """True if a pixel or one of its four neighbours is at ``depth``, to a tolerance.

    The tolerance grows, by ``steepest`` at most, with the change of depth from the pixel to its neighbours. On each
    axis the smaller change counts, so that the slant of the surface adds to the tolerance, but an edge that may hide
    the point does not.
    """
    height, width = depth_map.shape
    padded = np.full((height + 2, width + 2), np.inf, depth_map.dtype)
    padded[1:-1, 1:-1] = depth_map
    around = np.array([0, -1, 1, -width - 2, width + 2])[:, None]
    near = padded.ravel()[(row + 1) * (width + 2) + column + 1 + around].astype(np.float64)
    here, beside = near[0], near[1:]
    known = np.isfinite(near)
    steps = np.abs(np.subtract(beside, here, where=known[1:] & known[0], out=np.zeros_like(beside)))
    slant = np.minimum(steps[:2].min(axis=0) + steps[2:].min(axis=0), steepest)
    error = np.minimum(np.abs(here - depth), np.abs(beside - depth).min(axis=0))
    shown: NDArray[np.bool_] = error < tolerance + slant
    return shown
