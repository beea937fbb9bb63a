"""The materials of a glTF document and their textures (Khronos glTF 2.0 specification, sections 3.8 and 3.9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.mesh_files.asset_files import AssetFiles
from viewpoint100k.assets.mesh_files.gltf_document import GltfDocument, view_bytes
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mesh_files.textures import decode_texture
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry import exact
from viewpoint100k.geometry.mesh import AlphaMode, Material, Texture, Wrap

__all__ = ["GltfMaterials", "UvMapping"]

_WRAPS: dict[int, Wrap] = {10497: "repeat", 33071: "clamp", 33648: "mirror"}
_GLOSS = "KHR_materials_pbrSpecularGlossiness"
_UNLIT = "KHR_materials_unlit"
_LOOKS = ("anisotropy", "clearcoat", "diffuse_transmission", "iridescence", "sheen", "transmission", "volume")
"""Extensions of materials that change the appearance and are not supported."""
_SOURCE_EXTENSIONS = ("EXT_texture_webp", "EXT_texture_avif", "KHR_texture_basisu")

Json = dict[str, Any]


@dataclass(frozen=True)
class UvMapping:
    """The mapping from a primitive's UVs to a texture's: a set's number and perhaps ``KHR_texture_transform``."""

    texcoord: int = 0
    offset: tuple[float, float] = (0.0, 0.0)
    rotation: float = 0.0
    """Radians, counter-clockwise in the picture."""
    scale: tuple[float, float] = (1.0, 1.0)

    def apply(self, uvs: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2) of the set ``texcoord`` to (n, 2) into the picture."""
        if self == UvMapping(self.texcoord) and np.isfinite(uvs).all():
            return uvs + 0.0  # What the product below gives, without -0.
        cosine, sine = exact.cos(self.rotation), exact.sin(self.rotation)
        turn = np.array([[cosine, sine], [-sine, cosine]])
        result: NDArray[np.float64] = exact.matmul(uvs * self.scale, turn.T) + self.offset
        return result


class GltfMaterials:
    """Reads materials on request; shared images are decoded once.

    A material of this project has one UV mapping. Textures with another mapping than the base colour's (or, without
    one, the first texture's) are left out; in practice this is baked occlusion.
    """

    def __init__(self, document: GltfDocument, files: AssetFiles, limits: MeshLimits) -> None:
        self._document, self._files, self._limits = document, files, limits
        self._materials: dict[int, tuple[Material, UvMapping | None]] = {}
        self._images: dict[tuple[int, bool], NDArray[np.uint8]] = {}
        self._textures: dict[tuple[int, bool], Texture] = {}

    def read(self, index: int | None) -> tuple[Material, UvMapping | None]:
        """A material and its UV mapping (None without textures).

        A primitive without a material gets this project's plain one, not the standard's pure metal. Raises
        ``AssetError``: ``texture_missing``, ``texture_unreadable``, ``texture_too_large``, ``unsupported_extension``.
        """
        if index is None:
            return Material(), None
        if index not in self._materials:
            self._materials[index] = self._read(self._document.items("materials")[index])
        return self._materials[index]

    def _read(self, source: Json) -> tuple[Material, UvMapping | None]:
        slots = _texture_slots(source)
        mapping = next((_uv_mapping(slot) for slot in slots.values()), None)
        alpha_mode = source.get("alphaMode", "OPAQUE")
        if alpha_mode not in get_args(AlphaMode):
            raise ValueError(f"no such alpha mode: {alpha_mode!r}")
        textures = {
            key: self._texture(int(slot["index"]), alpha=key == "base_color" and alpha_mode != "OPAQUE")
            for key, slot in slots.items()
            if _uv_mapping(slot) == mapping
        }
        left_out = slots.keys() - textures.keys()
        base_color, metallic, roughness = _surface_factors(source)
        if "metallic_roughness" in left_out:  # Its factors, mostly 1, would make the surface a metal.
            metallic, roughness = Material().metallic, Material().roughness
        material = Material(
            base_color=base_color,
            base_color_texture=textures.get("base_color"),
            metallic=metallic,
            roughness=roughness,
            metallic_roughness_texture=textures.get("metallic_roughness"),
            normal_texture=textures.get("normal"),
            normal_scale=float((source.get("normalTexture") or {}).get("scale", 1.0)),
            occlusion_texture=textures.get("occlusion"),
            occlusion_strength=_fraction((source.get("occlusionTexture") or {}).get("strength", 1.0)),
            emissive=(0.0, 0.0, 0.0) if "emissive" in left_out else _emissive_factor(source),
            emissive_texture=textures.get("emissive"),
            alpha_mode=alpha_mode,
            alpha_cutoff=float(source.get("alphaCutoff", 0.5)),
            unlit=_UNLIT in (source.get("extensions") or {}),
        )
        self._note(source, material, bool(left_out))
        return material, mapping

    def _note(self, source: Json, material: Material, left_out: bool) -> None:
        """Notes assumptions about a material and omitted parts."""
        extensions: Json = source.get("extensions") or {}
        surface: Json = source.get("pbrMetallicRoughness") or {}
        if material.unlit:
            self._files.note("unlit")
        elif _GLOSS not in extensions and not {"metallicFactor", "metallicRoughnessTexture"} & surface.keys():
            self._files.note("metal_default")
        if left_out:
            self._files.note("texture_left_out")
        if _GLOSS in extensions and "specularGlossinessTexture" in extensions[_GLOSS]:
            self._files.note("gloss_left_out")
        self._files.note(*(f"{name}_left_out" for name in _LOOKS if f"KHR_materials_{name}" in extensions))

    def _texture(self, index: int, *, alpha: bool) -> Texture:
        if (index, alpha) not in self._textures:
            source = self._document.items("textures")[index]
            samplers = self._document.items("samplers")
            sampler: Json = samplers[source["sampler"]] if "sampler" in source else {}
            wrap = (_WRAPS[sampler.get("wrapS", 10497)], _WRAPS[sampler.get("wrapT", 10497)])
            self._textures[index, alpha] = Texture(self._image(self._image_index(source, index), alpha=alpha), wrap)
        return self._textures[index, alpha]

    def _image_index(self, texture: Json, index: int) -> int:
        extensions: Json = texture.get("extensions") or {}
        for extension in _SOURCE_EXTENSIONS:
            if "source" in (extensions.get(extension) or {}):
                return int(extensions[extension]["source"])
        if "source" in texture:
            return int(texture["source"])
        if extensions:
            message = f"texture {index} of {self._files.name} is there only as {', '.join(extensions)}, not read here"
            raise AssetError("unsupported_extension", message)
        raise AssetError("texture_missing", f"texture {index} of {self._files.name} has no image")

    def _image(self, index: int, *, alpha: bool) -> NDArray[np.uint8]:
        if (index, alpha) not in self._images:
            image = self._document.items("images")[index]
            name = f"{image.get('name') or index} of {self._files.name}"
            if "bufferView" in image:
                data = bytes(view_bytes(self._document, int(image["bufferView"])))
            elif "uri" in image:
                data = self._files.read_reference(str(image["uri"]), "texture_missing", is_uri=True)
            else:
                raise AssetError("texture_missing", f"the texture {name} has no data")
            self._images[index, alpha] = decode_texture(data, name, self._limits, alpha=alpha)
        return self._images[index, alpha]


def _uv_mapping(slot: Json) -> UvMapping:
    transform: Json = (slot.get("extensions") or {}).get("KHR_texture_transform") or {}
    offset, scale = transform.get("offset", (0.0, 0.0)), transform.get("scale", (1.0, 1.0))
    texcoord: Any = transform.get("texCoord", slot.get("texCoord", 0))
    return UvMapping(
        texcoord=int(texcoord),
        offset=(float(offset[0]), float(offset[1])),
        rotation=float(transform.get("rotation", 0.0)),
        scale=(float(scale[0]), float(scale[1])),
    )


def _texture_slots(source: Json) -> dict[str, Json]:
    """The material's texture references by their use; the first one determines the UV mapping."""
    gloss: Json | None = (source.get("extensions") or {}).get(_GLOSS)
    surface: Json = source.get("pbrMetallicRoughness") or {}
    slots: dict[str, Json | None] = {
        "base_color": surface.get("baseColorTexture") if gloss is None else gloss.get("diffuseTexture"),
        "metallic_roughness": surface.get("metallicRoughnessTexture") if gloss is None else None,
        "normal": source.get("normalTexture"),
        "emissive": source.get("emissiveTexture"),
        "occlusion": source.get("occlusionTexture"),
    }
    return {key: slot for key, slot in slots.items() if slot is not None}


