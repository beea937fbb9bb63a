"""WebDataset: tar shards in which the files of a row share a key.

https://github.com/webdataset/webdataset: successive files whose names agree up to the first dot form one sample; the
rest of the name states the part. A sample must be complete in its shard, so an image of several rows is stored once
for each of them.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import ClassVar

from viewpoint100k.export.files import to_json
from viewpoint100k.export.protocol import Contents, Sample

__all__ = ["WebDataset"]

_ROWS_PER_SHARD = 1_000
"""Rows in one shard: about 100 MB with images of 512 pixels."""


class WebDataset:
    """``<split>-000000.tar`` and so on: ``<split>-<row>.json``, then ``<split>-<row>.0.jpg``, ``.1.jpg``, …"""

    trains: ClassVar[bool] = True

    def __init__(self, folder: Path, contents: Contents) -> None:
        self._folder = folder
        self._split, self._rows, self._shards = "", 0, 0
        self._tar: tarfile.TarFile | None = None

    def refusal(self, sample: Sample) -> str | None:
        return None

    def write(self, sample: Sample) -> None:
        if sample.split != self._split:
            self._end_shard()
            self._split, self._shards = sample.split, 0
        if self._tar is None:
            path = self._folder / f"{self._split}-{self._shards:06d}.tar"
            self._tar = tarfile.open(path, "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115 - closed by _end_shard
            self._shards += 1
        key = f"{sample.split}-{sample.index:08d}"
        about = to_json({**sample.columns, "prompt": sample.prompt, "target": sample.target}).encode()
        self._add(self._tar, f"{key}.json", about)
        for place, content in enumerate(sample.images):
            self._add(self._tar, f"{key}.{place}.jpg", content)
        self._rows += 1
        if self._rows == _ROWS_PER_SHARD:
            self._end_shard()

    @staticmethod
    def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
        """Adds a file with a header without time and owner, so that the same rows give the same bytes."""
        header = tarfile.TarInfo(name)
        header.size = len(content)
        tar.addfile(header, io.BytesIO(content))

    def _end_shard(self) -> None:
        if self._tar is not None:
            self._tar.close()
        self._tar, self._rows = None, 0

    def close(self) -> None:
        self._end_shard()

    @staticmethod
    def first_step(out: Path, contents: Contents) -> str:
        split, rows = next(iter(contents.rows.items()))
        last = max(0, -(-rows // _ROWS_PER_SHARD) - 1)
        shards = "000000" if not last else f"{{000000..{last:06d}}}"
        return f'webdataset.WebDataset("{out}/{split}-{shards}.tar", shardshuffle=False).decode("pil")'
