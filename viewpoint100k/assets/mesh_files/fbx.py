"""Reads FBX through ufbx: meshes with their base colours, in the axes that the file states, turned +Z up.

ufbx's Python objects point into its scene. Their owners are kept in variables here for as long as they are read, and
lists are read item by item: its buffer interface, and a value taken through an owner that has gone, bring the process
down (version 0.0.5).
"""

from __future__ import annotations

import posixpath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.mesh_files.asset_files import AssetFiles
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mesh_files.packages import needed
from viewpoint100k.assets.mesh_files.parts import Part
from viewpoint100k.assets.mesh_files.textures import decode_texture, srgb_to_linear
from viewpoint100k.errors import AssetError
from viewpoint100k.mesh import Material, Texture, Wrap

__all__ = ["read_fbx"]

_TEXTURE_FOLDERS = ("", "textures", "Textures", "../textures")
"""Where a picture is looked for whose path led to its author's disk."""


def read_fbx(files: AssetFiles, limits: MeshLimits) -> list[Part]:
    """All triangles of the visible nodes, +Z up. Needs ufbx (extra ``formats``).

    Skins and blend shapes are left out, and noted. Raises ``AssetError``: ``extra_missing``, ``unreadable``,
    ``truncated``, ``texture_missing``, ``texture_unreadable``, ``too_many_triangles``, ``empty_mesh``.
    """
    ufbx = needed("ufbx", "ufbx", files.name)
    data = files.read_asset()
    try:
        scene = ufbx.load_memory(
            data, target_axes=ufbx.axes_right_handed_z_up, load_external_files=False, generate_missing_normals=False
        )
    except Exception as error:  # ufbx has an error of its own for each fault of a file.
        reason = "truncated" if "Truncated" in type(error).__name__ else "unreadable"
        raise AssetError(reason, f"{files.name} cannot be read: {type(error).__name__}: {error}"[:300]) from error
    nodes = [node for node in scene.nodes if node.mesh is not None and node.visible]
    total = sum(int(node.mesh.num_triangles) for node in nodes)
    if total > limits.max_triangles:
        raise AssetError(
            "too_many_triangles", f"{files.name} has {total:,} triangles, more than {limits.max_triangles:,}"
        )
    if not total:
        raise AssetError("empty_mesh", f"{files.name} shows no triangles")
    materials = _Materials(files, limits)
    return [part for node in nodes for part in _parts(node, materials, files)]


def _parts(node: Any, materials: _Materials, files: AssetFiles) -> list[Part]:
    """A node's mesh, one part a material."""
    mesh = node.mesh
    if len(mesh.skin_deformers) or len(mesh.blend_deformers):
        files.note("skin_left_out")
    corners, faces = _fans(mesh)
    positions, normals = _vectors(mesh.vertex_position, "xyz"), _vectors(mesh.vertex_normal, "xyz")
    uvs, colors = _vectors(mesh.vertex_uv, "xy"), _vectors(mesh.vertex_color, "xyz")
    owners = list(node.materials)
    of_face = np.array([int(index) for index in mesh.face_material] or [0] * (int(faces.max()) + 1), dtype=np.int64)
    to_world = _matrix(node.geometry_to_world)
    parts = []
    for index in sorted(set(of_face[faces].tolist())):
        chosen = corners[of_face[faces] == index].reshape(-1)
        material = materials.read(owners[index]) if index < len(owners) and owners[index] is not None else Material()
        if material is _PLAIN and colors is None:
            files.note("no_material")
        own = None if uvs is None else uvs[chosen] * [1.0, -1.0] + [0.0, 1.0]
        part = Part(
            positions=positions[chosen] if positions is not None else np.zeros((0, 3)),
            triangles=np.arange(len(chosen)).reshape(-1, 3),
            normals=None if normals is None else normals[chosen],
            uvs=own,
            colors=None if colors is None else np.hstack([srgb_to_linear(colors[chosen]), np.ones((len(chosen), 1))]),
            material=material,
        )
        parts.append(part.moved(to_world))
    return parts


