"""The data set on disk: blocks that become shards, and the manifest. Every file is written atomically.

A block is an Arrow IPC file under ``.build/blocks``. A shard is a parquet file under ``data`` with one row group per
block. Both are written under a temporary name, flushed and renamed, so that a file under its final name is complete.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from viewpoint100k.dataset.digests import Digests, RowHasher, combined
from viewpoint100k.dataset.schema import arrow_schema
from viewpoint100k.errors import DataError
from viewpoint100k.plan.layout import Block, Shard
from viewpoint100k.runtime.files import file_sha256, rename_durably, write_atomically

__all__ = [
    "DatasetFolder",
    "Manifest",
    "ShardEntry",
    "manifest_digest",
    "parquet_options",
    "stored_manifest_digest",
    "stored_row_digests",
]


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

    root: Path

    @property
    def build(self) -> Path:
        """Folder of the resolved config, manifest, drop and quarantine records, and logs. ``publish`` leaves it out."""
        return self.root / ".build"

    @property
    def manifest(self) -> Path:
        return self.build / "manifest.json"

    @property
    def card(self) -> Path:
        return self.root / "README.md"

    def shard_path(self, shard: Shard) -> Path:
        return self.root / "data" / f"{shard.name}.parquet"

    def shard_record(self, shard: Shard) -> Path:
        """Path of the shard's manifest entry and its counts of dropped candidates; written after the shard."""
        return self.build / "shards" / f"{shard.name}.json"

    def block_path(self, block: Block) -> Path:
        return self.build / "blocks" / f"{block.name}.arrow"

    def make_folders(self) -> None:
        for folder in ("data", ".build/shards", ".build/blocks", ".build/quarantine", ".build/logs"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)

    def write_block(self, block: Block, batch: pa.RecordBatch, record: dict[str, Any]) -> None:
        """Stores a finished block and its record."""
        path = self.block_path(block)
        write_atomically(path.with_suffix(".json"), json.dumps(record, sort_keys=True).encode())
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, batch.schema) as writer:
            writer.write_batch(batch)
        write_atomically(path, sink.getvalue())

    def has_block(self, block: Block) -> bool:
        return self.block_path(block).exists()

    def has_shard(self, shard: Shard) -> bool:
        """True if the shard is finished: it is in the manifest, and its file has the size stated there.

        Raises ``DataError`` if the shard was recorded but its file is missing or has changed.
        """
        record = self.shard_record(shard)
        if not record.exists():
            return False
        entry = self.read_entry(shard)
        path = self.shard_path(shard)
        if not path.exists() or path.stat().st_size != entry.bytes:
            raise DataError(
                f"{path} is missing or changed since it was finished: put it back, or delete {record} to rebuild it"
            )
        return True

    def read_entry(self, shard: Shard) -> ShardEntry:
        return ShardEntry(**json.loads(self.shard_record(shard).read_text())["entry"])

    def read_digests(self, shard: Shard) -> Digests:
        """Digests of the rows of a finished shard."""
        return Digests(**json.loads(self.shard_record(shard).read_text())["digests"])

    def assemble(self, shard: Shard) -> ShardEntry:
        """Joins the blocks of a shard into its file, records it, and removes the blocks."""
        path = self.shard_path(shard)
        temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        hasher = RowHasher()
        with pq.ParquetWriter(temporary, arrow_schema(), **parquet_options()) as writer:
            for block in shard.blocks:
                with pa.memory_map(str(self.block_path(block))) as source:
                    table = pa.ipc.open_file(source).read_all()
                    hasher.add_batch(table)
                    writer.write_table(table, row_group_size=block.rows)
        digest = file_sha256(temporary)
        rename_durably(temporary, path)
        entry = ShardEntry(f"data/{path.name}", shard.split, shard.rows, path.stat().st_size, digest)
        records = [json.loads(self.block_path(b).with_suffix(".json").read_text()) for b in shard.blocks]
        content = {"entry": asdict(entry), "digests": asdict(hasher.digests()), "blocks": records}
        write_atomically(self.shard_record(shard), json.dumps(content, sort_keys=True).encode())
        for block in shard.blocks:
            self.block_path(block).unlink()
            self.block_path(block).with_suffix(".json").unlink()
        return entry

    def write_manifest(
        self, config_digest: str, shards: Sequence[Shard], same_objects: Sequence[Sequence[str]] = ()
    ) -> Manifest:
        """Writes the manifest: every shard, in order, with the digests of all rows.

        ``same_objects``: groups of assets that are near duplicates and share a split.
        """
        entries = [self.read_entry(shard) for shard in shards]
        by_shard = {entry.path: self.read_digests(shard) for entry, shard in zip(entries, shards, strict=True)}
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
        """Deletes the temporary files of a killed build."""
        for folder in (self.root, self.root / "data", self.build, self.build / "blocks", self.build / "shards"):
            for leftover in folder.glob("*.tmp"):
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


def _empty_parquet() -> pa.BufferReader:
    sink = pa.BufferOutputStream()
    pq.write_table(arrow_schema().empty_table(), sink)
    return pa.BufferReader(sink.getvalue())


def stored_manifest_digest(folder: Path) -> str | None:
    """The digest stated in the folder's manifest; None if there is no readable manifest."""
    path = Path(folder) / ".build" / "manifest.json"
    if not path.is_file():
        return None
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["digest"])
    except (ValueError, KeyError, TypeError):
        return None


def stored_row_digests(folder: Path) -> Digests | None:
    """The digests of all rows stated in the folder's manifest; None if it states none that can be read."""
    try:
        rows = json.loads((Path(folder) / ".build" / "manifest.json").read_text(encoding="utf-8"))["rows"]
        return Digests(str(rows["numbers"]), str(rows["content"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
