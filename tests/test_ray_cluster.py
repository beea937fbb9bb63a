"""A Ray cluster of several nodes on this machine: a node that dies while it works, and one that joins."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from viewpoint100k.building import run
from viewpoint100k.building.engines import ray as ray_engine
from viewpoint100k.building.engines.worker import Task
from viewpoint100k.building.run import Part, build_dataset
from viewpoint100k.dataset.folder import DatasetFolder
from viewpoint100k.plan.build_plan import BuildPlan
from viewpoint100k.plan.config import load_config
from viewpoint100k.plan.planning import make_build_plan
from viewpoint100k.runtime.files import write_atomically

ray = pytest.importorskip("ray", reason="the extra [ray] is not installed")

SETTINGS = ["rows=100", "rows_per_shard=20", "images.size=64", "limits.asset_timeout_s=280"]
NODES = 3
INTERRUPTED = Task(1, 0)
"""The node that makes the rows of this block first is killed before it stores them."""

build_block = ray_engine._build_block


def build_block_noting_the_node(build_plan: BuildPlan, root: str, task: Task) -> int:
    """The body of a Ray task. One block is not stored until a node has died with its rows."""
    starts = Path(root).parent / "starts"
    node, tries = ray.get_runtime_context().get_node_id(), len(list(starts.glob(f"{task.shard} *")))
    (starts / f"{task.shard} {tries} {node}").touch()
    if task == INTERRUPTED and not (starts.parent / "victim").exists():
        DatasetFolder.write_block = wait_for_death  # type: ignore[assignment]
    return build_block(build_plan, root, task)


def wait_for_death(folder: DatasetFolder, *block: object) -> None:
    """Stands in for the storing of a block: its rows are made, and never stored."""
    write_atomically(folder.local.parent / "victim", ray.get_runtime_context().get_node_id().encode())
    time.sleep(600)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Nodes of one core each, and a head without any."""
    from ray.cluster_utils import Cluster

    here = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(here.parent), str(here), *sys.path]))
    monkeypatch.setenv("RAY_memory_monitor_refresh_ms", "0")  # It ends tasks where other programs fill the memory.
    memory = 80 * 2**20
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "object_store_memory": memory})
    for _ in range(NODES):
        cluster.add_node(num_cpus=1, object_store_memory=memory)
    ray.init(address=cluster.address, log_to_driver=False)
    cluster.wait_for_nodes()
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.mark.slow
def test_a_node_that_dies_and_one_that_joins_do_not_change_the_set(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = tmp_path / "starts"
    starts.mkdir()
    changes: list[str] = []

    def change_nodes(rows: int) -> None:
        if changes:
            return
        while not (tmp_path / "victim").exists():
            time.sleep(0.05)
        victim = (tmp_path / "victim").read_text()
        (node,) = (node for node in cluster.worker_nodes if node.node_id == victim)
        cluster.remove_node(node, allow_graceful=False)
        changes.append(victim)
        added = cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20)
        changes.append(added.node_id)

    def disturbed(
        plan: BuildPlan, folder: DatasetFolder, workers: int, on_rows: Callable[[int], None], on_block: Any
    ) -> ray_engine.RayEngine:
        def both(rows: int) -> None:
            on_rows(rows)
            change_nodes(rows)

        return ray_engine.RayEngine(plan, folder, workers, both, on_block)

    monkeypatch.setattr(ray_engine, "_build_block", build_block_noting_the_node)
    monkeypatch.setattr(run, "RayEngine", disturbed)
    plan = make_build_plan(load_config("viewpoint-100k", SETTINGS))
    clustered = build_dataset(plan, tmp_path / "clustered", NODES, Part(), "ray")
    local = build_dataset(plan, tmp_path / "local", 2, Part(), "local")
    assert clustered == local
    assert clustered.digests is not None
    tries = Counter(int(path.name.split()[0]) for path in starts.iterdir())
    assert tries[INTERRUPTED.shard] >= 2, "its block was begun again on another node"
    nodes = {path.name.split()[2] for path in starts.iterdir()}
    assert changes[0] in nodes
    assert len(nodes) >= NODES
