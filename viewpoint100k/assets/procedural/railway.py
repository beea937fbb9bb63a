"""A steam engine: it faces the way it goes."""

from __future__ import annotations

import numpy as np

from viewpoint100k.assets.procedural.chance import Random, pick, side
from viewpoint100k.assets.procedural.colors import BLACK, DARK, GLASS, WHITE, palette, shade
from viewpoint100k.assets.procedural.finishes import (
    glow,
    metal,
    paint,
    plastic,
    printed,
)
from viewpoint100k.assets.procedural.fittings import plate
from viewpoint100k.assets.procedural.lettering import any_number
from viewpoint100k.assets.procedural.model import Model
from viewpoint100k.assets.procedural.pictures import Picture, wrapper
from viewpoint100k.assets.procedural.shapes import box
from viewpoint100k.assets.procedural.solids import cylinder, hull, revolve, rod, torus
from viewpoint100k.geometry.mesh import Material

__all__ = ["locomotive"]


def locomotive(random: Random) -> Model:
    """A steam engine: boiler, chimney, cab; the pump and the walkway's colour differ from side to side."""
    model, colors, hand = Model(), palette(random), side(random)
    boiler, r = random.uniform(2.0, 3.0), random.uniform(0.5, 0.62)
    deck, cab = 0.85, random.uniform(1.0, 1.3)
    nose, back = boiler / 2 + cab / 2, -boiler / 2 - cab / 2
    wide, z = 0.86, deck + r + 0.1
    dark, brass, skin = metal(DARK, 0.5), metal((0.85, 0.65, 0.3)), paint(colors.main)
    odd, trim = paint(colors.accent), paint(colors.second)
    model.add(dark, box(nose - back, 2 * wide - 0.3, 0.2).at(0, 0, deck - 0.15))
    model.add(trim, box(nose - back + 0.1, 2 * wide, 0.07, 0.02).at(0, 0, deck))
    barrel = revolve([(0, -boiler / 2), (r, -boiler / 2), (r, boiler / 2)], 32).turn("y", 90).at(cab / 2, 0, z)
    model.add(printed(wrapper(random, colors, 128, 256, 1.4), 0.35, 0.2), barrel)
    _smokebox(model, hand, boiler, r, nose, z, dark, brass)
    tall = random.uniform(0.55, 0.85)
    flare = random.uniform(0.16, 0.32)
    model.add(
        dark,
        revolve(
            [
                (0.22, 0),
                (0.15, 0.12),
                (0.15, 0.6 * tall),
                (flare, tall),
                (flare, tall + 0.06),
                (0.1, tall + 0.06),
                (0.1, tall - 0.2),
                (0, tall - 0.2),
            ],
            24,
        ).at(nose - 0.2, 0, z + r - 0.06),
    )
    for share in (0.1, -0.22):
        model.add(
            brass,
            revolve([(0.19, -0.05), (0.18, 0.18), (0.1, 0.28), (0, 0.3)], 20).at(
                cab / 2 + share * boiler, 0, z + r - 0.03
            ),
        )
    _engine_cab(random, model, (skin, odd, trim), (back, cab, wide, deck), hand)
    wheels = int(random.integers(2, 4))
    big, small = random.uniform(0.4, 0.46), 0.26
    red = metal(pick(random, (colors.accent, (0.6, 0.1, 0.08), colors.second)))
    _running_gear(model, nose, back, dark, wheels, big, small, red)
    for y, half in ((hand, odd), (-hand, trim)):
        model.add(half, box(0.12, wide - 0.02, 0.26, 0.02).at(nose + 0.14, y * (wide / 2 - 0.01), deck - 0.16))
    _buffers(model, hand, boiler, deck, nose, wide, dark, brass, odd)
    return model


def _running_gear(
    model: Model, nose: float, back: float, dark: Material, wheels: int, big: float, small: float, red: Material
) -> None:
    """Driving wheels, rods and cylinders on both sides."""
    for y in (0.66, -0.66):
        spots = [back + 0.6 + (2 * big + 0.12) * i for i in range(wheels)]
        for x in spots:
            model.add(red, cylinder(big, 0.12, 0.02, 28, "y").at(x, y, big))
            model.add(
                dark,
                torus(big - 0.02, 0.035, 28, "y", 6).at(x, y, big),
                cylinder(0.1, 0.18, 0.02, 12, "y").at(x, y, big),
            )
        model.add(
            metal((0.75, 0.76, 0.78)),
            box(spots[-1] - spots[0] + 0.2, 0.05, 0.09).at(
                (spots[0] + spots[-1]) / 2, y + np.sign(y) * 0.1, big - 0.12
            ),
        )
        model.add(
            dark,
            cylinder(small, 0.12, 0.02, 20, "y").at(nose - 0.1, y, small),
            cylinder(0.2, 0.6, 0.03, 18, "x").at(nose - 0.25, y + np.sign(y) * 0.1, 0.55),
        )
        model.add(
            metal((0.75, 0.76, 0.78)),
            rod(
                (spots[-1], y + np.sign(y) * 0.15, big - 0.1), (nose - 0.4, y + np.sign(y) * 0.1, 0.55), 0.035, sides=8
            ),
        )


