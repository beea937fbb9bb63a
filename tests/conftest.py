"""Shared by the test files: running the command line, and a small data set that is built once."""

import fcntl
import hashlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from viewpoint100k.cli.app import main
from viewpoint100k.runtime.environment import environment

SMALL = ["--set", "images.size=96", "--set", "rows_per_shard=30"]
"""A data set of several shards in a few seconds."""

ONE_WORKER = ["--workers", "1"]
"""For builds that do not test the number of workers. Each worker takes half a second of CPU time to start."""

REAL_ASSETS = Path(__file__).parents[2] / "shared" / "assets"

LONG = [
    *("audit", "dataset", "golden", "survey", "cli", "plugins", "interface", "bench", "sources", "capture_builds"),
    *("publish", "engines", "template_errors", "publish_forms", "tour", "digests", "answerability", "planted_errors"),
]
"""The files that take most processor time, by `cpu_profile`, the most expensive first. They begin first, so that no
process is left alone with one of them at the end."""

UNLUCKY = [HealthCheck.too_slow, HealthCheck.filter_too_much]
"""What fails on a busy machine, or where many of the first examples do not fit. Neither says anything of the code."""
settings.register_profile("steady", deadline=None, suppress_health_check=UNLUCKY)
settings.load_profile("steady")

Run = Callable[..., subprocess.CompletedProcess[str]]


def run_command(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs ``viewpoint100k`` as a user would, in a process of its own."""
    command = [sys.executable, "-m", "viewpoint100k", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=240)


def run_here(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Like `run_command`, but in this process. This saves the start of a process and its imports."""
    output, errors = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(output), redirect_stderr(errors):
        patch.setattr(sys, "argv", ["viewpoint100k", *map(str, arguments)])
        if cwd is not None:
            patch.chdir(cwd)
        with pytest.raises(SystemExit) as ended:
            main()
    code = int(ended.value.code or 0)
    return subprocess.CompletedProcess(list(map(str, arguments)), code, output.getvalue(), errors.getvalue())


def shard_hashes(folder: Path) -> dict[str, str]:
    """sha256 of every shard by its name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("data/*.parquet"))}


@pytest.fixture(scope="session", autouse=True)
def cache_of_our_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder of the tests' own, so that they do not change the user's. Gives the folder."""
    folder = tmp_path_factory.mktemp("cache")
    with environment({"XDG_CACHE_HOME": str(folder)}):
        yield folder


def pytest_make_parametrize_id(val: object) -> str | None:
    """Names bytes by their length. They may contain the time of day, and every process must collect the same tests."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {f"test_{name}": number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONG)))


def built_once(factory: pytest.TempPathFactory, name: str, *build: str | Path) -> Path:
    """The data set of ``viewpoint100k build`` with the arguments ``build``, in a folder ``name`` of this test process.

    The first process that needs the set builds it. The others copy it.
    """
    own = factory.getbasetemp() / "sets" / name
    if own.is_dir():
        return own
    shared = factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else factory.getbasetemp()
    original = shared / "originals" / name
    original.parent.mkdir(exist_ok=True)
    with (original.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (original / "README.md").is_file():
            done = run_command("build", *build, "--out", original, "--workers", "1")
            assert done.returncode == 0, done.stderr
    shutil.copytree(original, own)
    return own


@pytest.fixture(scope="session")
def small_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """70 training and 10 test rows of procedural objects, built with one worker."""
    return built_once(tmp_path_factory, "viewpoint-100k", "viewpoint-100k", "--rows", "70", *SMALL)


@pytest.fixture(scope="session")
def real_meshes() -> Path:
    """A folder of scanned and modelled objects that this project did not make."""
    folder = REAL_ASSETS / "meshes"
    if not folder.is_dir():
        pytest.skip(f"the real meshes are not here: no folder {folder}")
    return folder
