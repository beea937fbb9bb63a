"""Two wheels: they face the way they go."""

from __future__ import annotations

import numpy as np

from viewpoint100k.assets.procedural.chance import Random, chance, side
from viewpoint100k.assets.procedural.colors import (
    BLACK,
    CHROME,
    DARK,
    Color,
    Palette,
    palette,
    shade,
)
from viewpoint100k.assets.procedural.curves import smooth
from viewpoint100k.assets.procedural.finishes import (
    any_wood,
    chrome,
    glow,
    leather,
    metal,
    paint,
    plastic,
    printed,
    rubber,
)
from viewpoint100k.assets.procedural.fittings import label, number_plate, plate, tyre
from viewpoint100k.assets.procedural.model import Model
from viewpoint100k.assets.procedural.pictures import emblazoned
from viewpoint100k.assets.procedural.shapes import box
from viewpoint100k.assets.procedural.solids import beam, cylinder, ellipsoid, hull, rod, torus, tube
from viewpoint100k.geometry import exact
from viewpoint100k.geometry.mesh import Material

__all__ = ["bicycle", "motorcycle"]

_TAIL: Color = (0.75, 0.07, 0.06)
_LAMP: Color = (0.97, 0.95, 0.82)


def bicycle(random: Random) -> Model:
    """A bicycle on its stand: chain on one side, a bag or a basket off the middle."""
    model, colors, hand = Model(), palette(random), side(random)
    r, base = random.uniform(0.32, 0.36), random.uniform(1.0, 1.1)
    front, rear = base * 0.56, -base * 0.44
    black, bright, dark = rubber(), chrome(), plastic(DARK)
    frame, odd = paint(colors.main), plastic(colors.accent)
    fat = random.uniform(0.02, 0.032)
    _bicycle_wheels(model, r, front, rear, black, bright, frame, fat)
    pedal, seat_top = (rear + 0.43, 0, 0.28), (rear + 0.26, 0, random.uniform(0.72, 0.8))
    head_low, head = (front - 0.17, 0, 0.66), (front - 0.22, 0, random.uniform(0.84, 0.92))
    t = random.uniform(0.017, 0.024)
    step_through = chance(random, 0.4)
    upper = (seat_top[0] + 0.06, 0, 0.5) if step_through else (seat_top[0] + 0.02, 0, seat_top[2] - 0.06)
    bars = [(pedal, seat_top), (pedal, head_low), (upper, (head[0] + 0.01, 0, head[2] - 0.05)), (head_low, head)]
    model.add(frame, *(rod(a, b, t, sides=10) for a, b in bars))
    for y in (0.05, -0.05):
        model.add(
            frame,
            rod((rear, y, r), pedal, 0.6 * t, sides=8),
            rod((rear, y, r), (seat_top[0] + 0.02, 0.3 * y, seat_top[2] - 0.1), 0.6 * t, sides=8),
        )
        model.add(bright, rod((front, y, r), (head_low[0], y, head_low[2]), 0.7 * t, sides=8))
    model.add(
        bright,
        box(0.04, 0.12, 0.04, 0.01).at(*head_low),
        rod(seat_top, (seat_top[0] - 0.04, 0, seat_top[2] + 0.12), 0.014),
        rod(head, (head[0] - 0.02, 0, head[2] + 0.1), 0.014),
    )
    saddle = hull(
        [-0.16, -0.12, -0.03, 0.08, 0.14],
        [0.05, 0.1, 0.075, 0.028, 0.015],
        [0.0, -0.02, -0.02, 0, 0.01],
        [0.05, 0.06, 0.05, 0.045, 0.03],
        2.4,
        16,
    )
    model.add(leather(shade(colors.second, 0.6)), saddle.at(seat_top[0] - 0.04, 0, seat_top[2] + 0.11))
    hx, hz = head[0] - 0.02, head[2] + 0.1
    _bicycle_bars(random, model, hand, bright, dark, odd, hx, hz)
    _chain_and_pedals(random, model, hand, r, rear, bright, dark, odd, pedal)
    _bicycle_load(random, model, colors, hand, (front, rear, r, hx, hz))
    return model


def _bicycle_bars(
    random: Random, model: Model, hand: int, bright: Material, dark: Material, odd: Material, hx: float, hz: float
) -> None:
    """Handlebars, one grip in another colour."""
    sweep_back = random.uniform(0.02, 0.2)
    model.add(
        bright,
        tube(
            smooth(
                [
                    (hx - sweep_back, 0.3, hz + 0.03),
                    (hx + 0.03, 0.18, hz + 0.04),
                    (hx, 0, hz),
                    (hx + 0.03, -0.18, hz + 0.04),
                    (hx - sweep_back, -0.3, hz + 0.03),
                ],
                18,
            ),
            0.013,
            8,
        ),
    )
    for y in (0.3, -0.3):
        model.add(
            odd if y * hand > 0 else dark,
            rod((hx - sweep_back - 0.03, 1.03 * y, hz + 0.03), (hx - sweep_back + 0.06, 0.86 * y, hz + 0.036), 0.02),
        )


