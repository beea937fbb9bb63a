"""A mesh on the device: one vertex buffer, one index buffer, and a batch per material."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from renderers.compiled import compiled
from renderers.programs import Program
from renderers.projection import UnitFrame
from renderers.surface_geometry import facing_outwards
from renderers.textures import linear_from_srgb, upload
from viewpoint100k.geometry import exact
from viewpoint100k.geometry.mesh import AlphaMode, Material, Mesh, Primitive, Texture

if TYPE_CHECKING:
    import moderngl

__all__ = ["BLEND_CUTOFF", "Batch", "GpuMesh", "grouped", "mean_luminance", "without_textures"]

_REST = ("3f 2f 4f", "in_normal", "in_uv", "in_color")
_ALPHA_ORDER: tuple[AlphaMode, ...] = ("OPAQUE", "MASK", "BLEND")
_ROUGH = 0.6
"""Above this roughness, the reflection of a dielectric is so blurred that it uses the diffuse light."""
BLEND_CUTOFF = 0.05
"""A blended surface counts as object where its alpha is at least this."""


@dataclass(eq=False)
class Batch:
    """Triangles with the same material, apart from the base colour factor, which is part of the vertex colours."""

    material: Material
    first: int
    """Start of its indices in the mesh's index buffer."""
    count: int
    """Number of indices."""
    color: tuple[float, ...] | None
    """Linear RGBA of all vertices; None if they differ."""
    textures: dict[str, moderngl.Texture] = field(default_factory=dict)
    """Textures by the name of the sampler."""
    features: frozenset[str] = frozenset()
    """Names of the ``#define`` that its shader needs."""
    triangles: NDArray[np.uint32] | None = None
    """(m, 3): triangles of a blended batch, for sorting."""
    centroids: NDArray[np.float32] | None = None
    """(m, 3): centroids of the triangles of a blended batch, in the unit frame."""
    sorted_indices: moderngl.Buffer | None = None

    @property
    def cutoff(self) -> float:
        """Alpha below which depth ignores the surface."""
        return BLEND_CUTOFF if self.material.alpha_mode == "BLEND" else self.material.alpha_cutoff


