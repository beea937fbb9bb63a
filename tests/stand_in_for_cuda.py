"""A device without CUDA: the C++ compiler compiles the kernels' source, and this process's memory is the device's."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renderers.software.cuda import KERNELS

NATIVE = Path(__file__).parents[1] / "renderers" / "software" / "native"
FLAGS = ("-std=c++20", "-O2", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC")


def compile_stand_in(folder: Path, compiler: str = "g++") -> Path:
    """The kernels as a library for this process."""
    library = folder / "kernels.so"
    header = Path(__file__).with_name("stand_in_for_cuda.h")
    source = ("-x", "c++", str(NATIVE / "kernels.cu"))
    subprocess.run([compiler, *FLAGS, "-include", str(header), *source, "-o", str(library)], check=True)
    return library


class StandInDevice:
    """A `renderers.software.device.Device` in this process's memory. It counts its calls."""

    def __init__(self, library: Path, work_bytes: int = 2**26, backwards: bool = False) -> None:
        self.name = "stand-in"
        self.work_bytes = work_bytes
        self.launched: list[str] = []
        self.blocks: dict[int, NDArray[np.uint8]] = {}
        self._library = ctypes.CDLL(str(library))
        self._backwards = backwards
        self._run = self._library.run
        pointer, integer = ctypes.c_void_p, ctypes.c_int
        self._run.argtypes = [pointer, *[integer] * 3, pointer, pointer, integer, integer, integer]
        self._run.restype = None
        self._kernels = {name: ctypes.cast(getattr(self._library, name), pointer) for name in KERNELS}

    def allocate(self, size: int) -> int:
        block = np.full(size + 256, 0xA5, np.uint8)  # callers must not rely on zeros
        address = (block.ctypes.data + 255) // 256 * 256
        self.blocks[address] = block
        return address

    def free(self, address: int) -> None:
        del self.blocks[address]

    def upload(self, address: int, values: NDArray[Any]) -> None:
        ctypes.memmove(address, values.ctypes.data, values.nbytes)

    def download(self, address: int, values: NDArray[Any]) -> None:
        ctypes.memmove(values.ctypes.data, address, values.nbytes)

    def launch(self, kernel: str, blocks: tuple[int, int], threads: int, arguments: tuple[int, int, int, int]) -> None:
        self.launched.append(kernel)
        self._run(self._kernels[kernel], *blocks, threads, *arguments, int(self._backwards))
