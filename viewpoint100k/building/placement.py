"""Places the cameras for one use of a mesh: one walk for the specs that share it, separate views for the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import Camera
from viewpoint100k.plan.config import BuildConfig
from viewpoint100k.plan.specs import PairSpec
from viewpoint100k.questions import Template
from viewpoint100k.questions.answers import Arc, Candidates
from viewpoint100k.views.half_steps import place_pair
from viewpoint100k.views.motions import outline
from viewpoint100k.views.orbits import walk

__all__ = ["Looks", "Placement", "Shot", "Views", "place_views"]

Looks = Literal["staged", "plain", "turned"]
"""How a frame shows the object: on its stage; alone, with uniform light from all sides; or, with the same light, as
a solid of revolution made from it."""

Views = tuple[int, ...]
"""Indices of frames, in the order in which a question names them."""


@dataclass(frozen=True)
class Shot:
    """A frame to be rendered."""

    camera: Camera
    looks: Looks = "staged"


@dataclass
class Placement:
    """The frames of one use of a mesh, and the frames that fill each pair specification; None if no cameras fit it."""

    shots: list[Shot] = field(default_factory=list)
    views: list[Views | None] = field(default_factory=list)

    def add(self, cameras: Sequence[Camera], looks: Looks) -> Views:
        """Adds frames and returns their indices."""
        first = len(self.shots)
        self.shots += [Shot(camera, looks) for camera in cameras]
        return tuple(range(first, len(self.shots)))


def place_views(
    points: NDArray[np.float64],
    specs: Sequence[PairSpec],
    templates: Mapping[str, Template],
    config: BuildConfig,
    rng: np.random.Generator,
) -> Placement:
    """Places cameras for every pair specification around a mesh with these vertices (n, 3)."""
    placed = Placement()
    kinds = [templates[spec.questions[0].template].answer for spec in specs]
    walked = [
        spec.motion is None and spec.staged and not isinstance(kind, Candidates | Arc)
        for spec, kind in zip(specs, kinds, strict=True)
    ]
    turns = [_drawn(spec, rng) for spec, shares in zip(specs, walked, strict=True) if shares]
    path = list(placed.add(walk(points, turns, config.views, config.images.size, rng), "staged")) if turns else []
    extremes = outline(points) if not all(walked) else points
    for spec, kind, shares in zip(specs, kinds, walked, strict=True):
        if shares:
            placed.views.append((path[0], path[1]))
            path = path[1:]
        elif spec.motion is not None:
            pair = place_pair(extremes, spec.motion, config.motions, config.images.size, rng)
            placed.views.append(placed.add(pair, _looks(spec)) if pair else None)
        else:
            azimuths = _azimuths(kind, spec, rng)
            cameras = walk(points, np.diff(azimuths).tolist(), config.views, config.images.size, rng)
            placed.views.append(placed.add(cameras, _looks(spec)))
    return placed


def _looks(spec: PairSpec) -> Looks:
    if spec.object == "symmetric":
        return "turned"
    return "staged" if spec.staged else "plain"


def _drawn(spec: PairSpec, rng: np.random.Generator) -> float:
    assert spec.azimuth_deg is not None, "a spec without a motion has a range of angles"
    return float(rng.uniform(*spec.azimuth_deg))


def _azimuths(kind: object, spec: PairSpec, rng: np.random.Generator) -> list[float]:
    """Azimuths, degrees, of the cameras of a pair specification, relative to the first."""
    if isinstance(kind, Arc):
        gaps = rng.uniform(*kind.apart, kind.views - 1)
        along = np.concatenate([[0.0], np.cumsum(gaps)])
        return [float(azimuth) for azimuth in rng.permutation(along)]
    change = _drawn(spec, rng)
    if isinstance(kind, Candidates):
        low, high = kind.range
        inside = float(np.clip(abs(change), low, high)) * np.sign(change)
        return [0.0, *kind.changes_deg(float(inside))]
    return [0.0, change]
