"""Contact sheet: one picture of several rows, each with its images, its question, and the right answer marked."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageDraw, ImageFont

from viewpoint100k.errors import DataError, UsageError
from viewpoint100k.report.contents import shard_paths
from viewpoint100k.runtime.files import write_atomically

__all__ = ["contact_sheet", "write_contact_sheet"]

Row = dict[str, Any]

_TILE = 220
"""Pixels along each side of an image."""
_GAP, _MARGIN, _LINE = 6, 18, 19
_PER_LINE = 3
_TEXT_SIZE = 14
_PAPER, _INK, _RIGHT = (255, 255, 255), (34, 38, 46), (0, 98, 155)


def write_contact_sheet(folder: Path, path: Path, rows: int = 6) -> Path:
    """Writes a PNG or JPEG of rows of ``folder``, one per pair; the question types take turns.

    Raises ``UsageError`` if the folder is not a data set or ``path`` has another suffix, ``DataError`` if a file cannot
    be read.
    """
    kind = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}.get(path.suffix.lower())
    if kind is None:
        raise UsageError(f"{path} must end in .png or .jpg")
    sheet = contact_sheet(list(_chosen(shard_paths(folder), rows)))
    out = io.BytesIO()
    sheet.save(out, kind, quality=88)
    write_atomically(path, out.getvalue())
    return path


def contact_sheet(rows: Sequence[Row]) -> Image.Image:
    """The contact sheet of ``rows``, which need all columns; three rows in a line."""
    if not rows:
        raise DataError("there are no rows to show")
    font = ImageFont.load_default(size=_TEXT_SIZE)
    texts = [_lines(row) for row in rows]
    width = 2 * _TILE + _GAP
    heights = [max(len(text) for text in texts[i : i + _PER_LINE]) * _LINE for i in range(0, len(rows), _PER_LINE)]
    across = min(_PER_LINE, len(rows))
    size = (
        _MARGIN + across * (width + _MARGIN),
        _MARGIN + sum(_TILE + _GAP + height + _MARGIN for height in heights),
    )
    sheet = Image.new("RGB", size, _PAPER)
    draw, top = ImageDraw.Draw(sheet), _MARGIN
    for line, height in enumerate(heights):
        for place in range(line * _PER_LINE, min((line + 1) * _PER_LINE, len(rows))):
            left = _MARGIN + place % _PER_LINE * (width + _MARGIN)
            for number, image in enumerate(rows[place]["images"][:2]):
                sheet.paste(_tile(image["bytes"]), (left + number * (_TILE + _GAP), top))
            for number, (text, is_right) in enumerate(texts[place]):
                at = (left, top + _TILE + _GAP + number * _LINE)
                draw.text(at, text, font=font, fill=_RIGHT if is_right else _INK)
        top += _TILE + _GAP + height + _MARGIN
    return sheet


def _chosen(paths: Sequence[Path], count: int) -> Iterator[Row]:
    """Yields rows with two images, each about another object, from as many question types as possible."""
    kinds: dict[str, int] = {}
    assets: set[str] = set()
    found: list[tuple[int, int, Row]] = []
    try:
        for path in paths:
            if not path.name.startswith("train"):
                continue
            for batch in pq.ParquetFile(path).iter_batches(batch_size=100):
                for row in batch.to_pylist():
                    if len(row["images"]) != 2 or row["asset_id"] in assets or row["images"][0]["bytes"] is None:
                        continue
                    assets.add(row["asset_id"])
                    turn = kinds.get(row["question_type"], 0)
                    kinds[row["question_type"]] = turn + 1
                    found.append((turn, len(found), row))
            break
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    for _, _, row in sorted(found, key=lambda one: one[:2])[:count]:
        yield row


def _tile(encoded: bytes) -> Image.Image:
    with Image.open(io.BytesIO(encoded)) as opened:
        image = opened.convert("RGB")
        image.thumbnail((_TILE, _TILE), Image.Resampling.LANCZOS)
        tile = Image.new("RGB", (_TILE, _TILE), (238, 238, 238))
        tile.paste(image, ((_TILE - image.width) // 2, (_TILE - image.height) // 2))
    return tile


def _lines(row: Row) -> list[tuple[str, bool]]:
    """The question in short lines, each with True if it states the right answer."""
    right = f"{row['answer']}. {row['answer_text']}" if row["options"] else None
    lines: list[tuple[str, bool]] = []
    for paragraph in row["question"].split("\n"):
        lines += [(line, paragraph == right) for line in textwrap.wrap(paragraph, 62)]
    if right is None:
        lines.append((str(row["answer"]), True))
    return lines
