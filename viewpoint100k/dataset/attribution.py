"""Lists every object of a data set once, with licence, author and URL. It works on disk, for millions of objects."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from viewpoint100k.runtime.files import written_atomically
from viewpoint100k.runtime.storage import Location

__all__ = ["Attribution"]

_COLUMNS = ("source", "asset_id", "category", "license", "creator", "uri", "asset_sha256")
"""Columns of a row, in the order of the file's columns."""
_HEAD = (*_COLUMNS[:-1], "sha256")


class Attribution:
    """Collects the objects of rows in a temporary database."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("")  # SQLite uses a temporary file, which it deletes on close.
        self._connection.execute(
            f"create table objects (split, {', '.join(_COLUMNS)}, primary key (source, asset_id, split)) without rowid"
        )

    def add(self, split: str, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Yields the rows of one split unchanged, and records their objects."""
        last: tuple[Any, ...] | None = None
        for row in rows:
            about = tuple(row[name] for name in _COLUMNS)
            if about != last:  # Rows of one object are mostly consecutive.
                marks = ", ".join("?" * (1 + len(about)))
                self._connection.execute(f"insert or replace into objects values ({marks})", (split, *about))
                last = about
            yield row

    def count(self, split: str) -> int:
        """Number of objects in a split."""
        (count,) = self._connection.execute("select count(*) from objects where split = ?", (split,)).fetchone()
        return int(count)

    def write(self, path: Location) -> None:
        """Writes the CSV file atomically, sorted by source and id."""
        with written_atomically(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(_HEAD)
            writer.writerows(
                self._connection.execute(
                    f"select {', '.join(_COLUMNS)} from objects group by source, asset_id order by source, asset_id"
                )
            )

    def close(self) -> None:
        self._connection.close()
