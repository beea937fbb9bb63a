"""A data set on the Hub: commits, tags and large storage."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Blob", "Commit", "Refused", "Repository"]


class Refused(Exception):
    """A request that the Hub answers with an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass(frozen=True)
class Blob:
    """The content of a file. A large file is in storage, and git has a pointer to it."""

    content: bytes
    large: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def pointer(self) -> bytes:
        """The pointer that git stores for a large file, as in the specification of Git LFS, version 1."""
        text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(self.content)}\n"
        return text.encode()

    @property
    def git_oid(self) -> str:
        held = self.pointer if self.large else self.content
        return hashlib.sha1(b"blob %d\0" % len(held) + held).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.large else self.git_oid


@dataclass(frozen=True)
class Commit:
    oid: str
    message: str
    files: dict[str, Blob]


@dataclass
class Repository:
    """One data set. The Hub makes its first commit."""

    name: str
    private: bool
    commits: list[Commit] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    storage: dict[str, bytes] = field(default_factory=dict)
    """Large files by sha256, whether or not a commit names them."""
    uploads: list[str] = field(default_factory=list)
    """sha256 of every completely received large file, in order."""

    def __post_init__(self) -> None:
        self._append(
            "initial commit", {".gitattributes": Blob(b"*.parquet filter=lfs diff=lfs merge=lfs -text\n", False)}
        )

    @property
    def head(self) -> Commit:
        return self.commits[-1]

    def at(self, revision: str) -> Commit:
        """The commit that a branch, a tag or an id names."""
        oid = self.head.oid if revision == "main" else self.tags.get(revision, revision)
        for commit in self.commits:
            if commit.oid == oid:
                return commit
        raise Refused(404, "RevisionNotFound", f"Invalid rev id: {revision}")

    def is_large(self, path: str) -> bool:
        return path.endswith(".parquet")

    def store(self, oid: str, content: bytes) -> None:
        if hashlib.sha256(content).hexdigest() != oid:
            raise Refused(400, "BadDigest", "the content is not what its oid says")
        self.storage[oid] = content
        self.uploads.append(oid)

    def apply(self, lines: Iterable[dict[str, Any]]) -> Commit:
        """Applies a commit in the client's form: lines with a header, added files and deleted files."""
        files, message = dict(self.head.files), ""
        for line in lines:
            value = line["value"]
            match line["key"]:
                case "header":
                    message = value["summary"]
                    if value.get("parentCommit") not in (None, self.head.oid):
                        raise Refused(412, "PreconditionFailed", "A commit has happened since. Please refresh.")
                case "file":
                    files[value["path"]] = Blob(base64.b64decode(value["content"]), False)
                case "lfsFile":
                    if value["oid"] not in self.storage:
                        raise Refused(400, "LfsMissing", f"{value['path']} points to a file that does not exist")
                    files[value["path"]] = Blob(self.storage[value["oid"]], True)
                case "deletedFile":
                    if files.pop(value["path"], None) is None:
                        raise Refused(404, "EntryNotFound", "A file with this name doesn't exist")
                case other:
                    raise Refused(400, "BadRequest", f"unknown operation {other}")
        return self._append(message, files)

    def put(self, path: str, content: bytes) -> None:
        """Somebody else's commit that adds or changes a file."""
        blob = Blob(content, self.is_large(path))
        self.storage[blob.sha256] = content
        self._append(f"Upload {path}", self.head.files | {path: blob})

    def remove(self, path: str) -> None:
        """Somebody else's commit that deletes a file; large storage keeps it."""
        self._append(f"Delete {path}", {name: blob for name, blob in self.head.files.items() if name != path})

    def _append(self, message: str, files: dict[str, Blob]) -> Commit:
        oid = hashlib.sha1(f"{self.name} {len(self.commits)} {message}".encode()).hexdigest()
        self.commits.append(Commit(oid, message, files))
        return self.head
