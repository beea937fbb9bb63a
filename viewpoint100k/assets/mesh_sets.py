"""Sources for published sets of meshes, by name: ``gso:DIR``, ``shapenet:DIR`` and so on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from viewpoint100k.assets.asset import NO_LICENSE
from viewpoint100k.assets.file_listing import file_of
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mesh_files.parts import UpAxis
from viewpoint100k.assets.mesh_files.reading import MESH_SUFFIXES
from viewpoint100k.assets.mesh_layout import Match, MeshLayout
from viewpoint100k.assets.mesh_metadata import MeshMetadata, parsed_front
from viewpoint100k.assets.meshes import MeshesSource
from viewpoint100k.errors import UsageError

__all__ = ["MeshSetSource", "known_sets", "looks_like"]

_LOOKED_AT = 200


class MeshSetSource(MeshesSource):
    """Each object of a set is one asset; its id is the path of its folder, or of its file if an object is one file.

    The layout of the set gives the mesh file, up axis, category and licence of each object. A ``metadata.csv`` in the
    folder overrides it; its ``file`` is the object's id.
    """

    def __init__(
        self,
        root: Path,
        layout: MeshLayout,
        limits: MeshLimits | None = None,
        up: UpAxis | None = None,
        license: str = NO_LICENSE,
    ) -> None:
        super().__init__(root, limits, up or layout.up, license)
        self._layout = layout

    @property
    def name(self) -> str:
        """Kind of source: the name of the set."""
        return self._layout.name

    @cached_property
    def _matches(self) -> dict[str, tuple[str, Match]]:
        """Object id -> the path of its mesh and the match of the layout's pattern."""
        found: dict[str, tuple[str, Match]] = {}
        for path in self._listed:
            match = self._layout.path.fullmatch(path)
            if match is None:
                continue
            key = path[: match.end("object")]
            if key not in found or self._layout.rank(path) < self._layout.rank(found[key][0]):
                found[key] = (path, match)
        if not found:
            layout = self._layout
            raise UsageError(
                f"{self._root} does not hold {layout.title}: {layout.name}:DIR looks for {layout.described}"
            )
        return dict(sorted(found.items()))

    @cached_property
    def _names(self) -> Sequence[str]:
        return tuple(self._matches)

    def files(self) -> Mapping[str, Path]:
        """Mesh file of each object."""
        return {key: self._root / path for key, (path, _) in self._matches.items()}

    def path_of(self, asset_id: str) -> Path | None:
        """Mesh file of an object; None if the set has no such object."""
        match = self._matches.get(asset_id)
        return None if match is None else file_of(self._root, match[0], MESH_SUFFIXES)

    @cached_property
    def _set_license(self) -> str:
        return self._layout.stated_license(self._root)

    def _stated(self, asset_id: str) -> MeshMetadata:
        layout, own = self._layout, super()._stated(asset_id)
        return MeshMetadata(
            category=own.category or layout.category(self._root, self._matches[asset_id][1]),
            license=next((one for one in (own.license, self._license) if one != NO_LICENSE), self._set_license),
            creator=own.creator or layout.creator,
            uri=own.uri or layout.uri.format(object=asset_id.rpartition("/")[2]),
            front=own.front if own.front is not None else parsed_front(layout.front, layout.name),
            up=own.up,
        )


def known_sets(paths: Sequence[str], layouts: Sequence[MeshLayout]) -> dict[str, MeshLayout]:
    """The known sets among these mesh files, by their folder: ``""`` if all files together have the layout of one set,
    else the top-level folders that have one. Empty if there is none."""
    whole = looks_like(paths, layouts)
    if whole is not None:
        return {"": whole}
    within: dict[str, list[str]] = {}
    for path in paths:
        folder, slash, rest = path.partition("/")
        if slash:
            within.setdefault(folder, []).append(rest)
    found = ((folder, looks_like(rest, layouts)) for folder, rest in sorted(within.items()))
    return {folder: layout for folder, layout in found if layout is not None}


def looks_like(paths: Sequence[str], layouts: Sequence[MeshLayout]) -> MeshLayout | None:
    """The set whose layout matches nearly all of these mesh files; None if there is none."""
    some = paths[:: max(1, len(paths) // _LOOKED_AT)]
    for layout in layouts:
        if some and sum(layout.path.fullmatch(path) is not None for path in some) >= layout.share * len(some):
            return layout
    return None
