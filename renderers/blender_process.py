"""Blender inside this process: import, silencing, devices, and Cycles' passes as arrays.

By default, Blender prints to the standard output, creates folders in the user's cache and in the temporary directory,
and writes images only to files. This module prevents all three.
"""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.errors import MissingExtraError, RendererError
from viewpoint100k.runtime.environment import environment

__all__ = ["Device", "choose_device", "draw_passes", "import_bpy", "quiet"]

_ENGINE = "VIEWPOINT_CYCLES"
_GPU_TYPES = ("OPTIX", "CUDA", "HIP", "ONEAPI", "METAL")
"""GPU backends of Cycles, the fastest first."""
_LIBRARIES = "libx11-6 libxi6 libxxf86vm1 libxfixes3 libxrender1 libxkbcommon0 libsm6 libice6 libgl1"
"""Debian packages that bpy links with."""


@dataclass(frozen=True)
class Device:
    """A device that Cycles renders on."""

    name: str
    kind: str
    """``CPU``, or a GPU backend such as ``OPTIX``."""

    @property
    def gpu(self) -> bool:
        return self.kind != "CPU"


def import_bpy() -> Any:
    """Imports bpy without any output.

    On the first import, the files that Blender creates go to a temporary folder, which is deleted. (Blender's sound
    module is built for NumPy 1 and prints an error with NumPy 2. It is not needed here.)

    Raises ``MissingExtraError`` if bpy is not installed, and ``RendererError`` if it does not load.
    """
    if sys.modules.get("bpy") is None:
        with (
            tempfile.TemporaryDirectory() as folder,
            environment({"XDG_CACHE_HOME": folder, "TMPDIR": folder}),
            quiet(errors=True),
        ):
            _load()
    import bpy

    return bpy


def _load() -> None:
    try:
        import bpy  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtraError("bpy", "blender") from error
    except ImportError as error:
        raise RendererError(f"bpy does not load ({error}): on Debian run  apt-get install {_LIBRARIES}") from error


@contextmanager
def quiet(errors: bool = False) -> Iterator[None]:
    """Discards the standard output of the whole process, and with ``errors`` the standard error too.

    Blender prints through C's buffers. They are flushed at the start and at the end, so that earlier output of other
    code appears and Blender's output does not appear later.
    """
    streams = {1: sys.stdout, 2: sys.stderr} if errors else {1: sys.stdout}
    kept = {}
    _flush(*streams.values())
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for number in streams:
            try:
                kept[number] = os.dup(number)
            except OSError:  # It is closed, so there is no output.
                continue
            os.dup2(nowhere, number)
        yield
    finally:
        _flush(*streams.values())
        for number, copy in kept.items():
            os.dup2(copy, number)
            os.close(copy)
        os.close(nowhere)


def _flush(*streams: Any) -> None:
    for stream in streams:
        if stream is not None and not stream.closed:
            stream.flush()
    ctypes.CDLL(None).fflush(None)


def choose_device(bpy: Any, device_index: int | None, require_gpu: bool) -> Device:
    """Selects the GPU with this index for Cycles, by default the first, or the CPU if there is no GPU.

    Raises ``RendererError`` if a GPU was requested and there is none.
    """
    preferences = bpy.context.preferences.addons["cycles"].preferences
    with quiet(errors=True):  # Cycles prints an error for every missing driver.
        offered = [kind for kind, *_ in preferences.get_device_types(bpy.context)]
        found = {kind: list(preferences.get_devices_for_type(kind)) for kind in _GPU_TYPES if kind in offered}
    for kind, devices in found.items():
        gpus = [device for device in devices if device.type == kind]
        if device_index is not None and device_index < len(gpus):
            gpus = gpus[device_index : device_index + 1]
        elif device_index is not None:
            continue
        if gpus:
            preferences.compute_device_type = kind
            for device in preferences.devices:
                device.use = any(device == gpu for gpu in gpus[:1])
            return Device(gpus[0].name, kind)
    if require_gpu or device_index is not None:
        wanted = "a GPU" if device_index is None else f"GPU {device_index}"
        raise RendererError(f"{wanted} was asked for but Cycles finds none: check the driver, and the GPUs it can see")
    preferences.compute_device_type = "NONE"
    with quiet(errors=True):
        preferences.refresh_devices()
    names = [device.name for device in preferences.devices if device.type == "CPU"]
    return Device(names[0] if names else "CPU", "CPU")


_drawn: dict[str, NDArray[np.float32]] = {}
"""Passes of the last image. They are global, because Blender creates the engine object."""


@cache
def _register_engine(bpy: Any) -> str:
    """Registers an engine that runs Cycles and keeps its passes in memory; returns the engine's name."""
    import cycles

    class KeepingCycles(cycles.CyclesRender):  # type: ignore[misc]
        """Cycles with its passes stored in `_drawn`; row 0 is the top."""

        bl_idname = _ENGINE
        bl_label = "Cycles, kept in memory"

        def render(self, depsgraph: Any) -> None:
            super().render(depsgraph)
            result = self.get_result()
            width, height = result.resolution_x, result.resolution_y
            for one in result.layers[0].passes:
                values = np.empty(width * height * one.channels, dtype=np.float32)
                one.rect.foreach_get(values)
                _drawn[one.name] = values.reshape(height, width, one.channels)[::-1]

    bpy.utils.register_class(KeepingCycles)
    return _ENGINE


def draw_passes(bpy: Any, scene: Any) -> dict[str, NDArray[np.float32]]:
    """Renders a Blender scene with its settings. Passes by name: (h, w, channels), linear, row 0 at the top.

    Raises ``RendererError`` if Cycles fails, for example out of memory.
    """
    scene.render.engine = _register_engine(bpy)
    _drawn.clear()
    problem = ""
    with quiet():
        try:
            bpy.ops.render.render(scene=scene.name)
        except RuntimeError as error:
            problem = str(error).strip()
    if not _drawn:
        raise RendererError(f"Cycles rendered nothing ({problem or 'without a reason'})")
    drawn = dict(_drawn)
    _drawn.clear()
    return drawn
