"""The workflows of CI name what there is: targets of the Makefile, extras, and the Pythons that pyproject.toml states.

actionlint checks what GitHub makes of them; it is no Python package, and is not run here.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

pytestmark = pytest.mark.skipif(not WORKFLOWS, reason="there are no workflows in this copy of the tree")


def supported() -> list[str]:
    """The Pythons of the classifiers, such as 3.11."""
    found = (re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", one) for one in PROJECT["classifiers"])
    return [match[1] for match in found if match]


def read(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8")))


def steps() -> list[tuple[str, dict[str, Any]]]:
    """Every step of every job, with the name of its workflow and job."""
    return [
        (f"{path.name}: {name}", step)
        for path in WORKFLOWS
        for name, job in read(path.name)["jobs"].items()
        for step in job["steps"]
    ]


def commands() -> list[tuple[str, str]]:
    return [(place, step["run"]) for place, step in steps() if "run" in step]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_a_trigger_and_jobs_that_run_somewhere(path: Path) -> None:
    workflow = read(path.name)
    assert workflow[True]  # YAML 1.1 reads the key `on` as true.
    assert workflow["permissions"] == {"contents": "read"}
    assert all(job["runs-on"] and job["steps"] for job in workflow["jobs"].values())
    assert all(("run" in step) != ("uses" in step) for job in workflow["jobs"].values() for step in job["steps"])


def test_every_action_has_a_version() -> None:
    used = [step["uses"] for _, step in steps() if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+(\.\d+)*", action) for action in used)


def test_every_target_that_a_job_makes_is_in_the_makefile() -> None:
    targets = [(place, name) for place, run in commands() for name in re.findall(r"\bmake ([a-z-]+)", run)]
    assert {name for _, name in targets} == {"docs", "lint"}
    for place, name in targets:
        assert re.search(rf"^{name}:", MAKEFILE, re.MULTILINE), f"{place} makes {name}"


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not here")
def test_every_command_is_valid_bash() -> None:
    for place, run in commands():
        plain = re.sub(r"\$\{\{.*?\}\}", "VALUE", run)
        checked = subprocess.run(["bash", "-n"], input=plain, capture_output=True, text=True)
        assert checked.returncode == 0, f"{place}: {checked.stderr}"


def test_the_suite_runs_on_every_supported_python_with_lowest_and_newest_versions() -> None:
    matrix = read("tests.yml")["jobs"]["suite"]["strategy"]["matrix"]
    assert matrix == {"python": supported(), "versions": ["lowest", "newest"]}
    assert PROJECT["requires-python"] == f">={supported()[0]}"


def test_wheels_are_built_for_every_supported_python() -> None:
    (build,) = [step for place, step in steps() if place == "wheels.yml: wheels" and "env" in step]
    assert build["env"]["CIBW_BUILD"].split() == [f"cp{python.replace('.', '')}-*" for python in supported()]


def test_the_suite_in_ci_has_the_extras_of_make_test_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "tools"))
    import versions

    installs = [extras for _, run in commands() for extras in re.findall(r"\.\[([\w,]+)\]", run)]
    assert installs == [versions.EXTRAS]
    assert set(installs[0].split(",")) <= set(PROJECT["optional-dependencies"])
    assert list(versions.PYTHONS) == supported()
    resolutions = re.findall(r"'(lowest\S*)' \|\| '(\w+)'", str(read("tests.yml")))
    assert resolutions == [tuple(versions.RESOLUTIONS.values())]