def _bicycle_wheels(
    model: Model, r: float, front: float, rear: float, black: Material, bright: Material, frame: Material, fat: float
) -> None:
    """Wheels with spokes, and their mudguards."""
    for x in (front, rear):
        model.add(black, torus(r - fat, fat, 36, "y", 8).at(x, 0, r))
        model.add(
            bright,
            torus(r - 2 * fat, 0.014, 36, "y", 5).at(x, 0, r),
            cylinder(0.025, 0.1, sides=10, axis="y").at(x, 0, r),
        )
        for i in range(12):
            c, s = exact.cos_deg(30.0 * i), exact.sin_deg(30.0 * i)
            hub = (x + 0.02 * c, -0.03 if i % 2 else 0.03, r + 0.02 * s)
            tip = (x + (r - 2 * fat) * c, 0, r + (r - 2 * fat) * s)
            model.add(bright, rod(hub, tip, 0.0045, sides=4))
        model.add(
            frame,
            tube(
                [
                    (x + (r + 0.035) * exact.cos(a), 0, r + (r + 0.035) * exact.sin(a))
                    for a in np.linspace(0.4 if x > 0 else 0.9, 2.5 if x > 0 else 3.3, 12)
                ],
                0.022,
                6,
            ),
        )


def _chain_and_pedals(
    random: Random,
    model: Model,
    hand: int,
    r: float,
    rear: float,
    bright: Material,
    dark: Material,
    odd: Material,
    pedal: tuple[float, float, float],
) -> None:
    """The chain on the right; a stand on one side."""
    chain = -1.0
    model.add(
        metal(DARK),
        cylinder(0.09, 0.012, sides=24, axis="y").at(pedal[0], chain * 0.06, pedal[2]),
        cylinder(0.04, 0.012, sides=16, axis="y").at(rear, chain * 0.06, r),
    )
    model.add(
        odd if chance(random, 0.5) else dark,
        beam((rear, chain * 0.06, r + 0.035), (pedal[0], chain * 0.06, pedal[2] + 0.08), 0.022, 0.03),
        beam((rear, chain * 0.06, r - 0.035), (pedal[0], chain * 0.06, pedal[2] - 0.08), 0.02, 0.014),
    )
    for y in (1, -1):
        end = (pedal[0] + y * 0.11, y * 0.09, pedal[2] - y * 0.11)
        model.add(
            bright,
            rod((pedal[0], y * 0.09, pedal[2]), end, 0.012, sides=6),
            rod((pedal[0], 0, pedal[2]), (pedal[0], y * 0.1, pedal[2]), 0.014, sides=6),
        )
        model.add(dark, box(0.07, 0.1, 0.025, 0.006).at(end[0], y * 0.14, end[2]))
    model.add(dark, rod((pedal[0] - 0.1, hand * 0.03, 0.26), (pedal[0] - 0.16, hand * 0.24, 0.01), 0.012, sides=6))


