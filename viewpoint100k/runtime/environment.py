"""Variables of this process's environment, for a while."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

__all__ = ["ONE_CORE", "environment", "one_core"]


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Sets ``values`` within, for this process and those that it starts; afterwards all is as it was."""
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
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYOPENGL_PLATFORM": "egl",
}
"""The environment of a process that is to keep one core busy; read by libraries when they are imported."""


def one_core() -> AbstractContextManager[None]:
    """Processes that are started within this begin in the environment `ONE_CORE`.

    A spawned process imports numpy, and with it a BLAS that reads its environment then, to unpickle what it is to do:
    a worker that sets its own environment comes too late.
    """
    return environment(ONE_CORE)
