"""What is known of a published set of meshes: where its files are, and what they and its terms say of every object."""

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
"""From the set's folder and an object's match, what the object is; empty where nothing says."""


def no_category(root: Path, match: Match) -> str:
    """For a set that has no categories."""
    return ""


def folder_name(root: Path, match: Match) -> str:
    """The pattern's group ``category``, as words."""
    return (match["category"] or "").replace("_", " ").lower()


@dataclass(frozen=True)
class MeshLayout:
    """One set. Everything is as its own documentation has it; ``metadata.csv`` in its folder goes before it."""

    name: str
    """Kind of source, as in ``gso:DIR``."""
    title: str
    path: re.Pattern[str]
    """Matches the whole path of an object's mesh, relative to ``DIR``. What it matches up to the end of the group
    ``object`` is the object's id."""
    described: str
    """The same for a person, such as ``<object>/meshes/model.obj``."""
    up: UpAxis
    """The axis that points up in its files."""
    license: str = NO_LICENSE
    """SPDX id; ``LicenseRef-`` for terms of its own."""
    license_files: Mapping[str, str] = field(default_factory=dict)
    """Licences by the name of the file, in ``DIR`` or one folder below, that states them: for a set whose terms have
    changed."""
    creator: str = ""
    uri: str = ""
    """Of an object; ``{object}`` stands for the last part of its id."""
    category: Category = no_category
    front: str = ""
    """Out of an object's front, as in ``metadata.csv``, where the set is aligned."""
    share: float = 0.9
    """How many of the mesh files in a folder match where the folder looks like the set."""
    preference: tuple[str, ...] = ()
    """Of several meshes of one object the one whose path has the first of these in it."""

    def rank(self, path: str) -> int:
        """How much a mesh is preferred among those of its object; the least is taken."""
        return next((i for i, part in enumerate(self.preference) if part in path), len(self.preference))

    def stated_license(self, root: Path) -> str:
        """The licence of every object: that of a licence file, where there is one."""
        for name, license in self.license_files.items():
            if (root / name).is_file() or any(root.glob(f"*/{name}")):
                return license
        return self.license
