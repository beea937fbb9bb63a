"""Scenes and cameras in, pictures and depth out. One file per backend behind the small protocol of `protocol.py`."""

from __future__ import annotations

from typing import Any

from renderers.protocol import Glance, LoadedScene, Renderer, Stage
from viewpoint100k.errors import UsageError
from viewpoint100k.runtime.plugins import load_plugin, plugin_names

__all__ = ["BACKENDS", "Glance", "LoadedScene", "Renderer", "Stage", "open_renderer", "renderer_names"]

BACKENDS = ("software", "opengl", "pyrender", "blender")
"""The package's own renderers; ``auto`` stands for one of the first two."""


def open_renderer(name: str = "auto", **options: Any) -> Renderer:
    """A renderer by its backend's name; ``options`` go to its class.

    ``software``: `renderers.software.SoftwareRenderer` (``device_index``, ``require_gpu``, ``max_texture_size``,
    ``threads``, ``build``);
    ``opengl``: `renderers.opengl.OpenGLRenderer` (``device_index``, ``require_gpu``, ``max_texture_size``);
    ``pyrender``: `renderers.pyrender.PyrenderRenderer` (the same);
    ``blender``: `renderers.blender.BlenderRenderer` (the same, and ``samples``).

    ``auto``: ``software`` where its extension is built, else ``opengl``.
    Other names are those of installed packages, see `viewpoint100k.runtime.plugins`.

    Raises ``UsageError`` for a name that nobody offers, ``MissingExtraError`` where its package is not
    installed, and ``RendererError`` where it gets no OpenGL context, or not the device that was asked for.
    """
    if name == "auto":
        from renderers.software.extension import why_missing

        name = "opengl" if why_missing() else "software"
    if name == "software":
        from renderers.software import SoftwareRenderer

        return SoftwareRenderer(**options)
    if name == "opengl":
        from renderers.opengl import OpenGLRenderer

        return OpenGLRenderer(**options)
    if name == "pyrender":
        from renderers.pyrender import PyrenderRenderer

        return PyrenderRenderer(**options)
    if name == "blender":
        from renderers.blender import BlenderRenderer

        return BlenderRenderer(**options)
    if (plugged := load_plugin("renderers", name)) is not None:
        made: Renderer = plugged(**options)
        return made
    raise UsageError(f"there is no renderer {name!r}: choose one of {', '.join(renderer_names())}")


def renderer_names() -> tuple[str, ...]:
    """The package's own renderers, and those of installed packages."""
    return ("auto", *BACKENDS, *plugin_names("renderers"))
