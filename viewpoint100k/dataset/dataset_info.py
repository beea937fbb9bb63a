"""The ``dataset_info`` of a card: columns and sizes, in the form that ``datasets`` and the Hub read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from viewpoint100k.dataset.schema import Column

__all__ = ["SplitSize", "dataset_info"]


@dataclass(frozen=True)
class SplitSize:
    """The size of one split."""

    bytes: int
    """Of its parquet files."""
    rows: int


def dataset_info(columns: Mapping[str, Column], splits: Mapping[str, SplitSize]) -> dict[str, Any]:
    """The value of ``dataset_info`` in a card's YAML header.

    It is what ``datasets`` writes for the same columns (``DatasetInfo``), without the second that its import takes.
    """
    size = sum(split.bytes for split in splits.values())
    return {
        "features": _parts(columns),
        "splits": [
            {"name": name, "num_bytes": split.bytes, "num_examples": split.rows} for name, split in splits.items()
        ],
        "download_size": size,
        "dataset_size": size,
    }


def _parts(columns: Mapping[str, Column]) -> list[dict[str, Any]]:
    return [{"name": name, **_type(column)} for name, column in columns.items()]


def _type(column: Column) -> dict[str, Any]:
    if isinstance(column, dict):
        return {"struct": _parts(column)}
    if isinstance(column, list):
        return {"list": _parts(column[0]) if isinstance(column[0], dict) else column[0]}
    return {"dtype": column}
