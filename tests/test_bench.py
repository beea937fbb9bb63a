"""`viewpoint100k bench`: its output, the consistency of its figures, and the removal of its files.

No test depends on speed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from test_cli import refusal

from viewpoint100k import __version__
from viewpoint100k.assets import open_source
from viewpoint100k.assets.asset import MeshAsset
from viewpoint100k.assets.mesh_files.glb_writing import write_glb
from viewpoint100k.assets.meshes import MeshesSource
from viewpoint100k.bench.builds import measure_build, pace_once_started, time_of_whole_set
from viewpoint100k.bench.peer import MOST_OBJECTS, PeerError, measure_peer, peer_files, why_no_peer
from viewpoint100k.bench.processes import Failure, run_module
from viewpoint100k.bench.results import (
    BenchReport,
    BenchSettings,
    BuildSpeed,
    Estimate,
    FirstRow,
    Pace,
    PeerSpeed,
    StageTimes,
)
from viewpoint100k.bench.table import format_bench
from viewpoint100k.errors import MissingExtraError, UsageError

ROOT = Path(__file__).parents[1]
TINY = ["bench", "--rows", "12", "--size", "64", "--workers", "1", "--folders", "3"]
HAS_PYRENDER = importlib.util.find_spec("pyrender") is not None
needs_pyrender = pytest.mark.skipif(not HAS_PYRENDER, reason="pyrender is not installed: there is no usual loop")


def run_bench(
    *arguments: str | Path, temporary: Path, python_path: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs the tiny benchmark with a folder of its own for temporary files."""
    temporary.mkdir(exist_ok=True)
    environment = os.environ | {"TMPDIR": str(temporary)}
    if python_path is not None:
        environment["PYTHONPATH"] = os.pathsep.join([str(python_path), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "viewpoint100k", *TINY, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, timeout=280)


def numbers(content: object) -> Iterator[float]:
    """Every number of a JSON value, however deep."""
    if isinstance(content, dict):
        content = list(content.values())
    if isinstance(content, list):
        for value in content:
            yield from numbers(value)
    elif isinstance(content, int | float) and not isinstance(content, bool):
        yield content


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def done(temporary: Path) -> subprocess.CompletedProcess[str]:
    """A tiny real run. The slow tests measure the usual loop, which needs a larger build."""
    finished = run_bench("--json", "--no-peer", temporary=temporary)
    assert finished.returncode == 0, finished.stderr
    return finished


@pytest.fixture(scope="module")
def printed(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The output. All of stdout is one JSON object."""
    content: dict[str, Any] = json.loads(done.stdout)
    return content


def test_json_holds_builds_and_stages_and_says_what_they_are(printed: dict[str, Any]) -> None:
    assert printed["version"] == __version__
    assert printed["settings"] == {
        "rows": 12,
        "workers": 1,
        "source": "procedural",
        "image_size": 64,
        "peer": False,
        "folders": [3],
    }
    build = printed["build"]
    assert build["rows"] == 12 + 10
    assert build["frames"] > build["rows"]  # A walk of n pairs has n + 1 frames.
    assert printed["start_up"]["rows"] == 1 + 10
    assert "start-up included" in printed["about"]["build"]
    assert {"load", "color", "encode", "answerability", "other"} <= set(printed["stages"]["by_stage_ms"])
    assert printed["stages"]["renderer"] == "software 1"


def test_every_figure_is_positive(printed: dict[str, Any]) -> None:
    stages = printed["stages"].pop("by_stage_ms")
    try:
        found = list(numbers(printed))
    finally:
        printed["stages"]["by_stage_ms"] = stages
    assert len(found) > 20
    assert min(found) > 0
    assert min(stages.values()) >= 0


def test_rates_follow_from_counts_and_seconds(printed: dict[str, Any]) -> None:
    for name in ("start_up", "build"):
        build = printed[name]
        assert build["rows_per_s"] == pytest.approx(build["rows"] / build["seconds"], rel=0.01)
        assert build["frames_per_s"] == pytest.approx(build["frames"] / build["seconds"], rel=0.01)


def test_stages_add_up_to_the_time_of_a_frame(printed: dict[str, Any]) -> None:
    stages = printed["stages"]
    assert sum(stages["by_stage_ms"].values()) == pytest.approx(stages["ms_per_frame"], abs=0.1)


def test_a_tiny_build_gives_an_upper_bound_for_the_whole_set(printed: dict[str, Any]) -> None:
    assert printed["pace"] is None
    assert printed["whole_set"]["is_upper_bound"]
    assert printed["whole_set"]["seconds"] == pytest.approx(101_000 / printed["build"]["rows_per_s"], rel=0.01)


def test_the_first_row_of_a_folder_comes_before_the_end_of_its_build(printed: dict[str, Any]) -> None:
    (first,) = printed["first_rows"]
    assert first["objects"] == first["loaded"] == 3
    assert 1 <= first["used"] <= 3
    assert first["seconds"] > 0
    assert first["seconds_again"] > 0


def test_without_a_peer_there_is_no_ratio(printed: dict[str, Any]) -> None:
    assert printed["peer"] is None
    assert printed["peer_left_out"] == "--no-peer was given"
    assert {printed[name] for name in printed if name.endswith("_over_peer")} == {None}


def test_progress_is_on_stderr_in_whole_lines(done: subprocess.CompletedProcess[str]) -> None:
    lines = done.stderr.splitlines()
    assert all(line.startswith("bench: ") for line in lines), lines
    assert "bench: a build of 12 rows" in lines
    assert "\r" not in done.stderr


def test_nothing_is_left_in_the_temporary_folder(done: subprocess.CompletedProcess[str], temporary: Path) -> None:
    assert done.returncode == 0
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rows", "0"], "--rows"),
        (["--size", "20"], "--size"),
        (["--source", "moon"], "unknown source 'moon'"),
        (["--source", "meshes:nowhere"], "nowhere"),
    ],
)
def test_a_mistake_is_answered_in_one_sentence(tmp_path: Path, arguments: list[str], words: str) -> None:
    assert words in refusal(*TINY, *arguments, cwd=tmp_path)


def test_what_a_build_says_when_it_fails_is_what_is_raised() -> None:
    settings = BenchSettings(rows=12, workers=1, source="meshes:nowhere", image_size=64)
    with pytest.raises(UsageError, match=r"^there is no folder nowhere: ") as caught:
        measure_build(settings, on_line=print)
    assert "Traceback" not in str(caught.value)


def speed(rows: int, frames: int, seconds: float, cpu_ms: float) -> BuildSpeed:
    return BuildSpeed(rows, frames, seconds, round(rows / seconds, 2), round(frames / seconds, 2), cpu_ms, 300)


START_UP = speed(10, 20, 10.0, 150.0)
"""Ten rows in ten seconds, three of them on a core."""


def test_the_pace_is_what_lies_beyond_the_start_up() -> None:
    build = speed(410, 420, 60.0, 57.5)  # 400 more rows and 400 more frames in 50 s take 24.15 - 3 CPU seconds.
    pace = pace_once_started(build, START_UP, workers=2)
    assert pace == Pace(rows_per_s=8.0, frames_per_s=8.0, cpu_ms_per_frame=52.9)
    assert time_of_whole_set(build, START_UP, pace) == Estimate(pytest.approx(10 + 100_990 / 8, abs=0.1), False)


@pytest.mark.parametrize(
    ("build", "workers"),
    [
        (speed(410, 420, 19.0, 60.0), 2),  # Mostly start-up.
        (speed(110, 120, 60.0, 60.0), 2),  # One block for two workers.
        (speed(410, 420, 9.0, 60.0), 2),  # Shorter than the start-up, on a noisy machine.
    ],
)
def test_a_short_build_tells_no_pace_and_bounds_the_whole_set(build: BuildSpeed, workers: int) -> None:
    assert pace_once_started(build, START_UP, workers) is None
    bound = time_of_whole_set(build, START_UP, None)
    assert bound.is_upper_bound
    assert bound.seconds == pytest.approx(101_000 * build.seconds / build.rows, abs=0.1)


def report(peer: bool = True, pace: bool = True) -> BenchReport:
    """Made by hand: the build makes 7 frames per second, 8 after its start. The peer makes 4."""
    build, without = speed(410, 420, 60.0, 57.5), speed(410, 420, 50.0, 50.0)
    return BenchReport(
        version="1.2",
        cores=2,
        settings=BenchSettings(rows=400, workers=2),
        stages=StageTimes("opengl, a card", 100, 50.0, {"load": 10.0, "color": 40.0, "other": 0.0}),
        start_up=START_UP,
        build=build,
        pace=Pace(8.0, 8.0, 52.9) if pace else None,
        whole_set=Estimate(12_634.0, is_upper_bound=not pace),
        first_rows=(FirstRow(1, 40, 3.25, 2.5, 1, 1, 310), FirstRow(100_000, 40, 6.0, 3.5, 15, 7, 330)),
        build_without_answerability=without if peer else None,
        pace_without_answerability=Pace(10.0, 10.0, 45.0) if peer and pace else None,
        peer=PeerSpeed("a card", 40, 360, 90.0, 4.0, 115.0, 12.0, 90.0, 11.0) if peer else None,
        peer_left_out=None if peer else "--no-peer was given",
        peer_failed=False,
    )


def check_ratios(printed: dict[str, Any]) -> None:
    """Each ratio is the quotient of the two rates beside it."""
    peer = printed["peer"]
    for name in ("build", "pace", "build_without_answerability", "pace_without_answerability"):
        speed, ratio = printed[name], printed[f"{name}_over_peer"]
        assert (speed is None) == (ratio is None)
        if speed is not None:
            frames, cpu = (
                speed["frames_per_s"] / peer["frames_per_s"],
                peer["cpu_ms_per_frame"] / speed["cpu_ms_per_frame"],
            )
            assert ratio["frames_per_s"] == pytest.approx(frames, abs=0.0051)
            assert ratio["cpu_ms_per_frame"] == pytest.approx(cpu, abs=0.0051)


def cells(text: str, label: str) -> list[str]:
    """The cells of the first line of the table that begins with ``label``."""
    line = next(line for line in text.splitlines() if line.strip().startswith(label))
    return re.split(r"  +", line.strip().removeprefix(label).strip())


def test_the_table_sets_the_build_beside_the_usual_loop() -> None:
    text = format_bench(report())
    assert cells(text, "frames a second") == ["7.00", "8.40", "4.00"]
    assert cells(text, "over the usual loop's") == ["1.75", "2.10"]
    assert cells(text, "CPU ms a frame") == ["57.5", "50.0", "115.0"]
    assert cells(text, "the usual loop's over it") == ["2.00", "2.30"]
    assert cells(text, "once started, frames a second") == ["8.00", "10.00"]
    assert cells(text, "100,000 rows take") == ["about 3 h 31 min"]
    assert cells(text, "color") == ["40.00", "80%"]
    assert cells(text, "100,000 objects") == ["6.0", "3.5", "15", "7", "330"]
    assert "without answerability: the same with pairs.min_answerability=0" in text
    assert all(len(line) <= 120 for line in text.splitlines()[1:])


def test_the_table_without_a_peer_says_why_and_has_no_ratio() -> None:
    text = format_bench(report(peer=False))
    assert "usual loop: not measured: --no-peer was given" in text
    assert "over the usual loop's" not in text
    assert cells(text, "frames a second") == ["7.00"]
    assert report(peer=False).ratios["build_over_peer"] is None


def test_the_table_of_a_short_build_says_that_it_is_short() -> None:
    text = " ".join(format_bench(report(pace=False)).split())
    assert "100,000 rows take at most 3 h 31 min" in text
    assert "too short to predict a long one" in text
    assert "--rows 400 or more" in text
    assert "once started, frames" not in text


def test_where_pyrender_is_missing_the_reason_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyrender", None)
    settings = BenchSettings(rows=12, workers=1)
    assert why_no_peer(settings) == str(MissingExtraError("pyrender", "pyrender"))
    assert why_no_peer(BenchSettings(rows=12, workers=1, peer=False)) == "--no-peer was given"
    photographs = why_no_peer(BenchSettings(rows=12, workers=1, source="co3d:x,nerf:y*2"))
    assert photographs is not None
    assert "photographs" in photographs


def test_a_procedural_object_comes_back_from_its_glb_file(tmp_path: Path) -> None:
    made = open_source("procedural").load("bus-000000")
    assert isinstance(made, MeshAsset)
    write_glb(made.mesh, tmp_path / "bus.glb")
    read = MeshesSource(tmp_path).load("bus.glb").mesh
    assert read.triangle_count == made.mesh.triangle_count
    assert len(read.primitives) == len(made.mesh.primitives)
    for ours, theirs in zip(made.mesh.primitives, read.primitives, strict=True):
        # Compare the corners of triangles, because the reader leaves out vertices that no triangle uses.
        np.testing.assert_allclose(theirs.positions[theirs.triangles], ours.positions[ours.triangles], atol=1e-5)
        np.testing.assert_allclose(theirs.normals[theirs.triangles], ours.normals[ours.triangles], atol=1e-4)
        np.testing.assert_allclose(theirs.material.base_color, ours.material.base_color, atol=1 / 250)
        assert theirs.material.roughness == pytest.approx(ours.material.roughness)
        texture, stored = ours.material.base_color_texture, theirs.material.base_color_texture
        assert (texture is None) == (stored is None)
        if texture is not None and stored is not None:
            np.testing.assert_array_equal(stored.pixels[..., :3], texture.pixels)
            assert ours.uvs is not None
            assert theirs.uvs is not None
            np.testing.assert_allclose(theirs.uvs[theirs.triangles], ours.uvs[ours.triangles], atol=1e-5)


def test_the_peer_is_given_the_build_s_own_files_and_others_as_glb(tmp_path: Path) -> None:
    objects = tmp_path / "objects"
    objects.mkdir()
    trimesh.creation.box([1, 2, 3]).export(objects / "box.glb")
    trimesh.creation.box([3, 2, 1]).export(objects / "box.obj")
    (tmp_path / "out").mkdir()
    files = peer_files(MeshesSource(objects), ["box.glb", "box.obj"], tmp_path / "out")
    assert files[0] == objects / "box.glb"
    assert [path.parent for path in files] == [objects, tmp_path / "out"]
    assert trimesh.load(files[1], force="scene").bounds[1] * 2 == pytest.approx(
        [3 / 1.87, 2 / 1.87, 1 / 1.87], rel=0.01
    )  # The shape of a box does not show the up axis: an OBJ file's +Y is kept, as in the GLB.


def test_of_many_objects_the_peer_is_given_some_from_all_over(tmp_path: Path) -> None:
    for place in range(100):
        (tmp_path / f"{place:03d}.glb").write_bytes(b"")
    source = MeshesSource(tmp_path)
    names = [path.name for path in peer_files(source, source.ids(), tmp_path)]
    assert len(set(names)) == MOST_OBJECTS
    assert (names[0], names[20], names[-1]) == ("000.glb", "050.glb", "097.glb")


@needs_pyrender
def test_the_usual_loop_draws_and_ratios_are_quotients_of_the_rates(tmp_path: Path) -> None:
    peer = measure_peer(open_source("procedural"), ["mug-000000"], 3, 64)
    assert (peer.objects, peer.frames) == (1, 3)
    assert min(numbers(asdict(peer))) > 0
    check_ratios(json.loads(replace(report(), peer=peer).to_json()))


@needs_pyrender
def test_a_file_that_the_usual_loop_cannot_read_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "bad.glb").write_bytes(b"not a mesh")
    with pytest.raises(PeerError, match=r"^the usual loop failed \(\w+: .+\)$"):
        measure_peer(MeshesSource(tmp_path), ["bad.glb"], 2, 64)


def test_a_process_runs_the_code_that_runs_now_wherever_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "viewpoint100k").mkdir()
    (tmp_path / "viewpoint100k" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    monkeypatch.chdir(tmp_path)
    assert run_module("viewpoint100k", "--version").output == f"viewpoint100k {__version__}\n"


def test_a_process_that_fails_tells_its_code_and_last_line() -> None:
    lines: list[str] = []
    with pytest.raises(Failure) as caught:
        run_module("viewpoint100k", "frob", on_line=lines.append)
    assert caught.value.code == 2
    assert "frob" in caught.value.last_line
    assert isinstance(caught.value.as_error(), UsageError)
    assert lines == [caught.value.last_line]


@pytest.mark.slow
@needs_pyrender
def test_the_usual_loop_draws_the_objects_of_the_build(tmp_path: Path) -> None:
    done = run_bench("--json", temporary=tmp_path / "temporary")
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    check_ratios(content)
    # 12 rows are two uses of an object with at most 8 rows, and 10 are two more. Further objects replace dropped ones.
    assert 4 <= content["peer"]["objects"] <= 12
    assert content["peer"]["frames"] == 9 * content["peer"]["objects"]
    assert content["build_without_answerability"]["rows"] == content["build"]["rows"]
    assert content["peer_left_out"] is None
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.slow
def test_a_folder_of_meshes_is_measured_and_drawn_as_a_table(tmp_path: Path) -> None:
    objects = tmp_path / "objects"
    objects.mkdir()
    source = open_source("procedural")
    for asset_id in source.ids()[:6]:
        asset = source.load(asset_id)
        assert isinstance(asset, MeshAsset)
        write_glb(asset.mesh, objects / f"{asset_id}.glb")
    done = run_bench("--source", f"meshes:{objects}", temporary=tmp_path / "temporary")
    assert done.returncode == 0, done.stderr
    assert f"12 training rows of meshes:{objects}" in done.stdout
    assert len(cells(done.stdout, "frames a second")) == (3 if HAS_PYRENDER else 1)
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.slow
def test_without_pyrender_it_says_so_in_one_sentence_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['pyrender'] = None\n")
    done = run_bench("--json", temporary=tmp_path / "temporary", python_path=tmp_path)
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    assert content["peer"] is None
    assert content["build_over_peer"] is None
    assert content["build"]["frames"] > 0
    assert content["peer_left_out"] == str(MissingExtraError("pyrender", "pyrender"))
    said = [line for line in done.stderr.splitlines() if "pyrender" in line]
    assert said == [f"bench: skipping the usual loop: {content['peer_left_out']}"]


@pytest.mark.slow
def test_a_usual_loop_that_fails_costs_its_figures_and_the_exit_code(tmp_path: Path) -> None:
    (tmp_path / "pyrender.py").write_text("raise ImportError('no EGL here')\n")
    done = run_bench("--json", temporary=tmp_path / "temporary", python_path=tmp_path)
    assert done.returncode == 1
    content = json.loads(done.stdout)
    assert content["peer"] is None
    assert content["build_without_answerability"]["frames"] > 0
    last = done.stderr.splitlines()[-1]
    failed = "the usual loop failed (ImportError: no EGL here)"
    assert last == f"viewpoint100k: error: {failed}: --no-peer measures the rest alone"
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_ctrl_c_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    command = [sys.executable, "-m", "viewpoint100k", "bench", "--rows", "4000", "--workers", "2", "--no-peer"]
    environment = os.environ | {"TMPDIR": str(temporary)}
    with subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
        # In the background, a shell makes its jobs ignore Ctrl-C. The child would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("bench: building: ") and "of 4,040 rows" in line:
                break
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert list(temporary.iterdir()) == []
    assert [path for path in Path("/proc").glob("[0-9]*") if str(temporary) in environment_of(path)] == []


def environment_of(process: Path) -> str:
    """The environment that a running process was started with."""
    try:
        return (process / "environ").read_bytes().decode(errors="replace")
    except OSError:
        return ""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_bench_prints_json_alone_with_the_comparison(tmp_path: Path) -> None:
    (tmp_path / ".ready").touch()  # A complete environment: this one.
    settings = (f"VENV={tmp_path}", f"BIN={Path(sys.executable).parent}", "PACKAGES=", "ROWS=12")
    done = subprocess.run(["make", "bench", *settings], capture_output=True, text=True, cwd=ROOT, timeout=280)
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    assert content["settings"]["rows"] == 12
    assert (content["build_over_peer"] is not None) == HAS_PYRENDER
