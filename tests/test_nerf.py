"""transforms.json in all forms: NeRF, instant-ngp, nerfstudio; and broken ones."""

import json
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from capture_trees import (
    HEIGHT,
    SPOTS,
    WIDTH,
    elsewhere,
    jpeg,
    outcome,
    ring,
    rotation,
    spots,
    spots_error,
    spotted_ring,
    texture,
    write_nerf,
    write_photos,
)

from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.assets.nerf import NerfSource
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry import relative_pose

RING = ring(range(0, 360, 45))


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    write_nerf(tmp_path, RING, [f"images/{name}" for name in write_photos(tmp_path / "images", 8)])
    return tmp_path


def edit(root: Path, **values: Any) -> dict[str, Any]:
    """Changes the file's fields. None removes a field."""
    document = json.loads((root / "transforms.json").read_text()) | values
    document = {key: value for key, value in document.items() if value is not None}
    (root / "transforms.json").write_text(json.dumps(document))
    return document


def azimuths(root: Path) -> list[float]:
    photos = NerfSource(root).load("transforms.json").photos
    return [relative_pose(photos[0].camera, photo.camera, np.zeros(3)).azimuth_deg for photo in photos]


TRUE_AZIMUTHS = [relative_pose(RING[0], camera, np.zeros(3)).azimuth_deg for camera in RING]


def test_nerfs_own_form_has_an_angle_no_size_and_no_extension(scene: Path) -> None:
    angle = 2 * np.arctan(WIDTH / 2 / RING[0].intrinsics[0, 0])
    frames = [
        {"file_path": f"./images/{i:03d}", "rotation": 0.1, "transform_matrix": frame["transform_matrix"]}
        for i, frame in enumerate(edit(scene)["frames"])
    ]
    (scene / "transforms.json").write_text(json.dumps({"camera_angle_x": angle, "frames": frames}))
    capture = NerfSource(scene).load("transforms.json")
    assert [photo.name for photo in capture.photos] == [f"images/{i:03d}.jpg" for i in range(8)]
    assert capture.photos[0].camera.intrinsics == pytest.approx(RING[0].intrinsics)
    assert azimuths(scene) == pytest.approx(TRUE_AZIMUTHS, abs=1e-6)


def test_intrinsics_of_a_frame_go_before_those_of_the_file(scene: Path) -> None:
    document = edit(scene)
    document["frames"][3] |= {"fl_x": 150.0, "fl_y": 155.0, "cx": 81.0, "cy": 59.0}
    edit(scene, frames=document["frames"])
    photos = NerfSource(scene).load("transforms.json").photos
    assert photos[3].camera.intrinsics == pytest.approx(np.array([[150, 0, 81], [0, 155, 59], [0, 0, 1]]))
    assert photos[2].camera.intrinsics == pytest.approx(RING[2].intrinsics)


def test_without_center_and_vertical_focal_length_the_usual_is_taken(scene: Path) -> None:
    edit(scene, fl_y=None, cx=None, cy=None)
    matrix = NerfSource(scene).load("transforms.json").photos[0].camera.intrinsics
    assert matrix[1, 1] == matrix[0, 0]
    assert matrix[:2, 2] == pytest.approx([WIDTH / 2, HEIGHT / 2])


def test_applied_transform_and_scale_are_undone(tmp_path: Path) -> None:
    cameras = elsewhere(RING, 4)
    names = [f"images/{name}" for name in write_photos(tmp_path / "images", 8)]
    write_nerf(tmp_path, cameras, names)
    plain = NerfSource(tmp_path).load("transforms.json")
    applied = np.column_stack([rotation(9), [1.0, -2.0, 3.0]])
    stored = []
    for frame in edit(tmp_path)["frames"]:
        pose = np.vstack([applied, [0, 0, 0, 1]]) @ np.array(frame["transform_matrix"])
        pose[:3, 3] *= 0.25  # nerfstudio scales positions. The axes keep the length one.
        stored.append({**frame, "transform_matrix": pose.tolist()})
    edit(tmp_path, frames=stored, applied_transform=applied.tolist(), applied_scale=0.25)
    undone = NerfSource(tmp_path).load("transforms.json")
    assert undone.normalization == pytest.approx(plain.normalization, abs=1e-6)
    for one, two in zip(plain.photos, undone.photos, strict=True):
        assert two.camera.camera_to_world == pytest.approx(one.camera.camera_to_world, abs=1e-6)


