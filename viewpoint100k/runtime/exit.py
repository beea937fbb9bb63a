"""How every command line of the project ends: one sentence on an error, and an exit code that means something."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable

from viewpoint100k.errors import ViewpointError

__all__ = ["INTERRUPTED", "run_app"]

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the signal's number."""


def run_app(program: str, app: Callable[..., object], stopped: str = "stopped") -> None:
    """Runs a Typer ``app`` on the process's arguments, and exits with its code.

    Errors end in one sentence that begins with ``program``; a traceback is shown with ``--debug`` alone. ``stopped`` is
    what to say where the user interrupts it.
    """
    arguments = sys.argv[1:]
    ours = arguments.index("--") if "--" in arguments else len(arguments)  # The rest is another program's.
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
        # Only now that the error is forgotten is what it held let go: a reader's threads abort a process that ends.
        gc.collect()
        sentence, exit_code = failure
        print(sentence, file=sys.stderr)
        sys.exit(exit_code)
    if code == INTERRUPTED:
        print(f"{program}: {stopped}", file=sys.stderr)
    sys.exit(code if isinstance(code, int) else 0)


def _told(program: str, error: Exception) -> tuple[str, int]:
    """(what to say of it, exit code)."""
    if isinstance(error, ViewpointError):
        return f"{program}: error: {error}", error.exit_code
    # Typer may carry a Click of its own, so that its usage errors are known by what they can do.
    describe = getattr(error, "format_message", None)
    if describe is None:
        what = f"{type(error).__name__}: {error} (a fault of this program: --debug shows where)"
        return f"{program}: error: {what}", 1
    if type(error).__name__ == "NoArgsIsHelpError":  # What it describes is the whole help.
        return describe(), 2
    return f"{program}: error: {describe().rstrip('.')}: see {program} --help", 2
