"""An object under construction: shapes, each with its material, gathered into the mesh that renderers draw."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from viewpoint100k.assets.procedural.shapes import Shape, join
from viewpoint100k.geometry.mesh import Material, Mesh, Primitive

__all__ = ["Model"]


@dataclass
class Model:
    """A list of parts that grows. Built facing +X, with its left at +Y."""

    parts: list[tuple[Material, Shape]] = field(default_factory=list)

    def add(self, material: Material, *shapes: Shape) -> None:
        """Adds shapes of one material."""
        self.parts.extend((material, shape) for shape in shapes)

    def add_both_sides(self, material: Material, *shapes: Shape) -> None:
        """Adds each shape, and its reflection across the object's middle plane (y = 0)."""
        for shape in shapes:
            self.add(material, shape, shape.mirror("y"))

    def mesh(self) -> Mesh:
        """One primitive for each distinct material, in the order of first use."""
        groups: dict[object, tuple[Material, list[Shape]]] = {}
        for material, shape in self.parts:
            groups.setdefault(_look(material), (material, []))[1].append(shape)
        return Mesh(tuple(_primitive(material, join(shapes)) for material, shapes in groups.values()))


def _look(material: Material) -> object:
    """Equal for materials that look the same: of those made here only the base colour may have a texture."""
    return (
        material.base_color,
        material.metallic,
        material.roughness,
        material.emissive,
        id(material.base_color_texture),
    )


def _primitive(material: Material, shape: Shape) -> Primitive:
    return Primitive(
        positions=shape.positions.astype(np.float32),
        triangles=np.ascontiguousarray(shape.triangles, dtype=np.uint32),
        normals=shape.normals.astype(np.float32),
        uvs=shape.uvs.astype(np.float32) if material.base_color_texture is not None else None,
        material=material,
    )
