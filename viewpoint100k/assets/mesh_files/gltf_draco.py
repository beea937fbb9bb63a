"""Decodes Draco-compressed triangles of a glTF document with trimesh, through a simplified copy of the document.

trimesh 5 ignores some features of the standard: sparse accessors, normalised integers, skins, morph weights, triangle
fans, a second UV set, vertex colours beside a texture. So each primitive of the scene is copied to a separate mesh,
named after its number, with these features resolved. All attributes except POSITION get a name with an underscore, so
that trimesh passes them through unchanged.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

from viewpoint100k.assets.mesh_files.gltf_document import GltfDocument, read_accessor
from viewpoint100k.assets.mesh_files.gltf_nodes import instance_places, scene_roots
from viewpoint100k.assets.mesh_files.gltf_pose import Poser
from viewpoint100k.assets.mesh_files.gltf_primitives import (
    ATTRIBUTES,
    DRACO,
    FAN,
    TRIANGLES,
    DrawnPrimitive,
    corners_of,
    triangle_primitives,
)
from viewpoint100k.errors import AssetError

__all__ = ["read_compressed"]

_FLOAT, _UNSIGNED_INT = 5126, 5125
_TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}
_NODE_KEYS = ("children", "matrix", "translation", "rotation", "scale")

Floats = NDArray[np.float64]


def read_compressed(document: GltfDocument, nodes: Sequence[int], name: str) -> list[DrawnPrimitive]:
    """All triangles of these nodes, some of whose primitives are compressed. Raises ``AssetError``:
    ``unsupported_extension`` for a compressed mesh that is deformed."""
    plain = _PlainDocument(document, name)
    for node in nodes:
        plain.add_node(node)
    if not plain.originals:
        return []
    stream = io.BytesIO(plain.dumped())
    scene = trimesh.load_scene(stream, file_type="gltf", resolver=plain, skip_materials=True, process=False)
    drawn = []
    for frame in scene.graph.nodes_geometry:
        to_scene, key = scene.graph.get(frame)
        drawn.append(plain.drawn(int(key), scene.geometry[key], np.asarray(to_scene, dtype=np.float64)))
    return drawn


class _PlainDocument:
    """The simplified document under construction; it is also trimesh's resolver for its buffers."""

    def __init__(self, source: GltfDocument, name: str) -> None:
        self.originals: list[dict[str, Any]] = []
        """The JSON in the source of each primitive, by its number."""
        self._source = source
        self._name = name
        self._poser = Poser(source)
        self._roots = scene_roots(source)
        self._nodes = [{key: node[key] for key in _NODE_KEYS if node.get(key)} for node in source.items("nodes")]
        self._meshes: list[dict[str, Any]] = []
        self._accessors: list[dict[str, Any]] = []
        self._views: list[dict[str, Any]] = []
        self._buffers = list(source.buffers)
        self._numbers: dict[tuple[str, int], int] = {}
        """Items that are already copied: ("mesh", id of its JSON), ("accessor", index), ("view", index)."""

    def get(self, uri: str) -> bytes:
        """A buffer by its number: trimesh's resolver protocol."""
        return self._buffers[int(uri)]

    __getitem__ = get

    def add_node(self, node: int) -> None:
        """Adds what one node of the source draws, each primitive in a node of its own below it."""
        for primitive in triangle_primitives(self._source, node):
            posed = self._poser.posed(node, primitive)
            if posed and DRACO in (primitive.get("extensions") or {}):
                raise AssetError("unsupported_extension", f"{self._name} has a deformed mesh under {DRACO}")
            if posed:
                mesh = self._add_mesh(primitive, posed)
            elif ("mesh", id(primitive)) in self._numbers:
                mesh = self._numbers["mesh", id(primitive)]
            else:
                mesh = self._numbers["mesh", id(primitive)] = self._add_mesh(primitive, {})
            for place in instance_places(self._source, node):
                # A skin places vertices by its joints and ignores the transform of the node.
                if self._poser.is_skinned(node, primitive):
                    self._roots.append(len(self._nodes))
                else:
                    parent = self._nodes[node]
                    parent["children"] = [*parent.get("children", []), len(self._nodes)]
                standing = {} if place is None else {"matrix": place.T.ravel().tolist()}
                self._nodes.append({"mesh": mesh, **standing})

    def dumped(self) -> bytes:
        """The document as a ``.gltf`` file whose buffers' URIs are numbers for `get`."""
        tree = {
            "asset": {"version": "2.0"},
            "scene": 0,
            "scenes": [{"nodes": self._roots}],
            "nodes": self._nodes,
            "meshes": self._meshes,
            "accessors": self._accessors,
            "bufferViews": self._views,
            "buffers": [{"uri": str(i), "byteLength": len(data)} for i, data in enumerate(self._buffers)],
        }
        return json.dumps(tree).encode()

    def drawn(self, number: int, geometry: Any, to_scene: Floats) -> DrawnPrimitive:
        """What trimesh read for the primitive of this number."""
        original, count = self.originals[number], len(geometry.vertices)
        attributes = {"POSITION": np.array(geometry.vertices, dtype=np.float64)}
        for key, values in geometry.vertex_attributes.items():
            array, accessor = np.asarray(values), self._source.items("accessors")[original["attributes"][key[1:]]]
            # Integers under Draco are the one case of fractions that `_plain_accessor` could not resolve.
            scale = np.iinfo(array.dtype).max if array.dtype.kind in "iu" and accessor.get("normalized") else 1
            attributes[key[1:]] = array.astype(np.float64).reshape(count, -1) / scale
        triangles = np.array(geometry.faces, dtype=np.int64)
        return DrawnPrimitive(attributes, triangles, to_scene, original.get("material"))

    def _add_mesh(self, primitive: dict[str, Any], posed: dict[str, Floats]) -> int:
        """Adds a primitive as a mesh of its own, with the arrays of ``posed`` in place of the stored ones."""
        number = len(self._meshes)
        plain: dict[str, Any] = {"attributes": {}, "mode": primitive.get("mode", TRIANGLES)}
        for key in ATTRIBUTES:
            if key in primitive["attributes"]:
                index = int(primitive["attributes"][key])
                added = self._add_values(posed[key]) if key in posed else self._plain_accessor(index)
                plain["attributes"][key if key == "POSITION" else f"_{key}"] = added
        if plain["mode"] == FAN:
            plain["mode"], plain["indices"] = TRIANGLES, self._fan_as_triangles(primitive)
        elif "indices" in primitive:
            plain["indices"] = self._plain_accessor(int(primitive["indices"]))
        compressed = (primitive.get("extensions") or {}).get(DRACO)
        if compressed and DRACO in (self._source.tree.get("extensionsRequired") or []):
            names = {key if key == "POSITION" else f"_{key}": value for key, value in compressed["attributes"].items()}
            view = self._plain_view(int(compressed["bufferView"]))
            plain["extensions"] = {DRACO: {"bufferView": view, "attributes": names}}
        self._meshes.append({"name": str(number), "primitives": [plain]})
        self.originals.append(primitive)
        return number

    def _plain_accessor(self, index: int) -> int:
        """The number in this document of an accessor of the source's."""
        if ("accessor", index) not in self._numbers:
            accessor = self._source.items("accessors")[index]
            if "sparse" in accessor or (accessor.get("normalized") and "bufferView" in accessor):
                self._numbers["accessor", index] = self._add_values(read_accessor(self._source, index))
            else:
                kept: dict[str, Any] = {
                    key: accessor[key] for key in ("componentType", "count", "type", "byteOffset") if key in accessor
                }
                if "bufferView" in accessor:
                    kept["bufferView"] = self._plain_view(int(accessor["bufferView"]))
                self._numbers["accessor", index] = self._append(self._accessors, kept)
        return self._numbers["accessor", index]

    def _plain_view(self, index: int) -> int:
        if ("view", index) not in self._numbers:
            self._numbers["view", index] = self._append(self._views, self._source.items("bufferViews")[index])
        return self._numbers["view", index]

    def _add_values(self, values: NDArray[Any]) -> int:
        """A new accessor, with a buffer of its own, for values (n, width)."""
        kind = _UNSIGNED_INT if values.dtype.kind in "iu" else _FLOAT
        data = np.ascontiguousarray(values, dtype="<u4" if kind == _UNSIGNED_INT else "<f4").tobytes()
        buffer = self._append(self._buffers, data)
        view = self._append(self._views, {"buffer": buffer, "byteLength": len(data)})
        accessor = {"bufferView": view, "componentType": kind, "count": len(values), "type": _TYPES[values.shape[1]]}
        return self._append(self._accessors, accessor)

    def _fan_as_triangles(self, primitive: dict[str, Any]) -> int:
        return self._add_values(corners_of(self._source, primitive).reshape(-1, 1))

    @staticmethod
    def _append(items: list[Any], item: Any) -> int:
        items.append(item)
        return len(items) - 1
