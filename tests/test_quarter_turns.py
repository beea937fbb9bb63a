"""Photos of a camera on its side or upside down are turned upright, together with the camera.

Truth is an upright camera and its picture of bright spots at known places. A source holds that picture turned by
quarters, and the camera that goes with it, made here with matrices of their own.
"""

import io
from pathlib import Path

import numpy as np
import pytest
from capture_trees import jpeg, spots, spots_error, spotted_ring, write_colmap
from PIL import Image

from viewpoint100k.assets import CaptureAsset, open_source
from viewpoint100k.assets.capture_files.up import roll_deg
from viewpoint100k.geometry import WORLD_UP, Camera

SPOTS = np.array([[0, 0, 0.0], [0.55, 0.1, 0.35], [-0.5, 0.2, -0.35], [0.1, -0.6, 0.3], [-0.1, 0.55, -0.4]])


def held(camera: Camera, turns: int) -> Camera:
    """The camera turned by quarters. After one, the right side of its picture is at the top."""
    for _ in range(turns):
        pose = camera.camera_to_world.copy()
        # Counter-clockwise turn of the picture: right was down, down was left.
        pose[:3, :3] = pose[:3, :3] @ np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
        (fx, _, cx), (_, fy, cy) = camera.intrinsics[:2]
        matrix = np.array([[fy, 0, cy], [0, fx, camera.width - cx], [0, 0, 1]])
        camera = Camera(pose, matrix, camera.height, camera.width)
    return camera


def picture(camera: Camera) -> np.ndarray:
    places, _ = camera.project(SPOTS)
    return spots(places, camera.width, camera.height)


def silhouette(camera: Camera) -> np.ndarray:
    """(h, w): a disc about each spot. The first is larger, so that every rotation differs."""
    places, _ = camera.project(SPOTS)
    v, u = np.mgrid[: camera.height, : camera.width] + 0.5
    radii = [30, 12, 12, 12, 12]
    discs = [(u - x) ** 2 + (v - y) ** 2 < radius**2 for (x, y), radius in zip(places, radii, strict=True)]
    return np.any(discs, axis=0)


def capture_of(root: Path, turns: list[int], exif: int | None = None, masks: bool = False) -> CaptureAsset:
    """A COLMAP capture whose photo i was taken with its camera turned by ``turns[i]`` quarters, counter-clockwise."""
    stored = [held(camera, turn) for camera, turn in zip(spotted_ring(len(turns)), turns, strict=True)]
    (root / "images").mkdir(parents=True)
    names = [f"{i:03d}.jpg" for i in range(len(stored))]
    options = {}
    if exif is not None:
        tags = Image.Exif()
        tags[0x0112] = exif
        options["exif"] = tags
    for name, camera in zip(names, stored, strict=True):
        (root / "images" / name).write_bytes(jpeg(picture(camera), **options))
        if masks:
            (root / "masks").mkdir(exist_ok=True)
            Image.fromarray(silhouette(camera).astype(np.uint8) * 255).save(root / "masks" / f"{name}.png")
    write_model(root / "sparse" / "0", stored, names)
    kind = "mvimgnet2" if masks else "colmap"
    source = open_source(f"{kind}:{root}")
    capture = source.load(source.ids()[0])
    assert isinstance(capture, CaptureAsset)
    return capture


def write_model(folder: Path, cameras: list[Camera], names: list[str]) -> None:
    """A text model with a lens for each photo."""
    folder.mkdir(parents=True)
    lenses, images = [], []
    for i, (camera, name) in enumerate(zip(cameras, names, strict=True), 1):
        (fx, _, cx), (_, fy, cy) = camera.intrinsics[:2].tolist()
        lenses.append(f"{i} PINHOLE {camera.width} {camera.height} {fx!r} {fy!r} {cx!r} {cy!r}")
        world_to_camera = np.linalg.inv(camera.camera_to_world)
        w, x, y, z = quaternion(world_to_camera[:3, :3])
        tx, ty, tz = world_to_camera[:3, 3].tolist()
        images += [f"{i} {w!r} {x!r} {y!r} {z!r} {tx!r} {ty!r} {tz!r} {i} {name}", ""]
    (folder / "cameras.txt").write_text("\n".join(lenses))
    (folder / "images.txt").write_text("\n".join(images))


