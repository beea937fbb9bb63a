"""Finds files with the same bytes under different names; reads only files that share their size with another."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

__all__ = ["identical_files"]


def identical_files(paths: Mapping[str, Path], max_bytes: int) -> dict[str, str]:
    """Maps each name whose file equals that of an earlier name to the first such name.

    Unreadable files, links, and files larger than ``max_bytes`` count as unique; loading them reports the fault.
    """
    by_size: defaultdict[int, list[str]] = defaultdict(list)
    for name, path in paths.items():
        if path.is_file() and not path.is_symlink() and (size := path.stat().st_size) <= max_bytes:
            by_size[size].append(name)
    first: dict[bytes, str] = {}
    same: dict[str, str] = {}
    for names in by_size.values():
        if len(names) < 2:
            continue
        for name in names:
            digest = _digest(paths[name])
            if digest is not None and (original := first.setdefault(digest, name)) != name:
                same[name] = original
    return same


def _digest(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return None
