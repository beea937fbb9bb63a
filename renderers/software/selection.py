"""Chooses the processor that draws: a GPU through CUDA if there is one that gives the CPU's bytes, else the CPU."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from types import ModuleType

from renderers.software.device import DeviceProcessor
from renderers.software.extension import BUILD_VARIABLE, chosen_build
from renderers.software.processors import CpuProcessor, Processor
from renderers.software.trial import difference
from viewpoint100k.errors import MissingExtraError, RendererError

__all__ = ["build_wanted", "cpu_processor", "has_cuda", "open_processor"]


def has_cuda() -> bool:
    """Whether a GPU would draw: the extra ``cuda`` is installed, CUDA sees a GPU, and no other build is forced."""
    if os.environ.get(BUILD_VARIABLE, "cuda") != "cuda" or not _bindings_are_there():
        return False
    from renderers.software.cuda import device_count

    return device_count() > 0


def open_processor(
    native: ModuleType, cpu: CpuProcessor, wanted: str | None, index: int | None, require_gpu: bool
) -> Processor:
    """The processor that is to draw.

    Args:
        native: the extension.
        cpu: what draws where no GPU does, and what a GPU is compared with.
        wanted: ``cuda``, or a build for the CPU; by default a GPU where `has_cuda`.
        index: of the GPU, as CUDA counts those that this process may see.
        require_gpu: whether a CPU is refused.

    A GPU that was not asked for and fails is passed over, with a sentence on the standard error.

    Raises ``RendererError`` if a GPU is asked for and there is none, or if its bytes are not the CPU's;
    ``MissingExtraError`` if the bindings are not installed.
    """
    asked = require_gpu or wanted == "cuda"
    if not asked and (wanted is not None or not has_cuda()):
        return cpu
    if not _bindings_are_there():
        raise MissingExtraError("cuda-bindings", "cuda")
    from renderers.software.cuda import CudaDevice

    try:
        processor = DeviceProcessor(native, CudaDevice(index or 0))
        if (found := difference(native, cpu, processor)) is not None:
            raise RendererError(f"{processor.name} does not draw the CPU's bytes: {found}")
    except RendererError as error:
        if asked:
            raise
        print(f"the CPU draws instead of the GPU: {error}", file=sys.stderr, flush=True)
        return cpu
    return processor


def _bindings_are_there() -> bool:
    return find_spec("cuda") is not None and find_spec("cuda.bindings") is not None


def build_wanted(build: str | None) -> str | None:
    """What an argument or the environment asks for."""
    return build or os.environ.get(BUILD_VARIABLE) or None


def cpu_processor(native: ModuleType, wanted: str | None, threads: int) -> CpuProcessor:
    """The CPU, by the build that is wanted, or the widest."""
    return CpuProcessor(native, chosen_build(native, None if wanted == "cuda" else wanted), threads)
