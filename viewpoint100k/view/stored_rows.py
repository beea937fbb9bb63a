"""The rows of a finished set for a viewer: an index of all rows, and each row when it is shown."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from viewpoint100k.check.labels.forms import form_of
from viewpoint100k.dataset.difficulty import NESTED_COLUMNS, features, score, traits_of_table
from viewpoint100k.errors import DataError, UsageError
from viewpoint100k.view.row_table import RowTable, table_of

__all__ = ["StoredRows", "row_table", "set_paths"]

_COLUMNS = [*("id", "category", "source", "template"), *NESTED_COLUMNS]
_BATCHES_KEPT = 3
"""Number of runs of rows whose images stay in memory, for steps back and forth."""
_BATCH_ROWS = 25


@dataclass(frozen=True)
class _Place:
    """A row group of a file."""

    path: Path
    group: int
    rows: int
    """Number of rows in the row group."""


class StoredRows:
    """The rows of a data set folder. Images are read in runs of a few rows, and few runs stay in memory."""

    def __init__(self, folder: Path, split: str | None = None) -> None:
        """``split``: the only split to show. Raises ``UsageError`` if the set or the split does not exist."""
        self.folder = Path(folder)
        self.name = self.folder.resolve().name
        self._paths = set_paths(self.folder, split)
        self._lock = Lock()
        # Another thread reads the index while the rest of the viewer starts.
        reader = ThreadPoolExecutor(1, "index")
        self._table = reader.submit(row_table, self._paths)
        reader.shutdown(wait=False)
        self._runs: OrderedDict[tuple[int, int], list[dict[str, Any]]] = OrderedDict()

    @property
    def table(self) -> RowTable:
        """The columns of all rows by which one can filter. Raises ``DataError`` if a file cannot be read."""
        return self._table.result()

    @cached_property
    def _groups(self) -> list[_Place]:
        return [
            _Place(path, group, footer.row_group(group).num_rows)
            for path in self._paths
            for footer in [_footer(path)]
            for group in range(footer.num_row_groups)
        ]

    @cached_property
    def _starts(self) -> Any:
        return np.cumsum([0, *(group.rows for group in self._groups)])

    def find(self, row_id: str) -> int | None:
        """The place of a row. None if no row has this id."""
        return self._places.get(row_id)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {row_id: place for place, row_id in enumerate(self.table.ids)}

    def row(self, place: int) -> dict[str, Any]:
        """All columns of a row, and its split. ``images`` contains the encoded files."""
        which = int(np.searchsorted(self._starts, place, side="right")) - 1
        run, within = divmod(place - int(self._starts[which]), _BATCH_ROWS)
        with self._lock:
            key = which, run
            if key not in self._runs:
                self._runs[key] = _read_run(self._groups[which], run)
                while len(self._runs) > _BATCHES_KEPT:
                    self._runs.popitem(last=False)
            self._runs.move_to_end(key)
            return self._runs[key][within]

    def ask_for_more(self, place: int) -> None:
        """Does nothing, because a finished set is complete."""

    def wait_for_more(self, rows: int) -> bool:
        """Returns True if there are more than ``rows`` rows, without waiting."""
        return len(self.table) > rows


def set_paths(folder: Path, split: str | None = None) -> list[Path]:
    """The files of a set, or of one split. Files of the test split come first.

    Raises ``UsageError`` if there are none.
    """
    paths = sorted((folder / "data").glob("*.parquet"), key=lambda path: (not path.name.startswith("test"), path.name))
    if not paths:
        raise UsageError(f"{folder} is not a data set: it has no data/*.parquet files")
    chosen = [path for path in paths if split is None or _split_of(path) == split]
    if not chosen:
        known = ", ".join(sorted({_split_of(path) for path in paths}))
        raise UsageError(f"{folder} has no split {split!r}: give --split {known}")
    return chosen


def row_table(paths: list[Path]) -> RowTable:
    """The columns by which one can filter, of all rows of ``paths`` in order."""
    tables = []
    for path in paths:
        try:
            with pq.ParquetFile(path) as file:
                found = file.read(columns=_COLUMNS)
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{path} cannot be read ({error}): run viewpoint100k verify on the folder") from error
        missing = sorted({name.partition(".")[0] for name in _COLUMNS} - set(found.column_names))
        if missing:
            raise DataError(f"{path} lacks the columns {', '.join(missing)}: see viewpoint100k verify")
        tables.append(found)
    table = pa.concat_tables(tables).combine_chunks()
    traits = traits_of_table(table)
    templates = _whole(table["template"]).dictionary_encode()
    forms = pa.array([form_of(template) or "as it is" for template in templates.dictionary.to_pylist()], pa.string())
    splits = pa.array([_split_of(path) for path in paths], pa.string())
    categories = {
        "type": _whole(table["question_type"]),
        "category": _whole(table["category"]),
        "source": _whole(table["source"]),
        "split": splits.take(pa.array(np.repeat(np.arange(len(paths)), [len(part) for part in tables]))),
        "form": forms.take(templates.indices),
    }
    numbers = {
        "angle": traits.angle_deg,
        "margin": traits.margin,
        "answerability": traits.answerability,
        "difficulty": score(features(traits)),
    }
    return table_of(table["id"].to_pylist(), categories, numbers)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """A column as one array."""
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _split_of(path: Path) -> str:
    return path.name.split("-")[0]


def _footer(path: Path) -> pq.FileMetaData:
    try:
        return pq.read_metadata(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read ({error}): run viewpoint100k verify on the folder") from error


def _read_run(group: _Place, run: int) -> list[dict[str, Any]]:
    try:
        with pq.ParquetFile(group.path) as file:
            rows = file.read_row_group(group.group, use_threads=False)
            some = rows.slice(run * _BATCH_ROWS, _BATCH_ROWS).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{group.path} cannot be read ({error}): run viewpoint100k verify on the folder") from error
    split = _split_of(group.path)
    return [row | {"images": [image["bytes"] for image in row["images"]], "split": split} for row in some]
