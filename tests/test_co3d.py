"""CO3Dv2 and uCO3D: NDC, quality, masks, points, the database, and broken annotations."""

import gzip
import json
import random
import sqlite3
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from capture_trees import (
    HEIGHT,
    SPOTS,
    WIDTH,
    co3d_viewpoint,
    elsewhere,
    moved,
    outcome,
    ring,
    spots,
    spots_error,
    spotted_ring,
    texture,
    write_co3d,
    write_jgz,
    write_photos,
)
from PIL import Image

from viewpoint100k.assets.capture_files.json_records import iterate_records
from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.assets.co3d import Co3dSource
from viewpoint100k.errors import AssetError, UsageError
from viewpoint100k.geometry import relative_pose, wrap_deg


def refusal(source: Co3dSource, asset_id: str = "chair/seq") -> str:
    with pytest.raises(AssetError) as refused:
        source.load(asset_id)
    return refused.value.reason


@pytest.mark.parametrize("isotropic", [True, False])
def test_known_points_are_where_co3ds_formula_puts_them(tmp_path: Path, isotropic: bool) -> None:
    """The spots are drawn by CO3D's definition: X_cam = X R + T, then NDC, which increases to the left and upwards."""
    cameras = elsewhere(spotted_ring(), seed=11)
    points = moved(SPOTS, 11)
    images = []
    for camera in cameras:
        view = co3d_viewpoint(camera, isotropic)
        local = points @ np.array(view["R"]) + view["T"]
        ndc = np.array(view["focal_length"]) * local[:, :2] / local[:, 2:] + view["principal_point"]
        half = np.array([480, 360]) / 2
        images.append(spots(half - ndc * (half.min() if isotropic else half), 480, 360))
    write_co3d(tmp_path, cameras, images, isotropic=isotropic)
    capture = Co3dSource(tmp_path, CaptureLimits(min_sharpness=0.0)).load("chair/seq")
    assert len(capture.photos) == 8
    assert max(spots_error(photo, capture.normalization, points) for photo in capture.photos) < 0.1


def test_the_old_ndc_is_the_default_as_in_co3ds_own_type(tmp_path: Path) -> None:
    cameras = ring(range(0, 360, 45))
    frames = write_co3d(tmp_path, cameras, isotropic=False)
    for frame in frames:
        del frame["viewpoint"]["intrinsics_format"]
    write_jgz(tmp_path / "chair" / "frame_annotations.jgz", frames)
    photo = Co3dSource(tmp_path).load("chair/seq").photos[0]
    assert photo.camera.intrinsics == pytest.approx(cameras[0].intrinsics)


def test_ids_are_the_same_from_the_folder_and_from_one_category(tmp_path: Path) -> None:
    write_co3d(tmp_path, ring(range(0, 360, 45)))
    whole, one = Co3dSource(tmp_path), Co3dSource(tmp_path / "chair")
    assert whole.ids() == one.ids() == ("chair/seq",)
    first, second = whole.load("chair/seq"), one.load("chair/seq")
    assert [p.name for p in first.photos] == [p.name for p in second.photos]
    assert first.origin == second.origin
    assert (first.origin.source, first.origin.category) == ("co3d", "chair")


@pytest.mark.parametrize(("quality", "taken"), [(None, True), (0.6, True), (0.49, False), (float("nan"), True)])
def test_a_sequence_of_low_quality_is_refused(tmp_path: Path, quality: float | None, taken: bool) -> None:
    write_co3d(tmp_path, ring(range(0, 360, 45)), quality=quality)
    source = Co3dSource(tmp_path)
    if taken:
        capture = source.load("chair/seq")
        assert len(capture.photos) == 8
        assert capture.notes == (("no_quality_score",) if quality != quality else ())
    else:
        assert refusal(source) == "low_quality"


def test_the_objects_points_give_center_and_radius(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(2000, 3))
    ball = directions / np.linalg.norm(directions, axis=1, keepdims=True) * 0.8 + [0.2, 0, 0]
    points = moved(ball, 5)
    header = f"ply\nformat binary_little_endian 1.0\nelement vertex {len(points)}\n"
    header += "property float x\nproperty float y\nproperty float z\nend_header\n"
    cloud = tmp_path / "chair" / "seq" / "pointcloud.ply"
    write_co3d(tmp_path, elsewhere(ring(range(0, 360, 30)), 5), cloud="chair/seq/pointcloud.ply")
    cloud.write_bytes(header.encode() + points.astype("<f4").tobytes())
    capture = Co3dSource(tmp_path).load("chair/seq")
    assert capture.points is not None
    assert np.median(np.linalg.norm(capture.points, axis=1)) == pytest.approx(1, abs=0.03)
    assert capture.visible is None
    cloud.write_bytes(cloud.read_bytes()[:500])
    assert refusal(Co3dSource(tmp_path)) == "points_unreadable"
    cloud.unlink()
    assert Co3dSource(tmp_path).load("chair/seq").points is None


