"""Generates rows of a config while the viewer shows them: the quickest way to try a template or a source."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Condition, Thread
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from viewpoint100k.assets.asset import Downloadable
from viewpoint100k.building.blocks import BlockBuilder, SilentListener
from viewpoint100k.dataset.folder import parquet_options
from viewpoint100k.dataset.schema import arrow_schema
from viewpoint100k.errors import BuildError
from viewpoint100k.plan.config import BuildConfig
from viewpoint100k.plan.planning import make_build_plan
from viewpoint100k.view.row_table import RowTable
from viewpoint100k.view.stored_rows import StoredRows

__all__ = ["GeneratedRows"]

_ROWS_AT_ONCE = 10
"""Rows in a block. A small block shows its first row soon. Types and answers are balanced within a block."""
_AHEAD = 15
"""Number of rows that are generated ahead of the shown row."""
_PATIENCE_S = 60.0
"""Longest wait for the next rows, when the last row is shown."""


class GeneratedRows:
    """Generates rows of a config in a thread of its own, a few ahead of the shown row. Close it after use.

    The rows are in a temporary folder, not in memory. They are generated as in a build, but in smaller blocks. So they
    are of the same kind as the rows of ``viewpoint100k build``, but not the same rows.
    """

    def __init__(self, config: BuildConfig, say: Callable[[str], None]) -> None:
        """``say`` receives a sentence if no more rows can be generated. Raises ``UsageError`` for a bad config."""
        self.name = config.name
        self._plan = make_build_plan(config.model_copy(update={"rows_per_shard": _ROWS_AT_ONCE}))
        self.templates = {
            template.question_type: template.model_dump(mode="json", exclude_none=True)
            for template in self._plan.templates.values()
        }
        self._say = say
        self._folder = Path(tempfile.mkdtemp(prefix="viewpoint100k-view-"))
        (self._folder / "data").mkdir()
        self._changed = Condition()
        self._made: StoredRows | None = None
        self._wanted, self._rows, self._closed = _AHEAD, 0, False
        self._problem: BuildError | None = None
        self._thread = Thread(target=self._work, name="generator", daemon=True)
        self._thread.start()

    @property
    def table(self) -> RowTable:
        """The columns of the rows so far. Waits for the first row. Raises ``BuildError`` if there will be none."""
        return self._stored().table

    def _stored(self) -> StoredRows:
        with self._changed:
            self._changed.wait_for(lambda: self._made is not None or self._problem is not None or self._closed)
            if self._made is None:
                raise self._problem or BuildError("the viewer was closed before the first row was ready")
            return self._made

    def find(self, row_id: str) -> int | None:
        """The place of a row. None if no row has this id, or it does not exist yet."""
        return self._stored().find(row_id)

    def row(self, place: int) -> dict[str, Any]:
        """All columns of a row, and its split. ``images`` contains the encoded files."""
        return self._stored().row(place)

    def ask_for_more(self, place: int) -> None:
        """Requests more rows, because the row at ``place`` is shown."""
        with self._changed:
            self._wanted = max(self._wanted, place + 1 + _AHEAD)
            self._changed.notify_all()

    def wait_for_more(self, rows: int) -> bool:
        """Waits, for a limited time, until there are more than ``rows`` rows. Returns True if there are."""
        with self._changed:
            self._wanted = max(self._wanted, rows + _AHEAD)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._rows > rows or self._problem is not None or self._closed, _PATIENCE_S)
            return self._rows > rows

    def close(self) -> None:
        """Stops the thread and removes the temporary folder."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(timeout=60)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _work(self) -> None:
        source = self._plan.config.open_source()
        builder = BlockBuilder(self._plan, source)
        try:
            if isinstance(source, Downloadable):
                source.download([asset_id for pool in self._plan.layout.pools["train"] for asset_id in pool.assets])
            for shard in (shard for shard in self._plan.layout.shards if shard.split == "train"):
                if not self._wait_until_wanted():
                    break
                self._add(shard.name, [builder.build_block(b, dict, SilentListener())[0] for b in shard.blocks])
        except Exception as error:  # Waiting pages must receive every error.
            self._end(error if isinstance(error, BuildError) else BuildError(f"{type(error).__name__}: {error}"))
        finally:
            builder.close()

    def _wait_until_wanted(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._rows < self._wanted)
            return not self._closed

    def _add(self, name: str, batches: Sequence[pa.RecordBatch]) -> None:
        # Shards are named in the order of generation, so that rows keep their places.
        path = self._folder / "data" / f"{name}.parquet"
        table = pa.Table.from_batches(batches, schema=arrow_schema())
        pq.write_table(table, path, **parquet_options())
        stored = StoredRows(self._folder)
        with self._changed:
            self._made, self._rows = stored, len(stored.table)
            self._changed.notify_all()

    def _end(self, problem: BuildError) -> None:
        with self._changed:
            self._problem = problem
            self._changed.notify_all()
        self._say(f"no more rows: {problem}")
