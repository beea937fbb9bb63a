"""One use of an asset: its frames, the pair specifications that they fill, and their images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from renderers import Renderer, Stage
from viewpoint100k.assets import CaptureAsset, MeshAsset
from viewpoint100k.building.measured_motions import MeasuredMotions
from viewpoint100k.building.placement import Views, place_views
from viewpoint100k.building.scenes import Scenes
from viewpoint100k.dataset.jpeg import encode_jpeg
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry import azimuth_deg
from viewpoint100k.geometry.seeding import derive_seed, generator
from viewpoint100k.plan.config import BuildConfig
from viewpoint100k.plan.specs import PairSpec
from viewpoint100k.questions import Template
from viewpoint100k.questions.answers import Arc, Candidates
from viewpoint100k.runtime.stopwatch import Stopwatch
from viewpoint100k.views.pairs import Frame, Pair, frame_problem, overlap
from viewpoint100k.views.photo_answerability import PhotoCounterfactuals
from viewpoint100k.views.settings import Pairs
from viewpoint100k.views.visibility import LOW_CONTRAST, contrast

__all__ = ["AS_THEY_ARE", "CaptureFrameSet", "FrameSet", "MeshFrameSet", "needs_renderings"]

AS_THEY_ARE = "photos_as_they_are"
"""Reason code of a pair specification that photographs cannot fill."""

_CHECK_SIZE = 256
"""Pixels along each side of the depth maps that are used to check frames and pairs."""


def needs_renderings(spec: PairSpec, templates: Mapping[str, Template]) -> bool:
    """True if only rendered frames can fill the pair specification. Photographs cannot."""
    return (
        spec.object != "as_it_is"
        or not spec.staged
        or any(question.form == "mirrored" for question in spec.questions)
        or any(_needs_renderings(templates[question.template]) for question in spec.questions)
    )


def _needs_renderings(template: Template) -> bool:
    """True if photographs can show none of its answers, or not all: then its answer would be known in advance."""
    other_objects = any(case.get("object", "as_it_is") != "as_it_is" for case in template.cases.values())
    return other_objects or isinstance(template.answer, Candidates | Arc)


class FrameSet(Protocol):
    """The interface of an asset's frames for the rest of a build, for meshes and captures alike."""

    def views(self, specs: Sequence[PairSpec]) -> Sequence[Views | str]:
        """For each pair specification, the frames that fill it, in the order in which a question names them; or the
        reason code if the asset has no suitable frames."""
        ...

    def problem(self, place: int) -> str | None:
        """The reason code if a frame cannot be used, else None."""
        ...

    def pair(self, views: Views, spec: PairSpec) -> Pair:
        """The frames of a pair specification and the object between them."""
        ...

    def unmeasured(self, views: Views) -> str | None:
        """The reason code if the answerability of a pair was asked for and is not known, else None."""
        ...

    def image(self, place: int, mirrored: bool = False) -> bytes:
        """A frame's encoded image, optionally mirrored left to right. Raises ``AssetError`` if it is not available."""
        ...

    def close(self) -> None:
        """Releases the resources of this use."""
        ...


class MeshFrameSet:
    """Views of a mesh, placed for the given pair specifications.

    Pairs with a camera that orbits the object share the frames of one walk. Each other pair has its own frames.
    Small depth maps are rendered at once. Colour is rendered only for the frames whose image is requested.
    """

    def __init__(
        self,
        asset: MeshAsset,
        specs: Sequence[PairSpec],
        templates: Mapping[str, Template],
        seed: int,
        config: BuildConfig,
        renderer: Renderer,
        timed: Stopwatch,
    ) -> None:
        self._asset, self._specs, self._templates, self._config, self._timed = asset, specs, templates, config, timed
        with timed("views"):
            placed = place_views(asset.mesh.points, specs, templates, config, generator(seed, "views"))
        self._views = placed.views
        with timed("upload"):
            self._scenes = Scenes(renderer, asset.mesh, Stage(derive_seed(seed, "stage")))
        with timed("depth"):
            self._frames = [
                Frame(shot.camera, self._scenes.of(shot).depth(shot.camera.resized(_CHECK_SIZE, _CHECK_SIZE)))
                for shot in placed.shots
            ]
        self._shots = placed.shots
        self._images: dict[tuple[int, bool], bytes] = {}

    def views(self, specs: Sequence[PairSpec]) -> Sequence[Views | str]:
        return [views if views is not None else "no_such_motion" for views in self._views]

    def problem(self, place: int) -> str | None:
        return self._problems[place]

    @cached_property
    def _problems(self) -> list[str | None]:
        return [frame_problem(frame, self._config.views) for frame in self._frames]

    def pair(self, views: Views, spec: PairSpec) -> Pair:
        return self._pairs[views]

    @cached_property
    def _pairs(self) -> dict[Views, Pair]:
        """The pair of every specification whose frames can be used. No two specifications have the same views.

        All are measured before the first image is drawn: what they need then stays in the processor's cache.
        """
        return {
            views: self._pair(views, spec)
            for views, spec in zip(self._views, self._specs, strict=True)
            if views is not None and not any(map(self.problem, views))
        }

    def _pair(self, views: Views, spec: PairSpec) -> Pair:
        one, two = self._frames[views[0]], self._frames[views[1]]
        cameras = tuple(self._frames[place].camera for place in views)
        with self._timed("overlap"):
            shared = overlap(one, two, radius=1.0)
        measured = None
        if self._config.pairs.min_answerability > 0:
            with self._timed("answerability"):
                measured = self._answerability(views, spec)
        return Pair(cameras, np.zeros(3), 1.0, self._asset.front, shared, measured, spec.object == "mirrored")

    def _answerability(self, views: Views, spec: PairSpec) -> float:
        """How different the images would be if another answer were true."""
        cameras = [self._frames[place].camera for place in views]
        seen = self._scenes.counterfactuals(self._shots[views[0]])
        if self._templates[spec.questions[0].template].concerns_handedness:
            return seen.handedness(cameras[1])
        if len(cameras) > 2:
            return seen.distinctness(cameras)
        return seen.answerability(cameras[0], cameras[1], self._config.pairs)

    def unmeasured(self, views: Views) -> str | None:
        return None

    def image(self, place: int, mirrored: bool = False) -> bytes:
        if (place, mirrored) not in self._images:
            with self._timed("color"):
                pixels = self._scenes.of(self._shots[place]).color(self._frames[place].camera)
            with self._timed("contrast"):
                seen = contrast(pixels, self._frames[place].mask)
            if seen < self._config.views.min_contrast:
                raise AssetError(LOW_CONTRAST, f"the object differs from its background by {seen:.1f} of 100 alone")
            with self._timed("encode"):
                shown = np.ascontiguousarray(pixels[:, ::-1]) if mirrored else pixels
                self._images[place, mirrored] = encode_jpeg(shown, self._config.images.jpeg_quality)
        return self._images[place, mirrored]

    def close(self) -> None:
        self._scenes.close()


