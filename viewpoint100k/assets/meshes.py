"""A folder of mesh files as a source: ``meshes:DIR``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Literal

from viewpoint100k.assets.asset import MeshAsset, Origin
from viewpoint100k.assets.file_listing import FilesById, file_of, list_files
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mesh_files.parts import UpAxis
from viewpoint100k.assets.mesh_files.reading import MESH_SUFFIXES, read_mesh_file
from viewpoint100k.assets.mesh_metadata import METADATA_FILE, MeshMetadata, read_metadata
from viewpoint100k.assets.recent import RecentMeshes
from viewpoint100k.errors import AssetError, UsageError

__all__ = ["MeshesSource"]

_KEPT_BYTES = 192 * 2**20
"""Of meshes that a process keeps."""


class MeshesSource:
    """Each GLB, glTF, OBJ, PLY or STL below a folder is one asset; its id is its POSIX path relative to the folder.

    Names that begin with a dot are passed over, and so are folders that are symbolic links. A file may refer to others
    (textures, buffers, MTL) within the folder only. ``metadata.csv`` in the folder says where the files come from; see
    `MeshMetadata` for its columns.

    ``up`` is the axis that points up in the files: ``auto`` takes +Y in glTF, as its standard says, and +Z in OBJ, PLY
    and STL, whose formats do not say. A file's own ``up`` in the metadata goes before it.
    """

    name = "meshes"

    def __init__(self, root: Path, limits: MeshLimits | None = None, up: UpAxis | Literal["auto"] = "auto") -> None:
        self._root = root
        self._limits = limits or MeshLimits()
        self._up: UpAxis | None = None if up == "auto" else up
        self._recent = RecentMeshes(_KEPT_BYTES)
        self._references: dict[str, list[Path]] = {}

    def ids(self) -> Sequence[str]:
        """All mesh files, sorted. Raises ``UsageError`` for a folder that is not there or holds none, and for a
        malformed ``metadata.csv``."""
        _ = self._metadata
        return self._names

    def files(self) -> Mapping[str, Path]:
        """The file of each asset."""
        return FilesById(self._root, self._names, MESH_SUFFIXES)

    def stamp(self, asset_id: str) -> str | None:
        """See `Stamped`."""
        path = file_of(self._root, asset_id, MESH_SUFFIXES)
        if path is None:
            return None
        try:
            status = path.stat()
        except OSError:
            return None
        where = os.path.realpath(self._root)
        stated = asdict(self._metadata.get(asset_id, MeshMetadata()))
        return repr((self.name, where, asset_id, status.st_size, status.st_mtime_ns, stated, self._up, self._limits))

    def references(self, asset_id: str) -> Sequence[Path]:
        """See `Stamped`."""
        return tuple(self._references.get(asset_id, ()))

    def load(self, asset_id: str) -> MeshAsset:
        """Reads one file. Raises ``AssetError``; see `read_mesh_file`."""
        path = file_of(self._root, asset_id, MESH_SUFFIXES)
        if path is None:
            raise AssetError("file_missing", f"{asset_id} is not in {self._root}")
        try:
            status = path.stat()
        except OSError:
            return self._read(asset_id, path)  # Which says what is wrong.
        return self._recent.get((asset_id, status.st_size, status.st_mtime_ns), lambda: self._read(asset_id, path))

    def _read(self, asset_id: str, path: Path) -> MeshAsset:
        metadata = self._metadata.get(asset_id, MeshMetadata())
        references: list[Path] = []
        try:
            file = read_mesh_file(path, self._root, self._limits, metadata.up or self._up, references.append)
        finally:
            if references:
                self._references[asset_id] = references
        origin = Origin(
            source=self.name,
            asset_id=asset_id,
            sha256=file.sha256,
            category=metadata.category,
            license=metadata.license,
            creator=metadata.creator,
            uri=metadata.uri,
        )
        return MeshAsset(origin, file.mesh, metadata.front, file.normalization)

    @cached_property
    def _names(self) -> list[str]:
        """The ids, sorted."""
        if not self._root.exists():
            raise UsageError(f"there is no folder {self._root}: give one that holds mesh files")
        if not self._root.is_dir():
            raise UsageError(f"{self._root} is not a folder: give the folder that holds the mesh file")
        names = list_files(self._root, MESH_SUFFIXES)
        if not names:
            kinds = ", ".join(sorted(MESH_SUFFIXES))
            raise UsageError(f"there is no mesh file in {self._root}: put some there ({kinds})")
        return names

    @cached_property
    def _metadata(self) -> dict[str, MeshMetadata]:
        path = self._root / METADATA_FILE
        return read_metadata(path, _MeshFiles(self._root)) if path.exists() else {}


class _MeshFiles:
    """The mesh files of a folder, which is not listed to ask for one of them."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and file_of(self._root, name, MESH_SUFFIXES) is not None
