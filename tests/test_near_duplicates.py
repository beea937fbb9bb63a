"""Near duplicates: changed copies of an object are found; distinct objects of one family are not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from scipy.special import sph_harm_y

from viewpoint100k.assets import descriptors
from viewpoint100k.assets import near_duplicates as near_duplicates_module
from viewpoint100k.assets.descriptors import Descriptor, describe
from viewpoint100k.assets.meshes import MeshesSource
from viewpoint100k.assets.near_duplicates import Closeness, near_duplicates, originals
from viewpoint100k.assets.procedural import ProceduralSource
from viewpoint100k.assets.surface_cells import merged, sampled
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry.mesh import Material, Mesh, Primitive

SUBJECTS = ["teapot-000003", "chair-000001", "bicycle-000002", "dog-000004"]
PROCEDURAL = ProceduralSource()


@cache
def procedural(asset_id: str) -> Mesh:
    return PROCEDURAL.load(asset_id).mesh


def mapped(mesh: Mesh, linear: np.ndarray, offset: tuple[float, float, float] = (0, 0, 0)) -> Mesh:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = linear, offset
    return mesh.transformed(matrix)


def with_geometry(primitive: Primitive, positions: np.ndarray, triangles: np.ndarray) -> Primitive:
    """The primitive's material on other triangles, without its texture."""
    plain = replace(primitive.material, base_color_texture=None)
    normals = np.zeros((len(positions), 3), dtype=np.float32)
    return Primitive(positions.astype(np.float32), triangles.astype(np.uint32), normals, material=plain)


def painted(mesh: Mesh) -> Mesh:
    """All red."""
    red = Material(base_color=(0.8, 0.0, 0.0, 1.0))
    return Mesh(tuple(replace(p, material=red, colors=None, uvs=None) for p in mesh.primitives))


def subdivided(mesh: Mesh) -> Mesh:
    """Each triangle cut in four."""
    return Mesh(tuple(with_geometry(p, *trimesh.remesh.subdivide(p.positions, p.triangles)) for p in mesh.primitives))


def rounded(mesh: Mesh) -> Mesh:
    """Positions rounded to 14 bits, as in mesh compression."""
    steps = np.float32(2**13)
    return Mesh(tuple(replace(p, positions=np.round(p.positions * steps) / steps) for p in mesh.primitives))


def decimated(mesh: Mesh, part: float = 0.1) -> Mesh:
    """About ``part`` of each primitive's triangles removed, by collapsing its shortest edges."""
    return Mesh(tuple(_collapsed(p, part) for p in mesh.primitives))


def _collapsed(primitive: Primitive, part: float) -> Primitive:
    positions, where = np.unique(primitive.positions, axis=0, return_inverse=True)
    triangles = where.ravel()[primitive.triangles]
    edges = np.unique(np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1), axis=0)
    lengths = np.linalg.norm(positions[edges[:, 0]] - positions[edges[:, 1]], axis=1)
    into, moved = np.arange(len(positions)), np.zeros(len(positions), dtype=bool)
    collapses = math.ceil(part * len(triangles) / 2)  # Each takes the two triangles at its edge.
    for one, other in edges[np.argsort(lengths, kind="stable")]:
        if collapses == 0:
            break
        if not (moved[one] or moved[other]):
            positions[one] = (positions[one] + positions[other]) / 2
            into[other] = one
            moved[one] = moved[other] = True
            collapses -= 1
    triangles = into[triangles]
    whole = (triangles != np.roll(triangles, 1, axis=1)).all(axis=1)
    return with_geometry(primitive, positions, triangles[whole])


def untextured(mesh: Mesh) -> Mesh:
    return Mesh(tuple(with_geometry(p, p.positions, p.triangles) for p in mesh.primitives))


TILTED = Rotation.from_euler("xyz", [90, 0, 0], degrees=True).as_matrix()
TURNED = Rotation.from_euler("z", 123, degrees=True).as_matrix()

COPIES: dict[str, Callable[[Mesh], Mesh]] = {
    "recoloured": painted,
    "rescaled": lambda mesh: mapped(mesh, 40 * np.eye(3), (3, -2, 7)),
    "turned about up": lambda mesh: mapped(mesh, TURNED),
    "lying on its back": lambda mesh: mapped(mesh, TILTED),
    "mirrored": lambda mesh: mapped(mesh, np.diag([-1.0, 1, 1])),
    "re-tessellated": subdivided,
    "compressed": rounded,
}