def _bicycle_load(random: Random, model: Model, colors: Palette, hand: int, size: tuple[float, ...]) -> None:
    front, rear, r, hx, hz = size
    bright = chrome()
    model.add(bright, box(0.34, 0.14, 0.015).at(rear - 0.02, 0, 2 * r + 0.09))
    model.add_both_sides(
        bright,
        rod((rear, 0.06, r), (rear - 0.14, 0.06, 2 * r + 0.09), 0.008, sides=5),
        rod((rear + 0.12, 0.06, 2 * r + 0.09), (rear + 0.2, 0.02, 2 * r + 0.02), 0.008, sides=5),
    )
    bag = box(0.3, 0.11, 0.26, 0.03, 2).at(rear - 0.02, hand * 0.13, 2 * r - 0.05)
    model.add(printed(emblazoned(random, colors)), bag)
    if chance(random, 0.5):
        model.add(plastic(colors.accent), box(0.28, 0.18, 0.13, 0.03).at(rear - 0.02, -hand * 0.03, 2 * r + 0.15))
    else:
        model.add(plastic(colors.second), box(0.3, 0.1, 0.18, 0.03).at(rear - 0.02, -hand * 0.12, 2 * r))
    model.add(plastic(BLACK), box(0.06, 0.08, 0.06, 0.02).at(rear - 0.2, 0, 2 * r + 0.07))
    model.add(glow((0.8, 0.1, 0.08)), box(0.03, 0.06, 0.04, 0.01).at(rear - 0.23, 0, 2 * r + 0.07))
    basket, z = any_wood(random) if chance(random, 0.5) else metal(DARK), hz - 0.16
    width = 0.3
    x = hx + 0.19
    model.add(
        basket,
        box(0.24, width, 0.02).at(x, 0, z),
        box(0.015, width, 0.2).at(x + 0.12, 0, z + 0.1),
        box(0.015, width, 0.2).at(x - 0.12, 0, z + 0.1),
    )
    model.add_both_sides(basket, box(0.24, 0.015, 0.2).at(x, width / 2, z + 0.1))
    model.add(basket, rod((x - 0.12, 0, z + 0.05), (hx, 0, z + 0.04), 0.012, sides=6))
    model.add(label(random, colors), plate(0.22, 0.14, 0.012).at(x + 0.132, hand * 0.02, z + 0.1))
    load = printed(emblazoned(random, colors)) if chance(random, 0.5) else plastic(colors.accent)
    model.add(load, box(0.2, 0.13, 0.3, 0.03, 2).at(x, hand * 0.06, z + 0.16))
    model.add(
        glow((0.97, 0.95, 0.8)),
        cylinder(0.04, 0.07, 0.015, 14, "x").at(front - 0.03, 0, 2 * r + 0.14),
        rod((front - 0.06, 0, 2 * r + 0.14), (front - 0.17, 0, 2 * r + 0.02), 0.01, sides=6),
    )


def motorcycle(random: Random) -> Model:
    """A motor-bike or a scooter on its side stand, with one pannier and one exhaust."""
    model, colors, hand = Model(), palette(random), side(random)
    base, r, wide = random.uniform(1.25, 1.5), random.uniform(0.28, 0.34), random.uniform(0.11, 0.16)
    front, rear = base / 2, -base / 2
    dark, bright, black = plastic(DARK), chrome(), rubber()
    rim = metal(colors.second) if chance(random, 0.5) else bright
    skin, odd = paint(colors.main), paint(colors.accent)
    for x in (front, rear):
        model.add(black, tyre(r, wide, 0.78).at(x, 0, r))
        model.add(
            rim,
            torus(0.76 * r, 0.022, 24, "y", 6).at(x, 0, r),
            cylinder(0.14 * r, 0.8 * wide, sides=12, axis="y").at(x, 0, r),
        )
        for i in range(5):
            model.add(rim, box(0.03, 0.03, 0.72 * r).at(z=0.4 * r).turn("y", 72 * i).at(x, 0, r))
    head = (front - 0.28, 0.78 + random.uniform(0, 0.08))
    for y in (0.09, -0.09):
        model.add(bright, rod((front, y, r), (head[0], y, head[1]), 0.024))
        model.add(dark, rod((rear, y, r), (-0.05, y, 0.42), 0.03))
        model.add(bright, rod((rear + 0.06, 1.3 * y, r + 0.02), (rear + 0.2, 1.3 * y, 0.66), 0.03))
    model.add(
        dark,
        tube(
            smooth([(head[0], 0, head[1] - 0.05), (0.1, 0, 0.64), (-0.35, 0, 0.62), (rear - 0.1, 0, 0.72)], 10),
            0.045,
            8,
        ),
    )
    model.add(metal(DARK), box(0.46, 0.24, 0.34, 0.05, 2).at(0.02, 0, 0.38))
    for i in range(4):
        model.add(metal(CHROME), cylinder(0.14, 0.025, sides=16).turn("y", 15).at(0.08, 0, 0.5 + 0.045 * i))
    _tank_and_seat(random, model, colors, r, front, rear, dark, skin)
    _handlebars(random, model, hand, rear, dark, bright, odd, head)
    _one_sided(random, model, colors, hand, rear, r)
    return model


