"""GLSL programs, compiled on first use and kept until the context is closed."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import moderngl

__all__ = ["UNITS", "Program", "Programs"]

_SAMPLERS = (
    "environment",
    "base_color_texture",
    "surface_texture",
    "normal_texture",
    "occlusion_texture",
    "emissive_texture",
    "shadow_map",
    "object_color",
    "ground_pattern",
    "ground_shadow",
)
"""Every sampler of every shader; its index is its texture unit."""

UNITS = {name: unit for unit, name in enumerate(_SAMPLERS)}
"""Texture unit of each sampler."""


class Program:
    """A program and its uniforms."""

    def __init__(self, handle: moderngl.Program) -> None:
        import moderngl

        self.handle = handle
        members = {name: handle[name] for name in handle}
        self.inputs = frozenset(name for name, member in members.items() if isinstance(member, moderngl.Attribute))
        """Names of the vertex attributes that it reads."""
        self._uniforms = {name: one for name, one in members.items() if isinstance(one, moderngl.Uniform)}

    def set(self, **values: Any) -> None:
        """Sets the uniforms that the program has; ignores others. Matrices must be transposed: OpenGL stores columns.

        32-bit integers are written unchanged, other values as 32-bit floats.
        """
        for name, value in values.items():
            uniform = self._uniforms.get(name)
            if uniform is not None:
                kind = np.int32 if isinstance(value, np.int32) else np.float32
                uniform.write(np.ascontiguousarray(value, dtype=kind))


class Programs:
    """The programs of one context, by shader files and enabled features."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._built: dict[tuple[str, str, frozenset[str]], Program] = {}

    def get(self, vertex: str, fragment: str, features: frozenset[str] = frozenset()) -> Program:
        """The program of two files in ``shaders/``, compiled with ``features`` as macros."""
        key = (vertex, fragment, features)
        if key not in self._built:
            program = Program(
                self._context.program(
                    vertex_shader=_source(vertex, features), fragment_shader=_source(fragment, features)
                )
            )
            program.set(**{name: np.int32(unit) for name, unit in UNITS.items()})
            self._built[key] = program
        return self._built[key]

    def release(self) -> None:
        for program in self._built.values():
            program.handle.release()
        self._built.clear()


_INCLUDED = {
    "surface.frag": ("light.glsl", "surface.glsl"),
    "composite.frag": ("light.glsl",),
}
"""Shared source at the start of each shader."""


def _source(name: str, features: frozenset[str]) -> str:
    shaders = files("renderers") / "shaders"
    defines = [f"#define {feature}" for feature in sorted(features)]
    parts = [(shaders / part).read_text() for part in (*_INCLUDED.get(name, ()), name)]
    return "\n".join(["#version 330 core", *defines, *parts])
