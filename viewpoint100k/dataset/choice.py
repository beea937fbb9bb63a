"""Which rows of a split are asked where not all are: the same ones of every model, and of every person."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from viewpoint100k.errors import DataError

__all__ = ["whole_groups"]


def whole_groups(keys: Sequence[Mapping[str, str]], rows: int | None) -> set[str]:
    """Ids of the rows of the first groups, by a hash of the group's name, that hold ``rows`` rows; of all where None.

    Args:
        keys: ``id`` and ``group`` of every row.

    Raises ``DataError`` where two rows have the same id.
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