def write_masks(folder: Path, masks: list[np.ndarray]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for i, mask in enumerate(masks):
        Image.fromarray(mask.astype(np.uint8) * 255).save(folder / f"{i:03d}.png")


def test_masks_give_center_and_radius_and_drop_what_is_cut_or_empty(tmp_path: Path) -> None:
    cameras = ring(range(0, 360, 30))
    v, u = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    masks = []
    for camera in cameras:  # Of a ball of radius 0.6 about the origin.
        slope = 0.6 / np.sqrt(4**2 - 0.6**2) * camera.intrinsics[0, 0]
        masks.append((u - WIDTH / 2) ** 2 + (v - HEIGHT / 2) ** 2 < slope**2)
    masks[3] = np.zeros_like(masks[3])
    masks[4] = u > 60
    masks[5] = (u < 82) & (u > 79) & (v > 58) & (v < 61)
    write_co3d(tmp_path, cameras, masks=True)
    write_masks(tmp_path / "chair" / "seq" / "masks", masks)
    capture = Co3dSource(tmp_path).load("chair/seq")
    reasons = {Path(name).stem: reason for name, reason in capture.dropped_photos.items()}
    assert reasons == {"003": "object_out_of_frame", "004": "object_out_of_frame", "005": "object_too_small"}
    assert 1 / np.cbrt(np.linalg.det(capture.normalization[:3, :3])) == pytest.approx(0.66, abs=0.03)
    mask = capture.photos[0].mask
    assert mask is not None
    assert np.array_equal(mask(), masks[0])


# uCO3D.


def write_uco3d(root: Path, cameras: Any, extracted: bool = True, distortion: tuple[float, ...] = (0.0,) * 12) -> None:
    """``metadata.sqlite`` as uco3d's ``orm_types.py`` lays it out, with the columns that a reader needs."""
    folder = root / "furniture" / "chair" / "7-1-2"
    if extracted:
        write_photos(folder / "rgb", len(cameras))
    with sqlite3.connect(root / "metadata.sqlite") as db:
        db.execute(
            "CREATE TABLE sequence_annots (sequence_name TEXT PRIMARY KEY, category TEXT, super_category TEXT,"
            "_reconstruction_quality_viewpoint FLOAT, _segmented_point_cloud_path TEXT, _sparse_point_cloud_path TEXT)"
        )
        db.execute(
            "CREATE TABLE frame_annots (sequence_name TEXT, frame_number INT, _image_path TEXT, _image_size BLOB,"
            "_mask_path TEXT, _viewpoint_R BLOB, _viewpoint_T BLOB, _viewpoint_focal_length BLOB,"
            "_viewpoint_principal_point BLOB, _viewpoint_colmap_distortion_coeffs BLOB,"
            "_viewpoint_intrinsics_format TEXT)"
        )
        db.execute("INSERT INTO sequence_annots VALUES ('7-1-2', 'chair', 'furniture', 1.2, NULL, NULL)")
        for i, camera in enumerate(cameras):
            view = co3d_viewpoint(camera)
            packed = [
                struct.pack("<ii", camera.height, camera.width),
                None,
                struct.pack("<9f", *np.ravel(view["R"])),
                struct.pack("<3f", *view["T"]),
                struct.pack("<2f", *view["focal_length"]),
                struct.pack("<2f", *view["principal_point"]),
                struct.pack("<12f", *distortion),
            ]
            path = f"furniture/chair/7-1-2/rgb/{i:03d}.jpg"
            db.execute(
                f"INSERT INTO frame_annots VALUES ({','.join('?' * 11)})", ["7-1-2", i, path, *packed, "ndc_isotropic"]
            )
    db.close()


def test_uco3d_is_read_from_its_database(tmp_path: Path) -> None:
    cameras = elsewhere(ring(range(0, 360, 45)), 2)
    write_uco3d(tmp_path, cameras)
    source = Co3dSource(tmp_path)
    assert source.ids() == ("furniture/chair/7-1-2",)
    capture = source.load("furniture/chair/7-1-2")
    assert capture.origin.category == "chair"
    assert len(capture.photos) == 8
    original = ring(range(0, 360, 45))
    for i in range(1, 8):
        read = relative_pose(capture.photos[0].camera, capture.photos[i].camera, np.zeros(3))
        truth = relative_pose(original[0], original[i], np.zeros(3))
        assert abs(wrap_deg(read.azimuth_deg - truth.azimuth_deg)) < 0.01


def test_uco3d_without_frames_and_videos_says_so(tmp_path: Path) -> None:
    write_uco3d(tmp_path, ring(range(0, 360, 45)), extracted=False)
    with pytest.raises(AssetError, match="neither its frames nor its video") as refused:
        Co3dSource(tmp_path).load("furniture/chair/7-1-2")
    assert refused.value.reason == "images_missing"


def test_uco3ds_distortion_is_undone(tmp_path: Path) -> None:
    write_uco3d(tmp_path, ring(range(0, 360, 45)), distortion=(-0.1, 0.01, *(0.0,) * 10))
    photo = Co3dSource(tmp_path).load("furniture/chair/7-1-2").photos[0]
    assert photo.camera.intrinsics[0, 0] != pytest.approx(ring([0])[0].intrinsics[0, 0])
    assert photo.read()[:2] == b"\xff\xd8"


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + b"\xff" * 4000, b"hello" * 1000])
def test_a_broken_database_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "metadata.sqlite").write_bytes(content)
    with pytest.raises(UsageError, match=r"metadata\.sqlite"):
        Co3dSource(tmp_path).ids()


