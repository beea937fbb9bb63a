"""``--source blocks`` or ``blocks:COUNT``: towers of three coloured blocks, made up from their number."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from viewpoint100k.assets import MeshAsset, Origin, Source
from viewpoint100k.errors import UsageError
from viewpoint100k.geometry.mesh import Material, Mesh, Primitive

_CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=np.float64)
_FACES = np.array(
    [
        *([0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1]),
        *([2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]),
    ]
)
"""Counter-clockwise from outside; corner 4x + 2y + z."""


def open_blocks(argument: str) -> Source:
    """The source of ``blocks`` (60 towers) or ``blocks:COUNT``."""
    if argument and not argument.isdigit():
        raise UsageError(f"source blocks:{argument} must be blocks:COUNT, such as blocks:100")
    return Blocks(int(argument or 60))


class Blocks:
    """Assets by number; the same number gives the same tower."""

    name = "blocks"

    def __init__(self, count: int) -> None:
        self._count = count

    def ids(self) -> Sequence[str]:
        return tuple(f"tower-{number:05d}" for number in range(self._count))

    def load(self, asset_id: str) -> MeshAsset:
        rng = np.random.default_rng(int(asset_id.removeprefix("tower-")))
        placed, materials, bottom = [], [], 0.0
        for _ in range(3):
            size = rng.uniform([0.3, 0.3, 0.2], [1.0, 1.0, 0.5])
            offset = np.array([*rng.uniform(-0.6, 0.6, 2), bottom + size[2]])
            placed.append(_CORNERS * size + offset)
            materials.append(Material(base_color=(*rng.uniform(0.05, 0.9, 3), 1.0)))
            bottom += 2 * size[2]
        points = np.concatenate(placed)
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        radius = np.sqrt(((points - middle) ** 2).sum(axis=1).max())
        primitives = [_block((corners - middle) / radius, one) for corners, one in zip(placed, materials, strict=True)]
        origin = Origin(
            source=self.name,
            asset_id=asset_id,
            sha256=hashlib.sha256(points.tobytes()).hexdigest(),
            category="tower",
            license="CC0-1.0",
            creator="viewpoint100k-example",
            uri="",
        )
        return MeshAsset(origin, Mesh(tuple(primitives)), None, np.eye(4))


def _block(corners: np.ndarray, material: Material) -> Primitive:
    """A block whose faces have corners of their own, so that each has one normal."""
    faces = corners[_FACES]
    normals = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0])
    normals /= np.sqrt((normals**2).sum(axis=1, keepdims=True))
    return Primitive(
        positions=faces.reshape(-1, 3).astype(np.float32),
        triangles=np.arange(3 * len(faces), dtype=np.uint32).reshape(-1, 3),
        normals=np.repeat(normals, 3, axis=0).astype(np.float32),
        material=material,
    )
