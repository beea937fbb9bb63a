"""The wheel and the sdist contain the files of the tree, and a build runs from the wheel."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from scikit_build_core import build

ROOT = Path(__file__).parents[1]
PACKAGES = ("viewpoint100k", "renderers", "question_templates", "recipe")
BESIDE_IN_SDIST = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "dataset_card.md", "PKG-INFO"}
RENDERER, LOOPS = "renderers/software/native/", "viewpoint100k/native/"
"""Sources of the two extensions. A wheel has the compiled extensions, and of the sources those that GPU kernels are
compiled from at run time."""
WITHOUT_EXTENSION = {"wheel.cmake": "false", "wheel.py-api": "py3"}
"""As on a machine without a compiler. This takes a second instead of a minute."""


def files_below(*folders: str) -> dict[str, bytes]:
    """Every file in the tree's ``folders`` except compiled ones, by its path from the root."""
    paths = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file())
    return {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for path in paths
        if path.suffix not in (".pyc", ".so") and "__pycache__" not in path.parts
    }


def wheel_files(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}


def sdist_files(path: Path) -> dict[str, bytes]:
    """Files by their path below the sdist's single folder."""
    with tarfile.open(path) as archive:
        members = [member for member in archive.getmembers() if member.isfile()]
        read = {member.name: archive.extractfile(member) for member in members}
        return {name.split("/", 1)[1]: file.read() for name, file in read.items() if file}


def built(source: Path, out: Path, settings: dict[str, list[str] | str]) -> tuple[Path, Path]:
    """(wheel, sdist) of the tree ``source``, built in this process."""
    out.mkdir(parents=True, exist_ok=True)
    with contextlib.chdir(source):
        return out / build.build_wheel(str(out), settings), out / build.build_sdist(str(out), settings)


@pytest.fixture(scope="module")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel that is made without a compiler, and the sdist."""
    return built(ROOT, tmp_path_factory.mktemp("dist"), dict(WITHOUT_EXTENSION))


@pytest.fixture(scope="module")
def compiled(distribution: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel with the extensions, built from the sdist."""
    if shutil.which("c++") is None:
        pytest.skip("there is no C++ compiler")
    folder = tmp_path_factory.mktemp("compiled")
    return built(unpacked(distribution[1], folder), folder / "dist", {})[0]


def is_compiled_before(name: str) -> bool:
    """True if a file is only in the sdist."""
    if name.startswith(LOOPS):
        return True
    return name.startswith(RENDERER) and (name.endswith(".cpp") or name == RENDERER + "CMakeLists.txt")


def unpacked(sdist: Path, folder: Path) -> Path:
    """The tree of files in an sdist."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    return source


def test_the_wheel_holds_the_packages_and_the_card_and_nothing_else(distribution: tuple[Path, Path]) -> None:
    card = {"viewpoint100k/dataset_card.md": (ROOT / "dataset_card.md").read_bytes()}
    expected = {
        name: content for name, content in files_below(*PACKAGES).items() if not is_compiled_before(name)
    } | card
    found = wheel_files(distribution[0])
    assert set(found) == set(expected)
    assert all(found[name] == content for name, content in expected.items())


def test_what_is_read_at_run_time_is_in_the_wheel(distribution: tuple[Path, Path]) -> None:
    """Number of files by kind, so that a file in a folder that is not packed is noticed."""
    found = set(wheel_files(distribution[0]))
    for one in (
        "viewpoint100k/plan/configs/viewpoint-100k.yaml",
        "viewpoint100k/dataset_card.md",
        "viewpoint100k/report/report.html.j2",
        "viewpoint100k/report/report.css",
        "viewpoint100k/report/report.js",
        "question_templates/ego_translation.yaml",
        "question_templates/parts/en.yaml",
        "renderers/shaders/surface.frag",
        "renderers/software/native/kernels.cu",
        "renderers/software/native/shade.h",
        "renderers/software/native/lanes/plain.h",
        "renderers/shaders/pyrender/mesh.vert",
        "recipe/__init__.py",
        "viewpoint100k/py.typed",
        "renderers/py.typed",
    ):
        assert one in found


def test_the_sdist_holds_the_packages_and_their_papers_and_nothing_else(distribution: tuple[Path, Path]) -> None:
    expected = files_below(*PACKAGES, "docs")
    found = sdist_files(distribution[1])
    assert set(found) == set(expected) | BESIDE_IN_SDIST
    assert all(found[name] == content for name, content in expected.items())


def test_the_sdist_builds_the_same_wheel(distribution: tuple[Path, Path], tmp_path: Path) -> None:
    again, _ = built(unpacked(distribution[1], tmp_path), tmp_path / "dist", dict(WITHOUT_EXTENSION))
    assert wheel_files(again) == wheel_files(distribution[0])


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_compiled_wheel_adds_the_extensions_and_nothing_else(
    distribution: tuple[Path, Path], compiled: Path, tmp_path: Path
) -> None:
    plain, found = wheel_files(distribution[0]), wheel_files(compiled)
    extensions = sorted(set(found) - set(plain))
    assert [name.partition(".")[0] for name in extensions] == ["renderers/software/_native", "viewpoint100k/_compiled"]
    assert {name: content for name, content in found.items() if name not in extensions} == plain
    again, _ = built(unpacked(distribution[1], tmp_path), tmp_path / "dist", {})
    for name in extensions:
        assert wheel_files(again)[name] == found[name]  # another folder leaves no trace in it


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_wheel_works_in_an_empty_environment_from_another_folder(compiled: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}

    def run(*command: str | Path) -> str:
        done = subprocess.run(
            [*map(str, command)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=900
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(sys.executable, "-m", "venv", "empty")
    python, command = tmp_path / "empty" / "bin" / "python", tmp_path / "empty" / "bin" / "viewpoint100k"
    run(python, "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", compiled)
    installed = run(python, "-c", "import viewpoint100k; print(viewpoint100k.__file__)")
    assert Path(installed.strip()).is_relative_to(tmp_path / "empty")
    settings = ("--set", "renderer=software", "--set", "images.size=96", "--set", "limits.max_quarantined=0")
    run(command, "build", "viewpoint-100k", "--rows", "20", "--out", "mine", *settings)
    assert "30 rows" in run(python, "-m", "viewpoint100k", "verify", "mine")
    run(command, "report", "mine")
    assert "pretty_name: viewpoint-100k" in (tmp_path / "mine" / "README.md").read_text()
    run(command, "export", "mine", "--to", "jsonl", "--out", "lines")
    assert len((tmp_path / "lines" / "train.jsonl").read_text().splitlines()) == 20
    run(python, "-c", "import recipe, renderers, question_templates")
