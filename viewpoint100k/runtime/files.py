"""Writes files atomically, on a disk or in an object store, and computes their digests."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from viewpoint100k.runtime.storage import Location, StorePath

__all__ = ["file_sha256", "rename_durably", "write_atomically", "written_atomically"]

_PIECE = 2**20


def file_sha256(path: Location) -> str:
    """sha256 of a file, hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def write_atomically(path: Location, content: bytes | memoryview) -> None:
    """Writes a file so that it is either complete or absent, even if the process is killed."""
    if isinstance(path, StorePath):
        path.write_bytes(content)
        return
    temporary = _beside(path)
    with temporary.open("wb") as file:
        file.write(content)
    rename_durably(temporary, path)


@contextmanager
def written_atomically(path: Location, scratch: Path | None = None) -> Iterator[Path]:
    """A temporary file for the block to write, which becomes ``path`` when the block ends without an error.

    For a path in an object store, the temporary file is in the folder ``scratch``, by default the system's; it is
    uploaded and deleted.
    """
    if isinstance(path, StorePath):
        with tempfile.TemporaryDirectory(dir=scratch, suffix=".tmp") as folder:
            temporary = Path(folder, path.name)
            yield temporary
            path.upload(temporary)
        return
    temporary = _beside(path)
    yield temporary
    rename_durably(temporary, path)


def rename_durably(temporary: Path, path: Path) -> None:
    """Flushes a written file to the disk, renames it, and then flushes the new name."""
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(temporary, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.{os.getpid()}.tmp")
