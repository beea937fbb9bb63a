"""A cache of meshes on the device, for reuse by later scenes."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from renderers.gpu_mesh import mean_luminance
from renderers.projection import UnitFrame
from viewpoint100k.geometry.mesh import Mesh

__all__ = ["MeshCache", "Uploaded"]

_KEPT_BYTES = 384 * 2**20
"""Largest memory of unused meshes on the device, bytes."""


class _Uploadable(Protocol):
    @property
    def nbytes(self) -> int:
        """Approximate memory on the device, bytes."""
        ...

    def release(self) -> None: ...


T = TypeVar("T", bound=_Uploadable)


@dataclass(eq=False)
class Uploaded(Generic[T]):
    """A mesh on the device, with values that depend only on its vertices and textures."""

    source: weakref.ref[Mesh]
    mesh: T
    frame: UnitFrame
    luminance: float
    scenes: int = 0
    """Number of scenes that use it."""
    in_use: Mesh | None = None
    """The mesh while a scene uses it, because its parts are identified by their addresses."""


class MeshCache(Generic[T]):
    """Uploads each mesh once. An unused mesh is freed when its `Mesh` object is deleted or the cache is full."""

    def __init__(self, upload: Callable[[Mesh, UnitFrame], T]) -> None:
        """``upload`` copies a mesh to the device."""
        self._upload = upload
        self._kept: OrderedDict[int, Uploaded[T]] = OrderedDict()

    def __len__(self) -> int:
        """Number of meshes on the device."""
        return len(self._kept)

    def take(self, mesh: Mesh) -> Uploaded[T]:
        """The mesh on the device. Call `give_back` once for each call."""
        self._free_unwanted()
        key = id(mesh)
        if key not in self._kept:
            frame = UnitFrame.of(mesh)
            self._kept[key] = Uploaded(weakref.ref(mesh), self._upload(mesh, frame), frame, mean_luminance(mesh))
        self._kept.move_to_end(key)
        taken = self._kept[key]
        taken.scenes += 1
        taken.in_use = mesh
        return taken

    def give_back(self, uploaded: Uploaded[T]) -> None:
        """Releases one use of the mesh."""
        uploaded.scenes -= 1
        if not uploaded.scenes:
            uploaded.in_use = None
        self._free_unwanted()

    def release(self) -> None:
        for uploaded in self._kept.values():
            uploaded.mesh.release()
        self._kept.clear()

    def _free_unwanted(self) -> None:
        """Frees unused meshes whose `Mesh` object is gone, then the oldest others until the limit is kept."""
        idle = {key: one for key, one in self._kept.items() if not one.scenes}
        total = sum(one.mesh.nbytes for one in idle.values())
        for key, one in idle.items():
            if one.source() is None or total > _KEPT_BYTES:
                total -= one.mesh.nbytes
                self._kept.pop(key).mesh.release()
