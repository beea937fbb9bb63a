"""What every source yields, so that nothing downstream knows which source it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.mesh import Mesh

__all__ = ["NO_LICENSE", "MeshAsset", "Origin", "Source", "normalization"]

NO_LICENSE = "NOASSERTION"
"""SPDX's word for a licence that nobody has stated."""


@dataclass(frozen=True)
class Origin:
    """Where an asset comes from and on what terms."""

    source: str
    """Kind of source: ``procedural``, ``meshes``, ``objaverse`` …"""
    asset_id: str
    """Unique and stable within the source."""
    sha256: str
    """Of the asset's files, hexadecimal; for a procedural asset, of its generator's name, version and seed."""
    category: str = ""
    license: str = NO_LICENSE
    """SPDX licence id."""
    creator: str = ""
    uri: str = ""


@dataclass(frozen=True, eq=False)
class MeshAsset:
    """An object to be rendered. Upright, its bounding box centred on the origin, its farthest point at distance 1."""

    origin: Origin
    mesh: Mesh
    front: NDArray[np.float64] | None = None
    """(3,): horizontal unit vector out of the object's front; None where it is not known."""
    normalization: NDArray[np.float64] = field(default_factory=lambda: np.eye(4))
    """(4, 4): from the asset's own coordinates, as stored in its file, to this mesh's."""


class Source(Protocol):
    """A place that assets come from."""

    @property
    def name(self) -> str:
        """Kind of source, as in `Origin.source`."""
        ...

    def ids(self) -> Sequence[str]:
        """Every asset of the source, in a stable order. Raises ``UsageError`` where there is nothing to use."""
        ...

    def load(self, asset_id: str) -> MeshAsset:
        """Reads one asset. Raises ``AssetError`` with a reason code where it cannot be used."""
        ...


def normalization(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(4, 4) map that centres the bounding box of ``points`` (n, 3) on the origin and puts the farthest at distance 1.

    Raises ``ValueError`` where the points have no extent.
    """
    center = (points.min(axis=0) + points.max(axis=0)) / 2
    radius = float(np.linalg.norm(points - center, axis=1).max())
    if not np.isfinite(radius) or radius < 1e-12:
        raise ValueError("points without extent have no size to normalise")
    matrix = np.eye(4)
    matrix[:3, :3] /= radius
    matrix[:3, 3] = -center / radius
    return matrix
