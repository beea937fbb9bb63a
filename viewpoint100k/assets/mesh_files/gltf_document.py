"""A glTF 2.0 document: its container, its JSON, its buffers, and its accessors as arrays.

Khronos glTF 2.0 specification, sections 3.6 (binary data) and 4 (GLB).
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.mesh_files.asset_files import AssetFiles
from viewpoint100k.assets.mesh_files.packages import needed
from viewpoint100k.errors import AssetError

__all__ = ["GltfDocument", "as_fractions", "read_accessor", "read_document", "view_bytes"]

_GLB_MAGIC, _JSON_CHUNK, _BIN_CHUNK = 0x46546C67, 0x4E4F534A, 0x004E4942
_GEOMETRY_EXTENSIONS = frozenset({"KHR_mesh_quantization", "EXT_mesh_gpu_instancing", "KHR_draco_mesh_compression"})
_TEXTURE_EXTENSIONS = frozenset({"KHR_texture_transform", "KHR_texture_basisu", "EXT_texture_webp", "EXT_texture_avif"})
_HARMLESS_EXTENSIONS = frozenset({"KHR_lights_punctual", "KHR_xmp_json_ld", "KHR_xmp", "KHR_node_visibility"})
_COMPONENTS = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_MAX_ZEROS = 10_000_000
"""Largest number of elements of an accessor without data: twenty bytes of JSON can request terabytes."""
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


@dataclass(frozen=True, eq=False)
class GltfDocument:
    """JSON and buffers of one file."""

    tree: dict[str, Any]
    """The JSON of the file, unchecked: readers must expect any structure."""
    buffers: tuple[bytes | memoryview, ...]

    def items(self, kind: str) -> list[dict[str, Any]]:
        """One of the JSON's top-level lists, such as ``meshes``; empty if it is missing."""
        found: list[dict[str, Any]] = self.tree.get(kind) or []
        return found


def read_document(files: AssetFiles, *, binary: bool) -> GltfDocument:
    """Reads a ``.glb`` (``binary``) or ``.gltf`` file and its buffers, but no images.

    Raises ``AssetError``: ``truncated``, ``unreadable``, ``unsupported_extension``, ``buffer_missing``, and whatever
    `AssetFiles` refuses.
    """
    data = files.read_asset()
    # Some exporters write GLB under the name .gltf, or the reverse, so the content decides.
    text, chunk = _split_glb(data, files.name) if binary or data[:4] == b"glTF" else (data, None)
    tree = _parse_json(text, files.name)
    _check_version_and_extensions(tree, files.name)
    specifications: list[dict[str, Any]] = tree.get("buffers") or []
    return GltfDocument(tree, tuple(_buffer(i, spec, chunk, files) for i, spec in enumerate(specifications)))


def view_bytes(document: GltfDocument, index: int) -> memoryview:
    """The bytes of a buffer view. Raises ``ValueError`` where it reaches beyond its buffer."""
    view = document.items("bufferViews")[index]
    buffer = memoryview(document.buffers[view["buffer"]])
    start, length = int(view.get("byteOffset", 0)), int(view["byteLength"])
    if start < 0 or length < 0 or start + length > len(buffer):
        raise ValueError(f"buffer view {index} reaches beyond its buffer")
    return buffer[start : start + length]


def read_accessor(document: GltfDocument, index: int) -> NDArray[Any]:
    """An accessor as (count, width); normalised integers as float64 in [-1, 1], sparse values put in place.

    Raises ``ValueError``, ``KeyError`` or ``IndexError`` for one that contradicts itself.
    """
    accessor = document.items("accessors")[index]
    kind, width, count = accessor["componentType"], _WIDTHS[accessor["type"]], int(accessor["count"])
    if "bufferView" in accessor:
        values = _strided(document, accessor["bufferView"], accessor.get("byteOffset", 0), kind, width, count)
    elif count > _MAX_ZEROS:
        raise ValueError(f"accessor {index} asks for {count:,} elements without data")
    else:
        values = np.zeros((count, width), dtype=_COMPONENTS[kind])
    if "sparse" in accessor:
        sparse = accessor["sparse"]
        where, what, n = sparse["indices"], sparse["values"], int(sparse["count"])
        rows = _strided(document, where["bufferView"], where.get("byteOffset", 0), where["componentType"], 1, n)
        values = values.copy()
        values[rows[:, 0]] = _strided(document, what["bufferView"], what.get("byteOffset", 0), kind, width, n)
    return as_fractions(values) if accessor.get("normalized") else values


