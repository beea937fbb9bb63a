"""Measures whether the images would look the same if another answer were true. Such a question has no answer.

For a pair (A, B) of a mesh and each wrong option, there are cameras B' for which that option would be true: B mirrored
to the other side of A; B after a further rotation that maps the object onto itself; A, for a camera that did not move.
The image from B is compared with the image from each B'. The difference for the most similar B' is the pair's
**answerability**.

Surface that neither A nor B shows may look like anything, so it must not count. For example, a label behind the object
makes B' differ from B, but does not help anyone who has not seen it. So a pixel of B' whose surface neither A nor B
shows counts only as much as B also differs there from the object's plain look.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from renderers import LoadedScene
from viewpoint100k.geometry import Camera, exact, intrinsics_from_fov, orbit, wrap_deg
from viewpoint100k.views.colors import blurred, lab
from viewpoint100k.views.differences import Look, changes_less, difference, plain_look, visible_difference
from viewpoint100k.views.pairs import Frame, seen_in
from viewpoint100k.views.settings import Pairs

__all__ = ["HARDLY_A_TURN_DEG", "SELF_SIMILAR", "Counterfactuals", "seen_colors"]

Floats = NDArray[np.float64]

_SIZE = 72
"""Pixels along each side: enough for a label that a person would notice, and cheap to render."""

_FOV_DEG = 40.0
_INTRINSICS = intrinsics_from_fov(_FOV_DEG, _SIZE, _SIZE)

_BLUR = 1.2
"""Pixels: finer differences are sampling noise, not surface."""

_FOLDS = {3: (6, 12), 4: (8, 12), 5: (10,)}
"""Rotational symmetries that are tested, and those that are only possible if the former are found. A half turn
leaves the range of angles; shapes with more sides look like their neighbours under any of these."""

_BACKGROUND = 128
"""Value of every channel around an object that is drawn without a stage."""

HARDLY_A_TURN_DEG = 3.0
_SMALL_TURN_DEG = 9.0
"""If the camera did not go around the object, the check compares with a camera that went around by this much."""

_HANDEDNESS_STEP_DEG = 15.0
"""Angle between the views that are compared with a mirror image."""

SELF_SIMILAR = 6.0
"""If nine tenths of an object's pixels change by less than this (CIE 1976 delta E) under a turn, the turn may be a
symmetry, whatever a small mark shows."""


Direction = tuple[float, float]
"""Azimuth and elevation of a camera, degrees."""


@dataclass(frozen=True, eq=False)
class _Look(Look):
    frame: Frame
    """The same view, with a depth map of (2h, 2w)."""


class Counterfactuals:
    """Compares the seen views of one mesh with views from other cameras."""

    def __init__(self, scene: LoadedScene, axis: Floats) -> None:
        """``scene``: the mesh without a stage, so that only the object distinguishes the views.

        ``axis``: (3,), the mesh's centroid; the upright axis of a possible symmetry passes through it.
        """
        self._scene = scene
        self._center = np.array([axis[0], axis[1], 0.0])
        self._distance = (1.0 + exact.hypot(float(axis[0]), float(axis[1]))) / exact.sin_deg(_FOV_DEG / 2)
        self._looks: dict[Direction, _Look] = {}
        self._folds: tuple[int, ...] | None = None

    def answerability(self, first: Camera, second: Camera, pairs: Pairs) -> float:
        """The smallest difference between the second image and any image that another answer would give.

        In hundredths of CIE 1976 delta E, where the two differ most: 0 is no difference, 0.05 is visible on close
        inspection, 1 is black against white. The views use the cameras' azimuths and elevations, but a common distance
        and a centred object, because distance and position must not give the answer away.
        """
        here, there = first.direction_deg, second.direction_deg
        turn = wrap_deg(there[0] - here[0])
        wanted = [here, there]
        if abs(turn) > HARDLY_A_TURN_DEG:
            wanted.append((here[0] - turn, there[1]))
            if self._folds is None:  # They will be needed: render their views together with the rest.
                wanted += [(azimuth, there[1]) for azimuth in (0.0, *(360.0 / fold for fold in _FOLDS))]
        self._draw(wanted)
        seen, known = self._look(there), self._look(here)
        plain = plain_look((seen, known))
        others = [self._look((here[0] + other, there[1])) for other in self._other_turns(turn, there[1], pairs)]
        if abs(turn) > HARDLY_A_TURN_DEG and changes_less(seen, known, SELF_SIMILAR):
            others.append(known)
        return min(difference(seen, other, _unknown(other, (known, seen)), plain) for other in others) / 100

    def handedness(self, camera: Camera) -> float:
        """The difference between the mirror image of a view and the most similar view at the same elevation.

        As delta E divided by 100, like `answerability`: 0 for an object that equals its own mirror image. No image of
        such an object can be recognised as mirrored.
        """
        azimuth, elevation = camera.direction_deg
        around = [(azimuth + turn, elevation) for turn in np.arange(0.0, 360.0, _HANDEDNESS_STEP_DEG).tolist()]
        self._draw(around)
        shown = self._look((azimuth, elevation))
        mirrored = replace(shown, lab=shown.lab[:, ::-1], mask=shown.mask[:, ::-1])
        return min(visible_difference(mirrored, self._look(other)) for other in around) / 100

    def distinctness(self, cameras: Sequence[Camera]) -> float:
        """The smallest difference between any two of several views, in hundredths of delta E."""
        directions = [camera.direction_deg for camera in cameras]
        self._draw(directions)
        looks = [self._look(direction) for direction in directions]
        return min(visible_difference(one, two) for one, two in itertools.combinations(looks, 2)) / 100

    def _other_turns(self, turn: float, elevation: float, pairs: Pairs) -> Iterator[float]:
        """Azimuth changes of the opposite sign after which the object might look as it does after ``turn``."""
        if abs(turn) <= HARDLY_A_TURN_DEG:  # The camera did not go around: compare with both sides.
            yield from (turn + _SMALL_TURN_DEG, turn - _SMALL_TURN_DEG)
            return
        yield -turn
        low, high = pairs.azimuth_deg
        seen = {round(-turn)}
        for fold in self._symmetries(elevation):
            step = 360.0 / fold
            for count in range(1, fold):
                other = wrap_deg(turn - np.sign(turn) * count * step)
                if other * turn < 0 and low - 5 <= abs(other) <= high + 5 and round(other) not in seen:
                    seen.add(round(other))
                    yield other

    def _symmetries(self, elevation: float) -> tuple[int, ...]:
        """The rotational symmetries of most of the object."""
        if self._folds is None:
            basic = [fold for fold in _FOLDS if self._is_symmetric(fold, elevation)]
            further = sorted({multiple for fold in basic for multiple in _FOLDS[fold]})
            self._folds = (*basic, *(fold for fold in further if self._is_symmetric(fold, elevation)))
        return self._folds

    def _is_symmetric(self, fold: int, elevation: float) -> bool:
        return changes_less(self._look((0.0, elevation)), self._look((360.0 / fold, elevation)), SELF_SIMILAR)

    def _look(self, direction: Direction) -> _Look:
        key = _key(direction)
        if key not in self._looks:
            self._draw([direction])
        return self._looks[key]

    def _draw(self, directions: Iterable[Direction]) -> None:
        """Renders the object from those of these directions that are not yet rendered."""
        keys = [key for key in dict.fromkeys(map(_key, directions)) if key not in self._looks]
        if not keys:
            return
        poses = [orbit(self._distance, *key, center=self._center) for key in keys]
        thumbnails = self._scene.thumbnails([Camera(pose, _INTRINSICS, _SIZE, _SIZE) for pose in poses])
        pixels = np.stack([thumbnail.color for thumbnail in thumbnails])
        apart = pixels != _BACKGROUND
        masks = apart[..., 0] | apart[..., 1] | apart[..., 2]
        for key, thumbnail, values, mask in zip(keys, thumbnails, seen_colors(pixels), masks, strict=True):
            self._looks[key] = _Look(values, mask, None, Frame(thumbnail.camera, thumbnail.depth))


def seen_colors(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n, h, w, 3): CIELAB of small pictures (n, h, w, 3), without what is too fine to be surface."""
    return blurred(lab(pixels), _BLUR)


def _key(direction: Direction) -> Direction:
    """The key under which equal views are stored."""
    return round(wrap_deg(direction[0]), 3), round(direction[1], 3)


def _unknown(other: _Look, views: Sequence[_Look]) -> NDArray[np.bool_]:
    """(h, w): the pixels of ``other`` on the object whose surface none of ``views`` shows."""
    known = np.zeros(other.mask.shape, dtype=bool)
    for view in views:
        known |= seen_in(other.frame, view.frame, radius=1.0)
    return other.mask & ~known
