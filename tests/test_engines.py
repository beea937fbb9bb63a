"""Only the asset that crashes, blocks or fails a worker is dropped. The tests kill real processes."""

import os
import signal
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from viewpoint100k.building.engines.local import LocalEngine
from viewpoint100k.building.engines.quarantine import Quarantine
from viewpoint100k.building.engines.ray import Note, RayEngine
from viewpoint100k.building.engines.worker import Task, WorkerJob, serve
from viewpoint100k.dataset.folder import DatasetFolder
from viewpoint100k.errors import BuildError
from viewpoint100k.plan.build_plan import BuildPlan
from viewpoint100k.plan.config import load_config
from viewpoint100k.plan.layout import candidates
from viewpoint100k.plan.planning import make_build_plan

SETTINGS = ["rows=20", "images.size=64", "limits.asset_timeout_s=3"]


@pytest.fixture(scope="module")
def plan() -> BuildPlan:
    return make_build_plan(load_config("viewpoint-100k", SETTINGS))


def victim(plan: BuildPlan) -> str:
    """The first asset that the first block visits."""
    return next(candidates(plan.config, plan.layout.shards[0].blocks[0], plan.layout.pools["train"]))[0]


def sabotage(job: WorkerJob, action: str) -> None:
    """Makes the loading of one asset do ``action``, in this process."""
    assert isinstance(job.build_plan, BuildPlan)
    bad = victim(job.build_plan)
    from viewpoint100k.assets.procedural import ProceduralSource

    load = ProceduralSource.load

    def load_or_fail(self: ProceduralSource, asset_id: str) -> object:
        if asset_id == bad:
            if action == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if action == "hang":
                time.sleep(60)
            raise ZeroDivisionError("a fault of the loader")
        return load(self, asset_id)

    ProceduralSource.load = load_or_fail  # type: ignore[method-assign]


def serve_killing(job: WorkerJob, connection: Connection) -> None:
    sabotage(job, "kill")
    serve(job, connection)


def serve_hanging(job: WorkerJob, connection: Connection) -> None:
    sabotage(job, "hang")
    serve(job, connection)


def serve_raising(job: WorkerJob, connection: Connection) -> None:
    sabotage(job, "raise")
    serve(job, connection)


def serve_nothing(job: WorkerJob, connection: Connection) -> None:
    os._exit(3)


def engine(plan: BuildPlan, root: Path, target: object) -> tuple[LocalEngine, DatasetFolder, list[int]]:
    folder = DatasetFolder(root)
    folder.make_folders()
    rows: list[int] = []
    return LocalEngine(plan, folder, 1, rows.append, lambda task: None, target), folder, rows  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("target", "reason", "detail"),
    [
        (serve_killing, "crashed", "exit code -9"),
        (serve_hanging, "timeout", "ended 2 workers"),
        (serve_raising, "crashed", "ZeroDivisionError: a fault of the loader"),
    ],
)
def test_a_bad_asset_goes_into_quarantine_and_the_block_is_built(
    plan: BuildPlan, tmp_path: Path, target: object, reason: str, detail: str
) -> None:
    running, folder, rows = engine(plan, tmp_path, target)
    block, bad = plan.layout.shards[0].blocks[0], victim(plan)
    running.run([Task(0, 0)])
    quarantine = Quarantine(folder.build / "quarantine")
    assert quarantine.reasons() == {bad: reason}
    assert detail in quarantine.details()[bad]
    assert folder.has_block(block)
    assert sum(rows) == 20, "progress counts each row once, whatever was begun again"
    assert bad not in folder.block_path(block).with_suffix(".json").read_text().split("used_assets")[1]


def test_workers_that_never_start_end_the_build_with_a_sentence(plan: BuildPlan, tmp_path: Path) -> None:
    running, _, _ = engine(plan, tmp_path, serve_nothing)
    with pytest.raises(BuildError, match=r"before they reach an asset \(exit code 3\)"):
        running.run([Task(0, 0)])


@pytest.mark.slow
def test_ray_builds_the_same_bytes(plan: BuildPlan, tmp_path: Path) -> None:
    ray = pytest.importorskip("ray", reason="the extra [ray] is not installed")
    assert ray
    local, folder, _ = engine(plan, tmp_path / "local", serve)
    local.run([Task(0, 0)])
    clustered = DatasetFolder(tmp_path / "ray")
    clustered.make_folders()
    rows: list[int] = []
    RayEngine(plan, clustered, 1, rows.append, lambda task: None).run([Task(0, 0)])
    block = plan.layout.shards[0].blocks[0]
    assert clustered.block_path(block).read_bytes() == folder.block_path(block).read_bytes()
    assert rows == [20]


def test_a_note_counts_the_deaths_of_an_earlier_try(tmp_path: Path) -> None:
    path = tmp_path / "block.note"
    first = Note(path, timeout_s=86_400)
    assert first.take_up() is None
    first.asset_started("mug")  # and here its worker dies
    second = Note(path, timeout_s=86_400)
    assert second.take_up() is None
    second.asset_started("mug")  # and again
    assert Note(path, timeout_s=86_400).take_up() == ("mug", "crashed", "ended 2 workers")


SPARED = """
import sys
import pyarrow as pa
from viewpoint100k.building.engines.worker import _spare_pandas
_spare_pandas()
pa.RecordBatch.from_pylist([{"a": 1}])
assert "pandas" not in sys.modules
import pandas
assert pa.table({"a": [1, 2]}).to_pandas()["a"].sum() == 3
assert pa.array(pandas.Series(["a", "b"])).to_pylist() == ["a", "b"]
"""


def test_a_worker_does_not_wait_for_pandas_and_can_still_import_it() -> None:
    done = subprocess.run([sys.executable, "-c", SPARED], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


BUILT = """
import sys
import viewpoint100k
config = viewpoint100k.load_config(rows=1, images={'size': 64})
viewpoint100k.build(config, sys.argv[1], workers=1)
assert "pandas" not in sys.modules
"""


def test_a_build_starts_without_pandas(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", BUILT, tmp_path / "set"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
