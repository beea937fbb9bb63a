"""GLSL programs, built when first asked for and kept for the life of a context."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import moderngl

__all__ = ["UNITS", "Programs", "set_uniforms"]

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
"""Every sampler of every shader; its place here is its texture unit."""

UNITS = {name: unit for unit, name in enumerate(_SAMPLERS)}
"""Texture unit of each sampler."""


def set_uniforms(program: moderngl.Program, values: Mapping[str, Any]) -> None:
    """Sets those of the uniforms that a program has. Matrices come transposed: OpenGL stores columns.

    Values are written as they are where they are 32-bit integers, and as 32-bit floats otherwise.
    """
    for name, value in values.items():
        if name in program:
            kind = np.int32 if isinstance(value, np.int32) else np.float32
            uniform: Any = program[name]
            uniform.write(np.ascontiguousarray(value, dtype=kind))


class Programs:
    """The programs of one context, by shader and by what is switched on in it."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._built: dict[tuple[str, str, frozenset[str]], moderngl.Program] = {}

    def get(self, vertex: str, fragment: str, features: frozenset[str] = frozenset()) -> moderngl.Program:
        """The program of two files in ``shaders/``, compiled with these names defined."""
        key = (vertex, fragment, features)
        if key not in self._built:
            program = self._context.program(
                vertex_shader=_source(vertex, features), fragment_shader=_source(fragment, features)
            )
            for name in _SAMPLERS:
                if name in program:
                    set_uniforms(program, {name: np.int32(UNITS[name])})
            self._built[key] = program
        return self._built[key]

    def release(self) -> None:
        for program in self._built.values():
            program.release()
        self._built.clear()


def _source(name: str, features: frozenset[str]) -> str:
    shaders = files("renderers") / "shaders"
    defines = [f"#define {feature}" for feature in sorted(features)]
    light = [(shaders / "light.glsl").read_text()] if name in ("surface.frag", "composite.frag") else []
    return "\n".join(["#version 330 core", *defines, *light, (shaders / name).read_text()])
