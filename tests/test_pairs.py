"""Pairs: overlap compared with a surface that can be counted by hand, and reasons for refusing frames."""

import numpy as np
import pytest
import trimesh

from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit
from viewpoint100k.views.pairs import Frame, Pair, frame_problem, overlap, pair_problem
from viewpoint100k.views.settings import Pairs, Views

SIZE = 256


def camera(azimuth: float, elevation: float = 0.0, distance: float = 3.0, size: int = SIZE) -> Camera:
    return Camera(orbit(distance, azimuth, elevation), intrinsics_from_fov(50, size, size), size, size)


def sphere_depth(view: Camera, radius: float = 1.0) -> np.ndarray:
    """Depth of a sphere at the origin, by solving the quadratic of each ray."""
    rows, columns = np.mgrid[: view.height, : view.width]
    pixels = np.column_stack([columns.ravel(), rows.ravel()]) + 0.5
    rays = view.unproject(pixels, np.ones(len(pixels))) - view.position
    a, b = (rays**2).sum(1), rays @ view.position
    c = view.position @ view.position - radius**2
    inside = b**2 - a * c
    depth = np.where(inside > 0, (-b - np.sqrt(np.maximum(inside, 0))) / a, np.inf)
    return depth.reshape(view.height, view.width).astype(np.float32)


def sphere(azimuth: float, **where: float) -> Frame:
    view = camera(azimuth, **where)
    return Frame(view, sphere_depth(view))


def test_two_frames_from_one_place_overlap_wholly() -> None:
    assert overlap(sphere(10), sphere(10), 1.0) == 1.0


def test_frames_from_opposite_sides_share_nothing() -> None:
    assert overlap(sphere(0), sphere(180), 1.0) < 0.02


def test_overlap_of_a_sphere_agrees_with_counted_rays() -> None:
    """A point p of a unit sphere is visible from c if p . c > 1. Counts this for the points seen in each frame."""
    first, second = sphere(0), sphere(60)
    shares = []
    for here, there in ((first, second), (second, first)):
        rows, columns = np.nonzero(here.mask)
        points = here.camera.unproject(np.column_stack([columns, rows]) + 0.5, here.depth[rows, columns])
        shares.append((points @ there.camera.position > 1).mean())
    assert overlap(first, second, 1.0) == pytest.approx(np.mean(shares), abs=0.07)


def test_overlap_of_a_torus_agrees_with_embree() -> None:
    """A shape that hides parts of itself. Rays decide which surface points a camera sees."""
    embreex = pytest.importorskip("embreex", reason="rays are embree's")
    assert embreex
    torus = trimesh.creation.torus(0.7, 0.25)

    def first_hits(origin: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Distance of the first surface along each ray; inf if there is none."""
        origins = np.repeat(origin[None], len(directions), axis=0)
        points, rays, _ = torus.ray.intersects_location(origins, directions, multiple_hits=False)
        distances = np.full(len(directions), np.inf)
        distances[rays] = np.linalg.norm(points - origin, axis=1)
        return distances

    def seen(view: Camera) -> Frame:
        rows, columns = np.mgrid[: view.height, : view.width].reshape(2, -1)
        ends = view.unproject(np.column_stack([columns, rows]) + 0.5, np.ones(view.height * view.width))
        lengths = np.linalg.norm(ends - view.position, axis=1)
        distances = first_hits(view.position, (ends - view.position) / lengths[:, None])
        return Frame(view, (distances / lengths).reshape(view.height, view.width).astype(np.float32))

    first, second = seen(camera(0, elevation=25)), seen(camera(70, elevation=35))
    shares = []
    for here, there in ((first, second), (second, first)):
        rows, columns = np.nonzero(here.mask)
        points = here.camera.unproject(np.column_stack([columns, rows]) + 0.5, here.depth[rows, columns])
        away = points - there.camera.position
        distances = np.linalg.norm(away, axis=1)
        shares.append((first_hits(there.camera.position, away / distances[:, None]) > distances - 0.003).mean())
    assert 0.3 < np.mean(shares) < 0.9
    assert overlap(first, second, 1.0) == pytest.approx(np.mean(shares), abs=0.05)


def test_overlap_is_symmetric_and_falls_with_the_angle() -> None:
    values = [overlap(sphere(0), sphere(angle), 1.0) for angle in (20, 50, 80, 110)]
    assert values == sorted(values, reverse=True)
    assert overlap(sphere(0), sphere(50), 1.0) == pytest.approx(overlap(sphere(50), sphere(0), 1.0))


def test_a_plate_seen_from_both_sides_does_not_overlap() -> None:
    """Both frames see the same silhouette, at depths that differ by the plate's thickness."""
    near, far = camera(0), camera(180)
    depth = np.full((SIZE, SIZE), np.inf, dtype=np.float32)
    depth[80:176, 80:176] = 3.0 - 0.2  # the face towards the camera, 0.2 in front of the centre
    assert overlap(Frame(near, depth), Frame(far, depth), 1.0) == 0.0


def test_a_whole_sphere_of_good_size_is_a_good_frame() -> None:
    assert frame_problem(sphere(0), Views()) is None


@pytest.mark.parametrize("edge", [np.s_[0, :5], np.s_[-1, :5], np.s_[:5, 0], np.s_[:5, -1]])
def test_an_object_that_touches_the_border_is_not_whole(edge: tuple) -> None:
    frame = sphere(0)
    depth = frame.depth.copy()
    depth[edge] = 2.0
    assert frame_problem(Frame(frame.camera, depth), Views()) == "object_not_whole"


def test_a_small_object_is_too_small() -> None:
    assert frame_problem(sphere(0, distance=20.0), Views()) == "object_too_small"


def make_pair(azimuth: float, shared: float = 0.5) -> Pair:
    return Pair((camera(0), camera(azimuth)), np.zeros(3), 1.0, None, shared)


def test_a_pair_is_refused_by_its_angle_or_its_overlap() -> None:
    assert pair_problem(make_pair(45), Pairs(), (40, 50)) is None
    assert pair_problem(make_pair(-45), Pairs(), (40, 50)) == "azimuth_out_of_range"
    assert pair_problem(make_pair(45, shared=0.01), Pairs(), (40, 50)) == "too_little_overlap"
