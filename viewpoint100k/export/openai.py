"""OpenAI's form: ``messages`` whose content is a list of parts.

axolotl reads it as it is; TRL, unsloth and torchtune read it after a few lines of Python (docs/exports.md). Each turn's
content is a list of parts, so that the JSON reader of `datasets` finds one type for all rows. A part of type ``image``
names the image's ``path``. It is not named ``image``, because that reader gives every part every field, and the chat
template of Qwen2.5-VL shows an image for each part that has a field of that name. There is no column ``images``,
because axolotl would add its first image to those of the parts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from viewpoint100k.export.files import ImageFolder, JsonLines
from viewpoint100k.export.protocol import Contents, Sample

__all__ = ["OpenAi"]


class OpenAi:
    """``<split>.jsonl`` and ``images/``."""

    trains: ClassVar[bool] = True

    def __init__(self, folder: Path, contents: Contents) -> None:
        self._images, self._lines = ImageFolder(folder), JsonLines(folder)

    def refusal(self, sample: Sample) -> str | None:
        return None

    def write(self, sample: Sample) -> None:
        images = [self._images.put(content) for content in sample.images]
        shown = [{"type": "image", "path": path} for path in images]
        (asks, first), *others = sample.turns()
        messages = [_turn(asks, [*shown, _said(first)]), *(_turn(role, [_said(text)]) for role, text in others)]
        self._lines.write(sample.split, {"messages": messages})

    def close(self) -> None:
        self._lines.close()

    @staticmethod
    def first_step(out: Path, contents: Contents) -> str:
        split = next(iter(contents.rows))
        return f"datasets.load_dataset('json', data_files='{out / split}.jsonl'); image paths are below {out}"


def _said(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def _turn(role: str, parts: list[dict[str, str]]) -> dict[str, Any]:
    return {"role": role, "content": parts}
