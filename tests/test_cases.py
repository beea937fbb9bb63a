"""Small inputs in the layouts of real sets. ``../shared/cases/expected.json`` has the expected result of each.

The box of these cases has a colour of its own on each side. Truth is worked out here by hand: of which colour the side
is that faces a camera.
"""

from pathlib import Path

import numpy as np
import pytest

from renderers import open_renderer
from viewpoint100k.assets import CaptureAsset, MeshAsset, open_source
from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit

CASES = Path(__file__).parents[2] / "shared" / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the cases in ../shared are not here")

RED, GREEN, BLUE = [220, 40, 40], [40, 200, 60], [50, 80, 230]
YELLOW, PINK, CYAN = [230, 210, 40], [210, 60, 210], [40, 210, 210]
BOX = {"+x": RED, "-x": GREEN, "+y": BLUE, "-y": YELLOW, "+z": PINK, "-z": CYAN}
"""By the box's own axes."""


def mesh(case: str, kind: str, options: str = "") -> MeshAsset:
    source = open_source(f"{kind}:{CASES / case}{options}")
    (asset_id,) = source.ids()
    asset = source.load(asset_id)
    assert isinstance(asset, MeshAsset)
    return asset


def captures(case: str, kind: str) -> dict[str, CaptureAsset]:
    source = open_source(f"{kind}:{CASES / case}")
    found = {asset_id: source.load(asset_id) for asset_id in source.ids()}
    assert all(isinstance(capture, CaptureAsset) for capture in found.values())
    return found  # type: ignore[return-value]


def seen_color(asset: MeshAsset, direction: str) -> list[int]:
    """sRGB of the surface that faces ``direction`` in this project's world, from its texture or its vertices."""
    axis, sign = "xyz".index(direction[1]), 1.0 if direction[0] == "+" else -1.0
    (primitive, *_) = asset.mesh.primitives
    normals = primitive.normals[primitive.triangles].mean(axis=1)
    triangle = int(np.argmax(normals[:, axis] * sign))
    assert normals[triangle, axis] * sign > 0.99
    corners = primitive.triangles[triangle]
    if primitive.colors is not None:
        linear = primitive.colors[corners].mean(axis=0)[:3].astype(np.float64)
        srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
        return [int(value) for value in np.rint(srgb * 255)]
    texture = primitive.material.base_color_texture
    assert texture is not None
    assert primitive.uvs is not None
    u, v = primitive.uvs[corners].mean(axis=0)
    height, width = texture.pixels.shape[:2]
    return [int(value) for value in texture.pixels[int(v * height), int(u * width), :3]]


def near(found: list[int], expected: list[int]) -> bool:
    """JPEG may move a colour by a few steps."""
    return max(abs(a - b) for a, b in zip(found, expected, strict=True)) <= 6


@pytest.mark.parametrize("kind", ["meshes", "ycb"])
def test_a_library_without_usemtl_gives_its_only_material(kind: str) -> None:
    asset = mesh("ycb", kind)
    sides = [seen_color(asset, side) for side in BOX]
    assert sorted(sides) == sorted(BOX.values())
    assert "no_usemtl" in asset.notes
    assert ("up_assumed" in asset.notes) == (kind == "meshes")  # A box says nothing.


@pytest.mark.parametrize(("kind", "license"), [("gso", "CC-BY-4.0"), ("meshes", "NOASSERTION")])
def test_a_texture_beside_the_meshes_is_found_and_the_models_up_is_z(kind: str, license: str) -> None:
    asset = mesh("gso", kind)
    assert seen_color(asset, "+z") == BLUE  # The box's +Y is the file's +Z.
    assert "texture_assumed" in asset.notes
    assert asset.origin.license == license


@pytest.mark.parametrize(("kind", "options", "category"), [("shapenet", "", "airplane"), ("meshes", ";up=y", "")])
def test_shapenets_models_stand_on_their_y(kind: str, options: str, category: str) -> None:
    asset = mesh("shapenet", kind, options)
    assert near(seen_color(asset, "+z"), BLUE)
    assert near(seen_color(asset, "-y"), PINK)  # The file's +Z.
    assert asset.origin.category == category


