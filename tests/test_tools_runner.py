"""`tests/tools/run.py`: where the code of a tool that is on no package index comes from."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

TOOLS = Path(__file__).parent / "tools"


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    import run

    monkeypatch.setattr(run, "CACHE", tmp_path / "tools")
    return run


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *who, "-C", str(folder), *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def tool(tmp_path: Path) -> dict[str, Any]:
    """A tool of two commits, of which the first is asked for, in a folder of clones."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    repository = tmp_path / "clones" / "Tool"
    package = repository / "src" / "package"
    package.mkdir(parents=True)
    git(repository, "init", "--quiet")
    commits = []
    for version in ("1", "2"):
        (package / "code.py").write_text(f"version = {version}\n")
        (package / "film.mp4").write_text("not needed")
        git(repository, "add", "--all")
        git(repository, "commit", "--quiet", "--message", version)
        commits.append(git(repository, "rev-parse", "HEAD"))
    return {"repository": "https://nowhere.invalid/owner/Tool", "commit": commits[0], "package": "src/package"}


def test_the_code_of_a_tool_is_that_of_its_commit(runner: ModuleType, tool: dict[str, Any], tmp_path: Path) -> None:
    code = runner._code("tool", tool, tmp_path / "clones")
    assert (code / "package" / "code.py").read_text() == "version = 1\n"
    assert not (code / "package" / "film.mp4").exists()
    day = git(tmp_path / "clones" / "Tool", "log", "-1", "--format=%cs", tool["commit"])
    assert runner._commit(tool, code) == {"commit": f"{tool['commit'][:7]} of {day}"}
    shutil.rmtree(tmp_path / "clones")
    assert runner._code("tool", tool, tmp_path / "clones") == code


def test_a_tool_whose_code_cannot_be_cloned_is_reported_as_not_here_and_has_no_result(
    runner: ModuleType, tool: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    shutil.rmtree(tmp_path / "clones" / "Tool")
    monkeypatch.setattr(runner, "_sample", lambda: (tmp_path, tmp_path))
    monkeypatch.setattr(sys, "argv", ["run.py", "easyr1", "--clones", str(tmp_path / "clones")])
    assert runner.main() == 0
    assert capsys.readouterr().out.startswith("not here easyr1: ")
    assert not list((tmp_path / "tools").rglob("results.json"))
    with pytest.raises(runner.NotHere, match="--clones"):
        runner._code("tool", tool | {"commit": "0" * 40}, tmp_path / "clones")


def test_every_tool_is_on_an_index_or_has_a_whole_commit() -> None:
    for name, tool in yaml.safe_load((TOOLS / "tools.yaml").read_text()).items():
        script = tool.get("script", tool.get("pytest"))
        assert (TOOLS / script).is_file() or (TOOLS.parents[1] / script).is_file(), name
        assert ("repository" in tool) == ("commit" in tool), name
        assert len(tool.get("commit", "0" * 40)) == 40, name
        assert all("==" in one for one in tool["requires"][:1]), name
