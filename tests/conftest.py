"""What several test files share: a small data set, built once, through the command line."""

import hashlib
import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from viewpoint100k.cli.app import main
from viewpoint100k.runtime.environment import environment

SMALL = ["--set", "images.size=96", "--set", "rows_per_shard=30"]
"""A data set of several shards in a few seconds."""

REAL_ASSETS = Path(__file__).parents[2] / "shared" / "assets"

Run = Callable[..., subprocess.CompletedProcess[str]]


def run_command(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs ``viewpoint100k`` as a user would, in a process of its own."""
    command = [sys.executable, "-m", "viewpoint100k", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=240)


def run_here(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Like `run_command`, but in this process, which saves the second in which a new process imports the package."""
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
    """Tests leave what the user's machine knows of assets alone; gives the folder of theirs."""
    folder = tmp_path_factory.mktemp("cache")
    with environment({"XDG_CACHE_HOME": str(folder)}):
        yield folder


def pytest_make_parametrize_id(val: object) -> str | None:
    """Content that may hold the time of day is named by its length: every process must collect the same tests."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def small_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """70 training and 10 test rows of procedural objects, built with one worker."""
    out = tmp_path_factory.mktemp("built") / "viewpoint-100k"
    done = run_command("build", "viewpoint-100k", "--rows", "70", "--out", out, "--workers", "1", *SMALL)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="session")
def real_meshes() -> Path:
    """A folder of scanned and modelled objects that this project did not make."""
    folder = REAL_ASSETS / "meshes"
    if not folder.is_dir():
        pytest.skip(f"the real meshes are not here: no folder {folder}")
    return folder
