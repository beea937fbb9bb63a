"""All captures: the normalised world, photos and their checks, and one real capture in three forms."""

import hashlib
import io
import os
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from capture_trees import (
    HEIGHT,
    WIDTH,
    elsewhere,
    jpeg,
    moved,
    ring,
    rolled,
    texture,
    write_co3d,
    write_colmap,
    write_nerf,
    write_photos,
)
from conftest import REAL_ASSETS
from PIL import Image, ImageFilter
from scipy.spatial.transform import Rotation

from renderers import open_renderer
from renderers.protocol import Stage
from viewpoint100k.assets.asset import CaptureAsset, Source
from viewpoint100k.assets.capture_files import pictures
from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.assets.capture_files.placement import turned
from viewpoint100k.assets.capture_files.source_folder import SourceFolder
from viewpoint100k.assets.capture_files.up import angle_between_deg
from viewpoint100k.assets.co3d import Co3dSource
from viewpoint100k.assets.colmap import MvimgnetSource
from viewpoint100k.assets.nerf import NerfSource
from viewpoint100k.assets.procedural import ProceduralSource
from viewpoint100k.errors import AssetError, UsageError
from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit, relative_pose, wrap_deg

CAPTURES = REAL_ASSETS / "captures"


def nerf_capture(root: Path, cameras: Sequence[Camera], **limits: object) -> CaptureAsset:
    names = [f"images/{name}" for name in write_photos(root / "images", len(cameras))]
    write_nerf(root, cameras, names)
    return NerfSource(root, CaptureLimits(**limits)).load("transforms.json")  # type: ignore[arg-type]


# The normalised world.


def test_a_capture_is_the_same_in_whatever_world_it_was_found(tmp_path: Path) -> None:
    cameras = ring(range(0, 330, 30))
    first, second = (nerf_capture(tmp_path / str(seed), elsewhere(cameras, seed)) for seed in (1, 2))
    for one, two in zip(first.photos, second.photos, strict=True):
        assert one.camera.camera_to_world == pytest.approx(two.camera.camera_to_world, abs=1e-6)
    assert first.photos[0].camera.position[1] == pytest.approx(0, abs=1e-6)
    assert first.photos[0].camera.position[0] > 0


def test_the_normalization_is_the_map_that_was_applied(tmp_path: Path) -> None:
    cameras = elsewhere(ring(range(0, 360, 45)), seed=4)
    capture = nerf_capture(tmp_path, cameras)
    points = moved(np.random.default_rng(0).normal(size=(20, 3)), 4)
    mapped = points @ capture.normalization[:3, :3].T + capture.normalization[:3, 3]
    for photo, camera in zip(capture.photos, cameras, strict=True):
        assert photo.camera.project(mapped)[0] == pytest.approx(camera.project(points)[0], abs=1e-6)
        assert turned(capture.normalization, camera.camera_to_world) == pytest.approx(photo.camera.camera_to_world)


# Photos.


def test_a_good_jpeg_is_taken_over_pixel_for_pixel(tmp_path: Path) -> None:
    capture = nerf_capture(tmp_path, ring(range(0, 360, 45)))
    assert capture.photos[0].read() == (tmp_path / "images" / "000.jpg").read_bytes()


def test_metadata_goes_and_pixels_stay() -> None:
    exif = Image.Exif()
    exif[274] = 6
    exif[0x8825] = {1: "N", 2: (48.0, 12.0, 3.0)}
    photo = jpeg(texture(3), exif=exif, comment=b"hello", icc_profile=b"x" * 300, progressive=True)
    clean = pictures.stripped(photo + b"trailing")
    assert clean is not None
    assert b"Exif" not in clean
    assert b"hello" not in clean
    assert not clean.endswith(b"trailing")
    with Image.open(io.BytesIO(clean)) as after, Image.open(io.BytesIO(photo)) as before:
        assert not after.getexif()
        assert after.info["icc_profile"] == b"x" * 300
        assert np.array_equal(np.asarray(after), np.asarray(before))


