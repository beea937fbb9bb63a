"""Reads MTL, the material files of Wavefront OBJ. Colours are taken as sRGB, which tools write, and turned linear.

The format has no fixed meaning; this is how Blender reads it: a diffuse map replaces the diffuse colour, ``Ns`` tells
the roughness. ``Tr`` is ignored: half of the tools write 1 in it for opaque, the other half 0.
"""

from __future__ import annotations

import math
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from viewpoint100k.assets.mesh_files.asset_files import AssetFiles
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mesh_files.textures import decode_texture, srgb_to_linear
from viewpoint100k.geometry.mesh import Material, Texture, Wrap

__all__ = ["ObjMaterial", "material_names", "read_mtl"]

_OPTION_VALUES = {
    "-blendu": 1, "-blendv": 1, "-boost": 1, "-mm": 2, "-texres": 1,
    "-clamp": 1, "-bm": 1, "-imfchan": 1, "-type": 1, "-cc": 1, "-colorspace": 1,
}  # fmt: skip
"""How many values follow a map's option; ``-s``, ``-o`` and ``-t`` have one to three numbers."""


@dataclass(frozen=True, eq=False)
class ObjMaterial:
    """A material, and how its diffuse map is placed: ``uv * uv_scale + uv_offset``, in OBJ's own UVs."""

    material: Material = field(default_factory=Material)
    uv_scale: tuple[float, float] = (1.0, 1.0)
    uv_offset: tuple[float, float] = (0.0, 0.0)

    def untextured(self) -> Material:
        """The material for faces without UVs."""
        return replace(self.material, base_color_texture=None, normal_texture=None, emissive_texture=None)


@dataclass(frozen=True)
class _Map:
    """A texture as an MTL line states it."""

    file: str
    folder: str = ""
    """Of the MTL file, relative to the asset's."""
    scale: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)
    clamp: bool = False


def read_mtl(files: AssetFiles, line: str, used: list[str], limits: MeshLimits) -> dict[str, ObjMaterial]:
    """The materials in ``used`` of the file, or files, that a ``mtllib`` line names.

    Raises ``AssetError``: ``material_missing``, ``texture_missing``, ``texture_unreadable``, ``texture_too_large``.
    """
    materials: dict[str, ObjMaterial] = {}
    for folder, key, settings in _library(files, line):
        if key in used and key not in materials:
            materials[key] = _material(settings, folder, files, limits)
    return materials


def material_names(files: AssetFiles, line: str) -> list[str]:
    """The names of all materials in what a ``mtllib`` line names. Raises ``AssetError`` with ``material_missing``."""
    return list(dict.fromkeys(key for _, key, _ in _library(files, line)))


