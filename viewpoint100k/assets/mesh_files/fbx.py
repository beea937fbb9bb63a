"""Reads FBX through ufbx: meshes with their base colours, in the axes that the file states, turned +Z up."""

from __future__ import annotations

import io
import json
import posixpath
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.mesh_files.asset_files import AssetFiles
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mesh_files.packages import needed
from viewpoint100k.assets.mesh_files.parts import Part
from viewpoint100k.assets.mesh_files.textures import decode_texture, srgb_to_linear
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry.mesh import Material, Texture, Wrap

__all__ = ["read_fbx"]

_PROGRAM = Path(__file__).with_name("fbx_process.py")
_TEXTURE_FOLDERS = ("", "textures", "Textures", "../textures")
"""Folders in which a texture is looked for if its stated path does not exist."""
_PLAIN = Material()

Arrays = Mapping[str, NDArray[Any]]


def read_fbx(files: AssetFiles, limits: MeshLimits) -> list[Part]:
    """All triangles of the visible nodes, +Z up. Needs ufbx (extra ``formats``); see `fbx_process`.

    Skins and blend shapes are left out, and noted. Raises ``AssetError``: ``extra_missing``, ``unreadable``,
    ``truncated``, ``texture_missing``, ``texture_unreadable``, ``too_many_triangles``, ``empty_mesh``.
    """
    needed("ufbx", "ufbx", files.name)
    head, arrays = _described(files.read_asset(), files.name, limits)
    if "error" in head:
        reason = "truncated" if head["error"].startswith("Truncated") else "unreadable"
        raise AssetError(reason, f"{files.name} cannot be read: {head['error']}")
    total = int(head["triangles"])
    if total > limits.max_triangles:
        message = f"{files.name} has {total:,} triangles, more than {limits.max_triangles:,}"
        raise AssetError("too_many_triangles", message)
    if not total:
        raise AssetError("empty_mesh", f"{files.name} shows no triangles")
    materials = _Materials(head, arrays, files, limits)
    return [part for node in head["nodes"] for part in _parts(node, arrays, materials, files)]


def _described(data: bytes, name: str, limits: MeshLimits) -> tuple[dict[str, Any], Arrays]:
    """The output of `fbx_process` for the file. Raises ``AssetError`` with ``unreadable`` if that process crashes."""
    command = [sys.executable, str(_PROGRAM), str(limits.max_triangles)]
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    line, _, archive = done.stdout.partition(b"\n")
    if done.returncode or not archive:
        raise AssetError("unreadable", f"{name} crashes its reader (status {done.returncode})")
    with np.load(io.BytesIO(archive), allow_pickle=False) as loaded:
        return json.loads(line), {key: loaded[key] for key in loaded.files}


def _parts(node: dict[str, Any], arrays: Arrays, materials: _Materials, files: AssetFiles) -> list[Part]:
    """A node's mesh, one part for each material."""
    if node["deformed"]:
        files.note("skin_left_out")
    corners, faces = arrays[node["corners"]], arrays[node["faces"]]
    positions = arrays[node["positions"]]
    normals, uvs, colors = (None if node[key] is None else arrays[node[key]] for key in ("normals", "uvs", "colors"))
    of_face = arrays[node["material_of_face"]]
    index_of = of_face[faces] if len(of_face) else np.zeros(len(faces), dtype=np.int64)
    to_world = np.vstack([np.array(node["matrix"], dtype=np.float64), [0.0, 0.0, 0.0, 1.0]])
    parts = []
    for index in sorted(set(index_of.tolist())):
        chosen = corners[index_of == index].reshape(-1)
        known = 0 <= index < len(node["materials"]) and node["materials"][index] is not None
        material = materials.read(str(node["materials"][index])) if known else _PLAIN
        if material is _PLAIN and colors is None:
            files.note("no_material")
        part = Part(
            positions=positions[chosen],
            triangles=np.arange(len(chosen)).reshape(-1, 3),
            normals=None if normals is None else normals[chosen],
            uvs=None if uvs is None else uvs[chosen] * [1.0, -1.0] + [0.0, 1.0],  # v counts from below.
            colors=None if colors is None else np.hstack([srgb_to_linear(colors[chosen]), np.ones((len(chosen), 1))]),
            material=material,
        )
        parts.append(part.moved(to_world))
    return parts


class _Materials:
    """Materials with base colour, roughness and metalness; each material and texture is read once."""

    def __init__(self, head: dict[str, Any], arrays: Arrays, files: AssetFiles, limits: MeshLimits) -> None:
        self._stated, self._stated_textures, self._arrays = head["materials"], head["textures"], arrays
        self._files, self._limits = files, limits
        self._read: dict[str, Material] = {}
        self._textures: dict[str, Texture] = {}

    def read(self, key: str) -> Material:
        """Reads a material. Colours are sRGB, as modelling programs write them; a texture replaces the colour."""
        if key not in self._read:
            stated = self._stated[key]
            picture = None if stated["texture"] is None else self._texture(str(stated["texture"]))
            rgb = stated["color"] if stated["color"] is not None and picture is None else (1.0, 1.0, 1.0)
            red, green, blue = (float(value) for value in srgb_to_linear(rgb))
            alpha = _fraction(stated["opacity"], 1.0)
            self._read[key] = Material(
                base_color=(red, green, blue, alpha),
                base_color_texture=picture,
                metallic=_fraction(stated["metalness"], 0.0),
                roughness=_fraction(stated["roughness"], _PLAIN.roughness),
                alpha_mode="BLEND" if alpha < 1.0 else "OPAQUE",
            )
        return self._read[key]

    def _texture(self, key: str) -> Texture:
        if key not in self._textures:
            stated = self._stated_textures[key]
            inside = stated["content"]
            data = self._arrays[inside].tobytes() if inside is not None else self._file(stated["path"])
            pixels = decode_texture(data, f"{stated['path']} of {self._files.name}", self._limits, alpha=False)
            wraps: list[Wrap] = ["clamp" if clamps else "repeat" for clamps in stated["clamps"]]
            self._textures[key] = Texture(pixels, (wraps[0], wraps[1]))
        return self._textures[key]

    def _file(self, path: str) -> bytes:
        """Reads the texture at its stated path, or by its name in the usual folders. Raises ``AssetError``."""
        plain = path.replace("\\", "/")
        try:
            return self._files.read_reference(plain, "texture_missing", is_uri=False, is_texture=True)
        except AssetError as error:
            for folder in _TEXTURE_FOLDERS:
                try:
                    beside = posixpath.join(folder, posixpath.basename(plain))
                    data = self._files.read_reference(beside, "texture_missing", is_uri=False)
                except AssetError:
                    continue
                self._files.note("texture_assumed")
                return data
            raise error


def _fraction(stated: list[float] | None, default: float) -> float:
    value = default if stated is None else stated[0]
    return min(1.0, max(0.0, value)) if value == value else default