@pytest.mark.parametrize("change", COPIES)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_copy_is_found_whatever_was_done_to_it(subject: str, change: str) -> None:
    mesh = procedural(subject)
    seen = {"original": describe(mesh), "copy": describe(COPIES[change](mesh))}
    assert near_duplicates(seen) == (("original", "copy"),)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_copy_in_the_same_colours_is_found_with_a_tenth_of_its_triangles_gone(subject: str) -> None:
    mesh = untextured(procedural(subject))
    copy = decimated(mesh)
    assert 0.85 < copy.triangle_count / mesh.triangle_count < 0.93
    assert near_duplicates({"original": describe(mesh), "copy": describe(copy)})


@pytest.mark.parametrize("suffix", ["glb", "obj", "ply", "stl"])
def test_a_copy_saved_in_another_format_is_found(tmp_path: Path, suffix: str) -> None:
    mesh = untextured(procedural("teapot-000003"))
    scene = trimesh.Scene([trimesh.Trimesh(p.positions, p.triangles, process=False) for p in mesh.primitives])
    one = scene.to_mesh() if suffix in ("ply", "stl") else scene
    one.export(tmp_path / f"copy.{suffix}")
    read = MeshesSource(tmp_path).load(f"copy.{suffix}").mesh
    assert near_duplicates({"original": describe(mesh), "copy": describe(read)})


