"""The number of processor cores that this process may use."""

from __future__ import annotations

import os

__all__ = ["usable_cores", "workers_for"]

_ROWS_PER_WORKER = 12
"""As many rows as a worker builds in the time that it takes to start."""


def usable_cores() -> int:
    """At least 1. macOS cannot restrict a process to some cores, so there it is the number of all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def workers_for(rows: int) -> int:
    """Number of worker processes for a build of so many rows: one for each core, fewer for a few rows."""
    return max(1, min(usable_cores(), rows // _ROWS_PER_WORKER))
