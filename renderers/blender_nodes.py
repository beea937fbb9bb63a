"""Builds Blender's shader graphs from expressions: each function adds nodes to a tree and returns an output socket."""

from __future__ import annotations

import warnings
from typing import Any

__all__ = ["Nodes"]

Value = Any
"""An output socket, or a constant: a number, or a tuple of three or four."""


class Nodes:
    """Adds nodes to one tree, which is empty at first."""

    def __init__(self, tree: Any) -> None:
        self._tree = tree
        tree.nodes.clear()

    @classmethod
    def of(cls, owner: Any) -> Nodes:
        """The tree of a material or world. Blender 4 creates it on request; Blender 5 always has it and warns."""
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
        """Adds the output node; ``kind`` is ``Material`` or ``World``."""
        self.add(f"Output{kind}", {"Surface": surface})

    def vector(self, operation: str, *operands: Value) -> Value:
        """Vector arithmetic, also for colours; it neither clamps nor converts them."""
        node = self.add("VectorMath", dict(enumerate(operands)), operation=operation)
        return node.outputs["Value" if operation in ("LENGTH", "DOT_PRODUCT") else "Vector"]

    def math(self, operation: str, *operands: Value) -> Value:
        """Arithmetic of numbers, without clamping."""
        return self.add("Math", dict(enumerate(operands)), operation=operation).outputs["Value"]

    def parts(self, vector: Value) -> tuple[Value, Value, Value]:
        """The three components of a vector or colour."""
        x, y, z = self.add("SeparateXYZ", {"Vector": vector}).outputs
        return x, y, z

    def joined(self, x: Value, y: Value, z: Value) -> Value:
        """A vector of three numbers."""
        return self.add("CombineXYZ", {0: x, 1: y, 2: z}).outputs["Vector"]

    def mix(self, share: Value, one: Value, other: Value) -> Value:
        """``one`` shader where ``share`` is 0, the ``other`` where it is 1."""
        return self.add("MixShader", {0: share, 1: one, 2: other}).outputs["Shader"]

    def emission(self, color: Value) -> Value:
        """A shader that emits this linear radiance."""
        return self.add("Emission", {"Color": color, "Strength": 1.0}).outputs["Emission"]

    def transparent(self) -> Value:
        """A fully transparent shader."""
        return self.add("BsdfTransparent", {"Color": (1.0, 1.0, 1.0)}).outputs["BSDF"]
