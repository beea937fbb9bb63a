"""Rendered photos of an object in the layouts of published sets, built with independent camera motions.

The cameras of every row are the real cameras of its photos.
"""

import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from capture_trees import elsewhere
from conftest import run_command
from PIL import Image
from test_capture_builds import hand_held
from test_capture_sets import RATE, WORLD, load, write_dl3dv, write_uco3d, write_wildrgbd
from test_dataset import read_rows

from renderers import Stage, open_renderer
from viewpoint100k.assets import Photo
from viewpoint100k.assets.procedural import ProceduralSource
from viewpoint100k.geometry import Camera

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def walk() -> tuple[list[Camera], list[np.ndarray]]:
    """A hand-held walk around a chair, and what each of its cameras sees."""
    renderer = open_renderer()
    scene = renderer.load(ProceduralSource().load("chair-000001").mesh, Stage(4))
    cameras = hand_held(11)
    pictures = [scene.color(camera) for camera in cameras]
    scene.close()
    renderer.close()
    return cameras, pictures


def number_in_name(photo: Photo) -> int:
    return int(re.findall(r"\d+", photo.name)[-1])


def number_in_video(photo: Photo) -> int:
    seconds = float(photo.name.rpartition("t=")[2].removesuffix(".png"))
    return round((seconds * RATE - 1) / 3)


SETS: dict[str, tuple[Callable[[Path, Sequence[Camera], Sequence[np.ndarray]], object], Callable[[Photo], int]]] = {
    "dl3dv": (lambda root, truth, pictures: write_dl3dv(root / "1K" / "0a1b", truth, pictures), number_in_name),
    "wildrgbd": (lambda root, truth, pictures: write_wildrgbd(root, truth, pictures=pictures), number_in_name),
    "uco3d": (lambda root, truth, pictures: write_uco3d(root, truth, pictures), number_in_video),
}


@pytest.mark.parametrize("name", SETS)
def test_rows_of_a_published_set_have_the_cameras_that_took_the_photos(
    tmp_path: Path, name: str, walk: tuple[list[Camera], list[np.ndarray]]
) -> None:
    write, number_of = SETS[name]
    if name == "uco3d":
        pytest.importorskip("av", reason="the extra [captures] is not installed")
    here, pictures = walk
    truth = elsewhere(here, WORLD)
    write(tmp_path / "set", truth, pictures)
    capture = load(f"{name}:{tmp_path / 'set'}")
    scale = np.cbrt(np.linalg.det(capture.normalization[:3, :3]))
    assert len(capture.photos) >= 30
    for photo in capture.photos:
        camera = truth[number_of(photo)]
        turned = capture.normalization[:3, :3] / scale @ camera.camera_to_world[:3, :3]
        place = capture.normalization[:3, :3] @ camera.position + capture.normalization[:3, 3]
        assert np.abs(photo.camera.camera_to_world[:3, :3] - turned).max() < 1e-6
        assert np.abs(photo.camera.position - place).max() < 1e-6 * np.linalg.norm(place)
        assert photo.camera.intrinsics == pytest.approx(camera.intrinsics, rel=1e-6)
    out = tmp_path / "out"
    command = ["build", "decoupled", "--rows", "12", "--source", f"{name}:{tmp_path / 'set'}", "--out", out]
    done = run_command(*command, "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert run_command("verify", out).returncode == 0
    by_pose = {tuple(photo.camera.camera_to_world.ravel()): photo for photo in capture.photos}
    rows = read_rows(out)
    assert len(rows) == 12
    for row in rows:
        for image, camera in zip(row["images"][:2], row["cameras"][:2], strict=True):  # A third is a floor plan.
            photo = by_pose[tuple(camera["camera_to_world"])]
            assert image["bytes"] == photo.read()
            with Image.open(io.BytesIO(image["bytes"])) as opened:
                shown = np.asarray(opened.convert("RGB")).astype(int)
            gaps = [np.abs(shown - picture).mean() for picture in pictures]
            assert gaps[number_of(photo)] < 12
            assert int(np.argmin(gaps)) == number_of(photo)
