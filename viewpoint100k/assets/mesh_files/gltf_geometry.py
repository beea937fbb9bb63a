"""The triangles of a glTF document (Khronos glTF 2.0 specification, sections 3.6 and 3.7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.mesh_files.gltf_document import GltfDocument, read_accessor
from viewpoint100k.assets.mesh_files.gltf_draco import decode_primitive, is_compressed
from viewpoint100k.assets.mesh_files.gltf_nodes import (
    drawn_nodes,
    instance_count,
    instance_places,
    node_matrices,
)
from viewpoint100k.assets.mesh_files.gltf_pose import Poser
from viewpoint100k.assets.mesh_files.gltf_primitives import (
    ATTRIBUTES,
    DRACO,
    TRIANGLES,
    DrawnPrimitive,
    corners_of,
    triangle_primitives,
)
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry import exact

__all__ = ["read_primitives"]

Floats = NDArray[np.float64]


def read_primitives(document: GltfDocument, name: str, limits: MeshLimits) -> list[DrawnPrimitive]:
    """All triangles that the document's scene shows; its points and lines are left out.

    Raises ``AssetError``: ``empty_mesh`` where there are none, ``too_many_triangles`` before any is read,
    ``unsupported_extension`` for a compressed mesh that is deformed, and what `decode_primitive` raises.
    """
    nodes = drawn_nodes(document)
    _check_triangle_count(document, nodes, name, limits)
    drawn = _read_primitives(document, nodes, name)
    if not drawn:
        raise AssetError("empty_mesh", f"{name} shows no triangles")
    return drawn


def _read_primitives(document: GltfDocument, nodes: Sequence[int], name: str) -> list[DrawnPrimitive]:
    """All triangles of these nodes."""
    matrices, poser = node_matrices(document), Poser(document)
    decoded: dict[int, tuple[dict[str, Floats], NDArray[np.int64]]] = {}  # By id of the JSON; nodes can share a mesh.
    drawn = []
    for node in nodes:
        for primitive in triangle_primitives(document, node):
            posed = poser.posed(node, primitive)
            if is_compressed(document, primitive):
                if posed:
                    raise AssetError("unsupported_extension", f"{name} has a deformed mesh under {DRACO}")
                if id(primitive) not in decoded:
                    decoded[id(primitive)] = decode_primitive(document, primitive, name)
                attributes, triangles = decoded[id(primitive)]
            else:
                attributes, triangles = _read_plain(document, primitive, posed), corners_of(document, primitive)
            # A skin places vertices by its joints and ignores the transform of the node.
            to_scene = np.eye(4) if poser.is_skinned(node, primitive) else matrices[node]
            for place in instance_places(document, node):
                to_place = to_scene if place is None else exact.matmul(to_scene, place)
                drawn.append(DrawnPrimitive(attributes, triangles, to_place, primitive.get("material")))
    return drawn


def _read_plain(document: GltfDocument, primitive: dict[str, Any], posed: dict[str, Floats]) -> dict[str, Floats]:
    """The attributes of a primitive that is not compressed, with those of ``posed`` in place of the stored ones."""
    return {
        key: posed[key] if key in posed else read_accessor(document, accessor).astype(np.float64)
        for key, accessor in primitive["attributes"].items()
        if key in ATTRIBUTES
    }


def _check_triangle_count(document: GltfDocument, nodes: Sequence[int], name: str, limits: MeshLimits) -> None:
    accessors = document.items("accessors")
    total = 0
    for node in nodes:
        for primitive in triangle_primitives(document, node):
            vertices = _vertex_count(document, primitive)
            if vertices > 3 * limits.max_triangles:  # More than that many triangles could ever use.
                message = f"{name} has {vertices:,} vertices, more than {limits.max_triangles:,} triangles can use"
                raise AssetError("too_many_triangles", message)
            count = int(accessors[primitive.get("indices", primitive["attributes"]["POSITION"])]["count"])
            drawn = count // 3 if primitive.get("mode", TRIANGLES) == TRIANGLES else max(0, count - 2)
            total += drawn * instance_count(document, node)
    if total > limits.max_triangles:
        raise AssetError("too_many_triangles", f"{name} has {total:,} triangles, more than {limits.max_triangles:,}")


def _vertex_count(document: GltfDocument, primitive: dict[str, Any]) -> int:
    """Raises ``ValueError`` for attributes that contradict each other or have the wrong type."""
    counts = set()
    for key, types in ATTRIBUTES.items():
        if key in primitive["attributes"]:
            accessor = document.items("accessors")[primitive["attributes"][key]]
            if accessor["type"] not in types:
                raise ValueError(f"a primitive has {key} of the type {accessor['type']}")
            counts.add(int(accessor["count"]))
    if len(counts) != 1:
        raise ValueError(f"a primitive has attributes of different lengths: {sorted(counts)}")
    return counts.pop()
