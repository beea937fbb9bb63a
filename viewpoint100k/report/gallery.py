"""The pairs that a report shows: a sample of all question types, with embedded thumbnails.

All questions about a pair are shown together. Forms of a question with other images, such as the same two swapped,
follow in the same entry with their own images.
"""

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

from viewpoint100k.check.labels.forms import form_of
from viewpoint100k.report.contents import Place
from viewpoint100k.report.drawing import TopView, top_view

__all__ = ["Gallery", "ShownPair", "ShownViews", "Thumbnail"]

_THUMBNAIL_PIXELS = 320
_MOST_BYTES = 10_000_000
"""Largest total size of the encoded thumbnails in the page, bytes."""

Row = dict[str, Any]
Kept = tuple[Place, str, Row]
"""Place of a row, its split, and its columns without the images."""


@dataclass(frozen=True)
class Thumbnail:
    data_uri: str
    width: int
    height: int


@dataclass(frozen=True)
class ShownViews:
    """Images, and all questions that show exactly these images."""

    rows: tuple[Row, ...]
    images: tuple[Thumbnail | None, ...]
    """None for an image that cannot be read."""
    view: TopView

    @property
    def form(self) -> str | None:
        """The form of the questions: ``swapped`` or ``mirrored``; None for the plain form."""
        return form_of(self.rows[0]["template"])

    @property
    def mirrored_images(self) -> tuple[int, ...]:
        """Numbers of images that are mirrored left to right, as ``cameras`` says."""
        return tuple(number for number, camera in enumerate(self.rows[0]["cameras"], start=1) if camera["mirrored"])


@dataclass(frozen=True)
class ShownPair:
    """One entry of the gallery: all questions about one pair."""

    group: str
    split: str
    views: tuple[ShownViews, ...]

    @property
    def row(self) -> Row:
        """One of its rows, for the columns about the object, which are equal in all of them."""
        return self.views[0].rows[0]

    @property
    def questions(self) -> int:
        """Number of questions."""
        return sum(len(views.rows) for views in self.views)


class Gallery:
    """Selects a reproducible sample while rows are offered, and reads their images afterwards."""

    def __init__(self, size: int) -> None:
        """``size``: approximate number of questions to show."""
        self._size = size
        self._heaps: dict[str, list[tuple[int, Place, str, Row]]] = defaultdict(list)

    def offer(self, place: Place, split: str, row: Row) -> None:
        """Keeps the row if the hash of its group is among the smallest of its question type. Keeps whole groups."""
        rank = int.from_bytes(hashlib.blake2b(row["group"].encode(), digest_size=8).digest())
        heap = self._heaps[row["question_type"]]
        if len(heap) < self._size:
            heapq.heappush(heap, (-rank, place, split, row))
        elif -rank > heap[0][0]:
            heapq.heapreplace(heap, (-rank, place, split, row))

    def pairs(self, paths: Sequence[Path]) -> list[ShownPair]:
        """The sample. Question types take turns, so that each is shown equally often, until the page is full."""
        chosen = self._chosen()
        images = _read_images(paths, [place for group in chosen for place, _, _ in _firsts(group)])
        shown, room = [], _MOST_BYTES
        for group in chosen:
            pair = _shown(group, images)
            room -= sum(len(image.data_uri) for views in pair.views for image in views.images if image)
            if room < 0:
                break
            shown.append(pair)
        return shown

    def _chosen(self) -> list[list[Kept]]:
        """Groups of rows, until the page is full; the question types take turns."""
        ranked = [sorted(self._heaps[kind], key=lambda item: (-item[0], item[1])) for kind in sorted(self._heaps)]
        groups: dict[str, list[Kept]] = defaultdict(list)
        for heap in ranked:
            for _, place, split, row in heap:
                groups[row["group"]].append((place, split, row))
        in_turn = (heap[i][3]["group"] for i in range(self._size) for heap in ranked if i < len(heap))
        chosen: list[list[Kept]] = []
        room = self._size
        for name in dict.fromkeys(in_turn):
            if room <= 0:
                break
            chosen.append(sorted(groups[name], key=lambda kept: kept[0]))
            room -= len(groups[name])
        return chosen


def _shot_key(row: Row) -> tuple[str | None, tuple[tuple[float, ...], ...]]:
    """A key that is equal for rows with the same images."""
    return form_of(row["template"]), tuple(tuple(camera["camera_to_world"]) for camera in row["cameras"])


def _firsts(group: Sequence[Kept]) -> list[Kept]:
    """The first row of each set of images, the plain form before other forms."""
    firsts: dict[object, Kept] = {}
    for kept in group:
        firsts.setdefault(_shot_key(kept[2]), kept)
    return sorted(firsts.values(), key=lambda kept: form_of(kept[2]["template"]) is not None)


def _shown(group: Sequence[Kept], images: dict[Place, tuple[Thumbnail | None, ...]]) -> ShownPair:
    views = []
    for place, _, first in _firsts(group):
        rows = tuple(row for _, _, row in group if _shot_key(row) == _shot_key(first))
        views.append(ShownViews(rows, images[place], top_view(first)))
    return ShownPair(group[0][2]["group"], group[0][1], tuple(views))


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
        return None  # The page shows a note in place of the image.
    out = io.BytesIO()
    small.save(out, "JPEG", quality=72, optimize=True)
    return Thumbnail("data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode(), *small.size)
