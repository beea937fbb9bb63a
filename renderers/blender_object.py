"""A mesh in Blender: one geometry, with one set of materials for images and one for depth maps."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renderers.blender_materials import COLOR_ATTRIBUTE, UV_MAP, Materials
from renderers.gpu_mesh import mean_luminance
from renderers.projection import UnitFrame
from renderers.surface_geometry import facing_outwards
from viewpoint100k.geometry.mesh import Mesh, Primitive

__all__ = ["BlenderObject"]


class BlenderObject:
    """The Blender objects of one mesh, in the unit frame, not yet in a scene. Owns everything it creates in Blender."""

    def __init__(self, bpy: Any, mesh: Mesh, max_texture_size: int) -> None:
        self._bpy = bpy
        self.source = weakref.ref(mesh)
        self.frame = UnitFrame.of(mesh)
        self.luminance = mean_luminance(mesh)
        self._materials = Materials(bpy, max_texture_size)
        self._geometry: list[Any] = []
        self._primitives: list[Primitive] = []
        self._kept_alive = mesh
        """Kept alive, because materials and textures are identified by their addresses."""
        for primitive in mesh.primitives:
            geometry = _geometry(bpy, primitive, self.frame)
            if geometry is not None:
                self._geometry.append(geometry)
                self._primitives.append(primitive)
        self.surfaces = self._objects(self._materials.surface)
        """Blender objects for images."""
        self._shapes: list[Any] | None = None

    @property
    def shapes(self) -> list[Any]:
        """Blender objects for depth maps: each point of a surface is opaque or missing, never half transparent."""
        if self._shapes is None:
            self._shapes = self._objects(self._materials.shape)
        return self._shapes

    def _objects(self, material: Any) -> list[Any]:
        made = []
        for geometry, primitive in zip(self._geometry, self._primitives, strict=True):
            one = self._bpy.data.objects.new("primitive", geometry)
            slot = one.material_slots[0]
            slot.link = "OBJECT"
            slot.material = material(primitive)
            made.append(one)
        return made

    def release(self) -> None:
        """Removes everything from Blender."""
        self._bpy.data.batch_remove([*self.surfaces, *(self._shapes or [])])
        self._bpy.data.batch_remove(self._geometry)
        self._materials.release()
        self.surfaces, self._shapes, self._geometry = [], None, []


def _geometry(bpy: Any, primitive: Primitive, frame: UnitFrame) -> Any:
    """A Blender mesh, or None if no triangle is left.

    Triangles that use a vertex twice are removed: they have no area, and Blender cannot build their edges.
    """
    positions = ((primitive.positions - frame.center) / frame.radius).astype(np.float32)
    a, b, c = primitive.triangles.T
    triangles = primitive.triangles[(a != b) & (b != c) & (c != a)]
    if not len(triangles):
        return None
    normals, triangles = facing_outwards(positions, primitive.normals, triangles)
    made = bpy.data.meshes.new("primitive")
    made.vertices.add(len(positions))
    made.vertices.foreach_set("co", positions.ravel())
    corners = np.ascontiguousarray(triangles, dtype=np.int32).ravel()
    made.loops.add(len(corners))
    made.loops.foreach_set("vertex_index", corners)
    made.polygons.add(len(triangles))
    made.polygons.foreach_set("loop_start", np.arange(0, len(corners), 3, dtype=np.int32))
    made.polygons.foreach_set("use_smooth", np.ones(len(triangles), dtype=bool))
    if primitive.uvs is not None:
        # v runs down the picture in glTF, and up in Blender.
        uvs = (primitive.uvs * [1, -1] + [0, 1]).astype(np.float32)
        made.uv_layers.new(name=UV_MAP).uv.foreach_set("vector", uvs[corners].ravel())
    if primitive.colors is not None:
        layer = made.color_attributes.new(COLOR_ATTRIBUTE, "FLOAT_COLOR", "POINT")
        layer.data.foreach_set("color", np.ascontiguousarray(primitive.colors, dtype=np.float32).ravel())
    made.materials.append(None)
    made.update(calc_edges=True)
    made.normals_split_custom_set_from_vertices(_unit(normals))
    return made


def _unit(normals: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.asarray(normals / np.maximum(lengths, 1e-12), dtype=np.float32)
