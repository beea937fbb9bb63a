"""Reads Wavefront OBJ. It first normalises the text so that trimesh parses the geometry correctly."""

from __future__ import annotations

import io
import re
from functools import cache
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

from viewpoint100k.assets.mesh_files.asset_files import AssetFiles
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mesh_files.parts import Part, in_order_of_use
from viewpoint100k.assets.mesh_files.textures import srgb_to_linear
from viewpoint100k.assets.mesh_files.wavefront_materials import ObjMaterial, material_names, read_mtl
from viewpoint100k.errors import AssetError

__all__ = ["decode_text", "read_obj"]

_PLAIN = ObjMaterial()
_NO_MATERIAL = frozenset({"", "None", "(null)", "none"})
"""Names that exporters write for faces without a material."""
# The literal beginning lets the regex engine skip what is not meant: these run over megabytes.
_USEMTL = re.compile(r"\nusemtl\b *([^\n]*?) *(?=\n)")
_MTLLIB = re.compile(r"\nmtllib\b *([^\n]*?) *(?=\n)")
_TRAILING_COMMENT = re.compile(r"^((?:f|v|vt|vn) [^#\n]*)#.*$", re.MULTILINE)


def read_obj(files: AssetFiles, limits: MeshLimits) -> list[Part]:
    """All faces of an OBJ file, one part a material.

    Vertex colours (three numbers after a position) are taken as sRGB, as tools write them. Raises ``AssetError``:
    ``material_missing`` for an MTL file or a material that is not there, ``material_ambiguous`` where no face says
    which of several it has, ``too_many_triangles``, ``empty_mesh``, ``trimesh_too_old`` where trimesh loses materials
    or texture coordinates, and what `read_mtl` raises.
    """
    text = _regular_text(decode_text(files.read_asset()))
    faces = text.count("\nf ")
    if faces > limits.max_triangles:
        message = f"{files.name} has {faces:,} faces, more than {limits.max_triangles:,}"
        raise AssetError("too_many_triangles", message)
    if not faces:
        raise AssetError("empty_mesh", f"{files.name} has no faces")
    used = list(dict.fromkeys(name for name in _USEMTL.findall(text) if name not in _NO_MATERIAL))
    libraries = _MTLLIB.findall(text)
    if "\nusemtl" not in text and (only := _only_material(files, libraries)) is not None:
        used, text = [only], f"\nusemtl {only}{text}"
        files.note("no_usemtl")
    materials = _read_materials(files, libraries, used, limits)
    _require_sound_trimesh()
    # Numbers for names: trimesh then finds every material, whatever it is called and whichever library has it.
    numbers = {name: str(number) for number, name in enumerate(used)}
    text = _USEMTL.sub(lambda match: f"\nusemtl {numbers.get(match[1], '-')}", _MTLLIB.sub("", text))
    stub = "".join(f"newmtl {number}\n" for number in numbers.values())
    loaded = trimesh.exchange.obj.load_obj(io.StringIO("mtllib stub\n" + text), resolver={"stub": stub})
    parts = [_part(kwargs, used, materials) for kwargs in loaded.get("geometry", {}).values()]
    if any(part.material is _PLAIN.material and part.colors is None for part in parts):
        files.note("no_material")
    return [in_order_of_use(part) for part in parts]


