"""What all scripts compare with: the rows that must come out. Plain Python and Pillow, which every environment has."""

from __future__ import annotations

import hashlib
import io
import json
import math
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image, ImageStat


def given() -> tuple[Path, dict[str, list[dict[str, Any]]]]:
    """The folder of the set, and its rows by split, from the command line."""
    folder, truth = map(Path, sys.argv[1:3])
    return folder, json.loads(truth.read_text())


def lines_of(exported: Path, split: str) -> list[dict[str, Any]]:
    """The rows of a split in an export of lines."""
    with (exported / f"{split}.jsonl").open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def pictures(exported: Path, row: Mapping[str, Any]) -> list[Image.Image]:
    """The row's images in its order, from the export's files; asserts that each has the bytes that the set has."""
    found = []
    for seen in row["images"]:
        content = (exported / "images" / seen["sha256"][:2] / f"{seen['sha256']}.jpg").read_bytes()
        assert hashlib.sha256(content).hexdigest() == seen["sha256"]
        found.append(decoded(content))
    return found


def same_rows(found: Iterable[Mapping[str, Any]], expected: list[dict[str, Any]]) -> int:
    """Asserts that the rows are those expected, in their order; gives their number.

    An image is bytes, a struct with the field ``bytes``, or decoded.
    """
    rows = list(found)
    assert len(rows) == len(expected), f"{len(rows)} rows, not {len(expected)}"
    for row, truth in zip(rows, expected, strict=True):
        assert set(row) == set(truth), f"columns {sorted(set(row) ^ set(truth))} differ"
        for name, value in truth.items():
            if name != "images":
                assert same(row[name], value), f"{truth['id']}: {name} is {row[name]!r}, not {value!r}"
        images = [decoded(image) for image in row["images"]]
        assert len(images) == len(truth["images"])
        for image, seen in zip(images, truth["images"], strict=True):
            assert list(image.size) == seen["size"]
            assert abs(sum(ImageStat.Stat(image).mean) / 3 - seen["mean"]) < 0.5
    return len(rows)


def decoded(image: Any) -> Image.Image:
    if isinstance(image, Mapping):
        image = image["bytes"]
    if isinstance(image, (bytes, bytearray, memoryview)):
        image = Image.open(io.BytesIO(bytes(image)))
    return image.convert("RGB")


def same(found: Any, expected: Any) -> bool:
    """Equality to the last bit. NaN, as pandas writes null, is null; tuples and arrays are lists."""
    if hasattr(found, "tolist"):
        found = found.tolist()
    if expected is None:
        return found is None or (isinstance(found, float) and math.isnan(found))
    if isinstance(expected, dict):
        return isinstance(found, Mapping) and all(same(found[name], value) for name, value in expected.items())
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    return found == expected