def test_exif_rotation_is_not_applied_to_what_a_camera_sees(tmp_path: Path) -> None:
    cameras = ring(range(0, 360, 45))
    write_nerf(tmp_path, cameras, [f"images/{name}" for name in write_photos(tmp_path / "images", 8)])
    exif = Image.Exif()
    exif[274] = 6
    (tmp_path / "images" / "000.jpg").write_bytes(jpeg(texture(0), exif=exif))
    photo = NerfSource(tmp_path).load("transforms.json").photos[0]
    assert photo.name == "images/000.jpg"
    with Image.open(io.BytesIO(photo.read())) as image:
        assert image.size == (WIDTH, HEIGHT)
        assert not image.getexif()
        assert np.abs(np.asarray(image).astype(int) - texture(0)).mean() < 6


def test_exif_rotation_is_applied_where_the_stated_size_is_that_of_the_turned_photo(tmp_path: Path) -> None:
    cameras = ring(range(0, 360, 45))
    write_nerf(tmp_path, cameras, [f"images/{name}" for name in write_photos(tmp_path / "images", 8)])
    exif = Image.Exif()
    exif[274] = 6  # EXIF: rotate by 90 degrees clockwise for display.
    stored = np.rot90(texture(0), 1).copy()
    (tmp_path / "images" / "000.jpg").write_bytes(jpeg(stored, exif=exif))
    photo = NerfSource(tmp_path).load("transforms.json").photos[0]
    with Image.open(io.BytesIO(photo.read())) as image:
        assert np.abs(np.asarray(image).astype(int) - texture(0)).mean() < 6


def test_large_photos_are_scaled_with_their_cameras(tmp_path: Path) -> None:
    cameras = [c.resized(1600, 1200) for c in ring(range(0, 360, 45))]
    write_photos(tmp_path / "images", 8, [texture(i, 1600, 1200) for i in range(8)])
    write_nerf(tmp_path, cameras, [f"images/{i:03d}.jpg" for i in range(8)])
    photo = NerfSource(tmp_path).load("transforms.json").photos[0]
    assert (photo.camera.width, photo.camera.height) == (1024, 768)
    assert photo.camera.intrinsics == pytest.approx(cameras[0].resized(1024, 768).intrinsics)
    with Image.open(io.BytesIO(photo.read())) as image:
        assert image.size == (1024, 768)


def test_what_is_transparent_is_laid_on_white(tmp_path: Path) -> None:
    cameras = ring(range(0, 360, 90))
    (tmp_path / "images").mkdir()
    for i in range(4):
        rgba = np.dstack([texture(i), np.full((HEIGHT, WIDTH), 255, np.uint8)])
        rgba[:20, :, 3] = 0
        Image.fromarray(rgba).save(tmp_path / "images" / f"{i:03d}.png")
    write_nerf(tmp_path, cameras, [f"images/{i:03d}" for i in range(4)])
    photo = NerfSource(tmp_path).load("transforms.json").photos[0]
    with Image.open(io.BytesIO(photo.read())) as image:
        pixels = np.asarray(image)
    assert image.format == "JPEG"
    assert (pixels[:16] > 240).all()
    assert np.abs(pixels[24:].astype(int) - texture(0)[24:]).mean() < 6


def test_a_photo_that_changes_after_it_was_checked_is_refused(tmp_path: Path) -> None:
    capture = nerf_capture(tmp_path, ring(range(0, 360, 45)))
    (tmp_path / "images" / "000.jpg").write_bytes(jpeg(texture(99)))
    with pytest.raises(AssetError) as refused:
        capture.photos[0].read()
    assert refused.value.reason == "photo_changed"


# Checks, one broken photo each.


def spoil(path: Path, how: str) -> None:
    if how == "image_missing":
        path.unlink()
    elif how == "photo_unreadable":
        path.write_bytes(path.read_bytes()[:2000])
    elif how == "size_mismatch":
        path.write_bytes(jpeg(texture(0, 160, 100)))
    elif how == "duplicate":
        path.write_bytes((path.parent / "000.jpg").read_bytes())
    elif how == "blurred":
        soft = Image.fromarray(texture(3)).filter(ImageFilter.GaussianBlur(4))
        path.write_bytes(jpeg(np.asarray(soft)))
    elif how == "photo_too_large":
        Image.new("L", (30000, 30000)).save(path, "PNG")
    elif how == "unsupported_reference":
        path.unlink()
        os.mkfifo(path)
    elif how == "reference_outside":
        path.unlink()
        path.symlink_to(path.parents[2] / "outside.jpg")


