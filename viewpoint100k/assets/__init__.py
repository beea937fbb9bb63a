"""Sources of objects, one module for each. All yield the same types of asset, so later code is the same for all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from viewpoint100k.assets.asset import NO_LICENSE, Asset, CaptureAsset, MeshAsset, Origin, Photo, Source, WithSettings
from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.assets.folder_spec import parse_folder_spec
from viewpoint100k.assets.kinds import CAPTURE_KINDS, FOLDER_KINDS
from viewpoint100k.assets.layouts import MESH_LAYOUTS
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
    "looks_like_known_set",
    "open_source",
    "source_digest",
    "source_identity",
]


PHOTO_SOURCES = CAPTURE_KINDS
"""Kinds of source whose assets are captures."""


def open_source(spec: str, limits: MeshLimits | None = None, captures: CaptureLimits | None = None) -> Source:
    """Opens the source that ``spec`` names, or a weighted mixture such as ``meshes:DIR*3,procedural*1``.

    Raises ``UsageError`` for an unknown source.
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
    if kind in PHOTO_SOURCES:
        from viewpoint100k.assets.capture_sets import open_captures

        stated = parse_folder_spec(spec, ("license",))
        return open_captures(kind, stated.folder, captures, stated.license)
    if kind not in FOLDER_KINDS:
        if (open_plugin := load_plugin("sources", kind)) is not None:
            plugged: Source = open_plugin(folder)
            return plugged
        known = ", ".join([*(f"{name}:DIR" for name in FOLDER_KINDS), *plugin_names("sources")])
        raise UsageError(f"unknown source {spec!r}: give procedural, objaverse, or {known}")
    stated = parse_folder_spec(spec, ("up", "license"))
    if kind == "meshes":
        from viewpoint100k.assets.meshes import MeshesSource

        return MeshesSource(stated.folder, limits, stated.up or "auto", stated.license)
    from viewpoint100k.assets.mesh_sets import MeshSetSource

    return MeshSetSource(stated.folder, MESH_LAYOUTS[kind], limits, stated.up, stated.license)


def looks_like_known_set(source: Source) -> str | None:
    """A sentence for each folder given as ``meshes:`` that has the layout of a known set, or holds folders that have
    it; None if there is none.

    Raises ``UsageError`` for a folder without meshes. The error says so if it holds photographs.
    """
    from viewpoint100k.assets.mesh_sets import known_sets
    from viewpoint100k.assets.meshes import MeshesSource

    sentences = []
    for part in [part for _, part in source.parts] if isinstance(source, MixedSource) else [source]:
        if isinstance(part, MeshesSource) and part.name == "meshes":
            for folder, layout in known_sets(_mesh_ids(part, part.root), tuple(MESH_LAYOUTS.values())).items():
                sentences.append(
                    f"{part.root / folder} looks like {layout.title}: write {layout.name}:{part.root / folder} for its "
                    "categories, terms and up axis"
                )
    return "; ".join(sentences) or None


def _mesh_ids(source: Source, root: Path) -> Sequence[str]:
    from viewpoint100k.assets.capture_sets import kind_of_captures

    try:
        return source.ids()
    except UsageError as error:
        kind = kind_of_captures(root) if root.is_dir() else None
        if kind is None:
            raise
        raise UsageError(f"{root} holds photographs and no mesh file: write {kind}:{root}") from error


def source_identity(source: Source) -> str:
    """A source's kind and settings, as used by `source_digest`."""
    chosen = sorted(source.settings.items()) if isinstance(source, WithSettings) else []
    return ";".join([source.name, *(f"{name}={value}" for name, value in chosen)])


def source_digest(name: str, asset_ids: Iterable[str]) -> str:
    """sha256 of a source's identity and its list of assets, hexadecimal. It does not depend on their folder."""
    return hashlib.sha256("\n".join([name, *asset_ids]).encode()).hexdigest()
