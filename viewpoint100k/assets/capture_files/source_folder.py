"""The only way in which a capture's files are read: regular files inside the source's folder, each to a stated size."""

from __future__ import annotations

import os
import posixpath
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from viewpoint100k.errors import AssetError, UsageError

__all__ = ["SourceFolder", "storable"]

_MOST_FILES_ASKED = 5000
"""For their state."""
_KEPT_LISTINGS = 64
_DRIVE_OR_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


class SourceFolder:
    """A folder that captures are read from.

    Nothing outside it is opened, symbolic links included, and nothing but regular files. Names are POSIX paths relative
    to it. Every refusal is an ``AssetError``: ``reference_outside``, ``unsupported_reference``, ``file_too_large``,
    ``unreadable``, or the reason the caller gives for a file that is not there.
    """

    def __init__(self, root: Path) -> None:
        """Raises ``UsageError`` where ``root`` is no folder."""
        if not root.exists():
            raise UsageError(f"there is no folder {root}: give one that holds captures")
        if not root.is_dir():
            raise UsageError(f"{root} is not a folder: give the folder that holds the captures")
        self.root = root
        self._real_root = Path(os.path.realpath(root))
        self._listings: dict[str, dict[str, list[str]]] = {}

    def name(self, path: PurePosixPath | str, *, beside: str = "") -> str:
        """The name in this folder of a path written in a file, relative to the folder ``beside``.

        Raises ``AssetError`` (``reference_outside``, ``unsupported_reference``): a path that leaves the folder by its
        own words is refused before anything is looked at.
        """
        text = str(path).replace("\\", "/")
        if not text or "\0" in text or len(text) > 4096:
            raise AssetError("unsupported_reference", f"{text[:80]!r} is no path")
        if text.startswith(("/", "~")) or _DRIVE_OR_SCHEME.match(text):
            raise AssetError("reference_outside", f"{text[:200]!r} leads outside the folder of its source")
        joined = os.path.normpath(os.path.join(beside, text))
        if joined.startswith(".."):
            raise AssetError("reference_outside", f"{text[:200]!r} leads outside the folder of its source")
        return joined

    def as_spelt(self, name: str) -> str:
        """The name of the one file that ``name`` can mean where letter case is put aside; ``name`` itself where it is
        there, and where none or several fit. A list made on Windows or on a Mac may rely on that."""
        if self.exists(name):
            return name
        spelt = ""
        for part in name.split("/"):
            fitting = self._listed(spelt).get(part.casefold(), [])
            if part not in fitting and len(fitting) != 1:
                return name
            spelt = posixpath.join(spelt, part if part in fitting else fitting[0])
        return spelt

    def _listed(self, folder: str) -> dict[str, list[str]]:
        """What is in a folder, by its name without letter case; nothing where it is outside or not there."""
        if folder not in self._listings:
            listing: dict[str, list[str]] = {}
            path = self.root / folder
            if self._is_inside(path) and path.is_dir():
                for entry in sorted(os.listdir(path)):
                    listing.setdefault(entry.casefold(), []).append(entry)
            if len(self._listings) >= _KEPT_LISTINGS:
                self._listings.clear()
            self._listings[folder] = listing
        return self._listings[folder]

    def problem(self, name: str, missing: str) -> str | None:
        """The reason code for which there is no such file, or None: ``reference_outside`` for a link that leads out."""
        if not self._is_inside(self.root / name):
            return "reference_outside"
        return None if self.exists(name) else missing

    def exists(self, name: str) -> bool:
        """Whether there is such a file, inside the folder."""
        path = self.root / name
        try:
            return self._is_inside(path) and path.exists()
        except OSError:  # A name longer than the file system allows.
            return False

    def size(self, name: str) -> int:
        """Bytes of a file that exists."""
        return (self.root / name).stat().st_size

    def open(self, name: str, missing: str = "file_missing") -> BinaryIO:
        """Opens a regular file for reading. Raises ``AssetError``."""
        path = self.root / name
        if not self._is_inside(path):
            raise AssetError("reference_outside", f"{name[:200]!r} leads outside the folder of its source")
        try:
            # Without O_NONBLOCK, opening a named pipe waits for a writer that never comes.
            descriptor = os.open(os.path.realpath(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise AssetError(missing, f"{name[:200]!r} is not there") from error
        except (OSError, ValueError) as error:
            raise AssetError("unreadable", f"{name[:200]!r} cannot be opened: {error}") from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise AssetError("unsupported_reference", f"{name[:200]!r} is not a regular file")
        return os.fdopen(descriptor, "rb")

    def read(
        self, name: str, max_bytes: int, missing: str = "file_missing", too_large: str = "file_too_large"
    ) -> bytes:
        """The whole of a regular file of at most ``max_bytes``. Raises ``AssetError``."""
        with self.open(name, missing) as file:
            size = os.fstat(file.fileno()).st_size
            if size > max_bytes:
                raise AssetError(too_large, f"{name[:200]!r} has {size:,} bytes, more than {max_bytes:,}")
            try:
                return file.read(size)
            except OSError as error:
                raise AssetError("unreadable", f"{name[:200]!r} cannot be read: {error.strerror}") from error

    def state(self, names: Sequence[str]) -> tuple[tuple[str, int, int], ...] | None:
        """Name, size and time of change of each of these files, and of all files below these folders.

        None where one is not there, or there are too many to ask.
        """
        found: list[tuple[str, int, int]] = []
        left = [self.root / name for name in names]
        try:
            while left:
                path = left.pop()
                status = path.stat()
                if stat.S_ISDIR(status.st_mode):
                    left += [Path(entry.path) for entry in os.scandir(path) if not entry.is_symlink()]
                else:
                    found.append((str(path), status.st_size, status.st_mtime_ns))
                if len(found) + len(left) > _MOST_FILES_ASKED:
                    return None
        except OSError:
            return None
        return tuple(sorted(found))

    def folders(self, max_depth: int) -> Iterator[tuple[str, list[str], list[str]]]:
        """Name, subfolders and files of each folder down to ``max_depth``, sorted.

        Names that begin with a dot are passed over, and folders that are symbolic links are not entered.
        """
        for folder, subfolders, files in os.walk(self.root):
            name = Path(folder).relative_to(self.root).as_posix()
            depth = 0 if name == "." else name.count("/") + 1
            subfolders[:] = sorted(entry for entry in subfolders if not entry.startswith("."))
            yield name, list(subfolders), sorted(entry for entry in files if not entry.startswith("."))
            if depth >= max_depth:
                subfolders.clear()

    def _is_inside(self, path: Path) -> bool:
        return Path(os.path.realpath(path)).is_relative_to(self._real_root)


def storable(name: str) -> str:
    """A file name as text that can be stored: bytes that are not UTF-8 are written as ``\\xff``."""
    return os.fsencode(name).decode("utf-8", errors="backslashreplace")
