"""Sets environment variables of this process temporarily."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

__all__ = ["ONE_CORE", "environment", "one_core"]


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Sets ``values`` inside the block, for this process and the processes it starts; restores the old values after."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


ONE_CORE = {
    "LP_NUM_THREADS": "0",  # Mesa's software rasteriser then works in the calling thread.
    # glibc then keeps up to 64 MiB of freed memory. By default it returns each large array to the system, which clears
    # the pages of the next: a quarter of the time that reading a dense mesh takes.
    "MALLOC_MMAP_THRESHOLD_": "67108864",
    "MALLOC_TRIM_THRESHOLD_": "67108864",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYOPENGL_PLATFORM": "egl",
}
"""Environment of a process that uses one core. Libraries read it when they are imported."""


def one_core() -> AbstractContextManager[None]:
    """Processes that start inside this block have the environment `ONE_CORE`.

    A spawned process imports numpy, and with it a BLAS, while it unpickles its task. The BLAS reads the environment at
    that moment, so it is too late for the worker to set its own environment.
    """
    return environment(ONE_CORE)