def test_merging_the_triangles_of_a_dense_mesh_hardly_changes_its_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
    mesh = subdivided(procedural("teapot-000003"))
    every_triangle = describe(mesh)
    monkeypatch.setattr(descriptors, "_DENSE_TRIANGLES", 0)
    monkeypatch.setattr(descriptors, "_CELL", 1 / 20)  # As coarse beside these triangles as 1/64 in a mesh of millions.
    monkeypatch.setattr(descriptors, "_COLORED_TRIANGLES", mesh.triangle_count // 5)
    for copy in (mesh, mapped(mesh, 3 * TURNED @ TILTED, (5, 1, 0))):
        dense = describe(copy)
        assert 0 < np.linalg.norm(dense.shape - every_triangle.shape) < 3e-4
        assert 1 - np.sqrt(dense.colors * every_triangle.colors).sum() < 5e-3


def test_triangles_in_one_cell_become_their_centre_of_mass() -> None:
    middles = np.array([[0.1, 0.4, -0.1, 0.6], [0.2, 0.2, 0.2, 0.2], [0.0, 0.0, 0.0, 99.0]], dtype=np.float32)
    centers, areas = merged(middles, np.array([3, 1, 2, 0], dtype=np.float32), side=0.5)
    order = np.argsort(areas)
    np.testing.assert_allclose(areas[order], [2, 4])  # What has no area is left out.
    np.testing.assert_allclose(centers[order], [[-0.1, 0.2, 0], [0.7 / 4, 0.2, 0]], atol=1e-7)


@given(count=st.integers(0, 3000), stretch=st.integers(1, 100))
def test_a_sample_has_one_of_each_stretch(count: int, stretch: int) -> None:
    chosen = sampled(count, stretch)
    assert len(chosen) == -(-count // stretch)
    whole = chosen[: count // stretch]
    assert (whole // stretch == np.arange(len(whole))).all()
    assert (chosen < count).all()


def test_distinct_objects_of_one_family_are_left_apart() -> None:
    """The families with the most similar members."""
    ids = [f"{family}-{number:06d}" for family in ("bus", "clock", "elephant") for number in range(3)]
    assert near_duplicates({asset_id: describe(procedural(asset_id)) for asset_id in ids}) == ()


@pytest.mark.slow
def test_among_five_of_each_family_none_is_taken_for_another() -> None:
    ids = PROCEDURAL.ids()[: 5 * 42]
    assert near_duplicates({asset_id: describe(PROCEDURAL.load(asset_id).mesh) for asset_id in ids}) == ()


@pytest.mark.slow
def test_real_meshes_are_told_apart_and_their_copies_found(real_meshes: Path) -> None:
    source = MeshesSource(real_meshes)
    meshes = {asset_id: source.load(asset_id).mesh for asset_id in source.ids()}
    seen = {asset_id: describe(mesh) for asset_id, mesh in meshes.items()}
    assert near_duplicates(seen) == ()
    for asset_id, mesh in meshes.items():
        for name, change in COPIES.items():
            groups = near_duplicates(seen | {"copy": describe(change(mesh))})
            assert groups == ((asset_id, "copy"),), f"{asset_id} {name}"


def test_a_box_is_not_a_ball_of_the_same_colour() -> None:
    def of(shape: trimesh.Trimesh) -> Descriptor:
        normals = shape.vertex_normals.astype(np.float32)
        return describe(Mesh((Primitive(shape.vertices.astype(np.float32), shape.faces.astype(np.uint32), normals),)))

    ball, box = of(trimesh.creation.icosphere(4)), of(trimesh.creation.box((1, 1, 1)))
    assert near_duplicates({"ball": ball, "box": box}) == ()
    # All points of a sphere have the mean distance 1. It has no energy beyond degree 0.
    expected = np.exp(-0.5 * (np.log([0.5, 0.8, 1.2, 1.7]) / 0.3) ** 2)
    np.testing.assert_allclose(ball.shape.reshape(4, 7)[:, 0], expected, atol=2e-3)
    assert ball.shape.reshape(4, 7)[:, 1:].max() < 1e-3


def test_harmonics_are_those_of_scipy() -> None:
    directions = np.random.default_rng(0).normal(size=(200, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    polar, around = np.arccos(directions[:, 2]), np.arctan2(directions[:, 1], directions[:, 0])
    ours = list(descriptors._harmonics(directions.astype(np.float32)))
    parts = [
        (order, degree, part) for order in range(7) for degree in range(order, 7) for part in range(1 + (order > 0))
    ]
    assert [degree for degree, _ in ours] == [degree for _, degree, _ in parts]
    for (order, degree, part), (_, found) in zip(parts, ours, strict=True):
        scale = math.sqrt(4 * math.pi / (2 * degree + 1) * (2 if order else 1)) * (-1) ** order
        expected = scale * sph_harm_y(degree, order, polar, around)
        np.testing.assert_allclose(found, expected.imag if part else expected.real, atol=2e-6)


def test_large_products_are_exact_in_any_order() -> None:
    generator = np.random.default_rng(2)
    weights = generator.random((4, 2000))
    shells, harmonics = weights / weights.sum(), generator.uniform(-1, 1, (49, 2000)).astype(np.float32)
    found, turned = (
        descriptors._integrals(shells[:, o], harmonics[:, o]) for o in (slice(None), slice(None, None, -1))
    )
    assert found.tobytes() == turned.tobytes()
    np.testing.assert_allclose(found, shells @ harmonics.T.astype(np.float64), atol=1e-6)


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(1e-3, 1e3), reflect=st.booleans())
def test_a_similarity_changes_nothing(seed: int, scale: float, reflect: bool) -> None:
    linear = scale * Rotation.random(rng=seed).as_matrix() @ np.diag([-1.0 if reflect else 1.0, 1, 1])
    mesh = procedural("mug-000001")
    before, after = describe(mesh), describe(mapped(mesh, linear, (scale, 0, -scale)))
    assert np.linalg.norm(before.shape - after.shape) < 1e-4
    np.testing.assert_allclose(before.colors, after.colors, atol=5e-3)


def test_colours_are_parts_of_the_surface() -> None:
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], dtype=np.float32)
    quad, up = np.array([[0, 1, 2], [0, 2, 3]], dtype=np.uint32), np.tile(np.float32([0, 0, 1]), (4, 1))
    red, white = Material(base_color=(1, 0, 0, 1)), Material(base_color=(1, 1, 1, 1))
    mesh = Mesh((Primitive(square, quad, up, material=red), Primitive(2 * square, quad, up, material=white)))
    shown = describe(mesh).colors.reshape(4, 4, 4)
    assert shown[3, 0, 0] == pytest.approx(0.2)
    assert shown[3, 3, 3] == pytest.approx(0.8)


def test_a_mesh_without_area_has_no_descriptor() -> None:
    line = np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0]], dtype=np.float32)
    mesh = Mesh((Primitive(line, np.array([[0, 1, 2]], dtype=np.uint32), np.zeros_like(line)),))
    with pytest.raises(AssetError) as raised:
        describe(mesh)
    assert raised.value.reason == "no_surface"


def at(x: float, color: int = 0) -> Descriptor:
    """A made-up descriptor: a place on a line, and one colour of 64."""
    shape, colors = np.zeros(28, dtype=np.float32), np.zeros(64, dtype=np.float32)
    shape[0], colors[color] = x, 1
    return Descriptor(shape, colors)


def test_a_chain_of_close_pairs_is_one_group() -> None:
    chain = {f"link-{i}": at(0.0008 * i) for i in range(5)}
    assert near_duplicates(chain | {"far": at(1)}) == (tuple(chain),)


