"""Arranges rows for publishing: unchanged, sorted by licence, or with references in place of some photos.

Unchanged rows stay in the shards of their build. Otherwise new shards are written to ``.build/published`` in the same
layout, so that a user who downloads them can verify them.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from viewpoint100k.dataset.folder import ShardEntry, parquet_options
from viewpoint100k.dataset.references import reference_schema, with_references
from viewpoint100k.dataset.schema import arrow_schema
from viewpoint100k.plan.layout import ROWS_PER_BLOCK
from viewpoint100k.publish.terms import AssetTerms
from viewpoint100k.runtime.files import file_sha256, write_atomically

__all__ = ["Form", "Group", "arrange"]

_KEY_COLUMNS = ["source", "license"]


@dataclass(frozen=True, order=True)
class Group:
    """Rows that are published as one config."""

    references: bool
    """True if references replace their images."""
    license: str
    """The licence of all its rows if rows are sorted by licence; else empty."""

    @property
    def name(self) -> str:
        """Name of the config."""
        return "references" if self.references else self.license.lower() or "default"


@dataclass(frozen=True)
class Form:
    """The shards to publish, by group."""

    root: Path
    """The folder that the shards' paths are relative to."""
    groups: Mapping[Group, tuple[ShardEntry, ...]]
    """Groups in order: rows with images first, rows with references last."""

    @property
    def shards(self) -> tuple[ShardEntry, ...]:
        """All shards, in the order of the manifest: by group, training rows first."""
        listed = [shard for shards in self.groups.values() for shard in shards]
        return tuple(sorted(listed, key=lambda shard: (shard.split != "train", shard.split, shard.path)))

    @property
    def has_references(self) -> bool:
        return any(group.references for group in self.groups)


