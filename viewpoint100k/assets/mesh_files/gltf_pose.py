"""Poses a deformable glTF mesh as its file leaves it: applies the morph weights, then the skin (specification, sections
3.7.2.2 and 3.7.3)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.mesh_files.gltf_document import GltfDocument, read_accessor
from viewpoint100k.assets.mesh_files.gltf_nodes import node_matrices
from viewpoint100k.geometry import exact

__all__ = ["Poser"]

Floats = NDArray[np.float64]


class Poser:
    """Computes the positions of the vertices of a document's primitives at rest, without animations."""

    def __init__(self, document: GltfDocument) -> None:
        self._document = document

    @cached_property
    def _to_scene(self) -> dict[int, Floats]:
        return node_matrices(self._document)

    def is_skinned(self, node: int, primitive: dict[str, Any]) -> bool:
        """True if a skin places this primitive of the node's mesh, in scene coordinates."""
        attributes = primitive["attributes"]
        return "skin" in self._node(node) and "JOINTS_0" in attributes and "WEIGHTS_0" in attributes

    def posed(self, node: int, primitive: dict[str, Any]) -> dict[str, Floats]:
        """POSITION and NORMAL, (n, 3) each, where the node's weights or skin change them; otherwise empty."""
        arrays = self._morphed(node, primitive)
        return self._skinned(node, primitive, arrays) if self.is_skinned(node, primitive) else arrays

    def _node(self, node: int) -> dict[str, Any]:
        return self._document.items("nodes")[node]

    def _read(self, index: int) -> Floats:
        return read_accessor(self._document, index).astype(np.float64)

    def _morphed(self, node: int, primitive: dict[str, Any]) -> dict[str, Floats]:
        mesh = self._document.items("meshes")[self._node(node)["mesh"]]
        weights = self._node(node).get("weights") or mesh.get("weights") or []
        arrays: dict[str, Floats] = {}
        for weight, target in zip(weights, primitive.get("targets") or [], strict=False):
            for key in ("POSITION", "NORMAL"):
                if weight and key in target and key in primitive["attributes"]:
                    base = arrays[key] if key in arrays else self._read(primitive["attributes"][key])
                    arrays[key] = base + weight * self._read(target[key])
        return arrays

    def _skinned(self, node: int, primitive: dict[str, Any], arrays: dict[str, Floats]) -> dict[str, Floats]:
        """Linear blend skinning: each vertex under the weighted mean of its joints' matrices."""
        attributes = primitive["attributes"]
        matrices = self._joint_matrices(self._document.items("skins")[self._node(node)["skin"]])
        joints, weights = [], []
        for number in range(len(attributes)):
            if f"JOINTS_{number}" in attributes and f"WEIGHTS_{number}" in attributes:
                joints.append(read_accessor(self._document, attributes[f"JOINTS_{number}"]).astype(np.int64))
                weights.append(self._read(attributes[f"WEIGHTS_{number}"]))
        weight, joint = np.hstack(weights), np.hstack(joints)
        weight = weight / np.maximum(exact.total(weight, axis=1, keepdims=True), 1e-12)
        blended = np.zeros((len(weight), 4, 4))
        for column in range(weight.shape[1]):
            blended += weight[:, column, None, None] * matrices[joint[:, column]]
        result = {}
        for key, w in (("POSITION", 1.0), ("NORMAL", 0.0)):
            if key in attributes:
                base = arrays[key] if key in arrays else self._read(attributes[key])
                # Joints of real files have rotations and uniform scales, so normals need no inverse transpose.
                result[key] = exact.matvec(blended[:, :3, :3], base) + w * blended[:, :3, 3]
        return result

    def _joint_matrices(self, skin: dict[str, Any]) -> Floats:
        """(j, 4, 4): from the mesh at bind time to the scene."""
        # A joint outside the shown scene is against the standard; it raises KeyError here.
        joints = np.stack([self._to_scene[joint] for joint in skin["joints"]])
        if "inverseBindMatrices" not in skin:
            return joints
        columns = self._read(skin["inverseBindMatrices"]).reshape(-1, 4, 4)
        inverse_bind = columns.transpose(0, 2, 1)[: len(joints)]
        return exact.matmul(joints, inverse_bind)
