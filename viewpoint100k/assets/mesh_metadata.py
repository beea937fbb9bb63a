"""Reads ``metadata.csv``, which describes the mesh files in a folder."""

from __future__ import annotations

import csv
from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.asset import NO_LICENSE
from viewpoint100k.assets.mesh_files.parts import UpAxis
from viewpoint100k.errors import AssetError, UsageError
from viewpoint100k.geometry import exact

__all__ = ["METADATA_FILE", "MeshMetadata", "Metadata", "parsed_front", "read_metadata"]

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


@dataclass(frozen=True, eq=False)
class Metadata:
    """A parsed metadata file, with the errors in its rows."""

    rows: Mapping[str, MeshMetadata] = field(default_factory=dict)
    """Rows by mesh file or capture."""
    faults: Mapping[str, str] = field(default_factory=dict)
    """Errors as sentences, by the asset of the row, or by ``metadata.csv line 7`` if it names no asset."""

    def refuse(self, asset_id: str) -> None:
        """Raises ``AssetError`` with ``malformed_record`` if the asset's row has an error."""
        if asset_id in self.faults:
            raise AssetError("malformed_record", self.faults[asset_id])

    def unplaced(self, assets: Container[str]) -> tuple[str, ...]:
        """Keys of rows with errors that belong to none of these assets."""
        return tuple(sorted(name for name in self.faults if name not in assets))


def read_metadata(path: Path, files: Container[str]) -> Metadata:
    """Reads a metadata file. Keys are POSIX paths relative to the folder; ``files`` are the existing ones.

    The file is UTF-8, with or without byte order mark. An asset whose row has an error is refused. Raises
    ``UsageError``, with line and field, for errors of the whole file: its columns, or quotes that do not end.
    """
    rows: dict[str, MeshMetadata] = {}
    faults: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            fields = [(name or "").strip().lower() for name in reader.fieldnames or []]
            if "file" not in fields:
                raise UsageError(f"{path}, line 1: there is no column 'file'; add one with each mesh's path")
            if len(set(fields)) < len(fields):
                raise UsageError(f"{path}, line 1: a column is there twice")
            reader.fieldnames = fields
            for row in reader:
                where, file = f"{path}, line {reader.line_num}", ""
                try:
                    file = _checked_file(row, rows, files, where)
                    rows[file] = _parsed(row, where)
                except UsageError as error:
                    faults[file or f"{METADATA_FILE} line {reader.line_num}"] = str(error)
            return Metadata(rows, faults)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except csv.Error as error:
        raise UsageError(f"{path}, near line {reader.line_num}: {error}") from error


def _checked_file(row: dict[str | None, str], rows: Collection[str], files: Container[str], where: str) -> str:
    if None in row:
        raise UsageError(f"{where}: more fields than columns; put quotes around a field that holds a comma")
    if None in row.values():
        raise UsageError(f"{where}: fewer fields than columns")
    file = row["file"].strip()
    if file not in files:  # Perhaps with backslashes, as a spreadsheet on Windows writes it.
        file = file.replace("\\", "/").removeprefix("./")
    if file not in files:
        raise UsageError(f"{where}, field 'file': there is no mesh file {file!a} in the folder")
    if file in rows:
        raise UsageError(f"{where}, field 'file': {file!r} is there twice")
    return file


def _parsed(row: dict[str | None, str], where: str) -> MeshMetadata:
    value = {key: (text or "").strip() for key, text in row.items()}
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