def _smokebox(
    model: Model, hand: int, boiler: float, r: float, nose: float, z: float, dark: Material, brass: Material
) -> None:
    """The front of the boiler, and its hoops."""
    smokebox = cylinder(r + 0.03, 0.5, 0.03, 32, "x").at(nose - 0.1, 0, z)
    model.add(dark, smokebox, cylinder(0.82 * r, 0.08, 0.03, 28, "x").at(nose + 0.16, 0, z))
    model.add(
        brass,
        cylinder(0.06, 0.1, 0.02, 12, "x").at(nose + 0.21, 0, z),
        box(0.03, 1.3 * r, 0.05).turn("x", hand * 24).at(nose + 0.2, 0, z),
    )
    for i in range(3):
        model.add(brass, torus(r + 0.005, 0.025, 32, "x", 6).at(nose - 0.6 - 0.28 * i * boiler, 0, z))


def _buffers(
    model: Model,
    hand: int,
    boiler: float,
    deck: float,
    nose: float,
    wide: float,
    dark: Material,
    brass: Material,
    odd: Material,
) -> None:
    """What stands on the front beam and the walkways: not the same on both sides."""
    for y in (0.5, -0.5):
        model.add(
            dark,
            cylinder(0.05, 0.22, sides=10, axis="x").at(nose + 0.28, y, deck - 0.16),
            cylinder(0.14, 0.05, 0.015, 18, "x").at(nose + 0.4, y, deck - 0.16),
        )
    model.add(glow((0.97, 0.93, 0.75)), cylinder(0.13, 0.2, 0.03, 18, "x").at(nose + 0.1, hand * 0.5, deck + 0.2))
    model.add(
        brass,
        box(0.5, 0.26, 0.42, 0.05, 2).at(nose - 0.75, -hand * (wide - 0.16), deck + 0.22),
        cylinder(0.13, 0.34, 0.03, 16).at(nose - 0.75, -hand * (wide - 0.16), deck + 0.55),
    )
    model.add(odd, box(0.55 * boiler, 0.3, 0.3, 0.03).at(0.1, hand * (wide - 0.17), deck + 0.18))


def _engine_cab(
    random: Random, model: Model, paints: tuple[Material, Material, Material], size: tuple[float, ...], hand: int
) -> None:
    skin, odd, trim = paints
    back, cab, wide, deck = size
    tall = random.uniform(1.45, 1.75)
    middle = back + cab / 2
    pane = plastic(GLASS, 0.1)
    model.add(skin, box(cab, 2 * wide - 0.06, tall, 0.03).at(middle, 0, deck + tall / 2))
    roof = hull(
        [middle - cab / 2 - 0.12, middle + cab / 2 + 0.12], wide + 0.06, deck + tall - 0.14, deck + tall + 0.2, 2.6, 24
    )
    model.add(trim, roof)
    sign = Picture(96, 64, shade(DARK, 0.7))
    sign.rectangle(0.05, 0.08, 0.95, 0.92, (0.8, 0.2, 0.15) if hand > 0 else (0.1, 0.35, 0.6))
    sign.text(any_number(random), 0.5, 0.5, 0.6, WHITE)
    for y in (1, -1):
        model.add(
            pane, box(0.42 * cab, 0.05, 0.42, 0.01).at(middle + 0.05 * cab, y * (wide - 0.03), deck + 0.72 * tall)
        )
        model.add(
            odd if y == hand else trim,
            box(0.8 * cab, 0.03, 0.44 * tall).at(middle, y * (wide - 0.03), deck + 0.27 * tall),
        )
    model.add(printed(sign), box(0.5 * cab, 2 * wide + 0.005, 0.32 * cab).at(middle, 0, deck + 0.27 * tall))
    model.add(
        pane,
        plate(0.4, 0.4, 0.05).at(middle + cab / 2, wide - 0.3, deck + 0.74 * tall),
        plate(0.4, 0.4, 0.05).at(middle + cab / 2, -wide + 0.3, deck + 0.74 * tall),
    )
    model.add(odd, plate(0.7, 1.0, 0.05).at(back, hand * 0.35, deck + 0.55))
    model.add(pane, plate(0.5, 0.35, 0.05).at(back, -hand * 0.35, deck + 0.75 * tall))
    model.add(
        plastic(BLACK),
        hull(
            [back - 0.12, back - 0.02, middle],
            [0.5, 0.6, 0.6],
            deck - 0.05,
            [deck + 0.15, deck + 0.3, deck + 0.3],
            3,
            16,
        ),
    )
