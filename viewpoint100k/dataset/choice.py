"""Chooses a subset of a split's rows to evaluate: the same rows for every model and every person."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from viewpoint100k.errors import DataError

__all__ = ["whole_groups"]


def whole_groups(keys: Sequence[Mapping[str, str]], rows: int | None) -> set[str]:
    """Ids of the rows in the first groups, ordered by a hash of their name, that hold ``rows`` rows; None: all rows.

    Args:
        keys: ``id`` and ``group`` of every row.

    Raises ``DataError`` if two rows have the same id.
    """
    if len({key["id"] for key in keys}) < len(keys):
        raise DataError("two rows have the same id: run viewpoint100k verify on the folder")
    if rows is None or rows >= len(keys):
        return {key["id"] for key in keys}
    groups: dict[str, list[str]] = {}
    for key in keys:
        groups.setdefault(key["group"], []).append(key["id"])
    chosen: set[str] = set()
    for group in sorted(groups, key=lambda name: hashlib.sha256(name.encode()).digest()):
        if len(chosen) >= rows:
            break
        chosen.update(groups[group])
    return chosen
