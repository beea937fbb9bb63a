"""Where objects come from. One file a source; each yields the same asset, so that nothing downstream knows which."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from viewpoint100k.assets.asset import NO_LICENSE, Asset, CaptureAsset, MeshAsset, Origin, Photo, Source
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.errors import UsageError

__all__ = [
    "NO_LICENSE",
    "Asset",
    "CaptureAsset",
    "MeshAsset",
    "Origin",
    "Photo",
    "Source",
    "open_source",
    "source_digest",
]


def open_source(spec: str, limits: MeshLimits | None = None) -> Source:
    """The source that ``spec`` names: ``procedural`` or ``meshes:DIR``.

    Raises ``UsageError`` for one that does not exist.
    """
    kind, _, rest = spec.partition(":")
    match kind:
        case "procedural" if not rest:
            from viewpoint100k.assets.procedural import ProceduralSource

            return ProceduralSource()
        case "meshes" if rest:
            from viewpoint100k.assets.meshes import MeshesSource

            return MeshesSource(Path(rest), limits or MeshLimits())
        case "meshes":
            raise UsageError("source meshes needs a folder: write meshes:DIR")
    raise UsageError(f"unknown source {spec!r}: give procedural or meshes:DIR")


def source_digest(name: str, asset_ids: Iterable[str]) -> str:
    """sha256 of a source's kind and its list of assets, hexadecimal; where they lie is not part of it."""
    return hashlib.sha256("\n".join([name, *asset_ids]).encode()).hexdigest()
