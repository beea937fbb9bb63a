"""Captures that share photographs are found and share a split, independent of file names and encodings."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from capture_trees import HEIGHT, WIDTH, jpeg, ring, write_nerf, write_photos
from conftest import REAL_ASSETS, run_command
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from test_dataset import read_rows

from viewpoint100k.assets import CaptureAsset, open_source
from viewpoint100k.assets.findings import Finding, examine
from viewpoint100k.assets.fingerprints import (
    LIMIT,
    fingerprint,
    fingerprints_of,
    shared_photos,
    turned_fingerprint,
)
from viewpoint100k.plan.build_plan import BuildPlan
from viewpoint100k.plan.config import BuildConfig
from viewpoint100k.plan.planning import make_build_plan


def picture(seed: int, width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """Soft blotches, different for each picture."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def again(image: Image.Image, kind: str, **options: int) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return Image.open(io.BytesIO(stream.getvalue())).convert("RGB")


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "as a poor JPEG": lambda image: again(image, "JPEG", quality=25),
    "as WebP": lambda image: again(image, "WEBP", quality=60),
    "as PNG": lambda image: again(image, "PNG"),
    "at half the size": lambda image: image.resize((WIDTH // 2, HEIGHT // 2), Image.Resampling.LANCZOS),
    "at a third, then as JPEG": lambda image: again(image.resize((WIDTH // 3, HEIGHT // 3)), "JPEG", quality=70),
    "at twice the size": lambda image: image.resize((2 * WIDTH, 2 * HEIGHT), Image.Resampling.BICUBIC),
}


@pytest.mark.parametrize("change", COPIES)
def test_a_copy_of_a_photo_is_found(change: str) -> None:
    ours = b"".join(fingerprint(picture(seed)) for seed in range(5))
    theirs = b"".join([fingerprint(picture(99)), fingerprint(COPIES[change](picture(3)))])
    assert shared_photos({"a": ours, "b": theirs}) == [("a", "b")]


def test_different_pictures_are_told_apart() -> None:
    prints = [fingerprint(picture(seed)) for seed in range(400)]
    assert shared_photos({f"{i:03d}": value for i, value in enumerate(prints)}) == []


def test_a_picture_in_one_tone_says_nothing() -> None:
    black = fingerprint(Image.new("RGB", (WIDTH, HEIGHT)))
    assert shared_photos({"a": black + fingerprint(picture(1)), "b": black + fingerprint(picture(2))}) == []


def test_photos_of_one_capture_may_be_as_alike_as_they_like() -> None:
    assert shared_photos({"a": fingerprint(picture(1)) * 3, "b": fingerprint(picture(2))}) == []
    assert shared_photos({}) == []
    assert shared_photos({"a": b"", "b": b""}) == []


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 12), st.integers(1, 5), st.integers(0, 2**32 - 1), st.integers(0, 2 * LIMIT))
def test_the_groups_are_those_of_comparing_every_photo_with_every_other(
    captures: int, photos: int, seed: int, noise: int
) -> None:
    rng = np.random.default_rng(seed)
    scenes = rng.integers(0, 256, (4, 144))
    shown = [
        scenes[rng.integers(4, size=photos)] + rng.integers(-noise, noise + 1, (photos, 144)) for _ in range(captures)
    ]
    values = [np.clip(some, 0, 255).astype(np.uint8) for some in shown]
    joined = np.eye(captures, dtype=bool)
    for i, one in enumerate(values):
        for j, other in enumerate(values):
            gaps = np.abs(one[:, None].astype(int) - other[None].astype(int)).max(axis=2)
            joined[i, j] |= bool((gaps <= LIMIT).any())
    found = np.eye(captures, dtype=bool)
    for first, second in shared_photos({str(i): some.tobytes() for i, some in enumerate(values)}):
        found[int(first), int(second)] = found[int(second), int(first)] = True
    for _ in range(captures):  # A chain of pairs forms one group.
        joined, found = joined @ joined, found @ found
    np.testing.assert_array_equal(found, joined)


def test_a_crowd_of_alike_photos_is_one_group() -> None:
    rng = np.random.default_rng(3)
    scene = rng.integers(20, 230, 144)
    crowd = {str(i): (scene + rng.integers(-1, 2, 144)).astype(np.uint8).tobytes() for i in range(300)}
    reached, todo = {"0"}, ["0"]
    beside: dict[str, set[str]] = {name: set() for name in crowd}
    for one, other in shared_photos(crowd):
        beside[one].add(other)
        beside[other].add(one)
    while todo:
        new = beside[todo.pop()] - reached
        reached |= new
        todo += new
    assert len(reached) == 300


def test_a_turned_fingerprint_is_that_of_the_turned_picture() -> None:
    image = picture(8, 120, 120)
    for turns, transposed in ((1, Image.Transpose.ROTATE_90), (3, Image.Transpose.ROTATE_270)):
        cells = np.frombuffer(fingerprint(image.transpose(transposed)), dtype=np.uint8).astype(int)
        turned = np.frombuffer(turned_fingerprint(fingerprint(image), turns), dtype=np.uint8).astype(int)
        assert np.abs(cells - turned).max() <= 1


def test_a_photo_that_was_turned_upright_is_found_beside_its_stored_copy(tmp_path: Path) -> None:
    """The copy's pictures are upright. The original's lie on their side, with EXIF and cameras for upright ones."""
    cameras = ring(range(0, 360, 60))
    for name in ("upright", "exif"):
        write_photos(tmp_path / name / "images", len(cameras), [np.asarray(picture(i)) for i in range(len(cameras))])
        write_nerf(tmp_path / name, cameras, [f"images/{i:03d}.jpg" for i in range(len(cameras))])
    for path in (tmp_path / "exif" / "images").iterdir():
        exif = Image.Exif()
        exif[0x0112] = 6  # EXIF: rotate clockwise for display.
        lying = np.rot90(np.asarray(Image.open(path)), 1)
        path.write_bytes(jpeg(np.ascontiguousarray(lying), exif=exif))
    source = open_source(f"nerf:{tmp_path}")
    loaded = {asset_id: source.load(asset_id) for asset_id in source.ids()}
    prints = {name: fingerprints_of(asset) for name, asset in loaded.items() if isinstance(asset, CaptureAsset)}
    assert shared_photos(prints) == [("exif/transforms.json", "upright/transforms.json")]


def test_the_fingerprint_of_a_loaded_photo_is_that_of_its_image() -> None:
    captures = REAL_ASSETS / "captures"
    if not captures.is_dir():
        pytest.skip(f"the real capture is not here: no folder {captures}")
    asset = open_source(f"nerf:{captures}").load("0/buddha/transforms.json")
    assert isinstance(asset, CaptureAsset)
    for photo in asset.photos:
        assert photo.fingerprint is not None
        with Image.open(io.BytesIO(photo.read())) as image:
            shown = np.frombuffer(fingerprint(image), dtype=np.uint8).astype(int)
        assert np.abs(np.frombuffer(photo.fingerprint, dtype=np.uint8) - shown).max() <= 2


def test_a_finding_keeps_the_fingerprints(tmp_path: Path) -> None:
    write_nerf(tmp_path, ring(range(0, 360, 60)), [f"images/{name}" for name in write_photos(tmp_path / "images", 6)])
    found = examine(open_source(f"nerf:{tmp_path}"), "transforms.json")
    again_ = Finding.from_bytes(found.to_bytes())
    assert again_ is not None
    assert again_.fingerprints == found.fingerprints
    assert len(found.fingerprints) == 6 * 144


def write_copied_captures(root: Path, count: int) -> None:
    """``count`` captures of six photos, and of each a copy with half of the photos, renamed, scaled, encoded again."""
    cameras = ring(range(0, 360, 60))
    for number in range(count):
        pictures = [picture(100 * number + i) for i in range(6)]
        names = write_photos(root / f"scene_{number}" / "images", 6, [np.asarray(one) for one in pictures])
        write_nerf(root / f"scene_{number}", cameras, [f"images/{name}" for name in names])
        smaller = [np.asarray(one.resize((WIDTH * 3 // 4, HEIGHT * 3 // 4))) for one in pictures[::2]]
        names = write_photos(root / f"copy_{number}" / "photos", 3, smaller)
        write_nerf(
            root / f"copy_{number}",
            [camera.resized(WIDTH * 3 // 4, HEIGHT * 3 // 4) for camera in cameras[::2]],
            [f"photos/{name}" for name in names],
        )


@pytest.fixture(scope="module")
def plan_of_copies(tmp_path_factory: pytest.TempPathFactory) -> BuildPlan:
    root = tmp_path_factory.mktemp("copies")
    write_copied_captures(root, 8)
    return make_build_plan(BuildConfig(source=f"nerf:{root}", rows=40, questions={"ego_translation": 1}))


def test_captures_that_share_photos_share_a_split(plan_of_copies: BuildPlan) -> None:
    plan = plan_of_copies
    assert sorted(plan.same_objects) == [(f"copy_{i}/transforms.json", f"scene_{i}/transforms.json") for i in range(8)]
    split_of = {
        asset_id: split for split, pools in plan.layout.pools.items() for pool in pools for asset_id in pool.assets
    }
    assert set(split_of.values()) == {"train", "test"}
    assert all(split_of[one] == split_of[other] for one, other in plan.same_objects)


def number_of(asset_id: str) -> str:
    """``3`` of ``copy_3/transforms.json``."""
    return asset_id.split("/")[0].split("_")[1]


def test_an_untried_capture_that_shares_a_photo_with_a_test_capture_is_found(plan_of_copies: BuildPlan) -> None:
    held_out, source = plan_of_copies.held_out, plan_of_copies.config.open_source()
    numbers = {number_of(name) for name in held_out.fingerprints}
    assert numbers
    for asset_id in source.ids():
        assert held_out.has_one_like(source.load(asset_id)) == (number_of(asset_id) in numbers)


@pytest.mark.slow
def test_the_same_photos_in_two_layouts_are_one_group_that_verify_checks(tmp_path: Path) -> None:
    captures = REAL_ASSETS / "captures"
    if not captures.is_dir():
        pytest.skip(f"the real capture is not here: no folder {captures}")
    out = tmp_path / "out"
    options = ["--rows", "6", "--set", "pairs_per_asset=3", "--source", f"mvimgnet:{captures},nerf:{captures}"]
    done = run_command("build", "viewpoint-100k", *options, "--out", out)
    assert done.returncode == 0, done.stderr
    manifest_path = out / ".build" / "manifest.json"
    manifest = json.loads(manifest_path.read_text())
    assert manifest["same_objects"] == [["mvimgnet:0/buddha", "nerf:0/buddha/transforms.json"]]
    assert run_command("verify", out).returncode == 0
    assert {row["source"] for row in read_rows(out)} == {"mvimgnet", "nerf"}
