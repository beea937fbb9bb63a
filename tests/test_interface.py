"""The Python interface does what the command line does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import REAL_ASSETS, run_command, shard_hashes

import viewpoint100k as vp
from viewpoint100k.errors import AssetError, QuestionRefusedError, UsageError

SMALL = {"images": {"size": 96}, "rows_per_shard": 30}
HEAVY = ("numpy", "moderngl", "OpenGL", "torch", "ray", "pycolmap", "bpy", "pyarrow", "datasets", "trimesh", "scipy")


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = f"import sys, viewpoint100k; print([name for name in {HEAVY} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_every_name_that_is_listed_is_there_and_others_are_not() -> None:
    for name in vp.__all__:
        assert getattr(vp, name) is not None
    assert set(vp.__all__) <= set(dir(vp))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = vp.nothing


# --- rows -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The set that the command line builds."""
    out = tmp_path_factory.mktemp("interface") / "set"
    sets = ["--set", "images.size=96", "--set", "rows_per_shard=30", "--set", "seed=5"]
    run = run_command("build", "viewpoint-100k", "--out", out, "--rows", "40", "--workers", "2", *sets)
    assert run.returncode == 0, run.stderr
    return out


def test_a_build_is_the_same_as_that_of_the_command_line(built: Path, tmp_path: Path) -> None:
    dataset = vp.build(vp.load_config("viewpoint-100k", rows=40, seed=5, **SMALL), tmp_path / "mine", workers=1)
    assert shard_hashes(dataset.path) == shard_hashes(built)
    assert dataset.digest == vp.open_dataset(built).digest
    assert dataset.digest is not None
    assert callable(vp.build), "a room of the same name must not hide the function"


def test_rows_can_be_had_without_a_folder_and_are_those_of_the_build(built: Path) -> None:
    config = vp.load_config("viewpoint-100k", rows=40, seed=5, **SMALL)
    rows = vp.generate(config)
    stored = vp.open_dataset(built).rows("train")
    for _ in range(3):
        assert next(rows) == next(stored)
    rows.close()
    assert next(vp.generate(config, "test")) == next(vp.open_dataset(built).rows("test"))
    with pytest.raises(UsageError, match=r"no split 'dev'.*train, test"):
        next(vp.generate(config, "dev"))


def test_a_finished_set_says_what_it_holds_and_is_checked(built: Path) -> None:
    dataset = vp.open_dataset(built)
    assert dataset.splits == {"test": 10, "train": 40}
    report = dataset.verify()
    assert report.ok
    assert report.problems == ()
    assert report.digests is not None
    assert report.digests.content == dataset.digest
    audit = dataset.audit()
    assert audit.passed
    assert audit.results
    with pytest.raises(UsageError, match="no split 'dev'"):
        next(dataset.rows("dev"))


def test_a_finished_set_loads_with_datasets(built: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)
    loaded = vp.open_dataset(built).to_datasets()
    assert {split: len(rows) for split, rows in loaded.items()} == {"train": 40, "test": 10}
    assert loaded["train"][0]["images"][0].size == (96, 96)


def test_a_folder_without_a_set_and_mistaken_settings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a data set"):
        vp.open_dataset(tmp_path)
    with pytest.raises(UsageError, match=r"images\.sizes"):
        vp.load_config("decoupled", images={"sizes": 3})
    with pytest.raises(UsageError, match="workers must be at least 1"):
        vp.build(vp.load_config(rows=10), tmp_path / "out", workers=0)


def test_a_stated_mapping_replaces_fields_of_a_section_and_all_weights() -> None:
    usual = vp.load_config("decoupled")
    config = vp.load_config("decoupled", images={"size": 96}, questions={"ego_rotation": 1.0})
    assert config.images == usual.images.model_copy(update={"size": 96})
    assert config.questions == {"ego_rotation": 1.0}
    assert len(usual.questions) > 1


# --- cameras and pictures ---------------------------------------------------------------------------------------------


def camera(azimuth_deg: float, distance: float = 3.5, size: int = 96) -> vp.Camera:
    angle = np.radians(azimuth_deg)
    eye = (distance * np.cos(angle), distance * np.sin(angle), 1.0)
    return vp.Camera.look_at(eye, (0, 0, 0), fov_deg=40, width=size, height=size)