def arrange(
    folder: Path,
    built: Sequence[ShardEntry],
    terms: Sequence[AssetTerms],
    as_references: Sequence[AssetTerms],
    *,
    split_by_license: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> Form:
    """Arranges the shards ``built`` in ``folder`` for publishing. Writes new shards only if rows must be regrouped.

    Photos of ``as_references`` are replaced by references. Shards that an earlier call wrote are reused.
    """
    bare = {(asset.source, asset.license) for asset in as_references}
    group_of: dict[tuple[str, str], Group] = {}
    for kind in {(asset.source, asset.license) for asset in terms}:
        by_license = split_by_license and kind not in bare
        group_of[kind] = Group(references=kind in bare, license=kind[1] if by_license else "")
    groups = sorted(set(group_of.values()))
    if len(groups) == 1 and not groups[0].references:
        return Form(folder, {groups[0]: tuple(built)})
    root = folder / ".build" / "published"
    key = _key(built, group_of)
    if (known := _read_form(root, key)) is not None:
        return known
    shutil.rmtree(root, ignore_errors=True)
    (root / "data").mkdir(parents=True)
    written = _write_shards(folder, root, built, group_of, on_progress or (lambda done, total: None))
    content = [[asdict(group), [asdict(shard) for shard in written[group]]] for group in groups]
    write_atomically(root / "form.json", json.dumps({"key": key, "groups": content}, indent=2).encode())
    return Form(root, {group: tuple(written[group]) for group in groups})


def _key(built: Sequence[ShardEntry], group_of: Mapping[tuple[str, str], Group]) -> str:
    """A digest of everything that determines the written shards."""
    content = [[shard.sha256 for shard in built], sorted((*key, *asdict(g).values()) for key, g in group_of.items())]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _read_form(root: Path, key: str) -> Form | None:
    """The form that an earlier call wrote; None if it had another key or its shards have changed."""
    path = root / "form.json"
    if not path.is_file():
        return None
    content = json.loads(path.read_text())
    if content["key"] != key:
        return None
    groups = {Group(**group): tuple(ShardEntry(**shard) for shard in shards) for group, shards in content["groups"]}
    form = Form(root, groups)
    whole = all(
        (root / shard.path).is_file() and file_sha256(root / shard.path) == shard.sha256 for shard in form.shards
    )
    return form if whole else None


def _write_shards(
    folder: Path,
    root: Path,
    built: Sequence[ShardEntry],
    group_of: Mapping[tuple[str, str], Group],
    on_progress: Callable[[int, int], None],
) -> dict[Group, list[ShardEntry]]:
    """Reads all rows once, in the order of the build, and passes each to the writer of its group and split."""
    writers = _open_writers(folder, root, built, group_of)
    done, total = 0, sum(shard.rows for shard in built)
    for shard in built:
        for table, keys in _row_groups(folder / shard.path):
            belongs = [group_of[key] for key in keys]
            for group in sorted(set(belongs)):
                mine = table.filter(pa.array([one == group for one in belongs]))
                writers[shard.split, group].add(with_references(mine) if group.references else mine)
            done += table.num_rows
            on_progress(done, total)
    written: dict[Group, list[ShardEntry]] = {}
    for (_, group), writer in writers.items():
        written.setdefault(group, []).extend(writer.close())
    return written


def _open_writers(
    folder: Path, root: Path, built: Sequence[ShardEntry], group_of: Mapping[tuple[str, str], Group]
) -> dict[tuple[str, Group], _ShardWriter]:
    """Makes a writer for each group and split. Shard numbers run through all groups of a split, in order."""
    writers = {}
    for split in dict.fromkeys(shard.split for shard in built):
        shards = [shard for shard in built if shard.split == split]
        counts: Counter[Group] = Counter()
        for shard in shards:
            counts.update(group_of[key] for key in _keys(pq.read_table(folder / shard.path, columns=_KEY_COLUMNS)))
        limit = max(shard.rows for shard in shards)
        needed = {group: math.ceil(counts[group] / limit) for group in sorted(counts)}
        total, first = sum(needed.values()), 0
        for group, number in needed.items():
            names = [f"data/{split}-{first + i:05d}-of-{total:05d}.parquet" for i in range(number)]
            writers[split, group] = _ShardWriter(root, names, split, limit, group.references)
            first += number
    return writers


def _row_groups(path: Path) -> Iterator[tuple[pa.Table, list[tuple[str, str]]]]:
    with pq.ParquetFile(path) as file:
        for index in range(file.num_row_groups):
            table = file.read_row_group(index)
            yield table, _keys(table)


def _keys(table: pa.Table) -> list[tuple[str, str]]:
    """Source and licence of each row."""
    return list(zip(*(table.column(name).to_pylist() for name in _KEY_COLUMNS), strict=True))


class _ShardWriter:
    """Writes the rows of one group and split in shards of at most ``limit`` rows, with the row groups of a build."""

    def __init__(self, root: Path, names: Sequence[str], split: str, limit: int, references: bool) -> None:
        self._root, self._names, self._split, self._limit = root, list(names), split, limit
        self._schema = reference_schema() if references else arrow_schema()
        self._waiting: list[pa.Table] = []
        self._writer: pq.ParquetWriter | None = None
        self._rows = 0
        """Rows written to the current shard."""
        self._entries: list[ShardEntry] = []

    def add(self, table: pa.Table) -> None:
        """Adds rows and writes every full row group."""
        self._waiting.append(table)
        while sum(one.num_rows for one in self._waiting) >= self._room():
            self._write(self._room())

    def close(self) -> list[ShardEntry]:
        """Writes the remaining rows and returns all shards."""
        if rest := sum(one.num_rows for one in self._waiting):
            self._write(rest)
        self._finish()
        assert len(self._entries) == len(self._names), "the shards are not as many as were counted"
        return self._entries

    def _room(self) -> int:
        return min(ROWS_PER_BLOCK, self._limit - self._rows)

    def _write(self, rows: int) -> None:
        waiting = pa.concat_tables(self._waiting)
        if self._writer is None:
            options: dict[str, Any] = parquet_options()
            self._writer = pq.ParquetWriter(self._path(), self._schema, **options)
        self._writer.write_table(waiting.slice(0, rows).cast(self._schema), row_group_size=rows)
        self._waiting = [waiting.slice(rows)]
        self._rows += rows
        if self._rows == self._limit:
            self._finish()

    def _path(self) -> Path:
        return self._root / self._names[len(self._entries)]

    def _finish(self) -> None:
        if self._writer is None:
            return
        self._writer.close()
        path = self._path()
        name = self._names[len(self._entries)]
        self._entries.append(ShardEntry(name, self._split, self._rows, path.stat().st_size, file_sha256(path)))
        self._writer, self._rows = None, 0