class CaptureFrameSet:
    """The photographs of a capture. A pair specification gets two photographs with its azimuth change or its motion.

    Specifications that need mirrored images, an object without its surroundings, or views at given angles get no
    photographs. Answerability is measured if a photograph was taken near the mirrored view.
    """

    def __init__(
        self,
        asset: CaptureAsset,
        seed: int,
        timed: Stopwatch,
        taken: set[tuple[int, int]],
        templates: Mapping[str, Template],
        pairs: Pairs,
    ) -> None:
        """``taken``: the pairs of photos that the block contains already. New pairs are added to it."""
        self._asset, self._timed, self._taken, self._templates, self._pairs = asset, timed, taken, templates, pairs
        self._rng = generator(seed, "pairs")
        self._images: dict[int, bytes] = {}
        self._counterfactuals = PhotoCounterfactuals(asset.photos, self.image)
        self._measured: dict[tuple[int, int], float | str] = {}

    def views(self, specs: Sequence[PairSpec]) -> Sequence[Views | str]:
        azimuths = np.array([azimuth_deg(photo.camera.position) for photo in self._asset.photos])
        changes = (azimuths[None] - azimuths[:, None] + 180) % 360 - 180
        free = ~np.eye(len(azimuths), dtype=bool)
        for first, second in self._taken:
            free[first, second] = free[second, first] = False
        return [
            AS_THEY_ARE
            if needs_renderings(spec, self._templates)
            else self._choose(changes, free, spec) or ("no_such_motion" if spec.motion else "no_pair_at_this_angle")
            for spec in specs
        ]

    @cached_property
    def _motions(self) -> MeasuredMotions:
        return MeasuredMotions([photo.camera for photo in self._asset.photos])

    def _choose(self, changes: NDArray[np.float64], free: NDArray[np.bool_], spec: PairSpec) -> tuple[int, int] | None:
        """Two photos that the block has not used as a pair yet, in either order."""
        if spec.motion is not None:
            fitting = self._motions.fitting(spec.motion, free)
        else:
            assert spec.azimuth_deg is not None
            low, high = spec.azimuth_deg
            fitting = np.argwhere(free & (changes >= low) & (changes <= high))
        if len(fitting) == 0:
            return None
        first, second = (int(place) for place in fitting[self._rng.integers(len(fitting))])
        free[first, second] = free[second, first] = False
        self._taken.add((first, second))
        return first, second

    def problem(self, place: int) -> str | None:
        return None  # Faults of a photo are found when its capture is loaded.

    def pair(self, views: Views, spec: PairSpec) -> Pair:
        first, second = views
        cameras = self._asset.photos[first].camera, self._asset.photos[second].camera
        measured = self._answerability(first, second) if self._pairs.min_answerability > 0 else None
        known = measured if isinstance(measured, float) else None
        return Pair(cameras, np.zeros(3), 1.0, self._asset.front, self._shared(first, second), known)

    def unmeasured(self, views: Views) -> str | None:
        first, second = views
        measured = self._measured.get((first, second))
        return measured if isinstance(measured, str) else None

    def _answerability(self, first: int, second: int) -> float | str:
        if (first, second) not in self._measured:
            with self._timed("answerability"):
                self._measured[first, second] = self._counterfactuals.answerability(first, second, self._pairs)
        return self._measured[first, second]

    def _shared(self, first: int, second: int) -> float | None:
        """The share of the points seen in either photo that both photos see; None if the observations are unknown."""
        if self._asset.visible is None:
            return None
        one, two = self._asset.visible[[first, second]]
        seen = np.count_nonzero(one) + np.count_nonzero(two)
        return float(2 * np.count_nonzero(one & two) / seen) if seen else 0.0

    def image(self, place: int, mirrored: bool = False) -> bytes:
        if mirrored:
            raise AssetError("photo_not_mirrored", f"{self._asset.origin.asset_id}: photos are shown as they are")
        if place not in self._images:
            with self._timed("read"):
                self._images[place] = self._asset.photos[place].read()
        return self._images[place]

    def close(self) -> None:
        self._images.clear()
