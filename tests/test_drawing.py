"""Drawn pictures: areas by formula, the ink of words, and the same bytes with every library version."""

import hashlib
from collections.abc import Callable

import numpy as np
import pytest
from test_filling import orbit_pair

from viewpoint100k.views.drawing import Canvas, text_width
from viewpoint100k.views.floor_plan import draw_sketch

PAPER, INK = (255, 255, 255), (0, 0, 0)
SIZE = 100


def inked(draw: Callable[[Canvas], None]) -> np.ndarray:
    """(100, 100): the covered share of each pixel."""
    canvas = Canvas(SIZE, PAPER)
    draw(canvas)
    pixels = canvas.pixels()
    assert pixels.shape == (SIZE, SIZE, 3)
    return 1 - pixels[..., 0] / 255.0


@pytest.mark.parametrize(
    ("draw", "area", "middle"),
    [
        (lambda canvas: canvas.disc((40.3, 60.7), 20.0, INK), np.pi * 400, (40.3, 60.7)),
        (lambda canvas: canvas.stroke((20, 20), (50, 60), 4.0, INK), 50 * 4 + np.pi * 4, (35, 40)),
        (lambda canvas: canvas.triangle([(20, 20), (80, 20), (20, 65)], INK), 60 * 45 / 2, (40, 35)),
    ],
    ids=["disc", "stroke", "triangle"],
)
def test_a_shape_covers_its_area_about_its_middle(
    draw: Callable[[Canvas], None], area: float, middle: tuple[float, float]
) -> None:
    covered = inked(draw)
    rows, columns = np.mgrid[:SIZE, :SIZE] + 0.5
    assert covered.sum() == pytest.approx(area, rel=0.01)
    assert (covered * columns).sum() / covered.sum() == pytest.approx(middle[0], abs=0.05)
    assert (covered * rows).sum() / covered.sum() == pytest.approx(middle[1], abs=0.05)


def test_what_lies_beyond_the_edge_is_cut_off() -> None:
    assert inked(lambda canvas: canvas.disc((-50, 50), 20.0, INK)).sum() == 0
    assert inked(lambda canvas: canvas.disc((0, 50), 20.0, INK)).sum() == pytest.approx(np.pi * 200, rel=0.01)
    assert inked(lambda canvas: canvas.stroke((-30, 120), (130, 130), 4.0, INK)).sum() == 0
    assert inked(lambda canvas: canvas.disc((50, 50), 200.0, INK)).min() == 1


def test_words_are_as_wide_and_as_tall_as_stated() -> None:
    covered = inked(lambda canvas: canvas.text((10, 50), "41", 28.0, INK))
    rows, columns = np.nonzero(covered > 0.5)
    half = 2.0  # Of a line; it reaches beyond the sign's box.
    assert columns.min() + half == pytest.approx(10, abs=1)
    # "1" ends at 4 of its 5 units, and a unit is 2 pixels.
    assert columns.max() + 1 - half == pytest.approx(10 + text_width("41", 28.0) - 2, abs=1)
    assert (rows.min() + half, rows.max() + 1 - half) == pytest.approx((36, 64), abs=1)


def test_every_digit_of_a_floor_plan_looks_different() -> None:
    drawn = [inked(lambda canvas, n=n: canvas.text((40, 50), str(n), 30.0, INK)) for n in range(1, 8)]
    for i, one in enumerate(drawn):
        for other in drawn[:i]:
            assert np.abs(one - other).sum() > 50


def test_a_floor_plan_has_the_same_bytes_with_every_library() -> None:
    """Pillow drew the words at first, and they changed with the FreeType of Pillow 12."""
    plan = draw_sketch(orbit_pair(30, 60), 256)
    assert hashlib.sha256(plan.tobytes()).hexdigest()[:16] == "8245953e425fc9e1"
