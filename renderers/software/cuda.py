"""CUDA as a `Device`: the kernels are compiled when they are first needed, for the GPU at hand, and kept on the disk.

Needs the extra ``cuda`` (NVIDIA's bindings and NVRTC, its run-time compiler) and NVIDIA's driver; no display, EGL or
toolkit. Arithmetic is as on the CPU: no contraction, exact quotients and roots, tiny numbers kept.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import sys
import threading
from importlib import resources
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from viewpoint100k.errors import RendererError
from viewpoint100k.runtime.files import write_atomically

__all__ = ["KERNELS", "WORK_BYTES", "CudaDevice", "compile_kernels", "device_count"]

KERNELS = (
    "clear",
    "project",
    "raster_small",
    "raster_large",
    "settle",
    "measure",
    "veil",
    "background",
    "background_rows",
    "finish",
)
"""Of native/kernels.cu."""

_OPTIONS = ("--std=c++20", "-default-device", "-fmad=false", "-prec-div=true", "-prec-sqrt=true", "-ftz=false")
WORK_BYTES = 640 * 2**20
"""Memory for pictures that are drawn together: of a GPU's worker, which has 1 GiB in all. 30 pictures of 512 x 512."""

_STANDARD_HEADERS = {
    "cstddef": "#pragma once\n",
    "cstdint": """#pragma once
typedef signed char int8_t;
typedef unsigned char uint8_t;
typedef int int32_t;
typedef unsigned int uint32_t;
typedef long long int64_t;
typedef unsigned long long uint64_t;
#define INT32_MIN (-2147483647 - 1)
""",
    "cstring": """#pragma once
namespace std {
inline void* memcpy(void* to, const void* from, size_t count) { return ::memcpy(to, from, count); }
}
""",
}
"""What NVRTC lacks of the standard library, as far as the kernels use it."""


def device_count() -> int:
    """How many GPUs CUDA lets this process see; 0 where the extra ``cuda`` or the driver is not there."""
    try:
        from cuda.bindings import driver

        _checked(driver.cuInit(0))
        return int(_checked(driver.cuDeviceGetCount()))
    except (ImportError, RuntimeError, RendererError):  # the second is the bindings' own where there is no driver
        return 0


def _kernel_sources() -> tuple[str, dict[str, str]]:
    """The kernels' source, and the headers that it includes, by the names by which it includes them."""
    folder = resources.files("renderers.software").joinpath("native")
    headers = dict(_STANDARD_HEADERS)
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.name.endswith(".h"):
            headers[path.name] = path.read_text()
    headers["lanes/plain.h"] = folder.joinpath("lanes", "plain.h").read_text()
    return folder.joinpath("kernels.cu").read_text(), headers


def compile_kernels(architecture: str, ptx: bool = False) -> bytes:
    """The kernels for an architecture such as ``sm_90``: machine code, or with ``ptx`` (and ``compute_90``) PTX.

    Needs NVRTC but no GPU. Raises ``RendererError`` with the compiler's message.
    """
    from cuda.bindings import nvrtc

    source, headers = _kernel_sources()
    names = [name.encode() for name in headers]
    texts = [text.encode() for text in headers.values()]
    program = _checked(nvrtc.nvrtcCreateProgram(source.encode(), b"kernels.cu", len(names), texts, names))
    try:
        options = [option.encode() for option in (*_OPTIONS, f"--gpu-architecture={architecture}")]
        (status,) = nvrtc.nvrtcCompileProgram(program, len(options), options)
        if status:
            log = bytearray(_checked(nvrtc.nvrtcGetProgramLogSize(program)))
            _checked(nvrtc.nvrtcGetProgramLog(program, log))
            raise RendererError(f"the CUDA kernels do not compile for {architecture}: {log.decode(errors='replace')}")
        size, get = (
            (nvrtc.nvrtcGetPTXSize, nvrtc.nvrtcGetPTX) if ptx else (nvrtc.nvrtcGetCUBINSize, nvrtc.nvrtcGetCUBIN)
        )
        code = bytearray(_checked(size(program)))
        _checked(get(program, code))
        return bytes(code)
    finally:
        nvrtc.nvrtcDestroyProgram(program)


