"""Writes small glTF files for tests. It shares no code with the reader."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

__all__ = ["TRIANGLE", "GltfWriter", "picture", "triangle_writer"]

TRIANGLE = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
"""Counter-clockwise seen from +Z."""

_COMPONENTS = {"i1": 5120, "u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
_TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}


def picture(pixels: ArrayLike, kind: str = "PNG", **options: Any) -> bytes:
    """An image file of (h, w), (h, w, 3) or (h, w, 4) bytes."""
    stream = io.BytesIO()
    Image.fromarray(np.asarray(pixels, dtype=np.uint8)).save(stream, kind, **options)
    return stream.getvalue()


class GltfWriter:
    """A glTF document under construction. ``tree`` is its JSON, which tests may change."""

    def __init__(self) -> None:
        self.binary = bytearray()
        self.tree: dict[str, Any] = {"asset": {"version": "2.0"}, "scene": 0}
        for key in ("scenes", "nodes", "meshes", "accessors", "bufferViews", "materials", "textures", "images"):
            self.tree[key] = []

    def append(self, key: str, item: dict[str, Any]) -> int:
        self.tree.setdefault(key, []).append(item)
        return len(self.tree[key]) - 1

    def view(self, data: bytes) -> int:
        self.binary += b"\0" * (-len(self.binary) % 4)
        start = len(self.binary)
        self.binary += data
        return self.append("bufferViews", {"buffer": 0, "byteOffset": start, "byteLength": len(data)})

    def accessor(self, values: ArrayLike, kind: str = "f4", **extra: Any) -> int:
        array = np.asarray(values, dtype=f"<{kind}")
        array = array.reshape(len(array), -1)
        return self.append(
            "accessors",
            {
                "bufferView": self.view(array.tobytes()),
                "componentType": _COMPONENTS[kind],
                "count": len(array),
                "type": _TYPES[array.shape[1]],
                **extra,
            },
        )

    def mesh(self, attributes: dict[str, int], indices: ArrayLike | None = None, **primitive: Any) -> int:
        content: dict[str, Any] = {"attributes": attributes, **primitive}
        if indices is not None:
            content["indices"] = self.accessor(indices, "u2")
        return self.append("meshes", {"primitives": [content]})

    def node(self, *, root: bool = True, **content: Any) -> int:
        index = self.append("nodes", content)
        if root:
            self.tree["scenes"] = self.tree["scenes"] or [{"nodes": []}]
            self.tree["scenes"][0]["nodes"].append(index)
        return index

    def texture(self, image: dict[str, Any] | bytes, **texture: Any) -> dict[str, Any]:
        """A texture reference to an embedded (bytes) or stated image."""
        content = {"bufferView": self.view(image), "mimeType": "image/png"} if isinstance(image, bytes) else image
        return {"index": self.append("textures", {"source": self.append("images", content), **texture})}

    def json(self, **buffer: Any) -> bytes:
        buffers = [{"byteLength": len(self.binary), **buffer}]
        tree = {key: value for key, value in self.tree.items() if value != []}
        return json.dumps({**tree, "buffers": buffers}).encode()

    def glb(self) -> bytes:
        text, binary = self.json(), bytes(self.binary)
        text += b" " * (-len(text) % 4)
        binary += b"\0" * (-len(binary) % 4)
        chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(binary), 0x004E4942) + binary
        return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks


def triangle_writer(positions: ArrayLike = TRIANGLE, **material: Any) -> GltfWriter:
    """One triangle on one node. Its UVs are its x and y. It has a material if any part of one is given."""
    writer = GltfWriter()
    points = np.asarray(positions, dtype=np.float64)
    attributes = {"POSITION": writer.accessor(points), "TEXCOORD_0": writer.accessor(points[:, :2])}
    stated = {"material": writer.append("materials", material)} if material else {}
    writer.node(mesh=writer.mesh(attributes, **stated))
    return writer