def _surface_factors(source: Json) -> tuple[tuple[float, float, float, float], float, float]:
    """Base colour, metallic, roughness."""
    extensions: Json = source.get("extensions") or {}
    if _GLOSS in extensions:
        return _glossy_factors(extensions[_GLOSS])
    surface: Json = source.get("pbrMetallicRoughness") or {}
    color = _color(surface.get("baseColorFactor", (1.0, 1.0, 1.0, 1.0)))
    if _UNLIT in extensions:  # A renderer that knows no such surface draws it matte.
        return color, 0.0, 1.0
    return color, _fraction(surface.get("metallicFactor", 1.0)), _fraction(surface.get("roughnessFactor", 1.0))


def _glossy_factors(gloss: Json) -> tuple[tuple[float, float, float, float], float, float]:
    """Base colour, metallic, roughness for ``KHR_materials_pbrSpecularGlossiness``.

    A specular colour well above that of any dielectric, with hardly any diffuse one, means metal, whose colour it is.
    The specular-glossiness texture is left out.
    """
    diffuse = _color(gloss.get("diffuseFactor", (1.0, 1.0, 1.0, 1.0)))
    specular = _color((*gloss.get("specularFactor", (1.0, 1.0, 1.0)), diffuse[3]))
    roughness = 1.0 - _fraction(gloss.get("glossinessFactor", 1.0))
    if "specularGlossinessTexture" in gloss:
        roughness = max(roughness, 0.5)  # The factor scales a texture that is not read: take its middle.
    if max(specular[:3]) > 0.2 and max(diffuse[:3]) < 0.05 and "diffuseTexture" not in gloss:
        return specular, 1.0, roughness
    return diffuse, 0.0, roughness


def _emissive_factor(source: Json) -> tuple[float, float, float]:
    strength = (source.get("extensions") or {}).get("KHR_materials_emissive_strength") or {}
    scale = float(strength.get("emissiveStrength", 1.0))
    red, green, blue = (float(value) * scale for value in source.get("emissiveFactor", (0.0, 0.0, 0.0)))
    return red, green, blue


def _color(values: Any) -> tuple[float, float, float, float]:
    red, green, blue, alpha = (_fraction(value) for value in values)
    return red, green, blue, alpha


def _fraction(value: Any) -> float:
    return min(1.0, max(0.0, float(value)))