def _tank_and_seat(
    random: Random, model: Model, colors: Palette, r: float, front: float, rear: float, dark: Material, skin: Material
) -> None:
    """The painted body over the frame."""
    picture = emblazoned(random, colors, 128, 128, 1.2)
    tank = hull(
        [-0.12, -0.05, 0.1, 0.28, 0.36],
        [0.06, 0.12, 0.165, 0.13, 0.04],
        [0.66, 0.62, 0.6, 0.64, 0.7],
        [0.76, 0.82, 0.88, 0.86, 0.8],
        2.4,
    )
    model.add(printed(picture, 0.25, 0.1), tank)
    seat = hull(
        [rear - 0.12, rear - 0.02, -0.3, -0.1, -0.03],
        [0.07, 0.11, 0.13, 0.11, 0.05],
        [0.74, 0.7, 0.66, 0.66, 0.68],
        [0.82, 0.83, 0.76, 0.75, 0.72],
        3.0,
    )
    model.add(leather(shade(colors.second, 0.5)), seat)
    model.add(
        skin,
        hull(
            [front - 0.24, front - 0.1, front + 0.12, front + 0.26],
            [0.05, 0.1, 0.1, 0.05],
            [2 * r - 0.03, 2 * r, 2 * r - 0.02, 1.75 * r],
            [2 * r, 2 * r + 0.05, 2 * r + 0.04, 1.75 * r + 0.02],
            2.5,
            16,
        ),
    )
    model.add(
        skin,
        hull(
            [rear - 0.32, rear - 0.1, rear + 0.15],
            [0.05, 0.1, 0.07],
            [1.8 * r, 2 * r + 0.01, 2 * r + 0.02],
            [1.8 * r + 0.03, 2 * r + 0.06, 2 * r + 0.05],
            2.5,
            16,
        ),
    )
    model.add(dark, beam((rear - 0.1, 0, 0.72), (rear - 0.2, 0, 2 * r), 0.06, 0.03))


def _handlebars(
    random: Random,
    model: Model,
    hand: int,
    rear: float,
    dark: Material,
    bright: Material,
    odd: Material,
    head: tuple[float, float],
) -> None:
    """Handlebars, mirrors, lamps."""
    bars = smooth(
        [
            (head[0] - 0.2, 0.38, head[1] + 0.12),
            (head[0] - 0.02, 0.24, head[1] + 0.16),
            (head[0], 0, head[1] + 0.02),
            (head[0] - 0.02, -0.24, head[1] + 0.16),
            (head[0] - 0.2, -0.38, head[1] + 0.12),
        ],
        18,
    )
    model.add(bright, tube(bars, 0.016, 8))
    for y in (0.38, -0.38):
        grip = odd if y * hand > 0 else dark
        model.add(
            grip, rod((head[0] - 0.22, 1.02 * y, head[1] + 0.115), (head[0] - 0.12, 0.86 * y, head[1] + 0.135), 0.026)
        )
        model.add(
            bright,
            rod((head[0] - 0.1, 0.8 * y, head[1] + 0.14), (head[0] - 0.06, 0.95 * y, head[1] + 0.3), 0.01),
            ellipsoid(0.02, 0.075, 0.05, 12).at(head[0] - 0.06, 0.95 * y, head[1] + 0.31),
        )
    model.add(dark, ellipsoid(0.1, 0.11, 0.11, 16).at(head[0] + 0.06, 0, head[1] - 0.02))
    model.add(glow(_LAMP), ellipsoid(0.04, 0.09, 0.09, 14).at(head[0] + 0.14, 0, head[1] - 0.02))
    model.add(glow(_TAIL), box(0.06, 0.16, 0.07, 0.02).at(rear - 0.16, 0, 0.77))
    model.add(number_plate(random), plate(0.22, 0.07, 0.02).turn("y", 14).at(rear - 0.27, hand * 0.02, 0.66))


def _one_sided(random: Random, model: Model, colors: Palette, hand: int, rear: float, r: float) -> None:
    """What a motor-bike carries on one side: exhaust and box here, stand there."""
    bright, dark = chrome(), plastic(DARK)
    pipe = smooth(
        [(0.2, hand * 0.08, 0.42), (0.16, hand * 0.17, 0.24), (-0.1, hand * 0.19, 0.2), (rear + 0.1, hand * 0.2, 0.26)],
        12,
    )
    model.add(
        bright,
        tube(pipe, 0.032, 10),
        rod((rear + 0.25, hand * 0.2, 0.24), (rear - 0.28, hand * 0.21, 0.33), 0.055, 0.065),
    )
    case = box(0.42, 0.17, 0.32, 0.05, 2).at(rear + 0.02, -hand * 0.22, 0.62)
    model.add(plastic(colors.accent), case)
    model.add(label(random, colors), box(0.24, 0.18, 0.16).at(rear + 0.02, -hand * 0.22, 0.63))
    model.add(
        dark,
        rod((0.0, -hand * 0.1, 0.3), (-0.06, -hand * 0.3, 0.015), 0.018),
        box(0.08, 0.06, 0.03).at(-0.06, -hand * 0.3, 0.016),
    )
    if chance(random, 0.6):
        model.add(dark, box(0.3, 0.3, 0.06, 0.02).at(rear - 0.05, 0, 0.85))
        model.add(
            printed(emblazoned(random, colors)), box(0.32, 0.36, 0.26, 0.06, 2).at(rear - 0.07, hand * 0.03, 0.98)
        )
