"""Published sets of photographs by their names, in their own layouts.

The cameras that are read equal those that took the photos.
"""

import io
import json
import sqlite3
import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from capture_trees import HEIGHT, WIDTH, co3d_viewpoint, elsewhere, jpeg, ring, texture, write_colmap, write_photos
from PIL import Image

from viewpoint100k.assets import CaptureAsset, open_source
from viewpoint100k.errors import AssetError, UsageError
from viewpoint100k.geometry import Camera

COUNT = 8
WORLD = 3
"""The seed of the reconstructions' world."""


def cameras(**how: float) -> list[Camera]:
    return elsewhere(ring(range(0, 360, 360 // COUNT), **how), WORLD)


def load(spec: str, asset_id: str | None = None) -> CaptureAsset:
    source = open_source(spec)
    capture = source.load(asset_id or source.ids()[0])
    assert isinstance(capture, CaptureAsset)
    return capture


def assert_cameras(capture: CaptureAsset, truth: Sequence[Camera]) -> None:
    """Every photo's camera equals the source's camera under the capture's own map, to 1e-6."""
    assert len(capture.photos) == len(truth)
    scale = np.cbrt(np.linalg.det(capture.normalization[:3, :3]))
    for photo, camera in zip(capture.photos, truth, strict=True):
        turned = capture.normalization[:3, :3] / scale @ camera.camera_to_world[:3, :3]
        place = capture.normalization[:3, :3] @ camera.position + capture.normalization[:3, 3]
        assert np.abs(photo.camera.camera_to_world[:3, :3] - turned).max() < 1e-6
        assert np.abs(photo.camera.position - place).max() < 1e-6
        assert photo.camera.intrinsics == pytest.approx(camera.intrinsics, rel=1e-6)


# COLMAP


@pytest.mark.parametrize(
    ("model", "images", "asset_id"),
    [
        ("thing/sparse/0", "thing/images", "thing"),
        ("thing/sparse", "thing/images", "thing"),
        ("a/thing/colmap", "a/thing/images", "a/thing"),
        ("0", "images", "."),
        ("", "", "."),
        ("thing/dense/sparse", "thing/dense/images", "thing/dense"),
        ("thing/0", "thing", "thing"),
    ],
)
@pytest.mark.parametrize("text", [False, True])
def test_any_colmap_model_is_found_with_its_photos(
    tmp_path: Path, model: str, images: str, asset_id: str, text: bool
) -> None:
    names = write_photos(tmp_path / images, COUNT)
    write_colmap(tmp_path / model, cameras(), names, text=text)
    assert open_source(f"colmap:{tmp_path}").ids() == (asset_id,)
    assert_cameras(load(f"colmap:{tmp_path}"), cameras())


def test_rigs_and_frames_leave_each_photo_its_own_pose(tmp_path: Path) -> None:
    """Two lenses on one rig, one of them not at its origin. COLMAP from 3.12 on writes this as rigs and frames."""
    pycolmap = pytest.importorskip("pycolmap")
    truth = cameras()
    names = write_photos(tmp_path / "images", COUNT)
    model = pycolmap.Reconstruction()
    first = truth[0]
    params = [*first.intrinsics[[0, 1], [0, 1]], *first.intrinsics[:2, 2]]
    for camera_id in (1, 2):
        model.add_camera(
            pycolmap.Camera(camera_id=camera_id, model="PINHOLE", width=WIDTH, height=HEIGHT, params=params)
        )
    # The second lens has the pose of each frame's second photo relative to the first.
    step = np.linalg.inv(truth[1].camera_to_world) @ truth[0].camera_to_world
    second_from_rig = pycolmap.Rigid3d(pycolmap.Rotation3d(step[:3, :3]), step[:3, 3])
    rig = pycolmap.Rig(rig_id=1)
    rig.add_ref_sensor(pycolmap.sensor_t(type=pycolmap.SensorType.CAMERA, id=1))
    rig.add_sensor(pycolmap.sensor_t(type=pycolmap.SensorType.CAMERA, id=2), second_from_rig)
    model.add_rig(rig)
    stated = []
    for frame_id in range(1, COUNT // 2 + 1):
        place = 2 * (frame_id - 1)
        world_to_rig = np.linalg.inv(truth[place].camera_to_world)
        frame = pycolmap.Frame(frame_id=frame_id, rig_id=1)
        for lens in (1, 2):
            sensor = pycolmap.sensor_t(type=pycolmap.SensorType.CAMERA, id=lens)
            frame.add_data_id(pycolmap.data_t(sensor_id=sensor, id=place + lens))
        frame.rig_from_world = pycolmap.Rigid3d(pycolmap.Rotation3d(world_to_rig[:3, :3]), world_to_rig[:3, 3])
        model.add_frame(frame)
        for lens in (1, 2):
            image = pycolmap.Image(
                name=names[place + lens - 1], keypoints=np.zeros((0, 2)), camera_id=lens, image_id=place + lens
            )
            image.frame_id = frame_id
            model.add_image(image)
        stated += [truth[place], moved_by(truth[place], step)]
        model.register_frame(frame_id)
    (tmp_path / "sparse" / "0").mkdir(parents=True)
    model.write_binary(str(tmp_path / "sparse" / "0"))
    assert (tmp_path / "sparse" / "0" / "rigs.bin").exists()
    assert_cameras(load(f"colmap:{tmp_path}"), stated)


def moved_by(camera: Camera, second_from_rig: np.ndarray) -> Camera:
    pose = camera.camera_to_world @ np.linalg.inv(second_from_rig)
    return Camera(pose, camera.intrinsics, camera.width, camera.height)


def test_a_folder_without_a_model_is_refused_with_what_is_looked_for(tmp_path: Path) -> None:
    write_photos(tmp_path / "images", 3)
    with pytest.raises(UsageError, match="colmap:DIR looks for a COLMAP model"):
        open_source(f"colmap:{tmp_path}").ids()


def test_a_second_model_is_noted(tmp_path: Path) -> None:
    names = write_photos(tmp_path / "images", COUNT)
    write_colmap(tmp_path / "sparse" / "0", cameras(), names)
    write_colmap(tmp_path / "sparse" / "1", cameras()[:3], names[:3])
    capture = load(f"colmap:{tmp_path}")
    assert_cameras(capture, cameras())
    assert capture.notes == ("other_models",)


def test_mvimgnet2_has_masks_beside_its_photos(tmp_path: Path) -> None:
    folder = tmp_path / "12" / "0a"
    names = write_photos(folder / "images", COUNT)
    write_colmap(folder / "sparse" / "0", cameras(), names)
    for name in names:
        mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
        mask[40:80, 50:110] = 255
        (folder / "masks").mkdir(exist_ok=True)
        Image.fromarray(mask).save(folder / "masks" / f"{name}.png")
    capture = load(f"mvimgnet2:{tmp_path}")
    assert_cameras(capture, cameras())
    assert (capture.origin.category, capture.origin.license) == ("12", "LicenseRef-MVImgNet2")
    mask_of_first = capture.photos[0].mask
    assert mask_of_first is not None
    assert mask_of_first().sum() == 40 * 60


def test_scannetpps_photos_lie_beside_its_model(tmp_path: Path) -> None:
    scene = tmp_path / "data" / "0a7cc12c0e" / "dslr"
    names = write_photos(scene / "resized_images", COUNT)
    write_colmap(scene / "colmap", cameras(), names, text=True)
    capture = load(f"scannetpp:{tmp_path}")
    assert capture.origin.asset_id == "data/0a7cc12c0e/dslr"
    assert_cameras(capture, cameras())


# WildRGB-D


def write_wildrgbd(
    root: Path, truth: Sequence[Camera], kind: str = "single", pictures: Sequence[np.ndarray] | None = None
) -> Path:
    scene = root / "toy_bus" / "scenes" / "scenes_007"
    for part in ("rgb", "masks"):
        (scene / part).mkdir(parents=True)
    lines = []
    for i, camera in enumerate(truth):
        (scene / "rgb" / f"{i:05d}.png").write_bytes(png(texture(i) if pictures is None else pictures[i]))
        mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
        mask[40:80, 50:110] = 255
        (scene / "masks" / f"{i:05d}.png").write_bytes(png(mask))
        lines.append(" ".join([str(i), *(repr(float(value)) for value in camera.camera_to_world.ravel())]))
    (scene / "cam_poses.txt").write_text("\n".join(lines) + "\n")
    first = truth[0]
    (scene / "metadata").write_text(json.dumps({"w": WIDTH, "h": HEIGHT, "K": first.intrinsics.T.ravel().tolist()}))
    (root / "toy_bus" / "types.json").write_text(json.dumps({"scenes_007": kind}))
    return scene


def png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def test_wildrgbd_is_read_with_its_masks(tmp_path: Path) -> None:
    write_wildrgbd(tmp_path, cameras())
    capture = load(f"wildrgbd:{tmp_path}", "toy_bus/scenes/scenes_007")
    assert_cameras(capture, cameras())
    assert (capture.origin.category, capture.origin.license) == ("toy bus", "MIT")
    assert all(photo.mask is not None for photo in capture.photos)


def test_a_scene_of_several_objects_is_refused(tmp_path: Path) -> None:
    write_wildrgbd(tmp_path, cameras(), "multi")
    with pytest.raises(AssetError) as refused:
        load(f"wildrgbd:{tmp_path}")
    assert refused.value.reason == "several_objects"


def test_a_broken_line_costs_its_frame(tmp_path: Path) -> None:
    poses = write_wildrgbd(tmp_path, cameras()) / "cam_poses.txt"
    lines = poses.read_text().splitlines()
    poses.write_text("\n".join([lines[0], lines[1][:40], "x", *lines[2:]]))
    capture = load(f"wildrgbd:{tmp_path}")
    assert_cameras(capture, [c for i, c in enumerate(cameras()) if i != 1])
    assert sorted(capture.dropped_photos.values()) == ["malformed_record", "malformed_record"]


# uCO3D

RATE = 10


def write_video(path: Path, pictures: Sequence[np.ndarray], repeat: int = 3) -> None:
    """An MP4 of ``RATE`` frames per second. Each picture is shown for ``repeat`` frames."""
    av = pytest.importorskip("av")
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = pictures[0].shape[1], pictures[0].shape[0], "yuv420p"
        stream.bit_rate, stream.gop_size = 4_000_000, 12
        for pixels in pictures:
            for _ in range(repeat):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))


def write_uco3d(
    root: Path, truth: Sequence[Camera], pictures: Sequence[np.ndarray] | None = None
) -> Sequence[np.ndarray]:
    """A sequence in its published form: the database, a video, and a video of masks. Returns the pictures."""
    folder = "furniture/chair/7-1-2"
    pictures = pictures or [smooth(i) for i in range(len(truth))]
    write_video(root / folder / "rgb_video.mp4", pictures)
    mask = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    mask[32:80, 48:112] = 255
    write_video(root / folder / "mask_video.mkv", [mask] * len(truth))
    with sqlite3.connect(root / "metadata.sqlite") as db:
        db.execute(
            "CREATE TABLE sequence_annots (sequence_name TEXT PRIMARY KEY, category TEXT, super_category TEXT,"
            "_reconstruction_quality_viewpoint FLOAT, _segmented_point_cloud_path TEXT,"
            "_sparse_point_cloud_path TEXT, _video_path TEXT, _mask_video_path TEXT)"
        )
        db.execute(
            "CREATE TABLE frame_annots (sequence_name TEXT, frame_number INT, frame_timestamp FLOAT, _image_path TEXT,"
            "_image_size BLOB, _mask_path TEXT, _viewpoint_R BLOB, _viewpoint_T BLOB, _viewpoint_focal_length BLOB,"
            "_viewpoint_principal_point BLOB, _viewpoint_colmap_distortion_coeffs BLOB,"
            "_viewpoint_intrinsics_format TEXT)"
        )
        videos = (f"{folder}/rgb_video.mp4", f"{folder}/mask_video.mkv")
        db.execute("INSERT INTO sequence_annots VALUES ('7-1-2','chair','furniture',1.2,NULL,NULL,?,?)", videos)
        for i, camera in enumerate(truth):
            view = co3d_viewpoint(camera)
            row: list[Any] = ["7-1-2", i, (3 * i + 1) / RATE, f"{folder}/images/{i:04d}.png"]
            row += [struct.pack("<ii", camera.height, camera.width), None]
            row += [struct.pack("<9f", *np.ravel(view["R"])), struct.pack("<3f", *view["T"])]
            row += [struct.pack("<2f", *view["focal_length"]), struct.pack("<2f", *view["principal_point"])]
            row += [None, "ndc_isotropic"]
            db.execute(f"INSERT INTO frame_annots VALUES ({','.join('?' * 12)})", row)
    db.close()
    return pictures


def smooth(seed: int) -> np.ndarray:
    """(HEIGHT, WIDTH, 3): a sharp, unique picture that survives video compression."""
    v, u = np.mgrid[:HEIGHT, :WIDTH]
    waves = [np.sin(u / (5 + seed % 3) + seed) * np.cos(v / (6 + seed % 4) - seed * channel) for channel in (1, 2, 3)]
    return (128 + 80 * np.stack(waves, axis=-1)).astype(np.uint8)


def test_uco3ds_frames_come_from_its_videos(tmp_path: Path) -> None:
    truth = cameras()
    pictures = write_uco3d(tmp_path, truth)
    capture = load(f"uco3d:{tmp_path}", "furniture/chair/7-1-2")
    assert (capture.origin.source, capture.origin.category, capture.origin.license) == ("uco3d", "chair", "CC-BY-4.0")
    assert len(capture.photos) == COUNT
    for i, photo in enumerate(capture.photos):
        with Image.open(io.BytesIO(photo.read())) as image:
            shown = np.asarray(image).astype(int)
        differences = [np.abs(shown - picture).mean() for picture in pictures]
        assert int(np.argmin(differences)) == i
        assert differences[i] < 12
        assert photo.mask is not None
        assert np.abs(photo.mask().mean() - 48 * 64 / (HEIGHT * WIDTH)) < 0.01
    # The database stores 32-bit floats.
    scale = np.cbrt(np.linalg.det(capture.normalization[:3, :3]))
    for photo, camera in zip(capture.photos, truth, strict=True):
        turned = capture.normalization[:3, :3] / scale @ camera.camera_to_world[:3, :3]
        assert np.abs(photo.camera.camera_to_world[:3, :3] - turned).max() < 1e-6


def test_photos_of_a_video_are_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    write_uco3d(tmp_path, cameras())
    first, second = load(f"uco3d:{tmp_path}"), load(f"uco3d:{tmp_path}")
    forwards = [photo.read() for photo in first.photos]
    backwards = [photo.read() for photo in reversed(second.photos)][::-1]
    assert forwards == backwards
    assert first.origin == second.origin


def test_a_broken_video_costs_its_capture(tmp_path: Path) -> None:
    write_uco3d(tmp_path, cameras())
    video = tmp_path / "furniture/chair/7-1-2/rgb_video.mp4"
    video.write_bytes(video.read_bytes()[:2000])
    with pytest.raises(AssetError) as refused:
        load(f"uco3d:{tmp_path}")
    assert refused.value.reason == "too_few_photos"
    assert "video_unreadable" in str(refused.value)


def test_a_playlist_in_place_of_a_video_names_nothing(tmp_path: Path) -> None:
    write_uco3d(tmp_path, cameras())
    secret = tmp_path.parent / f"{tmp_path.name}-secret.mp4"
    video = tmp_path / "furniture/chair/7-1-2/rgb_video.mp4"
    video.rename(secret)
    video.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{secret}\n#EXT-X-ENDLIST\n")
    with pytest.raises(AssetError):
        load(f"uco3d:{tmp_path}")
    video.write_text(f"ffconcat version 1.0\nfile {secret}\n")
    with pytest.raises(AssetError):
        load(f"uco3d:{tmp_path}")


def test_uco3d_needs_its_database(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"metadata\.sqlite"):
        open_source(f"uco3d:{tmp_path}").ids()


# DL3DV


def write_dl3dv(root: Path, truth: Sequence[Camera], pictures: Sequence[np.ndarray] | None = None) -> None:
    """One scene as in the published archives: photos only in ``images_4``, and intrinsics for four times their size."""
    (root / "images_4").mkdir(parents=True)
    frames = []
    for i, camera in enumerate(truth):
        (root / "images_4" / f"frame_{i:05d}.png").write_bytes(jpeg(texture(i) if pictures is None else pictures[i]))
        matrix = camera.camera_to_world @ np.diag([1.0, -1, -1, 1])
        frames.append({"file_path": f"images/frame_{i:05d}.png", "transform_matrix": matrix.tolist()})
    full = truth[0].resized(4 * WIDTH, 4 * HEIGHT)
    fx, fy, cx, cy = (float(full.intrinsics[place]) for place in ((0, 0), (1, 1), (0, 2), (1, 2)))
    stated = {"w": full.width, "h": full.height, "fl_x": fx, "fl_y": fy, "cx": cx, "cy": cy, "k1": 0.0}
    (root / "transforms.json").write_text(json.dumps({**stated, "camera_model": "OPENCV", "frames": frames}))


@pytest.mark.parametrize("folder", ["1K/0a1b", "0a1b/nerfstudio"])
def test_dl3dv_is_read_where_its_archives_put_it(tmp_path: Path, folder: str) -> None:
    truth = cameras()
    write_dl3dv(tmp_path / folder, truth)
    capture = load(f"dl3dv:{tmp_path}")
    assert_cameras(capture, truth)
    assert capture.origin.license == "LicenseRef-DL3DV-10K"


def test_a_frames_time_is_exact() -> None:
    from viewpoint100k.assets.capture_files.videos import frame_name

    assert frame_name("a.mp4", 12.3456789) == "a.mp4/t=12.345679.png"
    assert Fraction("12.345679") == Fraction(12345679, 10**6)
    with pytest.raises(ValueError, match="no time"):
        frame_name("a.mp4", float("nan"))