@pytest.mark.parametrize(
    "reason",
    [
        *("image_missing", "photo_unreadable", "size_mismatch", "duplicate", "blurred"),
        *("photo_too_large", "unsupported_reference", "reference_outside"),
    ],
)
def test_a_spoiled_photo_is_dropped_with_its_reason(tmp_path: Path, reason: str) -> None:
    root = tmp_path / "source"
    (tmp_path / "outside.jpg").write_bytes(jpeg(texture(77)))
    write_nerf(root, ring(range(0, 360, 45)), [f"images/{name}" for name in write_photos(root / "images", 8)])
    spoil(root / "images" / "003.jpg", reason)
    capture = NerfSource(root).load("transforms.json")
    assert capture.dropped_photos == {"images/003.jpg": reason}
    assert len(capture.photos) == 7


@pytest.mark.parametrize(
    ("reason", "camera"),
    [
        ("rolled", rolled(ring([100])[0], 90 + 24)),
        ("rolled", rolled(ring([100])[0], -24)),
        ("from_above", ring([100], elevation=78)[0]),
        ("from_below", ring([100], elevation=-78)[0]),
        ("object_too_small", ring([100], distance=60.0)[0]),
    ],
)
def test_a_camera_that_cannot_carry_a_question_is_dropped(tmp_path: Path, reason: str, camera: Camera) -> None:
    capture = nerf_capture(tmp_path, elsewhere([*ring(range(0, 360, 30)), camera], 3))
    assert capture.dropped_photos == {"images/012.jpg": reason}


def test_a_camera_that_looks_past_the_object_is_dropped(tmp_path: Path) -> None:
    past = orbit(4.0, 100, 25)
    past[:3, :3] = past[:3, :3] @ Rotation.from_euler("y", 40, degrees=True).as_matrix()
    looking_past = Camera(past, intrinsics_from_fov(40, WIDTH, HEIGHT), WIDTH, HEIGHT)
    capture = nerf_capture(tmp_path, [*ring(range(0, 360, 10)), looking_past])
    assert capture.dropped_photos == {"images/036.jpg": "object_out_of_frame"}


def test_of_many_photos_an_even_choice_is_opened(tmp_path: Path) -> None:
    capture = nerf_capture(tmp_path, ring(range(0, 360, 9)), max_photos=10)
    assert len(capture.photos) == 10
    assert list(capture.dropped_photos.values()) == ["not_needed"] * 30


def test_a_capture_needs_two_photos(tmp_path: Path) -> None:
    write_nerf(tmp_path, ring(range(0, 360, 45)), [f"images/{i}.jpg" for i in range(8)])
    with pytest.raises(AssetError, match="8 image_missing") as refused:
        NerfSource(tmp_path).load("transforms.json")
    assert refused.value.reason == "too_few_photos"


def test_metadata_states_licence_and_up(tmp_path: Path) -> None:
    nerf_capture(tmp_path, ring(range(0, 360, 45)))
    rows = "file,category,license,creator,uri,up\ntransforms.json,vase,CC0-1.0,Ann,https://example.org/1,z\n"
    (tmp_path / "metadata.csv").write_text(rows)
    capture = NerfSource(tmp_path, license="CC-BY-4.0").load("transforms.json")
    assert (capture.origin.category, capture.origin.license, capture.origin.creator) == ("vase", "CC0-1.0", "Ann")
    assert capture.up_confidence == 1
    (tmp_path / "metadata.csv").unlink()
    assert NerfSource(tmp_path, license="CC-BY-4.0").load("transforms.json").origin.license == "CC-BY-4.0"
    assert NerfSource(tmp_path).load("transforms.json").origin.license == "NOASSERTION"


def test_the_digest_follows_cameras_and_photos(tmp_path: Path) -> None:
    before = nerf_capture(tmp_path, ring(range(0, 360, 45))).origin.sha256
    assert NerfSource(tmp_path).load("transforms.json").origin.sha256 == before
    (tmp_path / "images" / "000.jpg").write_bytes(jpeg(texture(50)))
    after = NerfSource(tmp_path).load("transforms.json").origin.sha256
    assert after != before
    assert len(bytes.fromhex(after)) == hashlib.sha256().digest_size