class CudaDevice:
    """A GPU, by CUDA's number of it, which counts those that this process may see.

    Raises ``RendererError`` where there is no such GPU, or the kernels do not compile.
    """

    def __init__(self, index: int = 0, work_bytes: int = WORK_BYTES) -> None:
        from cuda.bindings import driver

        self._driver = driver
        _checked(driver.cuInit(0))
        count = _checked(driver.cuDeviceGetCount())
        if not 0 <= index < count:
            raise RendererError(f"there is no GPU {index}: CUDA lets this process see {count}")
        handle = _checked(driver.cuDeviceGet(index))
        self._context = _checked(driver.cuDevicePrimaryCtxRetain(handle))
        self._current = threading.local()
        self._enter()
        attribute = driver.CUdevice_attribute
        major = _checked(driver.cuDeviceGetAttribute(attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, handle))
        minor = _checked(driver.cuDeviceGetAttribute(attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, handle))
        name = _checked(driver.cuDeviceGetName(128, handle)).split(b"\0")[0].decode()
        self.name = f"cuda: {name}"
        self.work_bytes = work_bytes
        module = _checked(driver.cuModuleLoadData(_kept_kernels(f"sm_{major}{minor}")))
        self._kernels = {kernel: _checked(driver.cuModuleGetFunction(module, kernel.encode())) for kernel in KERNELS}

    def allocate(self, size: int) -> int:
        self._enter()
        return int(_checked(self._driver.cuMemAlloc(size)))

    def free(self, address: int) -> None:
        self._enter()
        _checked(self._driver.cuMemFree(address))

    def upload(self, address: int, values: NDArray[Any]) -> None:
        self._enter()
        _checked(self._driver.cuMemcpyHtoD(address, values.ctypes.data, values.nbytes))

    def download(self, address: int, values: NDArray[Any]) -> None:
        self._enter()
        _checked(self._driver.cuMemcpyDtoH(values.ctypes.data, address, values.nbytes))

    def launch(self, kernel: str, blocks: tuple[int, int], threads: int, arguments: tuple[int, int, int, int]) -> None:
        self._enter()
        types = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int)
        function = self._kernels[kernel]
        _checked(self._driver.cuLaunchKernel(function, *blocks, 1, threads, 1, 1, 0, 0, (arguments, types), 0))

    def _enter(self) -> None:
        """Makes this thread use the GPU's context."""
        if not getattr(self._current, "here", False):
            _checked(self._driver.cuCtxSetCurrent(self._context))
            self._current.here = True


def _kept_kernels(architecture: str) -> bytes:
    """Machine code for an architecture, compiled once by each user."""
    from cuda.bindings import nvrtc

    source, headers = _kernel_sources()
    version = _checked(nvrtc.nvrtcVersion())
    what = repr((architecture, version, _OPTIONS, source, sorted(headers.items())))
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "viewpoint100k"
    path = base / f"kernels-{architecture}-{hashlib.sha256(what.encode()).hexdigest()[:16]}.cubin"
    try:
        return path.read_bytes()
    except OSError:
        code = compile_kernels(architecture)
    try:
        base.mkdir(parents=True, exist_ok=True)
        write_atomically(path, code)
    except OSError as error:
        print(f"the CUDA kernels are compiled at every start: {base} cannot be written ({error})", file=sys.stderr)
    return code


def _checked(result: tuple[Any, ...]) -> Any:
    """What a call of the driver or of NVRTC gives besides its status. Raises ``RendererError`` where it failed."""
    status, *values = result
    if status:
        raise RendererError(f"CUDA: {type(status).__name__}: {status.name}")
    return values[0] if len(values) == 1 else tuple(values)
