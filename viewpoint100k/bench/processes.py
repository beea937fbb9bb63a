"""Runs a module of this project in a process of its own, and tells what the process and all its children took."""

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
    """The process ended with another exit code than 0."""

    def __init__(self, code: int, last_line: str) -> None:
        super().__init__(last_line)
        self.code = code
        self.last_line = last_line
        """The last that it printed on stderr."""

    def as_error(self) -> UsageError | BuildError:
        """What a command line of this project ended with, by its own words."""
        sentence = self.last_line.removeprefix("viewpoint100k: error: ")
        return UsageError(sentence) if self.code == UsageError.exit_code else BuildError(sentence)


@dataclass(frozen=True)
class Finished:
    """A process that ended well."""

    output: str
    """What it printed on stdout."""
    seconds: float
    """From its start to its end, by the clock."""
    cpu_seconds: float
    """On all cores, of it and of all processes that it started and waited for."""
    peak_mib: float
    """Resident memory of the largest of these processes, MiB. Not less than what this process held at the start: a
    child begins as its parent's copy."""


def run_module(
    module: str,
    *arguments: str,
    environment: Mapping[str, str | None] | None = None,
    on_line: Callable[[str], None] = lambda line: None,
) -> Finished:
    """Runs ``python -m module arguments``, with the very code that runs now wherever that lies.

    Args:
        environment: variables to set, or with None to leave out.
        on_line: told of each line of stderr.

    Raises ``Failure``. However this ends, by Ctrl-C too, no process is left.
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
    # Python keeps what it has compiled unless it is told not to; a user's does.
    wanted = {**os.environ, "PYTHONDONTWRITEBYTECODE": None, **changes}
    wanted["PYTHONPATH"] = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    return {name: value for name, value in wanted.items() if value is not None}


def _listen(process: subprocess.Popen[str], on_line: Callable[[str], None]) -> str:
    """Reads stderr to its end; the last line that is not empty."""
    assert process.stderr is not None
    last = ""
    with process.stderr as lines:
        for line in lines:
            on_line(line.rstrip())
            last = line.strip() or last
    return last


def _stop(process: subprocess.Popen[str]) -> None:
    """Ends the process and its children, which are a group of their own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
