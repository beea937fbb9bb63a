"""COLMAP models against pycolmap, for every lens; and models with false counts."""

import random
import shutil
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from capture_trees import (
    SPOTS,
    elsewhere,
    jpeg,
    outcome,
    ring,
    spots,
    spots_error,
    spotted_ring,
    texture,
    write_colmap,
    write_photos,
)

from viewpoint100k.assets.capture_files.capture import StatedCapture
from viewpoint100k.assets.capture_files.colmap_model import read_colmap_model
from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.assets.capture_files.source_folder import SourceFolder
from viewpoint100k.assets.colmap import MvimgnetSource
from viewpoint100k.errors import AssetError, MissingExtraError
from viewpoint100k.geometry import Camera

pycolmap = pytest.importorskip("pycolmap")

MODELS = {
    "SIMPLE_PINHOLE": [510, 236, 186],
    "PINHOLE": [520, 500, 236, 186],
    "SIMPLE_RADIAL": [510, 236, 186, -0.12],
    "RADIAL": [510, 236, 186, 0.1, 0.03],
    "OPENCV": [520, 500, 236, 186, -0.15, 0.04, 0.002, -0.003],
    "FULL_OPENCV": [520, 500, 236, 186, 0.05, -0.02, 0.001, 0.001, 0.01, 0.02, 0.0, 0.0],
    "OPENCV_FISHEYE": [520, 500, 236, 186, 0.02, -0.01, 0.0, 0.0],
    "FOV": [520, 500, 236, 186, 0.4],
    "THIN_PRISM_FISHEYE": [520, 500, 236, 186, 0.01, 0.0, 0.001, 0.0, 0.0, 0.0, 0.001, 0.001],
}


def reason_of(root: Path, asset_id: str = "0/a") -> str:
    with pytest.raises(AssetError) as refused:
        MvimgnetSource(root).load(asset_id)
    return refused.value.reason


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """``0/a`` with eight photos and a binary model, points included."""
    folder = tmp_path / "0" / "a"
    cameras = elsewhere(ring(range(0, 360, 45)), 3)
    names = write_photos(folder / "images", 8)
    points = np.random.default_rng(0).normal(size=(60, 3))
    seen_by = [[i % 8, (i + 1) % 8] for i in range(60)]
    write_colmap(folder / "sparse" / "0", cameras, names, points=points, seen_by=seen_by)
    return folder


@pytest.mark.parametrize("text", [False, True])
def test_what_pycolmap_writes_is_what_is_read(tmp_path: Path, text: bool) -> None:
    cameras = elsewhere(ring(range(0, 360, 45)), 3)
    points = np.random.default_rng(0).normal(size=(30, 3))
    seen_by = [[i % 8, (i + 3) % 8, (i + 5) % 8] for i in range(30)]
    # In text models, COLMAP itself ends a name at the first blank.
    names = [f"{i}.jpg" if text else f"a b {i}.jpg" for i in range(8)]
    write_colmap(tmp_path / "m", cameras, names, points=points, seen_by=seen_by, text=text)
    model = read_colmap_model(SourceFolder(tmp_path), "m", CaptureLimits())
    oracle = pycolmap.Reconstruction(str(tmp_path / "m"))
    assert len(model.images) == len(oracle.images) == 8
    for image in model.images:
        theirs = oracle.images[image.image_id]
        assert image.name == theirs.name
        assert image.translation == pytest.approx(theirs.cam_from_world().translation, abs=1e-12)
        assert np.roll(image.quaternion, -1) == pytest.approx(theirs.cam_from_world().rotation.quat, abs=1e-12)
    assert np.sort(model.points, axis=0) == pytest.approx(np.sort(points, axis=0))
    by_point = {
        tuple(np.round(point, 9)): set(track.tolist()) for point, track in zip(model.points, model.tracks, strict=True)
    }
    for point, seers in zip(points, seen_by, strict=True):
        assert by_point[tuple(np.round(point, 9))] == {seer + 1 for seer in seers}


