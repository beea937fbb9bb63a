"""ms-swift: its standard format, ``messages`` and ``images``, with the ``solution`` that its GRPO rewards read.

https://swift.readthedocs.io/en/latest/Customization/Custom-dataset.html. One file serves both stages, because
ms-swift removes the assistant's message for GRPO. Relative image paths are read from ``ROOT_IMAGE_DIR``.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from viewpoint100k.export.files import ImageFolder, JsonLines
from viewpoint100k.export.protocol import Contents, Sample, token_in_text, tokenised_turns

__all__ = ["MsSwift"]


class MsSwift:
    """``<split>.jsonl`` and ``images/``."""

    trains: ClassVar[bool] = True

    def __init__(self, folder: Path, contents: Contents) -> None:
        self._images, self._lines = ImageFolder(folder), JsonLines(folder)

    def refusal(self, sample: Sample) -> str | None:
        return token_in_text(sample)

    def write(self, sample: Sample) -> None:
        row = {
            "messages": tokenised_turns(sample),
            "images": [self._images.put(content) for content in sample.images],
            "solution": sample.columns["answer"],
        }
        self._lines.write(sample.split, row)

    def close(self) -> None:
        self._lines.close()

    @staticmethod
    def first_step(out: Path, contents: Contents) -> str:
        return f"ROOT_IMAGE_DIR={out} swift sft --dataset {out / next(iter(contents.rows))}.jsonl …"
