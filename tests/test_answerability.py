"""Answerability: pairs of a symmetric object are rejected if nothing shows the motion; a visible mark helps."""

from collections.abc import Iterator

import numpy as np
import pytest
import trimesh
from trimesh.transformations import rotation_matrix

from renderers import Renderer, open_renderer
from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit
from viewpoint100k.geometry.mesh import Material, Mesh, Primitive
from viewpoint100k.views.answerability import Counterfactuals
from viewpoint100k.views.colors import lab
from viewpoint100k.views.settings import Pairs

RED, WHITE, BLUE = (0.6, 0.15, 0.1), (0.8, 0.8, 0.8), (0.1, 0.2, 0.7)
Part = tuple[trimesh.Trimesh, tuple[float, float, float]]
make = trimesh.creation


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    renderer = open_renderer()
    yield renderer
    renderer.close()


def mesh_of(*parts: Part) -> Mesh:
    """Coloured parts as one mesh of radius 1; edges of more than 40 degrees are hard."""
    points = np.concatenate([shape.vertices for shape, _ in parts])
    center = (points.min(axis=0) + points.max(axis=0)) / 2
    radius = np.linalg.norm(points - center, axis=1).max()
    primitives = []
    for shape, color in parts:
        smooth = trimesh.graph.smooth_shade(shape, angle=np.radians(40))
        primitives.append(
            Primitive(
                ((smooth.vertices - center) / radius).astype(np.float32),
                smooth.faces.astype(np.uint32),
                smooth.vertex_normals.astype(np.float32),
                material=Material(base_color=(*color, 1.0)),
            )
        )
    return Mesh(tuple(primitives))


def prism(sides: int) -> trimesh.Trimesh:
    return make.cylinder(0.5, 1.0, sections=sides)


def turned(shape: trimesh.Trimesh, azimuth: float, distance: float) -> trimesh.Trimesh:
    """``shape`` moved outwards along +X, then rotated to ``azimuth``."""
    shape = shape.copy()
    shape.apply_translation([distance, 0, 0])
    shape.apply_transform(rotation_matrix(np.radians(azimuth), [0, 0, 1]))
    return shape


CAN = make.cylinder(0.4, 1.2, sections=64)
VASE = make.revolve(np.array([[0, 0], [0.3, 0], [0.5, 0.5], [0.2, 1.0], [0.3, 1.2], [0, 1.2]]), sections=64)
HANDLE = make.torus(0.22, 0.05)
HANDLE.apply_transform(rotation_matrix(np.pi / 2, [1, 0, 0]))
LABEL, SMALL_LABEL = make.box([0.04, 0.25, 0.25]), make.box([0.04, 0.12, 0.12])

SYMMETRIC = {
    "ball": make.icosphere(subdivisions=4),
    "can": CAN,
    "vase": VASE,
    "cone": make.cone(0.5, 1.0, sections=64),
    "ring": make.torus(0.5, 0.2, major_sections=64, minor_sections=32),
    "3-sided prism": prism(3),
    "4-sided prism": prism(4),
    "5-sided prism": prism(5),
    "6-sided prism": prism(6),
    "8-sided prism": prism(8),
    "12-sided prism": prism(12),
}

MARKED = {
    "mug with a red handle": lambda at: mesh_of((CAN, WHITE), (turned(HANDLE, at, 0.45), RED)),
    "can with a label": lambda at: mesh_of((CAN, WHITE), (turned(LABEL, at, 0.4), RED)),
    "can with a small label": lambda at: mesh_of((CAN, WHITE), (turned(SMALL_LABEL, at, 0.4), RED)),
    "6-sided prism with a label": lambda at: mesh_of((prism(6), WHITE), (turned(LABEL, at, 0.45), RED)),
    "ball with a dot": lambda at: mesh_of((SYMMETRIC["ball"], WHITE), (turned(LABEL, at, 0.99), RED)),
}

THRESHOLD = Pairs().min_answerability


def view(azimuth: float, elevation: float) -> Camera:
    return Camera(orbit(3, azimuth, elevation), intrinsics_from_fov(45, 512, 512), 512, 512)


def answerability(renderer: Renderer, mesh: Mesh, first: Camera, second: Camera) -> float:
    scene = renderer.load(mesh, None)
    try:
        return Counterfactuals(scene, mesh.centroid).answerability(first, second, Pairs())
    finally:
        scene.close()


def pairs(seed: int, largest: float = 100.0) -> Iterator[tuple[float, float, Camera, Camera]]:
    """(first azimuth, turn, and the two cameras) of ten random pairs."""
    rng = np.random.default_rng(seed)
    for _ in range(10):
        azimuth, turn = rng.uniform(0, 360), rng.uniform(20, largest) * rng.choice([-1, 1])
        low, high = rng.uniform(4, 40, 2)
        yield azimuth, turn, view(azimuth, low), view(azimuth + turn, high)


@pytest.mark.parametrize("name", SYMMETRIC)
def test_a_symmetric_object_is_refused_from_everywhere(renderer: Renderer, name: str) -> None:
    mesh = mesh_of((SYMMETRIC[name], BLUE))
    values = [answerability(renderer, mesh, first, second) for _, _, first, second in pairs(1)]
    assert max(values) < 0.75 * THRESHOLD, values


@pytest.mark.parametrize("name", MARKED)
def test_a_mark_that_both_images_show_makes_it_answerable(renderer: Renderer, name: str) -> None:
    for azimuth, turn, first, second in pairs(2, largest=70):
        mesh = MARKED[name](azimuth + turn / 2)
        assert answerability(renderer, mesh, first, second) > THRESHOLD, (azimuth, turn)


@pytest.mark.parametrize("name", MARKED)
def test_a_mark_that_only_the_second_image_shows_makes_it_answerable(renderer: Renderer, name: str) -> None:
    for azimuth, turn, first, second in pairs(3, largest=90):
        mesh = MARKED[name](azimuth + turn + np.sign(turn) * 35)
        assert answerability(renderer, mesh, first, second) > THRESHOLD, (azimuth, turn)


@pytest.mark.parametrize("name", MARKED)
def test_a_mark_that_neither_image_shows_helps_nobody(renderer: Renderer, name: str) -> None:
    for azimuth, turn, first, second in pairs(4, largest=50):
        mesh = MARKED[name](azimuth + turn / 2 + 180)
        assert answerability(renderer, mesh, first, second) < THRESHOLD, (azimuth, turn)


def test_lab_of_known_colours() -> None:
    """White, black, and sRGB red. Tables give CIELAB (53.24, 80.09, 67.20) for red under D65."""
    values = lab(np.array([[[255, 255, 255], [0, 0, 0], [255, 0, 0]]], dtype=np.uint8))[0]
    assert values == pytest.approx(np.array([[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20]]), abs=0.05)
