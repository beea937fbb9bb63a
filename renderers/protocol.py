"""The protocol of renderers. All other code renders through these types, whatever the backend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry.cameras import Camera
from viewpoint100k.geometry.mesh import Mesh

__all__ = ["LoadedScene", "Renderer", "Stage", "Thumbnail"]


@dataclass(frozen=True)
class Stage:
    """The surroundings of an object: light, background and ground.

    They are fixed in the world and depend on the seed and the object, never on a camera, so that one image reveals
    nothing about the other camera. (The object determines the height, scale and brightness of the ground.)
    """

    seed: int
    ground: bool = True
    """True for a ground at the object's lowest point, with a contact shadow."""


@dataclass(frozen=True, eq=False)
class Thumbnail:
    """A small image of an object, with depth."""

    camera: Camera
    color: NDArray[np.uint8]
    """(h, w, 3) sRGB, anti-aliased."""
    depth: NDArray[np.float32]
    """(2h, 2w): depth at the centres of each pixel's quarters; otherwise as for `LoadedScene.depth`."""


class LoadedScene(Protocol):
    """A mesh on its stage, ready to be rendered. Valid until it or its renderer is closed."""

    def color(self, camera: Camera) -> NDArray[np.uint8]:
        """(h, w, 3) sRGB, anti-aliased; row 0 is the top."""
        ...

    def depth(self, camera: Camera) -> NDArray[np.float32]:
        """(h, w): distance along the optical axis to the object at each pixel's centre, world units; ``inf`` elsewhere.

        It does not contain the stage. ``np.isfinite`` of it is the object's mask.
        """
        ...

    def thumbnails(self, cameras: Sequence[Camera]) -> list[Thumbnail]:
        """Renders small images from several cameras of one image size, without the stage; faster than single calls."""
        ...

    def unstaged(self) -> LoadedScene:
        """The same mesh without a stage, as from `Renderer.load`. Shares the upload and is closed with this scene."""
        ...

    def close(self) -> None:
        """Frees the scene's memory on the device."""
        ...


class Renderer(Protocol):
    """Owns one rendering context; one in each process."""

    name: str

    def describe(self) -> str:
        """Backend, its version, the device and driver in one line; the ``renderer`` column of a row."""
        ...

    def load(self, mesh: Mesh, stage: Stage | None) -> LoadedScene:
        """Uploads a mesh. Without a stage it is rendered under a neutral light from above, equal from all sides, on a
        plain mid-grey background (128 of 255)."""
        ...

    def close(self) -> None:
        """Frees everything, scenes included."""
        ...