def test_a_view_in_place_of_a_table_is_not_run(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "metadata.sqlite") as db:
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS sequence_name FROM n"
        db.execute(f"CREATE VIEW sequence_annots AS {endless}")
        db.execute("CREATE TABLE frame_annots (sequence_name TEXT)")
    db.close()
    with pytest.raises(UsageError, match="uCO3D's tables"):
        Co3dSource(tmp_path).ids()


# Broken annotations.


def broken_frames(frames: list[dict[str, Any]], how: str) -> str:
    """Damages frame 2. Returns the expected reason code."""
    frame = frames[2]
    if how == "nan":
        frame["viewpoint"]["T"] = [float("nan"), 0, 0]
    elif how == "singular":
        frame["viewpoint"]["R"] = [[0.0] * 3] * 3
    elif how == "reflection":
        frame["viewpoint"]["R"][0] = [-x for x in frame["viewpoint"]["R"][0]]
    elif how == "huge numbers":
        frame["viewpoint"]["focal_length"] = [1e308, 1e308]
    elif how == "strings":
        frame["viewpoint"]["focal_length"] = ["a", "b"]
    elif how == "another ndc":
        frame["viewpoint"]["intrinsics_format"] = "pixels"
    elif how == "no viewpoint":
        frame["viewpoint"] = None
    elif how == "no image":
        frame["image"] = [1, 2]
    elif how == "huge size":
        frame["image"]["size"] = [10**9, 10**9]
    elif how == "outside":
        frame["image"]["path"] = "../../etc/passwd"
    elif how == "absolute":
        frame["image"]["path"] = "/etc/passwd"
    return "reference_outside" if how in ("outside", "absolute") else "bad_camera"


@pytest.mark.parametrize(
    "how",
    [
        *("nan", "singular", "reflection", "huge numbers", "strings", "another ndc", "no viewpoint"),
        *("no image", "huge size", "outside", "absolute"),
    ],
)
def test_a_frame_with_impossible_numbers_is_dropped_alone(tmp_path: Path, how: str) -> None:
    frames = write_co3d(tmp_path, ring(range(0, 360, 45)))
    reason = broken_frames(frames, how)
    write_jgz(tmp_path / "chair" / "frame_annotations.jgz", frames)
    capture = Co3dSource(tmp_path).load("chair/seq")
    assert list(capture.dropped_photos.values()) == [reason]
    assert len(capture.photos) == 7


def long_string() -> bytes:
    return b'[{"sequence_name": "' + b"a" * 3_000_000 + b'"}]'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not gzip",
        gzip.compress(b"{}"),
        gzip.compress(b"[" * 100_000),
        gzip.compress(b'[{"a": ' * 100_000),
        gzip.compress(b"[]")[:-9],
        gzip.compress(b"\xff\xfe[]"),
        gzip.compress(long_string()),
        gzip.compress(b"[] []"),
    ],
)
def test_broken_annotations_are_one_refused_asset(tmp_path: Path, content: bytes) -> None:
    write_co3d(tmp_path, ring(range(0, 360, 45)))
    (tmp_path / "chair" / "frame_annotations.jgz").write_bytes(content)
    assert refusal(Co3dSource(tmp_path)) == "annotations_unreadable"
    (tmp_path / "chair" / "sequence_annotations.jgz").write_bytes(content)
    broken = Co3dSource(tmp_path)
    assert broken.ids() == ("chair",)
    assert refusal(broken, "chair") == "annotations_unreadable"


