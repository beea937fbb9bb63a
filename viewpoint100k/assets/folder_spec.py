"""Parses ``kind:DIR;option=value``, the specification of a source that is a folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from viewpoint100k.assets.asset import NO_LICENSE
from viewpoint100k.assets.mesh_files.parts import UpAxis
from viewpoint100k.errors import UsageError

__all__ = ["FolderSpec", "parse_folder_spec"]

_OPTION = re.compile(r"(?P<name>[a-z]+)=(?P<value>[^;]*)")
_LICENSE_ID = re.compile(r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*")


@dataclass(frozen=True)
class FolderSpec:
    """A parsed specification."""

    kind: str
    folder: Path
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def up(self) -> UpAxis | None:
        """The axis that points up in every file; None if it is determined for each file. Raises ``UsageError``."""
        text = self.options.get("up", "auto").lower().removeprefix("+")
        if text == "auto":
            return None
        for axis in get_args(UpAxis):
            if text == axis:
                found: UpAxis = axis
                return found
        raise UsageError(f"source {self.kind}: up={text} is none of auto, x, y and z")

    @property
    def license(self) -> str:
        """SPDX id of all assets that state no licence. Raises ``UsageError``."""
        text = self.options.get("license", NO_LICENSE).strip()
        if not _LICENSE_ID.fullmatch(text):
            raise UsageError(f"source {self.kind}: license={text!r} is no SPDX id, such as CC-BY-4.0")
        return text


def parse_folder_spec(spec: str, known: tuple[str, ...]) -> FolderSpec:
    """Parses a specification such as ``meshes:DIR;up=y``. An existing folder may have a semicolon in its name.

    Raises ``UsageError`` for a source without a folder and for an option that is not one of ``known``.
    """
    kind, _, rest = spec.partition(":")
    if Path(rest).is_dir():
        return FolderSpec(kind, Path(rest)) if rest else _refuse_missing(kind)
    folder, *words = rest.split(";")
    if not folder:
        return _refuse_missing(kind)
    options = {}
    for word in words:
        found = _OPTION.fullmatch(word.strip())
        if found is None or found["name"] not in known:
            ways = ", ".join(f"{name}=…" for name in known)
            raise UsageError(f"source {kind}: {word.strip()!r} is no option of it: give {ways}, after the folder")
        options[found["name"]] = found["value"]
    return FolderSpec(kind, Path(folder), options)


def _refuse_missing(kind: str) -> FolderSpec:
    raise UsageError(f"source {kind} needs a folder: write {kind}:DIR")
