"""Compares local files with a Hub repository: what to upload, replace and delete."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

__all__ = ["Difference", "HubFile", "HubState", "LocalFile", "compare"]

_OURS = ("data/",)
_OUR_NAMES = ("README.md", "LICENSE", "ATTRIBUTION.csv", "question_types.json", "references.json")


@dataclass(frozen=True)
class LocalFile:
    """A file to publish."""

    path: str
    """Path in the repository, with forward slashes."""
    content: Path | bytes = field(repr=False)
    size: int
    sha256: str

    @classmethod
    def of_bytes(cls, path: str, content: bytes) -> LocalFile:
        """A file that exists only in memory."""
        return cls(path, content, len(content), hashlib.sha256(content).hexdigest())

    def git_blob_id(self) -> str:
        """git's sha1 of the content, which is all that the Hub states of a file outside large file storage."""
        content = self.content if isinstance(self.content, bytes) else self.content.read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class HubFile:
    """A file in the repository, as the Hub lists it."""

    path: str
    size: int
    blob_id: str
    """git's sha1 of the content, or of the pointer to large file storage."""
    sha256: str | None
    """sha256 of the content; None for a file outside large file storage."""

    def equals(self, local: LocalFile) -> bool:
        """True if the content is the same, by its digest."""
        if self.sha256 is not None:
            return self.sha256 == local.sha256
        return self.size == local.size and self.blob_id == local.git_blob_id()


@dataclass(frozen=True)
class HubState:
    """The repository on the Hub at one commit of its main branch."""

    head: str
    """The commit."""
    private: bool
    files: Mapping[str, HubFile]
    tags: Mapping[str, str]
    """The commit that each tag points to."""


@dataclass(frozen=True)
class Difference:
    """Changes that make the repository equal to the local files."""

    add: tuple[LocalFile, ...] = ()
    """Files that the repository lacks."""
    change: tuple[LocalFile, ...] = ()
    """Files that the repository has with other content."""
    remove: tuple[str, ...] = ()
    """Paths of data set files in the repository that do not exist locally."""
    same: tuple[LocalFile, ...] = ()
    unrelated: tuple[str, ...] = ()
    """Paths in the repository that are not part of a data set; they are kept."""

    @property
    def upload(self) -> tuple[LocalFile, ...]:
        return (*self.add, *self.change)

    @property
    def is_none(self) -> bool:
        """True if the repository needs no change."""
        return not (self.add or self.change or self.remove)

    def lines(self) -> list[str]:
        """A readable summary: one line for each file that changes."""
        kinds: tuple[tuple[Literal["add", "change"], tuple[LocalFile, ...]], ...]
        kinds = (("add", self.add), ("change", self.change))
        found = [f"  {kind:<7} {file.path}  {file.size:,} bytes" for kind, files in kinds for file in files]
        found += [f"  remove  {path}" for path in self.remove]
        found += [f"  {len(self.same):,} files are there already"] if self.same else []
        return found + [f"  leave   {path}  (not part of a data set)" for path in self.unrelated]


def compare(local: Sequence[LocalFile], hub: HubState | None, apart: Collection[str] = ()) -> Difference:
    """The difference between ``local`` and a repository; ``hub`` is None if the repository does not exist.

    Paths in ``apart`` are ignored in the repository.
    """
    files = {} if hub is None else hub.files
    wanted = {file.path for file in local}
    there = [file for file in local if file.path in files]
    same = tuple(file for file in there if files[file.path].equals(file))
    surplus = [path for path in sorted(files) if path not in {*wanted, *apart, ".gitattributes"}]
    return Difference(
        add=tuple(file for file in local if file.path not in files),
        change=tuple(file for file in there if file not in same),
        remove=tuple(path for path in surplus if _is_ours(path)),
        same=same,
        unrelated=tuple(path for path in surplus if not _is_ours(path)),
    )


def _is_ours(path: str) -> bool:
    """True if a file in the repository is part of a data set. A loader reads any parquet file as rows."""
    return path.startswith(_OURS) or path in _OUR_NAMES or path.endswith(".parquet")
