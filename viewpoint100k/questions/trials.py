"""Pairs made up without an asset, on which a template can be tried out before anything is rendered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import Camera, exact, intrinsics_from_fov, look_at, orbit
from viewpoint100k.questions.answers import Arc, Candidates
from viewpoint100k.questions.template import Template
from viewpoint100k.views.half_steps import place_pair
from viewpoint100k.views.motions import LEVELS, SOME, Motion, outline
from viewpoint100k.views.pairs import Pair
from viewpoint100k.views.settings import Motions

__all__ = ["trial_pairs"]

_ANY = "any"
"""Of a part of a motion: to one side, to the other, or not at all."""

_SIZE = 64
_ANGLES = (20.0, 100.0)
"""Azimuth changes of a pair, as the configs of this package ask for them."""

_ANSWERABILITY = (0.0, 0.3)
"""Of an object that looks alike from all sides, and of one that does not."""


def trial_pairs(template: Template, count: int, rng: np.random.Generator) -> Iterator[Pair]:
    """About ``count`` pairs such as a build would offer the template: around the object, or part by part."""
    intrinsics = intrinsics_from_fov(50, _SIZE, _SIZE)
    solid = _solid(rng)
    for turn in range(count):
        front = _around(rng.uniform(0, 360))
        pair = Pair((), np.zeros(3), 1.0, front, 0.6, _ANSWERABILITY[turn % 2], mirrored=turn % 4 > 1)
        if template.goes_around or turn % 3 == 0:
            cameras = tuple(Camera(pose, intrinsics, _SIZE, _SIZE) for pose in _walk(template, rng))
        else:
            motion = _motion(template, turn, rng)
            placed = place_pair(solid, motion, Motions(), _SIZE, rng)
            if placed is None:
                continue
            cameras = placed
        yield replace(pair, cameras=cameras)


def _solid(rng: np.random.Generator) -> NDArray[np.float64]:
    """(k, 3): the outline of an ellipsoid, longer than it is wide or high."""
    points = rng.normal(size=(400, 3))
    return outline(exact.normalized(points) * (0.98, 0.7, 0.6))


def _around(azimuth: float) -> NDArray[np.float64]:
    direction: NDArray[np.float64] = np.array([exact.cos_deg(azimuth), exact.sin_deg(azimuth), 0.0])
    return direction


def _walk(template: Template, rng: np.random.Generator) -> list[NDArray[np.float64]]:
    """Poses of cameras that stand around the object and look at it, not quite straight."""
    start = rng.uniform(0, 360)
    return [
        look_at(orbit(rng.uniform(3, 4.5), start + azimuth, rng.uniform(5, 40))[:3, 3], rng.uniform(-0.1, 0.1, 3))
        for azimuth in _azimuths(template, rng)
    ]


def _azimuths(template: Template, rng: np.random.Generator) -> list[float]:
    answer, sign = template.answer, rng.choice((-1, 1))
    if isinstance(answer, Arc):
        places = np.cumsum([0.0, *rng.uniform(*answer.apart, answer.views - 1)])
        return [float(place) for place in rng.permutation(places)]
    if isinstance(answer, Candidates):
        return [0.0, *answer.changes_deg(float(sign * rng.uniform(*answer.range)))]
    return [0.0, float(sign * rng.uniform(*_ANGLES))]


def _motion(template: Template, turn: int, rng: np.random.Generator) -> Motion:
    """The next case's motion, or one whose parts are drawn by themselves."""
    parts = tuple(part for part in LEVELS if part not in ("around", "object"))
    cases = list(template.cases.values())
    case: Mapping[str, str] = cases[turn % len(cases)] if cases else dict.fromkeys(parts, _ANY)
    signs: dict[str, Any] = {part: _sign(part, level, rng) for part, level in case.items() if part in parts}
    return Motion(**signs)


def _sign(part: str, level: str, rng: np.random.Generator) -> int:
    if level == _ANY:
        return int(rng.integers(-1, 2))
    return int(rng.choice((-1, 1))) if level == SOME else LEVELS[part].index(level) - 1
