"""The tree of nodes in a glTF document's scene (Khronos glTF 2.0 specification, section 3.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.mesh_files.gltf_document import GltfDocument, read_accessor
from viewpoint100k.geometry import exact

__all__ = ["drawn_nodes", "instance_count", "instance_places", "node_matrices"]

_INSTANCING = "EXT_mesh_gpu_instancing"

Floats = NDArray[np.float64]


def _scene_roots(document: GltfDocument) -> list[int]:
    """Indices of the root nodes of the default scene; without a scene, of all nodes without a parent."""
    scenes = document.items("scenes")
    if scenes:
        return [int(node) for node in scenes[int(document.tree.get("scene", 0))].get("nodes") or []]
    nodes = document.items("nodes")
    children = {int(child) for node in nodes for child in node.get("children") or []}
    return [index for index in range(len(nodes)) if index not in children]


def drawn_nodes(document: GltfDocument) -> list[int]:
    """Indices of the nodes in the scene that draw a mesh. Raises ``ValueError`` where the nodes are not a tree."""
    nodes = document.items("nodes")
    return [index for index, _ in _walk(document) if "mesh" in nodes[index]]


def node_matrices(document: GltfDocument) -> dict[int, Floats]:
    """(4, 4) for each node in the scene: from its own coordinates to the scene's."""
    nodes = document.items("nodes")
    matrices: dict[int, Floats] = {}
    for index, parent in _walk(document):
        local = _local_matrix(nodes[index])
        matrices[index] = local if parent is None else exact.matmul(matrices[parent], local)
    return matrices


def instance_count(document: GltfDocument, node: int) -> int:
    """Number of instances of a node's mesh. Raises ``ValueError`` if the extension is inconsistent."""
    counts = {
        int(document.items("accessors")[index]["count"]) for index in _instance_attributes(document, node).values()
    }
    if len(counts) > 1:
        raise ValueError(f"node {node} has instance attributes of different lengths: {sorted(counts)}")
    return counts.pop() if counts else 1


def instance_places(document: GltfDocument, node: int) -> list[Floats | None]:
    """(4, 4) transform of each instance of a node's mesh, in the node's coordinates; a single None without instances.

    Source: Khronos glTF, vendor extension EXT_mesh_gpu_instancing.
    """
    attributes, count = _instance_attributes(document, node), instance_count(document, node)
    if not attributes:
        return [None]
    columns = {key: read_accessor(document, index).astype(np.float64) for key, index in attributes.items()}
    local = [{key.lower(): values[place].tolist() for key, values in columns.items()} for place in range(count)]
    return [_local_matrix(one) for one in local]


def _instance_attributes(document: GltfDocument, node: int) -> dict[str, int]:
    """Accessors of a node's instances by TRANSLATION, ROTATION and SCALE."""
    extension = (document.items("nodes")[node].get("extensions") or {}).get(_INSTANCING) or {}
    stated = extension.get("attributes") or {}
    return {key: int(stated[key]) for key in ("TRANSLATION", "ROTATION", "SCALE") if key in stated}


def _walk(document: GltfDocument) -> list[tuple[int, int | None]]:
    """(node, parent), parents first."""
    nodes = document.items("nodes")
    queue: list[tuple[int, int | None]] = [(root, None) for root in _scene_roots(document)]
    seen = set()
    for index, _ in queue:  # Grows while it is read.
        if index in seen or not 0 <= index < len(nodes):
            raise ValueError(f"node {index} is not there, or has more than one parent")
        seen.add(index)
        queue.extend((int(child), index) for child in nodes[index].get("children") or [])
    return queue


def _local_matrix(node: dict[str, Any]) -> Floats:
    if "matrix" in node:
        return np.array(node["matrix"], dtype=np.float64).reshape(4, 4).T
    matrix = np.eye(4)
    matrix[:3, :3] = _rotation(node.get("rotation", (0.0, 0.0, 0.0, 1.0))) * np.asarray(
        node.get("scale", (1.0, 1.0, 1.0)), dtype=np.float64
    )
    matrix[:3, 3] = node.get("translation", (0.0, 0.0, 0.0))
    return matrix


def _rotation(quaternion: Sequence[float]) -> Floats:
    """(3, 3) rotation of a quaternion (x, y, z, w) of any length; the identity for length 0."""
    values = np.asarray(quaternion, dtype=np.float64)
    squared = float(exact.dot(values, values))
    if squared < 1e-14:
        return np.eye(3)
    x, y, z, w = (values * np.sqrt(2 / squared)).tolist()
    return np.array(
        [
            [1 - y * y - z * z, x * y - z * w, x * z + y * w],
            [x * y + z * w, 1 - x * x - z * z, y * z - x * w],
            [x * z - y * w, y * z + x * w, 1 - x * x - y * y],
        ]
    )