class GpuMesh:
    """Owns every buffer and texture of one mesh."""

    def __init__(
        self, context: moderngl.Context, mesh: Mesh, frame: UnitFrame, max_texture_size: int, anisotropy: float
    ) -> None:
        self._context = context
        self._textures: dict[tuple[int, bool], moderngl.Texture] = {}
        self._arrays: dict[tuple[int, int], moderngl.VertexArray] = {}
        self._max_texture_size, self._anisotropy = max_texture_size, anisotropy
        vertices, indices, self.batches = _pack(grouped(mesh), frame)
        self._positions = context.buffer(np.ascontiguousarray(vertices[:, :3]))  # all that a depth pass reads
        self._rest = context.buffer(np.ascontiguousarray(vertices[:, 3:]))
        self._indices = context.buffer(indices)
        self.opaque_count = int(sum(b.count for b in self.batches if b.material.alpha_mode == "OPAQUE"))
        """Indices of all opaque batches; they come first."""
        self.blends = any(b.material.alpha_mode == "BLEND" for b in self.batches)
        for batch in self.batches:
            self._set_up_shading(batch)

    @property
    def nbytes(self) -> int:
        """Approximate memory on the device, bytes."""
        texels = int(sum(t.width * t.height for t in self._textures.values()))
        return texels * 4 * 4 // 3 + sum(b.size for b in (self._positions, self._rest, self._indices))

    def vertex_array(self, program: Program, batch: Batch | None = None) -> moderngl.VertexArray:
        """The vertex array for a program; for a blended batch, with its sorted indices."""
        indices = self._indices if batch is None or batch.sorted_indices is None else batch.sorted_indices
        key = (program.handle.glo, indices.glo)
        if key not in self._arrays:
            content: list[Any] = [(self._positions, "3f", "in_position")]
            if program.inputs & {"in_normal", "in_uv", "in_color"}:
                content.append((self._rest, *_REST))
            self._arrays[key] = self._context.vertex_array(
                program.handle, content, index_buffer=indices, skip_errors=True
            )
        return self._arrays[key]

    def sort_blended(self, forward: NDArray[np.float64]) -> list[Batch]:
        """Sorts the blended batches and their triangles along ``forward`` (3,), farthest first."""
        depths = []
        for batch in self.batches:
            if batch.centroids is None or batch.triangles is None or batch.sorted_indices is None:
                continue
            depth = exact.dot(batch.centroids, forward)
            order = np.argsort(-depth, kind="stable")
            batch.sorted_indices.write(np.ascontiguousarray(batch.triangles[order]))
            depths.append((-float(exact.mean(depth)), batch))
        return [batch for _, batch in sorted(depths, key=lambda pair: pair[0])]

    def release(self) -> None:
        for array in self._arrays.values():
            array.release()
        for texture in self._textures.values():
            texture.release()
        for batch in self.batches:
            if batch.sorted_indices is not None:
                batch.sorted_indices.release()
            batch.textures.clear()
        self._arrays.clear()
        self._textures.clear()
        self._positions.release()
        self._rest.release()
        self._indices.release()

    def _set_up_shading(self, batch: Batch) -> None:
        """Uploads a batch's textures and sets its shader features."""
        material = batch.material
        features = set() if batch.color is not None else {"COLORS"}
        if material.unlit:
            features.add("UNLIT")
            material = replace(without_textures(material), base_color_texture=material.base_color_texture)
        slots = (
            ("base_color_texture", material.base_color_texture, True),
            ("surface_texture", material.metallic_roughness_texture, False),
            ("normal_texture", material.normal_texture, False),
            ("emissive_texture", material.emissive_texture if any(material.emissive) else None, True),
            ("occlusion_texture", material.occlusion_texture if material.occlusion_strength else None, False),
        )
        for name, texture, srgb in slots:
            if texture is None or texture.pixels.size == 0:
                continue
            if name == "occlusion_texture" and texture is material.metallic_roughness_texture:
                features.add("OCCLUSION_IN_SURFACE")
                continue
            batch.textures[name] = self._texture(texture, srgb)
            features.add(name.upper())
        if batch.textures:
            features.add("UV")
        if (
            not material.unlit
            and material.roughness >= _ROUGH
            and "SURFACE_TEXTURE" not in features
            and material.metallic < 0.5
        ):
            features.add("ROUGH")
        batch.features = frozenset(features)
        if batch.triangles is not None:
            batch.sorted_indices = self._context.buffer(batch.triangles, dynamic=True)

    def _texture(self, texture: Texture, srgb: bool) -> moderngl.Texture:
        key = (id(texture), srgb)
        if key not in self._textures:
            self._textures[key] = upload(self._context, texture, srgb, self._max_texture_size, self._anisotropy)
        return self._textures[key]


