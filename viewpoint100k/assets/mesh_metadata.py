"""Reads ``metadata.csv``, which describes the mesh files in a folder."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.asset import NO_LICENSE
from viewpoint100k.assets.mesh_files.parts import UpAxis
from viewpoint100k.assets.metadata_index import RowIndex, normalized, read_index
from viewpoint100k.errors import AssetError, UsageError
from viewpoint100k.geometry import exact

__all__ = ["METADATA_FILE", "MeshMetadata", "Metadata", "parsed_front"]

METADATA_FILE = "metadata.csv"

_NAMED_FRONTS = {"+x": (1.0, 0.0), "-x": (-1.0, 0.0), "+y": (0.0, 1.0), "-y": (0.0, -1.0)}


@dataclass(frozen=True, eq=False)
class MeshMetadata:
    """One row. Every column except ``file`` may be absent or empty."""

    category: str = ""
    license: str = NO_LICENSE
    creator: str = ""
    uri: str = ""
    front: NDArray[np.float64] | None = None
    """(3,): horizontal unit vector out of the object's front, in the file's axes after they are rotated to +Z up. In
    the file: ``+x``, ``-x``, ``+y``, ``-y``, or two or three numbers with blanks between them; the third, the height,
    is ignored. glTF's front (+Z in the file) is ``-y``."""
    up: UpAxis | None = None
    """The axis that points up in the file: ``x``, ``y`` or ``z``; empty or ``auto`` for the default of its format."""


class Metadata:
    """A metadata file, UTF-8 with or without byte order mark; what it says of each asset is read when it is asked for.

    A row that makes no sense costs the asset that it is about; one that is about none counts as an asset that cannot be
    used, ``metadata.csv line 7``. Reading raises ``UsageError`` for what concerns the whole file, see `read_index`.

    Args:
        path: of the file, which need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def stated(self, asset_id: str) -> MeshMetadata | None:
        """The asset's row; None where there is none. Raises ``AssetError`` (``malformed_record``) as `refuse` does."""
        place = self._index.find(asset_id) if self._index is not None else None
        if self._index is None or place is None:
            return None
        where = f"{self._path}, line {self._index.lines[place]}"
        try:
            return _parsed(dict(zip(self._index.fields, self._index.row(place), strict=True)), where)
        except UsageError as error:
            raise AssetError("malformed_record", str(error)) from error

    def refuse(self, asset_id: str, assets: Container[str]) -> None:
        """Raises ``AssetError`` with ``malformed_record`` where the row of the asset, or the row that the id stands
        for, makes no sense."""
        self.stated(asset_id)
        line = asset_id.removeprefix(f"{METADATA_FILE} line ")
        if self._index is None or line == asset_id or not line.isdecimal() or asset_id in assets:
            return
        for place in np.flatnonzero(self._index.lines == int(line)).tolist():
            raise AssetError("malformed_record", self._why_unplaced(self._index, place, assets))

    def is_malformed(self, asset_id: str) -> bool:
        """Whether the asset's row makes no sense."""
        try:
            self.stated(asset_id)
        except AssetError:
            return True
        return False

    def unplaced(self, names: Iterable[str]) -> tuple[str, ...]:
        """Rows that are about none of these assets, or not the first about one."""
        if self._index is None:
            return ()
        lines = (int(self._index.lines[place]) for place in self._index.unplaced(names))
        return tuple(sorted(f"{METADATA_FILE} line {line}" for line in lines))

    def _why_unplaced(self, index: RowIndex, place: int, assets: Container[str]) -> str:
        where, row = f"{self._path}, line {index.lines[place]}", index.row(place)
        if len(row) > len(index.fields):
            return f"{where}: more fields than columns; put quotes around a field that holds a comma"
        if len(row) < len(index.fields):
            return f"{where}: fewer fields than columns"
        file = normalized(row[index.fields.index("file")])
        if file in assets:
            return f"{where}, field 'file': {file!r} is there twice"
        return f"{where}, field 'file': there is no mesh file {file!a} in the folder"

    @cached_property
    def _index(self) -> RowIndex | None:
        return read_index(self._path) if self._path.exists() else None


def _parsed(row: dict[str, str], where: str) -> MeshMetadata:
    value = {key: text.strip() for key, text in row.items()}
    if any(not _is_utf8(text) for text in value.values()):
        raise UsageError(f"{where} is not UTF-8: save the file as UTF-8")
    return MeshMetadata(
        category=value.get("category", ""),
        license=value.get("license", "") or NO_LICENSE,
        creator=value.get("creator", ""),
        uri=value.get("uri", ""),
        front=parsed_front(value.get("front", ""), where),
        up=_parsed_up(value.get("up", ""), where),
    )


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def parsed_front(text: str, where: str) -> NDArray[np.float64] | None:
    """Parses `MeshMetadata.front`. Raises ``UsageError`` with a message that begins with ``where``."""
    if not text:
        return None
    if text.lower() in _NAMED_FRONTS:
        return np.array([*_NAMED_FRONTS[text.lower()], 0.0])
    message = f"{where}, field 'front': {text!r} is neither +x, -x, +y, -y nor a horizontal vector such as '0 -1 0'"
    try:
        numbers = np.array([float(word) for word in text.split()])
    except ValueError as error:
        raise UsageError(message) from error
    if len(numbers) not in (2, 3) or not np.isfinite(numbers).all() or not 1e-6 < exact.hypot(*numbers[:2]) < 1e150:
        raise UsageError(message)
    return np.array([*(numbers[:2] / exact.hypot(*numbers[:2])), 0.0])


def _parsed_up(text: str, where: str) -> UpAxis | None:
    if text.lower() in ("", "auto"):
        return None
    for axis in get_args(UpAxis):
        if text.lower() in (axis, f"+{axis}"):
            found: UpAxis = axis
            return found
    raise UsageError(f"{where}, field 'up': {text!r} is none of auto, x, y and z")
