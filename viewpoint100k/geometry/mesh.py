"""The textured mesh that asset loaders return and renderers draw. Pure NumPy.

It is glTF 2.0's metallic-roughness model (Khronos glTF 2.0 specification, sections 3.7 and 3.9) as plain arrays, in
this project's world: right-handed, +Z up.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import exact
from viewpoint100k.geometry.triangles import corner_batches, crossed, squared_lengths

__all__ = ["AlphaMode", "Material", "Mesh", "Primitive", "Texture"]

AlphaMode = Literal["OPAQUE", "MASK", "BLEND"]
Wrap = Literal["repeat", "clamp", "mirror"]


@dataclass(frozen=True, eq=False)
class Texture:
    """An image that is mapped onto a surface. Row 0 is the top of the picture, at v = 0, as in glTF."""

    pixels: NDArray[np.uint8]
    """(h, w, 3) or (h, w, 4); sRGB for colour (base colour, emissive), linear for other data."""
    wrap: tuple[Wrap, Wrap] = ("repeat", "repeat")
    """How the texture continues outside [0, 1] along u and v."""


@dataclass(frozen=True, eq=False)
class Material:
    """A metallic-roughness surface. Factors are linear; each multiplies its texture, as in glTF."""

    base_color: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    base_color_texture: Texture | None = None
    metallic: float = 0.0
    roughness: float = 0.8
    metallic_roughness_texture: Texture | None = None
    """Roughness in G, metallic in B."""
    normal_texture: Texture | None = None
    """Tangent space, +Y up (OpenGL)."""
    normal_scale: float = 1.0
    occlusion_texture: Texture | None = None
    """Occlusion, in R."""
    occlusion_strength: float = 1.0
    emissive: tuple[float, float, float] = (0.0, 0.0, 0.0)
    emissive_texture: Texture | None = None
    alpha_mode: AlphaMode = "OPAQUE"
    alpha_cutoff: float = 0.5
    """In the mode MASK, parts with a smaller alpha are not drawn."""
    unlit: bool = False
    """True if the base colour is shown without shading (KHR_materials_unlit): the light is baked in."""


@dataclass(frozen=True, eq=False)
class Primitive:
    """Triangles that share one material. Renderers draw both sides."""

    positions: NDArray[np.float32]
    """(n, 3), world units."""
    triangles: NDArray[np.uint32]
    """(m, 3), indices into the vertices; counter-clockwise seen from outside."""
    normals: NDArray[np.float32]
    """(n, 3), unit length."""
    uvs: NDArray[np.float32] | None = None
    """(n, 2), glTF convention: (0, 0) is the picture's top left. Required if the material has a texture."""
    colors: NDArray[np.float32] | None = None
    """(n, 4), linear; multiplies the base colour."""
    material: Material = field(default_factory=Material)


@dataclass(frozen=True, eq=False)
class Mesh:
    """A whole object. The node transforms are already applied to the vertices."""

    primitives: tuple[Primitive, ...]

    @property
    def points(self) -> NDArray[np.float64]:
        """(n, 3): the vertices of all primitives that some triangle uses."""
        used = [np.zeros(len(p.positions), dtype=bool) for p in self.primitives]
        for mask, p in zip(used, self.primitives, strict=True):
            mask[p.triangles] = True
        return np.concatenate([p.positions[u] for u, p in zip(used, self.primitives, strict=True)]).astype(np.float64)

    @cached_property
    def centroid(self) -> NDArray[np.float64]:
        """(3,): the centroid of the surface, weighted by area. It lies on every axis of symmetry."""
        areas, moments = np.empty(self.triangle_count), np.empty((3, self.triangle_count))
        first = 0
        for p in self.primitives:
            of_primitive = slice(first, first := first + len(p.triangles))
            for some, a, b, c in corner_batches(p.positions.astype(np.float64), p.triangles):
                area = np.sqrt(squared_lengths(*crossed(b - a, c - a)))
                areas[of_primitive][some] = area
                moments[:, of_primitive][:, some] = area * ((a + b + c) / 3)
        centroid = np.array([exact.total(m) for m in moments]) / max(float(exact.total(areas)), 1e-30)
        centroid.flags.writeable = False
        return centroid

    @property
    def triangle_count(self) -> int:
        return sum(len(p.triangles) for p in self.primitives)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays; a shared array counts once."""
        arrays: dict[int, int] = {}
        for p in self.primitives:
            m = p.material
            textures = (
                m.base_color_texture,
                m.metallic_roughness_texture,
                m.normal_texture,
                m.occlusion_texture,
                m.emissive_texture,
            )
            pixels = (t.pixels for t in textures if t is not None)
            for array in (p.positions, p.triangles, p.normals, p.uvs, p.colors, *pixels):
                if array is not None:
                    arrays[id(array)] = array.nbytes
        return int(sum(arrays.values()))

    def transformed(self, matrix: NDArray[np.float64]) -> Mesh:
        """The mesh after a (4, 4) affine map of its points. Normals follow the inverse transpose. A reflection also
        reverses the vertex order of the triangles, so that they stay counter-clockwise from outside."""
        linear = matrix[:3, :3]
        normal_matrix = exact.inverse3(linear).T
        reflects = exact.det3(linear) < 0
        primitives = []
        for p in self.primitives:
            normals = exact.matmul(p.normals, normal_matrix.T)
            lengths = exact.norm(normals, keepdims=True)
            primitives.append(
                replace(
                    p,
                    positions=exact.transform_points(matrix, p.positions).astype(np.float32),
                    normals=(normals / np.maximum(lengths, 1e-12)).astype(np.float32),
                    triangles=p.triangles[:, ::-1].copy() if reflects else p.triangles,
                )
            )
        return Mesh(tuple(primitives))
