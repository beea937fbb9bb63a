"""The data set on disk: blocks that become shards, and the manifest. Every file is written atomically.

A block is an Arrow IPC file under ``.build/blocks``. A shard is a parquet file under ``data`` with one row group per
block. Both are written under a temporary name, flushed and renamed, so that a file under its final name is complete.

A data set may be in an object store. Blocks are then in a work folder of the machine that makes them; shards and their
records are uploaded, and an object appears in the store when it is whole.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.fs as pa_fs
import pyarrow.parquet as pq

from viewpoint100k.dataset.digests import Digests, RowHasher, combined
from viewpoint100k.dataset.schema import arrow_schema
from viewpoint100k.errors import DataError
from viewpoint100k.plan.layout import Block, Shard
from viewpoint100k.runtime.files import file_sha256, write_atomically, written_atomically
from viewpoint100k.runtime.storage import Location, StorePath, file_sizes

__all__ = [
    "DatasetFolder",
    "Manifest",
    "ShardEntry",
    "manifest_digest",
    "open_parquet",
    "parquet_options",
    "stored_manifest_digest",
    "stored_row_digests",
]

_READ_AT_ONCE = 16
"""Records that are requested from an object store at the same time."""


@dataclass(frozen=True)
class ShardEntry:
    """A finished shard, as the manifest lists it."""

    path: str
    """Relative to the data set folder, with forward slashes."""
    split: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The manifest's digests of the whole data set."""

    digest: str
    """Digest of the files, see `manifest_digest`."""
    rows: Digests
    """Digests of the rows' content, independent of the version of the parquet writer."""


@dataclass(frozen=True)
class DatasetFolder:
    """The paths of one data set's files."""

    root: Location
    work: Path | None = None
    """Work folder on this machine, where ``root`` is in an object store."""

    @property
    def build(self) -> Location:
        """Folder of the resolved config, manifest, and drop records. ``publish`` leaves it out."""
        return self.root / ".build"

    @property
    def local(self) -> Path:
        """The folder on this machine that holds `local_build`: the work folder, or else the data set's own."""
        if self.work is not None:
            return self.work
        assert isinstance(self.root, Path), "a data set in an object store is built by way of a work folder"
        return self.root

    @property
    def local_build(self) -> Path:
        """Folder on this machine of blocks, quarantine list, locks and logs."""
        return self.local / ".build"

    @property
    def manifest(self) -> Location:
        return self.build / "manifest.json"

    @property
    def card(self) -> Location:
        return self.root / "README.md"

    def shard_path(self, shard: Shard) -> Location:
        return self.root / "data" / f"{shard.name}.parquet"

    def shard_record(self, shard: Shard) -> Location:
        """Path of the shard's manifest entry and its counts of dropped candidates; written after the shard."""
        return self.build / "shards" / f"{shard.name}.json"

    def block_path(self, block: Block) -> Path:
        return self.local_build / "blocks" / f"{block.name}.arrow"

    def make_folders(self) -> None:
        for folder in ("data", ".build/shards"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        for folder in ("blocks", "quarantine", "logs"):
            (self.local_build / folder).mkdir(parents=True, exist_ok=True)

    def write_block(self, block: Block, batch: pa.RecordBatch, record: dict[str, Any]) -> None:
        """Stores a finished block and its record."""
        path = self.block_path(block)
        write_atomically(path.with_suffix(".json"), json.dumps(record, sort_keys=True).encode())
        with (
            written_atomically(path) as temporary,
            pa.OSFile(str(temporary), "wb") as file,
            pa.ipc.new_file(file, batch.schema) as writer,
        ):
            writer.write_batch(batch)

    def has_block(self, block: Block) -> bool:
        return self.block_path(block).exists()

    def finished(self, shards: Iterable[Shard]) -> list[Shard]:
        """The finished shards: those that have a record, and whose file has the size stated there.

        Raises ``DataError`` if a shard was recorded but its file is missing or has changed.
        """
        recorded, stored = file_sizes(self.build / "shards"), file_sizes(self.root / "data")
        found = [shard for shard in shards if self.shard_record(shard).name in recorded]
        for shard, record in zip(found, self.records(found), strict=True):
            path = self.shard_path(shard)
            if stored.get(path.name) != record["entry"]["bytes"]:
                raise DataError(
                    f"{path} is missing or changed since it was finished: put it back, or delete "
                    f"{self.shard_record(shard)} to rebuild it"
                )
        return found

    def records(self, shards: Iterable[Shard]) -> Iterator[dict[str, Any]]:
        """The records of finished shards, in order: ``entry``, ``digests`` and ``blocks``."""
        with ThreadPoolExecutor(_READ_AT_ONCE) as pool:
            yield from pool.map(self._record, shards)

    def _record(self, shard: Shard) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.shard_record(shard).read_text())
        return content

    def assemble(self, shard: Shard) -> ShardEntry:
        """Joins the blocks of a shard into its file, records it, and removes the blocks."""
        path = self.shard_path(shard)
        hasher = RowHasher()
        records = [json.loads(self.block_path(b).with_suffix(".json").read_text()) for b in shard.blocks]
        with written_atomically(path, self.work) as temporary:
            with pq.ParquetWriter(temporary, arrow_schema(), **parquet_options()) as writer:
                for block in shard.blocks:
                    with pa.memory_map(str(self.block_path(block))) as source:
                        table = pa.ipc.open_file(source).read_all()
                        hasher.add_batch(table)
                        writer.write_table(table, row_group_size=block.rows)
                    if self.work is not None:  # The disk of this machine may have room for little more than a shard.
                        self.block_path(block).unlink()
            size, digest = temporary.stat().st_size, file_sha256(temporary)
        entry = ShardEntry(f"data/{path.name}", shard.split, shard.rows, size, digest)
        content = {"entry": asdict(entry), "digests": asdict(hasher.digests()), "blocks": records}
        write_atomically(self.shard_record(shard), json.dumps(content, sort_keys=True).encode())
        for block in shard.blocks:
            self.block_path(block).unlink(missing_ok=True)
            self.block_path(block).with_suffix(".json").unlink()
        return entry

    def write_manifest(
        self, config_digest: str, shards: Sequence[Shard], same_objects: Sequence[Sequence[str]] = ()
    ) -> Manifest:
        """Writes the manifest: every shard, in order, with the digests of all rows.

        ``same_objects``: groups of assets that are near duplicates and share a split.
        """
        entries, by_shard = list[ShardEntry](), dict[str, Digests]()
        for record in self.records(shards):
            entries.append(ShardEntry(**record["entry"]))
            by_shard[entries[-1].path] = Digests(**record["digests"])
        manifest = Manifest(manifest_digest(entries), combined(by_shard))
        content = {
            "config": config_digest,
            "digest": manifest.digest,
            "rows": asdict(manifest.rows) | {"shards": {path: asdict(one) for path, one in by_shard.items()}},
            "files": [asdict(entry) for entry in entries],
            "same_objects": [list(group) for group in same_objects],
        }
        write_atomically(self.manifest, (json.dumps(content, indent=2) + "\n").encode())
        return manifest

    def remove_unfinished(self) -> None:
        """Deletes the temporary files of a killed build on this machine."""
        build = self.local_build
        for folder in (self.local, self.local / "data", build, build / "blocks", build / "shards"):
            for leftover in folder.glob("*.tmp"):
                if leftover.is_dir():
                    shutil.rmtree(leftover)
                else:
                    leftover.unlink()


