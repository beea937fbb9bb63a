"""Photographs of objects of known symmetry: one from near the mirrored view shows whether a pair can be answered."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from capture_trees import jpeg, texture, write_nerf
from conftest import run_command
from test_answerability import BLUE, MARKED, SYMMETRIC, THRESHOLD, mesh_of
from test_dataset import read_rows

from renderers import Renderer, open_renderer
from viewpoint100k.assets import Photo
from viewpoint100k.building.frame_sets import needs_renderings
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit
from viewpoint100k.geometry.mesh import Mesh
from viewpoint100k.plan.specs import PairSpec, QuestionSpec
from viewpoint100k.questions import load_template
from viewpoint100k.report.contents import Drop, read_drops
from viewpoint100k.views.photo_answerability import NO_PHOTO_NEAR, PhotoCounterfactuals
from viewpoint100k.views.settings import Pairs

STEP = 20


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    renderer = open_renderer()
    yield renderer
    renderer.close()


def hand_held(seed: int, azimuths: Sequence[float] = range(0, 360, STEP)) -> list[Camera]:
    """Cameras around an object at nearly equal height and distance. They do not aim exactly at its centre."""
    rng, intrinsics = np.random.default_rng(seed), intrinsics_from_fov(45, 240, 180)
    cameras = []
    for azimuth in azimuths:
        eye = orbit(3.6 * rng.uniform(0.95, 1.05), azimuth + rng.uniform(-3, 3), 22 + rng.uniform(-1.3, 1.3))[:3, 3]
        camera = Camera.look_at(eye=eye, target=rng.uniform(-0.1, 0.1, 3), fov_deg=45, width=240, height=180)
        cameras.append(Camera(camera.camera_to_world, intrinsics, 240, 180))
    return cameras


def photographed(
    renderer: Renderer, mesh: Mesh, cameras: Sequence[Camera], masks: bool = True, surroundings: bool = False
) -> list[Photo]:
    """Photos in even light before a grey wall, or before another picture in each photo."""
    scene, photos = renderer.load(mesh, None), []
    for i, camera in enumerate(cameras):
        pixels, mask = scene.color(camera), np.isfinite(scene.depth(camera))
        if surroundings:
            pixels = np.where(mask[..., None], pixels, texture(i, camera.width, camera.height))
        data = jpeg(pixels)
        photos.append(Photo(f"{i}.jpg", camera, lambda data=data: data, (lambda mask=mask: mask) if masks else None))
    scene.close()
    return photos


def measured(photos: Sequence[Photo], first: int, second: int) -> float | str:
    return PhotoCounterfactuals(photos, lambda place: photos[place].read()).answerability(first, second, Pairs())


def pairs(count: int, steps: Sequence[int] = (1, 2, 3, -1, -2, -3)) -> Iterator[tuple[int, int]]:
    for first in range(0, count, 5):
        for step in steps:
            yield first, (first + step) % count


@pytest.mark.parametrize("masks", [True, False])
@pytest.mark.parametrize("name", ["ball", "can", "vase", "cone", "ring", "12-sided prism"])
def test_a_symmetric_object_is_refused(renderer: Renderer, name: str, masks: bool) -> None:
    photos = photographed(renderer, mesh_of((SYMMETRIC[name], BLUE)), hand_held(1), masks)
    compared = PhotoCounterfactuals(photos, lambda place: photos[place].read())
    values = [compared.answerability(first, second, Pairs()) for first, second in pairs(len(photos))]
    numbers = [value for value in values if isinstance(value, float)]
    assert len(numbers) >= 0.9 * len(values)
    assert max(numbers) < THRESHOLD


@pytest.mark.parametrize("name", MARKED)
def test_a_mark_that_both_photos_show_makes_it_answerable(renderer: Renderer, name: str) -> None:
    photos = photographed(renderer, MARKED[name](2.5 * STEP), hand_held(2))
    for first, second in ((1, 3), (2, 3), (3, 1), (4, 2)):
        value = measured(photos, first, second)
        assert isinstance(value, float)
        assert value > THRESHOLD, (first, second)


@pytest.mark.parametrize(
    "name", [name for name in MARKED if "handle" not in name]
)  # The handle is visible beside the mug.
def test_a_mark_that_neither_photo_shows_helps_nobody(renderer: Renderer, name: str) -> None:
    photos = photographed(renderer, MARKED[name](180), hand_held(3))
    for first, second in ((0, 1), (0, 2), (0, 17), (0, 16)):
        value = measured(photos, first, second)
        assert isinstance(value, float)
        assert value < THRESHOLD, (first, second)


def test_with_masks_the_surroundings_tell_nothing(renderer: Renderer) -> None:
    vase, cameras = mesh_of((SYMMETRIC["vase"], BLUE)), hand_held(4)
    masked = measured(photographed(renderer, vase, cameras, masks=True, surroundings=True), 0, 2)
    plain = measured(photographed(renderer, vase, cameras, masks=False, surroundings=True), 0, 2)
    assert isinstance(masked, float)
    assert isinstance(plain, float)
    assert masked < THRESHOLD < plain


def test_without_a_photo_near_the_mirrored_view_nothing_is_known(renderer: Renderer) -> None:
    vase = mesh_of((SYMMETRIC["vase"], BLUE))
    half = photographed(renderer, vase, hand_held(5, range(0, 120, STEP)))
    assert measured(half, 0, 2) == NO_PHOTO_NEAR  # The mirrored view is at -40 degrees, where no photo was taken.
    assert isinstance(measured(half, 2, 4), float)
    lifted = [
        *half[:3],
        *photographed(renderer, vase, [Camera(orbit(3.6, -40, 40), half[0].camera.intrinsics, 240, 180)]),
    ]
    assert measured(lifted, 0, 2) == NO_PHOTO_NEAR  # From 18 degrees higher, a vase looks different.


def test_a_camera_that_did_not_go_around_is_compared_with_those_beside(renderer: Renderer) -> None:
    azimuths = (0, 0, 9)
    cameras = [
        Camera(orbit(d, a, 22), intrinsics_from_fov(45, 240, 180), 240, 180)
        for d, a in zip((3.6, 4.2, 4.1), azimuths, strict=True)
    ]
    vase = measured(photographed(renderer, mesh_of((SYMMETRIC["vase"], BLUE)), cameras), 0, 1)
    mug = measured(photographed(renderer, MARKED["can with a label"](10), cameras), 0, 1)
    assert isinstance(vase, float)
    assert isinstance(mug, float)
    assert vase < THRESHOLD < mug
    alone = photographed(renderer, mesh_of((SYMMETRIC["vase"], BLUE)), cameras[:2])
    assert measured(alone, 0, 1) == NO_PHOTO_NEAR


def test_what_is_beyond_a_photos_edge_does_not_count(renderer: Renderer) -> None:
    """The camera of one photo is turned aside, so that a fifth of the object is outside."""
    cameras = hand_held(6)
    vase = mesh_of((SYMMETRIC["vase"], BLUE))
    aside = Camera.look_at(eye=cameras[2].position, target=(-0.9, 0.9, 0), fov_deg=40, width=240, height=180)
    cut = photographed(renderer, vase, [*cameras[:2], aside, *cameras[3:]])
    mask = cut[2].mask
    assert mask is not None
    assert mask()[:, [0, -1]].any()
    value = measured(cut, 0, 2)
    assert isinstance(value, float)
    assert value < THRESHOLD
    away = Camera.look_at(eye=cameras[2].position, target=(-2, 2, 0), fov_deg=40, width=240, height=180)
    assert measured(photographed(renderer, vase, [*cameras[:2], away, *cameras[3:]]), 0, 2) == "object_cut_off"


def test_a_photo_that_cannot_be_read_is_no_witness(renderer: Renderer) -> None:
    photos = photographed(renderer, mesh_of((SYMMETRIC["vase"], BLUE)), hand_held(7))

    def broken() -> bytes:
        raise AssetError("photo_changed", "it is no longer what it was")

    for place in (14, 15, 16, 17):
        photos[place] = replace(photos[place], read=broken)
    assert measured(photos, 0, 2) == NO_PHOTO_NEAR
    photos[2] = replace(photos[2], read=lambda: b"no picture")
    assert measured(photos, 2, 1) == "photo_unreadable"


def test_types_of_which_photos_show_one_answer_alone_are_not_asked_of_them() -> None:
    templates = {name: load_template(name) for name in ("cannot_tell", "mirrored", "ego_translation")}
    asked = {name: needs_renderings(PairSpec((QuestionSpec(name, 0),)), templates) for name in templates}
    assert asked == {"cannot_tell": True, "mirrored": True, "ego_translation": False}


def write_walk(root: Path, name: str, photos: Sequence[Photo]) -> None:
    folder = root / name / "images"
    folder.mkdir(parents=True)
    for photo in photos:
        (folder / photo.name).write_bytes(photo.read())
    write_nerf(root / name, [photo.camera for photo in photos], [f"images/{photo.name}" for photo in photos])


@pytest.mark.slow
def test_a_build_refuses_what_a_photo_shows_to_be_symmetric_and_counts_what_is_not_known(
    tmp_path: Path, renderer: Renderer
) -> None:
    """A vase, a ball and a can with a label from all sides; another can from one side only."""
    for place, name in enumerate(("vase", "ball")):
        write_walk(tmp_path / "set", name, photographed(renderer, mesh_of((SYMMETRIC[name], BLUE)), hand_held(place)))
    can = MARKED["mug with a red handle"]
    write_walk(tmp_path / "set", "mug", photographed(renderer, can(40), hand_held(8)))
    write_walk(tmp_path / "set", "half", photographed(renderer, can(50), hand_held(9, range(0, 120, 12))))
    out = tmp_path / "out"
    command = ["build", "viewpoint-100k", "--rows", "30", "--source", f"nerf:{tmp_path / 'set'}", "--out", out]
    done = run_command(*command, "--set", "pairs_per_asset=4", "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert run_command("verify", out).returncode == 0
    rows = read_rows(out)
    symmetric = [row for row in rows if row["asset_id"].startswith(("vase", "ball"))]
    assert all(row["answerability"] is None for row in symmetric)
    known = [row["answerability"] for row in rows if row["answerability"] is not None]
    assert known
    assert min(known) >= THRESHOLD
    unknown = len({row["group"] for row in rows if row["answerability"] is None})
    records = [json.loads(path.read_text()) for path in (out / ".build" / "shards").glob("*.json")]
    counted = [block["unmeasured"] for record in records for block in record["blocks"]]
    assert sum(sum(counts.values()) for counts in counted) == unknown > 0
    assert f"pairs of photos without answerability: {unknown} {NO_PHOTO_NEAR}" in done.stdout
    reported = read_drops(out)
    assert reported is not None
    assert Drop("pair, kept without answerability", NO_PHOTO_NEAR, unknown) in reported
    card = (out / "README.md").read_text()
    assert f"| `{NO_PHOTO_NEAR}` | {unknown} |" in card
    assert "| pair | `symmetric` |" in card
