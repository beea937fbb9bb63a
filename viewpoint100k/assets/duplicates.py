"""Files with the same bytes under different names, found without reading those that are alone in their size."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

__all__ = ["identical_files"]


def identical_files(paths: Mapping[str, Path], max_bytes: int) -> dict[str, str]:
    """Names whose file is the same as that of an earlier name, each with the first such name.

    A file that cannot be read, a link, or one larger than ``max_bytes`` is like no other: whoever loads it will say
    what is wrong with it.
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
