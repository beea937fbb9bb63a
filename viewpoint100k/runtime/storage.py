"""Paths in object storage, with the methods of ``pathlib.Path`` that data sets need.

A URL such as ``s3://bucket/prefix`` is opened by fsspec, which reads the credentials and the endpoint of each service
from its usual environment variables and files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from viewpoint100k.errors import BuildError, MissingExtraError, UsageError

__all__ = ["Location", "StorePath", "file_sizes", "files_in", "located"]


@dataclass(frozen=True)
class _Status:
    st_size: int


@dataclass(frozen=True)
class StorePath:
    """A file, or a prefix of files, in an object store. A file appears under its name when it is whole."""

    store: Any
    """An ``fsspec.AbstractFileSystem``."""
    path: PurePosixPath
    """As the store names it, without the protocol: ``bucket/prefix/name``."""
    protocol: str

    def __str__(self) -> str:
        return f"{self.protocol}://{str(self.path).lstrip('/')}"

    def __fspath__(self) -> str:
        raise TypeError(f"{self} is not a file of this machine")

    def __hash__(self) -> int:
        return hash((self.protocol, self.path))

    def __truediv__(self, name: str) -> StorePath:
        return StorePath(self.store, self.path / name, self.protocol)

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def stem(self) -> str:
        return self.path.stem

    @property
    def parent(self) -> StorePath:
        return StorePath(self.store, self.path.parent, self.protocol)

    def exists(self) -> bool:
        self.store.invalidate_cache()
        return bool(self.store.exists(str(self.path)))

    def is_file(self) -> bool:
        self.store.invalidate_cache()
        return bool(self.store.isfile(str(self.path)))

    def is_dir(self) -> bool:
        self.store.invalidate_cache()
        return bool(self.store.isdir(str(self.path)))

    def stat(self) -> _Status:
        """The size. Raises ``FileNotFoundError``."""
        self.store.invalidate_cache()
        return _Status(int(self.store.size(str(self.path)) or 0))

    def sizes(self) -> dict[str, int]:
        """Bytes of each file, and 0 for each folder, in this one by sorted names, from one listing."""
        self.store.invalidate_cache()
        try:
            entries = self.store.ls(str(self.path), detail=True)
        except FileNotFoundError:
            return {}
        found = {PurePosixPath(entry["name"]).name: int(entry["size"] or 0) for entry in entries if _is_in(entry, self)}
        return dict(sorted(found.items()))

    def mkdir(self, parents: bool = False, exist_ok: bool = False) -> None:
        """Does nothing: an object store has no folders, only names with slashes."""

    def open(self, mode: str = "r", encoding: str | None = None, newline: str | None = None) -> IO[Any]:
        """Opens the file for reading."""
        text = {} if "b" in mode else {"encoding": encoding or "utf-8", "newline": newline}
        opened: IO[Any] = self.store.open(str(self.path), mode, **text)
        return opened

    def read_bytes(self) -> bytes:
        return bytes(self.store.cat_file(str(self.path)))

    def read_text(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self.read_bytes().decode(encoding, errors)

    def write_bytes(self, content: bytes | memoryview) -> None:
        """Raises ``BuildError`` where the store refuses it."""
        with self._writing():
            self.store.pipe_file(str(self.path), bytes(content))

    def upload(self, file: Path) -> None:
        """Copies a file of this machine here. Raises ``BuildError`` where the store refuses it."""
        with self._writing():
            self.store.put_file(str(file), str(self.path))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # Each store raises errors of its own; none of them is a fault of this program.
            raise BuildError(
                f"{self} cannot be written ({_reason(error)}): once it can, the same command continues"
            ) from error


Location = Path | StorePath
"""Where a data set is: on a disk or in an object store."""


def located(where: str | Location) -> Location:
    """The path of a folder or a URL.

    Raises ``MissingExtraError`` where the package for the URL's protocol is not installed, and ``UsageError`` where the
    protocol is unknown or the store cannot be reached.
    """
    if not isinstance(where, str) or "://" not in where:
        return where if isinstance(where, StorePath) else Path(where)
    parts = urlsplit(where)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    import fsspec

    try:
        store, path = fsspec.core.url_to_fs(where, use_listings_cache=False)
    except ImportError as error:
        raise MissingExtraError(f"the package for {parts.scheme}://", "storage") from error
    except ValueError as error:
        raise UsageError(f"{where}: {' '.join(str(error).split())}: give s3://, gs:// or hf://, or a folder") from error
    found = StorePath(store, PurePosixPath(path.rstrip("/")), parts.scheme)
    try:
        found.exists()
    except Exception as error:  # Each store raises errors of its own; none of them is a fault of this program.
        raise UsageError(
            f"{where} cannot be reached ({_reason(error)}): check its name and your credentials"
        ) from error
    return found


def files_in(folder: Location, pattern: str = "*") -> list[Location]:
    """The files and folders in a folder whose names match, sorted by name; none where there is no folder."""
    if isinstance(folder, StorePath):
        names = list(folder.sizes())
    else:
        names = sorted(os.listdir(folder)) if folder.is_dir() else []
    return [folder / name for name in names if fnmatchcase(name, pattern)]


def file_sizes(folder: Location) -> dict[str, int]:
    """Bytes of each file in a folder, by name; empty where there is no folder."""
    if isinstance(folder, StorePath):
        return folder.sizes()
    if not folder.is_dir():
        return {}
    with os.scandir(folder) as entries:
        return {entry.name: entry.stat().st_size for entry in entries if entry.is_file()}


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _is_in(entry: dict[str, Any], folder: StorePath) -> bool:
    """False for the empty object that some tools create to mark a folder."""
    return PurePosixPath(entry["name"]) != folder.path
