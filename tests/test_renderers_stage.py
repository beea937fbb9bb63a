"""Stages: they depend on the seed, are fixed in the world, and light the object."""

import numpy as np
import pytest
from numpy.typing import NDArray
from renderer_shapes import ball, color_of, each_backend_in_time, each_staged_backend, linear, mesh, quad, renderer

from renderers import LoadedScene, Stage
from renderers.gpu_mesh import mean_luminance
from renderers.ground import PATTERN_SIZE, PATTERNS, paint_pattern
from renderers.rooms import ROOMS
from renderers.sphere import LATITUDE, directions, solid_angles
from renderers.stage import make_surroundings, neutral
from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit
from viewpoint100k.geometry.mesh import Material

BALL = mesh(ball(Material(base_color=(0.4, 0.4, 0.4, 1))))


def seed_with(pattern: str) -> int:
    """A seed whose ground has this pattern under `BALL`."""
    return next(s for s in range(500) if _pattern(s) == pattern)


def _pattern(seed: int) -> str:
    ground = make_surroundings(Stage(seed), mean_luminance(BALL)).ground
    assert ground is not None
    return ground.pattern


def _ground_points(count: int = 2500) -> NDArray[np.float64]:
    """Places on the ground at z = -1 around `BALL`, outside its shade."""
    rng = np.random.default_rng(0)
    points = np.column_stack([rng.uniform(-3.5, 3.5, (count, 2)), np.full(count, -1.0)])
    return points[np.linalg.norm(points[:, :2], axis=1) > 1.3]


def _colors_at(scene: LoadedScene, camera: Camera, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """sRGB codes at the places of points; NaN for points outside the image or behind the object."""
    pixels, _ = camera.project(points)
    x, y = np.floor(pixels).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < camera.width) & (y < camera.height)
    image, hidden = scene.color(camera), np.isfinite(scene.depth(camera))
    colors = np.full((len(points), 3), np.nan)
    colors[inside] = image[y[inside], x[inside]]
    colors[inside & hidden[y.clip(0, camera.height - 1), x.clip(0, camera.width - 1)]] = np.nan
    return colors


@each_backend_in_time
def test_the_ground_is_fixed_in_the_world(backend: str) -> None:
    scene = renderer(backend).load(BALL, Stage(seed_with("checker")))
    points = _ground_points()
    cameras = [Camera(orbit(4.5, azimuth, 40), intrinsics_from_fov(55, 320, 320), 320, 320) for azimuth in (0, 35, 140)]
    seen = [_colors_at(scene, camera, points) for camera in cameras]
    scene.close()
    for one, other in ((0, 1), (0, 2)):
        shared = np.isfinite(seen[one]).all(axis=1) & np.isfinite(seen[other]).all(axis=1)
        a, b = seen[one][shared].mean(axis=1), seen[other][shared].mean(axis=1)
        assert shared.sum() > 150
        assert np.corrcoef(a, b)[0, 1] > 0.85
        assert np.median(np.abs(a - b)) < 4


@each_staged_backend
def test_the_object_darkens_the_ground_where_it_stands(backend: str) -> None:
    seed = seed_with("plain")
    scene = renderer(backend).load(BALL, Stage(seed))
    sun = make_surroundings(Stage(seed), mean_luminance(BALL)).sun.direction
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)

    def ring(radius: float) -> float:
        points = np.column_stack([radius * np.cos(turn), radius * np.sin(turn), np.full(60, -1.0)])
        points = points[points[:, :2] @ sun[:2] > 0]  # the sunny side: only the contact shadow is there
        colors = [
            _colors_at(scene, Camera(orbit(5, a, 15), intrinsics_from_fov(50, 256, 256), 256, 256), points)
            for a in (0, 120, 240)
        ]
        return float(np.nanmean(linear(np.array(colors))))

    shadow = _colors_at(
        scene,
        Camera(orbit(6, 90, 60), intrinsics_from_fov(60, 256, 256), 256, 256),
        np.array([[*(-1.2 * sun[:2] / sun[2]), -1.0]]),
    )
    assert ring(0.5) < 0.75 * ring(2.6)
    assert np.nan_to_num(linear(shadow), nan=0).mean() < 0.85 * ring(2.6)
    scene.close()


def test_a_stage_follows_from_its_seed() -> None:
    one, same, other = (make_surroundings(Stage(seed), 0.3) for seed in (7, 7, 8))
    assert np.array_equal(one.environment, same.environment)
    assert not np.array_equal(one.environment, other.environment)
    assert np.array_equal(one.sun.direction, same.sun.direction)
    assert make_surroundings(Stage(7, ground=False), 0.3).ground is None


def test_suns_stand_in_every_direction_and_none_is_low() -> None:
    suns = np.array([make_surroundings(Stage(seed), 0.3).sun.direction for seed in range(60)])
    quarters = np.floor(np.degrees(np.arctan2(suns[:, 1], suns[:, 0])) / 90).astype(int)
    assert min(np.sum(quarters == q) for q in (-2, -1, 0, 1)) >= 6
    assert suns[:, 2].min() > np.sin(np.radians(35))


