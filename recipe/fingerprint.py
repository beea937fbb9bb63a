"""Digests of files, to detect whether a model has changed."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterable
from pathlib import Path

__all__ = ["digest_of", "digest_of_model"]

_PARTS = ("*.safetensors", "*.bin", "*.json", "*.jinja", "*.model", "*.txt")


def digest_of(files: Iterable[Path]) -> str:
    """SHA-256 over the names and contents of ``files``, whatever their order: 64 hexadecimal digits."""
    whole = hashlib.sha256()
    for path in sorted(files):
        with path.open("rb") as file:
            whole.update(f"{path.name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()


def digest_of_model(model: str) -> str | None:
    """Digest of the weights, settings and processor in the folder ``model``, or of the module of
    ``python:module:name``.

    None if there are no local files, as for a name on the Hub or at an endpoint.
    """
    folder = Path(model)
    if folder.is_dir():
        return digest_of({path for pattern in _PARTS for path in folder.glob(pattern)})
    if model.startswith("python:"):
        module, _, _ = model.removeprefix("python:").partition(":")
        try:
            found = importlib.util.find_spec(module)
        except (ImportError, ValueError):  # Opening the model reports the error.
            return None
        if found and found.origin and Path(found.origin).is_file():
            return digest_of([Path(found.origin)])
    return None
