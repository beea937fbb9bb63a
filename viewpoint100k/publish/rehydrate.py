"""Replaces references in a published data set by photos from the user's own copy, and checks every digest.

The row's source, capture and camera identify a photo. It is read as a build reads it, and used only if its sha256 is
the one in the row. A shard is replaced as a whole or not at all, so the same command continues an interrupted run.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.dataset.folder import ShardEntry, parquet_options
from viewpoint100k.dataset.references import REFERENCES_FILE, digest_of
from viewpoint100k.dataset.schema import arrow_schema
from viewpoint100k.errors import DataError, UsageError
from viewpoint100k.publish.card_edits import rehydrated_card
from viewpoint100k.publish.photo_search import Found, Search, Wanted, open_sources, search
from viewpoint100k.runtime.files import file_sha256, rename_durably, write_atomically

__all__ = ["Rehydrated", "rehydrate"]


@dataclass
class Rehydrated:
    """Counts of photos that were put back, and of those that were not."""

    photos: int = 0
    shards: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    """Number of photos that were not found, by reason code."""
    where: dict[str, str] = field(default_factory=dict)
    """An example capture for each reason code."""


def rehydrate(
    folder: Path,
    roots: Mapping[str, Sequence[Path]],
    *,
    workers: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> Rehydrated:
    """Puts the photos back into ``folder``, a downloaded data set that was published with ``--poses-only``.

    Args:
        roots: the user's folders, by kind of source: ``co3d``, ``mvimgnet``, ``nerf``.
        on_progress: called with the number of finished rows and of all rows.

    Raises ``UsageError`` if the folder of a source is missing, ``DataError`` if photos were not found or have another
    digest. Shards with a missing photo are not changed.
    """
    shards = [path for path in sorted((folder / "data").glob("*.parquet")) if _holds_references(path)]
    done = Rehydrated()
    if not list((folder / "data").glob("*.parquet")):
        raise UsageError(f"{folder} is not a data set: it has no data/*.parquet files")
    if not shards:
        if (folder / REFERENCES_FILE).is_file():  # An earlier run ended after its last shard.
            _finish(folder)
        return done
    for leftover in (folder / "data").glob("*.parquet.*.tmp"):
        leftover.unlink()
    limits = _limits(folder)
    _check_roots(shards, roots)
    progress = _Progress(sum(pq.read_metadata(path).num_rows for path in shards), on_progress)
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=open_sources, initargs=(dict(roots), limits))
    try:
        with pool:
            for path in shards:
                _fill(path, pool, done, progress)
    except BrokenProcessPool as error:
        raise DataError("a process that reads photos died: run the same command again with fewer --workers") from error
    if done.missing:
        raise DataError(_shortfall(folder, done))
    _finish(folder)
    return done


@dataclass
class _Progress:
    total: int
    tell: Callable[[int, int], None] | None
    rows: int = 0

    def advance(self, rows: int) -> None:
        self.rows += rows
        if self.tell is not None:
            self.tell(self.rows, self.total)


def _holds_references(path: Path) -> bool:
    """True if the metadata of a shard says that it holds references."""
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} is not a whole parquet file: download it again") from error
    return b'"_type": "Image"' not in metadata.get(b"huggingface", b"")


def _limits(folder: Path) -> CaptureLimits:
    """The capture limits of the build; with other limits the same photo may give another image."""
    path = folder / REFERENCES_FILE
    if not path.is_file():
        raise UsageError(f"{folder} has no {REFERENCES_FILE}: download the whole data set, not data/ alone")
    try:
        return CaptureLimits(**json.loads(path.read_text(encoding="utf-8"))["captures"])
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is not what viewpoint100k publish wrote: download it again") from error


def _check_roots(shards: Sequence[Path], roots: Mapping[str, Sequence[Path]]) -> None:
    needed = {source for path in shards for source in pq.read_table(path, columns=["source"])["source"].to_pylist()}
    missing = sorted(needed - {kind for kind, given in roots.items() if given})
    if missing:
        options = ", ".join(f"--{kind} DIR" for kind in missing)
        raise UsageError(f"photos of {', '.join(missing)} are needed: give your copy with {options}")


def _fill(path: Path, pool: ProcessPoolExecutor, done: Rehydrated, progress: _Progress) -> None:
    """Replaces one shard if all its photos are found."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        photos = _write_filled(path, temporary, pool, done, progress)
        if photos is not None:
            rename_durably(temporary, path)
            done.photos += photos
            done.shards += 1
    finally:
        temporary.unlink(missing_ok=True)


