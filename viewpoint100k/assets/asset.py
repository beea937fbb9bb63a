"""The assets that sources yield, and the protocols of sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import Camera, exact
from viewpoint100k.geometry.mesh import Mesh

__all__ = [
    "NO_LICENSE",
    "Asset",
    "CaptureAsset",
    "Downloadable",
    "FromFiles",
    "MeshAsset",
    "Origin",
    "Photo",
    "Source",
    "Stamped",
    "WithSettings",
    "normalization",
]

NO_LICENSE = "NOASSERTION"
"""SPDX id for an unknown licence."""


@dataclass(frozen=True)
class Origin:
    """Origin and licence of an asset."""

    source: str
    """Kind of source: ``procedural``, ``meshes``, ``objaverse`` …"""
    asset_id: str
    """Unique and stable within the source."""
    sha256: str
    """Digest of the asset's files, hexadecimal; for a procedural asset, of its generator's name, version and seed."""
    category: str = ""
    license: str = NO_LICENSE
    """SPDX licence id."""
    creator: str = ""
    uri: str = ""


@dataclass(frozen=True, eq=False)
class MeshAsset:
    """An object to render: +Z up, bounding box centred on the origin, farthest point at distance 1."""

    origin: Origin
    mesh: Mesh
    front: NDArray[np.float64] | None = None
    """(3,): horizontal unit vector out of the object's front; None if unknown."""
    normalization: NDArray[np.float64] = field(default_factory=lambda: np.eye(4))
    """(4, 4): from the coordinates in the asset's file to those of this mesh."""
    notes: tuple[str, ...] = ()
    """Assumptions about it and omitted parts, as snake_case words such as ``no_usemtl``; see docs/sources.md."""


@dataclass(frozen=True, eq=False)
class Photo:
    """One usable photograph of a capture."""

    name: str
    """Its path relative to the source's folder, with forward slashes."""
    camera: Camera
    """Camera of the image that ``read`` returns, in the capture's normalised world, without distortion."""
    read: Callable[[], bytes]
    """Returns the encoded image for a row, upright and undistorted. Raises ``AssetError``."""
    mask: Callable[[], NDArray[np.bool_]] | None = None
    """(h, w) of the same image, true on the object; None where the source has no masks."""
    fingerprint: bytes | None = None
    """Grey values of the image in 12 x 12 cells, row by row, to find it in other captures; None where ``read`` must be
    asked for it."""


@dataclass(frozen=True, eq=False)
class CaptureAsset:
    """Photographs of one object with their cameras.

    The world is rotated, moved and scaled as for a mesh: +Z up, the object's centre at the origin, radius 1.
    """

    origin: Origin
    photos: tuple[Photo, ...]
    """The photos that a left/right question can use, in the order of the source."""
    dropped_photos: Mapping[str, str] = field(default_factory=dict)
    """Photo name to reason code, such as ``rolled``, ``from_above``, ``blurred``, ``object_out_of_frame``."""
    front: NDArray[np.float64] | None = None
    """(3,): as for a mesh."""
    normalization: NDArray[np.float64] = field(default_factory=lambda: np.eye(4))
    """(4, 4): similarity from the source's world to this one."""
    up_confidence: float = 1.0
    """1 if the two estimates of up agree, 0 at the angle at which a capture is dropped."""
    points: NDArray[np.float64] | None = None
    """(n, 3): reconstructed points in this world; None if the source has none."""
    visible: NDArray[np.bool_] | None = None
    """(photos, n): which points each photo observes; None if the source does not state it."""
    notes: tuple[str, ...] = ()
    """Assumptions and omitted parts, as for a mesh."""


Asset = MeshAsset | CaptureAsset


class Source(Protocol):
    """A collection of assets."""

    @property
    def name(self) -> str:
        """Kind of source, as in `Origin.source`."""
        ...

    def ids(self) -> Sequence[str]:
        """Ids of all assets, in a stable order. Raises ``UsageError`` if there are none."""
        ...

    def load(self, asset_id: str) -> Asset:
        """Reads one asset. Raises ``AssetError`` with a reason code if it cannot be used."""
        ...


@runtime_checkable
class FromFiles(Protocol):
    """A source whose assets are files, so that equal files can be found without loading them."""

    def files(self) -> Mapping[str, Path]:
        """Asset id -> its file, for the assets that have one."""
        ...


@runtime_checkable
class Stamped(Protocol):
    """A source that can tell without loading whether an asset has changed, so that its findings can be stored."""

    def stamp(self, asset_id: str) -> str | None:
        """Everything that loading the asset depends on, apart from the code: paths, sizes and times of its files, its
        metadata, and limits. None if this cannot be determined."""
        ...

    def references(self, asset_id: str) -> Sequence[Path]:
        """Other files that the last loading in this process looked for, including missing ones."""
        ...


@runtime_checkable
class WithSettings(Protocol):
    """A source with settings that change how its files are read."""

    @property
    def settings(self) -> Mapping[str, str]:
        """Settings by name, without those at their default."""
        ...


@runtime_checkable
class Downloadable(Protocol):
    """A source that downloads its assets on request."""

    def download(self, ids: Sequence[str]) -> object:
        """Downloads the assets ``ids``. Loading an asset that failed to download raises ``AssetError``."""
        ...


def normalization(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(4, 4) map that centres the bounding box of ``points`` (n, 3) on the origin and puts the farthest at distance 1.

    Raises ``ValueError`` if the points have no extent.
    """
    center = (points.min(axis=0) + points.max(axis=0)) / 2
    radius = float(exact.norm(points - center).max())
    if not np.isfinite(radius) or radius < 1e-12:
        raise ValueError("points without extent have no size to normalise")
    matrix = np.eye(4)
    matrix[:3, :3] /= radius
    matrix[:3, 3] = -center / radius
    return matrix