def _library(files: AssetFiles, line: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Each material of a line's files: the folder of its file, its name, its settings."""
    # The standard allows several names in a line; real names have blanks in them. A line ending in .mtl once is a name.
    names = line.split() if line.lower().count(".mtl") > 1 else [line]
    for name in names:
        text = files.read_reference(name, "material_missing", is_uri=False)
        for key, settings in _blocks(text.decode("utf-8-sig", errors="replace")):
            yield posixpath.dirname(name.replace("\\", "/")), key, settings


def _blocks(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Each material's name, and its settings by lower-case key."""
    name: str | None = None
    settings: dict[str, str] = {}
    for line in text.splitlines():
        key, _, value = line.strip().replace("\t", " ").partition(" ")
        if key.lower() == "newmtl":
            if name is not None:
                yield name, settings
            name, settings = value.strip(), {}
        elif key and not key.startswith("#"):
            settings[key.lower()] = value.strip()
    if name is not None:
        yield name, settings


def _material(settings: dict[str, str], folder: str, files: AssetFiles, limits: MeshLimits) -> ObjMaterial:
    diffuse, opacity = _map(settings, folder, "map_kd"), _map(settings, folder, "map_d", "map_opacity")
    emission, normal = _map(settings, folder, "map_ke"), _map(settings, folder, "norm")
    alpha = float(np.clip(_numbers(settings.get("d", "1"), (1.0,))[-1], 0.0, 1.0))
    color = (1.0, 1.0, 1.0) if diffuse else _linear(settings.get("kd"), (0.8, 0.8, 0.8))
    glow = _linear(settings.get("ke"), (0.0, 0.0, 0.0))
    material = Material(
        base_color=(*color, alpha),
        base_color_texture=_diffuse_texture(diffuse, opacity, files, limits),
        metallic=float(np.clip(_numbers(settings.get("pm"), (0.0,))[0], 0.0, 1.0)),
        roughness=_roughness(settings),
        normal_texture=_texture(normal, files, limits),
        emissive=(1.0, 1.0, 1.0) if emission and not any(glow) else glow,
        emissive_texture=_texture(emission, files, limits),
        alpha_mode="MASK" if opacity else "BLEND" if alpha < 1.0 else "OPAQUE",
    )
    placed = diffuse or opacity or normal or emission or _Map("")
    return ObjMaterial(material, placed.scale, placed.offset)


def _roughness(settings: dict[str, str]) -> float:
    if "pr" in settings:
        return float(np.clip(_numbers(settings["pr"], (0.8,))[0], 0.0, 1.0))
    exponent = _numbers(settings.get("ns"), (0.0,))[0]
    if exponent <= 1.0:  # Not stated: what a mesh editor writes when nobody has set it.
        return Material().roughness
    return max(0.2, 1.0 - math.sqrt(min(exponent, 1000.0) / 1000.0))


def _map(settings: dict[str, str], folder: str, *keys: str) -> _Map | None:
    """The first of the named maps that is stated, with its options taken apart."""
    value = next((settings[key] for key in keys if settings.get(key)), None)
    if value is None:
        return None
    found, words = _Map("", folder), value.split(" ")
    while words and words[0].startswith("-"):
        option = words.pop(0).lower()
        if option in ("-s", "-o", "-t"):
            numbers: list[float] = []
            while len(numbers) < 3 and len(words) > 1 and _is_number(words[0]):
                numbers.append(float(words.pop(0)))
            pair = (numbers[0], numbers[1] if len(numbers) > 1 else numbers[0]) if numbers else (1.0, 1.0)
            found = replace(found, scale=pair) if option == "-s" else replace(found, offset=pair)
        elif option in _OPTION_VALUES:
            found = replace(found, clamp=found.clamp or (option == "-clamp" and words[:1] == ["on"]))
            del words[: _OPTION_VALUES[option]]
        else:
            words.insert(0, option)
            break
    return replace(found, file=" ".join(words).strip().strip('"'))


def _diffuse_texture(
    diffuse: _Map | None, opacity: _Map | None, files: AssetFiles, limits: MeshLimits
) -> Texture | None:
    if opacity is None:
        return _texture(diffuse, files, limits)
    mask = _pixels(opacity, files, limits, alpha=True)
    covering = mask[..., 3] if mask.shape[2] == 4 else mask[..., 0]
    if diffuse is None:
        rgb = np.full((*covering.shape, 3), 255, dtype=np.uint8)
    else:
        rgb = _pixels(diffuse, files, limits, alpha=False)
    if covering.shape != rgb.shape[:2]:
        covering = np.asarray(Image.fromarray(covering).resize((rgb.shape[1], rgb.shape[0])))
    return Texture(np.dstack([rgb, covering]), _wrap(diffuse or opacity))


def _texture(stated: _Map | None, files: AssetFiles, limits: MeshLimits) -> Texture | None:
    return None if stated is None else Texture(_pixels(stated, files, limits, alpha=False), _wrap(stated))


def _pixels(stated: _Map, files: AssetFiles, limits: MeshLimits, *, alpha: bool) -> NDArray[np.uint8]:
    data = files.read_reference(stated.file, "texture_missing", is_uri=False, beside=stated.folder, is_texture=True)
    return decode_texture(data, f"{stated.file} of {files.name}", limits, alpha=alpha)


def _wrap(stated: _Map) -> tuple[Wrap, Wrap]:
    return ("clamp", "clamp") if stated.clamp else ("repeat", "repeat")


def _linear(value: str | None, default: tuple[float, float, float]) -> tuple[float, float, float]:
    """A colour setting, linear; one number stands for a grey."""
    numbers = _numbers(value, default)
    red, green, blue = (float(v) for v in srgb_to_linear(numbers[:3] if len(numbers) >= 3 else [numbers[0]] * 3))
    return red, green, blue


def _numbers(value: str | None, default: tuple[float, ...]) -> tuple[float, ...]:
    numbers = tuple(float(word) for word in (value or "").split() if _is_number(word))
    return numbers or default


def _is_number(word: str) -> bool:
    try:
        return math.isfinite(float(word))
    except ValueError:
        return False
