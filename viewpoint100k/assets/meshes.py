"""A folder of mesh files as a source: ``meshes:DIR``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Literal

from viewpoint100k.assets.asset import NO_LICENSE, MeshAsset, Origin
from viewpoint100k.assets.file_listing import FilesById, file_of, list_files
from viewpoint100k.assets.mesh_file_store import read_or_recall
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mesh_files.parts import UpAxis
from viewpoint100k.assets.mesh_files.reading import MESH_SUFFIXES
from viewpoint100k.assets.mesh_metadata import METADATA_FILE, MeshMetadata, Metadata
from viewpoint100k.assets.recent import RecentMeshes
from viewpoint100k.errors import AssetError, UsageError

__all__ = ["MeshesSource"]

_KEPT_BYTES = 192 * 2**20
"""Memory for recently loaded meshes in one process, bytes."""


class MeshesSource:
    """Each mesh file below a folder is one asset; its id is its POSIX path relative to the folder.

    Names that begin with a dot, and folders that are symbolic links, are skipped. A file may refer to other files
    (textures, buffers, MTL) only inside the folder. ``metadata.csv`` in the folder states the origin of the files; see
    `MeshMetadata` for its columns.

    ``up`` is the axis that points up in the files. By default the file states it, or its format has a usual axis; see
    `read_mesh_file`. A file's ``up`` and licence in the metadata override ``up`` and ``license``.
    """

    def __init__(
        self,
        root: Path,
        limits: MeshLimits | None = None,
        up: UpAxis | Literal["auto"] = "auto",
        license: str = NO_LICENSE,
    ) -> None:
        self._root = root
        self._limits = limits or MeshLimits()
        self._up: UpAxis | None = None if up == "auto" else up
        self._license = license
        self._recent = RecentMeshes(_KEPT_BYTES)
        self._references: dict[str, list[Path]] = {}

    @property
    def name(self) -> str:
        """Kind of source."""
        return "meshes"

    @property
    def root(self) -> Path:
        """The folder."""
        return self._root

    @property
    def settings(self) -> Mapping[str, str]:
        """Settings for the whole folder that change how its files are read."""
        chosen = {"up": self._up} if self._up is not None else {}
        return chosen if self._license == NO_LICENSE else {**chosen, "license": self._license}

    def ids(self) -> Sequence[str]:
        """All mesh files, sorted; then an id for each row of ``metadata.csv`` that names no file, or a file that an
        earlier row names. `load` refuses these.

        Raises ``UsageError`` for a missing folder, one without meshes, and a malformed ``metadata.csv``.
        """
        unplaced = self._metadata.unplaced(self._names)
        return (*self._names, *unplaced) if unplaced else self._names

    def files(self) -> Mapping[str, Path]:
        """The file of each asset."""
        return FilesById(self._root, self._names, MESH_SUFFIXES)

    def size_on_disk(self, asset_id: str) -> int | None:
        """Bytes of an asset's main file; None if it does not exist."""
        path = self.path_of(asset_id)
        return path.stat().st_size if path is not None and path.is_file() else None

    def path_of(self, asset_id: str) -> Path | None:
        """File of an asset, found without listing the folder; None if there is none."""
        return file_of(self._root, asset_id, MESH_SUFFIXES)

    def stamp(self, asset_id: str) -> str | None:
        """See `Stamped`."""
        path = self.path_of(asset_id)
        if path is None or self._metadata.is_malformed(asset_id):
            return None
        try:
            status = path.stat()
        except OSError:
            return None
        where, chosen = os.path.realpath(self._root), (self._up, self._license, self._limits)
        stated = asdict(self._stated(asset_id))
        return repr((self.name, where, asset_id, status.st_size, status.st_mtime_ns, stated, *chosen))

    def references(self, asset_id: str) -> Sequence[Path]:
        """See `Stamped`."""
        return tuple(self._references.get(asset_id, ()))

    def load(self, asset_id: str) -> MeshAsset:
        """Reads one file. Raises ``AssetError``; see `read_mesh_file`."""
        self._metadata.refuse(asset_id, _Assets(self))
        path = self.path_of(asset_id)
        if path is None:
            raise AssetError("file_missing", f"{asset_id} is not in {self._root}")
        try:
            status = path.stat()
        except OSError:
            return self._read(asset_id, path)  # Reading it reports the fault.
        return self._recent.get((asset_id, status.st_size, status.st_mtime_ns), lambda: self._read(asset_id, path))

    def _read(self, asset_id: str, path: Path) -> MeshAsset:
        metadata = self._stated(asset_id)
        references: list[Path] = []
        try:
            file = read_or_recall(path, self._root, self._limits, metadata.up or self._up, references.append)
        finally:
            if references:
                self._references[asset_id] = references
        origin = Origin(
            source=self.name,
            asset_id=asset_id,
            sha256=file.sha256,
            category=metadata.category,
            license=metadata.license if metadata.license != NO_LICENSE else self._license,
            creator=metadata.creator,
            uri=metadata.uri,
        )
        return MeshAsset(origin, file.mesh, metadata.front, file.normalization, file.notes)

    def _stated(self, asset_id: str) -> MeshMetadata:
        """The metadata of one asset."""
        return self._metadata.stated(asset_id) or MeshMetadata()

    @cached_property
    def _listed(self) -> Sequence[str]:
        """Every mesh file below the folder, sorted. Raises ``UsageError`` if it is not a folder."""
        if not self._root.exists():
            raise UsageError(f"there is no folder {self._root}: give one that holds mesh files")
        if not self._root.is_dir():
            raise UsageError(f"{self._root} is not a folder: give the folder that holds the mesh file")
        return list_files(self._root, MESH_SUFFIXES)

    @cached_property
    def _names(self) -> Sequence[str]:
        """The ids, sorted."""
        if not self._listed:
            kinds = ", ".join(sorted(MESH_SUFFIXES))
            raise UsageError(f"there is no mesh file in {self._root}: give a folder with files of {kinds}")
        return self._listed

    @cached_property
    def _metadata(self) -> Metadata:
        return Metadata(self._root / METADATA_FILE)


class _Assets:
    """Membership test for the assets of a source, without listing its folder."""

    def __init__(self, source: MeshesSource) -> None:
        self._source = source

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._source.path_of(name) is not None
