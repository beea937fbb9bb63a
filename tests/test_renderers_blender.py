"""Features of the Blender backend alone: its lens, its silence, its clean-up, and its materials."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from conftest import run_command, shard_hashes
from renderer_shapes import ball, color_of, facing_camera, glowing, linear, mesh, odd_camera, picture, quad, renderer

from renderers import Stage, open_renderer
from renderers.blender_camera import SENSOR_WIDTH_MM, Lens
from viewpoint100k.errors import MissingExtraError, RendererError
from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit
from viewpoint100k.geometry.mesh import Material


def test_a_lens_is_that_of_its_intrinsics() -> None:
    # 400 x 200 pixels, 500 pixels of focal length across and 250 down: pixels are twice as tall as they are wide. The
    # principal point is 40 pixels to the right of the middle and 30 above it.
    intrinsics = np.array([[500.0, 0, 240], [0, 250, 70], [0, 0, 1]])
    lens = Lens.of(Camera(np.eye(4), intrinsics, 400, 200))
    assert lens.focal_mm == pytest.approx(SENSOR_WIDTH_MM * 500 / 400)
    assert lens.pixel_aspect == (1.0, 2.0)
    # The image is moved against the principal point: 40 of 400 to the left, and 30 rows of twice a pixel's width down.
    assert lens.shift == pytest.approx((-0.1, -30 * 2 / 400))
    wide = Lens.of(Camera(np.eye(4), np.array([[250.0, 0, 200], [0, 500, 100], [0, 0, 1]]), 400, 200))
    assert wide.pixel_aspect == (2.0, 1.0)
    assert wide.shift == (0.0, 0.0)


def test_without_bpy_the_way_to_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bpy", None)
    with pytest.raises(MissingExtraError, match=r"bpy is not installed: run  pip install .*\[blender\]"):
        open_renderer("blender")


_SCRIPT = """
import hashlib, json, sys
sys.path.insert(0, sys.argv[1])
from renderer_shapes import ball, mesh, odd_camera
from renderers import Stage, open_renderer
from viewpoint100k.geometry.mesh import Material
print("before")
blender = open_renderer("blender", samples=4)
scene = blender.load(mesh(ball(Material(metallic=1.0, roughness=0.3))), Stage(4))
camera = odd_camera().resized(60, 44)
pixels = scene.color(camera).tobytes() + scene.depth(camera).tobytes()
blender.close()
print(json.dumps({"sha256": hashlib.sha256(pixels).hexdigest()}))
"""


def _run(home: Path, cores: str) -> str:
    """The output of a process that draws a picture with its own home and temporary folder."""
    for name in ("home", "tmp"):
        (home / name).mkdir(parents=True)
    environment = {
        "HOME": str(home / "home"),
        "TMPDIR": str(home / "tmp"),
        "PATH": "/usr/bin:/bin",
        "OMP_NUM_THREADS": cores,
    }
    command = [sys.executable, "-B", "-c", _SCRIPT, str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_nothing_is_printed_or_left_behind_and_another_process_gives_the_same_bytes(tmp_path: Path) -> None:
    renderer("blender")
    printed = [_run(tmp_path / cores, cores) for cores in ("1", "2")]
    first, answer = printed[0].splitlines()
    assert first == "before"
    assert len(json.loads(answer)["sha256"]) == 64
    assert printed[0] == printed[1]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert list(tmp_path.glob("*/tmp/*")) == []


def test_a_closed_scene_leaves_nothing_in_blender() -> None:
    renderer("blender")
    import bpy

    kinds = ("scenes", "objects", "meshes", "materials", "images", "worlds", "lights", "cameras", "node_groups")
    before = {kind: len(getattr(bpy.data, kind)) for kind in kinds}
    passing = open_renderer("blender", samples=1)
    texture = picture(np.full((8, 8, 4), 200))
    made = mesh(quad(Material(base_color_texture=texture, normal_texture=texture, alpha_mode="MASK")), ball(Material()))
    camera = facing_camera(size=8)
    scene = passing.load(made, Stage(1))
    scene.color(camera)
    scene.thumbnails([camera])
    other = passing.load(made, None)
    other.color(camera)
    alone = scene.unstaged()
    scene.close()
    scene.close()  # twice is harmless
    for closed in (scene, alone):
        with pytest.raises(RendererError, match="closed"):
            closed.color(camera)
    assert np.isfinite(other.depth(camera)).any()
    passing.close()
    passing.close()
    assert {kind: len(getattr(bpy.data, kind)) for kind in kinds} == before
    with pytest.raises(RendererError, match="closed"):
        passing.load(made, None)


def test_pictures_smaller_than_blender_draws_are_drawn() -> None:
    camera = facing_camera(size=3)
    scene = renderer("blender").load(mesh(ball(glowing((200, 0, 0)))), None)
    assert scene.color(camera).shape == (3, 3, 3)
    small, large = (np.isfinite(scene.depth(facing_camera(size=size))) for size in (3, 9))
    assert np.array_equal(small, large[1::3, 1::3])
    scene.close()


@pytest.mark.parametrize("wrap", [("repeat", "clamp"), ("mirror", "repeat"), ("clamp", "mirror")])
def test_the_two_axes_of_a_texture_may_wrap_differently(wrap: tuple[str, str]) -> None:
    rng = np.random.default_rng(5)
    texels = np.repeat(np.repeat(rng.integers(0, 2, (4, 4, 3)) * 200, 8, axis=0), 8, axis=1)
    made = mesh(quad(glowing((255, 255, 255), emissive_texture=picture(texels, wrap)), uv_scale=2.5))
    one, two = (color_of(name, made, facing_camera()).astype(int) for name in ("opengl", "blender"))
    assert (np.abs(one - two).max(axis=2) > 60).mean() < 0.02
    assert np.median(np.abs(one - two)) <= 1


@pytest.mark.parametrize("ground", [False, True])
def test_what_is_behind_the_object_is_what_the_default_shows(ground: bool) -> None:
    made = mesh(ball(Material(base_color=(0.4, 0.4, 0.4, 1)), radius=0.2))
    for azimuth, elevation in ((20, 0), (140, 25)):
        camera = Camera(orbit(1.0, azimuth, elevation), intrinsics_from_fov(70, 48, 48), 48, 48)
        pictures = []
        for name in ("opengl", "blender"):
            scene = renderer(name).load(made, Stage(12, ground=ground))
            pictures.append(scene.color(camera).astype(int))
            scene.close()
        difference = np.abs(pictures[0] - pictures[1])
        assert np.median(difference) < 8
        assert np.abs((pictures[0] - pictures[1]).mean(axis=(0, 1))).max() < 8


def test_a_surface_that_shines_is_seen_through_what_is_half_there() -> None:
    pane = quad(Material(base_color=(0, 0, 0, 0.5), metallic=1.0, alpha_mode="BLEND"), center=(0, -0.5, 0))
    seen = color_of("blender", mesh(pane, quad(glowing((200, 200, 200)))), facing_camera(size=32))
    assert linear(seen[8:24, 8:24]).mean() == pytest.approx(0.5 * float(linear(200)), rel=0.1)


def test_the_same_view_twice_is_the_same_bytes() -> None:
    scene = renderer("blender").load(mesh(ball(Material(roughness=0.3))), Stage(2))
    camera = odd_camera().resized(60, 44)
    first = scene.color(camera)
    scene.color(camera.resized(30, 22))
    scene.depth(camera)
    assert np.array_equal(scene.color(camera), first)
    scene.close()


@pytest.mark.slow
def test_a_set_is_built_and_verified_and_is_the_same_for_any_number_of_workers(tmp_path: Path) -> None:
    renderer("blender")
    settings = ("--rows", "4", "--set", "images.size=64", "--set", "renderer=blender")
    for workers in ("1", "2"):
        built = run_command("build", "viewpoint-100k", *settings, "--workers", workers, "--out", tmp_path / workers)
        assert built.returncode == 0, built.stderr
    verified = run_command("verify", tmp_path / "2")
    assert verified.returncode == 0, verified.stdout
    assert shard_hashes(tmp_path / "1") == shard_hashes(tmp_path / "2")
    renderers = pyarrow.parquet.read_table(tmp_path / "2" / "data", columns=["renderer"])["renderer"].unique()
    assert [name.as_py().split()[0] for name in renderers] == ["blender"]