def as_fractions(values: NDArray[Any]) -> NDArray[Any]:
    """Normalised integers as float64 in [-1, 1] (glTF 2.0, section 3.6.2.2); floats unchanged."""
    if values.dtype.kind not in "iu":
        return values
    return np.maximum(values / float(np.iinfo(values.dtype).max), -1.0)


def _strided(document: GltfDocument, view: int, offset: int, kind: int, width: int, count: int) -> NDArray[Any]:
    data, dtype = view_bytes(document, view), np.dtype(_COMPONENTS[kind])
    row = dtype.itemsize * width
    stride = int(document.items("bufferViews")[view].get("byteStride") or row)
    if count < 0 or offset < 0 or stride < row or (count and offset + stride * (count - 1) + row > len(data)):
        raise ValueError(f"an accessor reaches beyond buffer view {view}")
    if count == 0:
        return np.zeros((0, width), dtype=dtype)
    return np.ndarray((count, width), dtype, buffer=data, offset=offset, strides=(stride, dtype.itemsize))


def _split_glb(data: bytes, name: str) -> tuple[bytes, memoryview | None]:
    if len(data) < 20:
        raise AssetError("truncated", f"{name} ends before its header does")
    magic, version, length, json_length, chunk_kind = struct.unpack_from("<5I", data)
    if magic != _GLB_MAGIC:
        raise AssetError("unreadable", f"{name} is not a GLB file")
    if version != 2:
        raise AssetError("unreadable", f"{name} is glTF {version}, and only glTF 2 can be read")
    if chunk_kind != _JSON_CHUNK:
        raise AssetError("unreadable", f"{name} does not begin with its JSON")
    if length > len(data) or 20 + json_length > len(data):
        raise AssetError("truncated", f"{name} has {len(data):,} of {length:,} bytes")
    text, position = data[20 : 20 + json_length], 20 + json_length
    while position + 8 <= len(data):
        size, chunk_kind = struct.unpack_from("<2I", data, position)
        if chunk_kind == _BIN_CHUNK:
            if position + 8 + size > len(data):
                raise AssetError("truncated", f"{name} ends within its binary data")
            return text, memoryview(data)[position + 8 : position + 8 + size]
        position += 8 + size
    return text, None


def _parse_json(text: bytes, name: str) -> dict[str, Any]:
    try:
        tree = json.loads(text.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise AssetError("unreadable", f"{name} holds JSON that cannot be parsed: {error}") from error
    if not isinstance(tree, dict) or not isinstance(tree.get("asset"), dict):
        raise AssetError("unreadable", f"{name} is not a glTF document")
    return tree


def _refuse_constant(text: str) -> float:
    """Rejects NaN and Infinity, which Python's JSON accepts and the standard does not."""
    raise ValueError(f"{text} is not a number")


def _check_version_and_extensions(tree: dict[str, Any], name: str) -> None:
    version = str(tree["asset"].get("version", ""))
    if not version.startswith("2."):
        raise AssetError("unreadable", f"{name} is glTF {version[:20]!r}, and only glTF 2 can be read")
    if "KHR_draco_mesh_compression" in (tree.get("extensionsRequired") or []):
        needed("DracoPy", "DracoPy", name)
    unknown = [extension for extension in tree.get("extensionsRequired") or [] if not _is_readable(str(extension))]
    if unknown:
        raise AssetError(
            "unsupported_extension", f"{name} needs {', '.join(map(str, unknown))}, which is not read here"
        )


def _is_readable(extension: str) -> bool:
    known = _GEOMETRY_EXTENSIONS | _TEXTURE_EXTENSIONS | _HARMLESS_EXTENSIONS
    return extension in known or extension.startswith("KHR_materials_")


def _buffer(
    index: int, specification: dict[str, Any], chunk: memoryview | None, files: AssetFiles
) -> bytes | memoryview:
    uri, length = specification.get("uri"), int(specification["byteLength"])
    data: bytes | memoryview
    if uri is not None:
        data = files.read_reference(str(uri), "buffer_missing", is_uri=True)
    elif index == 0 and chunk is not None:
        data = chunk
    elif "EXT_meshopt_compression" in (specification.get("extensions") or {}):
        raise AssetError("unsupported_extension", f"{files.name} needs EXT_meshopt_compression, which is not read here")
    else:
        raise AssetError("buffer_missing", f"{files.name} has no data for its buffer {index}")
    if len(data) < length:
        raise AssetError("truncated", f"buffer {index} of {files.name} has {len(data):,} of {length:,} bytes")
    return data
