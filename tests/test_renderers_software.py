"""The software renderer: the same bytes on every machine, no gap between triangles, the pictures of OpenGL."""

import hashlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray
from renderer_shapes import (
    ball,
    coded,
    color_of,
    depth_of,
    facing_camera,
    glowing,
    linear,
    mesh,
    odd_camera,
    picture,
    quad,
    renderer,
)

from renderers import Stage, open_renderer
from renderers.software.extension import BUILD_VARIABLE, load, why_missing
from renderers.textures import shrink
from viewpoint100k.errors import UsageError
from viewpoint100k.geometry.cameras import Camera, intrinsics_from_fov, orbit
from viewpoint100k.geometry.mesh import Material, Mesh, Primitive

pytestmark = pytest.mark.skipif(bool(why_missing()), reason=str(why_missing()))

NATIVE = Path(__file__).parents[1] / "renderers" / "software" / "native"
NEEDED_DB = 38.0
"""Least peak signal to noise ratio between a picture and that of the OpenGL backend."""


def everything() -> Mesh:
    """A scene with every kind of material, texture and alpha mode."""
    rng = np.random.default_rng(5)
    colored = picture(rng.integers(0, 256, (37, 50, 4)), ("mirror", "clamp"))
    data = picture(rng.integers(90, 256, (64, 32, 3)), ("repeat", "mirror"))
    textured = Material(
        base_color_texture=colored,
        metallic=0.7,
        metallic_roughness_texture=data,
        normal_texture=data,
        occlusion_texture=data,
        emissive=(0.1, 0.2, 0.1),
        emissive_texture=data,
    )
    ramp = rng.uniform(0.2, 1, (4, 4))
    return mesh(
        quad(textured, center=(0, 0.5, 0), uv_scale=3.0),
        quad(replace(textured, alpha_mode="MASK"), center=(0.5, 0, 0.2), u=(0, 1, 0), v=(0.2, 0, -1)),
        quad(replace(textured, alpha_mode="BLEND", normal_texture=None), center=(-0.3, -0.6, 0), uv_scale=2.0),
        quad(Material(alpha_mode="BLEND", base_color=(0.9, 0.4, 0.2, 0.5)), center=(0.2, -0.8, 0.2), colors=ramp),
        quad(Material(unlit=True), center=(0, 0, -1), u=(1, 0, 0), v=(0, 1, 0), colors=ramp),
        ball(Material(metallic=1.0, roughness=0.2, base_color=(0.9, 0.7, 0.3, 1)), (-0.4, 0, 0.3), 0.4),
    )


CAMERAS = [
    odd_camera(),
    Camera(orbit(0.3, 20, 10), intrinsics_from_fov(70, 131, 77), 131, 77),  # inside, so that triangles are clipped
    Camera(orbit(3.0, 200, 50), intrinsics_from_fov(50, 1, 1), 1, 1),
]


def digest(build: str, threads: int = 1, made: Mesh | None = None) -> str:
    """Of colours on a stage and without one, depths and small pictures."""
    drawn = hashlib.sha256()
    backend = open_renderer("software", build=build, threads=threads)
    scene = backend.load(made or everything(), Stage(7))
    for camera in CAMERAS:
        drawn.update(scene.color(camera).tobytes())
        drawn.update(scene.unstaged().color(camera).tobytes())
        drawn.update(scene.depth(camera).tobytes())
        for thumbnail in scene.thumbnails([camera.resized(45, 31)]):
            drawn.update(thumbnail.color.tobytes() + thumbnail.depth.tobytes())
    backend.close()
    return drawn.hexdigest()


