"""LLaVA's form: ``image`` and ``conversations``, which many trainers of vision models read.

Qwen's fine-tuning code, InternVL, LLaVA-NeXT and VLM-R1 read lines of it, with one ``<image>`` for each image in the
first turn. Image paths are relative to the folder, which those tools take as the root of images (``data_path``,
``root``, ``image_folder``). InternVL and LLaVA-NeXT do not take the lines themselves but a file that names them. They
train on everything that it names, so each split has a file of its own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

from viewpoint100k.export.files import ImageFolder, JsonLines
from viewpoint100k.export.protocol import IMAGE_TOKEN, Contents, Sample, token_in_text

__all__ = ["Llava"]


_NAMES = {"user": "human", "assistant": "gpt"}


class Llava:
    """``images/``, and for each split ``<split>.jsonl``, InternVL's ``meta_<split>.json`` and LLaVA-NeXT's
    ``<split>.yaml``."""

    trains: ClassVar[bool] = True

    def __init__(self, folder: Path, contents: Contents) -> None:
        self._images, self._lines = ImageFolder(folder), JsonLines(folder)
        for split, rows in contents.rows.items():
            name, lines = f"{contents.dataset}_{split}", f"{split}.jsonl"
            meta = {"root": ".", "annotation": lines, "data_augment": False, "repeat_time": 1, "length": rows}
            _write_json(folder / f"meta_{split}.json", {name: meta})
            # JSON is YAML.
            _write_json(folder / f"{split}.yaml", {"datasets": [{"json_path": lines, "sampling_strategy": "all"}]})

    def refusal(self, sample: Sample) -> str | None:
        return token_in_text(sample)

    def write(self, sample: Sample) -> None:
        tokens = f"{IMAGE_TOKEN}\n" * len(sample.images)
        row = {
            "id": sample.columns["id"],
            "image": [self._images.put(content) for content in sample.images],
            "conversations": [
                {"from": _NAMES[role], "value": text if place else tokens + text}
                for place, (role, text) in enumerate(sample.turns())
            ],
        }
        self._lines.write(sample.split, row)

    def close(self) -> None:
        self._lines.close()

    @staticmethod
    def first_step(out: Path, contents: Contents) -> str:
        split = next(iter(contents.rows))
        return (
            f"annotations in {out / split}.jsonl, images below {out}; in that folder, meta_{split}.json is for "
            f"InternVL and {split}.yaml for LLaVA-NeXT"
        )


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
