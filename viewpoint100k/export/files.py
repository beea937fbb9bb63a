"""Files that several formats write: images by their content, and rows as lines of JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from viewpoint100k.errors import DataError

__all__ = ["ImageFolder", "JsonLines", "image_name", "to_json"]


def image_name(content: bytes) -> str:
    """``<sha256>.jpg``: the name of an image, so that equal images share one file."""
    return f"{hashlib.sha256(content).hexdigest()}.jpg"


class ImageFolder:
    """Writes each distinct image once, byte for byte, as ``images/<first two digits>/<sha256>.jpg``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """The image's path relative to the export, with forward slashes."""
        name = image_name(content)
        path = self._folder / "images" / name[:2] / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return f"images/{name[:2]}/{name}"


class JsonLines:
    """One ``<split>.jsonl`` for each split."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, TextIOWrapper] = {}

    def write(self, split: str, row: Mapping[str, Any]) -> None:
        """Adds a line. Raises ``DataError`` if a number in the row is not finite."""
        if split not in self._files:
            self._files[split] = (self._folder / f"{split}.jsonl").open("w", encoding="utf-8", newline="\n")
        self._files[split].write(to_json(row) + "\n")

    def close(self) -> None:
        for file in self._files.values():
            file.close()


def to_json(row: Mapping[str, Any]) -> str:
    """A row as one line of strict JSON. Raises ``DataError`` if a number in it is not finite."""
    try:
        return json.dumps(row, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise DataError(
            f"row {row.get('id', '')} holds a number that is not finite: see viewpoint100k verify"
        ) from error
