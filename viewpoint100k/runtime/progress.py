"""Shows the progress of a long command: a bar on a terminal, a plain line at intervals elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Never, Self

from tqdm import tqdm

from viewpoint100k.runtime.exit import raise_if_interrupted

__all__ = ["Progress"]

_SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """Counts towards ``total`` and shows the rate and the time left. The count may go back when work is restarted.

    ``total`` is 0 if it is unknown. Work that ends within ``delay_s`` shows nothing. With ``first_at_once`` the first
    plain line appears as soon as anything is done.
    """

    def __init__(
        self, what: str, unit: str, total: int = 0, done: int = 0, delay_s: float = 0.0, first_at_once: bool = False
    ) -> None:
        self._what, self._unit, self._total, self._delay_s = what, unit, total, delay_s
        self._done = self._before = done
        self._start = self._last_line = time.monotonic()
        self._first_at_once = first_at_once
        self._bar: tqdm[Never] | None = None
        if sys.stderr.isatty():
            self._bar = tqdm(
                desc=what,
                unit=f" {unit}",
                total=total or None,
                initial=done,
                smoothing=0.05,
                dynamic_ncols=True,
                delay=delay_s,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.close()
        elif self._done > self._before and time.monotonic() - self._start >= self._delay_s:
            self._print_line()

    def advance(self, count: int) -> None:
        """Counts ``count`` more. Raises KeyboardInterrupt if Ctrl-C was pressed and a library caught it."""
        raise_if_interrupted()
        self._done += count
        if self._bar is not None:
            self._bar.update(count)
        elif self._is_time():
            self._print_line()

    def reach(self, done: int, total: int) -> None:
        """Sets the count, and the total if it was unknown before."""
        self._total = total
        if self._bar is not None:
            self._bar.total = total
        self.advance(done - self._done)

    def _is_time(self) -> bool:
        first = self._first_at_once and self._done > self._before
        return first or time.monotonic() - self._last_line >= _SECONDS_BETWEEN_LINES

    def _print_line(self) -> None:
        self._last_line = time.monotonic()
        self._first_at_once = False
        rate = (self._done - self._before) / max(self._last_line - self._start, 1e-9)
        of, left = "", ""
        if self._total:
            of = f" of {max(self._total, self._done):,}"
            left = f", {tqdm.format_interval(max(0, self._total - self._done) / rate) if rate > 0 else '?'} left"
        print(
            f"{self._what}: {self._done:,}{of} {self._unit}, {rate:.1f} {self._unit}/s{left}",
            file=sys.stderr,
            flush=True,
        )
