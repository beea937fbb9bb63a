"""Runs scripts in processes with other BLAS kernels, thread counts, instruction sets and locales."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pytest

__all__ = ["ARITHMETIC", "FEW", "mostly_slow", "run_in"]

_OWN = ("OPENBLAS_", "OMP_", "NPY_", "VIEWPOINT100K_LANES", "PYTHONHASHSEED", "LANG", "LC_", "TZ")


def _arithmetic() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {"as it is": {}}
    for kernel in ("Prescott", "Haswell", "SkylakeX", "Zen"):
        for threads in ("1", "8"):
            found[f"{kernel} with {threads} threads"] = {
                "OPENBLAS_CORETYPE": kernel,
                "OPENBLAS_NUM_THREADS": threads,
                "OMP_NUM_THREADS": threads,
            }
    dispatched = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    for count in range(len(dispatched)):
        names = " ".join(dispatched[count:])
        found[f"NumPy without {names}"] = {"NPY_DISABLE_CPU_FEATURES": names}
    return found


ARITHMETIC: Mapping[str, Mapping[str, str]] = _arithmetic()
"""Environment variables by name. NumPy refuses instruction names that the CPU lacks, so the names come from NumPy."""

FEW = ("Prescott with 1 threads", "SkylakeX with 8 threads", max(ARITHMETIC, key=len))
"""The oldest and the widest BLAS kernel, and NumPy without any instructions beyond its baseline."""


def mostly_slow(names: Iterable[str], quick: Iterable[str] = FEW) -> list[object]:
    """``names`` as parameters of a test. Only `make test-all` runs those that are not in ``quick``."""
    kept = set(quick)
    return [name if name in kept else pytest.param(name, marks=pytest.mark.slow) for name in names]


def run_in(variables: Mapping[str, str], script: Path, *arguments: str) -> str:
    """The output of ``script`` in a process with these environment variables. Others of their kind are removed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}
    environment |= {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **variables}
    command = [sys.executable, str(script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=280)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
