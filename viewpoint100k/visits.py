"""One visit to an asset: the frames that it gives for the slots at hand, which of them pair up, and their images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from renderers import Renderer, Stage
from viewpoint100k.answerability import Counterfactuals
from viewpoint100k.assets import CaptureAsset, MeshAsset
from viewpoint100k.config import BuildConfig
from viewpoint100k.geometry import azimuth_deg
from viewpoint100k.pairs import Frame, Pair, frame_problem, overlap
from viewpoint100k.plan import Slot
from viewpoint100k.seeding import derive_seed, generator
from viewpoint100k.stopwatch import Stopwatch
from viewpoint100k.views import walk

__all__ = ["CaptureVisit", "MeshVisit", "Visit"]

_CHECK_SIZE = 256
"""Pixels along each side of the depth maps from which frames and pairs are judged."""


class Visit(Protocol):
    """What the rest of a build knows of an asset, be it a mesh or a capture."""

    def pairing(self, slots: Sequence[Slot]) -> Sequence[tuple[int, int] | None]:
        """The two frames that are to fill each slot; None where the asset has none that fit."""
        ...

    def problem(self, place: int) -> str | None:
        """The reason code for which a frame cannot be used, or None."""
        ...

    def pair(self, first: int, second: int) -> Pair:
        """Two frames and the object between them."""
        ...

    def image(self, place: int) -> bytes:
        """A frame's encoded image."""
        ...

    def close(self) -> None:
        """Frees what the visit holds."""
        ...


class MeshVisit:
    """A walk around a mesh on a stage, made to measure: each step turns by what the next slot asks.

    Depth is rendered at once and small; colour only for the frames whose image is asked for.
    """

    def __init__(
        self,
        asset: MeshAsset,
        slots: Sequence[Slot],
        seed: int,
        config: BuildConfig,
        renderer: Renderer,
        timed: Stopwatch,
    ) -> None:
        self._asset, self._config, self._timed = asset, config, timed
        with timed("views"):
            rng = generator(seed, "views")
            turns = [float(rng.uniform(*slot.azimuth_deg)) for slot in slots]
            cameras = walk(asset.mesh.points, turns, config.views, config.images.size, rng)
        with timed("upload"):
            self._scene = renderer.load(asset.mesh, Stage(derive_seed(seed, "stage")))
        with timed("depth"):
            self._frames = [Frame(c, self._scene.depth(c.resized(_CHECK_SIZE, _CHECK_SIZE))) for c in cameras]
        self._counterfactuals = Counterfactuals(self._scene.unstaged(), asset.mesh.centroid)
        self._images: dict[int, bytes] = {}

    def pairing(self, slots: Sequence[Slot]) -> Sequence[tuple[int, int]]:
        return [(place, place + 1) for place in range(len(slots))]

    def problem(self, place: int) -> str | None:
        return frame_problem(self._frames[place], self._config.views)

    def pair(self, first: int, second: int) -> Pair:
        one, two = self._frames[first], self._frames[second]
        with self._timed("overlap"):
            shared = overlap(one, two, radius=1.0)
        told = None
        if self._config.pairs.min_answerability > 0:
            with self._timed("answerability"):
                told = self._counterfactuals.answerability(one.camera, two.camera, self._config.pairs)
        return Pair((one.camera, two.camera), np.zeros(3), 1.0, self._asset.front, shared, told)

    def image(self, place: int) -> bytes:
        if place not in self._images:
            with self._timed("color"):
                pixels = self._scene.color(self._frames[place].camera)
            with self._timed("encode"):
                self._images[place] = _jpeg(pixels, self._config.images.jpeg_quality)
        return self._images[place]

    def close(self) -> None:
        self._scene.close()


class CaptureVisit:
    """The photographs of a capture: each slot takes two whose azimuth change is what it asks."""

    def __init__(self, asset: CaptureAsset, seed: int, timed: Stopwatch, taken: set[tuple[int, int]]) -> None:
        """``taken``: the pairs of photos that earlier visits of the same block have used; added to."""
        self._asset, self._timed, self._taken = asset, timed, taken
        self._rng = generator(seed, "pairs")
        self._images: dict[int, bytes] = {}

    def pairing(self, slots: Sequence[Slot]) -> Sequence[tuple[int, int] | None]:
        azimuths = np.array([azimuth_deg(photo.camera.position) for photo in self._asset.photos])
        changes = (azimuths[None] - azimuths[:, None] + 180) % 360 - 180
        free = ~np.eye(len(azimuths), dtype=bool)
        for first, second in self._taken:
            free[first, second] = free[second, first] = False
        return [self._choose(changes, free, slot) for slot in slots]

    def _choose(self, changes: NDArray[np.float64], free: NDArray[np.bool_], slot: Slot) -> tuple[int, int] | None:
        """Two photos that no slot of this block has taken yet, in either order."""
        low, high = slot.azimuth_deg
        fitting = np.argwhere(free & (changes >= low) & (changes <= high))
        if len(fitting) == 0:
            return None
        first, second = (int(place) for place in fitting[self._rng.integers(len(fitting))])
        free[first, second] = free[second, first] = False
        self._taken.add((first, second))
        return first, second

    def problem(self, place: int) -> str | None:
        return None  # What is wrong with a photo is found when its capture is loaded.

    def pair(self, first: int, second: int) -> Pair:
        cameras = self._asset.photos[first].camera, self._asset.photos[second].camera
        return Pair(cameras, np.zeros(3), 1.0, self._asset.front, self._shared(first, second))

    def _shared(self, first: int, second: int) -> float | None:
        """The part of the points that either photo observes which both do; None where observations are not known."""
        if self._asset.visible is None:
            return None
        one, two = self._asset.visible[[first, second]]
        seen = one.sum() + two.sum()
        return float(2 * (one & two).sum() / seen) if seen else 0.0

    def image(self, place: int) -> bytes:
        if place not in self._images:
            with self._timed("read"):
                self._images[place] = self._asset.photos[place].read()
        return self._images[place]

    def close(self) -> None:
        self._images.clear()


def _jpeg(pixels: NDArray[np.uint8], quality: int) -> bytes:
    return bytes(simplejpeg.encode_jpeg(pixels, quality=quality, colorspace="RGB", colorsubsampling="444"))
