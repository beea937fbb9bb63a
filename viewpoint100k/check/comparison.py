"""Compares two data sets: the first row that differs, its column, and the number of differing rows in each column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from viewpoint100k.check.findings import Tally
from viewpoint100k.check.shard_files import ShardFile, open_shard, read_rows
from viewpoint100k.errors import DataError, UsageError
from viewpoint100k.runtime.storage import Location, files_in

__all__ = ["Comparison", "compare"]

Row = Mapping[str, Any]

_SHOWN = 120
"""Number of characters shown of a value."""


@dataclass(frozen=True)
class Comparison:
    """Result of a comparison of two data sets."""

    rows: int
    """Rows compared: those of the longer data set."""
    first_difference: str | None
    """The first row and column that differ, and both values; None if all rows are equal."""
    differing: Mapping[str, int]
    """Number of rows that differ, by column; ``missing`` counts rows that only one data set has."""

    @property
    def same(self) -> bool:
        """True if all rows are equal in every column, images included."""
        return self.first_difference is None


def compare(folder: Location, other: Location) -> Comparison:
    """Compares two data sets row by row, in order, split by split. Their shards may have different sizes.

    Raises ``UsageError`` if one of them is not a data set, ``DataError`` if a file cannot be read.
    """
    ours, theirs = _splits(folder), _splits(other)
    rows, first, differing = 0, None, Counter[str]()
    for split in sorted(ours.keys() | theirs.keys()):
        pairs = zip_longest(_rows(ours.get(split, ())), _rows(theirs.get(split, ())))
        for number, (mine, yours) in enumerate(pairs):
            rows += 1
            columns = _differing_columns(mine, yours)
            differing.update(columns)
            if columns and first is None:
                first = f"{split} row {number}: {_described(mine, yours, columns[0])}"
    return Comparison(rows, first, dict(differing))


def _splits(folder: Location) -> dict[str, list[ShardFile]]:
    paths = files_in(folder / "data", "*.parquet")
    if not paths:
        raise UsageError(f"{folder} is not a data set: it has no data/*.parquet files")
    tally, splits = Tally(), dict[str, list[ShardFile]]()
    for path in paths:
        shard = open_shard(path, tally)
        if shard.rows is None:
            raise DataError(f"{path}: {tally.findings[-1].message}")
        splits.setdefault(shard.split, []).append(shard)
    return splits


def _rows(shards: list[ShardFile] | tuple[()]) -> Iterator[Row]:
    for shard in shards:
        tally = Tally()
        for batch in read_rows(shard, tally):
            yield from batch
        if tally.findings:
            raise DataError(f"{shard.path}: {tally.findings[-1].message}")


def _differing_columns(mine: Row | None, yours: Row | None) -> list[str]:
    """Names of the columns in which two rows differ, in the order of the schema."""
    if mine is None or yours is None:
        return ["missing"]
    return [name for name in mine if mine[name] != yours[name]]


def _described(mine: Row | None, yours: Row | None, column: str) -> str:
    if mine is None or yours is None:
        there = mine or yours
        return f"only one of the two has it (id {there['id'] if there else None})"
    return f"{column} is {_short(mine.get(column))} in one and {_short(yours.get(column))} in the other"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
