"""The content of a file in its own coordinates, and the conversion to a mesh: upright, centred, radius 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.asset import normalization
from viewpoint100k.assets.mesh_files.normals import computed_normals, repaired_normals
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry import exact
from viewpoint100k.geometry.mesh import Material, Mesh, Primitive

__all__ = ["UP_AXES", "Part", "UpAxis", "in_order_of_use", "upright_mesh"]

UpAxis = Literal["x", "y", "z"]

UP_AXES: dict[UpAxis, NDArray[np.float64]] = {
    # glTF's (x, y, z) becomes (x, -z, y): +Z, its front, becomes -Y. Blender's importer does the same.
    "y": np.array([[1.0, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]),
    "z": np.eye(4),
    "x": np.array([[0.0, 0, -1, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]]),
}
"""(4, 4) by the axis that points up in a file: the rotation that turns it to +Z."""


@dataclass(frozen=True, eq=False)
class Part:
    """Triangles of one material in the file's coordinates, with all node transforms applied."""

    positions: NDArray[np.float64]
    """(n, 3), the file's coordinates and units."""
    triangles: NDArray[np.int64]
    """(m, 3)."""
    normals: NDArray[np.float64] | None = None
    """(n, 3), of any length; None if the file has none."""
    uvs: NDArray[np.float64] | None = None
    """(n, 2), v = 0 at the picture's top."""
    colors: NDArray[np.float64] | None = None
    """(n, 4), linear."""
    material: Material = field(default_factory=Material)

    def moved(self, matrix: NDArray[np.float64]) -> Part:
        """The part under a (4, 4) affine map; a reflection reverses the winding of its triangles."""
        linear = matrix[:3, :3]
        positions = exact.transform_points(matrix, self.positions)
        determinant = float(exact.det3(linear))
        triangles = self.triangles[:, ::-1] if determinant < 0 else self.triangles
        normals = None
        if self.normals is not None and np.isfinite(determinant) and determinant != 0:
            # The cofactor matrix is the inverse transpose up to a positive factor, and safe for tiny scales.
            normals = exact.matmul(self.normals, _cofactors(linear).T) * np.sign(determinant)
        return replace(self, positions=positions, triangles=triangles, normals=normals)


def in_order_of_use(part: Part) -> Part:
    """The part with its vertices in the order in which its triangles first use them, and without unused ones.

    trimesh sorts vertices that share a place with an unstable sort, so their order depends on the CPU. A part that
    refers to vertices that it does not have is returned unchanged; `upright_mesh` refuses it.
    """
    if not len(part.triangles) or part.triangles.min() < 0 or part.triangles.max() >= len(part.positions):
        return part
    used, first = np.unique(part.triangles, return_index=True)
    order = used[np.argsort(first, kind="stable")]
    places = np.zeros(len(part.positions), dtype=np.int64)
    places[order] = np.arange(len(order))
    return replace(
        part,
        positions=part.positions[order],
        triangles=places[part.triangles],
        normals=None if part.normals is None else part.normals[order],
        uvs=None if part.uvs is None else part.uvs[order],
        colors=None if part.colors is None else part.colors[order],
    )


def upright_mesh(parts: Sequence[Part], up: UpAxis, name: str) -> tuple[Mesh, NDArray[np.float64]]:
    """The whole object in this project's world, and the (4, 4) map from the file's coordinates to it.

    Vertices that no triangle uses are left out. Raises ``AssetError``: ``empty_mesh``, ``not_finite``, ``no_extent``,
    ``unreadable`` for indices out of range.
    """
    used = [_without_unused_vertices(part, name) for part in parts if len(part.triangles)]
    if not used:
        raise AssetError("empty_mesh", f"{name} has no triangles")
    if not all(np.isfinite(part.positions).all() for part in used):
        raise AssetError("not_finite", f"{name} has vertices that are not finite numbers")
    # A part that a zero scale collapses to a point must not count towards the object's extent.
    extended = [part for part in used if np.ptp(part.positions, axis=0).any()]
    turned = [part.moved(UP_AXES[up]) for part in extended or used]
    try:
        normalize = normalization(np.concatenate([part.positions for part in turned]))
    except ValueError as error:
        raise AssetError("no_extent", f"{name} has all of its vertices in one point") from error
    primitives = tuple(_primitive(part.moved(normalize)) for part in turned)
    return Mesh(primitives), exact.matmul(normalize, UP_AXES[up])


def _without_unused_vertices(part: Part, name: str) -> Part:
    count = len(part.positions)
    if part.triangles.min() < 0 or part.triangles.max() >= count:
        raise AssetError("unreadable", f"{name} has triangles that refer to vertices it does not have")
    mask = np.zeros(count, dtype=bool)
    mask[part.triangles] = True
    if mask.all():
        return part
    return replace(
        part,
        positions=part.positions[mask],
        triangles=(np.cumsum(mask) - 1)[part.triangles],
        normals=None if part.normals is None else part.normals[mask],
        uvs=None if part.uvs is None else part.uvs[mask],
        colors=None if part.colors is None else part.colors[mask],
    )


def _primitive(part: Part) -> Primitive:
    positions, triangles, uvs, colors = part.positions, part.triangles, part.uvs, part.colors
    if part.normals is None:
        vertices, triangles, normals = computed_normals(positions, triangles, weld=uvs is None and colors is None)
        positions = positions[vertices]
        uvs = None if uvs is None else uvs[vertices]
        colors = None if colors is None else colors[vertices]
    else:
        normals = repaired_normals(part.normals, positions, triangles)
    return Primitive(
        positions=np.ascontiguousarray(positions, dtype=np.float32),
        triangles=np.ascontiguousarray(triangles, dtype=np.uint32),
        normals=np.ascontiguousarray(normals, dtype=np.float32),
        uvs=None if uvs is None else np.nan_to_num(uvs.astype(np.float32), posinf=0.0, neginf=0.0),
        colors=None if colors is None else np.clip(np.nan_to_num(colors), 0.0, 1.0).astype(np.float32),
        material=part.material,
    )


def _cofactors(m: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, 3): row i is the cross product of the two rows after it."""
    after, next_after = m[[1, 2, 0]], m[[2, 0, 1]]
    result: NDArray[np.float64] = np.roll(after, -1, axis=1) * np.roll(next_after, -2, axis=1)
    result -= np.roll(after, -2, axis=1) * np.roll(next_after, -1, axis=1)
    return result
