"""Converts glTF metallic-roughness materials to Blender's Principled shader, and to cut-outs for depth maps.

Two features of glTF need an approximation in path tracing. Baked occlusion darkens the base colour, so it also darkens
direct sunlight. A black metal reflects nothing, as in the other backends; the Fresnel term would give it a bright rim.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from renderers.blender_nodes import Nodes, Value
from renderers.gpu_mesh import BLEND_CUTOFF
from renderers.textures import shrink
from viewpoint100k.geometry.mesh import Material, Primitive, Texture

__all__ = ["COLOR_ATTRIBUTE", "UV_MAP", "Materials"]

UV_MAP = "texture place"
COLOR_ATTRIBUTE = "vertex tint"
"""Attribute names without a meaning in Cycles, which uses some names, such as ``color``, for volumes."""
_EXTENSIONS = {"repeat": "REPEAT", "clamp": "EXTEND", "mirror": "MIRROR"}
_LEAST_ROUGHNESS = 0.08
"""Smallest roughness, as in the other backends; smoother surfaces show lamps as isolated bright pixels."""


class Materials:
    """The materials and textures of one mesh in Blender, created on first use."""

    def __init__(self, bpy: Any, max_texture_size: int) -> None:
        self._bpy, self._max_size = bpy, max_texture_size
        self._images: dict[tuple[int, bool], Any] = {}
        self._surfaces: dict[tuple[int, bool, bool], Any] = {}
        self._shapes: dict[tuple[int, bool, bool], Any] = {}
        self._solid: Any = None

    def surface(self, primitive: Primitive) -> Any:
        """Material for the appearance of a primitive."""
        key = _key(primitive)
        if key not in self._surfaces:
            made, nodes = self._empty()
            _Surface(nodes, self, primitive).finish()
            self._surfaces[key] = made
        return self._surfaces[key]

    def shape(self, primitive: Primitive) -> Any:
        """Material for depth maps: each point of the primitive is either opaque or absent."""
        if primitive.material.alpha_mode == "OPAQUE":
            if self._solid is None:
                self._solid, nodes = self._unlit()
                nodes.output("Material", nodes.emission((1.0, 1.0, 1.0)))
            return self._solid
        key = _key(primitive)
        if key not in self._shapes:
            made, nodes = self._unlit()
            _Surface(nodes, self, primitive).finish_shape()
            self._shapes[key] = made
        return self._shapes[key]

    def image(self, texture: Texture, srgb: bool) -> Any:
        """A texture as a Blender image; bottom row first, as Blender has them."""
        key = (id(texture), srgb)
        if key not in self._images:
            pixels = shrink(texture.pixels, self._max_size, srgb)
            height, width = pixels.shape[:2]
            image = self._bpy.data.images.new("texture", width, height, alpha=True, is_data=not srgb)
            image.alpha_mode = "CHANNEL_PACKED"  # Keeps colours where alpha is 0.
            image.pixels.foreach_set(np.ascontiguousarray(pixels[::-1], dtype=np.float32).ravel() / np.float32(255))
            self._images[key] = image
        return self._images[key]

    def release(self) -> None:
        """Removes everything from Blender."""
        made = [*self._surfaces.values(), *self._shapes.values(), *([self._solid] if self._solid is not None else [])]
        self._bpy.data.batch_remove([*made, *self._images.values()])
        for kept in (self._images, self._surfaces, self._shapes):
            kept.clear()
        self._solid = None

    def _unlit(self) -> tuple[Any, Nodes]:
        """An emissive material that Cycles does not sample as a lamp, because sorting its triangles costs time."""
        made, nodes = self._empty()
        made.cycles.emission_sampling = "NONE"
        return made, nodes

    def _empty(self) -> tuple[Any, Nodes]:
        made = self._bpy.data.materials.new("material")
        made.cycles.use_bump_map_correction = False  # It would darken bumps that face the light.
        return made, Nodes.of(made)


def _key(primitive: Primitive) -> tuple[int, bool, bool]:
    return id(primitive.material), primitive.uvs is not None, primitive.colors is not None


class _Surface:
    """Builds the nodes of one material."""

    def __init__(self, nodes: Nodes, materials: Materials, primitive: Primitive) -> None:
        self._nodes, self._materials = nodes, materials
        self._material, self._textured = primitive.material, primitive.uvs is not None
        self._colored = primitive.colors is not None
        self._read: dict[tuple[int, bool], tuple[Value, Value]] = {}

    def finish(self) -> None:
        """Builds the full material."""
        nodes, material = self._nodes, self._material
        metallic, roughness = self._metallic_roughness()
        emitted = self._emitted()
        inputs: dict[str | int, Value] = {
            "Base Color": self._base_color(),
            "Metallic": metallic,
            "Roughness": roughness,
            "IOR": 1.5,
            "Emission Color": emitted,
            "Emission Strength": 1.0,
        }
        if material.alpha_mode != "OPAQUE":
            inputs["Alpha"] = self._presence() if material.alpha_mode == "MASK" else self._alpha()
        if material.normal_texture is not None and self._textured:
            inputs["Normal"] = self._normal(material.normal_texture)
        if material.unlit or _reflects_nothing(material):
            surface = nodes.emission(inputs["Base Color"] if material.unlit else emitted)
            if "Alpha" in inputs:
                surface = nodes.mix(inputs["Alpha"], nodes.transparent(), surface)
        else:
            surface = nodes.add("BsdfPrincipled", inputs, distribution="GGX").outputs["BSDF"]
        nodes.output("Material", surface)

    def finish_shape(self) -> None:
        """Builds the cut-out material."""
        nodes = self._nodes
        there = nodes.mix(self._presence(), nodes.transparent(), nodes.emission((1.0, 1.0, 1.0)))
        nodes.output("Material", there)

    def _base_color(self) -> Value:
        nodes, material = self._nodes, self._material
        color: Value = tuple(float(c) for c in material.base_color[:3])
        if self._colored:
            color = nodes.vector("MULTIPLY", self._attribute().outputs["Color"], color)
        if material.base_color_texture is not None and self._textured:
            color = nodes.vector("MULTIPLY", self._texels(material.base_color_texture, srgb=True)[0], color)
        if material.occlusion_texture is not None and self._textured and material.occlusion_strength:
            open_ = nodes.parts(self._texels(material.occlusion_texture, srgb=False)[0])[0]
            strength = float(material.occlusion_strength)
            open_ = nodes.math("MULTIPLY_ADD", open_, strength, 1.0 - strength)
            color = nodes.vector("MULTIPLY", nodes.joined(open_, open_, open_), color)
        return color

    def _alpha(self) -> Value:
        nodes, material = self._nodes, self._material
        alpha: Value = float(material.base_color[3])
        if self._colored:
            alpha = nodes.math("MULTIPLY", self._attribute().outputs["Alpha"], alpha)
        if material.base_color_texture is not None and self._textured:
            alpha = nodes.math("MULTIPLY", self._texels(material.base_color_texture, srgb=True)[1], alpha)
        return alpha

    def _presence(self) -> Value:
        """1 where the surface counts, 0 where alpha is below the cutoff."""
        cutoff = BLEND_CUTOFF if self._material.alpha_mode == "BLEND" else float(self._material.alpha_cutoff)
        return self._nodes.math("SUBTRACT", 1.0, self._nodes.math("LESS_THAN", self._alpha(), cutoff))

    def _metallic_roughness(self) -> tuple[Value, Value]:
        nodes, material = self._nodes, self._material
        if material.metallic_roughness_texture is None or not self._textured:
            return float(material.metallic), max(float(material.roughness), _LEAST_ROUGHNESS)
        _, green, blue = nodes.parts(self._texels(material.metallic_roughness_texture, srgb=False)[0])
        rough = nodes.math("MULTIPLY", green, float(material.roughness))
        metallic = nodes.math("MULTIPLY", blue, float(material.metallic))
        return metallic, nodes.math("MAXIMUM", rough, _LEAST_ROUGHNESS)

    def _emitted(self) -> Value:
        material = self._material
        factor = tuple(float(c) for c in material.emissive)
        if material.emissive_texture is None or not self._textured or not any(factor):
            return factor
        return self._nodes.vector("MULTIPLY", self._texels(material.emissive_texture, srgb=True)[0], factor)

    def _normal(self, texture: Texture) -> Value:
        """The textured normal. glTF scales a texel's x and y; Blender would mix it with the plain normal instead."""
        nodes, scale = self._nodes, float(self._material.normal_scale)
        color = self._texels(texture, srgb=False)[0]
        if scale != 1.0:
            flat = 0.5 - 0.5 * scale
            color = nodes.vector("MULTIPLY_ADD", color, (scale, scale, 1.0), (flat, flat, 0.0))
        return nodes.add("NormalMap", {"Color": color, "Strength": 1.0}, space="TANGENT", uv_map=UV_MAP).outputs[
            "Normal"
        ]

    def _attribute(self) -> Any:
        return self._nodes.add("VertexColor", layer_name=COLOR_ATTRIBUTE)

    def _texels(self, texture: Texture, srgb: bool) -> tuple[Value, Value]:
        """Colour and alpha of a texture at each point."""
        key = (id(texture), srgb)
        if key not in self._read:
            image = self._materials.image(texture, srgb)
            place = self._nodes.add("UVMap", uv_map=UV_MAP).outputs["UV"]
            extension = _EXTENSIONS[texture.wrap[0]]
            if texture.wrap[0] != texture.wrap[1]:
                place, extension = self._wrapped(place, texture, tuple(image.size)), "REPEAT"
            node = self._nodes.add(
                "TexImage", {"Vector": place}, image=image, extension=extension, interpolation="Linear"
            )
            self._read[key] = node.outputs["Color"], node.outputs["Alpha"]
        return self._read[key]

    def _wrapped(self, place: Value, texture: Texture, size: tuple[int, ...]) -> Value:
        """Texture coordinates inside the image if both axes wrap differently; Blender has one mode for both axes.

        They keep half a texel from the edge, so that texels from the opposite edge are not interpolated.
        """
        nodes = self._nodes
        axes = []
        for value, wrap, texels in zip(nodes.parts(place), texture.wrap, size, strict=False):
            if wrap == "mirror":
                value = nodes.math("PINGPONG", value, 1.0)
            if wrap != "repeat":
                half = 0.5 / texels
                value = nodes.math("MINIMUM", nodes.math("MAXIMUM", value, half), 1.0 - half)
            axes.append(value)
        return nodes.joined(axes[0], axes[1], 0.0)


def _reflects_nothing(material: Material) -> bool:
    """True for a black metal, which shows only its emission."""
    return material.metallic == 1 and material.metallic_roughness_texture is None and not any(material.base_color[:3])
