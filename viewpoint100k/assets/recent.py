"""What was loaded last, kept for the next time it is wanted."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

from viewpoint100k.assets.asset import MeshAsset

__all__ = ["RecentMeshes"]


class RecentMeshes:
    """Mesh assets that were loaded last, as many as fit into ``max_bytes``.

    A build comes back to each asset of a small source many times, and decoding textures is most of what loading takes.
    Assets are values: nobody who gets one may change it.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[Hashable, MeshAsset] = OrderedDict()

    def get(self, key: Hashable, load: Callable[[], MeshAsset]) -> MeshAsset:
        """The asset that is kept under ``key``, or else what ``load`` gives. What ``load`` raises is not kept."""
        if key not in self._kept:
            asset = load()
            size = asset.mesh.nbytes
            if size > self._max_bytes:
                return asset
            self._kept[key] = asset
            self._bytes += size
            while self._bytes > self._max_bytes:
                self._bytes -= self._kept.popitem(last=False)[1].mesh.nbytes
        self._kept.move_to_end(key)
        return self._kept[key]
