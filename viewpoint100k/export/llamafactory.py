"""LLaMA-Factory: the sharegpt form with OpenAI's tags, and the ``dataset_info.json`` that describes it.

https://github.com/hiyouga/LLaMA-Factory/blob/main/data/README.md. Image paths are relative to the folder, which
LLaMA-Factory takes as ``media_dir`` by default.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

from viewpoint100k.export.files import ImageFolder, JsonLines
from viewpoint100k.export.protocol import Contents, Sample, token_in_text, tokenised_turns

__all__ = ["LlamaFactory"]

_TAGS = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"}


class LlamaFactory:
    """``<split>.jsonl``, ``images/`` and ``dataset_info.json``, in which a split is ``<data set>_<split>``."""

    trains: ClassVar[bool] = True

    def __init__(self, folder: Path, contents: Contents) -> None:
        self._images, self._lines = ImageFolder(folder), JsonLines(folder)
        described = {
            f"{contents.dataset}_{split}": {
                "file_name": f"{split}.jsonl",
                "formatting": "sharegpt",
                "columns": {"messages": "messages", "images": "images"},
                "tags": _TAGS,
            }
            for split in contents.rows
        }
        (folder / "dataset_info.json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")

    def refusal(self, sample: Sample) -> str | None:
        return token_in_text(sample)

    def write(self, sample: Sample) -> None:
        images = [self._images.put(content) for content in sample.images]
        self._lines.write(sample.split, {"messages": tokenised_turns(sample), "images": images})

    def close(self) -> None:
        self._lines.close()

    @staticmethod
    def first_step(out: Path, contents: Contents) -> str:
        split = next(iter(contents.rows))
        return f"llamafactory-cli train --stage sft --dataset_dir {out} --dataset {contents.dataset}_{split} …"
