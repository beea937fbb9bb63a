"""Where objects come from. One file a source; each yields the same asset, so that nothing downstream knows which."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from viewpoint100k.assets.asset import NO_LICENSE, Asset, CaptureAsset, MeshAsset, Origin, Photo, Source
from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mixed import MixedSource, parse_mixture
from viewpoint100k.errors import UsageError
from viewpoint100k.runtime.plugins import load_plugin, plugin_names

__all__ = [
    "NO_LICENSE",
    "PHOTO_SOURCES",
    "Asset",
    "CaptureAsset",
    "MeshAsset",
    "MixedSource",
    "Origin",
    "Photo",
    "Source",
    "open_source",
    "source_digest",
]


PHOTO_SOURCES = frozenset({"co3d", "mvimgnet", "nerf"})
"""Kinds whose assets are captures."""

_FOLDER_SOURCES = {kind: f"{kind}:DIR" for kind in ("meshes", "co3d", "mvimgnet", "nerf")}


def open_source(spec: str, limits: MeshLimits | None = None, captures: CaptureLimits | None = None) -> Source:
    """The source that ``spec`` names, or the mixture of several: ``meshes:DIR*3,procedural*1``.

    Raises ``UsageError`` for one that does not exist.
    """
    parts = parse_mixture(spec)
    if len(parts) == 1:
        return _open_one(parts[0].spec, limits, captures)
    return MixedSource([(part.weight, _open_one(part.spec, limits, captures)) for part in parts])


def _open_one(spec: str, limits: MeshLimits | None, captures: CaptureLimits | None) -> Source:
    kind, _, folder = spec.partition(":")
    if kind in ("objaverse", "objaverse-xl"):
        from viewpoint100k.assets.objaverse import open_objaverse

        return open_objaverse(spec, limits)
    if kind == "procedural" and not folder:
        from viewpoint100k.assets.procedural import ProceduralSource

        return ProceduralSource()
    if kind not in _FOLDER_SOURCES:
        if (open_plugin := load_plugin("sources", kind)) is not None:
            plugged: Source = open_plugin(folder)
            return plugged
        known = ", ".join([*_FOLDER_SOURCES.values(), *plugin_names("sources")])
        raise UsageError(f"unknown source {spec!r}: give procedural, objaverse, or {known}")
    if not folder:
        raise UsageError(f"source {kind} needs a folder: write {_FOLDER_SOURCES[kind]}")
    match kind:
        case "meshes":
            from viewpoint100k.assets.meshes import MeshesSource

            return MeshesSource(Path(folder), limits)
        case "co3d":
            from viewpoint100k.assets.co3d import Co3dSource

            return Co3dSource(Path(folder), captures)
        case "mvimgnet":
            from viewpoint100k.assets.colmap import MvimgnetSource

            return MvimgnetSource(Path(folder), captures)
    from viewpoint100k.assets.nerf import NerfSource

    return NerfSource(Path(folder), captures)


def source_digest(name: str, asset_ids: Iterable[str]) -> str:
    """sha256 of a source's kind and its list of assets, hexadecimal; where they lie is not part of it."""
    return hashlib.sha256("\n".join([name, *asset_ids]).encode()).hexdigest()
