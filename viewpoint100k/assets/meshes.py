"""A folder of mesh files as a source: ``meshes:DIR``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

from viewpoint100k.assets.asset import NO_LICENSE, MeshAsset, Origin
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mesh_files.parts import UpAxis
from viewpoint100k.assets.mesh_files.reading import MESH_SUFFIXES, read_mesh_file
from viewpoint100k.assets.mesh_metadata import METADATA_FILE, MeshMetadata, Metadata, read_metadata
from viewpoint100k.assets.recent import RecentMeshes
from viewpoint100k.errors import AssetError, UsageError

__all__ = ["MeshesSource", "mesh_files"]

_KEPT_BYTES = 192 * 2**20
"""Of meshes that a process keeps."""


class MeshesSource:
    """Each GLB, glTF, OBJ, PLY or STL below a folder is one asset; its id is its POSIX path relative to the folder.

    Names that begin with a dot are passed over, and so are folders that are symbolic links. A file may refer to others
    (textures, buffers, MTL) within the folder only. ``metadata.csv`` in the folder says where the files come from; see
    `MeshMetadata` for its columns.

    ``up`` is the axis that points up in the files: ``auto`` takes what a file says, or what its format is used to; see
    `read_mesh_file`. A file's own ``up`` in the metadata goes before it, and so does its licence before ``license``.
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

    @property
    def name(self) -> str:
        """Kind of source."""
        return "meshes"

    def ids(self) -> Sequence[str]:
        """All mesh files, sorted; then what ``metadata.csv`` says of none of them, which `load` refuses.

        Raises ``UsageError`` for a folder that is not there or holds no mesh, and for a malformed ``metadata.csv``.
        """
        return (*self._files, *self._metadata.unplaced(self._files))

    def files(self) -> Mapping[str, Path]:
        """The file of each asset."""
        return self._files

    def load(self, asset_id: str) -> MeshAsset:
        """Reads one file. Raises ``AssetError``; see `read_mesh_file`."""
        self._metadata.refuse(asset_id)
        if asset_id not in self._files:
            raise AssetError("file_missing", f"{asset_id} is not in {self._root}")
        path = self._files[asset_id]
        try:
            status = path.stat()
        except OSError:
            return self._read(asset_id)  # Which says what is wrong.
        return self._recent.get((asset_id, status.st_size, status.st_mtime_ns), lambda: self._read(asset_id))

    def _read(self, asset_id: str) -> MeshAsset:
        metadata = self._stated(asset_id)
        file = read_mesh_file(self._files[asset_id], self._root, self._limits, metadata.up or self._up)
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

    @cached_property
    def _found(self) -> dict[str, Path]:
        return mesh_files(self._root)

    @property
    def settings(self) -> Mapping[str, str]:
        """What was chosen for the whole folder and changes what is made of it."""
        chosen = {"up": self._up} if self._up is not None else {}
        return chosen if self._license == NO_LICENSE else {**chosen, "license": self._license}

    def size_on_disk(self, asset_id: str) -> int | None:
        """Bytes of an asset's own file; None where it is gone."""
        path = self._files.get(asset_id)
        return path.stat().st_size if path is not None and path.is_file() else None

    def _stated(self, asset_id: str) -> MeshMetadata:
        """What is known of one asset beside its file."""
        return self._metadata.rows.get(asset_id, MeshMetadata())

    @cached_property
    def _files(self) -> dict[str, Path]:
        """Paths by asset id, in the order of the ids."""
        found = self._found
        if not found:
            kinds = ", ".join(sorted(MESH_SUFFIXES))
            raise UsageError(f"there is no mesh file in {self._root}: put some there ({kinds})")
        return dict(sorted(found.items()))

    @cached_property
    def _metadata(self) -> Metadata:
        path = self._root / METADATA_FILE
        return read_metadata(path, self._files.keys()) if path.exists() else Metadata()


def mesh_files(root: Path) -> dict[str, Path]:
    """Every mesh file below ``root`` by its asset id. Raises ``UsageError`` where ``root`` is no folder."""
    if not root.exists():
        raise UsageError(f"there is no folder {root}: give one that holds mesh files")
    if not root.is_dir():
        raise UsageError(f"{root} is not a folder: give the folder that holds the mesh file")
    found = {}
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and Path(name).suffix.lower() in MESH_SUFFIXES:
                path = Path(folder, name)
                found[_asset_id(path.relative_to(root))] = path
    return found


def _asset_id(relative: Path) -> str:
    """The path as text that can be stored: bytes that are not UTF-8 are written as ``\\xff``."""
    return os.fsencode(relative.as_posix()).decode("utf-8", errors="backslashreplace")
