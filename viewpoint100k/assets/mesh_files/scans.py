"""Reads PLY and STL files, the formats of scanners and 3D printers, with trimesh."""

from __future__ import annotations

import io
import re
import struct
from dataclasses import replace
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

from viewpoint100k.assets.mesh_files.asset_files import AssetFiles
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mesh_files.parts import Part, in_order_of_use
from viewpoint100k.assets.mesh_files.ply_colors import fanned_faces, with_usual_color_names
from viewpoint100k.assets.mesh_files.textures import decode_texture, srgb_to_linear
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry.mesh import Material, Texture

__all__ = ["read_ply", "read_stl"]

_HEADER_END = re.compile(rb"end_header[ \t]*\r?\n")
_TEXTURE_FILE = re.compile(rb"^comment[ \t]+TextureFile[ \t]+(.+?)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_ELEMENT = re.compile(rb"^element[ \t]+(\S+)[ \t]+(\d+)", re.MULTILINE)
_STL_HEADER, _STL_TRIANGLE = 84, 50


def read_ply(files: AssetFiles, limits: MeshLimits) -> list[Part]:
    """A PLY mesh, its vertex or face colours (taken as sRGB, as tools write them) or its texture.

    Alpha in colours is ignored: scanners write anything there. Raises ``AssetError``: ``unreadable``, ``truncated``,
    ``empty_mesh`` for a point cloud, ``too_many_triangles``, ``texture_missing``.
    """
    data = files.read_asset()
    end = _HEADER_END.search(data, 0, 1 << 20)
    if not data.startswith(b"ply") or end is None:
        raise AssetError("unreadable", f"{files.name} is not a PLY file")
    header = data[: end.end()]
    counts = {name.decode("latin-1"): int(count) for name, count in _ELEMENT.findall(header)}
    if not counts.get("face") or not counts.get("vertex"):
        raise AssetError("empty_mesh", f"{files.name} has no faces")
    _check_count(counts["face"], files.name, limits)
    header, color_left_out = with_usual_color_names(header)
    if color_left_out:
        files.note("color_left_out")
    kwargs = trimesh.exchange.ply.load_ply(io.BytesIO(header + data[end.end() :]), skip_materials=True)
    if kwargs.get("faces") is None or len(kwargs["faces"]) < counts["face"]:
        raise AssetError("truncated", f"{files.name} has fewer faces than its header says")
    return [in_order_of_use(_ply_part(kwargs, _TEXTURE_FILE.search(header), files, limits))]


def read_stl(files: AssetFiles, limits: MeshLimits) -> list[Part]:
    """An STL mesh, text or binary, in the plain material. Raises ``AssetError``: ``truncated``, ``unreadable``,
    ``empty_mesh``, ``too_many_triangles``."""
    data = files.read_asset()
    if data[:5].lower() != b"solid":
        if len(data) < _STL_HEADER:
            raise AssetError("truncated", f"{files.name} ends before its header does")
        (count,) = struct.unpack_from("<I", data, 80)
        if _STL_HEADER + count * _STL_TRIANGLE > len(data):
            raise AssetError("truncated", f"{files.name} ends before the last of its {count:,} triangles")
        _check_count(count, files.name, limits)
        data = data[: _STL_HEADER + count * _STL_TRIANGLE]  # Some writers pad their files.
    elif data.lower().rfind(b"endsolid") < data.lower().rfind(b"vertex"):
        raise AssetError("truncated", f"{files.name} does not end where its last solid does")
    loaded = trimesh.exchange.stl.load_stl(io.BytesIO(data))
    solids = loaded["geometry"].values() if "geometry" in loaded else [loaded]
    parts = [_plain_part(solid) for solid in solids if solid.get("faces") is not None]
    _check_count(sum(len(part.triangles) for part in parts), files.name, limits)
    return parts


def _check_count(count: int, name: str, limits: MeshLimits) -> None:
    if count > limits.max_triangles:
        raise AssetError("too_many_triangles", f"{name} has {count:,} faces, more than {limits.max_triangles:,}")


def _plain_part(kwargs: dict[str, Any]) -> Part:
    return Part(np.array(kwargs["vertices"], dtype=np.float64), np.array(kwargs["faces"], dtype=np.int64))


def _ply_part(
    kwargs: dict[str, Any], texture_line: re.Match[bytes] | None, files: AssetFiles, limits: MeshLimits
) -> Part:
    positions = np.array(kwargs["vertices"], dtype=np.float64)
    faces = np.asarray(kwargs["faces"])
    triangles = faces if faces.ndim == 2 and faces.shape[1] == 3 else trimesh.geometry.triangulate_quads(faces)
    normals = kwargs.get("vertex_normals")
    uvs, material = None, Material()
    uv = getattr(kwargs.get("visual"), "uv", None)
    if uv is not None and texture_line is not None:
        name = texture_line[1].decode("utf-8", errors="replace")
        data = files.read_reference(name, "texture_missing", is_uri=False, is_texture=True)
        pixels = decode_texture(data, f"{name} of {files.name}", limits, alpha=False)
        material = Material(base_color_texture=Texture(pixels))
        uvs = np.array(uv, dtype=np.float64)
        uvs[:, 1] = 1.0 - uvs[:, 1]  # PLY, like OBJ, counts v from the picture's bottom.
    part = Part(
        positions=positions,
        triangles=np.array(triangles, dtype=np.int64),
        # Texture seams make trimesh split vertices, and leave the normals behind.
        normals=np.array(normals, dtype=np.float64) if normals is not None and len(normals) == len(positions) else None,
        uvs=uvs,
        material=material,
    )
    return _colored(part, kwargs, files)


def _colored(part: Part, kwargs: dict[str, Any], files: AssetFiles) -> Part:
    """The part with the file's colours: those of its vertices, or else those of its faces."""
    count = len(part.positions)
    by_vertex, by_face = kwargs.get("vertex_colors"), kwargs.get("face_colors")
    if by_vertex is not None and len(by_vertex) == count:
        return replace(part, colors=_linear_colors(np.asarray(by_vertex)))
    if by_face is None and by_vertex is None:
        return part
    triangles, faces = part.triangles, np.arange(len(part.triangles))
    fanned = fanned_faces(kwargs["metadata"]["_ply_raw"]) if part.uvs is None else None
    if fanned is not None:
        triangles, faces = fanned
    if by_face is None or len(by_face) <= faces.max():
        files.note("color_left_out")  # trimesh has split the vertices where the texture's seams are.
        return part
    # Each triangle gets vertices of its own.
    corners = triangles.reshape(-1)
    return replace(
        part,
        positions=part.positions[corners],
        triangles=np.arange(len(corners)).reshape(-1, 3),
        normals=None if part.normals is None else part.normals[corners],
        uvs=None if part.uvs is None else part.uvs[corners],
        colors=np.repeat(_linear_colors(np.asarray(by_face))[faces], 3, axis=0),
    )


def _linear_colors(values: NDArray[Any]) -> NDArray[np.float64]:
    """(n, 4) linear and opaque, of (n, 3 or 4) sRGB: integers up to their type's end, floats up to 1."""
    rgb = values[:, :3].astype(np.float64)
    top = np.iinfo(values.dtype).max if values.dtype.kind in "iu" else 255.0 if rgb.max() > 1.0 else 1.0
    return np.hstack([srgb_to_linear(rgb / top), np.ones((len(rgb), 1))])
