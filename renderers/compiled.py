"""Replaces NumPy functions by compiled ones where the software renderer's extension is built. Both give the same bits.

Stages are the same for the software renderer and OpenGL, so OpenGL is faster too where the extension is there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import ParamSpec, TypeVar

from viewpoint100k.errors import RendererError
from viewpoint100k.runtime.compiled import replaced_by

__all__ = ["compiled"]

P = ParamSpec("P")
R = TypeVar("R")


def compiled(in_numpy: Callable[P, R]) -> Callable[P, R]:
    """Decorates a function that the extension has under the same name, see `replaced_by`.

    Arrays are float32 and in C order unless the function says otherwise. Some functions change one in place.
    """
    return replaced_by(lambda: _extension(), in_numpy)


@lru_cache(maxsize=1)
def _extension() -> ModuleType | None:
    from renderers.software.extension import load  # Its package imports the stages, which import this module.

    try:
        return load()
    except RendererError:
        return None