def test_look_at_shows_its_target_in_the_middle_and_up_at_the_top() -> None:
    view = vp.Camera.look_at(eye=(3, 0, 1), target=(0.5, 0.2, 0), fov_deg=90, width=200, height=100)
    pixels, depth = view.project([[0.5, 0.2, 0.0], [0.5, 0.2, 0.3]])
    np.testing.assert_allclose(pixels[0], [100, 50], atol=1e-9)
    assert pixels[1, 1] < 50
    assert depth[0] == pytest.approx(np.sqrt(2.5**2 + 0.2**2 + 1))
    assert view.intrinsics[0, 0] == pytest.approx(50)  # 100 pixels across at 90 degrees.


def test_the_relative_pose_has_the_fields_of_the_column(built: Path) -> None:
    row = next(vp.open_dataset(built).rows())
    pose = vp.relative_pose(camera(0), camera(30))
    assert list(vars(pose)) == list(row["relative"])
    assert pose.azimuth_deg == pytest.approx(30)
    assert pose.translation_x == pytest.approx(3.5 * np.sin(np.radians(30)))  # By hand: to camera 1's right.
    assert pose.overlap is None


def test_a_question_about_ones_own_two_cameras() -> None:
    question = vp.ask("ego_translation", [camera(0), camera(30)], center=(0, 0, 0), radius=1.0, seed=3)
    assert question.answer_value == pytest.approx(3.5 * np.sin(np.radians(30)))
    assert "right" in question.answer_text.lower()
    assert question.options[ord(question.answer) - ord("A")] == question.answer_text
    assert question.answer_text in question.text
    assert question.margin is not None
    assert question.margin > 0
    again = vp.ask("ego_translation", [camera(0), camera(30)], seed=3)
    assert again == question
    assert len({vp.ask("ego_translation", [camera(0), camera(30)], seed=s).text for s in range(20)}) > 4


def test_a_question_that_cannot_be_asked_says_why() -> None:
    with pytest.raises(QuestionRefusedError) as caught:
        vp.ask("own_side", [camera(0), camera(30)])
    assert caught.value.reason == "front_unknown"
    with pytest.raises(UsageError, match="two cameras or more"):
        vp.ask("ego_translation", [camera(0)])
    with pytest.raises(UsageError, match="no_such_type"):
        vp.ask("no_such_type", [camera(0), camera(30)])


@pytest.mark.skipif(not REAL_ASSETS.exists(), reason="the real meshes are not here")
def test_ones_own_mesh_is_drawn_with_its_depth_and_mask() -> None:
    mesh = vp.load_mesh(REAL_ASSETS / "meshes" / "Duck.glb")
    plain = vp.render(mesh, camera(20))
    assert (plain.rgb.shape, plain.rgb.dtype) == ((96, 96, 3), np.uint8)
    assert (plain.depth.shape, plain.depth.dtype) == ((96, 96), np.float32)
    assert (plain.rgb[~plain.mask] == 128).mean() > 0.9  # Plain grey, except the anti-aliased rim.
    middle = plain.depth[plain.mask]
    assert 2.5 < middle.min() < middle.max() < 4.7  # The object fills the unit ball, 3.64 away.
    staged = vp.render(mesh, [camera(20), camera(80)], stage_seed=3)
    assert [frame.rgb.shape for frame in staged] == [(96, 96, 3)] * 2
    assert (staged[0].mask == plain.mask).all()
    assert not (staged[0].rgb[~plain.mask] == 128).all()
    overlap = vp.relative_pose(camera(20), camera(40), mesh=mesh).overlap
    opposite = vp.relative_pose(camera(20), camera(200), mesh=mesh).overlap
    assert overlap is not None
    assert opposite is not None
    assert overlap > 0.5 > opposite


def test_a_file_that_is_no_mesh_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a mesh file"):
        vp.load_mesh(tmp_path / "photo.jpg")
    (tmp_path / "broken.glb").write_bytes(b"glTF")
    with pytest.raises(AssetError):
        vp.load_mesh(tmp_path / "broken.glb")
    with pytest.raises(UsageError, match="'y' or 'z'"):
        vp.load_mesh(tmp_path / "broken.glb", up="x")


def test_conventions_are_at_hand() -> None:
    turned = vp.conventions.from_opengl(np.eye(4))
    np.testing.assert_array_equal(turned, np.diag([1.0, -1.0, -1.0, 1.0]))