_PLAIN = Material()


def _fans(mesh: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(m, 3) corners of the triangles into which the polygons are cut, and (m,) the polygon of each."""
    triangles, owners = [], []
    for number, face in enumerate(mesh.faces):
        begin, count = int(face.index_begin), int(face.num_indices)
        for corner in range(1, count - 1):
            triangles.append((begin, begin + corner, begin + corner + 1))
            owners.append(number)
    return np.array(triangles, dtype=np.int64).reshape(-1, 3), np.array(owners, dtype=np.int64)


def _vectors(attribute: Any, axes: str) -> NDArray[np.float64] | None:
    """(corners, axes) of an attribute; None where the mesh has none."""
    if not attribute.exists:
        return None
    values = np.array([[getattr(value, axis) for axis in axes] for value in attribute.values], dtype=np.float64)
    return np.asarray(values[np.array([int(index) for index in attribute.indices], dtype=np.int64)])


def _matrix(stated: Any) -> NDArray[np.float64]:
    matrix = np.eye(4)
    for column, vector in enumerate((stated.c0, stated.c1, stated.c2, stated.c3)):
        matrix[:3, column] = (vector.x, vector.y, vector.z)
    return matrix


class _Materials:
    """Base colours, roughness and metalness; each material and picture is read once."""

    def __init__(self, files: AssetFiles, limits: MeshLimits) -> None:
        self._files, self._limits = files, limits
        self._read: dict[int, Material] = {}
        self._textures: dict[int, Texture] = {}

    def read(self, stated: Any) -> Material:
        """Colours are taken as sRGB, as modelling programs write them; a picture replaces the colour."""
        key = int(stated.element_id)
        if key not in self._read:
            pbr = stated.pbr
            color, opacity, roughness, metalness = pbr.base_color, pbr.opacity, pbr.roughness, pbr.metalness
            texture = color.texture if color.texture_enabled else None
            picture = self._texture(texture) if texture is not None else None
            rgb = _numbers(color) if color.has_value and picture is None else (1.0, 1.0, 1.0)
            red, green, blue = (float(value) for value in srgb_to_linear(rgb))
            alpha = min(1.0, max(0.0, _numbers(opacity)[0])) if opacity.has_value else 1.0
            self._read[key] = Material(
                base_color=(red, green, blue, alpha),
                base_color_texture=picture,
                metallic=min(1.0, max(0.0, _numbers(metalness)[0])) if metalness.has_value else 0.0,
                roughness=min(1.0, max(0.0, _numbers(roughness)[0])) if roughness.has_value else Material().roughness,
                alpha_mode="BLEND" if alpha < 1.0 else "OPAQUE",
            )
        return self._read[key]

    def _texture(self, stated: Any) -> Texture:
        key = int(stated.element_id)
        if key not in self._textures:
            data, name = bytes(stated.content), str(stated.relative_filename or stated.filename)
            if not data:
                data = self._file(name)
            pixels = decode_texture(data, f"{name} of {self._files.name}", self._limits, alpha=False)
            self._textures[key] = Texture(pixels, (_wrap(stated.wrap_u), _wrap(stated.wrap_v)))
        return self._textures[key]

    def _file(self, name: str) -> bytes:
        """The picture at its stated path, or else of its name where pictures usually lie. Raises ``AssetError``."""
        plain = name.replace("\\", "/")
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


def _numbers(stated: Any) -> tuple[float, float, float]:
    vector = stated.value_vec4
    x, y, z = float(vector.x), float(vector.y), float(vector.z)
    return (x, y, z) if x == x and y == y and z == z else (0.0, 0.0, 0.0)


def _wrap(stated: Any) -> Wrap:
    return "clamp" if str(getattr(stated, "name", stated)).upper().endswith("CLAMP") else "repeat"
