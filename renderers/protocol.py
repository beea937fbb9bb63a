"""What a renderer is. Everything above this floor draws through these few types and knows no back end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry.cameras import Camera
from viewpoint100k.geometry.mesh import Mesh

__all__ = ["Glance", "LoadedScene", "Renderer", "Stage"]


@dataclass(frozen=True)
class Stage:
    """What surrounds the object: light, background and ground. All of it is fixed in the world and follows from the
    seed and the object, never from a camera, so that one image's surroundings say nothing about the other camera. (The
    object decides where the ground lies, its scale, and whether it is lighter or darker than the object.)"""

    seed: int
    ground: bool = True
    """Whether the object stands on something, with a contact shadow, at the height of its lowest point."""


@dataclass(frozen=True, eq=False)
class Glance:
    """A small picture of an object, and what lies behind its pixels."""

    camera: Camera
    color: NDArray[np.uint8]
    """(h, w, 3) sRGB, anti-aliased."""
    depth: NDArray[np.float32]
    """(2h, 2w): depth at the middles of each pixel's quarters; otherwise as of `LoadedScene.depth`."""


class LoadedScene(Protocol):
    """A mesh that is ready to be drawn, on its stage. Valid until ``close`` or the renderer's."""

    def color(self, camera: Camera) -> NDArray[np.uint8]:
        """(h, w, 3) sRGB, anti-aliased; row 0 is the top."""
        ...

    def depth(self, camera: Camera) -> NDArray[np.float32]:
        """(h, w) distance along the optical axis to the object at each pixel's centre, world units; ``inf`` where the
        object is not. The stage is not in it. One sample a pixel: ``np.isfinite`` of it is the object's mask."""
        ...

    def glances(self, cameras: Sequence[Camera]) -> list[Glance]:
        """Small pictures from several cameras, all of one size: cheaper than one after another. No stage is drawn."""
        ...

    def unstaged(self) -> LoadedScene:
        """The same mesh without a stage, as `Renderer.load` would draw it: uploaded once, closed with this."""
        ...

    def close(self) -> None:
        """Frees what the scene holds on the device."""
        ...


class Renderer(Protocol):
    """Owns one rendering context. One a process."""

    name: str

    def describe(self) -> str:
        """Backend, its version, the device and driver in one line; the ``renderer`` column of a row."""
        ...

    def load(self, mesh: Mesh, stage: Stage | None) -> LoadedScene:
        """Uploads a mesh. Without a stage it is drawn under a fixed neutral light, from above and the same all round,
        on a plain mid-grey background (128 of 255)."""
        ...

    def close(self) -> None:
        """Frees everything, scenes included."""
        ...
