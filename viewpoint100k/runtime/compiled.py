"""Replaces slow NumPy functions by compiled ones where an extension is built. Both give the same bits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from types import ModuleType
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np

try:
    from viewpoint100k import _compiled  # type: ignore[attr-defined, unused-ignore]
except ImportError:  # Without a C++ compiler the package is installed without it; see pyproject.toml.
    _compiled = None

__all__ = ["compiled", "replaced_by"]

P = ParamSpec("P")
R = TypeVar("R")


def compiled(in_numpy: Callable[P, R]) -> Callable[P, R]:
    """Decorates a function that the package's extension has under the same name, see `replaced_by`.

    Arguments are positional. Arrays may have any layout, and none is changed.
    """
    return replaced_by(lambda: _compiled, in_numpy, _in_c_order)


def replaced_by(
    extension: Callable[[], ModuleType | None],
    in_numpy: Callable[P, R],
    prepared: Callable[[Sequence[Any]], Sequence[Any]] = tuple,
) -> Callable[P, R]:
    """A function that calls the extension's function of the name of ``in_numpy`` if there is an extension.

    The NumPy function is ``__wrapped__`` of the result. It defines what the compiled one computes, to the last bit.

    Args:
        extension: gives the extension, None if it is not built. It is asked at every call.
        in_numpy: what is called without an extension.
        prepared: makes the compiled function's positional arguments from those of ``in_numpy``.
    """

    @wraps(in_numpy)
    def call(*arguments: P.args, **named: P.kwargs) -> R:
        module = extension()
        if module is None:
            return in_numpy(*arguments, **named)
        return cast(R, getattr(module, in_numpy.__name__)(*prepared(arguments), **named))

    return call


def _in_c_order(arguments: Sequence[Any]) -> Sequence[Any]:
    return [np.ascontiguousarray(one) if isinstance(one, np.ndarray) else one for one in arguments]