def mean_luminance(mesh: Mesh) -> float:
    """Mean linear luminance of the object, 0 to 1, weighted by area; textures are sampled coarsely."""
    total = weights = 0.0
    for p in mesh.primitives:
        if not len(p.triangles):
            continue
        area = twice_area(np.ascontiguousarray(p.positions), np.ascontiguousarray(p.triangles)) + 1e-12
        color = np.asarray(p.material.base_color[:3], dtype=np.float64)
        if p.colors is not None:
            color = color * exact.mean(p.colors[:, :3], axis=0)
        texture = p.material.base_color_texture
        if texture is not None and p.uvs is not None:
            step = max(max(texture.pixels.shape[:2]) // 32, 1)
            sample = linear_from_srgb()[texture.pixels[::step, ::step, :3]].reshape(-1, 3)
            color = color * exact.mean(sample, axis=0)
        total += area * float(exact.dot(color, [0.2126, 0.7152, 0.0722]))
        weights += area
    return total / weights if weights else 0.5


@compiled
def twice_area(positions: NDArray[np.float32], triangles: NDArray[np.uint32]) -> float:
    """Twice the area of triangles (m, 3) of vertices (n, 3)."""
    a, b, c = (positions[triangles[:, k]] for k in range(3))
    return float(exact.total(exact.norm(np.cross(b - a, c - a))))


def _look(primitive: Primitive) -> tuple[object, ...]:
    """Key of the primitives that one batch can hold: the material without its base colour factor."""
    m = primitive.material
    textures = (m.base_color_texture, m.metallic_roughness_texture, m.normal_texture, m.occlusion_texture)
    return (
        _ALPHA_ORDER.index(m.alpha_mode),
        tuple(0 if t is None else id(t) for t in (*textures, m.emissive_texture)),
        (m.metallic, m.roughness, m.normal_scale, m.occlusion_strength, *m.emissive, m.alpha_cutoff, m.unlit),
        primitive.uvs is None,
    )


def grouped(mesh: Mesh) -> list[list[Primitive]]:
    """Groups primitives by material, opaque before masked before blended, otherwise in the mesh's order."""
    groups: dict[tuple[object, ...], list[Primitive]] = {}
    for primitive in mesh.primitives:
        if len(primitive.triangles):
            groups.setdefault(_look(primitive), []).append(primitive)
    return sorted(groups.values(), key=lambda g: _ALPHA_ORDER.index(g[0].material.alpha_mode))


def _pack(
    groups: list[list[Primitive]], frame: UnitFrame
) -> tuple[NDArray[np.float32], NDArray[np.uint32], list[Batch]]:
    """All vertices (n, 12), all indices, and the batches over them."""
    members = [p for group in groups for p in group]
    vertices = np.zeros((max(sum(len(p.positions) for p in members), 1), 12), dtype=np.float32)
    indices = np.zeros((max(sum(len(p.triangles) for p in members), 1), 3), dtype=np.uint32)
    batches, vertex, triangle = [], 0, 0
    for group in groups:
        first, first_vertex = triangle, vertex
        for p in group:
            outwards = _fill(vertices[vertex : vertex + len(p.positions)], p, frame)
            place = slice(triangle, triangle + len(p.triangles))
            np.add(outwards, np.uint32(vertex), out=indices[place])
            vertex += len(p.positions)
            triangle += len(p.triangles)
        material = group[0].material if group[0].uvs is not None else without_textures(group[0].material)
        colors = vertices[first_vertex:vertex, 8:12]
        same = bool((colors == colors[0]).all())
        batch = Batch(material, first * 3, (triangle - first) * 3, tuple(colors[0].tolist()) if same else None)
        if material.alpha_mode == "BLEND":
            batch.triangles = indices[first:triangle].copy()
            batch.centroids = exact.mean(vertices[batch.triangles, :3], axis=1).astype(np.float32)
        batches.append(batch)
    return vertices, indices, batches


def _fill(rows: NDArray[np.float32], p: Primitive, frame: UnitFrame) -> NDArray[np.uint32]:
    """Writes a primitive's vertices; returns its triangles (m, 3), counter-clockwise seen from outside."""
    rows[:, :3] = (p.positions - frame.center) / frame.radius
    if p.uvs is not None:
        rows[:, 6:8] = p.uvs
    rows[:, 8:12] = p.material.base_color
    if p.colors is not None:
        rows[:, 8:12] *= p.colors
    rows[:, 3:6], triangles = facing_outwards(rows[:, :3], p.normals, p.triangles)
    return triangles


def without_textures(material: Material) -> Material:
    """The material without textures, for a primitive without UVs."""
    return Material(
        base_color=material.base_color,
        metallic=material.metallic,
        roughness=material.roughness,
        emissive=material.emissive,
        alpha_mode=material.alpha_mode,
        alpha_cutoff=material.alpha_cutoff,
        unlit=material.unlit,
    )
