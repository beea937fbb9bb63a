"""Lists the files below a folder. The asset store keeps the list until a folder changes."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.asset_store import AssetStore
from viewpoint100k.runtime.progress import Progress

__all__ = ["FilesById", "Names", "file_of", "list_files", "listing_key"]

_UNSETTLED_NS = 2 * 10**9
"""A folder that changed this shortly before it was listed may change again without a new time."""
_WORTH_STORING = 1000
"""Smallest number of files for which a list is stored."""
_FILES_BETWEEN_REPORTS = 1000


class Names(Sequence[str]):
    """Names in one buffer, each decoded on access: ten million take 0.3 GB, and 0.8 GB as a list of texts."""

    def __init__(self, joined: bytes) -> None:
        """``joined``: UTF-8, with a zero byte between two names."""
        self.joined = joined
        zeros = np.flatnonzero(np.frombuffer(joined, dtype=np.uint8) == 0)
        self._starts = np.concatenate([[0], zeros + 1, [len(joined) + 1]]) if joined else np.zeros(1, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        place = range(len(self))[place]
        return self.joined[self._starts[place] : self._starts[place + 1] - 1].decode()

    def __iter__(self) -> Iterator[str]:
        return (self[place] for place in range(len(self)))


@dataclass(frozen=True)
class _Listed:
    """Result of a walk through the folders."""

    names: Names
    """Names of the files, relative to the root, as valid text; sorted."""
    folders: list[str]
    """Names of all folders that were read, relative to the root."""
    times: NDArray[np.int64]
    """(folders, 2): time of the last change of each folder's content and of its metadata, nanoseconds."""
    listed_ns: int


def list_files(root: Path, suffixes: frozenset[str], store: AssetStore | None = None) -> Names:
    """Files below ``root`` with one of these lower-case suffixes, as POSIX paths relative to it, sorted.

    Skips names that begin with a dot, and folders that are symbolic links. Bytes that are not UTF-8 are written as
    ``\\xff``.
    """
    store = store or AssetStore()
    key = listing_key(root, suffixes)
    stored = store.get([key]).get(key)
    kept = None if stored is None else _decoded(stored)
    if kept is not None and _is_as_it_was(root, kept):
        return kept.names
    with Progress("listing", "files", delay_s=2.0) as progress:
        listed = _walk(root, suffixes, progress)
    if len(listed.names) >= _WORTH_STORING:
        store.put({key: _encoded(listed)})
    store.close()
    return listed.names


def listing_key(root: Path, suffixes: frozenset[str]) -> bytes:
    """Key of a folder's list in the asset store."""
    text = "\0".join(["listing", os.path.realpath(root), *sorted(suffixes)])
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).digest()


def file_of(root: Path, name: str, suffixes: frozenset[str]) -> Path | None:
    """Path of the file that `list_files` would list under ``name``; None if it would not list it.

    It checks only this file, so a process that needs a few files need not list a million.
    """
    parts = name.split("/")
    if not name or "\0" in name or any(not part or part.startswith(".") for part in parts):
        return None
    if os.path.splitext(name)[1].lower() not in suffixes:
        return None
    path = Path(os.path.join(root, *parts))
    if not os.path.lexists(path) and "\\x" in name:
        path = Path(os.fsdecode(os.path.join(os.fsencode(root), _unescaped(name))))
    if not os.path.lexists(path) or os.path.isdir(path):
        return None
    folder = path.parent
    while folder != root:
        if folder.is_symlink():
            return None
        folder = folder.parent
    return path


class FilesById(Mapping[str, Path]):
    """Mapping from the name of each listed file to its path, which is made on access."""

    def __init__(self, root: Path, names: Sequence[str], suffixes: frozenset[str]) -> None:
        self._root, self._names, self._suffixes = root, names, suffixes

    def __getitem__(self, name: str) -> Path:
        path = file_of(self._root, name, self._suffixes)
        if path is None:
            raise KeyError(name)
        return path

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _walk(root: Path, suffixes: frozenset[str], progress: Progress) -> _Listed:
    names: list[str] = []
    folders: list[str] = []
    times: list[tuple[int, int]] = []
    left = [""]
    listed_ns = time.time_ns()
    while left:
        folder = left.pop()
        prefix = f"{folder}/" if folder else ""
        try:
            status = os.stat(os.path.join(root, folder))
            with os.scandir(os.path.join(root, folder)) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir():
                        if not entry.is_symlink():
                            left.append(prefix + entry.name)
                    elif os.path.splitext(entry.name)[1].lower() in suffixes:
                        names.append(_storable(prefix + entry.name))
                        if len(names) % _FILES_BETWEEN_REPORTS == 0:
                            progress.advance(_FILES_BETWEEN_REPORTS)
        except OSError as error:
            print(f"listing: {error.filename} cannot be read ({error.strerror}): left out", file=sys.stderr, flush=True)
            continue
        folders.append(folder)
        times.append((status.st_mtime_ns, status.st_ctime_ns))
    progress.advance(len(names) % _FILES_BETWEEN_REPORTS)
    names.sort()
    joined = "\0".join(names).encode()
    return _Listed(Names(joined), folders, np.array(times, dtype=np.int64).reshape(-1, 2), listed_ns)


def _is_as_it_was(root: Path, listed: _Listed) -> bool:
    """True if no folder has changed since, or so shortly before that a change could have been missed."""
    if len(listed.times) and int(listed.times.max()) > listed.listed_ns - _UNSETTLED_NS:
        return False
    for folder, (changed, touched) in zip(listed.folders, listed.times.tolist(), strict=True):
        try:
            status = os.stat(os.path.join(root, folder))
        except OSError:
            return False
        if (status.st_mtime_ns, status.st_ctime_ns) != (changed, touched):
            return False
    return True


def _encoded(listed: _Listed) -> bytes:
    folders = "\0".join(listed.folders).encode("utf-8", "surrogateescape")
    head = np.array([listed.listed_ns, len(listed.folders), len(folders)], dtype="<i8").tobytes()
    return b"".join([head, listed.times.astype("<i8").tobytes(), folders, listed.names.joined])


def _decoded(value: bytes) -> _Listed | None:
    """Decodes what `_encoded` made; None for any other bytes."""
    try:
        listed_ns, count, length = np.frombuffer(value, dtype="<i8", count=3).tolist()
        at = 24 + 16 * count
        times = np.frombuffer(value, dtype="<i8", count=2 * count, offset=24).reshape(count, 2)
        folders = value[at : at + length].decode("utf-8", "surrogateescape").split("\0")
        names = value[at + length :]
    except (ValueError, UnicodeDecodeError):
        return None
    if len(folders) != count:
        return None
    return _Listed(Names(names), folders, times.astype(np.int64), listed_ns)


def _storable(name: str) -> str:
    return name if name.isascii() else os.fsencode(name).decode("utf-8", errors="backslashreplace")


def _unescaped(name: str) -> bytes:
    """The bytes of a name in which ``\\xff`` stands for a byte that is not UTF-8."""
    pieces = name.split("\\x")
    out = pieces[0].encode()
    for piece in pieces[1:]:
        try:
            out += bytes([int(piece[:2], 16)]) + piece[2:].encode()
        except ValueError:
            out += b"\\x" + piece.encode()
    return out
