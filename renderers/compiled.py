"""Replaces NumPy functions by compiled ones where the software renderer's extension is built. Both give the same bits.

Stages are the same for the software renderer and OpenGL, so OpenGL is faster too where the extension is there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from types import ModuleType
from typing import ParamSpec, TypeVar, cast

from viewpoint100k.errors import RendererError

__all__ = ["compiled"]

P = ParamSpec("P")
R = TypeVar("R")


def compiled(in_numpy: Callable[P, R]) -> Callable[P, R]:
    """Decorates a function that the extension has under the same name: that one is called if the extension is there.

    The NumPy function is ``__wrapped__`` of the result. It defines what the compiled one computes, to the last bit.
    Arguments are positional. Arrays are float32 and in C order unless the function says otherwise.
    """

    @wraps(in_numpy)
    def call(*arguments: P.args, **named: P.kwargs) -> R:
        extension = _extension()
        if extension is None:
            return in_numpy(*arguments, **named)
        return cast(R, getattr(extension, in_numpy.__name__)(*arguments, **named))

    return call


@lru_cache(maxsize=1)
def _extension() -> ModuleType | None:
    from renderers.software.extension import load  # Its package imports the stages, which import this module.

    try:
        return load()
    except RendererError:
        return None
