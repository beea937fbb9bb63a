"""The columns by which a viewer filters rows, as arrays over all rows, and the filter itself. Contains no images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from viewpoint100k.errors import UsageError

__all__ = ["CATEGORIES", "NUMBERS", "Filter", "RowTable", "facets", "matching", "table_of"]

CATEGORIES = ("type", "category", "source", "split", "form")
"""Columns that are filtered by a value."""

NUMBERS = ("angle", "margin", "answerability", "difficulty")
"""Columns that are filtered by a range."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RowTable:
    """The columns of n rows. A category is stored as an index into the list of its values."""

    ids: Sequence[str]
    values: Mapping[str, Sequence[str]]
    """The values of each category, in alphabetical order."""
    codes: Mapping[str, NDArray[np.int32]]
    """For each category (n,): the index of each row's value."""
    numbers: Mapping[str, Floats]
    """For each numeric column (n,): the values; nan for rows without one."""

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Filter:
    """The rows to show. A range excludes rows without that number."""

    type: str = ""
    category: str = ""
    source: str = ""
    split: str = ""
    form: str = ""
    angle: tuple[float, float] | None = None
    """Unsigned azimuth change, degrees."""
    margin: tuple[float, float] | None = None
    """In the unit of the question type, so use it together with ``type``."""
    answerability: tuple[float, float] | None = None
    difficulty: tuple[float, float] | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filter:
        """Parses the parameters of a link, with ranges as ``20..40``. Raises ``UsageError`` for a bad range."""
        known = {part.name for part in fields(cls)}
        given = {name: value for name, value in query.items() if name in known and value}
        return cls(**{name: _range(name, text) if name in NUMBERS else text for name, text in given.items()})  # type: ignore[arg-type]


def _range(name: str, text: str) -> tuple[float, float]:
    low, dots, high = text.partition("..")
    refusal = UsageError(f"{name}={text} is not a range: write it as {name}=20..40")
    if not dots:
        raise refusal
    try:
        return float(low or "-inf"), float(high or "inf")
    except ValueError:
        raise refusal from None


def matching(table: RowTable, wanted: Filter) -> NDArray[np.int64]:
    """Places of the rows that pass the filter, in order."""
    chosen = np.ones(len(table), dtype=bool)
    for name in CATEGORIES:
        value = getattr(wanted, name)
        if value:
            values = list(table.values[name])
            chosen &= table.codes[name] == (values.index(value) if value in values else -1)
    for name in NUMBERS:
        limits = getattr(wanted, name)
        if limits is not None:
            chosen &= (table.numbers[name] >= limits[0]) & (table.numbers[name] <= limits[1])
    return np.flatnonzero(chosen)


def facets(table: RowTable) -> dict[str, Any]:
    """The values of each category, and the smallest and largest value of each number."""
    found: dict[str, Any] = {name: list(table.values[name]) for name in CATEGORIES}
    for name in NUMBERS:
        known = table.numbers[name][np.isfinite(table.numbers[name])]
        found[name] = [float(known.min()), float(known.max())] if len(known) else None
    return found


def coded(names: pa.Array) -> tuple[list[str], NDArray[np.int32]]:
    """Returns the values in alphabetical order, and the index of each name's value."""
    encoded = pc.fill_null(names, "").dictionary_encode()
    found: list[str] = encoded.dictionary.to_pylist()
    values = sorted(found)
    place = np.array([values.index(value) for value in found], dtype=np.int32)
    return values, place[np.asarray(encoded.indices)]


def table_of(ids: Sequence[str], categories: Mapping[str, pa.Array], numbers: Mapping[str, Floats]) -> RowTable:
    """The table of these columns, each with one value per row."""
    parts = {name: coded(categories[name]) for name in CATEGORIES}
    values = {name: part[0] for name, part in parts.items()}
    return RowTable(ids, values, {name: part[1] for name, part in parts.items()}, numbers)
