"""The primitives of a glTF document that draw triangles: which there are, what is read of each, and its corners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.mesh_files.gltf_document import GltfDocument, read_accessor

__all__ = ["ATTRIBUTES", "DRACO", "TRIANGLES", "DrawnPrimitive", "corners_of", "triangle_primitives"]

TRIANGLES, STRIP, FAN = 4, 5, 6
"""Modes of a primitive that draw triangles."""
DRACO = "KHR_draco_mesh_compression"
ATTRIBUTES = {
    "POSITION": ("VEC3",),
    "NORMAL": ("VEC3",),
    "COLOR_0": ("VEC3", "VEC4"),
    **{f"TEXCOORD_{number}": ("VEC2",) for number in range(8)},
}
"""What is read of a primitive, and the accessor types that each may have."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DrawnPrimitive:
    """One primitive at one place in the scene."""

    attributes: dict[str, Floats]
    """By glTF name, (n, width), fractions as fractions; POSITION in the primitive's own coordinates."""
    triangles: NDArray[np.int64]
    """(m, 3)."""
    to_scene: Floats
    """(4, 4) from the primitive's coordinates to the scene's."""
    material: int | None
    """Index into the document's materials."""


def corners_of(document: GltfDocument, primitive: dict[str, Any]) -> NDArray[np.int64]:
    """(m, 3): the vertices of each triangle of a primitive, whatever its mode.

    Raises ``ValueError`` where their number is no multiple of three.
    """
    if "indices" in primitive:
        line = read_accessor(document, primitive["indices"])[:, 0].astype(np.int64)
    else:
        line = np.arange(document.items("accessors")[primitive["attributes"]["POSITION"]]["count"])
    mode = primitive.get("mode", TRIANGLES)
    if mode == FAN:
        return np.stack([np.broadcast_to(line[:1], len(line[2:])), line[1:-1], line[2:]], axis=1)
    if mode == STRIP:
        triangles = np.stack([line[:-2], line[1:-1], line[2:]], axis=1)
        triangles[1::2] = triangles[1::2, [1, 0, 2]]
        return triangles
    return line.reshape(-1, 3)


def triangle_primitives(document: GltfDocument, node: int) -> list[dict[str, Any]]:
    """The JSON of each primitive of a node's mesh that draws triangles."""
    mesh = document.items("meshes")[document.items("nodes")[node]["mesh"]]
    return [
        primitive
        for primitive in mesh["primitives"]
        if primitive.get("mode", TRIANGLES) in (TRIANGLES, STRIP, FAN) and "POSITION" in primitive["attributes"]
    ]
