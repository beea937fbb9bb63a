"""The software backend, which needs only a CPU. Its passes are in ``native/``.

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
from renderers.software.extension import chosen_build, load
from renderers.software.objects import DrawableObject
from renderers.software.surroundings import Patterns, neutral_surroundings, staged_surroundings
from renderers.stage import make_surroundings, neutral
from viewpoint100k.errors import RendererError
from viewpoint100k.geometry.cameras import Camera
from viewpoint100k.geometry.mesh import Mesh

__all__ = ["VERSION", "SoftwareRenderer", "SoftwareScene"]

VERSION = 1
"""Version of the passes; increased whenever a change affects images."""


class SoftwareRenderer:
    """Renders on the CPU. Several threads may use its scenes at once.

    Args:
        device_index: not used.
        require_gpu: refused, because this renderer uses the CPU.
        max_texture_size: larger textures are averaged down to at most this many pixels a side.
        threads: number of threads for one image.
        build: ``avx512``, ``avx2``, ``sse42`` or ``plain``; by default the environment variable
            ``VIEWPOINT100K_LANES`` or the widest that runs here. All of them give the same bytes.

    Raises ``RendererError`` if the extension is not compiled or a GPU is required, ``UsageError`` for an unknown build.
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
        if require_gpu:
            raise RendererError("a GPU was asked for but the renderer `software` draws on the CPU: set renderer=opengl")
        self.native = load()
        self.build = chosen_build(self.native, build)
        self.threads = max(threads, 1)
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
                self.native, look, uploaded.frame, uploaded.mesh.native, self.patterns, self.build
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
        r = self._open()
        picture: NDArray[np.uint8] = r.native.color(
            self._object, self._around, *_numbers(camera), build=r.build, threads=r.threads
        )
        return picture

    def depth(self, camera: Camera) -> NDArray[np.float32]:
        """(h, w) world units. See `renderers.protocol.LoadedScene.depth`."""
        r = self._open()
        depth: NDArray[np.float32] = r.native.depth(self._object, *_numbers(camera), build=r.build, threads=r.threads)
        return depth

    def surfaces(self, camera: Camera) -> NDArray[np.int32]:
        """(h, w, 4): index of the nearest opaque triangle at the centre of each pixel's quarters; -1 for none."""
        r = self._open()
        found: NDArray[np.int32] = r.native.surfaces(self._object, *_numbers(camera), build=r.build, threads=r.threads)
        return found

    def thumbnails(self, cameras: Sequence[Camera]) -> list[Thumbnail]:
        """Small pictures with depth. See `renderers.protocol.LoadedScene.thumbnails`."""
        r = self._open()
        return [
            Thumbnail(
                camera,
                *r.native.color_and_depth(self._object, r.neutral, *_numbers(camera), build=r.build, threads=r.threads),
            )
            for camera in cameras
        ]

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


def _numbers(camera: Camera) -> tuple[NDArray[np.float64], NDArray[np.float64], int, int]:
    """A camera as arguments for the extension."""
    return (
        np.ascontiguousarray(camera.camera_to_world),
        np.ascontiguousarray(camera.intrinsics),
        camera.width,
        camera.height,
    )
