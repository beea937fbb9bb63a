"""The command line as a user meets it: three closing lines, and one sentence with exit code 2 for each mistake."""

import pickle
import re
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import trimesh
from conftest import ONE_WORKER, SMALL, Run, run_command, run_here
from test_dataset import start_build, wait_for

from viewpoint100k.errors import AssetError, MissingExtraError

BUILD = ["build", "viewpoint-100k", *SMALL, *ONE_WORKER]


def refusal(*arguments: str | Path, cwd: Path | None = None, run: Run = run_here) -> str:
    done = run(*arguments, cwd=cwd)
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    # On a slow machine, progress is shown before the error.
    lines = [line for line in done.stderr.strip().splitlines() if not re.match(r"\w+: \d+ of \d+ \w+, ", line)]
    assert len(lines) == 1, lines
    return lines[0]


def test_a_build_ends_with_rows_assets_and_how_to_load_it(tmp_path: Path) -> None:
    done = run_command(*BUILD, "--rows", "20", "--out", "mine", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows, assets, *digests, where = done.stdout.splitlines()
    assert len(digests) == 2
    assert rows == "rows: 20 train, 10 test"
    assert assets.startswith("assets: ")
    assert assets.endswith("0 dropped")
    assert where == f"mine: load it from {tmp_path} with datasets.load_dataset('mine')"
    assert "20 of 30 rows" in done.stderr or "30 of 30 rows" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rows", "abc"], ["--rows", "integer"]),
        (["--bogus"], ["--bogus"]),
        (["--engine", "moon"], ["moon", "local or ray"]),
        (["--set", "views.fill=[.nan, .nan]"], ["views.fill", "finite"]),
        (["--set", "questions.ego_rotation=.inf"], ["questions.ego_rotation", "finite"]),
        (["--rows", "0"], ["rows", "at least 1", "greater than or equal to 1"]),
        (["--set", "colour=red"], ["unknown key colour", "rows_per_shard"]),
        (["--source", "meshes:nowhere"], ["nowhere"]),
        (["--source", "moon"], ["unknown source 'moon'", "meshes:DIR"]),
        (["--source", "meshes"], ["meshes:DIR"]),
        (["--shards", "3/2"], ["--shards 3/2", "I/N"]),
        (["--shards", "half"], ["--shards half", "I/N"]),
        (["--workers", "0"], ["--workers", "at least 1"]),
        (["--set", "questions={nothing: 1}"], ["nothing", "ego_translation"]),
    ],
)
def test_a_mistake_is_answered_in_one_sentence(tmp_path: Path, arguments: list[str], words: list[str]) -> None:
    sentence = refusal(*BUILD, "--out", "mine", *arguments, cwd=tmp_path)
    assert any(word in sentence for word in words), sentence
    assert words[-1] in sentence
    assert not (tmp_path / "mine").exists()


def test_a_verb_that_does_not_exist_and_a_missing_argument_are_named(tmp_path: Path) -> None:
    assert "frob" in refusal("frob", run=run_command)
    assert "FOLDER" in refusal("verify").upper()


def test_an_output_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "file/x" in refusal(*BUILD, "--out", tmp_path / "file" / "x")


