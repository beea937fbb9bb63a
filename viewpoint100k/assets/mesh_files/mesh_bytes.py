"""What was read of a mesh file as bytes: a line of JSON after its checksum, then the arrays as they lie in memory."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.mesh_files.reading import MeshFile
from viewpoint100k.geometry.mesh import Material, Mesh, Primitive, Texture

__all__ = ["from_bytes", "to_bytes"]

_ALIGNED = 64
"""Arrays begin at multiples of so many bytes."""
_CHECK_DIGITS = 8
"""Hexadecimal digits of the line's CRC-32."""
_LONGEST_LINE = 2**24
"""Bytes, the checksum included."""
_DTYPES = frozenset({"<f4", "<f8", "<u4", "|u1"})
_ARRAYS = ("positions", "triangles", "normals", "uvs", "colors")

Json = dict[str, Any]


class _Table:
    """Things that several others share, each once."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._places: dict[int, int] = {}

    def place(self, item: object) -> int | None:
        """The number of ``item``, which is added where it is new; None for None."""
        if item is None:
            return None
        if id(item) not in self._places:
            self._places[id(item)] = len(self.items)
            self.items.append(item)
        return self._places[id(item)]


def to_bytes(file: MeshFile) -> list[bytes | memoryview]:
    """The parts of the encoding, one after the other."""
    arrays, textures, materials = _Table(), _Table(), _Table()
    primitives = [
        {name: arrays.place(getattr(p, name)) for name in _ARRAYS} | {"material": materials.place(p.material)}
        for p in file.mesh.primitives
    ]
    head: Json = {
        "primitives": primitives,
        "materials": [_material(material, textures) for material in materials.items],
        "textures": [{"pixels": arrays.place(t.pixels), "wrap": t.wrap} for t in textures.items],
        "normalization": arrays.place(file.normalization),
        "sha256": file.sha256,
        "notes": file.notes,
    }
    parts: list[bytes | memoryview] = []
    specifications, length, check = [], 0, 0
    for array in arrays.items:
        whole = np.ascontiguousarray(array)
        specifications.append([whole.dtype.str, whole.shape, length])
        for part in (whole.reshape(-1).view(np.uint8).data, bytes(-whole.nbytes % _ALIGNED)):
            parts.append(part)
            length, check = length + len(part), zlib.crc32(part, check)
    line = json.dumps(head | {"arrays": specifications, "length": length, "crc32": check}).encode()
    line += b" " * (-(_CHECK_DIGITS + len(line) + 1) % _ALIGNED) + b"\n"
    return [b"%08x" % zlib.crc32(line), line, *parts]


def from_bytes(content: memoryview) -> MeshFile | None:
    """Decodes what `to_bytes` made; None for any other bytes. The arrays are views of ``content``."""
    try:
        end = bytes(content[:_LONGEST_LINE]).index(b"\n") + 1
        line = bytes(content[_CHECK_DIGITS:end])
        if zlib.crc32(line) != int(bytes(content[:_CHECK_DIGITS]), 16):
            return None
        head, data = json.loads(line), content[end:]
        if len(data) != head["length"] or zlib.crc32(data) != head["crc32"]:
            return None
        return _decoded(head, [_array(data, *specification) for specification in head["arrays"]])
    except (ValueError, KeyError, TypeError, IndexError):
        return None


def _material(material: Material, textures: _Table) -> Json:
    values = {field.name: getattr(material, field.name) for field in fields(material)}
    return {name: textures.place(value) if name.endswith("_texture") else value for name, value in values.items()}


def _array(data: memoryview, dtype: str, shape: Sequence[int], offset: int) -> NDArray[Any]:
    if dtype not in _DTYPES:
        raise ValueError(f"no array of a mesh is of the type {dtype}")
    return np.ndarray(tuple(shape), dtype, buffer=data, offset=offset)


def _decoded(head: Json, arrays: Sequence[NDArray[Any]]) -> MeshFile:
    textures = [Texture(arrays[t["pixels"]], tuple(t["wrap"])) for t in head["textures"]]
    materials = [_decoded_material(values, textures) for values in head["materials"]]
    primitives = tuple(
        Primitive(
            **{name: arrays[p[name]] for name in _ARRAYS if p[name] is not None}, material=materials[p["material"]]
        )
        for p in head["primitives"]
    )
    return MeshFile(Mesh(primitives), arrays[head["normalization"]], head["sha256"], tuple(head["notes"]))


def _decoded_material(values: Json, textures: Sequence[Texture]) -> Material:
    decoded: Json = {}
    for name, value in values.items():
        if name.endswith("_texture"):
            decoded[name] = None if value is None else textures[value]
        else:
            decoded[name] = tuple(value) if isinstance(value, list) else value
    return Material(**decoded)
