"""Reads OFF, the format of ModelNet, with the colours of its vertices (COFF) or of its faces.

Source: the Geomview manual, "OFF File Format"; and the files of ModelNet, a third of which have the counts on the line
of the keyword (``OFF490926 937 0``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.mesh_files.asset_files import AssetFiles
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mesh_files.parts import Part
from viewpoint100k.assets.mesh_files.textures import srgb_to_linear
from viewpoint100k.errors import AssetError

__all__ = ["read_off"]

_KEYWORD = re.compile(r"\s*(?P<texture>ST)?(?P<color>C)?(?P<normal>N)?(?P<other>4?n?)OFF(?=[\s\d]|$)")

Lines = Sequence[str]


def read_off(files: AssetFiles, limits: MeshLimits) -> list[Part]:
    """An OFF mesh, text only. Colours are taken as sRGB; texture coordinates are left out, for no file says of which
    picture. Raises ``AssetError``: ``unreadable``, ``truncated``, ``empty_mesh``, ``too_many_triangles``."""
    text = files.read_asset().decode("latin-1")
    found = _KEYWORD.match(text)
    if found is None or found["other"] or text[found.end() :].lstrip().startswith("BINARY"):
        raise AssetError("unreadable", f"{files.name} is not an OFF file in text")
    lines = [line for line in (raw.partition("#")[0].strip() for raw in text[found.end() :].splitlines()) if line]
    try:
        vertex_count, face_count = (int(word) for word in lines[0].split()[:2])
    except (IndexError, ValueError) as error:
        raise AssetError("unreadable", f"{files.name} does not begin with its counts") from error
    if face_count > limits.max_triangles or vertex_count > 3 * limits.max_triangles:
        message = f"{files.name} has {face_count:,} faces, more than {limits.max_triangles:,}"
        raise AssetError("too_many_triangles", message)
    if vertex_count < 1 or face_count < 1:
        raise AssetError("empty_mesh", f"{files.name} has no faces")
    if len(lines) < 1 + vertex_count + face_count:
        raise AssetError("truncated", f"{files.name} ends before the last of its {face_count:,} faces")
    table = np.array([line.split() for line in lines[1 : 1 + vertex_count]], dtype=np.float64)
    triangles, faces, colors = _faces(lines[1 + vertex_count : 1 + vertex_count + face_count])
    if len(triangles) > limits.max_triangles:
        raise AssetError("too_many_triangles", f"{files.name} has {len(triangles):,} triangles")
    positions = table[:, :3]
    if found["color"]:
        start = 6 if found["normal"] else 3
        return [Part(positions, triangles, colors=_linear(table[:, start : start + 3]))]
    if colors is None:
        return [Part(positions, triangles)]
    corners = triangles.reshape(-1)  # Each triangle gets vertices of its own.
    own = np.arange(len(corners)).reshape(-1, 3)
    return [Part(positions[corners], own, colors=np.repeat(_linear(colors)[faces], 3, axis=0))]


def _faces(lines: Lines) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64] | None]:
    """(m, 3) triangles; (m,) the face that each is cut from; (faces, 3) colours, None where a face has none."""
    triangles, faces, colors = [], [], []
    for face, line in enumerate(lines):
        words = line.split()
        count = int(words[0])
        corners = [int(word) for word in words[1 : count + 1]]
        if count < 0 or len(corners) < count:
            raise ValueError(f"face {face} has fewer corners than it says")
        for corner in range(1, count - 1):
            triangles.append((corners[0], corners[corner], corners[corner + 1]))
            faces.append(face)
        color = words[count + 1 : count + 4]
        if len(color) == 3:
            colors.append([float(word) for word in color])
    complete = len(colors) == len(lines)
    return (
        np.array(triangles, dtype=np.int64).reshape(-1, 3),
        np.array(faces, dtype=np.int64),
        np.array(colors, dtype=np.float64) if complete else None,
    )


def _linear(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 4) linear and opaque; numbers up to 255 where any is above 1, and up to 1 otherwise."""
    if rgb.shape[1] != 3 or not np.isfinite(rgb).all():
        raise ValueError("a colour is not three numbers")
    return np.hstack([srgb_to_linear(rgb / (255.0 if rgb.max() > 1.0 else 1.0)), np.ones((len(rgb), 1))])