def test_ctrl_c_says_how_to_go_on_and_is_not_success(tmp_path: Path) -> None:
    out = tmp_path / "mine"
    process = start_build(out, rows=600)
    wait_for(out, ".build/blocks/*.arrow", process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 130
    assert "the same command continues" in errors
    assert "Traceback" not in errors


def test_ctrl_c_ends_the_work_even_if_a_library_catches_it() -> None:
    """Ctrl-C during an import: some packages catch everything as they are imported. Others run `exec` there."""
    program = (
        "import os, signal, sys; from contextlib import suppress\n"
        "from viewpoint100k.runtime.exit import run_app; from viewpoint100k.runtime.progress import Progress\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def app(args, standalone_mode):\n"
        "    with suppress(BaseException):\n"
        "        exec('os.kill(os.getpid(), signal.SIGINT)')\n"
        "    print('going on')\n"
        "    Progress('building', 'rows', 10).advance(1)\n"
        "    print('the work went on')\n"
        "run_app('program', app)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (130, "going on\n"), done.stderr
    assert done.stderr == "program: stopped\n"


def test_a_build_killed_in_its_first_instant_can_be_begun_again(tmp_path: Path) -> None:
    for folder in ("data", ".build/shards", ".build/blocks"):
        (tmp_path / "mine" / folder).mkdir(parents=True)
    done = run_command(*BUILD, "--rows", "10", "--out", tmp_path / "mine")
    assert done.returncode == 0, done.stderr


def test_a_source_whose_files_changed_is_another_build(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for i in range(3):
        trimesh.creation.box([1, 2, 3 + i]).export(folder / f"{i}.glb")
    build = [*BUILD, "--rows", "60", "--source", f"meshes:{folder}", "--out", tmp_path / "out"]
    assert run_command(*build, "--shards", "0/2").returncode == 0
    (folder / "0.glb").write_bytes(b"glTF")
    assert "assets 3, now 2" in refusal(*build, "--shards", "1/2")


@pytest.mark.parametrize("name", ["ego_rotation", "mine"])
def test_two_templates_cannot_share_a_question_type(tmp_path: Path, name: str) -> None:
    template = (Path(__file__).parents[1] / "question_templates" / "ego_rotation.yaml").read_text()
    for copy in ("a.yaml", "b.yaml"):
        (tmp_path / copy).write_text(template.replace("question_type: ego_rotation", f"question_type: {name}"))
    questions = "questions={a.yaml: 1, b.yaml: 1}"
    assert "question_type" in refusal(*BUILD, "--set", questions, "--out", "out", cwd=tmp_path)


def test_a_folder_without_meshes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    sentence = refusal(*BUILD, "--out", "mine", "--source", "meshes:empty", cwd=tmp_path)
    assert "empty" in sentence


def test_an_output_folder_of_another_config_is_left_as_it_is(small_dataset: Path) -> None:
    before = {path: path.read_bytes() for path in small_dataset.rglob("*") if path.is_file()}
    sentence = refusal(*BUILD, "--rows", "71", "--out", small_dataset)
    assert "another config" in sentence
    assert "rows 70, now 71" in sentence
    assert {path: path.read_bytes() for path in small_dataset.rglob("*") if path.is_file()} == before


def test_an_output_folder_with_something_else_in_it_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("five years of work")
    sentence = refusal(*BUILD, "--rows", "20", "--out", tmp_path)
    assert "not empty" in sentence
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_changed_shard_is_noticed_when_a_build_continues(small_dataset: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "viewpoint-100k"
    shutil.copytree(small_dataset, copy)
    (copy / "data" / "train-00001-of-00003.parquet").write_bytes(b"short")
    done = run_here(*BUILD, "--rows", "70", "--out", copy)
    assert done.returncode == 1
    assert "train-00001-of-00003.parquet is missing or changed" in done.stderr


@pytest.mark.parametrize("verb", ["build", "verify", "doctor", "bench"])
def test_every_verb_has_help_with_an_example(verb: str) -> None:
    done = run_here(verb, "--help")
    assert done.returncode == 0
    assert f"Example: viewpoint100k {verb}" in done.stdout


def test_verify_accepts_what_build_made(small_dataset: Path) -> None:
    done = run_command("verify", small_dataset)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "80 rows" in done.stdout


@pytest.mark.skipif(find_spec("bpy") is not None, reason="bpy is installed")
def test_a_renderer_that_is_not_installed_is_one_sentence_and_begins_nothing(tmp_path: Path) -> None:
    done = run_here("build", "viewpoint-100k", "--rows", "4", "--set", "renderer=blender", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert re.fullmatch(r"viewpoint100k: error: bpy is not installed: run  pip install .*\[blender\]'\n", done.stderr)
    assert not (tmp_path / "out").exists()


def test_errors_travel_from_a_worker_to_its_parent() -> None:
    for error in (MissingExtraError("bpy", "blender"), AssetError("texture_missing", "cup.obj has no texture")):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_doctor_names_the_renderer() -> None:
    done = run_command("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "GL" in done.stdout


def test_importing_the_package_loads_nothing_heavy() -> None:
    import subprocess
    import sys

    code = "import sys, viewpoint100k, renderers; print({'moderngl','torch','datasets','trimesh'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
