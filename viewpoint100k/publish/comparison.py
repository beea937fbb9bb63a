"""What is here, what is on the far side, and what has to be done for the second to be the first."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

__all__ = ["Difference", "FarFile", "FarState", "LocalFile", "compare"]

_OURS = ("data/",)
_OUR_NAMES = ("README.md", "LICENSE", "ATTRIBUTION.csv", "question_types.json", "references.json")


@dataclass(frozen=True)
class LocalFile:
    """A file that is to be on the far side."""

    path: str
    """In the repository, with forward slashes."""
    content: Path | bytes = field(repr=False)
    size: int
    sha256: str

    @classmethod
    def of_bytes(cls, path: str, content: bytes) -> LocalFile:
        """A file that exists in memory alone."""
        return cls(path, content, len(content), hashlib.sha256(content).hexdigest())

    def git_blob_id(self) -> str:
        """The sha1 by which git knows this content: all that the Hub tells of a file that is not in large storage."""
        content = self.content if isinstance(self.content, bytes) else self.content.read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class FarFile:
    """A file as the Hub lists it."""

    path: str
    size: int
    blob_id: str
    """git's sha1 of the content, or of the pointer to large storage."""
    sha256: str | None
    """Of the content; None for a file that is not in large storage."""

    def equals(self, local: LocalFile) -> bool:
        """Whether the content is the same, by its digest."""
        if self.sha256 is not None:
            return self.sha256 == local.sha256
        return self.size == local.size and self.blob_id == local.git_blob_id()


@dataclass(frozen=True)
class FarState:
    """A repository at one commit of its main branch."""

    head: str
    """The commit."""
    private: bool
    files: Mapping[str, FarFile]
    tags: Mapping[str, str]
    """The commit that each tag points to."""


@dataclass(frozen=True)
class Difference:
    """What has to be done on the far side."""

    add: tuple[LocalFile, ...] = ()
    """Not there yet."""
    change: tuple[LocalFile, ...] = ()
    """There with another content."""
    remove: tuple[str, ...] = ()
    """There, in the rooms of a data set, and not here any more."""
    same: tuple[LocalFile, ...] = ()
    strangers: tuple[str, ...] = ()
    """There, of another kind, and left as they are."""

    @property
    def upload(self) -> tuple[LocalFile, ...]:
        return (*self.add, *self.change)

    @property
    def is_none(self) -> bool:
        """Whether the far side is what it should be."""
        return not (self.add or self.change or self.remove)

    def lines(self) -> list[str]:
        """For a person: one line for each file that is touched."""
        kinds: tuple[tuple[Literal["add", "change"], tuple[LocalFile, ...]], ...]
        kinds = (("add", self.add), ("change", self.change))
        found = [f"  {kind:<7} {file.path}  {file.size:,} bytes" for kind, files in kinds for file in files]
        found += [f"  remove  {path}" for path in self.remove]
        found += [f"  {len(self.same):,} files are there already"] if self.same else []
        return found + [f"  leave   {path}  (not part of a data set)" for path in self.strangers]


def compare(local: Sequence[LocalFile], far: FarState | None, apart: Collection[str] = ()) -> Difference:
    """What a repository, or one that does not exist yet, lacks of ``local``; and what it has too much.

    Paths in ``apart`` are not looked at on the far side.
    """
    files = {} if far is None else far.files
    wanted = {file.path for file in local}
    there = [file for file in local if file.path in files]
    same = tuple(file for file in there if files[file.path].equals(file))
    surplus = [path for path in sorted(files) if path not in {*wanted, *apart, ".gitattributes"}]
    return Difference(
        add=tuple(file for file in local if file.path not in files),
        change=tuple(file for file in there if file not in same),
        remove=tuple(path for path in surplus if _is_ours(path)),
        same=same,
        strangers=tuple(path for path in surplus if not _is_ours(path)),
    )


def _is_ours(path: str) -> bool:
    """Whether a file on the far side is part of a data set: a loader takes any parquet file for rows."""
    return path.startswith(_OURS) or path in _OUR_NAMES or path.endswith(".parquet")
