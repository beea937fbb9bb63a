"""The version of the code that reads assets: what was stored by other code is read anew."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib import metadata, resources
from importlib.resources.abc import Traversable

__all__ = ["version_of_readers"]

_PACKAGES = ("numpy", "scipy", "trimesh", "pillow")
"""Other packages whose code reads assets."""
_FORMATS = ("ufbx", "DracoPy", "alktx2", "pycollada", "networkx", "lxml", "usd-core")
"""Packages of the extra ``formats``. A file may be read in another way once one of them is installed."""


@cache
def version_of_readers() -> str:
    """A digest of the code that reads and describes assets."""
    digest = hashlib.sha256()
    for package in ("viewpoint100k.assets", "viewpoint100k.geometry"):
        for name, content in _code(resources.files(package), package):
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
    for name in _PACKAGES:
        digest.update(f"{name} {metadata.version(name)}\n".encode())
    for name in _FORMATS:
        with suppress(metadata.PackageNotFoundError):
            digest.update(f"{name} {metadata.version(name)}\n".encode())
    return digest.hexdigest()


def _code(folder: Traversable, name: str) -> Iterable[tuple[str, bytes]]:
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.name.endswith(".py"):
            yield f"{name}/{item.name}", item.read_bytes()
        elif item.is_dir() and not item.name.startswith(("_", ".", "procedural")):
            yield from _code(item, f"{name}/{item.name}")
