"""Camera motions made to measure: each part of a motion is asked for by itself, so that no part tells of another.

On an orbit that looks at the object, moving right, turning left and going around are one bit. Here camera 2 is placed
by parts: how far sideways, how much higher, how much farther, how much turned, tilted and rolled, each to one side, to
the other, or not at all. What is asked for as none is exactly none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import WORLD_UP, Camera, intrinsics_from_fov, look_at, orbit
from viewpoint100k.views.orbits import fitting_distance
from viewpoint100k.views.settings import Motions

__all__ = ["LEVELS", "Motion", "Place", "check_levels", "outline", "place_pair"]

Floats = NDArray[np.float64]

LEVELS: Mapping[str, tuple[str, ...]] = {
    "sideways": ("left", "none", "right"),
    "turn": ("left", "none", "right"),
    "height": ("down", "none", "up"),
    "distance": ("closer", "none", "farther"),
    "tilt": ("down", "none", "up"),
    "roll": ("counter_clockwise", "none", "clockwise"),
    "around": ("left", "right"),
    "object": ("as_it_is", "mirrored", "symmetric"),
}
"""The parts of a motion and what each may be, from the negative side to the positive; ``some`` is either side. Going
``around`` the object moves and turns the camera at once. ``object`` is what the second image shows: the object, its
mirror image, or, in both images and without a stage, a turned solid that looks alike from all sides."""

SOME = "some"

_CANDIDATES = 192
"""So many sizes of a motion are tried around one first camera."""

_FIRST_CAMERAS = 12
"""So many first cameras are tried; the first one nearly always serves, so that it says nothing about the motion."""

_DIRECTIONS = 96
_EDGE = 0.985
"""Part of the half frame that the object may reach."""

_CLEARANCE = 0.2
"""Of a camera above the ground that the object stands on, object radii."""

_HIGHEST_DEG = 68.0


@dataclass(frozen=True)
class Motion:
    """What a camera is to do between two images: -1, 0 or 1 for each part, in the order of `LEVELS`."""

    sideways: int = 0
    turn: int = 0
    height: int = 0
    distance: int = 0
    tilt: int = 0
    roll: int = 0
    around_deg: tuple[float, float] | None = None
    """Signed range of the azimuth change of a camera that goes around the object; it then moves and turns with it."""

    @property
    def cell(self) -> tuple[int, int]:
        """(sideways, turn), whether asked for by themselves or brought about by going around."""
        if self.around_deg is None:
            return self.sideways, self.turn
        side = 1 if self.around_deg[0] > 0 else -1
        return side, -side


@dataclass(frozen=True)
class Place:
    """Where one camera of many candidates stands and looks; every field has one entry a candidate."""

    positions: Floats
    """(n, 3)."""
    headings: Floats
    """(n,) radians, clockwise from above, of the optical axis; 0 is along +Y."""
    tilts: Floats
    """(n,) radians above the horizon."""
    rolls: Floats
    """(n,) radians, clockwise as the photographer sees it."""

    def poses(self) -> Floats:
        """(n, 4, 4) camera-to-world."""
        (ch, sh), (ct, st), (cr, sr) = ((np.cos(a), np.sin(a)) for a in (self.headings, self.tilts, self.rolls))
        zero = np.zeros_like(ch)
        forward = np.stack([sh * ct, ch * ct, st], axis=-1)
        level = np.stack([ch, -sh, zero], axis=-1)
        down = np.cross(forward, level)
        poses = np.zeros((len(ch), 4, 4))
        poses[:, :3, 0] = level * cr[:, None] + down * sr[:, None]
        poses[:, :3, 1] = down * cr[:, None] - level * sr[:, None]
        poses[:, :3, 2] = forward
        poses[:, :3, 3] = self.positions
        poses[:, 3, 3] = 1.0
        return poses


def check_levels(levels: Mapping[str, str]) -> None:
    """Raises ``ValueError`` where ``levels`` name a part of a motion, or what it should be, that is not in `LEVELS`."""
    for part, level in levels.items():
        if part not in LEVELS:
            raise ValueError(f"{part!r} is not a part of a motion; known: {', '.join(LEVELS)}")
        known = LEVELS[part] if part == "object" else (*LEVELS[part], SOME)
        if level not in known:
            raise ValueError(f"{part} cannot be {level!r}; it is one of {', '.join(known)}")


def outline(points: Floats) -> Floats:
    """(k, 3): of ``points`` (n, 3) those that lie farthest in directions spread over the sphere (Fibonacci lattice)."""
    index = np.arange(_DIRECTIONS) + 0.5
    z = 1 - 2 * index / _DIRECTIONS
    around = np.pi * (1 + 5**0.5) * index
    radius = np.sqrt(1 - z**2)
    directions = np.stack([radius * np.cos(around), radius * np.sin(around), z]).astype(np.float32)
    farthest = (points.astype(np.float32) @ directions).argmax(axis=0)
    extremes: Floats = points[np.unique(farthest)]
    return extremes


def place_pair(
    points: Floats, motion: Motion, ranges: Motions, size: int, rng: np.random.Generator
) -> tuple[Camera, Camera] | None:
    """Two cameras around an object centred on the origin, the second where ``motion`` brings it; None where none fits.

    The first is drawn without regard to the motion. The object is whole in both images.

    Args:
        points: (k, 3) `outline` of the object, world units.
        size: pixels along each side of the image.
    """
    ground = float(points[:, 2].min())
    for _ in range(_FIRST_CAMERAS):
        fov_deg = rng.uniform(*ranges.fov_deg)
        intrinsics = intrinsics_from_fov(fov_deg, size, size)
        reach = float(np.tan(np.radians(fov_deg / 2)))
        first = _first_pose(points, ranges, fov_deg, reach, rng)
        places = _around(first, motion, ranges, reach, rng) if motion.around_deg else _aside(first, motion, ranges, rng)
        poses = places.poses()
        fits = _shown_whole(points, poses, reach) & _standable(places.positions, ground)
        if motion.around_deg:
            fits &= _goes_the_way(first, poses, motion, ranges)
        if _shown_whole(points, first[None], reach)[0] and fits.any():
            second = poses[int(np.argmax(fits))]
            return Camera(first, intrinsics, size, size), Camera(second, intrinsics, size, size)
    return None


def _first_pose(points: Floats, ranges: Motions, fov_deg: float, reach: float, rng: np.random.Generator) -> Floats:
    azimuth, elevation = rng.uniform(0, 360), rng.uniform(*ranges.elevation_deg)
    distance = fitting_distance(points, azimuth, elevation, fov_deg, rng.uniform(*ranges.fill))
    centred = orbit(distance, azimuth, elevation)
    aim = rng.uniform(-ranges.aim_offset, ranges.aim_offset, 2) * reach * distance
    return look_at(centred[:3, 3], centred[:3, :2] @ aim)


def _sizes(sign: int, span: tuple[float, float], rng: np.random.Generator) -> Floats:
    return sign * rng.uniform(*span, _CANDIDATES)


def _looks(pose: Floats) -> tuple[float, float]:
    """Heading and tilt, radians."""
    forward = pose[:3, 2]
    return float(np.arctan2(forward[0], forward[1])), float(np.arcsin(forward[2]))


def _ratios(sign: int, ranges: Motions, rng: np.random.Generator) -> Floats:
    """Factors on the distance from the object; going closer is the inverse of going farther."""
    return rng.uniform(*ranges.distance_ratio, _CANDIDATES) ** sign


def _aside(first: Floats, motion: Motion, ranges: Motions, rng: np.random.Generator) -> Place:
    """Places where each part of the motion is what was asked for, whatever the others are."""
    position, right = first[:3, 3], first[:3, 0]
    ahead = np.cross(WORLD_UP, right)
    moved = _sizes(motion.sideways, ranges.sideways, rng)[:, None] * right
    moved = moved + _sizes(motion.height, ranges.height, rng)[:, None] * WORLD_UP
    wanted = np.linalg.norm(position) * _ratios(motion.distance, ranges, rng)
    # Forwards or back until the distance from the object is what was asked for: |moved + s ahead| = wanted.
    aside = position + moved
    half = aside @ ahead
    rest = half**2 - (aside**2).sum(axis=1) + wanted**2
    root = np.sqrt(np.maximum(rest, 0))
    step = np.where(np.abs(-half - root) < np.abs(-half + root), -half - root, -half + root)
    if not (motion.sideways or motion.height or motion.distance):
        step = np.zeros_like(step)
    positions = np.where(rest[:, None] >= 0, aside + step[:, None] * ahead, np.nan)
    return _turned(first, positions, motion, ranges, rng)


def _turned(first: Floats, positions: Floats, motion: Motion, ranges: Motions, rng: np.random.Generator) -> Place:
    heading, tilt = _looks(first)
    turn, tilted, rolled = (
        np.radians(_sizes(sign, span, rng))
        for sign, span in (
            (motion.turn, ranges.turn_deg),
            (motion.tilt, ranges.tilt_deg),
            (motion.roll, ranges.roll_deg),
        )
    )
    return Place(positions, heading + turn, tilt + tilted, rolled)


def _around(first: Floats, motion: Motion, ranges: Motions, reach: float, rng: np.random.Generator) -> Place:
    """Places around the object, from each of which the camera looks at it again, not quite straight."""
    assert motion.around_deg is not None
    x, y, z = first[:3, 3]
    azimuth = np.arctan2(y, x) + np.radians(rng.uniform(*motion.around_deg, _CANDIDATES))
    height = z + _sizes(motion.height, ranges.height, rng)
    distance = np.linalg.norm(first[:3, 3]) * _ratios(motion.distance, ranges, rng)
    across = np.sqrt(np.where(distance**2 > height**2, distance**2 - height**2, np.nan))
    positions = np.stack([across * np.cos(azimuth), across * np.sin(azimuth), height], axis=-1)
    place = _turned(first, positions, replace(motion, turn=0), ranges, rng)
    towards = np.arctan2(-positions[:, 0], -positions[:, 1])
    beside = np.arctan(rng.uniform(-ranges.aim_offset, ranges.aim_offset, _CANDIDATES) * reach)
    return Place(positions, towards + beside, place.tilts, place.rolls)


def _shown_whole(points: Floats, poses: Floats, reach: float) -> NDArray[np.bool_]:
    """(n,): whether each of the poses (n, 4, 4) shows all ``points`` within the frame."""
    local = (points[None] - poses[:, None, :3, 3]) @ poses[:, :3, :3]
    depth = local[..., 2]
    inside = (np.abs(local[..., :2]).max(axis=-1) < _EDGE * reach * depth) & (depth > 0)
    shown: NDArray[np.bool_] = inside.all(axis=1)
    return shown


def _standable(positions: Floats, ground: float) -> NDArray[np.bool_]:
    """(n,): whether a camera may stand there: above the ground, and not so high that there is no left or right."""
    across = np.hypot(positions[:, 0], positions[:, 1])
    low_enough = positions[:, 2] < across * np.tan(np.radians(_HIGHEST_DEG))
    standable: NDArray[np.bool_] = (positions[:, 2] > ground + _CLEARANCE) & low_enough
    return standable


def _goes_the_way(first: Floats, poses: Floats, motion: Motion, ranges: Motions) -> NDArray[np.bool_]:
    """(n,): whether a camera that goes around has moved to that side by enough, and turned to the other by enough."""
    side, turn = motion.cell
    moved = (poses[:, :3, 3] - first[:3, 3]) @ first[:3, 0]
    ahead = poses[:, :3, 2]
    turned = np.degrees(np.arctan2(ahead @ first[:3, 0], ahead @ first[:3, 2]))
    goes: NDArray[np.bool_] = (side * moved > ranges.sideways[0]) & (turn * turned > ranges.turn_deg[0])
    return goes
