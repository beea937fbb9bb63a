"""Blender's shader graphs, written as expressions: every function adds nodes to a tree and returns an output of one."""

from __future__ import annotations

import warnings
from typing import Any

__all__ = ["Nodes"]

Value = Any
"""An output socket, or a constant: a number, or a tuple of three or four."""


class Nodes:
    """Adds nodes to one tree, which begins empty."""

    def __init__(self, tree: Any) -> None:
        self._tree = tree
        tree.nodes.clear()

    @classmethod
    def of(cls, owner: Any) -> Nodes:
        """The tree of a material or world. Blender 4 has none unless told; Blender 5 always, and minds being told."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            owner.use_nodes = True
        return cls(owner.node_tree)

    def add(self, kind: str, inputs: dict[str | int, Value] | None = None, **properties: Any) -> Any:
        """A node ``ShaderNode<kind>`` with these properties; inputs, by name or number, are linked or set."""
        node = self._tree.nodes.new(f"ShaderNode{kind}")
        for name, value in properties.items():
            setattr(node, name, value)
        for key, value in (inputs or {}).items():
            self._feed(node.inputs[key], value)
        return node

    def _feed(self, socket: Any, value: Value) -> None:
        if hasattr(value, "is_output"):
            self._tree.links.new(value, socket)
        else:
            if isinstance(value, tuple) and len(value) == 3 and socket.type == "RGBA":
                value = (*value, 1.0)
            socket.default_value = value

    def output(self, kind: str, surface: Value) -> None:
        """Ends the tree: ``kind`` is ``Material`` or ``World``."""
        self.add(f"Output{kind}", {"Surface": surface})

    def vector(self, operation: str, *operands: Value) -> Value:
        """Vector arithmetic, which takes colours as well, and neither clamps nor converts them."""
        node = self.add("VectorMath", dict(enumerate(operands)), operation=operation)
        return node.outputs["Value" if operation in ("LENGTH", "DOT_PRODUCT") else "Vector"]

    def math(self, operation: str, *operands: Value) -> Value:
        """Arithmetic of numbers, not clamped."""
        return self.add("Math", dict(enumerate(operands)), operation=operation).outputs["Value"]

    def parts(self, vector: Value) -> tuple[Value, Value, Value]:
        """The three parts of a vector or colour."""
        x, y, z = self.add("SeparateXYZ", {"Vector": vector}).outputs
        return x, y, z

    def joined(self, x: Value, y: Value, z: Value) -> Value:
        """A vector of three numbers."""
        return self.add("CombineXYZ", {0: x, 1: y, 2: z}).outputs["Vector"]

    def mix(self, share: Value, one: Value, other: Value) -> Value:
        """``one`` shader where ``share`` is 0, the ``other`` where it is 1."""
        return self.add("MixShader", {0: share, 1: one, 2: other}).outputs["Shader"]

    def emission(self, color: Value) -> Value:
        """A shader that shines with this linear radiance."""
        return self.add("Emission", {"Color": color, "Strength": 1.0}).outputs["Emission"]

    def transparent(self) -> Value:
        """A shader that is not there."""
        return self.add("BsdfTransparent", {"Color": (1.0, 1.0, 1.0)}).outputs["BSDF"]