def manifest_digest(entries: Iterable[ShardEntry]) -> str:
    """16 hexadecimal digits that change if any file of the data set changes."""
    text = "\n".join(f"{entry.path} {entry.sha256}" for entry in entries)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def parquet_options() -> dict[str, Any]:
    """Parquet options: JPEG bytes uncompressed, all else zstd, and a page index, which the Hub's viewer reads."""
    return {
        "compression": {"images.list.element.bytes": "none"} | dict.fromkeys(_leaf_columns(), "zstd"),
        "use_dictionary": [leaf for leaf in _leaf_columns() if leaf != "images.list.element.path"],
        "write_page_index": True,
        "store_schema": True,
    }


def _leaf_columns() -> list[str]:
    """Every leaf path of the schema except the images' bytes."""
    paths = pq.ParquetFile(_empty_parquet()).schema
    names = [paths.column(i).path for i in range(len(paths))]
    return [name for name in names if name != "images.list.element.bytes"]


def open_parquet(path: Location, **options: Any) -> pq.ParquetFile:
    """Opens a parquet file. Columns that are not asked for are not read, also from an object store."""
    if isinstance(path, StorePath):
        files = pa_fs.PyFileSystem(pa_fs.FSSpecHandler(path.store))
        return pq.ParquetFile(str(path.path), filesystem=files, **options)
    return pq.ParquetFile(path, **options)


def _empty_parquet() -> pa.BufferReader:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_batches([], schema=arrow_schema()), sink)
    return pa.BufferReader(sink.getvalue())


def stored_manifest_digest(folder: Location) -> str | None:
    """The digest stated in the folder's manifest; None if there is no readable manifest."""
    path = folder / ".build" / "manifest.json"
    if not path.is_file():
        return None
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["digest"])
    except (ValueError, KeyError, TypeError):
        return None


def stored_row_digests(folder: Location) -> Digests | None:
    """The digests of all rows stated in the folder's manifest; None if it states none that can be read."""
    try:
        rows = json.loads((folder / ".build" / "manifest.json").read_text(encoding="utf-8"))["rows"]
        return Digests(str(rows["numbers"]), str(rows["content"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
