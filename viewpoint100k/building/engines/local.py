"""Runs blocks in worker processes on this machine, and survives the crash of any worker."""

from __future__ import annotations

import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from renderers.devices import DrawingDevice, deal
from viewpoint100k.building.engines.quarantine import Quarantine
from viewpoint100k.building.engines.worker import (
    AssetFinished,
    AssetStarted,
    Crashed,
    Done,
    Failed,
    Task,
    WorkerJob,
    serve,
)
from viewpoint100k.dataset.folder import DatasetFolder
from viewpoint100k.errors import BuildError
from viewpoint100k.plan.build_plan import BuildPlan
from viewpoint100k.runtime.environment import one_core

__all__ = ["LocalEngine"]

_BLOCKS_PER_WORKER = 25
"""A worker is replaced after this many blocks, because drivers leak memory."""

_START_TIMEOUT_S = 120.0
"""Time for a worker to import, open its context and begin."""

_DEATHS_PER_ASSET = 2
"""A single crash may be bad luck. An asset is quarantined when a second worker dies while using it."""


@dataclass
class _Worker:
    process: SpawnProcess
    connection: Connection
    task: Task | None = None
    asset_id: str | None = None
    since: float = 0.0
    """Time when the work on the asset, or the start, began."""
    rows: int = 0
    """Rows of the current block that are already counted as progress."""
    blocks: int = 0
    device: DrawingDevice | None = None
    timed_out: bool = False


class LocalEngine:
    """Builds the blocks of a plan with worker processes.

    A worker that dies or hangs is replaced, and its block is restarted. An asset goes into quarantine, with its
    reason, if two workers die while using it, or if it raises an unexpected Python exception. The workers are spread
    over ``devices``, which are GPUs; without any, they draw on the default device.
    """

    def __init__(
        self,
        build_plan: BuildPlan,
        folder: DatasetFolder,
        workers: int,
        on_rows: Callable[[int], None],
        on_block: Callable[[Task], None],
        serve: Callable[[WorkerJob, Connection], None] = serve,
        devices: Sequence[DrawingDevice] = (),
    ) -> None:
        self._build_plan = build_plan
        self._folder = folder
        self._devices = deal(workers, devices)
        self._count = len(self._devices)
        if self._count < workers:
            print(f"{self._count} workers: the memory of the GPUs holds no more", file=sys.stderr, flush=True)
        self._on_rows = on_rows
        self._on_block = on_block
        self._serve = serve
        self._quarantine = Quarantine(folder.local_build / "quarantine")
        self._deaths: Counter[str | None] = Counter()
        self._queue: deque[Task] = deque()
        self._workers: list[_Worker] = []
        self._started = 0

    def run(self, tasks: Sequence[Task]) -> None:
        """Returns when every task's block is on the disk. Raises the error of a worker that stops the build."""
        self._queue.extend(tasks)
        try:
            while self._queue or any(worker.task for worker in self._workers):
                self._staff()
                self._listen()
                self._stop_hanging()
            for worker in self._workers:
                with suppress(BrokenPipeError):  # The worker died while idle; all blocks are done.
                    worker.connection.send(None)
            for worker in self._workers:
                worker.process.join(timeout=10)
        finally:
            for worker in self._workers:
                worker.process.kill()
            for worker in self._workers:
                worker.process.join()

    def _staff(self) -> None:
        """Gives every idle worker a task, and starts workers while tasks are left."""
        busy = sum(worker.task is not None for worker in self._workers)
        for _ in range(min(self._count, busy + len(self._queue)) - len(self._workers)):
            self._workers.append(self._start())
        for worker in self._workers:
            if worker.task is None and self._queue:
                worker.task, worker.since, worker.rows = self._queue.popleft(), time.monotonic(), 0
                with suppress(BrokenPipeError):  # The worker has just died; `_listen` will see it.
                    worker.connection.send(worker.task)

    def _start(self) -> _Worker:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        log = self._folder.local_build / "logs" / f"worker-{self._started:04d}.log"
        # A replacement worker draws on the same device as the worker before it.
        taken = Counter(worker.device for worker in self._workers)
        device = next(one for one in self._devices if taken[one] < self._devices.count(one))
        job = WorkerJob(
            self._build_plan, self._folder.local.resolve(), log.resolve(), device.device_index if device else None
        )
        process = context.Process(target=self._serve, args=(job, theirs), daemon=True)
        with one_core():
            process.start()
        theirs.close()
        self._started += 1
        return _Worker(process, ours, since=time.monotonic(), device=device)

    def _listen(self) -> None:
        by_connection = {worker.connection: worker for worker in self._workers}
        for ready in wait(list(by_connection), timeout=0.5):
            assert isinstance(ready, Connection)
            worker = by_connection[ready]
            try:
                self._receive(worker, ready.recv())
            except (EOFError, ConnectionResetError):
                self._bury(worker)

    def _receive(self, worker: _Worker, message: object) -> None:
        match message:
            case AssetStarted(asset_id):
                worker.asset_id, worker.since = asset_id, time.monotonic()
            case AssetFinished(rows):
                worker.asset_id, worker.since = None, time.monotonic()
                worker.rows += rows
                self._on_rows(rows)
            case Done():
                assert worker.task is not None
                self._on_block(worker.task)
                worker.task, worker.blocks = None, worker.blocks + 1
                if worker.blocks >= _BLOCKS_PER_WORKER:
                    worker.connection.send(None)
                    self._workers.remove(worker)
            case Crashed(asset_id, trace):
                last_line = trace.strip().splitlines()[-1]
                self._isolate(asset_id, "crashed", f"raised {last_line}")
            case Failed(error):
                raise error

    def _stop_hanging(self) -> None:
        now = time.monotonic()
        for worker in self._workers:
            patience = self._build_plan.config.limits.asset_timeout_s if worker.asset_id else _START_TIMEOUT_S
            if worker.task is not None and not worker.timed_out and now - worker.since > patience:
                worker.timed_out = True
                worker.process.kill()

    def _bury(self, worker: _Worker) -> None:
        """Removes a dead worker, and puts its block back at the front of the queue."""
        worker.process.join()
        self._workers.remove(worker)
        if worker.task is None:
            return
        self._queue.appendleft(worker.task)
        self._on_rows(-worker.rows)
        if worker.asset_id in self._quarantine.reasons():
            return
        self._deaths[worker.asset_id] += 1
        how = "timeout" if worker.timed_out else "crashed"
        code = worker.process.exitcode
        if worker.asset_id is None:
            if self._deaths[None] > 2 + self._count:
                log = self._folder.local_build / "logs"
                raise BuildError(f"workers keep dying before they reach an asset (exit code {code}): see {log}")
        elif self._deaths[worker.asset_id] >= _DEATHS_PER_ASSET:
            self._isolate(worker.asset_id, how, f"ended {self._deaths[worker.asset_id]} workers (exit code {code})")

    def _isolate(self, asset_id: str, reason: str, detail: str) -> None:
        self._quarantine.add(asset_id, reason, detail)
        listed = len(self._quarantine.reasons())
        limit = self._build_plan.config.limits.max_quarantined
        if listed > limit:
            raise BuildError(
                f"{listed} assets in quarantine, more than limits.max_quarantined ({limit}); the last is {asset_id}, "
                f"which {detail}: the fault is hardly theirs, see {self._folder.local_build / 'logs'}"
            )