@pytest.mark.parametrize("kind", [Co3dSource, MvimgnetSource, NerfSource])
def test_a_folder_without_the_layout_is_refused_in_a_sentence(tmp_path: Path, kind: type) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        kind(tmp_path / "nowhere").ids()
    with pytest.raises(UsageError, match="there is no capture in"):
        kind(tmp_path).ids()
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is not a folder"):
        kind(tmp_path / "file").ids()


def test_a_source_and_its_photos_travel_to_another_process(tmp_path: Path) -> None:
    capture = nerf_capture(tmp_path, ring(range(0, 360, 45)))
    assert pickle.loads(pickle.dumps(capture.photos[0])).read() == capture.photos[0].read()
    assert pickle.loads(pickle.dumps(NerfSource(tmp_path))).ids() == ("transforms.json",)


@pytest.mark.parametrize(
    "path", ["../x.jpg", "/etc/passwd", "a/../../x", "C:\\x", "file:///etc/passwd", "~/x", "a\0b", ""]
)
def test_paths_that_leave_the_folder_are_refused_unseen(tmp_path: Path, path: str) -> None:
    with pytest.raises(AssetError) as refused:
        SourceFolder(tmp_path).name(path)
    assert refused.value.reason in ("reference_outside", "unsupported_reference")


# One real capture in three forms.


@pytest.fixture(scope="module")
def three_forms() -> list[CaptureAsset]:
    if not CAPTURES.is_dir():
        pytest.skip(f"the real capture is not here: no folder {CAPTURES}")
    sources: list[Source] = [Co3dSource(CAPTURES), MvimgnetSource(CAPTURES), NerfSource(CAPTURES)]
    sources.append(Co3dSource(CAPTURES / "statue"))
    captures = [source.load(source.ids()[0]) for source in sources]
    assert all(isinstance(capture, CaptureAsset) for capture in captures)
    return captures  # type: ignore[return-value]


def test_three_forms_of_one_capture_are_one(three_forms: list[CaptureAsset]) -> None:
    first, *others = three_forms
    for other in others:
        assert [photo.name for photo in other.photos] == [photo.name for photo in first.photos]
        assert other.dropped_photos == first.dropped_photos
        for one, two in zip(first.photos, other.photos, strict=True):
            assert two.camera.camera_to_world == pytest.approx(one.camera.camera_to_world, abs=1e-6)
            assert two.camera.intrinsics == pytest.approx(one.camera.intrinsics, abs=1e-6)
            assert two.read() == one.read()


def test_its_photos_on_their_side_are_turned_and_top_down_ones_refused(three_forms: list[CaptureAsset]) -> None:
    """By eye: 7, 10, 28, 52, 55, 60 lie on their side, 42, 46, 49, 65 look down on the crown; 6, 18, 47 are upright."""
    dropped = {Path(name).stem: reason for name, reason in three_forms[0].dropped_photos.items()}
    sizes = {Path(photo.name).stem: (photo.camera.width, photo.camera.height) for photo in three_forms[0].photos}
    assert {name for name, (width, height) in sizes.items() if width > height} == {"00006", "00018", "00047"}
    on_their_side = {"00007", "00010", "00028", "00052", "00055", "00060"}
    assert {name for name, (width, height) in sizes.items() if width < height} == on_their_side
    assert dropped == dict.fromkeys(("00042", "00046", "00049", "00065"), "from_above")
    assert three_forms[0].notes == ("turned_upright",)


def test_its_up_is_that_of_the_board_it_stands_on(three_forms: list[CaptureAsset]) -> None:
    """The board's normal is from four tags' centres, marked by hand in photos 46 and 47 and triangulated."""
    normal = np.array([0.02, -0.98, 0.17]) / np.linalg.norm([0.02, -0.98, 0.17])
    up = three_forms[1].normalization[2, :3] / np.linalg.norm(three_forms[1].normalization[2, :3])
    assert angle_between_deg(up, normal) < 5


@pytest.mark.parametrize(("first", "second"), [("00018", "00006"), ("00006", "00047"), ("00018", "00047")])
def test_its_signs_are_what_the_photos_show(three_forms: list[CaptureAsset], first: str, second: str) -> None:
    """In 18 the face looks at us, in 6 it is at the left edge, in 47 it is out of sight on the left and an ear points
    at us: each time the camera has gone round to the right, counter-clockwise from above."""
    cameras = {Path(photo.name).stem: photo.camera for photo in three_forms[0].photos}
    forth = relative_pose(cameras[first], cameras[second], np.zeros(3))
    back = relative_pose(cameras[second], cameras[first], np.zeros(3))
    assert forth.azimuth_deg > 20
    assert forth.translation_x > 0
    assert back.azimuth_deg < -20
    assert back.translation_x < 0


