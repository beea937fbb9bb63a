"""The pairs that a report shows: a sample over question types, with thumbnails that are part of the page."""

from __future__ import annotations

import base64
import hashlib
import heapq
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from viewpoint100k.reports.contents import Place
from viewpoint100k.reports.drawing import TopView, top_view

__all__ = ["Gallery", "ShownPair", "Thumbnail"]

_THUMBNAIL_PIXELS = 320
_MOST_BYTES = 10_000_000
"""Of all thumbnails as they stand in the page."""


@dataclass(frozen=True)
class Thumbnail:
    data_uri: str
    width: int
    height: int


@dataclass(frozen=True)
class ShownPair:
    """One entry of the gallery."""

    row: dict[str, Any]
    split: str
    images: tuple[Thumbnail | None, ...]
    """None for an image that cannot be read."""
    view: TopView


class Gallery:
    """Draws a sample while rows pass by, the same one every time, and reads its images afterwards."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._heaps: dict[str, list[tuple[int, Place, str, dict[str, Any]]]] = defaultdict(list)

    def offer(self, place: Place, split: str, row: dict[str, Any]) -> None:
        """Keeps the row where its id's hash is among the smallest of its question type."""
        rank = int.from_bytes(hashlib.blake2b(row["id"].encode(), digest_size=8).digest())
        heap = self._heaps[row["question_type"]]
        if len(heap) < self._size:
            heapq.heappush(heap, (-rank, place, split, row))
        elif -rank > heap[0][0]:
            heapq.heapreplace(heap, (-rank, place, split, row))

    def pairs(self, paths: Sequence[Path]) -> list[ShownPair]:
        """The sample: question types in turn, so that each is shown alike, as long as there is room in the page."""
        ranked = [sorted(self._heaps[kind], key=lambda item: -item[0]) for kind in sorted(self._heaps)]
        in_turn = [heap[i] for i in range(self._size) for heap in ranked if i < len(heap)][: self._size]
        images = _read_images(paths, [place for _, place, _, _ in in_turn])
        shown, room = [], _MOST_BYTES
        for _, place, split, row in in_turn:
            thumbnails = images[place]
            room -= sum(len(thumbnail.data_uri) for thumbnail in thumbnails if thumbnail)
            if room < 0:
                break
            shown.append(ShownPair(row, split, thumbnails, top_view(row)))
        return shown


def _read_images(paths: Sequence[Path], places: Sequence[Place]) -> dict[Place, tuple[Thumbnail | None, ...]]:
    groups: dict[tuple[int, int], list[Place]] = defaultdict(list)
    for place in places:
        groups[place[:2]].append(place)
    read = {}
    for (file_index, group), within in sorted(groups.items()):
        with pq.ParquetFile(paths[file_index]) as file:
            images = file.read_row_group(group, columns=["images"]).column("images")
        for place in within:
            read[place] = tuple(_thumbnail(image["bytes"]) for image in images[place[2]].as_py())
    return read


def _thumbnail(encoded: bytes | None) -> Thumbnail | None:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(encoded or b"")) as image:
            image.draft("RGB", (_THUMBNAIL_PIXELS, _THUMBNAIL_PIXELS))
            small = image.convert("RGB")
            small.thumbnail((_THUMBNAIL_PIXELS, _THUMBNAIL_PIXELS))
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
        return None  # The page says so in the image's place.
    out = io.BytesIO()
    small.save(out, "JPEG", quality=72, optimize=True)
    return Thumbnail("data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode(), *small.size)
