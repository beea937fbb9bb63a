"""Optimisations of renderers do not change images: hidden sides, light at corners, tiles, caches."""

import gc

import numpy as np
import pytest
import trimesh
from renderer_shapes import (
    ball,
    color_of,
    each_backend,
    each_staged_backend,
    facing_camera,
    glowing,
    mesh,
    odd_camera,
    picture,
    quad,
    renderer,
)

from renderers import Stage, open_renderer
from renderers.opengl import OpenGLRenderer
from renderers.surface_geometry import encloses, is_fine
from renderers.tiles import TILES, GroundTiles, Tiling
from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit
from viewpoint100k.geometry.mesh import Material, Mesh, Primitive

make = trimesh.creation
SPLIT = make.box()
SPLIT.unmerge_vertices()
INWARDS = make.box()
INWARDS.invert()
ASIDE = make.box(transform=np.diag([1.0, 1, 1, 1]) + np.eye(4, k=3) * 3)
HOLLOW = make.box([0.5, 0.5, 0.5])
HOLLOW.invert()


def _faces(*shapes: trimesh.Trimesh, without: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and triangles of shapes, but for the first few triangles."""
    whole = trimesh.util.concatenate(shapes)
    return whole.vertices.astype(np.float32), whole.faces[without:].astype(np.uint32)


def _smooth(shape: trimesh.Trimesh, material: Material, without: int = 0) -> Primitive:
    points, triangles = _faces(shape, without=without)
    return Primitive(points, triangles, shape.vertex_normals.astype(np.float32), material=material)


@pytest.mark.parametrize(
    ("shapes", "without", "closed"),
    [
        ([make.box()], 0, True),
        ([SPLIT], 0, True),
        ([make.icosphere(), ASIDE], 0, True),
        ([make.cylinder(0.5, 1.0)], 0, True),
        ([make.box()], 1, False),
        ([INWARDS], 0, False),
        ([ASIDE, INWARDS], 0, False),
        ([make.box(), HOLLOW], 0, False),
        ([make.annulus(0.3, 0.5, 1.0)], 0, True),
    ],
)
def test_a_surface_that_hides_its_back_is_known(shapes: list[trimesh.Trimesh], without: int, closed: bool) -> None:
    assert encloses(*_faces(*shapes, without=without)) == closed


def test_fine_triangles_are_small_and_flat() -> None:
    for shape, fine in ((make.icosphere(4), True), (make.icosphere(1), False), (make.box(), False)):
        points, triangles = _faces(shape)
        assert is_fine(points, shape.vertex_normals.astype(np.float32), triangles) == fine


@each_staged_backend
@pytest.mark.parametrize("stage", [None, Stage(3)])
def test_an_object_looks_the_same_whether_or_not_its_hidden_side_is_closed(backend: str, stage: Stage | None) -> None:
    camera = facing_camera()
    shape = make.icosphere(3)
    behind = np.argmax(shape.triangles_center[:, 1])
    shape.faces[[0, behind]] = shape.faces[[behind, 0]]
    pictures = []
    for without in (0, 1):
        scene = renderer(backend).load(mesh(_smooth(shape, Material(base_color=(0.6, 0.3, 0.2, 1)), without)), stage)
        pictures.append(scene.color(camera).astype(int))
        scene.close()
    seen = np.abs(pictures[0] - pictures[1])[30:66, 30:66]  # On the ground, light falls through the hole.
    assert seen.max() <= 1


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("inside", [False, True])
def test_light_at_corners_of_fine_triangles_is_that_of_every_pixel(seed: int, inside: bool) -> None:
    shape = make.icosphere(4)
    front = shape.triangles_center[:, 1] < -0.3
    order = np.argsort(~front, kind="stable")
    shape.faces = shape.faces[order]
    without = int(front.sum()) if inside else 0  # Open towards the camera, which then sees the inner side.
    pictures = []
    for metallic in (0.0, 1e-6):  # What is a metal, however little, has its light worked out for each pixel.
        material = Material(base_color=(0.5, 0.4, 0.3, 1), roughness=0.7, metallic=metallic)
        scene = renderer("opengl").load(mesh(_smooth(shape, material, without)), Stage(seed))
        pictures.append(scene.color(facing_camera(size=160)).astype(int))
        scene.close()
    difference = np.abs(pictures[0] - pictures[1])
    assert difference.mean() < 0.25
    assert np.quantile(difference, 0.999) <= 4


@pytest.mark.parametrize("seed", range(4))
def test_tiles_leave_out_only_what_counts_for_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = renderer("opengl").load(mesh(ball(Material(base_color=(0.5, 0.3, 0.2, 1)))), Stage(seed))
    cameras = [
        Camera(orbit(4, 50 * seed, elevation), intrinsics_from_fov(50, 250, 190), 250, 190) for elevation in (4, 35)
    ]
    lean = [scene.color(camera) for camera in cameras]
    everywhere = np.ones((TILES, TILES), dtype=bool)
    monkeypatch.setattr(GroundTiles, "shaded", lambda self, places, hit: everywhere)
    monkeypatch.setattr(Tiling, "_over_object", (everywhere[0], everywhere[0]))
    for camera, one in zip(cameras, lean, strict=True):
        assert np.abs(scene.color(camera).astype(int) - one).max() <= 1
    scene.close()


@each_backend
@pytest.mark.parametrize("mode", ["OPAQUE", "MASK", "BLEND"])
def test_thumbnails_show_what_whole_pictures_do(backend: str, mode: str) -> None:
    texels = np.full((8, 8, 4), 255)
    texels[:, :4, 3] = 90
    pane = Material(base_color_texture=picture(texels, ("clamp", "clamp")), alpha_mode=mode)  # type: ignore[arg-type]
    made = mesh(quad(pane, center=(0, -1.2, 0)), ball(Material(base_color=(0.7, 0.3, 0.2, 1))))
    scene = renderer(backend).load(made, Stage(1))
    cameras = [
        Camera(orbit(5, azimuth, 10), intrinsics_from_fov(45, 40, 40), 40, 40) for azimuth in range(-90, 200, 50)
    ]
    plain = scene.unstaged()
    thumbnails = scene.thumbnails(cameras)
    assert [thumbnail.camera for thumbnail in thumbnails] == cameras
    for camera, thumbnail in zip(cameras, thumbnails, strict=True):
        assert np.abs(thumbnail.color.astype(int) - plain.color(camera)).max() <= 1
        depth = plain.depth(camera.resized(80, 80))
        seen = np.isfinite(depth) & np.isfinite(thumbnail.depth)
        assert (np.isfinite(depth) != np.isfinite(thumbnail.depth)).sum() <= 2
        assert np.abs(depth[seen] - thumbnail.depth[seen]).max() < 1e-3
    scene.close()


@each_staged_backend
def test_nothing_of_a_thumbnail_spills_into_the_next(backend: str) -> None:
    scene = renderer(backend).load(mesh(ball(glowing((220, 220, 220)))), None)
    near = Camera(orbit(1.6, 0, 0), intrinsics_from_fov(30, 32, 32), 32, 32)
    away = Camera(orbit(40.0, 0, 0), intrinsics_from_fov(30, 32, 32), 32, 32)
    for thumbnail in scene.thumbnails([near, away, near, away, near])[1::2]:
        assert (thumbnail.color[:8] == 128).all()
        assert not np.isfinite(thumbnail.depth[:16]).any()
    scene.close()


def test_a_mesh_is_uploaded_once_and_freed_when_nobody_can_ask_for_it() -> None:
    backend = open_renderer("opengl")
    assert isinstance(backend, OpenGLRenderer)
    made, camera = mesh(ball(Material(base_color=(0.2, 0.5, 0.3, 1)))), odd_camera()
    one, two = backend.load(made, Stage(1)), backend.load(made, Stage(2))
    assert len(backend.meshes) == 1
    expected = two.color(camera)
    one.close()
    assert np.array_equal(two.color(camera), expected)
    two.close()
    again = backend.load(made, Stage(2))
    assert np.array_equal(again.color(camera), expected)
    del made
    gc.collect()
    assert np.array_equal(again.color(camera), expected)  # in use, and so still there
    again.close()
    assert len(backend.meshes) == 0
    backend.close()


def test_meshes_that_are_kept_take_no_more_than_their_share() -> None:
    backend = open_renderer("opengl")
    assert isinstance(backend, OpenGLRenderer)
    texture = np.full((2048, 2048, 3), 90, dtype=np.uint8)
    meshes = [mesh(quad(Material(base_color_texture=picture(texture)))) for _ in range(90)]
    for made in meshes:
        backend.load(made, None).close()
    assert 20 < len(backend.meshes) < 80  # 384 MiB of 1024 x 1024 textures with mip levels
    backend.close()


@each_staged_backend
def test_a_mesh_without_triangles_is_neither_closed_nor_in_the_way(backend: str) -> None:
    nothing = Primitive(np.zeros((3, 3), np.float32), np.zeros((0, 3), np.uint32), np.zeros((3, 3), np.float32))
    assert (color_of(backend, Mesh((nothing,)), facing_camera(size=16)) == 128).all()
