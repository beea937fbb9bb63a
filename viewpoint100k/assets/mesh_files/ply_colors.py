"""Colours of vertices and faces in PLY files, under several names.

The format has no fixed names. ``red green blue`` is what most programs write; ``diffuse_red`` and its fellows are
those of VCG's old files (MeshLab), ``r g b`` those of many scripts. Source of the names: VCG library,
``wrap/ply`` and ``wrap/io_trimesh/import_ply.h``.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["fanned_faces", "with_usual_color_names"]

_PROPERTY = re.compile(rb"^(property[ \t]+[^ \t]+[ \t]+)([^ \t\r\n]+)([ \t]*\r?)$", re.IGNORECASE)
_USUAL_NAMES = {
    prefix + short: usual
    for prefix in (b"", b"diffuse_")
    for usual in (b"red", b"green", b"blue")
    for short in (usual, usual[:1])
}
_MEANS_COLOR = re.compile(rb"colou?r|rgb|red|green|blue|intensity|gr[ae]y", re.IGNORECASE)
_INDICES = ("vertex_indices", "vertex_index")


def with_usual_color_names(header: bytes) -> tuple[bytes, bool]:
    """The header with ``red``, ``green`` and ``blue`` for other names of them, and whether some colour is left out.

    An element that has the usual names as well keeps its other ones as they are.
    """
    lines, known, left_out = header.split(b"\n"), set[bytes](), False
    for place, line in enumerate(lines):
        if line.startswith(b"element"):
            known = {usual for usual in (b"red", b"green", b"blue") if usual in _properties(lines[place + 1 :])}
        found = _PROPERTY.match(line)
        if found is None:
            left_out |= line.startswith(b"property") and _MEANS_COLOR.search(line) is not None
            continue
        usual = _USUAL_NAMES.get(found[2].lower())
        if usual is None or (usual in known and found[2] != usual):
            left_out |= _MEANS_COLOR.search(found[2]) is not None
        else:
            lines[place] = found[1] + usual + found[3]
    return b"\n".join(lines), left_out


def _properties(lines: list[bytes]) -> set[bytes]:
    """Names of the properties up to the next element."""
    names = set()
    for line in lines:
        if line.startswith(b"element"):
            break
        found = _PROPERTY.match(line)
        if found is not None:
            names.add(found[2])
    return names


def fanned_faces(raw: dict[str, Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """(m, 3) triangles of all faces, each cut into a fan, and (m,) the face that each comes from.

    ``raw`` is trimesh's own record of a PLY file; None where it has no faces in a known form.
    """
    data = raw["face"]["data"]
    names = data.dtype.names if isinstance(data, np.ndarray) else data
    name = next((name for name in _INDICES if name in (names or ())), None)
    if name is None:
        return None
    column = data[name]
    if isinstance(column, np.ndarray) and column.dtype.names is not None:
        column = column[column.dtype.names[-1]]  # A list's length stands before it.
    corners: dict[int, list[int]] = {}
    for face, polygon in enumerate(column):
        corners.setdefault(len(polygon), []).append(face)
    triangles, faces = [], []
    for count, members in corners.items():
        polygons = np.array([column[face] for face in members], dtype=np.int64).reshape(-1, count)
        for corner in range(1, count - 1):
            triangles.append(polygons[:, [0, corner, corner + 1]])
            faces.append(np.array(members, dtype=np.int64))
    if not triangles:
        return None
    return np.concatenate(triangles), np.concatenate(faces)