def psnr(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Peak signal to noise ratio, decibels."""
    square = float(((one.astype(float) - other) ** 2).mean())
    return float(10 * np.log10(255**2 / max(square, 1e-9)))


def test_all_widths_of_lanes_and_numbers_of_threads_give_the_same_bytes() -> None:
    builds = load().builds()
    assert builds[-1] == "plain"
    drawn = [*((build, 1) for build in builds), (builds[0], 2), (builds[0], 5), ("plain", 3)]
    found = {(build, threads): digest(build, threads) for build, threads in drawn}
    assert len(set(found.values())) == 1, found


@pytest.mark.slow
def test_all_builds_agree_on_real_meshes(real_meshes: Path) -> None:
    from viewpoint100k.assets import open_source

    source = open_source(f"meshes:{real_meshes}")
    for asset_id in source.ids()[::6]:
        made = source.load(asset_id).mesh  # type: ignore[union-attr]
        assert len({digest(build, 1, made) for build in load().builds()}) == 1, asset_id


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("compiler", ["clang++"])
def test_another_compiler_gives_the_same_bytes(compiler: str, tmp_path: Path) -> None:
    nanobind = pytest.importorskip("nanobind")
    if not (path := os.environ.get("OTHER_CXX") or shutil.which(compiler)):
        pytest.skip(f"there is no {compiler}; OTHER_CXX names another")
    options = [f"-DCMAKE_CXX_COMPILER={path}", f"-DPython_EXECUTABLE={sys.executable}"]
    options += [f"-Dnanobind_DIR={nanobind.cmake_dir()}"]
    subprocess.run(["cmake", "-S", NATIVE, "-B", tmp_path, *options], check=True, capture_output=True)
    subprocess.run(["cmake", "--build", tmp_path], check=True, capture_output=True)
    (extension,) = tmp_path.glob("_native.*")
    script = """
import importlib.util, sys
sys.path.insert(0, sys.argv[1])
import renderers.software
spec = importlib.util.spec_from_file_location("renderers.software._native", sys.argv[2])
renderers.software._native = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(renderers.software._native)
import test_renderers_software as tests
assert renderers.software.extension.load().__file__ == sys.argv[2]
print(*(tests.digest(build) for build in renderers.software._native.builds()))
"""
    arguments = [sys.executable, "-c", script, str(Path(__file__).parent), str(extension)]
    found = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.split()
    assert len(found) == len(load().builds())
    assert set(found) == {digest("plain")}


def test_a_build_is_forced_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BUILD_VARIABLE, "plain")
    assert open_renderer("software").processor.name == "plain"  # type: ignore[attr-defined]
    monkeypatch.setenv(BUILD_VARIABLE, "mmx")
    with pytest.raises(UsageError, match="no build 'mmx'"):
        open_renderer("software")


def test_its_description_names_no_machine() -> None:
    assert {open_renderer("software", build=build).describe() for build in load().builds()} == {"software 1"}


def test_several_threads_of_python_may_draw_at_once() -> None:
    scene = renderer("software").load(everything(), Stage(2))
    cameras = [Camera(orbit(3.5, 30 * k, 15), intrinsics_from_fov(50, 90, 70), 90, 70) for k in range(12)]
    alone = [scene.color(camera) for camera in cameras]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(scene.color, cameras))
    scene.close()
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_neighbouring_triangles_leave_no_gap_and_share_no_sample() -> None:
    # A transparent fan of slivers over a wall. A gap would show the bare wall, an overlap a darker strip.
    rng = np.random.default_rng(3)
    turn = np.sort(rng.uniform(0, 2 * np.pi, 300))
    ring = np.column_stack([np.cos(turn), np.zeros(300), np.sin(turn)]) * 1.4
    center = np.array([[0.0137, 0.0, -0.0411]])
    corners = np.arange(1, 301)
    fan = Primitive(
        positions=np.concatenate([center, ring]).astype(np.float32),
        triangles=np.column_stack([np.zeros(300), corners, np.roll(corners, -1)]).astype(np.uint32),
        normals=np.tile([0.0, -1.0, 0.0], (301, 1)).astype(np.float32),
        material=replace(glowing((200, 200, 200)), alpha_mode="BLEND", base_color=(0, 0, 0, 0.5)),
    )
    wall = quad(glowing((20, 20, 20)), center=(0, 0.5, 0), u=(3, 0, 0), v=(0, 0, -3))
    seen = color_of("software", mesh(fan, wall), facing_camera(size=200))[60:140, 60:140]
    expected = coded(0.5 * linear(200) + 0.5 * linear(20))
    assert np.abs(seen - expected).max() <= 1


def test_what_crosses_the_near_plane_is_cut_there_and_not_left_out() -> None:
    # The camera stands in a corridor and looks along it: floor and ceiling begin behind it.
    floor = quad(Material(), center=(0, 0, -0.2), u=(1, 0, 0), v=(0, 8, 0))
    ceiling = quad(Material(), center=(0, 0, 0.3), u=(1, 0, 0), v=(0, 8, 0))
    camera = facing_camera(distance=2.0, size=81, fov_deg=60)
    depth = depth_of("software", mesh(floor, ceiling), camera)
    focal = camera.intrinsics[1, 1]
    for row, height in ((70, -0.2), (10, 0.3)):
        expected = focal * abs(height) / abs(row + 0.5 - 40.5)
        assert depth[row, 40] == pytest.approx(expected, rel=1e-4)


def test_unlit_surfaces_show_their_colour_whatever_the_light() -> None:
    code = np.array([150, 90, 40])
    color = (*linear(code).tolist(), 1.0)
    for stage in (None, Stage(1), Stage(4)):
        scene = renderer("software").load(mesh(quad(Material(base_color=color, unlit=True))), stage)
        seen = scene.color(facing_camera(size=48))[20:28, 20:28].astype(int)
        scene.close()
        assert np.abs(seen - code).max() <= 1


def test_triangles_that_name_no_vertex_are_refused() -> None:
    broken = replace(quad(Material()), triangles=np.array([[0, 1, 4]], dtype=np.uint32))
    with pytest.raises((ValueError, IndexError)):
        renderer("software").load(mesh(broken), None)
    native = load()
    made = native.Object(np.zeros(3), 1.0, -np.ones(3), np.ones(3))
    made.begin_batch(0.0, 1.0, 1.0, 1.0, (0.0, 0.0, 0.0), 0, 0.5, False, False, [-1] * 5)
    arrays = (np.zeros((4, 3), np.float32), np.zeros((4, 3), np.float32), np.array([[0, 1, 4]], np.uint32))
    with pytest.raises(ValueError, match="not there"):
        made.add_primitive(*arrays, None, None, np.ones(4, np.float32))


def test_objects_are_drawn_once_they_are_finished_and_stay_as_they_are_then() -> None:
    made = load().Object(np.zeros(3), 1.0, -np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match="not finished"):
        made.coarse()
    with pytest.raises(ValueError, match="not finished"):
        load().depth(made, np.eye(4), np.eye(3), 4, 4, "plain", 1)
    made.finish()
    for change in (made.finish, lambda: made.add_texture(np.zeros((2, 2, 3), np.uint8), 8, True, 0, 0)):
        with pytest.raises(ValueError, match="is finished"):
            change()


def test_empty_maps_are_refused() -> None:
    def surroundings(height: int) -> Any:
        light = np.zeros((9, 3), np.float32), np.ones(3), np.ones(3)
        return load().Surroundings(np.ones((height, 8, 3), np.float32), *light, 0.0, 0.0, 1.0, None)

    with pytest.raises(ValueError, match="environment"):
        surroundings(0)
    with pytest.raises(ValueError, match="map"):
        surroundings(4).set_sun_map(np.zeros((0, 0), np.float32), np.zeros((3, 4), np.float32), 0.0)


@pytest.mark.parametrize("shape", [(64, 64, 3), (65, 33, 4), (200, 7, 3), (130, 257, 4), (1, 90, 4)])
@pytest.mark.parametrize("is_color", [True, False])
def test_large_textures_are_averaged_as_for_opengl(shape: tuple[int, int, int], is_color: bool) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    for most in (32, 50, 64, 300):
        assert np.array_equal(load().shrink(pixels, most, is_color), shrink(pixels, most, is_color))


@pytest.mark.parametrize("size", [(1, 1), (17, 3), (3, 40), (64, 64)])
def test_pictures_of_any_size_are_parts_of_the_same_view(size: tuple[int, int]) -> None:
    made = mesh(ball(Material(base_color=(0.3, 0.5, 0.7, 1)), subdivisions=4))
    whole = Camera(orbit(3, 30, 20), intrinsics_from_fov(45, 64, 64), 64, 64)
    part = Camera(whole.camera_to_world, whole.intrinsics, *size)
    scene = renderer("software").load(made, None)
    width, height = size
    assert np.array_equal(scene.color(part), scene.color(whole)[:height, :width])
    assert np.array_equal(scene.depth(part), scene.depth(whole)[:height, :width])
    scene.close()


@pytest.mark.parametrize("seed", range(4))
def test_pictures_are_those_of_opengl(seed: int) -> None:
    made = mesh(
        ball(Material(base_color=(0.5, 0.3, 0.2, 1)), subdivisions=4),
        quad(Material(metallic=1.0, roughness=0.3, base_color=(0.9, 0.8, 0.6, 1)), center=(0, 1.2, 0.2)),
        quad(Material(alpha_mode="BLEND", base_color=(0.2, 0.5, 0.9, 0.6)), center=(0.4, -1.1, 0), u=(0.5, 0, 0)),
    )
    camera = Camera(orbit(4.5, 80 * seed, 12 + 9 * seed), intrinsics_from_fov(45, 192, 192), 192, 192)
    pictures = []
    for backend in ("software", "opengl"):
        scene = renderer(backend).load(made, Stage(seed))
        pictures.append(scene.color(camera))
        scene.close()
    assert psnr(*pictures) > NEEDED_DB


@pytest.mark.slow
def test_pictures_of_real_meshes_are_those_of_opengl(real_meshes: Path) -> None:
    from viewpoint100k.assets import open_source

    source, found = open_source(f"meshes:{real_meshes}"), []
    for place, asset_id in enumerate(source.ids()):
        made = source.load(asset_id).mesh  # type: ignore[union-attr]
        for seed, elevation in ((place, 15), (place + 100, 45)):
            low, high = made.points.min(axis=0), made.points.max(axis=0)
            pose = orbit(1.3 * float(np.linalg.norm(high - low)), 35.0 + 67 * seed, elevation, (low + high) / 2)
            camera = Camera(pose, intrinsics_from_fov(45, 256, 256), 256, 256)
            pictures = []
            for backend in ("software", "opengl"):
                scene = renderer(backend).load(made, Stage(seed))
                pictures.append(scene.color(camera))
                scene.close()
            found.append(psnr(*pictures))
    assert len(found) >= 60
    assert min(found) > NEEDED_DB
    assert np.mean(found) > 46


@pytest.mark.slow
def test_depth_and_mask_agree_with_rays_on_every_real_mesh(real_meshes: Path) -> None:
    pytest.importorskip("embreex", reason="embreex, the oracle, is not installed")
    from trimesh.ray.ray_pyembree import RayMeshIntersector

    from viewpoint100k.assets import open_source

    source = open_source(f"meshes:{real_meshes}")
    for asset_id in source.ids():
        made = source.load(asset_id).mesh  # type: ignore[union-attr]
        opaque = replace(made, primitives=tuple(replace(p, material=Material()) for p in made.primitives))
        solid = trimesh.util.concatenate(
            [trimesh.Trimesh(p.positions, p.triangles, process=False) for p in opaque.primitives]
        )
        radius = float(np.linalg.norm(solid.extents)) / 2
        camera = Camera(
            orbit(2.7 * radius, 50, 25, solid.bounds.mean(axis=0)), intrinsics_from_fov(45, 240, 240), 240, 240
        )
        depth = depth_of("software", opaque, camera)
        x, y = np.meshgrid(np.arange(240) + 0.5, np.arange(240) + 0.5)
        rays = camera.unproject(np.stack([x.ravel(), y.ravel()], axis=1), np.ones(x.size)) - camera.position
        rays /= np.linalg.norm(rays, axis=1, keepdims=True)
        origins = np.broadcast_to(camera.position, rays.shape)
        points, indices, _ = RayMeshIntersector(solid).intersects_location(origins, rays, multiple_hits=False)
        expected = np.full(x.size, np.inf)
        expected[indices] = (points - camera.position) @ camera.forward
        expected = expected.reshape(x.shape)
        seen, hit = np.isfinite(depth), np.isfinite(expected)
        assert (seen & hit).sum() / (seen | hit).sum() > 0.995, asset_id
        assert np.median(np.abs(depth[seen & hit] - expected[seen & hit])) < 1e-4 * radius, asset_id
