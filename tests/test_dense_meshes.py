"""Meshes whose triangles are smaller than a pixel, and vertices that lie anywhere in memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from renderers import Stage
from renderers.software import SoftwareRenderer
from renderers.software.extension import why_missing
from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit
from viewpoint100k.geometry.mesh import Material, Mesh, Primitive, Texture

pytestmark = pytest.mark.skipif(bool(why_missing()), reason=str(why_missing()))


def roof(steps: int, rise: float) -> Mesh:
    """Two textured slopes that meet at a ridge, each cut into 2 ``steps`` squared triangles."""
    pixels = np.kron(np.random.default_rng(0).integers(40, 216, (8, 8, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    material = Material(base_color_texture=Texture(pixels))
    along, across = (g.ravel() for g in np.meshgrid(np.arange(steps + 1), np.arange(steps + 1), indexing="ij"))
    first = (np.arange(steps)[:, None] * (steps + 1) + np.arange(steps)).ravel()
    corners = [[0, steps + 1, 1], [1, steps + 1, steps + 2]]
    triangles = np.concatenate([first[:, None] + corner for corner in corners])
    slopes = []
    for side in (-1, 1):
        x = along / steps
        positions = np.stack([side * x, 2 * across / steps - 1, rise * (1 - x)], axis=1)
        normals = np.tile([side * rise, 0, 1] / np.sqrt(1 + rise * rise), (len(x), 1))
        faces = triangles if side > 0 else triangles[:, ::-1]
        uvs = np.stack([x, across / steps], axis=1)
        arrays = (a.astype(np.float32) for a in (normals, uvs))
        slopes.append(Primitive(positions.astype(np.float32), faces.astype(np.uint32), *arrays, material=material))
    return Mesh(tuple(slopes))


def view(size: int, azimuth_deg: float, elevation_deg: float) -> Camera:
    return Camera(orbit(4.5, azimuth_deg, elevation_deg), intrinsics_from_fov(30, size, size), size, size)


def loss_db(one: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other) ** 2)))


@pytest.mark.parametrize("rise", [0.3, 1.5])
def test_a_roof_of_many_triangles_looks_like_one_of_few(rise: float) -> None:
    """Its slopes meet at 147 and at 67 degrees."""
    renderer = SoftwareRenderer()
    few, many = (renderer.load(roof(steps, rise), Stage(1)) for steps in (16, 240))
    for azimuth, elevation in ((30, 20), (80, 5), (200, 60)):
        camera = view(128, azimuth, elevation)
        assert loss_db(few.color(camera), many.color(camera)) > 38
    renderer.close()


def test_a_dense_mesh_has_the_same_bytes_in_lanes_of_all_widths() -> None:
    drawn = []
    for build in SoftwareRenderer().native.builds():
        renderer = SoftwareRenderer(build=build)
        drawn.append(renderer.load(roof(240, 0.5), Stage(2)).color(view(96, 40, 15)))
        renderer.close()
    assert len({picture.tobytes() for picture in drawn}) == 1


def test_thumbnails_of_a_dense_mesh_are_drawn_from_a_coarser_one() -> None:
    renderer = SoftwareRenderer()
    few, many = (renderer.load(roof(steps, 0.8), None) for steps in (16, 240))
    cameras = [view(72, azimuth, elevation) for azimuth, elevation in ((30, 20), (100, 10), (200, 60))]
    for one, other in zip(few.thumbnails(cameras), many.thumbnails(cameras), strict=True):
        assert one.color.tobytes() != other.color.tobytes()
        assert loss_db(one.color, other.color) > 32
        shown, also = np.isfinite(one.depth), np.isfinite(other.depth)
        assert (shown != also).sum() < 0.03 * shown.sum()  # No hole, also not where the slopes' vertices meet.
        away = np.abs(one.depth[shown & also] - other.depth[shown & also])
        assert np.quantile(away, 0.98) < 0.02
    large = view(97, 30, 20)
    assert (many.thumbnails([large])[0].color == many.color(large)).all()
    renderer.close()


def test_a_coarser_mesh_keeps_materials_and_drops_what_is_not_finite() -> None:
    renderer = SoftwareRenderer()
    whole = roof(240, 0.8)
    red = Material(base_color=(0.9, 0.0, 0.0, 1.0), alpha_mode="BLEND")
    rng = np.random.default_rng(7)
    colors = np.concatenate([rng.random((len(whole.primitives[1].positions), 3)), np.ones((58081, 1))], axis=1)
    broken = whole.primitives[1].positions.copy()
    broken[1000] = np.nan
    parts = (
        replace(whole.primitives[0], material=red, uvs=None),
        replace(whole.primitives[1], positions=broken, colors=colors.astype(np.float32)),
    )
    scene = renderer.load(Mesh(parts), None)
    color = scene.thumbnails([view(72, -90, 20), view(72, 90, 20)])
    full = scene.color(view(97, -90, 20))
    assert {len(t.color) for t in color} == {72}
    for picture in (color[0].color, full):
        left = picture[:, : len(picture) // 2]
        seen = left[(left != 128).any(axis=-1)].astype(int)
        assert len(seen) > 100
        assert np.median(seen[:, 0] - seen[:, 1]) > 40  # The red slope, on the left side.
    renderer.close()


def test_the_order_of_vertices_does_not_matter() -> None:
    mesh, rng = roof(140, 0.4), np.random.default_rng(5)
    assert all(len(p.positions) > 2**14 for p in mesh.primitives)

    def scattered(p: Primitive) -> Primitive:
        order = rng.permutation(len(p.positions))
        places = np.argsort(order).astype(np.uint32)
        assert p.uvs is not None
        arrays = {"positions": p.positions[order], "normals": p.normals[order], "uvs": p.uvs[order]}
        return replace(p, triangles=places[p.triangles], **arrays)

    renderer, camera = SoftwareRenderer(), view(128, 70, 30)
    scenes = [renderer.load(one, Stage(4)) for one in (mesh, Mesh(tuple(map(scattered, mesh.primitives))))]
    assert len({scene.color(camera).tobytes() for scene in scenes}) == 1
    assert len({scene.depth(camera).tobytes() for scene in scenes}) == 1
    renderer.close()
