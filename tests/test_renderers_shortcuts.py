"""Shortcuts of a renderer do not change pictures: hidden sides, small pictures, caches."""

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
from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit
from viewpoint100k.geometry.mesh import Material, Mesh, Primitive

make = trimesh.creation


def _smooth(shape: trimesh.Trimesh, material: Material, without: int = 0) -> Primitive:
    points, triangles = shape.vertices.astype(np.float32), shape.faces[without:].astype(np.uint32)
    return Primitive(points, triangles, shape.vertex_normals.astype(np.float32), material=material)


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