def _write_filled(
    path: Path, temporary: Path, pool: ProcessPoolExecutor, done: Rehydrated, progress: _Progress
) -> int | None:
    """Writes the shard with its photos; returns their number, or None if any was not found."""
    photos, complete = 0, True
    with (
        pq.ParquetFile(path) as file,
        pq.ParquetWriter(temporary, arrow_schema(), **parquet_options()) as writer,
    ):
        for index in range(file.num_row_groups):
            table = file.read_row_group(index)
            images = _put_back(table, pool, done)
            if images is None:
                complete = False
            elif complete:
                photos += sum(digest_of(image) is not None for row in table["images"].to_pylist() for image in row)
                place = table.schema.get_field_index("images")
                column = pa.array(images, type=arrow_schema().field("images").type)
                filled = table.set_column(place, "images", column).cast(arrow_schema())
                writer.write_table(filled, row_group_size=filled.num_rows)
            progress.advance(table.num_rows)
    return photos if complete else None


def _put_back(table: pa.Table, pool: ProcessPoolExecutor, done: Rehydrated) -> list[list[dict[str, Any]]] | None:
    """The images of these rows; None if any is missing. Counts the missing ones."""
    rows = table.select(["id", "images", "source", "asset_id", "cameras"]).to_pylist()
    searches = _searches(rows)
    found: dict[str, bytes] = {}
    for one, answer in zip(searches, pool.map(search, searches), strict=True):
        found.update(answer.images)
        _count_missing(one, answer, done)
    if any(digest_of(image) not in (None, *found) for row in rows for image in row["images"]):
        return None
    return [[_image(row["id"], place, image, found) for place, image in enumerate(row["images"])] for row in rows]


def _searches(rows: Sequence[dict[str, Any]]) -> list[Search]:
    """One search for each capture."""
    wanted: dict[tuple[str, str], dict[str, Wanted]] = {}
    for row in rows:
        for image, camera in zip(row["images"], row["cameras"], strict=True):
            if digest := digest_of(image):
                of_capture = wanted.setdefault((row["source"], row["asset_id"]), {})
                of_capture[digest] = Wanted(digest, tuple(camera["camera_to_world"]))
    return [Search(*capture, tuple(photos.values())) for capture, photos in wanted.items()]


def _image(row_id: str, place: int, image: dict[str, Any], found: Mapping[str, bytes]) -> dict[str, Any]:
    """The image as a build writes it. An image that is not a reference is unchanged."""
    digest = digest_of(image)
    return image if digest is None else {"bytes": found[digest], "path": f"{row_id}_{place}.jpg"}


def _count_missing(one: Search, answer: Found, done: Rehydrated) -> None:
    if answer.fatal:
        raise UsageError(answer.fatal)
    missing = sum(wanted.digest not in answer.images for wanted in one.photos)
    if missing:
        done.missing[answer.reason] += missing
        done.where.setdefault(answer.reason, f"{one.source} {one.asset_id}")


def _shortfall(folder: Path, done: Rehydrated) -> str:
    reasons = ", ".join(f"{n:,} {reason} (such as {done.where[reason]})" for reason, n in done.missing.most_common())
    hint = ""
    if "photo_differs" in done.missing:
        hint = "; photos that were scaled or undistorted need the versions that the card lists"
    return (
        f"{done.missing.total():,} photos of {folder} could not be put back: {reasons}{hint}: "
        "complete your copy, and run the same command again"
    )


def _finish(folder: Path) -> None:
    """Rewrites the card for a folder without references."""
    shards = tuple(_entries(folder))
    card = folder / "README.md"
    if card.is_file():
        write_atomically(card, rehydrated_card(card.read_text(encoding="utf-8"), shards).encode())
    (folder / REFERENCES_FILE).unlink()


def _entries(folder: Path) -> Iterator[ShardEntry]:
    for path in sorted((folder / "data").glob("*.parquet")):
        rows = pq.read_metadata(path).num_rows
        split = path.name.partition("-")[0]
        yield ShardEntry(f"data/{path.name}", split, rows, path.stat().st_size, file_sha256(path))