@pytest.mark.parametrize("lens", [{"k1": -0.15, "k2": 0.04, "p1": 0.002, "p2": -0.003}, {"k1": 0.1}, "fisheye"])
def test_distortion_is_undone(tmp_path: Path, lens: Any) -> None:
    """The spots are drawn by OpenCV's formulas, which are repeated here."""
    cameras = spotted_ring(6)
    fields = {"camera_model": "OPENCV_FISHEYE", "k1": 0.03} if lens == "fisheye" else lens
    (tmp_path / "images").mkdir()
    for i, camera in enumerate(cameras):
        local = SPOTS @ camera.world_to_camera[:3, :3].T + camera.world_to_camera[:3, 3]
        x, y = (local[:, :2] / local[:, 2:]).T
        r = np.hypot(x, y)
        if lens == "fisheye":
            bent_r = np.arctan(r) * (1 + 0.03 * np.arctan(r) ** 2)
            factor = np.divide(bent_r, r, out=np.ones_like(r), where=r > 0)
            bent = np.column_stack([x * factor, y * factor])
        else:
            k1, k2, p1, p2 = (lens.get(key, 0.0) for key in ("k1", "k2", "p1", "p2"))
            factor = 1 + k1 * r**2 + k2 * r**4
            bent_x = x * factor + 2 * p1 * x * y + p2 * (r**2 + 2 * x**2)
            bent = np.column_stack([bent_x, y * factor + p1 * (r**2 + 2 * y**2) + 2 * p2 * x * y])
        places = bent * camera.intrinsics[[0, 1], [0, 1]] + camera.intrinsics[:2, 2]
        (tmp_path / "images" / f"{i}.jpg").write_bytes(jpeg(spots(places, 480, 360)))
    write_nerf(tmp_path, cameras, [f"images/{i}.jpg" for i in range(6)], **fields)
    capture = NerfSource(tmp_path, CaptureLimits(min_sharpness=0.0)).load("transforms.json")
    assert len(capture.photos) == 6
    assert max(spots_error(photo, capture.normalization, SPOTS) for photo in capture.photos) < 0.1


def test_one_folder_is_one_capture_whatever_its_splits(tmp_path: Path) -> None:
    for folder, files in [("a", ["transforms_train.json", "transforms_test.json"]), ("b/c", ["transforms.json"])]:
        root = tmp_path / folder
        write_nerf(root, RING, [f"images/{name}" for name in write_photos(root / "images", 8)])
        content = (root / "transforms.json").read_bytes()
        (root / "transforms.json").unlink()
        for file in files:
            (root / file).write_bytes(content)
    assert NerfSource(tmp_path).ids() == ("a/transforms_train.json", "b/c/transforms.json")


def test_listed_files_that_are_missing_are_dropped_and_the_rest_is_kept(scene: Path) -> None:
    (scene / "images" / "005.jpg").unlink()
    capture = NerfSource(scene).load("transforms.json")
    assert capture.dropped_photos == {"images/005.jpg": "image_missing"}
    assert len(capture.photos) == 7


def test_a_photo_listed_twice_is_used_once(scene: Path) -> None:
    document = edit(scene)
    edit(scene, frames=[*document["frames"], document["frames"][0]])
    capture = NerfSource(scene).load("transforms.json")
    assert len(capture.photos) == 8
    assert list(capture.dropped_photos.values()) == ["duplicate"]


