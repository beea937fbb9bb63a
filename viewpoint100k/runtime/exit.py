"""Runs the command lines of the project: errors become one sentence and a documented exit code."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable

from viewpoint100k.errors import ViewpointError

__all__ = ["INTERRUPTED", "run_app"]

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 plus the signal's number."""


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
