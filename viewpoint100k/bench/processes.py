"""Runs a module of this project in a separate process, and measures the time and memory of it and its children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import viewpoint100k
from viewpoint100k.errors import BuildError, UsageError

__all__ = ["Failure", "Finished", "run_module"]

_ROOT = Path(viewpoint100k.__file__).parents[1]


class Failure(Exception):
    """The process ended with an exit code other than 0."""

    def __init__(self, code: int, last_line: str) -> None:
        super().__init__(last_line)
        self.code = code
        self.last_line = last_line
        """The last line that it printed on stderr."""

    def as_error(self) -> UsageError | BuildError:
        """The error that a command of this project ended with, with the same message."""
        sentence = self.last_line.removeprefix("viewpoint100k: error: ")
        return UsageError(sentence) if self.code == UsageError.exit_code else BuildError(sentence)


@dataclass(frozen=True)
class Finished:
    """A process that ended with exit code 0."""

    output: str
    """Its output on stdout."""
    seconds: float
    """Wall-clock time."""
    cpu_seconds: float
    """CPU time on all cores, of it and of all processes that it started and waited for."""
    peak_mib: float
    """Resident memory of the largest of these processes, MiB. At least the memory of the calling process at the start,
    because a child starts as a copy of its parent."""


def run_module(
    module: str,
    *arguments: str,
    environment: Mapping[str, str | None] | None = None,
    on_line: Callable[[str], None] = lambda line: None,
) -> Finished:
    """Runs ``python -m module arguments`` with the code of this project that is running now, wherever it is.

    Args:
        environment: variables to set; None removes a variable.
        on_line: called with each line of stderr.

    Raises ``Failure``. Ends the process and its children in every case, also on Ctrl-C.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, *arguments],
            env=_environment(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            process_group=0,
        )
        try:
            last_line = _listen(process, on_line)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            if process.returncode is None:
                _stop(process)
        seconds = time.perf_counter() - start
        if process.returncode != 0:
            raise Failure(process.returncode, last_line or f"{module} ended with exit code {process.returncode}")
        output.seek(0)
        return Finished(output.read(), seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    # Python caches compiled code by default, as it does for a user.
    wanted = {**os.environ, "PYTHONDONTWRITEBYTECODE": None, **changes}
    wanted["PYTHONPATH"] = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    return {name: value for name, value in wanted.items() if value is not None}


def _listen(process: subprocess.Popen[str], on_line: Callable[[str], None]) -> str:
    """Reads stderr to its end; returns the last line that is not empty."""
    assert process.stderr is not None
    last = ""
    with process.stderr as lines:
        for line in lines:
            on_line(line.rstrip())
            last = line.strip() or last
    return last


def _stop(process: subprocess.Popen[str]) -> None:
    """Ends the process and its children, which form a process group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
