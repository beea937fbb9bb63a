"""Where each row of a ``metadata.csv`` begins, so that a process that needs ten rows of a million reads ten."""

from __future__ import annotations

import csv
import hashlib
import os
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.asset_store import AssetStore
from viewpoint100k.assets.ranking import Hashes, id_hashes
from viewpoint100k.errors import UsageError

__all__ = ["RowIndex", "normalized", "read_index"]

_WORTH_STORING = 1000
"""Smallest number of rows for which the index is stored. Fewer rows are read quickly without it."""
_AT_ONCE = 2**14


@dataclass(frozen=True, eq=False)
class RowIndex:
    """The rows of one file, in its order."""

    path: Path
    fields: tuple[str, ...]
    """The columns."""
    hashes: Hashes
    """(n,): hashes of the column ``file``, see `normalized`; the hash of an empty name if fields are missing."""
    offsets: NDArray[np.int64]
    """(n,): bytes from the beginning of the file to that of the row."""
    lines: NDArray[np.int64]
    """(n,): number of the row's last line, from 1."""

    def find(self, name: str) -> int | None:
        """The first row whose ``file`` is ``name``; None where there is none."""
        for place in np.flatnonzero(self.hashes == id_hashes([normalized(name)])[0]).tolist():
            row = self.row(place)
            if len(row) == len(self.fields) and normalized(row[self.fields.index("file")]) == normalized(name):
                return int(place)
        return None

    def row(self, place: int) -> list[str]:
        """The fields of a row."""
        with _opened(self.path) as stream:
            stream.seek(int(self.offsets[place]))
            return next(csv.reader(stream, strict=True))

    def unplaced(self, names: Iterable[str]) -> list[int]:
        """Rows whose ``file`` is not in ``names``, or is the file of an earlier row."""
        known = id_hashes(map(normalized, names))
        _, first = np.unique(self.hashes, return_index=True)
        placed = np.zeros(len(self.hashes), dtype=bool)
        placed[first] = np.isin(self.hashes[first], known)
        return [int(place) for place in np.flatnonzero(~placed)]


def normalized(name: str) -> str:
    """A name as listings write it: spreadsheets on Windows write ``.\\folder\\file``."""
    return name.strip().replace("\\", "/").removeprefix("./")


def read_index(path: Path, store: AssetStore | None = None) -> RowIndex:
    """The index of a file. It comes from the store if the file has not changed.

    Raises ``UsageError``, which names line and field, for errors of the whole file: wrong columns, or a quote that is
    not closed.
    """
    try:
        status = path.stat()
        state = ("metadata", os.path.realpath(path), status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        key = hashlib.blake2b(repr(state).encode("utf-8", "surrogatepass"), digest_size=16).digest()
        store = store or AssetStore()
        if (stored := store.get([key]).get(key)) is not None:
            fields, _, numbers = stored.partition(b"\n")
            table = np.frombuffer(numbers, dtype="<i8").reshape(3, -1)
            found = RowIndex(path, tuple(fields.decode().split("\0")), table[0].view("<u8"), table[1], table[2])
        else:
            found = _read(path)
            if len(found.lines) >= _WORTH_STORING:
                table = np.stack([found.hashes.view(np.int64), found.offsets, found.lines]).astype("<i8")
                store.put({key: "\0".join(found.fields).encode("utf-8", "replace") + b"\n" + table.tobytes()})
        store.close()
        return found
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _opened(path: Path) -> TextIO:
    return path.open(encoding="utf-8", errors="surrogateescape", newline="")


def _read(path: Path) -> RowIndex:
    hashes, names = list[Hashes](), list[str]()
    offsets, lines = array("q"), array("q")
    at = 0

    def counted(stream: TextIO) -> Iterator[str]:
        nonlocal at
        for line in stream:
            text = line if at else line.removeprefix("\ufeff")
            at += len(line) if line.isascii() else len(line.encode("utf-8", "surrogateescape"))
            yield text

    with _opened(path) as stream:
        reader = csv.reader(counted(stream), strict=True)
        try:
            fields = tuple(name.strip().lower() for name in next(reader, []))
            if "file" not in fields:
                raise UsageError(f"{path}, line 1: there is no column 'file'; add one with each mesh's path")
            if len(set(fields)) < len(fields):
                raise UsageError(f"{path}, line 1: a column is there twice")
            column = fields.index("file")
            start = at
            for row in reader:
                if row:
                    names.append(normalized(row[column]) if len(row) == len(fields) else "")
                    offsets.append(start)
                    lines.append(reader.line_num)
                start = at
                if len(names) == _AT_ONCE:
                    hashes.append(id_hashes(names))
                    names.clear()
        except csv.Error as error:
            raise UsageError(f"{path}, near line {reader.line_num}: {error}") from error
    all_hashes = np.concatenate([*hashes, id_hashes(names)])
    return RowIndex(path, fields, all_hashes, np.asarray(offsets, dtype=np.int64), np.asarray(lines, dtype=np.int64))