def test_the_wider_limit_holds_for_the_same_colours_alone() -> None:
    assert near_duplicates({"a": at(0), "b": at(0.01)}) == (("a", "b"),)
    assert near_duplicates({"a": at(0), "b": at(0.01, color=9)}) == ()
    assert near_duplicates({"a": at(0), "b": at(0.0005, color=9)}) == (("a", "b"),)
    assert near_duplicates({"a": at(0), "b": at(0.01)}, closeness=Closeness(shape_in_same_colors=0.001)) == ()


def test_known_copies_join_groups() -> None:
    seen = {"a": at(0), "b": at(0.0001), "c": at(1), "d": at(2)}
    assert near_duplicates(seen, known=[("c", "photos"), ("b", "c"), ("d", "d")]) == (("a", "b", "c", "photos"),)


def test_a_crowd_of_look_alikes_is_one_group() -> None:
    """Many more equal or nearly equal descriptors than the search compares."""
    rng = np.random.default_rng(0)
    crowd = {f"equal-{i}": at(0.5) for i in range(200)}
    crowd |= {f"similar-{i}": at(0.5 + rng.uniform(-0.0004, 0.0004), color=i % 64) for i in range(300)}
    groups = near_duplicates({"before": at(0), **crowd, "after": at(1)})
    assert len(groups) == 1
    assert set(groups[0]) == set(crowd)


def test_the_first_of_a_group_stands_for_the_others() -> None:
    assert originals([("a", "b", "c"), ("d", "e")]) == {"b": "a", "c": "a", "e": "d"}


def by_brute_force(seen: dict[str, Descriptor], limits: Closeness) -> set[frozenset[str]]:
    """The groups by definition: compares every pair and follows chains of pairs."""
    names = list(seen)
    shapes = np.stack([seen[name].shape for name in names]).astype(np.float64)
    roots = np.sqrt(np.stack([seen[name].colors for name in names]).astype(np.float64))
    distances = np.linalg.norm(shapes[:, None] - shapes, axis=2)
    unlike = 1 - roots @ roots.T
    close = (distances <= limits.shape) | ((distances <= limits.shape_in_same_colors) & (unlike <= limits.colors))
    groups, left = set(), set(range(len(names)))
    while left:
        group, new = set(), {min(left)}
        while new:
            group |= new
            new = {int(i) for one in new for i in np.flatnonzero(close[one])} - group
        left -= group
        if len(group) > 1:
            groups.add(frozenset(names[i] for i in group))
    return groups


def made_up(rng: np.random.Generator, count: int, sigma: float) -> dict[str, Descriptor]:
    """Descriptors in a few clouds, in four colours."""
    centers = rng.uniform(0, 0.5, (max(1, count // 8), 28))
    shapes = centers[rng.integers(0, len(centers), count)] + rng.normal(0, sigma, (count, 28))
    colors = np.eye(64)[rng.integers(0, 4, count)]
    both = zip(shapes.astype(np.float32), colors.astype(np.float32), strict=True)
    return {f"{i}": Descriptor(*pair) for i, pair in enumerate(both)}


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(2, 160), sigma=st.floats(1e-5, 4e-3))
def test_groups_are_those_of_all_pairs(seed: int, count: int, sigma: float) -> None:
    seen = made_up(np.random.default_rng(seed), count, sigma)
    found = near_duplicates(seen)
    assert {frozenset(group) for group in found} == by_brute_force(seen, Closeness())
    assert [group[0] for group in found] == sorted((group[0] for group in found), key=int)


@pytest.mark.parametrize("sigma", [0.0, 0.001, 0.0028, 0.05])
def test_the_comparisons_of_a_crowd_grow_with_its_number_and_not_its_square(sigma: float) -> None:
    shapes = np.random.default_rng(0).normal(0.3, sigma, (8000, 28)).astype(np.float32)
    compared = sum(len(one) for one, _ in near_duplicates_module._candidates(shapes, 0.015))
    assert compared <= 8000 * 32 * 14  # There are 32 million pairs.


def test_a_copy_is_found_in_a_crowd_of_look_alikes_of_other_colours() -> None:
    rng = np.random.default_rng(1)
    shapes = 0.2 + rng.normal(0, 0.0028, (2000, 28))
    seen = {
        f"{i}": Descriptor(shape.astype(np.float32), np.eye(64, dtype=np.float32)[i % 64])
        for i, shape in enumerate(shapes)
    }
    copies = {
        f"{i} again": Descriptor(seen[f"{i}"].shape + np.float32(0.0001), np.eye(64, dtype=np.float32)[(i + 1) % 64])
        for i in range(0, 2000, 7)
    }
    group_of = {name: place for place, group in enumerate(near_duplicates(seen | copies)) for name in group}
    assert all(group_of[copy] == group_of[copy.removesuffix(" again")] for copy in copies)
