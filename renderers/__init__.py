"""Renderers: from a mesh and cameras to images and depth maps. Every backend implements `renderers.protocol`."""

from __future__ import annotations

from typing import Any

from renderers.protocol import LoadedScene, Renderer, Stage, Thumbnail
from viewpoint100k.errors import UsageError
from viewpoint100k.runtime.plugins import load_plugin, plugin_names

__all__ = ["BACKENDS", "LoadedScene", "Renderer", "Stage", "Thumbnail", "open_renderer", "renderer_names"]

BACKENDS = ("software", "opengl", "pyrender", "blender")
"""The built-in renderers; ``auto`` stands for one of the first two."""


def open_renderer(name: str = "auto", **options: Any) -> Renderer:
    """Opens a renderer by its name; ``options`` are passed to its class.

    ``software``: `renderers.software.SoftwareRenderer` (``device_index``, ``require_gpu``, ``max_texture_size``,
    ``threads``, ``build``);
    ``opengl``: `renderers.opengl.OpenGLRenderer` (``device_index``, ``require_gpu``, ``max_texture_size``);
    ``pyrender``: `renderers.pyrender.PyrenderRenderer` (the same);
    ``blender``: `renderers.blender.BlenderRenderer` (the same, and ``samples``).

    ``auto``: ``software`` if its extension is compiled, else ``opengl``.
    Installed packages may add other names, see `viewpoint100k.runtime.plugins`.

    Raises ``UsageError`` for an unknown name, ``MissingExtraError`` if its package is not installed, and
    ``RendererError`` if there is no OpenGL context or not the requested device.
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
    """Names of the built-in renderers and of those of installed packages."""
    return ("auto", *BACKENDS, *plugin_names("renderers"))
