"""The tiny Qwen2.5-VL in the form of the folders on the Hub, which older libraries read.

The vocabulary and the merges have files of their own, a merge is one string, and the text model has no section of its
own in the config.
"""

from __future__ import annotations

import json
import os
from pathlib import Path


def as_on_the_hub(out: Path) -> Path:
    """Writes the folder ``TINY_QWEN`` anew as ``out``, whose name tells tools what model it is; gives ``out``."""
    tiny = Path(os.environ["TINY_QWEN"])
    out.mkdir(parents=True)
    for file in tiny.iterdir():
        (out / file.name).symlink_to(file.resolve())
    tokenizer = json.loads((tiny / "tokenizer.json").read_text())
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in tokenizer["model"]["merges"]]
    tokenizer["model"]["merges"] = merges
    special = {token.pop("id"): token for token in tokenizer["added_tokens"]}
    config = json.loads((tiny / "tokenizer_config.json").read_text()) | {"added_tokens_decoder": special}
    _replace(out / "vocab.json", json.dumps(tokenizer["model"]["vocab"], ensure_ascii=False))
    _replace(out / "merges.txt", "\n".join(["#version: 0.2", *merges, ""]))
    _replace(out / "tokenizer_config.json", json.dumps(config))
    tokenizer["added_tokens"] = [{"id": place, **token} for place, token in special.items()]
    _replace(out / "tokenizer.json", json.dumps(tokenizer))
    model = json.loads((tiny / "config.json").read_text())
    text = model.pop("text_config")
    rope = text.pop("rope_parameters")
    scaling = {"type": "mrope", "mrope_section": rope["mrope_section"]}
    flat = {"rope_theta": rope["rope_theta"], "rope_scaling": scaling, "model_type": model["model_type"]}
    _replace(out / "config.json", json.dumps(text | model | flat))
    return out


def _replace(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.write_text(text, encoding="utf-8")