def test_omniobject3ds_scans_stand_on_their_y_and_are_named_after_their_category() -> None:
    asset = mesh("omniobject3d", "omniobject3d")
    assert near(seen_color(asset, "+z"), BLUE)
    assert asset.origin.category == "toy"


def test_modelnets_off_files_are_read() -> None:
    asset = mesh("modelnet", "modelnet")
    assert asset.origin.category == "chair"
    assert asset.mesh.triangle_count == 12
    assert asset.mesh.primitives[0].colors is None


@pytest.mark.parametrize("backend", ["opengl", "pyrender"])
def test_unlit_sides_show_exactly_their_textures_colours(backend: str) -> None:
    if backend == "pyrender":
        pytest.importorskip("pyrender")
    asset = mesh("unlit", "meshes")
    assert asset.notes == ("unlit",)
    size, shown = 96, []
    with_sides = {(0, 0): "+x", (180, 0): "-x", (90, 0): "+y", (270, 0): "-y"}
    renderer = open_renderer(backend)
    try:
        scene = renderer.load(asset.mesh, None)
        for azimuth, elevation in with_sides:
            camera = Camera(orbit(4.0, azimuth, elevation), intrinsics_from_fov(40, size, size), size, size)
            shown.append(scene.color(camera)[size // 2, size // 2].astype(int).tolist())
    finally:
        renderer.close()
    assert shown == [seen_color(asset, side) for side in with_sides.values()]


def test_instances_are_drawn_each_in_its_place() -> None:
    asset = mesh("instancing", "meshes")
    points = asset.mesh.points / asset.normalization[0, 0]
    assert np.ptp(points, axis=0) == pytest.approx([5.0, 1.0, 1.4], abs=1e-6)
    assert asset.mesh.triangle_count == 24


def test_faces_of_a_ply_have_the_colours_that_it_states() -> None:
    asset = mesh("ply_faces", "meshes")
    assert asset.notes == ("up_assumed",)  # A box says nothing.
    # In the order of the file's faces: x, y and z from -1 to 1, one colour per side.
    sides = {"-x": RED, "+x": GREEN, "-y": BLUE, "+y": YELLOW, "-z": PINK, "+z": CYAN}
    assert {side: seen_color(asset, side) for side in sides} == sides


@pytest.mark.parametrize("kind", ["dl3dv", "nerf"])
def test_photos_that_are_there_only_in_a_smaller_size_are_read(kind: str) -> None:
    (capture,) = captures("dl3dv", kind).values()
    assert capture.notes == ("smaller_photos",)
    assert len(capture.photos) == 12
    for photo in capture.photos:
        assert (photo.camera.width, photo.camera.height) == (160, 120)
        assert photo.camera.intrinsics == pytest.approx(np.array([[150, 0, 80], [0, 150, 60], [0, 0, 1.0]]))
    assert_ring(capture)


def test_photos_are_found_though_their_names_differ_in_letter_case() -> None:
    (capture,) = captures("letter_case", "nerf").values()
    assert len(capture.photos) == 12
    assert capture.notes == ("letter_case",)


def test_a_score_that_is_no_number_costs_no_category() -> None:
    found = captures("co3d_nan", "co3d")
    assert list(found) == ["box/good_1", "box/scoreless_2"]
    assert found["box/good_1"].notes == ()
    assert found["box/scoreless_2"].notes == ("no_quality_score",)
    for capture in found.values():
        assert len(capture.photos) == 12
        assert_ring(capture)


def assert_ring(capture: CaptureAsset) -> None:
    """Twelve cameras, 30 degrees apart about the object."""
    positions = np.array([photo.camera.position for photo in capture.photos])
    azimuths = np.degrees(np.arctan2(positions[:, 1], positions[:, 0]))
    assert np.abs(np.abs((np.diff(azimuths) + 180) % 360 - 180) - 30).max() < 0.01
