"""The same rows on every machine: small sets have the committed digests in every environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from conftest import run_command, run_here
from environments import ARITHMETIC, FEW, run_in
from golden_rows import GOLDEN, JOBS

from renderers.software.extension import load, why_missing

pytestmark = pytest.mark.skipif(why_missing() is not None, reason=f"golden digests need it: {why_missing()}")

SCRIPT = Path(__file__).with_name("golden_rows.py")
DIGESTS: Mapping[str, Mapping[str, str]] = json.loads(GOLDEN.read_text())
QUICK = [name for name, job in JOBS.items() if job.rows <= 20]
OTHERS = {
    "hashes in another order": {"PYTHONHASHSEED": "7"},
    "another language and time zone": {"LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Kathmandu"},
}


def lanes() -> dict[str, dict[str, str]]:
    if why_missing():
        return {}
    return {f"lanes of {build}": {"VIEWPOINT100K_LANES": build} for build in load().builds()}


ENVIRONMENTS = {**ARITHMETIC, **OTHERS, **lanes()}
BLENDS = {
    FEW[0]: (FEW[0], "hashes in another order"),
    FEW[1]: (FEW[1], "another language and time zone"),
    FEW[2]: (FEW[2], "lanes of plain"),
}
"""Environments that differ in several ways at once. The slow tests change one thing at a time."""
WIDE = ["Prescott with 8 threads", "SkylakeX with 1 threads", *OTHERS, *lanes()]
"""Environments in which all jobs of at most 20 rows run."""
FIRST = ["viewpoint-100k 20", "decoupled 20"]
"""The jobs that run in every environment."""


def at_hand(names: list[str]) -> list[str]:
    return [name for name in names if JOBS[name].folder is None or JOBS[name].folder.exists()]


def test_every_job_has_a_committed_digest() -> None:
    assert set(DIGESTS) == set(JOBS)


@pytest.fixture(scope="module")
def built_here() -> Mapping[str, Mapping[str, str]]:
    """The digests of all small sets that can be built here, made by one process."""
    found: Mapping[str, Mapping[str, str]] = json.loads(run_in({}, SCRIPT, *at_hand(QUICK)))
    return found


@pytest.mark.parametrize("name", QUICK)
def test_a_small_set_has_the_committed_digests(name: str, built_here: Mapping[str, Mapping[str, str]]) -> None:
    if not at_hand([name]):
        pytest.skip(f"the real assets are not here: no folder {JOBS[name].folder}")
    assert built_here[name] == DIGESTS[name]


@pytest.mark.parametrize("blend", BLENDS)
def test_environments_that_differ_in_several_ways_build_the_same_rows(blend: str) -> None:
    variables = {key: value for name in BLENDS[blend] for key, value in ENVIRONMENTS[name].items()}
    assert json.loads(run_in(variables, SCRIPT, *FIRST)) == {name: DIGESTS[name] for name in FIRST}


@pytest.mark.slow
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_environment_builds_the_same_rows(environment: str) -> None:
    printed = json.loads(run_in(ENVIRONMENTS[environment], SCRIPT, *FIRST))
    assert printed == {name: DIGESTS[name] for name in FIRST}


@pytest.mark.slow
@pytest.mark.parametrize("environment", WIDE)
def test_environments_build_the_same_rows_of_meshes_and_captures(environment: str) -> None:
    names = at_hand([name for name in QUICK if name not in FIRST])
    if not names:
        pytest.skip("the real assets are not here: they are in ../shared")
    printed = json.loads(run_in(ENVIRONMENTS[environment], SCRIPT, *names))
    assert printed == {name: DIGESTS[name] for name in names}


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 3])
def test_a_build_on_disk_has_the_same_digests(workers: int, tmp_path: Path) -> None:
    job = JOBS["viewpoint-100k 20"]
    sets = [part for setting in job.settings() for part in ("--set", setting)]
    out = tmp_path / "set"
    built = run_command("build", job.config, "--rows", str(job.rows), *sets, "--workers", str(workers), "--out", out)
    assert built.returncode == 0, built.stderr
    expected = DIGESTS["viewpoint-100k 20"]
    stated = json.loads((out / ".build" / "manifest.json").read_text())["rows"]
    assert {name: stated[name] for name in expected} == expected
    assert expected["numbers"] in built.stdout
    assert run_here("verify", out, "--digest", expected["content"]).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_environment_builds_the_same_larger_sets(environment: str) -> None:
    names = at_hand([name for name, job in JOBS.items() if job.rows > 20])
    printed = json.loads(run_in(ENVIRONMENTS[environment], SCRIPT, *names))
    assert printed == {name: DIGESTS[name] for name in names}
