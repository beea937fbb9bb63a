"""The GPUs that this process may render on, and the distribution of workers over them.

OpenGL numbers GPUs by EGL's list, which ``CUDA_VISIBLE_DEVICES`` does not change. Schedulers and users number them by
CUDA's list. The two are matched by UUID (EGL_EXT_device_persistent_id; cuDeviceGetUuid), or else by PCI address.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from ctypes.util import find_library
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from renderers.software.extension import why_missing
from renderers.software.selection import has_cuda
from viewpoint100k.errors import UsageError

__all__ = [
    "CudaDevice",
    "DrawingDevice",
    "EglDevice",
    "choose",
    "cuda_devices",
    "deal",
    "devices_of",
    "drawing_devices",
    "draws_on_devices",
    "egl_devices",
]

_WORKER_BYTES = 2**30
"""GPU memory for each worker: a context, its scene, its render targets, and cached textures."""

_HIDING = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True)
class EglDevice:
    """A device as EGL lists it."""

    index: int
    """``device_index`` of the renderers."""
    kind: str
    """``nvidia``, ``software`` or ``other``."""
    uuid: str = ""
    """32 hexadecimal digits; empty if EGL does not state it."""
    pci: str = ""
    """PCI address such as ``0000:3b:00.0``; empty if unknown."""
    name: str = ""

    def __str__(self) -> str:
        return self.name or {"nvidia": "NVIDIA", "software": "Mesa software"}.get(self.kind, "unnamed")


@dataclass(frozen=True)
class CudaDevice:
    """A device that CUDA lets this process see."""

    index: int
    """CUDA's index, which counts only visible devices."""
    name: str
    uuid: str
    pci: str
    memory_bytes: int


