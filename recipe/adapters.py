"""Merges adapters into their base model, because stage 2 and evaluation start from a whole model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from recipe.fingerprint import digest_of
from viewpoint100k.errors import MissingExtraError, UsageError

__all__ = ["has_adapters", "is_merged", "merge_adapters"]

_RECORD = "merged_from.txt"


def has_adapters(folder: Path) -> bool:
    """True if ``folder`` has only adapters, as a stage with ``use_peft`` writes them."""
    return (folder / "adapter_config.json").is_file() and not (folder / "config.json").is_file()


def is_merged(folder: Path, out: Path) -> bool:
    """True if ``out`` has the complete result of `merge_adapters` for the current content of ``folder``."""
    record = out / _RECORD
    return record.is_file() and record.read_text(encoding="utf-8") == _digest(folder)


def merge_adapters(folder: Path, out: Path) -> None:
    """Writes the whole model and its processor to ``out``. Needs memory for its weights, but no GPU.

    The previous content of ``out`` is replaced.

    Raises ``UsageError`` if the base model of the adapters cannot be loaded.
    """
    try:
        from peft import PeftModel
        from transformers import AutoModelForImageTextToText, AutoProcessor
    except ImportError as error:
        raise MissingExtraError(error.name or "peft", "train") from error

    base = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))["base_model_name_or_path"]
    try:
        model = AutoModelForImageTextToText.from_pretrained(base, dtype="auto")
    except (OSError, ValueError) as error:
        first = str(error).strip().splitlines()[0]
        raise UsageError(f"{folder}: the model {base} of its adapters cannot be loaded ({first})") from error
    shutil.rmtree(out, ignore_errors=True)
    PeftModel.from_pretrained(model, str(folder)).merge_and_unload().save_pretrained(out)
    AutoProcessor.from_pretrained(folder).save_pretrained(out)
    (out / _RECORD).write_text(_digest(folder), encoding="utf-8")  # Last: it marks a complete merge.


def _digest(folder: Path) -> str:
    """Digest of the adapters' files."""
    return digest_of(path for path in folder.iterdir() if path.name.startswith("adapter_"))
