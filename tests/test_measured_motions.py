"""Finds the pairs of photographs that show a motion with the requested parts."""

import numpy as np
import pytest

from viewpoint100k.building.measured_motions import MeasuredMotions
from viewpoint100k.geometry import Camera
from viewpoint100k.views.motions import Motion

FREE = ~np.eye(6, dtype=bool)


def camera(position: tuple[float, float, float], turned_right_deg: float = 0.0) -> Camera:
    """A level camera that faces +y and is turned to its right."""
    c, s = np.cos(np.radians(turned_right_deg)), np.sin(np.radians(turned_right_deg))
    pose = np.eye(4)
    pose[:3, 0], pose[:3, 1], pose[:3, 2] = (c, -s, 0), (0, 0, -1), (s, c, 0)
    pose[:3, 3] = position
    return Camera(pose, np.array([[300.0, 0, 128], [0, 300, 128], [0, 0, 1]]), 256, 256)


CAMERAS = (
    camera((0, -3, 0)),
    camera((0.5, -3, 0)),  # Aside.
    camera((0, -3, 0), 15),  # Turned.
    camera((0.5, -3, 0), -15),  # Both, one against the other.
    camera((0.1, -3, 0), 4),  # Too much for none and too little for some.
    camera((0, -3, 0.5), 15),  # Turned, and higher.
)


@pytest.mark.parametrize(
    ("motion", "pairs"),
    [
        (Motion(sideways=1), {(0, 1)}),
        (Motion(sideways=1, turn=-1), {(0, 3)}),
        (Motion(turn=1), {(0, 2)}),
        (Motion(turn=1, height=1), {(0, 5)}),
        (Motion(sideways=-1), {(1, 0)}),
    ],
)
def test_a_pair_is_in_the_cell_that_its_measured_motion_falls_into(motion: Motion, pairs: set[tuple[int, int]]) -> None:
    found = {(int(a), int(b)) for a, b in MeasuredMotions(CAMERAS).fitting(motion, FREE)}
    assert {pair for pair in found if pair[0] in (0, 1)} == pairs


def test_a_motion_that_is_barely_one_is_in_no_cell() -> None:
    motions = MeasuredMotions(CAMERAS)
    cells = [Motion(sideways=x, turn=t) for x in (-1, 0, 1) for t in (-1, 0, 1)]
    for motion in cells:
        assert (0, 4) not in {(int(a), int(b)) for a, b in motions.fitting(motion, FREE)}


def test_pairs_that_are_taken_are_not_offered_again() -> None:
    free = FREE.copy()
    free[0, 1] = free[1, 0] = False
    assert (0, 1) not in {(int(a), int(b)) for a, b in MeasuredMotions(CAMERAS).fitting(Motion(sideways=1), free)}


def test_going_around_is_measured_by_azimuth() -> None:
    angles = np.radians(range(0, 180, 30))
    ring = [camera((3 * np.sin(a), -3 * np.cos(a), 0), -np.degrees(a)) for a in angles]
    found = MeasuredMotions(ring).fitting(Motion(sideways=1, turn=-1, around_deg=(20.0, 40.0)), FREE)
    assert {(int(a), int(b)) for a, b in found} == {(k, k + 1) for k in range(5)}
