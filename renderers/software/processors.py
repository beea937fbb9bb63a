"""Where the passes run: what a renderer asks of a processor, and the CPU, which serves it."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry.cameras import Camera

__all__ = ["CpuProcessor", "Processor"]


class Processor(Protocol):
    """Runs the passes. Every processor writes the same bytes.

    ``drawable`` is an ``Object`` of the extension and ``around`` its ``Surroundings``. All cameras of a call have one
    size. Pictures come in the order of the cameras.
    """

    name: str

    def colors(self, drawable: Any, around: Any, cameras: Sequence[Camera]) -> list[NDArray[np.uint8]]:
        """(h, w, 3) sRGB each."""
        ...

    def depths(self, drawable: Any, cameras: Sequence[Camera]) -> list[NDArray[np.float32]]:
        """(h, w) each: distance along the optical axis at the centres of pixels, world units, ``inf`` for nothing."""
        ...

    def colors_and_depths(
        self, drawable: Any, around: Any, cameras: Sequence[Camera]
    ) -> list[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
        """(h, w, 3) sRGB and (2h, 2w) depth at the middles of each pixel's quarters."""
        ...

    def heights(self, drawable: Any, matrix: NDArray[np.float32], size: int) -> NDArray[np.float32]:
        """(size, size): the greatest height over each texel, 0 for nothing.

        ``matrix`` (3, 4) leads from the unit frame to texels and height.
        """
        ...


class CpuProcessor:
    """The CPU, by one of the extension's builds and with ``threads`` threads a picture."""

    def __init__(self, native: ModuleType, build: str, threads: int) -> None:
        self.name = build
        self._native = native
        self._how = {"build": build, "threads": threads}

    def colors(self, drawable: Any, around: Any, cameras: Sequence[Camera]) -> list[NDArray[np.uint8]]:
        return [self._native.color(drawable, around, *_numbers(camera), **self._how) for camera in cameras]

    def depths(self, drawable: Any, cameras: Sequence[Camera]) -> list[NDArray[np.float32]]:
        return [self._native.depth(drawable, *_numbers(camera), **self._how) for camera in cameras]

    def colors_and_depths(
        self, drawable: Any, around: Any, cameras: Sequence[Camera]
    ) -> list[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
        return [self._native.color_and_depth(drawable, around, *_numbers(camera), **self._how) for camera in cameras]

    def heights(self, drawable: Any, matrix: NDArray[np.float32], size: int) -> NDArray[np.float32]:
        found: NDArray[np.float32] = self._native.heights(drawable, matrix, size, self.name)
        return found

    def surfaces(self, drawable: Any, camera: Camera) -> NDArray[np.int32]:
        """(h, w, 4): the nearest solid triangle at the middle of each pixel's quarters, -1 where there is none."""
        found: NDArray[np.int32] = self._native.surfaces(drawable, *_numbers(camera), **self._how)
        return found


def _numbers(camera: Camera) -> tuple[NDArray[np.float64], NDArray[np.float64], int, int]:
    """A camera as the extension takes it."""
    return (
        np.ascontiguousarray(camera.camera_to_world),
        np.ascontiguousarray(camera.intrinsics),
        camera.width,
        camera.height,
    )
