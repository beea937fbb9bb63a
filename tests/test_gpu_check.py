"""`make gpu-check`: a step that hangs is killed, one that fails does not stop the others, and the page says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from ctypes.util import find_library
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.gpu_check import __main__ as command_line
from benchmarks.gpu_check import running
from benchmarks.gpu_check.page import write_results
from benchmarks.gpu_check.running import Outcome, run_all
from benchmarks.gpu_check.steps import STEPS, Step

ROOT = Path(__file__).parents[1]

COMMANDS = {
    "works": ["sh", "-c", """echo loading; echo '{"pictures": 3, "by batch": {"1": 2.5, "8": 9}}'"""],
    "fails": ["sh", "-c", "echo 'the GPU is on fire' >&2; exit 3"],
    "hangs": ["sh", "-c", "exec 9>pipe; sleep 1000 & setsid sleep 1000 & echo waiting; wait"],
    "crashes": ["sh", "-c", "kill -SEGV $$"],
    "says nothing": ["true"],
    "works again": ["sh", "-c", "echo '{}'"],
}
"""Stand-ins for steps. What hangs has children that would outlive it, one in a session of its own."""


def steps(limit_s: float = 60.0) -> list[Step]:
    return [Step(name, name, "none", 0.5 if name == "hangs" else limit_s) for name in COMMANDS]


@pytest.fixture
def outcomes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Outcome]:
    """Of all stand-ins; the folder has their logs and the page."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    seen = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    kept: list[int] = []

    def keep(so_far: list[Outcome]) -> None:
        kept.append(len(so_far))
        write_results(tmp_path, so_far, steps(), dry_run=False)

    found = run_all(steps(), lambda step: COMMANDS[step.name], tmp_path, 600, keep)
    assert kept == list(range(len(COMMANDS) + 1)), "the page is written after every step"
    # All processes of the step that hangs held the pipe open for writing. Its end says that none is left.
    os.set_blocking(seen, True)
    assert os.read(seen, 1) == b""
    os.close(seen)
    return {one.name: one for one in found}


def test_a_step_that_hangs_or_fails_does_not_stop_the_others(outcomes: dict[str, Outcome]) -> None:
    assert {name: one.status for name, one in outcomes.items()} == {
        "works": "passed",
        "fails": "failed",
        "hangs": "timed out",
        "crashes": "failed",
        "says nothing": "failed",
        "works again": "passed",
    }
    assert outcomes["works"].figures == {"pictures": 3, "by batch": {"1": 2.5, "8": 9}}
    assert outcomes["fails"].said == "the GPU is on fire"
    assert outcomes["hangs"].said.startswith("killed after 0.5 s")
    assert outcomes["crashes"].said.startswith("ended by signal 11")
    assert "not JSON" in outcomes["says nothing"].said


def test_the_page_names_what_did_not_pass_and_why(outcomes: dict[str, Outcome], tmp_path: Path) -> None:
    page = (tmp_path / "results.md").read_text()
    assert "2 of 6 steps passed" in page
    assert "| fails | fails | **failed** |" in page
    assert "**failed**: the GPU is on fire (`fails.log`)" in page
    assert "| hangs | hangs | **timed out** |" in page
    assert "- by batch: 1 2.5; 8 9" in page
    assert "dry run" not in page
    content = json.loads((tmp_path / "results.json").read_text())
    assert [step["status"] for step in content["steps"]] == [one.status for one in outcomes.values()]


def test_no_step_starts_when_the_time_for_all_is_over(tmp_path: Path) -> None:
    found = run_all(steps(), lambda step: COMMANDS[step.name], tmp_path, 0, lambda so_far: None)
    assert {one.status for one in found} == {"not started"}
    assert list(tmp_path.iterdir()) == []


def test_a_step_gets_no_more_than_what_is_left_of_the_time_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_LEAST_S", 0.0)
    hangs = Step("hangs", "hangs", "none", 1000.0)
    (found,) = run_all([hangs], lambda step: ["sleep", "1000"], tmp_path, 0.5, lambda so_far: None)
    assert found.status == "timed out"
    assert found.limit_s <= 0.5


def test_a_page_that_is_not_complete_says_which_steps_have_not_run(tmp_path: Path) -> None:
    write_results(tmp_path, [Outcome("works", "passed", 1.0, 60.0)], steps(), dry_run=True)
    page = (tmp_path / "results.md").read_text()
    assert page.count("not run yet") == len(COMMANDS) - 1
    assert "A dry run on the CPU" in page


def test_the_command_counts_what_did_not_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_line, "STEPS", (Step("none", "A step that is not there", "is_not_there", 100.0),))
    assert command_line.main(["--out", str(tmp_path)]) == 1
    assert "No module named" in (tmp_path / "results.md").read_text()


def test_every_step_has_its_module() -> None:
    assert all(find_spec(f"benchmarks.gpu_check.{step.module}") for step in STEPS)
    assert len({step.name for step in STEPS}) == len(STEPS)


@pytest.mark.slow
@pytest.mark.timeout(9000)
def test_a_dry_run_on_the_cpu_passes_every_step(tmp_path: Path) -> None:
    pytest.importorskip("trl", reason="the [train] extra is not installed")
    from qwen_packages import qwen_environment

    names = [step.name for step in STEPS if step.name != "opengl" or find_library("EGL")]
    out = tmp_path / "results"
    command = [sys.executable, "-m", "benchmarks.gpu_check", "--dry-run", "--patience", "10", "--out", str(out)]
    environment = qwen_environment(tmp_path / "packages")
    done = subprocess.run([*command, "--only", *names], capture_output=True, text=True, env=environment, cwd=ROOT)
    found = {step["name"]: step for step in json.loads((out / "results.json").read_text())["steps"]}
    assert {name: found[name]["status"] for name in names} == dict.fromkeys(names, "passed"), done.stdout
    assert done.returncode == 0
    assert "A dry run on the CPU" in (out / "results.md").read_text()
    (mesh,) = found["cuda"]["figures"]["meshes"].values()
    assert mesh["digest_gpu"] == mesh["digest_cpu"]
    assert set(mesh["pictures_a_second_gpu"]) == {"1", "2"}
    assert found["build"]["figures"]["digest"] == found["build-cpu"]["figures"]["digest"]
    assert found["sft"]["figures"]["steps"] == found["grpo"]["figures"]["steps"] == 2
    assert found["grpo"]["figures"]["start"] == "stage 1"
    assert found["probe"]["figures"]["rows"] == 70
