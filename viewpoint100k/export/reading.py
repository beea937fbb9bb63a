"""Reads the rows of a data set folder as samples, and selects the rows with reasoning."""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from viewpoint100k.dataset.difficulty import COLUMNS as DIFFICULTY_COLUMNS
from viewpoint100k.dataset.difficulty import difficulties
from viewpoint100k.dataset.schema import arrow_schema
from viewpoint100k.errors import DataError, UsageError
from viewpoint100k.export.prompts import ask_to_reason
from viewpoint100k.export.protocol import Sample

__all__ = ["Selection", "read_samples", "select", "split_files"]

_BATCH_ROWS = 100
"""Number of rows converted to Python at a time: the size of a row group. Other writers may use larger row groups."""

_REASONED = re.compile(r"<think>.+</think>\s*<answer>.+</answer>", re.DOTALL)
_TRAIN = "train"


@dataclass(frozen=True)
class Selection:
    """What to export, from one pass over the small columns."""

    files: Mapping[str, tuple[Path, ...]]
    """Number of rows by split; train comes first."""
    rows: Mapping[str, int]
    """By split."""
    most_options: int
    reasoned_possible: int
    """Number of training rows that have reasoning."""
    highest_rank: int
    """Targets include the reasoning for rows with a `_rank` of at most this; -1 for none."""
    difficulty: tuple[float, float] | None = None
    """Range of difficulties to export."""


def split_files(folder: Path, wanted: str | None) -> dict[str, tuple[Path, ...]]:
    """The shards of each split, train first; only those of ``wanted`` if it is given.

    Raises ``UsageError`` if the folder is not a finished data set, or has no such split.
    """
    paths = sorted((folder / "data").glob("*.parquet"))
    if not paths:
        raise UsageError(f"{folder} is not a data set: it has no data/*.parquet files")
    if (folder / ".build").is_dir() and not (folder / "README.md").exists():
        raise UsageError(f"{folder} is not complete: let viewpoint100k build come to its end first")
    names = sorted({path.name.split("-")[0] for path in paths}, key=lambda name: (name != _TRAIN, name))
    if wanted is not None and wanted not in names:
        raise UsageError(f"{folder} has no split {wanted!r}: give --split {' or '.join(names)}")
    return {
        name: tuple(path for path in paths if path.name.split("-")[0] == name)
        for name in names
        if wanted in (None, name)
    }


def select(
    files: Mapping[str, tuple[Path, ...]],
    share: float,
    most_rows: int | None,
    difficulty: tuple[float, float] | None = None,
) -> Selection:
    """Counts the rows, and selects the training rows whose target includes the reasoning: ``share`` of all.

    The selection depends only on the rows' ids. If too few rows have reasoning, it takes all that have it.
    """
    rows: dict[str, int] = {}
    most_options = 0
    ranks = array("Q")
    for split, paths in files.items():
        rows[split] = 0
        for row in _rows(paths, ["id", "options", "reasoning"], most_rows, difficulty):
            rows[split] += 1
            most_options = max(most_options, len(row["options"]))
            if split == _TRAIN and row["reasoning"]:
                ranks.append(_rank(row["id"]))
    chosen = sorted(ranks)[: round(share * rows.get(_TRAIN, 0))]
    return Selection(files, rows, most_options, len(ranks), chosen[-1] if chosen else -1, difficulty)


def read_samples(selection: Selection) -> Iterator[Sample]:
    """Yields every selected row in order, split by split. Raises ``DataError`` if a file or a row cannot be read."""
    names = arrow_schema().names
    for split, paths in selection.files.items():
        for index, row in enumerate(_rows(paths, names, selection.rows[split], selection.difficulty)):
            contents = [image["bytes"] for image in row.pop("images")]
            images = tuple(contents) if all(contents) else ()
            chosen = bool(split == _TRAIN and row["reasoning"]) and _rank(row["id"]) <= selection.highest_rank
            prompt = ask_to_reason(row["question"], row["options"]) if chosen else row["question"]
            yield Sample(split, index, row, images, chosen, prompt, _reasoned(row) if chosen else row["answer"])


def _reasoned(row: Mapping[str, Any]) -> str:
    text = str(row["reasoning"])
    if not _REASONED.fullmatch(text):
        raise DataError(
            f"row {row['id']}: its reasoning is not of the form <think>…</think><answer>…</answer>:"
            " see viewpoint100k verify, or leave reasoning out with --reasoning-share 0"
        )
    return text


def _rows(
    paths: Sequence[Path], names: list[str], most: int | None, difficulty: tuple[float, float] | None = None
) -> Iterator[dict[str, Any]]:
    """The first ``most`` rows of ``paths`` of that difficulty, with the columns ``names``."""
    left = most
    names = list(dict.fromkeys([*names, *DIFFICULTY_COLUMNS])) if difficulty else names
    for path in paths:
        try:
            with pq.ParquetFile(path) as file:
                missing = sorted(set(names) - set(file.schema_arrow.names))
                if missing:
                    raise DataError(f"{path} lacks the columns {', '.join(missing)}: see viewpoint100k verify")
                for batch in file.iter_batches(_BATCH_ROWS, columns=names):
                    rows = (
                        _of_difficulty(batch.to_pylist(), difficulty)[:left]
                        if difficulty
                        else batch.slice(0, left).to_pylist()
                    )
                    yield from rows
                    left = None if left is None else left - len(rows)
                    if left == 0:
                        return
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{path} cannot be read: {error}") from error


def _of_difficulty(rows: list[dict[str, Any]], limits: tuple[float, float]) -> list[dict[str, Any]]:
    hardness = difficulties(rows).tolist()
    return [row for row, hard in zip(rows, hardness, strict=True) if limits[0] <= hard <= limits[1]]


def _rank(row_id: str) -> int:
    """A pseudo-random number that depends only on the row's id."""
    return int.from_bytes(hashlib.blake2b(row_id.encode(), digest_size=8).digest())