@dataclass(frozen=True)
class DrawingDevice:
    """A GPU for workers."""

    device_index: int
    """As the renderer takes it: EGL's index for OpenGL, CUDA's for the software renderer."""
    number: int
    """The number for ``--gpus``: CUDA's index, or EGL's without CUDA."""
    name: str
    memory_bytes: int | None = None

    @property
    def room(self) -> int | None:
        """Number of workers that fit into its memory; None if unknown."""
        return None if self.memory_bytes is None else max(1, self.memory_bytes // _WORKER_BYTES)


def draws_on_devices(renderer: str) -> bool:
    """Whether a renderer, by its name in a config, takes a ``device_index`` on this machine."""
    return (_is_software(renderer) and has_cuda()) or _is_opengl(renderer)


def devices_of(renderer: str) -> tuple[DrawingDevice, ...]:
    """The GPUs that a renderer, by its name in a config, may draw on; none where the CPU draws."""
    if _is_software(renderer):
        seen = cuda_devices() if has_cuda() else ()
        return tuple(DrawingDevice(one.index, one.index, one.name, one.memory_bytes) for one in seen)
    return drawing_devices() if _is_opengl(renderer) else ()


def _is_software(renderer: str) -> bool:
    return renderer == "software" or (renderer == "auto" and why_missing() is None)


def _is_opengl(renderer: str) -> bool:
    return renderer in ("opengl", "pyrender", "blender") or (renderer == "auto" and why_missing() is not None)


def drawing_devices(
    egl: Sequence[EglDevice] | None = None, cuda: Sequence[CudaDevice] | None = None
) -> tuple[DrawingDevice, ...]:
    """The GPUs on which this process may render with OpenGL, in CUDA's order; empty if the CPU renders.

    An NVIDIA GPU is included if it is visible to CUDA (``CUDA_VISIBLE_DEVICES``, which schedulers set) and EGL can open
    it. Other GPUs are included only if there is no NVIDIA GPU. If ``CUDA_VISIBLE_DEVICES`` hides every GPU, as an empty
    value does, the only device is EGL's software device: without a device, OpenGL would use a hidden GPU.

    Args:
        egl, cuda: replace the lists of `egl_devices` and `cuda_devices`, for tests.

    Raises ``UsageError`` if every GPU is hidden and EGL lists no software device.
    """
    egl = _egl_devices_or_none() if egl is None else egl
    nvidia = [device for device in egl if device.kind == "nvidia"]
    if not nvidia:
        others = [device for device in egl if device.kind == "other"]
        return tuple(DrawingDevice(device.index, device.index, str(device)) for device in others)
    seen = cuda_devices() if cuda is None else cuda
    if not seen and _HIDING in os.environ:
        return (_software_device(egl),)
    found = []
    for device in seen:
        match = next((one for one in nvidia if one.uuid and one.uuid == device.uuid), None)
        match = match or next((one for one in nvidia if not one.uuid and one.pci and one.pci == device.pci), None)
        if match is not None:
            found.append(DrawingDevice(match.index, device.index, device.name, device.memory_bytes))
    return tuple(found)


def _software_device(egl: Sequence[EglDevice]) -> DrawingDevice:
    for device in egl:
        if device.kind == "software":
            return DrawingDevice(device.index, device.index, str(device))
    raise UsageError(
        f"{_HIDING}={os.environ[_HIDING]} hides every GPU, and EGL lists no software device: unset it, or draw with "
        "--set renderer=software"
    )


def choose(devices: Sequence[DrawingDevice], text: str) -> tuple[DrawingDevice, ...]:
    """The devices that ``--gpus`` names, such as ``0,2``. Raises ``UsageError`` for an unknown one."""
    by_number = {str(device.number): device for device in devices}
    chosen = []
    for word in text.split(","):
        if word.strip() not in by_number:
            there = ", ".join(by_number) or "none"
            raise UsageError(f"--gpus {text}: there is no GPU {word.strip()!r} to draw on; there is {there}")
        if by_number[word.strip()] in chosen:
            raise UsageError(f"--gpus {text}: GPU {word.strip()} is named twice")
        chosen.append(by_number[word.strip()])
    return tuple(chosen)


def deal(workers: int, devices: Sequence[DrawingDevice]) -> tuple[DrawingDevice | None, ...]:
    """The GPU of each worker, in proportion to memory; fewer workers if they do not all fit.

    None for each worker if ``devices`` is empty; the renderer then chooses its device.
    """
    if not devices:
        return (None,) * workers
    dealt: list[DrawingDevice] = []
    for _ in range(workers):
        with_room = [one for one in devices if one.room is None or dealt.count(one) < one.room]
        if not with_room:
            break
        dealt.append(min(with_room, key=lambda one: ((dealt.count(one) + 1) / (one.room or 1), one.number)))
    return tuple(dealt)


def _egl_devices_or_none() -> tuple[EglDevice, ...]:
    try:
        return egl_devices()
    except OSError:
        return ()


_MOST_DEVICES = 64
_EGL_EXTENSIONS, _EGL_RENDERER, _EGL_DRM_DEVICE_FILE, _EGL_DEVICE_UUID = 0x3055, 0x335F, 0x3233, 0x335C


def egl_devices() -> tuple[EglDevice, ...]:
    """The devices that EGL lists; empty if it cannot list them. Raises ``OSError`` without an EGL library."""
    egl = ctypes.CDLL(find_library("EGL") or "libEGL.so.1")
    egl.eglGetProcAddress.restype = ctypes.c_void_p
    egl.eglGetProcAddress.argtypes = [ctypes.c_char_p]

    def function(name: bytes, result: Any, *arguments: Any) -> Any:
        address = egl.eglGetProcAddress(name)
        return ctypes.CFUNCTYPE(result, *arguments)(address) if address else None

    handles = ctypes.POINTER(ctypes.c_void_p)
    integers = ctypes.POINTER(ctypes.c_int)
    query = function(b"eglQueryDevicesEXT", ctypes.c_uint, ctypes.c_int, handles, integers)
    string = function(b"eglQueryDeviceStringEXT", ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int)
    binary = function(
        b"eglQueryDeviceBinaryEXT",
        ctypes.c_uint,
        ctypes.c_void_p,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_void_p,
        integers,
    )
    count = ctypes.c_int()
    devices = (ctypes.c_void_p * _MOST_DEVICES)()
    if not (query and string) or not query(_MOST_DEVICES, devices, ctypes.byref(count)):
        return ()
    return tuple(_egl_device(i, device, string, binary) for i, device in enumerate(devices[: count.value]))


def _egl_device(index: int, device: int | None, string: Any, binary: Any) -> EglDevice:
    extensions = (string(device, _EGL_EXTENSIONS) or b"").decode().split()
    uuid, file, name = "", "", ""
    if "EGL_EXT_device_persistent_id" in extensions and binary:
        value, size = (ctypes.c_ubyte * 16)(), ctypes.c_int()
        if binary(device, _EGL_DEVICE_UUID, 16, value, ctypes.byref(size)) and size.value == 16:
            uuid = bytes(value).hex()
    if "EGL_EXT_device_drm" in extensions:
        file = name = (string(device, _EGL_DRM_DEVICE_FILE) or b"").decode()
    if "EGL_EXT_device_query_name" in extensions:
        name = (string(device, _EGL_RENDERER) or b"").decode() or name
    if "EGL_NV_device_cuda" in extensions:
        return EglDevice(index, "nvidia", uuid, _pci_address(file), name)
    if "EGL_MESA_device_software" in extensions:
        return EglDevice(index, "software")
    return EglDevice(index, "other", uuid, _pci_address(file), name)


def _pci_address(drm_file: str) -> str:
    """PCI address of the device of a file such as ``/dev/dri/card0``."""
    device = Path("/sys/class/drm", Path(drm_file).name, "device")
    return os.path.basename(os.path.realpath(device)).lower() if drm_file and device.exists() else ""


def cuda_devices() -> tuple[CudaDevice, ...]:
    """The devices that CUDA's driver shows to this process; empty without a driver."""
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return ()
    count = ctypes.c_int()
    if cuda.cuInit(0) or cuda.cuDeviceGetCount(ctypes.byref(count)):
        return ()
    return tuple(_cuda_device(cuda, index) for index in range(count.value))


def _cuda_device(cuda: Any, index: int) -> CudaDevice:
    device = ctypes.c_int()
    cuda.cuDeviceGet(ctypes.byref(device), index)
    name, pci = ctypes.create_string_buffer(256), ctypes.create_string_buffer(32)
    uuid, memory = (ctypes.c_ubyte * 16)(), ctypes.c_size_t()
    cuda.cuDeviceGetName(name, len(name), device)
    cuda.cuDeviceGetPCIBusId(pci, len(pci), device)
    cuda.cuDeviceGetUuid(uuid, device)
    cuda.cuDeviceTotalMem_v2(ctypes.byref(memory), device)
    return CudaDevice(index, name.value.decode(), bytes(uuid).hex(), pci.value.decode().lower(), memory.value)