def quaternion(rotation: np.ndarray) -> list[float]:
    from scipy.spatial.transform import Rotation

    x, y, z, w = Rotation.from_matrix(rotation).as_quat().tolist()
    return [w, x, y, z]


@pytest.mark.parametrize("turns", [[1] * 8, [3] * 8, [0, 1, 0, 0, 3, 0, 2, 0], [0] * 8])
def test_photos_become_upright_and_their_cameras_still_see_what_they_show(tmp_path: Path, turns: list[int]) -> None:
    capture = capture_of(tmp_path, turns)
    assert capture.dropped_photos == {}
    assert capture.notes == (("turned_upright",) if any(turns) else ())
    for photo, upright in zip(capture.photos, spotted_ring(len(turns)), strict=True):
        assert (photo.camera.width, photo.camera.height) == (480, 360)
        assert photo.camera.intrinsics == pytest.approx(upright.intrinsics, abs=1e-6)
        assert abs(float(roll_deg(photo.camera.camera_to_world[None], WORLD_UP)[0])) < 5
        assert spots_error(photo, capture.normalization, SPOTS) < 0.3
        with Image.open(io.BytesIO(photo.read())) as image:
            assert np.abs(np.asarray(image).astype(int) - picture(upright)).max() < 24  # Two times JPEG.


@pytest.mark.parametrize("exif", [1, 3, 6, 8])
def test_what_exif_says_is_not_done_again(tmp_path: Path, exif: int) -> None:
    """COLMAP used the stored picture, so its camera has the true orientation, regardless of EXIF."""
    capture = capture_of(tmp_path, [1] * 8, exif=exif)
    assert len(capture.photos) == 8
    for photo in capture.photos:
        assert spots_error(photo, capture.normalization, SPOTS) < 0.3
        assert (photo.camera.width, photo.camera.height) == (480, 360)


def test_masks_are_turned_with_their_photos(tmp_path: Path) -> None:
    capture = capture_of(tmp_path, [3] * 8, masks=True)
    for photo, upright in zip(capture.photos, spotted_ring(8), strict=True):
        assert photo.mask is not None
        assert (photo.mask() != silhouette(upright)).mean() < 0.002


def test_distortion_is_undone_before_the_turn(tmp_path: Path) -> None:
    """A distorting lens: the spots of a picture stored on its side are where the upright pinhole sees them."""
    pytest.importorskip("pycolmap")
    upright = spotted_ring(8)
    stored = [held(camera, 1) for camera in upright]
    lens_params = [*stored[0].intrinsics[[0, 1], [0, 1]], *stored[0].intrinsics[:2, 2], -0.08, 0.01, 0.0, 0.0]
    (tmp_path / "images").mkdir()
    names = [f"{i:03d}.jpg" for i in range(8)]
    lens = write_colmap(tmp_path / "sparse" / "0", stored, names, model="OPENCV", params=lens_params)
    for name, camera in zip(names, stored, strict=True):
        local = SPOTS @ camera.world_to_camera[:3, :3].T + camera.world_to_camera[:3, 3]
        places = np.array([lens.img_from_cam(point) for point in local])
        (tmp_path / "images" / name).write_bytes(jpeg(spots(places, camera.width, camera.height)))
    source = open_source(f"colmap:{tmp_path}")
    capture = source.load(source.ids()[0])
    assert isinstance(capture, CaptureAsset)
    assert len(capture.photos) == 8
    for photo in capture.photos:
        assert (photo.camera.width, photo.camera.height) == (480, 360)
        assert spots_error(photo, capture.normalization, SPOTS) < 0.3
