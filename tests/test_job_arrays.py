"""The files for Slurm and Kubernetes run unchanged. This file acts as the scheduler."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from viewpoint100k import open_dataset

CLUSTER = Path(__file__).parents[1] / "examples" / "cluster"
SETTINGS = ("--rows", "90", "--set", "images.size=64", "--set", "rows_per_shard=20")
SHARDS = 6
"""Five of the training split and one of the test split."""


def environment(**variables: str) -> dict[str, str]:
    """An environment in which ``viewpoint100k`` is on the PATH."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"} | variables


def started(command: list[str], variables: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, env=environment(**variables), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def slurm_job(task: int, count: int, out: Path, first: int = 1) -> subprocess.Popen[str]:
    """A task of an array numbered from ``first``, with the variables that Slurm sets."""
    variables = {
        "SLURM_ARRAY_TASK_ID": str(first + task),
        "SLURM_ARRAY_TASK_MIN": str(first),
        "SLURM_ARRAY_TASK_COUNT": str(count),
        "SLURM_CPUS_PER_TASK": "1",
    }
    return started(["bash", str(CLUSTER / "build.slurm"), "viewpoint-100k", str(out), *SETTINGS], variables)


def pod(index: int, count: int, out: Path) -> subprocess.Popen[str]:
    """A pod of the job. The environment has the values that a user would set."""
    job = yaml.safe_load((CLUSTER / "build.kubernetes.yaml").read_text())
    assert job["spec"]["completionMode"] == "Indexed"
    (container,) = job["spec"]["template"]["spec"]["containers"]
    stated = {entry["name"]: entry["value"] for entry in container["env"]}
    assert int(stated["PARTS"]) == job["spec"]["completions"]
    variables = stated | {"OUT": str(out), "PARTS": str(count), "WORKERS": "1", "JOB_COMPLETION_INDEX": str(index)}
    (shell,) = container["args"]
    return started([*container["command"], f"{shell} {' '.join(SETTINGS)}"], variables)


def finished(jobs: list[subprocess.Popen[str]]) -> None:
    for job in jobs:
        output, _ = job.communicate(timeout=280)
        assert job.returncode == 0, output


@pytest.fixture(scope="module")
def digest(tmp_path_factory: pytest.TempPathFactory) -> str | None:
    """The digest of the same set built by one command."""
    out = tmp_path_factory.mktemp("whole") / "set"
    finished([started(["viewpoint100k", "build", "viewpoint-100k", "--out", str(out), *SETTINGS], {})])
    return open_dataset(out).digest


@pytest.mark.slow
def test_an_array_of_slurm_makes_the_same_set_though_a_job_is_killed(tmp_path: Path, digest: str | None) -> None:
    out = tmp_path / "set"
    jobs = [slurm_job(task, 3, out) for task in range(3)]
    while not list((out / ".build" / "blocks").glob("*")) and jobs[1].poll() is None:
        time.sleep(0.05)
    jobs[1].kill()  # The scheduler requeues it.
    jobs[1].communicate()
    assert not (out / "README.md").exists()
    finished([jobs[0], jobs[2], slurm_job(1, 3, out)])
    assert open_dataset(out).digest == digest
    assert len(list((out / "data").glob("*.parquet"))) == SHARDS


@pytest.mark.slow
def test_an_indexed_job_of_kubernetes_makes_the_same_set(tmp_path: Path, digest: str | None) -> None:
    out = tmp_path / "set"
    finished([pod(index, 2, out) for index in range(2)])
    assert open_dataset(out).digest == digest
    assert (out / "README.md").exists()


def test_what_is_missing_on_the_command_line_is_named(tmp_path: Path) -> None:
    job = started(["bash", str(CLUSTER / "build.slurm"), "viewpoint-100k"], {})
    output, _ = job.communicate(timeout=60)
    assert job.returncode != 0
    assert "the folder of the data set is missing" in output
