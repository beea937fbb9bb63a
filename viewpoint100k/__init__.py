"""The open generator of Viewpoint-100K: pairs of views with questions whose answers follow from known camera poses.

The names below are the Python interface. Each is imported when it is first used, so that ``import viewpoint100k``
costs nothing: no OpenGL, torch, ray or pycolmap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from viewpoint100k.errors import ViewpointError as ViewpointError
    from viewpoint100k.geometry import Camera as Camera
    from viewpoint100k.geometry import conventions as conventions
    from viewpoint100k.interface import DatasetFolder as DatasetFolder
    from viewpoint100k.interface import RenderedFrame as RenderedFrame
    from viewpoint100k.interface import ask as ask
    from viewpoint100k.interface import build as build
    from viewpoint100k.interface import generate as generate
    from viewpoint100k.interface import load_config as load_config
    from viewpoint100k.interface import load_mesh as load_mesh
    from viewpoint100k.interface import open_dataset as open_dataset
    from viewpoint100k.interface import relative_pose as relative_pose
    from viewpoint100k.interface import render as render

__version__ = "0.1.0"

_HOMES = {
    "Camera": "viewpoint100k.geometry",
    "DatasetFolder": "viewpoint100k.interface",
    "RenderedFrame": "viewpoint100k.interface",
    "ViewpointError": "viewpoint100k.errors",
    "ask": "viewpoint100k.interface",
    "build": "viewpoint100k.interface",
    "generate": "viewpoint100k.interface",
    "load_config": "viewpoint100k.interface",
    "load_mesh": "viewpoint100k.interface",
    "open_dataset": "viewpoint100k.interface",
    "relative_pose": "viewpoint100k.interface",
    "render": "viewpoint100k.interface",
}

__all__ = ["__version__", "conventions", *_HOMES]


def __getattr__(name: str) -> Any:
    if name == "conventions":
        return import_module("viewpoint100k.geometry.conventions")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'viewpoint100k' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
