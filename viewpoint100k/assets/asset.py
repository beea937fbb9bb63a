"""What every source yields, so that nothing downstream knows which source it was."""

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
    notes: tuple[str, ...] = ()
    """What was assumed of it or left out, in short snake_case words such as ``no_usemtl``; see docs/sources.md."""


@dataclass(frozen=True, eq=False)
class Photo:
    """One usable photograph of a capture."""

    name: str
    """Its path relative to the source's folder, with forward slashes."""
    camera: Camera
    """In the capture's normalised world; without distortion, for the image as ``read`` gives it."""
    read: Callable[[], bytes]
    """The image file, upright and undistorted, as it will stand in a row. Raises ``AssetError``."""
    mask: Callable[[], NDArray[np.bool_]] | None = None
    """(h, w) of the same image, true on the object; None where the source has no masks."""
    fingerprint: bytes | None = None
    """Grey values of the image in 12 x 12 cells, row by row, to find it in other captures; None where ``read`` must be
    asked for it."""


@dataclass(frozen=True, eq=False)
class CaptureAsset:
    """Photographs of one object with their cameras.

    The world is turned, moved and scaled so that up is +Z, the object's centre is the origin and its radius 1, as for
    a mesh.
    """

    origin: Origin
    photos: tuple[Photo, ...]
    """In the order of the source; those that can carry a left/right question."""
    dropped_photos: Mapping[str, str] = field(default_factory=dict)
    """Photo name to reason code, such as ``rolled``, ``from_above``, ``blurred``, ``object_out_of_frame``."""
    front: NDArray[np.float64] | None = None
    """(3,): as for a mesh."""
    normalization: NDArray[np.float64] = field(default_factory=lambda: np.eye(4))
    """(4, 4): a similarity, from the source's own world to this one."""
    up_confidence: float = 1.0
    """1 where the two estimates of up agree wholly, 0 at the angle at which a capture is dropped."""
    points: NDArray[np.float64] | None = None
    """(n, 3): reconstructed points in this world, where the source has any."""
    visible: NDArray[np.bool_] | None = None
    """(photos, n): which points each photo observes, where the source says so."""
    notes: tuple[str, ...] = ()
    """What was assumed of it or left out; as for a mesh."""


Asset = MeshAsset | CaptureAsset


class Source(Protocol):
    """A place that assets come from."""

    @property
    def name(self) -> str:
        """Kind of source, as in `Origin.source`."""
        ...

    def ids(self) -> Sequence[str]:
        """Every asset of the source, in a stable order. Raises ``UsageError`` where there is nothing to use."""
        ...

    def load(self, asset_id: str) -> Asset:
        """Reads one asset. Raises ``AssetError`` with a reason code where it cannot be used."""
        ...


@runtime_checkable
class FromFiles(Protocol):
    """A source whose assets are files, so that equal ones can be found without loading them."""

    def files(self) -> Mapping[str, Path]:
        """The file of each asset that has one, by asset id."""
        ...


@runtime_checkable
class Stamped(Protocol):
    """A source that can tell, without loading an asset, whether it is as it was: what was found of it is then kept."""

    def stamp(self, asset_id: str) -> str | None:
        """All that loading the asset depends on, other than the code that reads it: where its files lie, their sizes
        and times, what is stated of it elsewhere, and limits. None where that cannot be told."""
        ...

    def references(self, asset_id: str) -> Sequence[Path]:
        """Other files that its last loading in this process looked for, whether they were there or not."""
        ...


@runtime_checkable
class WithSettings(Protocol):
    """A source of which something was chosen that changes what is made of its files."""

    @property
    def settings(self) -> Mapping[str, str]:
        """What was chosen, by name; without what is as usual."""
        ...


@runtime_checkable
class Downloadable(Protocol):
    """A source whose assets are brought to this machine when they are wanted."""

    def download(self, ids: Sequence[str]) -> object:
        """Brings the assets ``ids``. What does not arrive is dropped, with its reason, when it is loaded."""
        ...


def normalization(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(4, 4) map that centres the bounding box of ``points`` (n, 3) on the origin and puts the farthest at distance 1.

    Raises ``ValueError`` where the points have no extent.
    """
    center = (points.min(axis=0) + points.max(axis=0)) / 2
    radius = float(exact.norm(points - center).max())
    if not np.isfinite(radius) or radius < 1e-12:
        raise ValueError("points without extent have no size to normalise")
    matrix = np.eye(4)
    matrix[:3, :3] /= radius
    matrix[:3, 3] = -center / radius
    return matrix
