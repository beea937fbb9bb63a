"""Worker processes that try assets. An asset that crashes or blocks a worker is reported and skipped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Generic, Self, TypeVar

from viewpoint100k.errors import BuildError
from viewpoint100k.runtime.environment import one_core

__all__ = ["Failure", "TrialProcesses"]

_START_TIMEOUT_S = 60.0
"""Seconds for a process to start, which includes imports and perhaps an OpenGL context."""
_END_TIMEOUT_S = 5.0
_ASSETS_PER_PROCESS = 5
"""Smallest number of assets that justifies another process, which takes a second to start."""
_TRIES = 2
"""Number of tries of an asset whose process dies. The first death may be unrelated to the asset."""
_TICK_S = 0.25

T = TypeVar("T")

Examiner = Callable[[str], T]


@dataclass(frozen=True)
class Failure:
    """The reason why an asset has no result."""

    reason: str
    """``timeout`` or ``crashed``."""
    message: str


@dataclass
class _Process:
    process: SpawnProcess
    connection: Connection
    since: float
    """Start time of the process, or of the current asset."""
    ready: bool = False
    asset_id: str | None = None


class TrialProcesses(Generic[T]):
    """Up to ``most`` processes, started when there is work. Use it as a context manager.

    Args:
        prepare: picklable; called once in each process; returns the function that examines an asset there.
        timeout_s: time limit for one asset.
    """

    def __init__(self, prepare: Callable[[], Examiner[T]], timeout_s: float, most: int) -> None:
        self._prepare, self._timeout_s, self._most = prepare, timeout_s, most
        self._processes: list[_Process] = []
        self._deaths: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for one in self._processes:
            one.process.kill()
        for one in self._processes:
            one.process.join()
            one.connection.close()
        self._processes.clear()

    def examine(self, count: int, next_asset: Callable[[], str | None]) -> Iterator[tuple[str, T | Failure] | None]:
        """Yields each result with its asset as it arrives, and None now and then while no result arrives.

        Args:
            count: approximate number of assets.
            next_asset: returns the next asset to examine; None when there is no other.
        """
        again: list[str] = []
        over = False
        while True:
            while not over or again:
                idle = self._idle(count)
                if idle is None:
                    break
                asset_id = again.pop() if again else next_asset()
                if asset_id is None:
                    over = True
                    break
                idle.asset_id, idle.since = asset_id, time.monotonic()
                with suppress(BrokenPipeError, ConnectionResetError):  # It has just died; `_listen` handles that.
                    idle.connection.send(asset_id)
            if over and not again and not any(one.asset_id for one in self._processes):
                return
            results, died = self._listen()
            again += died
            yield from results
            if not results:
                yield None

    def _idle(self, count: int) -> _Process | None:
        """An idle process; starts a new one if enough assets are left."""
        for one in self._processes:
            if one.ready and one.asset_id is None:
                return one
        worth = max(1, min(self._most, count // _ASSETS_PER_PROCESS))
        for _ in range(worth - len(self._processes)):
            self._processes.append(self._start())
        return None

    def _start(self) -> _Process:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(self._prepare, theirs), daemon=True)
        with one_core():
            process.start()
        theirs.close()
        return _Process(process, ours, time.monotonic())

    def _listen(self) -> tuple[list[tuple[str, T | Failure]], list[str]]:
        """New results, and assets to try again."""
        by_connection = {one.connection: one for one in self._processes}
        results: list[tuple[str, T | Failure]] = []
        again: list[str] = []
        for ready in wait(list(by_connection), timeout=_TICK_S):
            assert isinstance(ready, Connection)
            one = by_connection[ready]
            try:
                result = ready.recv()
            except (EOFError, ConnectionResetError):
                self._bury(one, Failure("crashed", "the process that read it died"), results, again)
                continue
            if one.ready:
                assert one.asset_id is not None
                results.append((one.asset_id, result))
                one.asset_id = None
            one.ready = True
        now = time.monotonic()
        for one in list(self._processes):
            if not one.ready and now - one.since > _START_TIMEOUT_S:
                raise BuildError(_why_no_start(f"it did not within {_START_TIMEOUT_S:.0f} seconds"))
            if one.asset_id is not None and now - one.since > self._timeout_s:
                failure = Failure("timeout", f"it took longer than {self._timeout_s:.0f} s")
                self._bury(one, failure, results, again)
        return results, again

    def _bury(self, one: _Process, failure: Failure, results: list[tuple[str, T | Failure]], again: list[str]) -> None:
        """Ends a process. Its asset is tried again, or gets ``failure`` as its result."""
        if not one.ready:
            one.process.join(_END_TIMEOUT_S)
            problem = "it ended at once; a script that builds must do so under  if __name__ == '__main__':"
            if one.process.exitcode is not None and one.process.exitcode < 0:
                problem = f"signal {-one.process.exitcode} ended it; the same command begins anew"
            raise BuildError(_why_no_start(problem))
        one.process.kill()
        one.process.join()
        one.connection.close()
        self._processes.remove(one)
        if one.asset_id is None:
            return
        self._deaths[one.asset_id] = self._deaths.get(one.asset_id, 0) + 1
        if self._deaths[one.asset_id] < _TRIES:
            again.append(one.asset_id)
        else:
            results.append((one.asset_id, failure))


def _why_no_start(problem: str) -> str:
    return f"a process that tries the assets cannot start: {problem}"


def _serve(prepare: Callable[[], Examiner[T]], connection: Connection) -> None:
    """Main function of a process: examines the assets that it receives until the connection closes."""
    examine = prepare()
    connection.send(None)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            connection.send(examine(connection.recv()))
