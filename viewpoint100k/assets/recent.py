"""A cache of recently loaded meshes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

from viewpoint100k.assets.asset import MeshAsset

__all__ = ["RecentMeshes"]


class RecentMeshes:
    """Keeps the most recently loaded mesh assets, as many as fit into ``max_bytes``.

    A build loads each asset of a small source many times, and decoding textures takes most of the time. Callers must
    not change the assets.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[Hashable, MeshAsset] = OrderedDict()

    def get(self, key: Hashable, load: Callable[[], MeshAsset]) -> MeshAsset:
        """Returns the cached asset for ``key``, or calls ``load`` and caches its result. Errors are not cached."""
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