# Rendered captures: what is read is what was rendered.


@pytest.fixture(scope="module")
def rendered() -> tuple[list[Camera], list[np.ndarray]]:
    source = ProceduralSource()
    asset = source.load(source.ids()[0])
    rng = np.random.default_rng(3)
    azimuths = np.sort(rng.uniform(0, 300, 12))
    cameras = [
        ring([a], e, d)[0] for a, e, d in zip(azimuths, rng.uniform(10, 40, 12), rng.uniform(3, 4, 12), strict=True)
    ]
    renderer = open_renderer()
    scene = renderer.load(asset.mesh, Stage(seed=1))
    images = [scene.color(camera) for camera in cameras]
    scene.close()
    renderer.close()
    return cameras, images


@pytest.mark.parametrize("layout", ["co3d", "mvimgnet", "nerf"])
def test_a_rendered_capture_keeps_its_azimuths(
    tmp_path: Path, rendered: tuple[list[Camera], list[np.ndarray]], layout: str
) -> None:
    cameras, images = rendered
    found = elsewhere(cameras, seed=6)
    source: Source
    if layout == "co3d":
        write_co3d(tmp_path, found, images)
        source = Co3dSource(tmp_path)
    elif layout == "mvimgnet":
        pytest.importorskip("pycolmap")
        names = write_photos(tmp_path / "0" / "a" / "images", len(found), images)
        write_colmap(tmp_path / "0" / "a" / "sparse" / "0", found, names)
        source = MvimgnetSource(tmp_path)
    else:
        names = [f"images/{name}" for name in write_photos(tmp_path / "images", len(found), images)]
        write_nerf(tmp_path, found, names)
        source = NerfSource(tmp_path)
    capture = source.load(source.ids()[0])
    assert isinstance(capture, CaptureAsset)
    assert not capture.dropped_photos
    for i, j in [(0, 1), (0, 5), (3, 9), (11, 2)]:
        truth = relative_pose(cameras[i], cameras[j], np.zeros(3))
        read = relative_pose(capture.photos[i].camera, capture.photos[j].camera, np.zeros(3))
        assert abs(wrap_deg(read.azimuth_deg - truth.azimuth_deg)) < 0.5
        assert read.yaw_deg == pytest.approx(truth.yaw_deg, abs=1e-3)
        assert np.sign(read.translation_x) == np.sign(truth.translation_x)


# What is opened, watched by Python itself.

_opened_paths: list[str] = []
_watching = [False]


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _watching[0] and event == "open" and isinstance(arguments[0], str | bytes):
        _opened_paths.append(os.fsdecode(arguments[0]))


def test_nothing_outside_the_folder_is_opened_whatever_the_files_say(tmp_path: Path) -> None:
    root = tmp_path / "source"
    write_nerf(root, ring(range(0, 360, 45)), [f"images/{name}" for name in write_photos(root / "images", 8)])
    (tmp_path / "secret.jpg").write_bytes(jpeg(texture(1)))
    NerfSource(root).load("transforms.json")  # This triggers all late imports.
    (root / "images" / "001.jpg").unlink()
    (root / "images" / "001.jpg").symlink_to(tmp_path / "secret.jpg")
    (root / "linked").symlink_to(tmp_path)
    text = (root / "transforms.json").read_text()
    lies = {"002": "../../secret.jpg", "003": str(tmp_path / "secret.jpg"), "004": "linked/secret.jpg"}
    for name, lie in lies.items():
        text = text.replace(f"images/{name}.jpg", lie)
    (root / "transforms.json").write_text(text)
    sys.addaudithook(_watch)  # An audit hook cannot be removed.
    _watching[0] = True
    try:
        capture = NerfSource(root).load("transforms.json")
        images = [photo.read() for photo in capture.photos]
    finally:
        _watching[0] = False
    assert len(images) == 4
    assert list(capture.dropped_photos.values()).count("reference_outside") == 4
    assert _opened_paths
    assert all(Path(os.path.realpath(path)).is_relative_to(root.resolve()) for path in _opened_paths)
