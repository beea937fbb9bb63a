"""``--set renderer=outlined``: the OpenGL renderer's pictures, with a dark line around the object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from renderers import LoadedScene, Renderer, Stage, Thumbnail, open_renderer
from viewpoint100k.geometry import Camera
from viewpoint100k.geometry.mesh import Mesh

_LINE = (20, 20, 20)


class OutlinedRenderer:
    """Draws through another renderer. ``options`` are that renderer's."""

    name = "outlined"

    def __init__(self, **options: Any) -> None:
        self._inner: Renderer = open_renderer("opengl", **options)

    def describe(self) -> str:
        return f"outlined over {self._inner.describe()}"

    def load(self, mesh: Mesh, stage: Stage | None) -> LoadedScene:
        return OutlinedScene(self._inner.load(mesh, stage))

    def close(self) -> None:
        self._inner.close()


class OutlinedScene:
    """A scene of the inner renderer."""

    def __init__(self, inner: LoadedScene) -> None:
        self._inner = inner

    def color(self, camera: Camera) -> np.ndarray:
        pixels = self._inner.color(camera).copy()
        mask = np.isfinite(self._inner.depth(camera))
        around = np.pad(mask, 1)
        grown = around[:-2, 1:-1] | around[2:, 1:-1] | around[1:-1, :-2] | around[1:-1, 2:]
        pixels[grown & ~mask] = _LINE
        return pixels

    def depth(self, camera: Camera) -> np.ndarray:
        return self._inner.depth(camera)

    def thumbnails(self, cameras: Sequence[Camera]) -> list[Thumbnail]:
        return self._inner.thumbnails(cameras)

    def unstaged(self) -> LoadedScene:
        return OutlinedScene(self._inner.unstaged())

    def close(self) -> None:
        self._inner.close()
