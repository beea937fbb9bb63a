"""Creates an off-screen OpenGL context through EGL, and describes its device."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from viewpoint100k.errors import RendererError

if TYPE_CHECKING:
    import moderngl

__all__ = ["DEBIAN_PACKAGES", "ContextFacts", "create_context", "is_software"]

DEBIAN_PACKAGES = ("libegl1", "libgl1", "libgl1-mesa-dri")
"""Debian packages for software OpenGL on a machine without a GPU."""

_SOFTWARE = re.compile(r"llvmpipe|softpipe|swrast|swr|software|lavapipe", re.IGNORECASE)


@dataclass(frozen=True)
class ContextFacts:
    """The device and driver of an OpenGL context."""

    renderer: str
    """GL_RENDERER: the device."""
    vendor: str
    """GL_VENDOR."""
    version: str
    """GL_VERSION, which ends with the driver's version."""
    max_samples: int
    max_anisotropy: float

    @property
    def software(self) -> bool:
        """True if the device is a CPU."""
        return is_software(self.renderer)


def is_software(renderer: str) -> bool:
    """True if a GL_RENDERER string is that of a CPU."""
    return _SOFTWARE.search(renderer) is not None


def create_context(device_index: int | None, require_gpu: bool) -> tuple[moderngl.Context, ContextFacts]:
    """Creates an EGL context on the device with this index, by default the first; needs no display.

    EGL silently skips a broken vendor library and uses Mesa's software renderer, so ``require_gpu`` checks the actual
    device. Raises ``RendererError`` if there is no context, or if a GPU is required and the device is a CPU.
    """
    import moderngl

    options: dict[str, Any] = {"require": 330, "standalone": True, "backend": "egl"}
    if device_index is not None:
        options["device_index"] = device_index
    try:
        context = moderngl.create_context(**options)
    except Exception as error:  # glcontext raises plain Exception for everything from a missing library to no device
        where = "" if device_index is None else f" on EGL device {device_index}"
        raise RendererError(
            f"no OpenGL 3.3 context{where} ({error}): on Debian run  apt-get install {' '.join(DEBIAN_PACKAGES)}"
            ", or see `viewpoint100k doctor`"
        ) from error
    facts = ContextFacts(
        renderer=str(context.info["GL_RENDERER"]),
        vendor=str(context.info["GL_VENDOR"]),
        version=str(context.info["GL_VERSION"]),
        max_samples=int(context.max_samples),
        max_anisotropy=float(context.max_anisotropy),
    )
    if require_gpu and facts.software:
        context.release()
        raise RendererError(
            f"a GPU was asked for but OpenGL draws in software ({facts.renderer}): "
            "check the driver, and that the container has the `graphics` driver capability"
        )
    return context, facts
