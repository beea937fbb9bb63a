"""Meshes that stay on the device while someone may want them again."""

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
"""Of meshes on the device that no scene uses at the moment."""


class _Uploadable(Protocol):
    @property
    def nbytes(self) -> int:
        """Roughly what it takes on the device."""
        ...

    def release(self) -> None: ...


T = TypeVar("T", bound=_Uploadable)


@dataclass(eq=False)
class Uploaded(Generic[T]):
    """A mesh on the device, and what follows from its vertices and textures alone."""

    source: weakref.ref[Mesh]
    mesh: T
    frame: UnitFrame
    luminance: float
    scenes: int = 0
    """How many use it."""
    in_use: Mesh | None = None
    """The mesh, as long as any scene does: what is known by its address must not die before."""


class MeshCache(Generic[T]):
    """Uploads each mesh once. One is freed when no scene uses it and either its owner has let go of the `Mesh`, or too
    much is kept."""

    def __init__(self, upload: Callable[[Mesh, UnitFrame], T]) -> None:
        """``upload`` brings a mesh to the device."""
        self._upload = upload
        self._kept: OrderedDict[int, Uploaded[T]] = OrderedDict()

    def __len__(self) -> int:
        """How many meshes are on the device."""
        return len(self._kept)

    def take(self, mesh: Mesh) -> Uploaded[T]:
        """The mesh on the device; to be given back once for each time it is taken."""
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
        """Says that one scene less uses it."""
        uploaded.scenes -= 1
        if not uploaded.scenes:
            uploaded.in_use = None
        self._free_unwanted()

    def release(self) -> None:
        for uploaded in self._kept.values():
            uploaded.mesh.release()
        self._kept.clear()

    def _free_unwanted(self) -> None:
        """Frees what nobody can ask for any more, and of the rest the oldest, until little enough is left."""
        idle = {key: one for key, one in self._kept.items() if not one.scenes}
        total = sum(one.mesh.nbytes for one in idle.values())
        for key, one in idle.items():
            if one.source() is None or total > _KEPT_BYTES:
                total -= one.mesh.nbytes
                self._kept.pop(key).mesh.release()
