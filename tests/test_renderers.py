"""The places and distances of objects, from which labels are computed."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray
from renderer_shapes import (
    OPTIONS,
    ball,
    color_of,
    depth_of,
    each_backend,
    each_backend_in_time,
    each_staged_backend,
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
from viewpoint100k.errors import RendererError, UsageError
from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit
from viewpoint100k.geometry.mesh import Material, Mesh, Primitive

REAL = ("Duck.glb", "CesiumMilkTruck.glb", "scissors.glb", "cow.glb", "remote_controller_1.glb")


@each_backend
@pytest.mark.parametrize("eye", [(2.6, -2.0, 1.4), (-1.5, 2.2, 0.4), (0.5, -2.5, -1.2)])
def test_a_point_appears_where_the_camera_projects_it(backend: str, eye: tuple[float, float, float]) -> None:
    places = np.array([[0.5, 0.2, 0.4], [-0.6, 0.3, -0.2], [0.1, -0.5, -0.5]])
    codes = np.diag([200, 200, 200])
    made = mesh(*(ball(glowing(code), place, 0.04) for code, place in zip(codes, places, strict=True)))
    camera = odd_camera(eye)
    seen = linear(color_of(backend, made, camera)) - linear(128)
    expected, _ = camera.project(places)
    x, y = np.meshgrid(np.arange(camera.width) + 0.5, np.arange(camera.height) + 0.5)
    for channel in range(3):
        weight = np.clip(seen[..., channel] - seen[..., (channel + 1) % 3], 0, None)
        found = np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()
        assert np.abs(found - expected[channel]).max() < 0.3


@each_backend
def test_depth_of_a_plane_is_exact_at_pixel_centres(backend: str) -> None:
    u, v = np.array([4.0, 1.0, 0.3]), np.array([0.2, 1.1, -3.9])
    camera = odd_camera((0.3, -3.5, 0.6))
    depth = depth_of(backend, mesh(quad(Material(), u=u, v=v)), camera)
    normal = np.cross(u, v)
    x, y = np.meshgrid(np.arange(camera.width) + 0.5, np.arange(camera.height) + 0.5)
    rays = camera.unproject(np.stack([x.ravel(), y.ravel()], axis=1), np.ones(x.size)) - camera.position
    expected = (-(camera.position @ normal) / (rays @ normal)).reshape(depth.shape)
    seen = np.isfinite(depth)
    assert seen.mean() > 0.9
    assert np.abs(depth - expected)[seen].max() < 1e-4


@each_backend
def test_depth_is_infinite_where_nothing_is_and_along_the_axis_elsewhere(backend: str) -> None:
    camera = facing_camera(distance=4.0, size=65)
    depth = depth_of(backend, mesh(ball(Material(), subdivisions=5)), camera)
    assert depth.dtype == np.float32
    assert np.isinf(depth[0, 0])
    assert depth[32, 32] == pytest.approx(3.0, abs=1e-3)
    # The rim of the sphere, seen at an angle: its z is less than its distance. tan = 1 / sqrt(d^2 - 1) at tangency.
    row = depth[32]
    assert row[np.isfinite(row)].max() < 4.0
    assert np.isfinite(row).sum() == pytest.approx(2 * camera.intrinsics[0, 0] / np.sqrt(15), abs=1.5)


@each_backend
@pytest.mark.parametrize("name", REAL)
def test_depth_and_mask_agree_with_rays_on_real_meshes(backend: str, name: str, real_meshes: Path) -> None:
    pytest.importorskip("embreex", reason="embreex, the oracle, is not installed")
    made, solid = _real(real_meshes / name)
    radius = float(np.linalg.norm(solid.extents)) / 2
    pose = orbit(3.2 * radius, 40, 20, solid.bounds.mean(axis=0))
    intrinsics = intrinsics_from_fov(42, 200, 160)
    intrinsics[:2, 2] += 6.5, -4.25
    camera = Camera(pose, intrinsics, 200, 160)
    depth = depth_of(backend, made, camera)
    expected = _depth_by_rays(solid, camera)
    seen, hit = np.isfinite(depth), np.isfinite(expected)
    assert (seen & hit).sum() / (seen | hit).sum() > 0.995
    assert np.median(np.abs(depth[seen & hit] - expected[seen & hit])) < 1e-4 * radius


@each_backend
@pytest.mark.parametrize("shape", ["box", "cylinder", "ring", "plates"])
def test_depth_and_mask_agree_with_rays_on_simple_shapes(backend: str, shape: str) -> None:
    pytest.importorskip("embreex", reason="embreex, the oracle, is not installed")
    make = trimesh.creation
    plates = [make.box((1.2, 1.0, 0.1), trimesh.transformations.translation_matrix((0, 0, z))) for z in (-0.5, 0, 0.4)]
    solid = {
        "box": make.box((1.2, 0.8, 1.0)),
        "cylinder": make.cylinder(0.4, 1.3),
        "ring": make.torus(0.6, 0.2),
        "plates": trimesh.util.concatenate(plates),
    }[shape]
    camera = odd_camera()
    made = Primitive(
        positions=np.asarray(solid.vertices, dtype=np.float32),
        triangles=np.asarray(solid.faces, dtype=np.uint32),
        normals=np.asarray(solid.vertex_normals, dtype=np.float32),
    )
    depth, expected = depth_of(backend, mesh(made), camera), _depth_by_rays(solid, camera)
    seen, hit = np.isfinite(depth), np.isfinite(expected)
    assert hit.mean() > 0.03
    assert (seen & hit).sum() / (seen | hit).sum() > 0.99
    assert np.median(np.abs(depth[seen & hit] - expected[seen & hit])) < 1e-4


@each_backend
def test_depth_at_a_low_resolution_is_the_same_view(backend: str) -> None:
    camera = odd_camera()
    made = mesh(ball(Material(), (0.1, 0, 0), 0.8, subdivisions=4))
    full, small = depth_of(backend, made, camera), depth_of(backend, made, camera.resized(100, 44))
    # Pixel (i, j) of the small image is centred on a pixel's centre of the large one, which is 3 by 5 times as large.
    chosen = full[2::5, 1::3]
    assert (np.isfinite(small) != np.isfinite(chosen)).sum() <= 3  # the rasteriser rounds vertices to 1/256 of a pixel
    seen = np.isfinite(small) & np.isfinite(chosen)
    # Cycles spreads its rays over a hundredth of a pixel, and near the rim the sphere is steep.
    assert np.abs(small[seen] - chosen[seen]).max() < (2e-3 if backend == "blender" else 1e-4)
    assert np.median(np.abs(small[seen] - chosen[seen])) < 1e-4


@each_backend
@pytest.mark.parametrize(
    ("mode", "alpha", "counts"),
    [("OPAQUE", 0, True), ("MASK", 100, False), ("MASK", 160, True), ("BLEND", 10, False), ("BLEND", 60, True)],
)
def test_the_mask_follows_the_alpha_mode(backend: str, mode: str, alpha: int, counts: bool) -> None:
    texels = np.full((4, 4, 4), 255)
    texels[:, :2, 3] = alpha  # the left half
    material = Material(base_color_texture=picture(texels, ("clamp", "clamp")), alpha_mode=mode)  # type: ignore[arg-type]
    depth = depth_of(backend, mesh(quad(material)), facing_camera())
    assert np.isfinite(depth[48, 60])
    assert np.isfinite(depth[48, 34]) == counts


@each_backend
def test_size_and_place_of_the_world_do_not_matter(backend: str) -> None:
    camera = odd_camera()
    made = mesh(ball(Material(), (0.1, 0, 0), 0.8))
    depth = depth_of(backend, made, camera)
    scale, shift = 1e-3, np.array([40.0, -7.0, 3.0])
    matrix = np.diag([scale, scale, scale, 1.0])
    matrix[:3, 3] = shift
    pose = camera.camera_to_world.copy()
    pose[:3, 3] = pose[:3, 3] * scale + shift
    moved = depth_of(backend, made.transformed(matrix), Camera(pose, camera.intrinsics, camera.width, camera.height))
    seen = np.isfinite(depth) & np.isfinite(moved)
    assert seen.sum() / (np.isfinite(depth) | np.isfinite(moved)).sum() > 0.99
    assert (
        np.median(np.abs(moved[seen] / scale - depth[seen])) < 5e-3
    )  # 40 m away, float32 vertices are good to 4 microns


@each_backend
def test_cameras_inside_beneath_and_turned_away_are_served(backend: str) -> None:
    scene = renderer(backend).load(mesh(ball(Material())), Stage(3))
    inside = Camera(orbit(0.2, 10, 5), intrinsics_from_fov(60, 64, 48), 64, 48)
    assert np.isfinite(scene.depth(inside)).all()
    beneath = Camera(orbit(4, 10, -60), intrinsics_from_fov(60, 64, 48), 64, 48)
    assert np.isfinite(scene.depth(beneath)).any()
    away = orbit(4, 10, 5)
    away[:3, :3] = away[:3, :3] @ np.diag([-1.0, 1.0, -1.0])
    behind = Camera(away, intrinsics_from_fov(60, 64, 48), 64, 48)
    assert not np.isfinite(scene.depth(behind)).any()
    for camera in (inside, beneath, behind):
        assert scene.color(camera).shape == (48, 64, 3)
    scene.close()


@each_backend_in_time
def test_the_same_input_gives_the_same_bytes_whatever_was_drawn_before(backend: str) -> None:
    camera = odd_camera()
    made = mesh(ball(Material(base_color=(0.5, 0.3, 0.2, 1.0))))
    first = renderer(backend).load(made, Stage(5))
    color, depth = first.color(camera), first.depth(camera)
    first.close()
    other = renderer(backend).load(mesh(quad(Material(alpha_mode="BLEND", base_color=(1, 0, 0, 0.5)))), Stage(6))
    other.color(camera.resized(64, 64))
    again = renderer(backend).load(made, Stage(5))
    other.depth(camera)
    assert np.array_equal(again.color(camera), color)
    assert np.array_equal(again.depth(camera), depth)
    again.close()
    other.close()


def test_another_process_gives_the_same_bytes() -> None:
    script = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from renderer_shapes import ball, mesh, odd_camera, renderer
from renderers import Stage
from viewpoint100k.geometry.mesh import Material
scene = renderer("opengl").load(mesh(ball(Material(metallic=1.0, roughness=0.3))), Stage(int(sys.argv[2])))
print(hashlib.sha256(scene.color(odd_camera()).tobytes()).hexdigest())
"""
    arguments = [sys.executable, "-c", script, str(Path(__file__).parent)]
    runs = [subprocess.run([*arguments, "4"], capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert runs[0] == runs[1]
    assert len(runs[0].strip()) == 64


@each_staged_backend
def test_closing_a_scene_frees_all_that_it_held(backend: str) -> None:
    renderer(backend)  # so that a missing package skips the test
    opened = open_renderer(backend)
    texels = np.full((1024, 1024, 4), 200)
    material = Material(base_color_texture=picture(texels), normal_texture=picture(texels), alpha_mode="BLEND")
    made, camera = mesh(quad(material), ball(Material())), facing_camera(size=32)
    sizes = []
    for seed in range(40):
        scene = opened.load(made, Stage(seed))
        scene.color(camera)
        scene.depth(camera)
        scene.close()
        scene.close()  # twice is harmless
        sizes.append(_resident_mib())
    # The two textures have 11 MiB with their mip levels. If each scene leaked one, they would sum to 200 MiB.
    assert sizes[-1] - sizes[14] < 50
    with pytest.raises(RendererError, match="closed"):
        scene.color(camera)
    opened.close()
    opened.close()
    with pytest.raises(RendererError, match="closed"):
        opened.load(made, None)


@each_backend
def test_two_renderers_in_one_process_leave_each_other_alone(backend: str) -> None:
    camera = facing_camera(size=32)
    made = mesh(ball(Material()))
    before = color_of(backend, made, camera)
    renderer(backend)  # so that a missing package skips the test
    passing = open_renderer(backend, **OPTIONS[backend])
    scene = passing.load(made, None)
    assert np.array_equal(scene.color(camera), before)
    passing.close()
    assert np.array_equal(color_of(backend, made, camera), before)
    assert np.array_equal(color_of("opengl", made, camera), color_of("opengl", made, camera))


@each_backend
def test_a_renderer_says_what_it_draws_with(backend: str) -> None:
    line = renderer(backend).describe()
    assert line.startswith(backend)
    assert "\n" not in line
    assert {"blender": "Cycles", "software": "software 1"}.get(backend, "OpenGL") in line


def test_software_is_refused_where_a_gpu_is_required() -> None:
    if "llvmpipe" not in renderer("opengl").describe():
        pytest.skip("there is a GPU here")
    with pytest.raises(RendererError, match="GPU"):
        open_renderer("opengl", require_gpu=True)


def test_an_unknown_backend_or_device_is_an_error_for_people() -> None:
    with pytest.raises(UsageError, match="choose one of"):
        open_renderer("povray")
    with pytest.raises(RendererError, match="EGL device 97"):
        open_renderer("opengl", device_index=97)


def test_importing_renderers_loads_no_graphics() -> None:
    heavy = ("moderngl", "pyrender", "OpenGL", "bpy", "scipy")
    script = f"import sys, renderers; sys.exit(any(m in sys.modules for m in {heavy}))"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


def _resident_mib() -> float:
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("only Linux says how much memory a process has")
    return int(statm.read_text().split()[1]) * 4096 / 2**20


def _real(path: Path) -> tuple[Mesh, trimesh.Trimesh]:
    """A real mesh's geometry, for our renderer and for the oracle."""
    solid = trimesh.load(path, force="scene").to_geometry()
    primitive = Primitive(
        positions=np.asarray(solid.vertices, dtype=np.float32),
        triangles=np.asarray(solid.faces, dtype=np.uint32),
        normals=np.asarray(solid.vertex_normals, dtype=np.float32),
    )
    return mesh(primitive), solid


def _depth_by_rays(solid: trimesh.Trimesh, camera: Camera) -> NDArray[np.float64]:
    """Depth along the axis at pixel centres by Embree."""
    from trimesh.ray.ray_pyembree import RayMeshIntersector

    x, y = np.meshgrid(np.arange(camera.width) + 0.5, np.arange(camera.height) + 0.5)
    ends = camera.unproject(np.stack([x.ravel(), y.ravel()], axis=1), np.ones(x.size))
    rays = ends - camera.position
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    origins = np.broadcast_to(camera.position, rays.shape)
    points, indices, _ = RayMeshIntersector(solid).intersects_location(origins, rays, multiple_hits=False)
    depth = np.full(x.size, np.inf)
    depth[indices] = (points - camera.position) @ camera.forward
    return depth.reshape(x.shape)
