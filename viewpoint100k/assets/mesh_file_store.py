"""Keeps what was read of large mesh files, so that a worker need not decode what the survey has decoded.

One file for each mesh, which every process maps into its memory. If the store cannot be used, or the environment
variable `SWITCH` is 0, meshes are read again.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from viewpoint100k.assets.asset_store import store_path
from viewpoint100k.assets.mesh_files.asset_files import AssetFiles
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mesh_files.mesh_bytes import from_bytes, to_bytes
from viewpoint100k.assets.mesh_files.parts import UpAxis
from viewpoint100k.assets.mesh_files.reading import MeshFile, read_mesh_file
from viewpoint100k.assets.reader_version import version_of_readers

__all__ = ["SWITCH", "MeshFileStore", "read_or_recall"]

SWITCH = "VIEWPOINT100K_MESH_STORE"
"""Environment variable that switches the store off where it is 0."""
_LARGE_BYTES = 4 * 2**20
"""Smaller files are read again, which takes few milliseconds."""
_SLOW_S = 0.1
"""CPU seconds that reading must take for the mesh to be kept."""
_MOST_BYTES = 2 * 2**30
"""Largest size of the store, bytes."""
_YOUNG_S = 86_400.0
"""A mesh used within so many seconds is not deleted for a new one. Otherwise a build with more large meshes than
the store holds would write all of them and find none again."""


class MeshFileStore:
    """Meshes by key, shared by any number of processes.

    Args:
        folder: where they are; beside the asset store by default.
        most_bytes: largest size of all of them.
    """

    def __init__(self, folder: Path | None = None, most_bytes: int = _MOST_BYTES) -> None:
        self.folder = folder or store_path().with_name("meshes")
        self._most_bytes = most_bytes

    def get(self, key: str) -> MeshFile | None:
        """The mesh that was kept under a key; None if there is none, or if its file is damaged."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except (OSError, ValueError):  # It is not there, or it is empty.
            return None
        found = from_bytes(content)
        if found is not None:
            with suppress(OSError):  # The store is another user's.
                os.utime(path)
        return found

    def put(self, key: str, file: MeshFile) -> None:
        """Keeps a mesh if there is room. What a killed process leaves behind is deleted like a mesh of no use."""
        parts = to_bytes(file)
        path, temporary = self._path(key), self._path(f"{key}.{secrets.token_hex(8)}")
        with suppress(OSError):  # The disk is full, or the folder cannot be written.
            self.folder.mkdir(parents=True, exist_ok=True)
            if self._make_room(sum(len(part) for part in parts)):
                try:
                    with temporary.open("wb") as output:
                        output.writelines(parts)
                    temporary.replace(path)
                finally:
                    temporary.unlink(missing_ok=True)

    def clear(self) -> int:
        """Deletes the store; returns the size of its files, bytes."""
        size = 0
        for path in self.folder.glob("*.mesh"):
            with suppress(FileNotFoundError):  # Another process was first.
                one = path.stat().st_size
                path.unlink()
                size += one
        return size

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.mesh"

    def _make_room(self, size: int) -> bool:
        """Deletes meshes that were not used for long; returns whether ``size`` bytes fit."""
        kept = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in self.folder.glob("*.mesh"))
        excess = int(sum(one for _, one, _ in kept)) + size - self._most_bytes
        for used, one, path in kept:
            if excess <= 0 or time.time() - used < _YOUNG_S:
                break
            path.unlink(missing_ok=True)
            excess -= one
        return excess <= 0


def read_or_recall(
    path: Path,
    root: Path,
    limits: MeshLimits,
    up: UpAxis | None = None,
    on_reference: Callable[[Path], None] = lambda path: None,
    store: MeshFileStore | None = None,
) -> MeshFile:
    """Reads a mesh as `read_mesh_file` does, or takes it from the store.

    A mesh is stored if its file is large, slow to read and refers to no other file. It is valid until its file's path,
    size or times, the limits, or the code that reads it changes.
    """
    before = _status(path)
    if before is None or before[0] < _LARGE_BYTES or os.environ.get(SWITCH) == "0":
        return read_mesh_file(path, root, limits, up, on_reference)
    places = (os.path.realpath(path), os.path.realpath(root), AssetFiles(root, path, limits).is_of_gazebo_model)
    facts = (version_of_readers(), *places, *before, limits, up)
    key = hashlib.blake2b(repr(facts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    store = store or MeshFileStore()
    if (found := store.get(key)) is not None:
        return found
    references: list[Path] = []
    start = time.process_time()
    try:
        file = read_mesh_file(path, root, limits, up, references.append)
    finally:
        for reference in references:
            on_reference(reference)
    if not references and time.process_time() - start > _SLOW_S and _status(path) == before:
        store.put(key, file)
    return file


def _status(path: Path) -> tuple[int, ...] | None:
    """Size, times and number of a file; None if there is none. A tool can set back the time of the last change of the
    content, but not that of the last change of its record, which comes last."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns
