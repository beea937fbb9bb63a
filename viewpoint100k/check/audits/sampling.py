"""Reads a data set once, without its images: a sample of limited size, and counts over all rows."""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from viewpoint100k.check.audits.framing import FramingRows
from viewpoint100k.check.audits.problems import SampledRow, read_row
from viewpoint100k.check.audits.results import AuditSettings
from viewpoint100k.check.labels.definitions import Definition, definitions_of
from viewpoint100k.check.labels.from_options import QUANTITIES
from viewpoint100k.errors import DataError, UsageError
from viewpoint100k.geometry.row_cameras import StoredPair, read_camera

__all__ = ["Sample", "read_images", "take_sample"]

_COLUMNS = [
    *("id", "source", "asset_id", "category", "group", "question_type", "template", "question", "options"),
    *("answer", "answer_text", "answer_value", "relative", "cameras", "object_center", "object_radius"),
]


@dataclass
class Sample:
    """The sampled rows, in the order of a hash of their ids, and counts over all rows."""

    paths: tuple[Path, ...]
    rows: list[SampledRow] = field(default_factory=list)
    with_images: list[int] = field(default_factory=list)
    """Indices into ``rows`` of the rows whose images are read."""
    total: int = 0
    answers: dict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Meanings of the right answers, by (question type, stratum)."""
    offered: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Meanings of the options shown, by stratum."""
    by_group: dict[str, dict[str, str]] = field(default_factory=dict)
    """Group -> question type -> meaning, for a sample of the groups."""
    directions: Counter[tuple[str, ...]] = field(default_factory=Counter)
    """For sampled rows, the signs of all quantities that the cameras define, in the order of QUANTITIES."""
    framing: FramingRows = field(default_factory=FramingRows)
    """Where the cameras of all rows place the object in the frame."""
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    """Question types by name."""


def take_sample(folder: Path, settings: AuditSettings) -> Sample:
    """Reads every row once and keeps the rows with the smallest hashes of id and seed.

    Raises ``UsageError`` if the folder is not a data set, ``DataError`` if a shard cannot be read.
    """
    paths = tuple(sorted((folder / "data").glob("*.parquet")))
    if not paths:
        raise UsageError(f"{folder} is not a data set: it has no data/*.parquet files")
    sample = Sample(paths)
    looked_at = _image_row_groups(paths, settings)
    texts: list[tuple[int, SampledRow]] = []
    images: list[tuple[int, SampledRow]] = []
    definitions = definitions_of(folder)
    sample.definitions = {**definitions, **{f"{kind}@yes_no": one for kind, one in definitions.items()}}
    for row in _rows(paths, definitions):
        rank = _rank(row.id, settings.seed)
        _keep(texts, (-rank, row), settings.max_text_rows)
        if row.place[:2] in looked_at:
            _keep(images, (-rank, row), settings.max_rows)
        _count(sample, row, settings)
    kept = {row.id: (rank, row) for rank, row in texts + images}
    sample.rows = [row for _, row in sorted(kept.values(), key=lambda item: (-item[0], item[1].id))]
    chosen = {row.id for _, row in images}
    sample.with_images = [place for place, row in enumerate(sample.rows) if row.id in chosen]
    for row in sample.rows:
        _count_directions(sample, row)
    return sample


def read_images(sample: Sample) -> Iterator[list[tuple[SampledRow, list[dict[str, Any]]]]]:
    """Yields the rows whose images are read, with their images, one row group at a time."""
    wanted: dict[tuple[int, int], list[SampledRow]] = defaultdict(list)
    for place in sample.with_images:
        row = sample.rows[place]
        wanted[row.place[:2]].append(row)
    for (file_index, group), rows in sorted(wanted.items()):
        with _open(sample.paths[file_index]) as file:
            images = file.read_row_group(group, columns=["images"]).column("images")
            yield [(row, images[row.place[2]].as_py()) for row in rows]


def _open(path: Path) -> Any:
    import pyarrow as pa

    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def _rows(paths: tuple[Path, ...], definitions: Mapping[str, Definition]) -> Iterator[SampledRow]:
    for file_index, path in enumerate(paths):
        with _open(path) as file:
            missing = sorted(set(_COLUMNS) - set(file.schema_arrow.names))
            if missing:
                raise DataError(
                    f"{path} lacks the columns {', '.join(missing)}: run viewpoint100k verify on the folder"
                )
            for group in range(file.num_row_groups):
                for place, row in enumerate(file.read_row_group(group, columns=_COLUMNS).to_pylist()):
                    yield read_row(row, (file_index, group, place), definitions)


def _image_row_groups(paths: tuple[Path, ...], settings: AuditSettings) -> set[tuple[int, int]]:
    """The row groups from which images may be read, ranked by a hash of their names."""
    groups = []
    for file_index, path in enumerate(paths):
        with _open(path) as file:
            groups += [
                (_rank(f"{path.name}#{group}", settings.seed), file_index, group)
                for group in range(file.num_row_groups)
            ]
    return {(file_index, group) for _, file_index, group in sorted(groups)[: settings.max_row_groups]}


def _keep(heap: list[tuple[int, SampledRow]], item: tuple[int, SampledRow], most: int) -> None:
    if len(heap) < most:
        heapq.heappush(heap, item)
    elif item[0] > heap[0][0]:
        heapq.heapreplace(heap, item)


def _rank(name: str, seed: int) -> int:
    return int.from_bytes(hashlib.blake2b(f"{seed}\x1f{name}".encode(), digest_size=8).digest())


def _count(sample: Sample, row: SampledRow, settings: AuditSettings) -> None:
    sample.total += 1
    if settings.look_at_framing:
        sample.framing.add(row)
    sample.answers[row.question_type, row.stratum][row.meaning] += 1
    sample.offered[row.stratum].update(row.option_meanings)
    known = row.group in sample.by_group
    if known or len(sample.by_group) < settings.max_text_rows:
        sample.by_group.setdefault(row.group, {})[row.question_type] = row.meaning


def _count_directions(sample: Sample, row: SampledRow) -> None:
    """Counts the sign of every quantity of a row's cameras; skips rows for which one is undefined."""
    try:
        first, second = (read_camera(camera) for camera in row.cameras[:2])
        center = (row.object_center[0], row.object_center[1], row.object_center[2])
        pair = StoredPair(first, second, center, row.object_radius)
        signs = tuple(q.positive if q.measure(pair) > 0 else q.negative for q in QUANTITIES.values())
    except (ValueError, IndexError):
        return
    sample.directions[signs] += 1
