"""Reads COLLADA (.dae) and 3MF through trimesh.

trimesh silently ignores a texture that it cannot load, and uses every decoder of Pillow. So this module decodes each
texture with the checks of `textures` before trimesh gets it.
"""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from viewpoint100k.assets.mesh_files.asset_files import AssetFiles
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mesh_files.packages import needed, unpacked
from viewpoint100k.assets.mesh_files.parts import Part, UpAxis
from viewpoint100k.assets.mesh_files.textures import decode_texture, srgb_to_linear
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry.mesh import Material, Texture

__all__ = ["read_3mf", "read_dae", "stated_up_of_dae"]

_ENTITIES = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_UP_AXIS = re.compile(rb"<up_axis>\s*([XYZ])_UP\s*</up_axis>")
_COLORS_OF_3MF = re.compile(rb"<(?:\w+:)?(?:basematerials|colorgroup|texture2dgroup|compositematerials)\b")


def read_dae(files: AssetFiles, limits: MeshLimits) -> list[Part]:
    """All triangles of a COLLADA scene, in the axes that the file states. Needs pycollada (extra ``formats``).

    Skins and morphs are left out, and noted. Raises ``AssetError``: ``extra_missing``, ``unreadable``,
    ``texture_missing``, ``texture_unreadable``, ``too_many_triangles``, ``empty_mesh``.
    """
    needed("collada", "pycollada", files.name)
    from trimesh.exchange.dae import load_collada

    data = _without_entities(files.read_asset(), files.name)
    if b"<instance_controller" in data:
        files.note("skin_left_out")
    textures = _Textures(files, limits)
    loaded = load_collada(io.BytesIO(data), resolver=textures)
    if textures.problem is not None:
        raise textures.problem
    return _parts(loaded, textures, files, limits)


def stated_up_of_dae(data: bytes) -> UpAxis:
    """The axis that a COLLADA document states to point up; +Y, the standard's default, where it states none."""
    found = _UP_AXIS.search(data)
    axes: dict[bytes, UpAxis] = {b"X": "x", b"Y": "y", b"Z": "z"}
    return axes[found[1]] if found else "y"


def read_3mf(files: AssetFiles, limits: MeshLimits) -> list[Part]:
    """All triangles that a 3MF package's build holds, without its colours, which are noted as left out.

    Needs networkx and lxml (extra ``formats``). Raises ``AssetError`` as `read_dae` does.
    """
    for module in ("networkx", "lxml"):
        needed(module, module, files.name)
    from trimesh.exchange.threemf import load_3MF

    data = files.read_asset()
    for name, member in unpacked(data, files.name, limits).items():
        if name.lower().endswith((".model", ".rels", ".xml")):
            _without_entities(member, files.name)
            if _COLORS_OF_3MF.search(member):
                files.note("color_left_out")
    loaded = load_3MF(io.BytesIO(data), postprocess=False)
    return _parts(loaded, None, files, limits)


def _without_entities(data: bytes, name: str) -> bytes:
    """XML that declares entities is refused: a few lines of them expand to gigabytes, or name other files."""
    if _ENTITIES.search(data):
        raise AssetError("unreadable", f"{name} declares XML entities, which no exporter does")
    return data


class _Textures:
    """trimesh's resolver protocol: pictures by the names that a document gives them."""

    def __init__(self, files: AssetFiles, limits: MeshLimits) -> None:
        self._files, self._limits = files, limits
        self.problem: AssetError | None = None
        """Error of the first texture that could not be read, which trimesh does not report."""
        self._shared: dict[bytes, Texture] = {}

    def get(self, name: str) -> bytes:
        """The picture as a plain PNG file."""
        try:
            data = self._files.read_reference(name, "texture_missing", is_uri=True, is_texture=True)
            pixels = decode_texture(data, f"{name} of {self._files.name}", self._limits, alpha=True)
        except AssetError as error:
            self.problem = self.problem or error
            raise
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "PNG", compress_level=1)
        return stream.getvalue()

    def texture(self, image: Image.Image | None) -> Texture | None:
        """A picture that trimesh has loaded, as this project's texture; equal ones are shared."""
        if image is None:
            return None
        pixels = np.asarray(image.convert("RGB"))
        return self._shared.setdefault(pixels.tobytes(), Texture(pixels))


def _parts(loaded: Any, textures: _Textures | None, files: AssetFiles, limits: MeshLimits) -> list[Part]:
    """The geometries of trimesh's record of a scene, at every place at which they stand."""
    geometry: dict[str, Any] = loaded.get("geometry") or {}
    places = loaded.get("graph") or []
    count = sum(len(geometry[place["geometry"]]["faces"]) for place in places if place.get("geometry") in geometry)
    if count > limits.max_triangles:
        raise AssetError(
            "too_many_triangles", f"{files.name} has {count:,} triangles, more than {limits.max_triangles:,}"
        )
    parts: dict[str, Part] = {}
    placed = []
    for place in places:
        key = place.get("geometry")
        if key not in geometry:
            continue
        if key not in parts:
            parts[key] = _part(geometry[key], textures)
        placed.append(parts[key].moved(np.asarray(place["matrix"], dtype=np.float64)))
    if not placed:
        raise AssetError("empty_mesh", f"{files.name} shows no triangles")
    if all(part.colors is None and part.material == _PLAIN for part in parts.values()):
        files.note("no_material")
    return placed


_PLAIN = Material()


def _part(kwargs: dict[str, Any], textures: _Textures | None) -> Part:
    positions = np.array(kwargs["vertices"], dtype=np.float64)
    visual, uvs, material = kwargs.get("visual"), None, _PLAIN
    if textures is not None and visual is not None:
        uvs = _uvs(getattr(visual, "uv", None), len(positions))
        material = _material(visual.material, textures if uvs is not None else None)
    normals, colors = kwargs.get("vertex_normals"), kwargs.get("vertex_colors")
    return Part(
        positions=positions,
        triangles=np.array(kwargs["faces"], dtype=np.int64),
        normals=None if normals is None else np.array(normals, dtype=np.float64),
        uvs=uvs,
        colors=None if colors is None else _colors(np.asarray(colors, dtype=np.float64)),
        material=material,
    )


def _uvs(stated: Any, count: int) -> NDArray[np.float64] | None:
    if stated is None or len(stated) != count:
        return None
    uvs = np.array(stated, dtype=np.float64)[:, :2]
    uvs[:, 1] = 1.0 - uvs[:, 1]  # COLLADA, like OBJ, counts v from the picture's bottom.
    return uvs


def _material(stated: Any, textures: _Textures | None) -> Material:
    """Colours are taken as sRGB, as modelling programs write them."""
    color = np.asarray(stated.baseColorFactor if stated.baseColorFactor is not None else [255] * 4, dtype=np.float64)
    color = color / 255.0 if color.max() > 1.0 else color
    red, green, blue = (float(value) for value in srgb_to_linear(color[:3]))
    alpha = float(color[3]) if len(color) > 3 else 1.0
    return Material(
        base_color=(red, green, blue, alpha),
        base_color_texture=None if textures is None else textures.texture(stated.baseColorTexture),
        normal_texture=None if textures is None else textures.texture(stated.normalTexture),
        alpha_mode="BLEND" if alpha < 1.0 else "OPAQUE",
    )


def _colors(stated: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 4) linear and opaque."""
    rgb = stated[:, :3] / (255.0 if stated.max() > 1.0 else 1.0)
    return np.hstack([srgb_to_linear(rgb), np.ones((len(rgb), 1))])
