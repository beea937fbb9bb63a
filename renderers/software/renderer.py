"""The renderer that needs no library of the system; see native/ for its passes.

The passes of an image: project the vertices; find the nearest triangle at each of four samples per pixel; shade each
surface in a pixel once; draw blended surfaces over them, farthest first; draw the stage behind; convert to sRGB. Depth
has one sample per pixel, at its centre.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renderers.mesh_cache import MeshCache, Uploaded
from renderers.protocol import Stage, Thumbnail
from renderers.software.extension import load
from renderers.software.objects import DrawableObject
from renderers.software.selection import build_wanted, cpu_processor, open_processor
from renderers.software.surroundings import Patterns, neutral_surroundings, staged_surroundings
from renderers.stage import make_surroundings, neutral
from viewpoint100k.errors import RendererError
from viewpoint100k.geometry.cameras import Camera
from viewpoint100k.geometry.mesh import Mesh

__all__ = ["VERSION", "SoftwareRenderer", "SoftwareScene"]

VERSION = 1
"""Version of the passes; increased whenever a change affects images."""


_SMALL = 96
"""Pixels a side of the largest pictures that are drawn from a coarser mesh."""


class SoftwareRenderer:
    """Renders on the CPU. Several threads may use its scenes at once.

    Args:
        device_index: of the GPU, as CUDA counts those that this process may see.
        require_gpu: refuses to draw on the CPU.
        max_texture_size: larger textures are averaged down to at most this many pixels a side.
        threads: how many of the CPU's threads a picture is shared among.
        build: ``avx512``, ``avx2``, ``sse42`` or ``plain``, or ``cuda`` for a GPU. By default what the environment
            variable ``VIEWPOINT100K_LANES`` says; else a GPU, if the extra ``cuda`` finds one; else the widest that
            runs here. All of them give the same bytes.

    Raises ``RendererError`` if the extension is not built, or if a GPU is required and there is none; ``UsageError``
    for an unknown build.
    """

    name = "software"

    def __init__(
        self,
        device_index: int | None = None,
        require_gpu: bool = False,
        max_texture_size: int = 1024,
        threads: int = 1,
        build: str | None = None,
    ) -> None:
        self.native = load()
        wanted = build_wanted(build)
        self.cpu = cpu_processor(self.native, wanted, max(threads, 1))
        self.processor = open_processor(self.native, self.cpu, wanted, device_index, require_gpu)
        self.max_texture_size = max_texture_size
        self.patterns = Patterns(self.native)
        self.meshes = MeshCache(lambda mesh, frame: DrawableObject(self.native, mesh, frame, max_texture_size))
        self._scenes: dict[int, SoftwareScene] = {}
        self._closed = False

    def describe(self) -> str:
        """Backend and version, without the machine, because all machines give the same bytes."""
        return f"software {VERSION}"

    def load(self, mesh: Mesh, stage: Stage | None) -> SoftwareScene:
        """Prepares a mesh and sets its stage. See `renderers.protocol.Renderer.load`."""
        if self._closed:
            raise RendererError("the renderer has been closed")
        uploaded = self.meshes.take(mesh)
        if stage is None:
            scene = SoftwareScene(self, uploaded, self.neutral, staged=False)
        else:
            look = make_surroundings(stage, uploaded.luminance)
            around = staged_surroundings(
                self.native, look, uploaded.frame, uploaded.mesh.native, self.patterns, self.processor
            )
            scene = SoftwareScene(self, uploaded, around, staged=True)
        self._scenes[id(scene)] = scene
        return scene

    @cached_property
    def neutral(self) -> Any:
        """The surroundings of an object without a stage, shared by all such scenes."""
        return neutral_surroundings(self.native, neutral())

    def close(self) -> None:
        """Frees everything, scenes included. Closing twice is harmless."""
        if self._closed:
            return
        for scene in list(self._scenes.values()):
            scene.close()
        self.meshes.release()
        self._closed = True

    def forget(self, scene: SoftwareScene) -> None:
        """Called by a scene that is closed."""
        self._scenes.pop(id(scene), None)


class SoftwareScene:
    """A mesh on its stage. Made by `SoftwareRenderer.load`."""

    def __init__(
        self, renderer: SoftwareRenderer, uploaded: Uploaded[DrawableObject], around: Any, staged: bool
    ) -> None:
        self._renderer, self._uploaded = renderer, uploaded
        self._around, self._staged = around, staged
        self._closed = False
        self._alone: SoftwareScene | None = None

    def color(self, camera: Camera) -> NDArray[np.uint8]:
        """(h, w, 3) sRGB. See `renderers.protocol.LoadedScene.color`."""
        return self.colors([camera])[0]

    def colors(self, cameras: Sequence[Camera]) -> list[NDArray[np.uint8]]:
        """Likewise from several cameras, all of one size; a GPU draws them together."""
        return self._open().processor.colors(self._object, self._around, cameras)

    def depth(self, camera: Camera) -> NDArray[np.float32]:
        """(h, w) world units. See `renderers.protocol.LoadedScene.depth`."""
        return self.depths([camera])[0]

    def depths(self, cameras: Sequence[Camera]) -> list[NDArray[np.float32]]:
        """Likewise from several cameras, all of one size."""
        return self._open().processor.depths(self._object, cameras)

    def surfaces(self, camera: Camera) -> NDArray[np.int32]:
        """(h, w, 4): the nearest solid triangle at the middle of each pixel's quarters, -1 where there is none."""
        return self._open().cpu.surfaces(self._object, camera)

    def thumbnails(self, cameras: Sequence[Camera]) -> list[Thumbnail]:
        """Small pictures with depth. See `renderers.protocol.LoadedScene.thumbnails`."""
        r = self._open()
        small = max(max(camera.width, camera.height) for camera in cameras) <= _SMALL if cameras else False
        drawable = self._uploaded.mesh.for_thumbnails if small else self._object
        drawn = r.processor.colors_and_depths(drawable, r.neutral, cameras)
        return [Thumbnail(camera, *pictures) for camera, pictures in zip(cameras, drawn, strict=True)]

    def unstaged(self) -> SoftwareScene:
        """The same mesh without its stage. See `renderers.protocol.LoadedScene.unstaged`."""
        self._open()
        if not self._staged:
            return self
        if self._alone is None:
            self._alone = SoftwareScene(self._renderer, self._uploaded, self._renderer.neutral, staged=False)
        return self._alone

    def close(self) -> None:
        """Releases the scene's memory. Closing twice is harmless."""
        if self._closed:
            return
        self._closed = True
        self._around = None
        if self._alone is not None:
            self._alone._closed = True
        self._renderer.meshes.give_back(self._uploaded)
        self._renderer.forget(self)

    @property
    def _object(self) -> Any:
        return self._uploaded.mesh.native

    def _open(self) -> SoftwareRenderer:
        if self._closed:
            raise RendererError("the scene has been closed")
        return self._renderer
