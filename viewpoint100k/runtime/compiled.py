"""Replaces slow NumPy functions by compiled ones where the package's extension is built. Both give the same bits."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

import numpy as np

try:
    from viewpoint100k import _compiled  # type: ignore[attr-defined, unused-ignore]
except ImportError:  # Without a C++ compiler the package is installed without it; see pyproject.toml.
    _compiled = None

__all__ = ["compiled"]

P = ParamSpec("P")
R = TypeVar("R")


def compiled(in_numpy: Callable[P, R]) -> Callable[P, R]:
    """Decorates a function that the extension holds under the same name: that one is called, if it is there.

    The NumPy function stays as ``__wrapped__`` of the result. It defines what the compiled one computes, to the last
    bit. All arguments are positional; arrays may have any layout.
    """
    if _compiled is None:
        return in_numpy
    function = getattr(_compiled, in_numpy.__name__)

    @wraps(in_numpy)
    def call(*arguments: P.args, **none: P.kwargs) -> R:
        contiguous = [np.ascontiguousarray(one) if isinstance(one, np.ndarray) else one for one in arguments]
        return cast(R, function(*contiguous, **none))

    return call
