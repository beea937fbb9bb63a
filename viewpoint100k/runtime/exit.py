"""Runs the command lines of the project: errors become one sentence and a documented exit code."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from viewpoint100k.errors import ViewpointError

__all__ = ["INTERRUPTED", "raise_if_interrupted", "run_app"]

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 plus the signal's number."""


_interrupted = False


class _Interrupted(KeyboardInterrupt):
    """Ctrl-C. If code run by ``exec`` raises KeyboardInterrupt itself, Python ignores the exit code (CPython 3.11)."""


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    global _interrupted
    _interrupted = True
    raise _Interrupted


@contextmanager
def _remembering_interrupts() -> Iterator[None]:
    """Within it, `raise_if_interrupted` knows of Ctrl-C. If Ctrl-C is ignored, as in the background, it still is."""
    global _interrupted
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        _interrupted = False


def raise_if_interrupted() -> None:
    """Raises KeyboardInterrupt again if Ctrl-C was pressed and a library caught the first one.

    The first one is raised wherever the program is at that moment: some libraries catch everything as they are
    imported, and the work would go on.
    """
    if _interrupted:
        raise _Interrupted


def run_app(program: str, app: Callable[..., object], stopped: str = "stopped") -> None:
    """Runs a Typer ``app`` on the process's arguments, and exits with its code.

    An error prints one sentence that begins with ``program``; ``--debug`` also shows the traceback. ``stopped`` is the
    message after the user interrupts the program.
    """
    arguments = sys.argv[1:]
    ours = arguments.index("--") if "--" in arguments else len(arguments)  # The rest belongs to another program.
    debug = "--debug" in arguments[:ours]
    arguments = [one for place, one in enumerate(arguments) if one != "--debug" or place > ours]
    code: object = 0
    failure: tuple[str, int] | None = None
    try:
        with _remembering_interrupts():
            code = app(args=arguments, standalone_mode=False)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        sys.exit(1)
    except Exception as error:
        if debug:
            raise
        failure = _told(program, error)
    if failure is not None:
        # Release what the error's traceback holds: reader threads that still run abort a process at exit.
        gc.collect()
        sentence, exit_code = failure
        print(sentence, file=sys.stderr)
        sys.exit(exit_code)
    if code == INTERRUPTED:
        print(f"{program}: {stopped}", file=sys.stderr)
    sys.exit(code if isinstance(code, int) else 0)


def _told(program: str, error: Exception) -> tuple[str, int]:
    """(message, exit code) for an error."""
    if isinstance(error, ViewpointError):
        return f"{program}: error: {error}", error.exit_code
    # Typer may bundle its own Click, so usage errors are recognised by their methods, not by their class.
    describe = getattr(error, "format_message", None)
    if describe is None:
        what = f"{type(error).__name__}: {error} (a bug in this program: --debug shows where)"
        return f"{program}: error: {what}", 1
    if type(error).__name__ == "NoArgsIsHelpError":  # The error's message is the whole help text.
        return describe(), 2
    return f"{program}: error: {describe().rstrip('.')}: see {program} --help", 2
