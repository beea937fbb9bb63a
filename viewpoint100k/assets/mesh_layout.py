"""The layout of a published set of meshes: where its files are, and the category, licence and axes of its objects."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from viewpoint100k.assets.asset import NO_LICENSE
from viewpoint100k.assets.mesh_files.parts import UpAxis

__all__ = ["Match", "MeshLayout", "folder_name", "no_category"]

Match = re.Match[str]
Category = Callable[[Path, Match], str]
"""From the set's folder and an object's match to the object's category; empty if unknown."""


def no_category(root: Path, match: Match) -> str:
    """Category function of a set without categories."""
    return ""


def folder_name(root: Path, match: Match) -> str:
    """Category function that returns the pattern's group ``category``, as words."""
    return (match["category"] or "").replace("_", " ").lower()


@dataclass(frozen=True)
class MeshLayout:
    """The layout of one set, as its documentation states it. ``metadata.csv`` in its folder overrides it."""

    name: str
    """Kind of source, as in ``gso:DIR``."""
    title: str
    path: re.Pattern[str]
    """Matches the whole path of an object's mesh, relative to ``DIR``. The object's id is the path up to the end of the
    group ``object``."""
    described: str
    """The pattern for messages, such as ``<object>/meshes/model.obj``."""
    up: UpAxis
    """The axis that points up in its files."""
    license: str = NO_LICENSE
    """SPDX id; ``LicenseRef-`` for non-standard terms."""
    license_files: Mapping[str, str] = field(default_factory=dict)
    """Name of a licence file in ``DIR`` or one folder below -> its licence, for a set whose terms have changed."""
    creator: str = ""
    uri: str = ""
    """Address of an object; ``{object}`` stands for the last part of its id."""
    category: Category = no_category
    front: str = ""
    """Direction of an object's front, as in ``metadata.csv``, if the set is aligned."""
    share: float = 0.9
    """Smallest share of matching mesh files for a folder to be recognised as the set."""
    preference: tuple[str, ...] = ()
    """Parts of paths, in order of preference, for objects with several meshes."""

    def rank(self, path: str) -> int:
        """Rank of a mesh among those of its object; the lowest is used."""
        return next((i for i, part in enumerate(self.preference) if part in path), len(self.preference))

    def stated_license(self, root: Path) -> str:
        """The licence of all objects: that of the licence file if there is one."""
        for name, license in self.license_files.items():
            if (root / name).is_file() or any(root.glob(f"*/{name}")):
                return license
        return self.license
