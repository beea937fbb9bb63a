"""Plain JSON lines: every column of the row, image files, the prompt and its target."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from viewpoint100k.export.files import ImageFolder, JsonLines
from viewpoint100k.export.protocol import Contents, Sample

__all__ = ["Jsonl"]


class Jsonl:
    """``<split>.jsonl`` and ``images/``."""

    trains: ClassVar[bool] = True

    def __init__(self, folder: Path, contents: Contents) -> None:
        self._images, self._lines = ImageFolder(folder), JsonLines(folder)

    def refusal(self, sample: Sample) -> str | None:
        return None

    def write(self, sample: Sample) -> None:
        images = [self._images.put(content) for content in sample.images]
        self._lines.write(
            sample.split, {**sample.columns, "images": images, "prompt": sample.prompt, "target": sample.target}
        )

    def close(self) -> None:
        self._lines.close()

    @staticmethod
    def first_step(out: Path, contents: Contents) -> str:
        return f"every line of {out / next(iter(contents.rows))}.jsonl is a row; its images are paths below {out}"