@pytest.mark.parametrize("model", MODELS)
def test_known_points_are_where_the_undistorted_photo_shows_them(tmp_path: Path, model: str) -> None:
    """Spots are drawn where pycolmap's lens puts the points; the photo that is read must show them where the pinhole
    that goes with it says, within a tenth of a pixel."""
    cameras = spotted_ring(6)
    names = [f"{i}.jpg" for i in range(6)]
    lens = write_colmap(tmp_path / "0" / "a" / "sparse" / "0", cameras, names, model=model, params=MODELS[model])
    (tmp_path / "0" / "a" / "images").mkdir()
    for name, camera in zip(names, cameras, strict=True):
        local = SPOTS @ camera.world_to_camera[:3, :3].T + camera.world_to_camera[:3, 3]
        picture = spots(np.asarray(lens.img_from_cam(local)), 480, 360)
        (tmp_path / "0" / "a" / "images" / name).write_bytes(jpeg(picture))
    capture = MvimgnetSource(tmp_path, CaptureLimits(min_sharpness=0.0)).load("0/a")
    assert len(capture.photos) == 6
    assert max(spots_error(photo, capture.normalization, SPOTS) for photo in capture.photos) < 0.1


def test_points_and_who_sees_them_follow_the_photos(instance: Path) -> None:
    capture = MvimgnetSource(instance.parents[1]).load("0/a")
    assert capture.points is not None
    assert capture.visible is not None
    assert capture.visible.shape == (8, 60)
    assert (capture.visible.sum(axis=0) == 2).all()
    (instance / "images" / "002.jpg").unlink()
    fewer = MvimgnetSource(instance.parents[1]).load("0/a")
    assert fewer.visible is not None
    assert np.array_equal(fewer.visible, np.delete(capture.visible, 2, axis=0))


def test_the_class_is_the_category_and_the_path_the_id(instance: Path) -> None:
    source = MvimgnetSource(instance.parents[1])
    assert source.ids() == ("0/a",)
    origin = source.load("0/a").origin
    assert (origin.source, origin.asset_id, origin.category) == ("mvimgnet", "0/a", "0")


def test_instances_without_images_or_model_are_listed_and_refused(instance: Path) -> None:
    root = instance.parents[1]
    shutil.copytree(instance / "sparse", root / "0" / "no_images" / "sparse")
    shutil.copytree(instance / "images", root / "0" / "no_model" / "images")
    (root / "1" / "empty").mkdir(parents=True)
    source = MvimgnetSource(root)
    assert source.ids() == ("0/a", "0/no_images", "0/no_model", "1/empty")
    assert reason_of(root, "0/no_images") == "images_missing"
    assert reason_of(root, "0/no_model") == "model_missing"
    assert reason_of(root, "1/empty") == "model_missing"


def test_of_several_models_the_first_is_read(instance: Path) -> None:
    shutil.copytree(instance / "sparse" / "0", instance / "sparse" / "1")
    (instance / "sparse" / "1" / "cameras.bin").write_bytes(b"")
    assert len(MvimgnetSource(instance.parents[1]).load("0/a").photos) == 8


def test_without_pycolmap_pinholes_are_read_and_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cameras = ring(range(0, 360, 45))
    for name, model, params in [("a", "PINHOLE", None), ("b", "SIMPLE_RADIAL", [170, 80, 60, 0.1])]:
        names = write_photos(tmp_path / "0" / name / "images", 8)
        write_colmap(tmp_path / "0" / name / "sparse" / "0", cameras, names, model=model, params=params)
    monkeypatch.setitem(sys.modules, "pycolmap", None)
    assert len(MvimgnetSource(tmp_path).load("0/a").photos) == 8
    with pytest.raises(MissingExtraError, match=r"pip install .*\[captures\]"):
        MvimgnetSource(tmp_path).load("0/b")


# Models with false counts. None of them may end this process.


def overwrite(path: Path, offset: int, data: bytes) -> None:
    content = bytearray(path.read_bytes())
    content[offset : offset + len(data)] = data
    path.write_bytes(content)