@pytest.mark.parametrize(
    "frame",
    [
        7,
        {},
        {"file_path": 3, "transform_matrix": np.eye(4).tolist()},
        {"file_path": "images/000.jpg", "transform_matrix": [[float("nan")] * 4] * 4},
        {"file_path": "images/000.jpg", "transform_matrix": np.zeros((4, 4)).tolist()},
        {"file_path": "images/000.jpg", "transform_matrix": [[1, 2], [3]]},
        {"file_path": "images/000.jpg", "transform_matrix": np.diag([1.0, 2, 1, 1]).tolist()},
        {"file_path": "images/000.jpg", "transform_matrix": np.diag([-1.0, 1, 1, 1]).tolist()},
        {"file_path": "images/000.jpg", "transform_matrix": (np.eye(4) * 1e300).tolist()},
        {"file_path": "images/000.jpg", "transform_matrix": np.eye(4).tolist(), "fl_x": "wide"},
        {"file_path": "images/000.jpg", "transform_matrix": np.eye(4).tolist(), "w": 10**30},
    ],
)
def test_a_frame_that_makes_no_camera_is_dropped_alone(scene: Path, frame: Any) -> None:
    edit(scene, frames=[frame, *edit(scene)["frames"][1:]])
    capture = NerfSource(scene).load("transforms.json")
    assert list(capture.dropped_photos.values()) == ["bad_camera"]
    assert len(capture.photos) == 7


@pytest.mark.parametrize("path", ["../../x.jpg", "/etc/passwd", "C:/x.jpg", "http://example.org/x.jpg"])
def test_a_path_that_leads_out_is_dropped_unseen(scene: Path, path: str) -> None:
    document = edit(scene)
    document["frames"][0]["file_path"] = path
    edit(scene, frames=document["frames"])
    assert list(NerfSource(scene).load("transforms.json").dropped_photos.values()) == ["reference_outside"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"{",
        b"[" * 200_000,
        b'{"frames": 3}',
        b'{"frames": [], "applied_transform": "x"}',
        b"\xff\xfe",
        b'{"frames": [], "applied_transform": [[0,0,0,0],[0,0,0,0],[0,0,0,0]]}',
    ],
)
def test_a_file_that_is_no_capture_is_refused(scene: Path, content: bytes) -> None:
    (scene / "transforms.json").write_bytes(content)
    with pytest.raises(AssetError) as refused:
        NerfSource(scene).load("transforms.json")
    assert refused.value.reason == "annotations_unreadable"


@pytest.mark.parametrize("kind", ["fifo", "folder", "link"])
def test_a_transforms_json_that_is_no_file_is_refused(scene: Path, kind: str) -> None:
    path = scene / "transforms.json"
    path.unlink()
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to("/etc/hostname")
    source = NerfSource(scene)
    if kind == "folder":
        path.mkdir()
        (path / "transforms.json").write_text("{}")
        assert source.ids() == ("transforms.json/transforms.json",)
        return
    with pytest.raises(AssetError) as refused:
        source.load("transforms.json")
    assert refused.value.reason == ("unsupported_reference" if kind == "fifo" else "reference_outside")


def test_a_lens_that_is_no_photo_lens_is_refused(scene: Path) -> None:
    edit(scene, camera_model="EQUIRECTANGULAR")
    with pytest.raises(AssetError) as refused:
        NerfSource(scene).load("transforms.json")
    assert refused.value.reason == "unsupported_camera"


def test_any_damage_ends_in_a_capture_or_a_reason(tmp_path: Path) -> None:
    from test_colmap import damaged

    write_photos(tmp_path / "images", 3, [texture(i) for i in range(3)])
    write_nerf(tmp_path, RING[:3], [f"images/{i:03d}.jpg" for i in range(3)], k1=0.1)
    rng = random.Random(3)
    assert outcome(NerfSource(tmp_path), "transforms.json") == "loaded"
    files = [tmp_path / "transforms.json", tmp_path / "images" / "001.jpg"]
    originals = [file.read_bytes() for file in files]
    for i in range(120):
        file, original = files[i % 2], originals[i % 2]
        file.write_bytes(damaged(original, rng))
        assert outcome(NerfSource(tmp_path), "transforms.json")
        file.write_bytes(original)
