"""Converts a mesh for the compiled passes."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from renderers.gpu_mesh import grouped, without_textures
from renderers.projection import UnitFrame
from viewpoint100k.geometry.mesh import Material, Mesh, Primitive, Texture

__all__ = ["DrawableObject"]

_WRAPS = {"repeat": 0, "clamp": 1, "mirror": 2}
_MODES = {"OPAQUE": 0, "MASK": 1, "BLEND": 2}


class DrawableObject:
    """Owns one mesh's arrays and textures in the extension."""

    def __init__(self, native: ModuleType, mesh: Mesh, frame: UnitFrame, max_texture_size: int) -> None:
        self._max_texture_size = max_texture_size
        self._textures: dict[tuple[int, bool], int] = {}
        self._coarse: Any = None
        low, high = frame.corners.min(axis=0), frame.corners.max(axis=0)
        self.native: Any = native.Object(np.array(frame.center), frame.radius, low, high)
        for group in grouped(mesh):
            self._begin(group[0].material if group[0].uvs is not None else without_textures(group[0].material))
            for primitive in group:
                self._add(primitive)
        self.native.finish()

    @property
    def nbytes(self) -> int:
        """Memory of the object, bytes."""
        return int(self.native.nbytes)

    @property
    def for_thumbnails(self) -> Any:
        """The extension's object for small pictures: a coarser one, made at its first use, if the mesh is dense."""
        if self._coarse is None:
            self._coarse = self.native.coarse() if self.native.is_dense else self.native
        return self._coarse

    def release(self) -> None:
        """Releases the arrays."""
        self.native = self._coarse = None

    def _begin(self, material: Material) -> None:
        surface = material.metallic_roughness_texture
        occlusion = material.occlusion_texture if material.occlusion_strength else None
        shared = occlusion is not None and occlusion is surface
        self.native.begin_batch(
            metallic=float(material.metallic),
            roughness=float(material.roughness),
            normal_scale=float(material.normal_scale),
            occlusion_strength=float(material.occlusion_strength),
            emissive=tuple(float(c) for c in material.emissive),
            alpha_mode=_MODES[material.alpha_mode],
            alpha_cutoff=float(material.alpha_cutoff),
            unlit=material.unlit,
            occlusion_in_surface=shared,
            textures=[
                self._texture(material.base_color_texture, True),
                self._texture(surface, False),
                self._texture(material.normal_texture, False),
                self._texture(None if shared else occlusion, False),
                self._texture(material.emissive_texture if any(material.emissive) else None, True),
            ],
        )

    def _texture(self, texture: Texture | None, is_color: bool) -> int:
        """The extension's number of a texture, which is added on first use; -1 for None."""
        if texture is None or texture.pixels.size == 0:
            return -1
        key = (id(texture), is_color)
        if key not in self._textures:
            self._textures[key] = self.native.add_texture(
                np.ascontiguousarray(texture.pixels), self._max_texture_size, is_color, *map(_WRAPS.get, texture.wrap)
            )
        return self._textures[key]

    def _add(self, p: Primitive) -> None:
        def floats(values: Any) -> Any:
            return None if values is None else np.ascontiguousarray(values, dtype=np.float32)

        self.native.add_primitive(
            positions=floats(p.positions),
            normals=floats(p.normals),
            triangles=np.ascontiguousarray(p.triangles, dtype=np.uint32),
            uvs=floats(p.uvs),
            colors=floats(p.colors),
            base_color=np.array(p.material.base_color, dtype=np.float32),
        )
