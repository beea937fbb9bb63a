"""Loads the compiled part of the software renderer, and selects one of its builds."""

from __future__ import annotations

from types import ModuleType

from viewpoint100k.errors import RendererError, UsageError

__all__ = ["BUILD_VARIABLE", "chosen_build", "load", "why_missing"]

BUILD_VARIABLE = "VIEWPOINT100K_LANES"
"""Environment variable that forces a build: ``avx512``, ``avx2``, ``sse42``, ``plain``, or ``cuda`` for a GPU."""


def load() -> ModuleType:
    """Loads the extension. Raises ``RendererError`` if it is not compiled or does not load."""
    try:
        from renderers.software import _native  # type: ignore[attr-defined, unused-ignore]
    except ImportError as error:
        raise RendererError(
            f"the software renderer is not built ({error}): install a C++ compiler (on Debian: apt-get install g++) "
            "and the package again, or set renderer=opengl"
        ) from error
    native: ModuleType = _native
    return native


def why_missing() -> str | None:
    """One sentence with the reason why the extension cannot be used; None if it can."""
    try:
        load()
    except RendererError as error:
        return str(error)
    return None


def chosen_build(native: ModuleType, wanted: str | None) -> str:
    """The name of the build that draws on the CPU: ``wanted``, or the widest that runs here.

    Raises ``UsageError`` for a build that this processor does not have.
    """
    usable: list[str] = native.builds()
    name = wanted or usable[0]
    if name not in usable:
        choices = ", ".join([*usable, "cuda"])
        raise UsageError(f"the software renderer has no build {name!r} on this processor: choose {choices}")
    return name
