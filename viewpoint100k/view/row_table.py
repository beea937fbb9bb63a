"""What a viewer knows of every row at once: the columns that it filters by, as arrays. No image is among them."""

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
"""Filters by a value."""

NUMBERS = ("angle", "margin", "answerability", "difficulty")
"""Filters by a range."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RowTable:
    """n rows. A category is held as a number into the list of its values."""

    ids: Sequence[str]
    values: Mapping[str, Sequence[str]]
    """By category, its values in alphabetical order."""
    codes: Mapping[str, NDArray[np.int32]]
    """By category (n,): which of the values."""
    numbers: Mapping[str, Floats]
    """By the name of a number (n,); nan where a row has none."""

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Filter:
    """Which rows are wanted. A row without the number that a range is about is not."""

    type: str = ""
    category: str = ""
    source: str = ""
    split: str = ""
    form: str = ""
    angle: tuple[float, float] | None = None
    """Unsigned azimuth change, degrees."""
    margin: tuple[float, float] | None = None
    """In the unit of the question type: use it together with ``type``."""
    answerability: tuple[float, float] | None = None
    difficulty: tuple[float, float] | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filter:
        """From the parameters of a link, ranges written as ``20..40``. Raises ``UsageError`` for a bad range."""
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
    """Places of the rows that are wanted, in order."""
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
    """What can be filtered by: the values of each category, and the ends of each range."""
    found: dict[str, Any] = {name: list(table.values[name]) for name in CATEGORIES}
    for name in NUMBERS:
        known = table.numbers[name][np.isfinite(table.numbers[name])]
        found[name] = [float(known.min()), float(known.max())] if len(known) else None
    return found


def coded(names: pa.Array) -> tuple[list[str], NDArray[np.int32]]:
    """(values in alphabetical order, which of them each name is)."""
    encoded = pc.fill_null(names, "").dictionary_encode()
    found: list[str] = encoded.dictionary.to_pylist()
    values = sorted(found)
    place = np.array([values.index(value) for value in found], dtype=np.int32)
    return values, place[np.asarray(encoded.indices)]


def table_of(ids: Sequence[str], categories: Mapping[str, pa.Array], numbers: Mapping[str, Floats]) -> RowTable:
    """A table from its columns: a name a row for each category, a number a row for each number."""
    parts = {name: coded(categories[name]) for name in CATEGORIES}
    values = {name: part[0] for name, part in parts.items()}
    return RowTable(ids, values, {name: part[1] for name, part in parts.items()}, numbers)
