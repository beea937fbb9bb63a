"""Runs blocks as Ray tasks, on one machine or a cluster whose nodes share the output folder.

Blocks run as tasks, not actors, because Ray restarts a task whose worker or node has died. The task keeps a note on
the disk that names the asset in use, so that the next attempt knows which asset was in use at the crash.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from renderers.devices import devices_of
from viewpoint100k.building.engines.quarantine import Quarantine
from viewpoint100k.building.engines.worker import Task
from viewpoint100k.dataset.folder import DatasetFolder
from viewpoint100k.errors import BuildError, MissingExtraError
from viewpoint100k.plan.build_plan import BuildPlan
from viewpoint100k.runtime.environment import ONE_CORE
from viewpoint100k.runtime.files import write_atomically

if TYPE_CHECKING:
    from viewpoint100k.building.blocks import BlockBuilder

__all__ = ["Note", "RayEngine"]

_DEATHS = 2
"""As in the local engine: an asset is quarantined when a second worker dies while using it."""

_DEATHS_WITHOUT_ASSET = 4


class RayEngine:
    """Builds the blocks of a plan as Ray tasks. Takes the arguments of the local engine. ``workers`` limits how many
    tasks run at once; without it, Ray would use every core of the cluster."""

    def __init__(
        self,
        build_plan: BuildPlan,
        folder: DatasetFolder,
        workers: int,
        on_rows: Callable[[int], None],
        on_block: Callable[[Task], None],
    ) -> None:
        self._build_plan, self._folder, self._count = build_plan, folder, workers
        self._on_rows, self._on_block = on_rows, on_block

    def run(self, tasks: Sequence[Task]) -> None:
        """Returns when every task's block is on the disk. Raises the error of a task that stops the build."""
        try:
            import ray
        except ImportError as error:
            raise MissingExtraError("ray", "ray") from error
        started = not ray.is_initialized()
        if started:
            ray.init(include_dashboard=False, log_to_driver=False, runtime_env={"env_vars": dict(ONE_CORE)})
        try:
            # max_calls=0: by default Ray gives every GPU task a new process, and so a new GL context.
            # The tasks that run at once share the GPUs, so that Ray places tasks on nodes that have one.
            gpus = min(1.0, ray.cluster_resources().get("GPU", 0.0) / self._count)
            remote = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=-1, max_calls=0)(_build_block)
            build_plan, root = ray.put(self._build_plan), str(self._folder.local.resolve())
            waiting, running = list(reversed(tasks)), dict[Any, Task]()
            while waiting or running:
                while waiting and len(running) < self._count:
                    task = waiting.pop()
                    running[remote.remote(build_plan, root, task)] = task
                for done in ray.wait(list(running), num_returns=1)[0]:
                    try:
                        self._on_rows(ray.get(done))
                    except ray.exceptions.RayTaskError as error:
                        raise error.cause if isinstance(error.cause, Exception) else error from None
                    self._on_block(running.pop(done))
        finally:
            if started:
                ray.shutdown()


def _build_block(build_plan: BuildPlan, root: str, task: Task) -> int:
    """Builds one block and stores it; the body of a Ray task. Returns the number of rows."""
    folder = DatasetFolder(Path(root))
    block = build_plan.layout.shards[task.shard].blocks[task.block]
    quarantine = Quarantine(folder.local_build / "quarantine")
    config = build_plan.config
    note = Note(folder.local_build / "blocks" / f"{block.name}.note", config.limits.asset_timeout_s)
    if died_on := note.take_up():
        quarantine.add(*died_on)
        if len(quarantine.reasons()) > config.limits.max_quarantined:
            raise BuildError(f"more assets in quarantine than limits.max_quarantined; the last is {died_on[0]}")
    batch, record = _builder(build_plan).build_block(block, quarantine.reasons, note)
    folder.write_block(block, batch, record.to_json())
    note.finish()
    return block.rows


_builders: dict[str, BlockBuilder] = {}


def _builder(build_plan: BuildPlan) -> BlockBuilder:
    """This process's builder. It opens one rendering context and builds many blocks."""
    from viewpoint100k.building.blocks import BlockBuilder  # The process that starts tasks does not draw.

    if build_plan.digest not in _builders:
        # Ray names this process's GPU in CUDA_VISIBLE_DEVICES.
        device = next(iter(devices_of(build_plan.config.renderer)), None)
        source = build_plan.config.open_source()
        _builders[build_plan.digest] = BlockBuilder(build_plan, source, device.device_index if device else None)
    return _builders[build_plan.digest]


class Note:
    """Records on the disk which asset a block is using, and ends the process if that asset takes too long."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        self._path, self._timeout_s = path, timeout_s
        self._deaths: dict[str, int] = {}
        self._watch: threading.Timer | None = None

    def take_up(self) -> tuple[str, str, str] | None:
        """Reads the note of an earlier attempt at the same block. Returns an asset that the note names too often, with
        a reason and a sentence."""
        bad: tuple[str, str, str] | None = None
        if self._path.exists():
            left: Mapping[str, Any] = json.loads(self._path.read_text())
            self._deaths = dict(left["deaths"])
            asset_id = left["asset_id"]
            self._deaths[asset_id] = self._deaths.get(asset_id, 0) + 1
            if asset_id and self._deaths[asset_id] >= _DEATHS:
                bad = asset_id, left["reason"], f"ended {self._deaths[asset_id]} workers"
            elif self._deaths.get("", 0) >= _DEATHS_WITHOUT_ASSET:
                raise BuildError("workers keep dying before they reach an asset: see Ray's own logs")
        self._write("", "crashed")
        return bad

    def asset_started(self, asset_id: str) -> None:
        self._write(asset_id, "crashed")
        self._watch = threading.Timer(self._timeout_s, self._give_up, [asset_id])
        self._watch.daemon = True
        self._watch.start()

    def asset_finished(self, rows: int) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._write("", "crashed")

    def finish(self) -> None:
        self._path.unlink()

    def _give_up(self, asset_id: str) -> None:
        self._write(asset_id, "timeout")
        os._exit(1)

    def _write(self, asset_id: str, reason: str) -> None:
        content = {"asset_id": asset_id, "reason": reason, "deaths": self._deaths}
        write_atomically(self._path, json.dumps(content).encode())