@pytest.mark.parametrize("luminance", [0.03, 0.2, 0.7])
def test_every_stage_is_well_exposed_and_its_ground_differs_from_the_object(luminance: float) -> None:
    for seed in range(40):
        look = make_surroundings(Stage(seed), luminance)
        assert look.ground is not None
        paper = look.irradiance_upwards() + look.sun.radiance * look.sun.direction[2]
        assert 0.75 < paper.mean() < 1.3
        ground = look.ground.mean_color @ [0.2126, 0.7152, 0.0722]
        assert max(ground / luminance, luminance / ground) > 1.15
        visible = look.environment[np.abs(LATITUDE) < 25]
        assert 0.03 < np.median(visible) < 1.0


def test_irradiance_is_the_integral_of_the_environment() -> None:
    environment, weights = make_surroundings(Stage(11), 0.3).environment, solid_angles()
    assert weights.sum() == pytest.approx(4 * np.pi, rel=1e-4)
    rng = np.random.default_rng(1)
    for _ in range(5):
        x, y, z = n = rng.standard_normal(3)
        x, y, z = n / np.linalg.norm(n)
        cosine = np.clip(directions() @ np.array([x, y, z], dtype=np.float32), 0, None)
        exact = np.einsum("hw,hwc->c", cosine * weights, environment) / np.pi
        basis = np.array([1, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y])
        assert np.abs(basis @ make_surroundings(Stage(11), 0.3).irradiance - exact).max() < 0.08 * exact.max()


@each_staged_backend
def test_without_a_stage_the_background_is_grey_and_no_side_is_favoured(backend: str) -> None:
    seen = [
        color_of(backend, BALL, Camera(orbit(4, azimuth, 20), intrinsics_from_fov(40, 96, 96), 96, 96)).astype(int)
        for azimuth in (0, 77, 200)
    ]
    assert (seen[0][0, 0] == 128).all()
    for other in seen[1:]:
        assert np.abs(other - seen[0]).mean() < 0.3
    environment = neutral().environment
    assert np.ptp(environment, axis=1).max() == 0


def test_rooms_join_up_behind_the_viewer_and_have_no_specks() -> None:
    for seed, room in enumerate(ROOMS * 2):
        image = room(np.random.default_rng(seed), 0.5, 0.5, np.array([0.3, 0.3, 0.3]))
        assert np.isfinite(image).all()
        assert image.min() >= -1e-4
        middle = image[80:112]
        seam = np.abs(middle[:, 0] - middle[:, -1]).mean()
        assert seam <= 3 * np.abs(np.diff(middle, axis=1)).mean() + 0.01


@pytest.mark.parametrize("name", PATTERNS)
def test_patterns_tile_and_average_to_the_middle(name: str) -> None:
    texels = paint_pattern(name).astype(float)
    assert texels.shape == (PATTERN_SIZE, PATTERN_SIZE, 2)
    assert np.array_equal(texels, paint_pattern(name))
    assert 60 < texels[..., 0].mean() < 195
    assert 95 < texels[..., 1].mean() < 140
    for axis in (0, 1):
        steps = np.abs(np.diff(texels, axis=axis, append=np.take(texels, [0], axis=axis))).mean(axis=(1 - axis, 2))
        assert steps[-1] <= 1.2 * steps[:-1].max()  # from the last texel round to the first is a step like others


@each_staged_backend
def test_the_object_shades_itself(backend: str) -> None:
    # A plate over a plate: the lower one is darker below the upper one.
    white = Material(base_color=(0.6, 0.6, 0.6, 1))
    lower = quad(white, center=(0, 0, 0), u=(2, 0, 0), v=(0, -2, 0))
    upper = quad(white, center=(0, 0, 0.6), u=(0.7, 0, 0), v=(0, -0.7, 0))
    scene = renderer(backend).load(mesh(lower, upper), Stage(2))
    sun = make_surroundings(Stage(2), mean_luminance(mesh(lower, upper))).sun.direction
    shade = -0.6 * sun[:2] / sun[2]
    # The camera is on the side of the shade, so that the upper plate hides neither place.
    azimuth = float(np.degrees(np.arctan2(shade[1], shade[0])))
    camera = Camera(orbit(9, azimuth, 50), intrinsics_from_fov(40, 256, 256), 256, 256)
    image = linear(scene.color(camera))
    pixels, _ = camera.project(np.array([[*shade, 0], [*(-0.9 * shade / np.linalg.norm(shade) * 1.9), 0]]))
    dark, bright = (image[int(y), int(x)].mean() for x, y in pixels)
    scene.close()
    assert dark < 0.85 * bright


@each_staged_backend
def test_no_acne_on_a_lit_plane_or_ball(backend: str) -> None:
    scene = renderer(backend).load(BALL, Stage(4))
    sun = make_surroundings(Stage(4), mean_luminance(BALL)).sun.direction
    azimuth = float(np.degrees(np.arctan2(sun[1], sun[0])))
    image = scene.color(Camera(orbit(4, azimuth, 40), intrinsics_from_fov(30, 200, 200), 200, 200)).astype(float)
    scene.close()
    middle = image[70:130, 70:130].mean(axis=2)
    assert np.abs(np.diff(middle, axis=1)).max() < 12