def decode_text(data: bytes) -> str:
    """Text of a file that does not say how it is encoded: UTF-8, and Latin-1 where it is not that."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _regular_text(text: str) -> str:
    """The same OBJ with one blank between words, no leading blanks or trailing comments, and absolute indices.

    trimesh silently skips or misreads other forms. The tests are cheap; repairs are rarely needed.
    """
    text = "\n" + text.replace("\r\n", "\n").replace("\r", "\n").replace("\\\n", " ").replace("\t", " ") + "\n"
    if "\n " in text:
        text = re.sub(r"\n +", "\n", text)
    if any(f"\n{key}  " in text for key in ("v", "vt", "vn", "f")):
        text = re.sub(r"\n(v|vt|vn|f) +", r"\n\1 ", text)
    if any(text[text.rfind("\n", 0, mark.start()) + 1] != "#" for mark in re.finditer("#", text)):
        text = _TRAILING_COMMENT.sub(r"\1", text)
    return _with_absolute_indices(text) if "\nf -" in text or "/-" in text else text


def _with_absolute_indices(text: str) -> str:
    """Face indices counted back from the latest element (-1) as counted from the first (1)."""
    counts = {"v": 0, "vt": 0, "vn": 0}
    lines = []
    for line in text.split("\n"):
        key = line.split(" ", 1)[0]
        if key in counts:
            counts[key] += 1
        elif key == "f":
            line = "f " + " ".join(_absolute_corner(corner, tuple(counts.values())) for corner in line.split()[1:])
        lines.append(line)
    return "\n".join(lines)


def _absolute_corner(corner: str, counts: tuple[int, ...]) -> str:
    fields = corner.split("/")
    return "/".join(
        str(int(field) + 1 + count) if field.startswith("-") else field
        for field, count in zip(fields, counts, strict=False)
    )


def _only_material(files: AssetFiles, libraries: list[str]) -> str | None:
    """The material of faces that name none; None where there is no library, or an empty one.

    Raises ``AssetError`` with ``material_missing``, and with ``material_ambiguous`` where there are several.
    """
    names = list(dict.fromkeys(name for line in dict.fromkeys(libraries) for name in material_names(files, line)))
    if len(names) > 1:
        message = f"{files.name} names a library of {len(names)} materials, and no face says which it has (usemtl)"
        raise AssetError("material_ambiguous", message)
    return names[0] if names else None


def _read_materials(
    files: AssetFiles, libraries: list[str], used: list[str], limits: MeshLimits
) -> dict[str, ObjMaterial]:
    materials: dict[str, ObjMaterial] = {}
    for line in dict.fromkeys(libraries):
        materials |= read_mtl(files, line, used, limits)
    missing = [name for name in used if name not in materials]
    if missing:
        message = f"{files.name} uses the material {missing[0]!r}, which no MTL file it names defines"
        raise AssetError("material_missing", message)
    return materials


_PROBE = """mtllib stub
v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0
v 0 .5 0
vt 0 0
vt 1 1
usemtl 0
f 1/1 2/1 3/2 4/2
usemtl 1
f 1/1 2/1 3/2 4/2 5/1
"""


@cache
def _require_sound_trimesh() -> None:
    """Reads two faces of two materials. trimesh before 4.6.10 names no material, and every OBJ file would be plain
    white; before 4.7 it drops the texture coordinates of polygons, which would lose their textures."""
    stub = {"stub": "newmtl 0\nnewmtl 1\n"}
    loaded = trimesh.exchange.obj.load_obj(io.StringIO(_PROBE), resolver=stub)["geometry"].values()
    uvs = [getattr(kwargs.get("visual"), "uv", None) for kwargs in loaded]
    if {_material_name(kwargs) for kwargs in loaded} != {"0", "1"} or any(uv is None for uv in uvs):
        message = f"trimesh {trimesh.__version__} loses the materials of OBJ files: run  pip install 'trimesh>=4.7'"
        raise AssetError("trimesh_too_old", message)


def _material_name(kwargs: dict[str, Any]) -> str | None:
    return getattr(getattr(kwargs.get("visual"), "material", None), "name", None)


def _part(kwargs: dict[str, Any], used: list[str], materials: dict[str, ObjMaterial]) -> Part:
    visual, name = kwargs.get("visual"), _material_name(kwargs)
    source = materials[used[int(name)]] if name is not None and str(name).isdigit() else _PLAIN
    faces = np.asarray(kwargs["faces"])
    triangles = faces if faces.ndim == 2 and faces.shape[1] == 3 else trimesh.geometry.triangulate_quads(faces)
    uvs: NDArray[np.float64] | None = None
    if visual is not None and getattr(visual, "uv", None) is not None:
        uvs = np.asarray(visual.uv, dtype=np.float64) * source.uv_scale + source.uv_offset
        uvs[:, 1] = 1.0 - uvs[:, 1]  # OBJ counts v from the picture's bottom.
    colors = None
    if kwargs.get("vertex_colors") is not None:
        rgb = np.asarray(kwargs["vertex_colors"], dtype=np.float64)
        # Most tools write [0, 1]; some write bytes.
        rgb = rgb / 255.0 if rgb.max() > 1.0 else rgb
        colors = np.hstack([srgb_to_linear(rgb), np.ones((len(rgb), 1))])
    return Part(
        positions=np.array(kwargs["vertices"], dtype=np.float64),
        triangles=np.array(triangles, dtype=np.int64),
        normals=None if kwargs.get("vertex_normals") is None else np.array(kwargs["vertex_normals"]),
        uvs=uvs,
        colors=colors,
        material=source.material if uvs is not None or source is _PLAIN else source.untextured(),
    )