@pytest.mark.parametrize("table", ["cameras", "images", "points3D"])
@pytest.mark.parametrize("count", [2**64 - 1, 2**40, 10_000])
def test_a_count_that_lies_is_refused_before_memory_is_taken(instance: Path, table: str, count: int) -> None:
    overwrite(instance / "sparse" / "0" / f"{table}.bin", 0, struct.pack("<Q", count))
    assert reason_of(instance.parents[1]) == "model_unreadable"


@pytest.mark.parametrize("model_id", [-1, 17, 99, 2**31 - 1])
def test_an_unknown_camera_model_is_refused(instance: Path, model_id: int) -> None:
    overwrite(instance / "sparse" / "0" / "cameras.bin", 12, struct.pack("<i", model_id))
    assert reason_of(instance.parents[1]) == "model_unreadable"


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, -500.0, 1e300])
def test_a_lens_that_cannot_be_drops_its_photos(instance: Path, value: float) -> None:
    overwrite(instance / "sparse" / "0" / "cameras.bin", 32, struct.pack("<d", value))
    with pytest.raises(AssetError, match="8 bad_camera"):
        MvimgnetSource(instance.parents[1]).load("0/a")


def test_a_pose_that_is_not_a_number_drops_its_photo(instance: Path) -> None:
    overwrite(instance / "sparse" / "0" / "images.bin", 12, struct.pack("<4d", 0, 0, 0, 0))
    capture = MvimgnetSource(instance.parents[1]).load("0/a")
    assert capture.dropped_photos == {"0/a/images/000.jpg": "bad_camera"}


def test_a_photo_named_outside_the_folder_is_dropped(tmp_path: Path) -> None:
    names = write_photos(tmp_path / "0" / "a" / "images", 8)
    names[0], names[1] = "../../../../secret.jpg", "/etc/passwd"
    write_colmap(tmp_path / "0" / "a" / "sparse" / "0", ring(range(0, 360, 45)), names)
    (tmp_path.parent / "secret.jpg").write_bytes(jpeg(texture(1)))
    capture = MvimgnetSource(tmp_path).load("0/a")
    assert sorted(capture.dropped_photos.values()) == ["reference_outside"] * 2


@pytest.mark.parametrize("table", ["cameras", "images", "points3D"])
@pytest.mark.parametrize("text", [False, True])
def test_any_damage_ends_in_a_capture_or_a_reason(tmp_path: Path, table: str, text: bool) -> None:
    names = write_photos(tmp_path / "0" / "a" / "images", 3)
    cameras = ring([0, 50, 120])
    seen_by = [[0, 1]] * 5
    lens = [165, 165, 80, 60, -0.1, 0.02, 0, 0]
    folder = tmp_path / "0" / "a" / "sparse" / "0"
    write_colmap(
        folder,
        cameras,
        names,
        model="OPENCV",
        params=lens,
        points=SPOTS,
        seen_by=seen_by,
        text=text,
    )
    assert outcome(MvimgnetSource(tmp_path), "0/a") == "loaded"
    path = folder / f"{table}{'.txt' if text else '.bin'}"
    original, rng = path.read_bytes(), random.Random(7)
    for _ in range(40):
        path.write_bytes(damaged(original, rng))
        assert outcome(MvimgnetSource(tmp_path), "0/a")


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The bytes with some flipped, cut off, doubled or replaced."""
    content = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(content))
        match rng.randrange(4):
            case 0:
                content[at] ^= 1 << rng.randrange(8)
            case 1:
                content[at : at + 8] = rng.randbytes(8)
            case 2:
                del content[at : at + rng.randint(1, 30)]
            case 3:
                content[at:at] = content[at : at + rng.randint(1, 30)]
        if not content:
            return b""
    return bytes(content)


def test_a_stated_capture_needs_no_points() -> None:
    assert StatedCapture((), "").points is None


def test_cameras_of_one_model_share_one_lens(instance: Path) -> None:
    photos = MvimgnetSource(instance.parents[1]).load("0/a").photos
    assert all(isinstance(photo.camera, Camera) for photo in photos)
    assert len({photo.camera.intrinsics.tobytes() for photo in photos}) == 1
