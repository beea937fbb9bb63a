"""Blender inside this process: importing it, keeping it quiet, its devices, and what Cycles draws as plain arrays.

Blender is made for one user at one screen: it prints what it does on the standard output, makes folders in the user's
cache and in the temporary directory, and hands a finished picture only to a file. All three are kept from happening.
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
"""Cycles' ways to a GPU, the one that it draws fastest with first."""
_LIBRARIES = "libx11-6 libxi6 libxxf86vm1 libxfixes3 libxrender1 libxkbcommon0 libsm6 libice6 libgl1"
"""Debian packages that bpy links with."""


@dataclass(frozen=True)
class Device:
    """What Cycles draws on."""

    name: str
    kind: str
    """``CPU``, or the way to a GPU, such as ``OPTIX``."""

    @property
    def gpu(self) -> bool:
        return self.kind != "CPU"


def import_bpy() -> Any:
    """Blender as a module, without a word from it.

    Where this is the first import, what Blender makes on the disk as it starts goes into a folder that is gone
    afterwards. (Built for NumPy 1, its sound module does not load beside NumPy 2, and says so. Nothing here needs it.)

    Raises ``MissingExtraError`` where bpy is not installed, and ``RendererError`` where it does not load.
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
    """Sends the standard output of the whole process, and with ``errors`` the other one too, to nowhere.

    Blender prints through C's buffers, which are emptied on the way in and on the way out: what others wrote arrives,
    and nothing of Blender's does later.
    """
    streams = {1: sys.stdout, 2: sys.stderr} if errors else {1: sys.stdout}
    kept = {}
    _flush(*streams.values())
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for number in streams:
            try:
                kept[number] = os.dup(number)
            except OSError:  # It is closed, and so quiet already.
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
    """Sets Cycles to a GPU where it finds one, to the one of this index where there are several; else to the CPU.

    Raises ``RendererError`` where a GPU was asked for, and there is none.
    """
    preferences = bpy.context.preferences.addons["cycles"].preferences
    with quiet(errors=True):  # It also says of every driver that it is not there.
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
"""The passes of the picture that Cycles drew last: Blender makes the engine, which has nowhere else to put them."""


@cache
def _register_engine(bpy: Any) -> str:
    """Makes Cycles known under another name, as an engine that keeps what it draws; returns the name."""
    import cycles

    class KeepingCycles(cycles.CyclesRender):  # type: ignore[misc]
        """Cycles, whose passes end up in `_drawn`, upright: row 0 is the top."""

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
    """Draws a Blender scene as it is set: each pass by its name, (h, w, channels), linear, row 0 at the top.

    Raises ``RendererError`` where Cycles gives up, such as out of memory.
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
        raise RendererError(f"Cycles drew nothing ({problem or 'and does not say why'})")
    drawn = dict(_drawn)
    _drawn.clear()
    return drawn
