"""Digests of the rows' content that do not depend on the version of the parquet writer. Used to compare two builds.

Each row is written as JSON with sorted keys, floats in their shortest exact form, and images as their sha256.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

__all__ = ["Digests", "RowHasher", "combined"]

_REFERENCE = "sha256:"


@dataclass(frozen=True)
class Digests:
    """Two sha256 digests, hexadecimal, of the same rows."""

    numbers: str
    """Digest of all columns but ``images`` and ``renderer``: labels, cameras, numbers and text."""
    content: str
    """Digest of all columns, including the bytes of the images."""


class RowHasher:
    """Receives rows in order and computes their `Digests`."""

    def __init__(self) -> None:
        self._numbers, self._content = hashlib.sha256(), hashlib.sha256()

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Adds rows given as plain values with every column."""
        for row in rows:
            told = {name: value for name, value in row.items() if name not in ("images", "renderer")}
            seen = [row["renderer"], [_image_digest(image) for image in row["images"] or ()]]
            numbers, images = _line(told), _line(seen)
            self._numbers.update(numbers)
            self._content.update(numbers + images)

    def add_batch(self, batch: pa.RecordBatch | pa.Table) -> None:
        """Adds the rows of an Arrow batch of the schema."""
        self.add(batch.to_pylist())

    def digests(self) -> Digests:
        """Digests of the rows added so far."""
        return Digests(self._numbers.hexdigest(), self._content.hexdigest())


def combined(shards: Mapping[str, Digests]) -> Digests:
    """The digests of a data set, from those of its shards by path (``data/test-00000-of-00001.parquet``)."""

    def of(name: str) -> str:
        lines = "".join(f"{path} {getattr(digests, name)}\n" for path, digests in sorted(shards.items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    return Digests(of("numbers"), of("content"))


def _line(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _image_digest(image: Mapping[str, Any] | None) -> str | None:
    """sha256 of an encoded image, or of the image that a reference replaces."""
    if image is None:
        return None
    if image["bytes"] is None:
        path = image["path"] or ""
        return path.removeprefix(_REFERENCE) if path.startswith(_REFERENCE) else None
    return hashlib.sha256(image["bytes"]).hexdigest()