@pytest.mark.parametrize("content", [b"[{]", b"[1]", b'[{"sequence_name": 7}]', b'[{"sequence_name": "a\xff'])
def test_a_record_that_makes_no_sense_is_one_refused_asset(tmp_path: Path, content: bytes) -> None:
    write_co3d(tmp_path, ring(range(0, 360, 45)))
    path = tmp_path / "chair" / "sequence_annotations.jgz"
    good = json.dumps({"sequence_name": "seq"}).encode()
    path.write_bytes(gzip.compress(content.removesuffix(b"]") + b", " + good + b"]"))
    source = Co3dSource(tmp_path)
    assert source.ids() == ("chair/record 1", "chair/seq")
    assert refusal(source, "chair/record 1") == "malformed_record"
    assert len(source.load("chair/seq").photos) == 8


def test_a_gzip_bomb_is_stopped_at_its_limit(tmp_path: Path) -> None:
    write_co3d(tmp_path, ring(range(0, 360, 45)))
    record = b'{"sequence_name": "seq", "pad": "' + b" " * 100_000 + b'"},'
    (tmp_path / "chair" / "frame_annotations.jgz").write_bytes(gzip.compress(b"[" + record * 1000))
    limits = CaptureLimits(max_annotation_bytes=20_000_000)
    assert refusal(Co3dSource(tmp_path, limits)) == "annotations_too_large"


def test_records_are_found_wherever_the_pieces_end(tmp_path: Path) -> None:
    records = [{"name": "ä€😀" * (i % 50), "list": list(range(i % 300)), "i": i} for i in range(3000)]
    path = tmp_path / "x.jgz"
    for text in (json.dumps(records), json.dumps(records, ensure_ascii=False, indent=1)):
        path.write_bytes(gzip.compress(text.encode()))
        with path.open("rb") as file:
            found = list(iterate_records(file, "x", 1 << 30, []))
        assert [record for record, _ in found] == records
        assert [json.loads(text) for _, text in found] == records


def test_frames_of_other_sequences_are_left_alone(tmp_path: Path) -> None:
    frames = write_co3d(tmp_path, ring(range(0, 360, 45)))
    others = [{**frame, "sequence_name": "other"} for frame in frames[:1]]
    write_jgz(tmp_path / "chair" / "frame_annotations.jgz", [*others, *frames[::-1]])
    capture = Co3dSource(tmp_path).load("chair/seq")
    assert [Path(photo.name).stem for photo in capture.photos] == [f"{i:03d}" for i in range(8)]


def test_a_photo_of_another_size_is_used_where_it_was_only_scaled(tmp_path: Path) -> None:
    cameras = [camera.resized(480, 360) for camera in ring(range(0, 360, 45))]
    write_co3d(tmp_path, cameras, [texture(i, 240, 180) for i in range(8)])
    photo = Co3dSource(tmp_path).load("chair/seq").photos[0]
    assert photo.camera.intrinsics == pytest.approx(cameras[0].resized(240, 180).intrinsics)


def test_any_damage_ends_in_a_capture_or_a_reason(tmp_path: Path) -> None:
    from test_colmap import damaged

    frames = write_co3d(tmp_path, ring([0, 50, 120]), cloud="chair/seq/pointcloud.ply")
    cloud = tmp_path / "chair" / "seq" / "pointcloud.ply"
    header = (
        "ply\nformat ascii 1.0\nelement vertex 60\nproperty float x\nproperty float y\nproperty float z\nend_header\n"
    )
    cloud.write_text(header + "".join(f"{i % 4 / 4} {i % 5 / 5} {i % 3 / 3}\n" for i in range(60)))
    path = tmp_path / "chair" / "frame_annotations.jgz"
    assert outcome(Co3dSource(tmp_path), "chair/seq") == "loaded"
    text, packed, points = json.dumps(frames).encode(), path.read_bytes(), cloud.read_bytes()
    rng = random.Random(5)
    for i in range(150):
        broken = (gzip.compress(damaged(text, rng)), damaged(packed, rng), packed)[i % 3]
        path.write_bytes(broken)
        cloud.write_bytes(damaged(points, rng) if i % 3 == 2 else points)
        assert outcome(Co3dSource(tmp_path), "chair/seq")
