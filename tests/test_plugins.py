"""The example package is really installed. Its source, renderer, export and audit work with the command line."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

EXAMPLE = Path(__file__).parents[1] / "examples" / "plugin"

BROKEN = """\
[project]
name = "viewpoint100k-broken"
version = "0.1.0"
[project.entry-points."viewpoint100k.sources"]
broken = "no_such_module:open"
[tool.setuptools]
py-modules = []
"""

RUN_ALL = """
import json, sys
from conftest import run_here
done = [run_here(*command) for command in json.loads(sys.argv[1])]
print(json.dumps([(one.returncode, one.stderr) for one in done]))
"""
"""Runs several commands in one process and prints their exit codes and errors."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the example, and a package whose entry point names nothing."""
    folder = tmp_path_factory.mktemp("site")
    broken = tmp_path_factory.mktemp("broken")
    (broken / "pyproject.toml").write_text(BROKEN)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
    run = subprocess.run([*pip, str(EXAMPLE), str(broken)], capture_output=True, text=True, cwd=folder, timeout=240)
    if run.returncode:
        pytest.skip(f"pip could not install the example: {run.stderr.strip().splitlines()[-1]}")
    return folder


def run(site: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH", "")]))
    command = [sys.executable, "-m", "viewpoint100k", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": path}
    return subprocess.run(command, capture_output=True, text=True, timeout=240, env=environment)


@pytest.fixture(scope="module")
def towers(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("towers") / "towers"
    sets = ["--set", "images.size=96", "--set", "renderer=outlined"]
    built = run(
        site, "build", "viewpoint-100k", "--rows", "40", "--source", "blocks:60", *sets, "--out", out, "--workers", "1"
    )
    assert built.returncode == 0, built.stderr
    return out


def test_the_source_and_the_renderer_make_a_set_that_verifies(site: Path, towers: Path) -> None:
    verified = run(site, "verify", towers)
    assert verified.returncode == 0, verified.stderr
    row = _row(towers)
    assert row["source"] == "blocks"
    assert row["asset_id"].startswith("tower-")
    assert row["renderer"].startswith("outlined over opengl")


def test_the_renderers_line_is_around_the_object(towers: Path, tmp_path: Path) -> None:
    (tmp_path / "one.jpg").write_bytes(_row(towers)["images"][0]["bytes"])
    pixels = np.asarray(Image.open(tmp_path / "one.jpg")).astype(int)
    assert ((pixels < 70).all(axis=2)).sum() > 30


def test_the_audit_takes_part_and_the_export_writes_its_table(site: Path, towers: Path, tmp_path: Path) -> None:
    audited = run(site, "audit", towers, "--json")
    found = {result["audit"]: result for result in json.loads(audited.stdout)["results"]}
    assert found["question_length"]["rows"] == 50
    exported = run(site, "export", towers, "--to", "csv", "--out", tmp_path / "table")
    assert exported.returncode == 0, exported.stderr
    with (tmp_path / "table" / "train.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 40
    assert lines[0]["question"] == _row(towers)["question"]


def test_mistakes_are_told_in_one_sentence(site: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    mistakes = (
        (["build", "viewpoint-100k", "--source", "blocks:many", "--out", out], "must be blocks:COUNT"),
        (["build", "viewpoint-100k", "--source", "nothing", "--out", out], "blocks"),
        (["build", "viewpoint-100k", "--source", "broken", "--out", out], "cannot be imported"),
        (["build", "viewpoint-100k", "--set", "renderer=none", "--out", out], "outlined"),
        (["export", tmp_path, "--to", "nothing", "--out", out], "csv"),
    )
    commands = json.dumps([[str(argument) for argument in arguments] for arguments, _ in mistakes])
    path = os.pathsep.join(filter(None, [str(site), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]))
    done = subprocess.run(
        [sys.executable, "-c", RUN_ALL, commands],
        capture_output=True,
        text=True,
        timeout=240,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr
    for (code, stderr), (_, said) in zip(json.loads(done.stdout), mistakes, strict=True):
        assert code == 2
        assert said in stderr
        assert "Traceback" not in stderr
    assert not out.exists()


def _row(folder: Path) -> dict[str, object]:
    import pyarrow.parquet as pq

    (path,) = folder.glob("data/train-*.parquet")
    return pq.read_table(path).slice(0, 1).to_pylist()[0]
