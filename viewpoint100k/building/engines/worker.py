"""A worker process with one rendering context, which builds the blocks that it receives."""

from __future__ import annotations

import os
import sys
import traceback
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from multiprocessing.connection import Connection
from pathlib import Path

from viewpoint100k.errors import ViewpointError
from viewpoint100k.runtime.environment import ONE_CORE

__all__ = [
    "ONE_CORE",
    "AssetFinished",
    "AssetStarted",
    "Crashed",
    "Done",
    "Failed",
    "Task",
    "WorkerJob",
    "serve",
]


@dataclass(frozen=True)
class WorkerJob:
    """Arguments of a new worker process: plain values."""

    build_plan: object
    """A `BuildPlan`, typed loosely because a worker sets its environment before it imports GL."""
    root: Path
    log: Path
    device_index: int | None = None
    """The EGL device to draw on; the first by default."""


@dataclass(frozen=True)
class Task:
    """A block to build: the indices of its shard and of the block in the plan."""

    shard: int
    block: int


@dataclass(frozen=True)
class AssetStarted:
    asset_id: str


@dataclass(frozen=True)
class AssetFinished:
    rows: int


@dataclass(frozen=True)
class Done:
    """The block was written to the disk."""


@dataclass(frozen=True)
class Crashed:
    """An unexpected Python exception was raised while the asset was in use."""

    asset_id: str
    trace: str


@dataclass(frozen=True)
class Failed:
    """The build cannot continue."""

    error: Exception


class _Reporter:
    """Sends progress events to the parent process, and remembers the asset in use."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.asset_id: str | None = None

    def asset_started(self, asset_id: str) -> None:
        self.asset_id = asset_id
        self._connection.send(AssetStarted(asset_id))

    def asset_finished(self, rows: int) -> None:
        self.asset_id = None
        self._connection.send(AssetFinished(rows))


def serve(job: WorkerJob, connection: Connection) -> None:
    """Builds blocks until the parent sends None or exits. The entry point of a worker process."""
    _settle_in(job.log)
    _spare_pandas()
    from viewpoint100k.building.blocks import BlockBuilder
    from viewpoint100k.building.engines.quarantine import Quarantine
    from viewpoint100k.dataset.folder import DatasetFolder
    from viewpoint100k.plan.build_plan import BuildPlan

    assert isinstance(job.build_plan, BuildPlan)
    folder = DatasetFolder(job.root)
    quarantine = Quarantine(folder.local_build / "quarantine")
    reporter = _Reporter(connection)
    try:
        builder = BlockBuilder(job.build_plan, job.build_plan.config.open_source(), job.device_index)
        while (task := connection.recv()) is not None:
            block = job.build_plan.layout.shards[task.shard].blocks[task.block]
            batch, record = builder.build_block(block, quarantine.reasons, reporter)
            folder.write_block(block, batch, record.to_json())
            connection.send(Done())
        builder.close()
    except (EOFError, BrokenPipeError, ConnectionResetError):
        sys.exit(1)  # The parent has exited, so the rows have no receiver.
    except ViewpointError as error:
        connection.send(Failed(error))
    except Exception as error:
        trace = traceback.format_exc()
        print(trace, file=sys.stderr, flush=True)
        connection.send(Failed(error) if reporter.asset_id is None else Crashed(reporter.asset_id, trace))


class _NoPandas(MetaPathFinder):
    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname == "pandas":
            raise ImportError(fullname)


def _spare_pandas() -> None:
    """Saves the third of a second in which PyArrow imports pandas to see whether a list holds objects of it.

    PyArrow tries once in a process. After this, pandas can still be imported.
    """
    import pyarrow as pa

    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([None])
    finally:
        sys.meta_path.remove(finder)


def _settle_in(log: Path) -> None:
    """Limits this worker to one core, and redirects the output of drivers to a file."""
    os.environ.update(ONE_CORE)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 2)
    os.dup2(file, 1)
    os.close(file)
