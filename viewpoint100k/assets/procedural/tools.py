"""Things held by a handle: their front is the end that works."""

from __future__ import annotations

import numpy as np

from viewpoint100k.assets.procedural.chance import Random, chance, pick, side
from viewpoint100k.assets.procedural.colors import BLACK, DARK, WHITE, Palette, brightness, palette
from viewpoint100k.assets.procedural.curves import rounded_rectangle, smooth
from viewpoint100k.assets.procedural.finishes import any_wood, glow, metal, paint, plastic, printed, rubber
from viewpoint100k.assets.procedural.fittings import label, plate, tyre
from viewpoint100k.assets.procedural.lettering import any_label
from viewpoint100k.assets.procedural.model import Model
from viewpoint100k.assets.procedural.pictures import Picture, emblazoned
from viewpoint100k.assets.procedural.shapes import Shape, box
from viewpoint100k.assets.procedural.solids import (
    beam,
    cone,
    cylinder,
    ellipsoid,
    hull,
    prism,
    revolve,
    rod,
    sweep,
    torus,
    tube,
)
from viewpoint100k.geometry import exact
from viewpoint100k.geometry.mesh import Material

__all__ = ["drill", "hair_dryer", "wheelbarrow"]


def drill(random: Random) -> Model:
    """A cordless drill on its battery: a hook and a vent on one side, a label and a slide on the other."""
    model, colors, hand = Model(), palette(random), side(random)
    long, r = random.uniform(0.62, 0.8), random.uniform(0.17, 0.21)
    z = random.uniform(0.85, 1.0)
    body, dark, odd, steel = plastic(colors.main), rubber(DARK), plastic(colors.accent), metal((0.7, 0.71, 0.73))
    s = np.array([0, 0.04, 0.2, 0.55, 0.85, 1.0])
    skin = _drill_skin(random, colors, hand)
    barrel = hull(
        (s - 0.45) * long,
        r * np.array([0.55, 0.85, 1, 1, 0.92, 0.75]),
        z + r * np.array([-0.5, -0.8, -1, -1, -0.9, -0.72]),
        z + r * np.array([0.6, 0.9, 1.08, 1.08, 0.95, 0.74]),
        2.5,
        28,
    )
    model.add(printed(skin, 0.45), barrel)
    nose = 0.55 * long
    model.add(odd, cylinder(0.78 * r, 0.12, 0.02, 24, "x").at(nose + 0.03, 0, z))
    model.add(
        metal(DARK),
        revolve([(0, -0.1), (0.62 * r, -0.1), (0.62 * r, 0.08), (0.3 * r, 0.22), (0, 0.22)], 20)
        .turn("y", 90)
        .at(nose + 0.14, 0, z),
    )
    bit = random.uniform(0.25, 0.5)
    model.add(
        steel,
        rod((nose + 0.3, 0, z), (nose + 0.34 + bit, 0, z), 0.024, 0.016, 8),
        cone(0.016, 0.002, 0.05, sides=8, axis="x").at(nose + 0.36 + bit, 0, z),
    )
    base_x, top = _drill_handle(random, model, colors, hand, long, r, z, body, dark, odd)
    hook = smooth(
        [
            (base_x, -hand * 0.14, 0.24),
            (base_x, -hand * 0.22, 0.26),
            (base_x - 0.02, -hand * 0.22, 0.4),
            (base_x - 0.04, -hand * 0.2, 0.46),
        ],
        10,
    )
    model.add(steel, tube(hook, 0.02, 8))
    model.add(
        odd,
        box(0.16, 0.12, 0.06, 0.015).at(0, hand * 0.05, z + 1.04 * r),
        box(0.09, 0.06, 0.06, 0.01).at(top[0], -hand * (0.105), z - r - 0.08),
    )
    model.add(plastic(colors.accent), cylinder(0.05, 0.05, 0.01, 14, "x").at(-0.46 * long, -hand * 0.05, z + 0.3 * r))
    return model


def _drill_skin(random: Random, colors: Palette, hand: int) -> Picture:
    """The barrel's paint: vents on one flank, the name on the other."""
    skin = Picture(192, 192, colors.main)
    skin.rectangle(0, 0, 0.12, 1, DARK)
    skin.rectangle(0.55, 0, 0.72, 1, colors.second)
    near, far = (0.26, 0.74) if hand > 0 else (0.74, 0.26)
    skin.rectangle(0.14, near - 0.12, 0.52, near + 0.12, colors.accent)
    ink = WHITE if brightness(colors.main) < 1.6 else BLACK
    skin.text(any_label(random), 0.42, far, 0.1, ink, "" if far > 0.5 else "xy", 1.6)
    for i in range(5):
        skin.rectangle(0.16 + 0.05 * i, near - 0.08, 0.185 + 0.05 * i, near + 0.05, BLACK)
    return skin


def _drill_handle(
    random: Random,
    model: Model,
    colors: Palette,
    hand: int,
    long: float,
    r: float,
    z: float,
    body: Material,
    dark: Material,
    odd: Material,
) -> tuple[float, tuple[float, float, float]]:
    """Grip, trigger and battery."""
    lean = random.uniform(0.06, 0.14)
    top, foot = (-0.08 * long, 0, z - 0.5 * r), (-0.08 * long - lean, 0, 0.26)
    grip = rounded_rectangle(0.19, 0.25, 0.09, 4)
    model.add(
        body,
        sweep(
            grip,
            smooth([top, (top[0] - 0.2 * lean, 0, 0.6 * z), foot], 8),
            [1.1, 1.0, 0.96, 0.94, 0.94, 0.96, 1.02, 1.08],
            up=(1, 0, 0),
        ),
    )
    model.add(
        dark,
        sweep(
            1.04 * grip,
            [(foot[0] + 0.05 * lean - 0.02, 0, 0.35), (top[0] - 0.25 * lean - 0.02, 0, 0.62 * z)],
            up=(1, 0, 0),
        ),
    )
    model.add(odd, box(0.1, 0.1, 0.15, 0.03, 2).at(top[0] + 0.13, 0, z - r - 0.1))
    base_x = foot[0] + 0.07
    model.add(dark, box(0.46, 0.3, 0.12, 0.03, 2).at(base_x, 0, 0.23))
    for y, half in ((hand, body), (-hand, odd)):
        model.add(half, box(0.5, 0.17, 0.18, 0.03, 2).at(base_x + 0.01, 0.08 * y, 0.1))
    model.add(
        label(random, colors),
        box(0.3, 0.345, 0.12).at(base_x + 0.02, 0, 0.1),
        plate(0.18, 0.1, 0.02).at(base_x - 0.245, hand * 0.05, 0.11),
    )
    for i in range(3):
        model.add(glow((0.3, 0.9, 0.4)), box(0.02, 0.03, 0.02).at(base_x + 0.26, hand * (0.02 + 0.045 * i), 0.12))
    return base_x, top


def hair_dryer(random: Random) -> Model:
    """A hair dryer standing on its handle's foot; buttons on one side, a sticker on the other."""
    model, colors, hand = Model(), palette(random), side(random)
    long, r = random.uniform(0.75, 0.95), random.uniform(0.22, 0.28)
    z = random.uniform(0.85, 1.0)
    dark, odd = plastic(DARK), plastic(colors.accent)
    picture = Picture(192, 192, colors.main)
    picture.rectangle(0.62, 0, 0.74, 1, colors.second)
    near, far = (0.25, 0.75) if hand > 0 else (0.75, 0.25)
    picture.rectangle(0.1, near - 0.12, 0.6, near + 0.12, colors.accent)
    picture.star(0.36, near, 0.09, WHITE, aspect=0.6)
    ink = WHITE if brightness(colors.main) < 1.6 else BLACK
    picture.text(any_label(random), 0.4, far, 0.1, ink, "" if far > 0.5 else "xy", 1.5)
    stripe = 0.5 + hand * 0.06
    picture.rectangle(0, stripe - 0.02, 1, stripe + 0.02, colors.accent)
    s = np.array([0, 0.03, 0.2, 0.45, 0.75, 1])
    radius = r * np.array([0.7, 0.88, 1.0, 0.98, 0.72, 0.6])
    model.add(printed(picture, 0.35), hull((s - 0.42) * long, radius, z - radius, z + radius, 2, 28))
    rear, front = -0.42 * long, 0.58 * long
    model.add(dark, cylinder(0.62 * r, 0.05, 0.015, 24, "x").at(rear, 0, z))
    for i in range(3):
        model.add(
            plastic(colors.second),
            box(0.03, 1.1 * r - 0.3 * r * abs(i - 1), 0.03)
            .turn("x", hand * 25)
            .at(rear - 0.02, 0, z + 0.22 * r * (i - 1)),
        )
    if chance(random, 0.6):
        model.add(
            dark,
            sweep(
                rounded_rectangle(1, 1, 0.45),
                [(front - 0.05, 0, z), (front + 0.05, 0, z), (front + 0.26, 0, z)],
                [[1.34 * r, 1.34 * r], [1.3 * r, 1.2 * r], [2.0 * r, 0.26 * r]],
                up=(0, 0, 1),
            ),
        )
    else:
        model.add(
            dark,
            revolve(
                [(0.4 * r, -0.04), (0.64 * r, -0.04), (0.66 * r, 0.16), (0.56 * r, 0.16), (0.5 * r, 0.02), (0, 0.02)],
                24,
            )
            .turn("y", 90)
            .at(front, 0, z),
        )
    _dryer_handle(random, model, colors, hand, long, r, z, dark, odd)
    return model


def _dryer_handle(
    random: Random,
    model: Model,
    colors: Palette,
    hand: int,
    long: float,
    r: float,
    z: float,
    dark: Material,
    odd: Material,
) -> None:
    """Grip with buttons, foot and cord."""
    lean = random.uniform(-0.02, 0.14)
    x = -0.1 * long
    grip = rounded_rectangle(0.2, 0.24, 0.095, 4)
    path = smooth([(x, 0, z - 0.6 * r), (x - 0.4 * lean, 0, 0.5 * z), (x - lean, 0, 0.06)], 9)
    model.add(
        plastic(colors.second),
        sweep(grip, path, exact.interpolate(np.linspace(0, 1, 9), [0, 0.5, 1], [1.15, 0.92, 1.0]), up=(1, 0, 0)),
    )
    model.add(dark, cylinder(0.19, 0.07, 0.02, 24).at(x - lean, 0, 0.035))
    for i in range(2):
        model.add(
            odd if i == 0 else plastic(WHITE),
            box(0.05, 0.08, 0.09, 0.02).at(x + 0.12 - 0.3 * lean, 0, 0.52 * z + 0.14 * i),
        )
        model.add(odd, cylinder(0.032, 0.04, 0.01, 12, "y").at(x - 0.02, hand * 0.105, 0.5 * z + 0.12 * i))
    model.add(label(random, colors), box(0.13, 0.21, 0.16, 0.01).at(x - 0.55 * lean - 0.01, -hand * 0.006, 0.34 * z))
    cord = smooth(
        [
            (x - lean - 0.1, 0, 0.04),
            (x - lean - 0.28, hand * 0.05, 0.025),
            (x - lean - 0.34, hand * 0.3, 0.022),
            (x - 0.05, hand * 0.42, 0.022),
            (x + 0.2, hand * 0.36, 0.022),
        ],
        18,
    )
    model.add(dark, tube(cord, 0.021, 6), box(0.12, 0.09, 0.07, 0.015).at(x + 0.24, hand * 0.35, 0.036))
    model.add(metal((0.7, 0.71, 0.74)), torus(0.05, 0.012, 16, "y", 6).at(x - lean - 0.13, -hand * 0.03, 0.11))


def wheelbarrow(random: Random) -> Model:
    """A wheelbarrow, its wheel in front; loaded at one side, with a spade laid along the other."""
    model, colors, hand = Model(), palette(random), side(random)
    r, wide = random.uniform(0.19, 0.24), random.uniform(0.26, 0.33)
    skin, steel, dark = paint(colors.main), metal(DARK), rubber()
    frame = any_wood(random) if chance(random, 0.5) else metal(colors.second)
    z, wheel_x = random.uniform(0.36, 0.44), 0.62
    low = np.array([[-0.42, -0.7 * wide], [0.22, -0.6 * wide], [0.22, 0.6 * wide], [-0.42, 0.7 * wide]])
    high = np.array([[-0.56, -1.1 * wide], [0.5, -0.95 * wide], [0.5, 0.95 * wide], [-0.56, 1.1 * wide]])
    tall = random.uniform(0.26, 0.34)
    flank = printed(emblazoned(random, colors))
    for i in range(4):
        j = (i + 1) % 4
        a, b, c, d = low[i], low[j], high[j], high[i]
        material = flank if i == (2 if hand > 0 else 0) else paint(colors.accent) if i == 3 else skin
        model.add(material, _wall(((*a, z), (*b, z), (*c, z + tall), (*d, z + tall))))
        model.add(steel, rod((*d, z + tall), (*c, z + tall), 0.016, sides=8))
    model.add(skin, prism(low, 0.03).at(z=z))
    for y in (1, -1):
        grip = (-1.05, y * (0.9 * wide + 0.03), z + 0.2)
        model.add(frame, beam(grip, (wheel_x + 0.02, y * 0.09, r), 0.045, 0.045, bevel=0.006))
        odd = plastic(colors.accent) if y == hand else plastic(DARK)
        model.add(odd, rod(grip, (-0.86, y * (0.8 * wide + 0.05), z + 0.183), 0.036))
        model.add(
            frame,
            beam((-0.42, y * 0.7 * wide, z + 0.06), (-0.5, y * 0.78 * wide, 0), 0.035, 0.035),
            beam((-0.2, y * 0.55 * wide, z - 0.02), (-0.48, y * 0.77 * wide, 0.05), 0.02, 0.02),
        )
    model.add(frame, beam((-0.47, -0.76 * wide, 0.12), (-0.47, 0.76 * wide, 0.12), 0.03, 0.03))
    model.add(dark, tyre(r, 0.1, 0.6).at(wheel_x, 0, r))
    model.add(
        paint(colors.second),
        cylinder(0.62 * r, 0.07, 0.01, 20, "y").at(wheel_x, 0, r),
        cylinder(0.06, 0.2, 0.01, 12, "y").at(wheel_x, 0, r),
    )
    _barrow_load(random, model, colors, hand, wide, z, tall)
    return model


def _barrow_load(random: Random, model: Model, colors: Palette, hand: int, wide: float, z: float, tall: float) -> None:
    """Earth, a pot and a spade."""
    earth = plastic(pick(random, ((0.33, 0.22, 0.14), (0.55, 0.5, 0.42), (0.3, 0.45, 0.2))), 0.95)
    heap = ellipsoid(0.4, 0.8 * wide, random.uniform(0.2, 0.34), 20)
    bumps = heap.positions * (1 + 0.08 * exact.sin(9 * heap.positions[:, :1] + 5 * heap.positions[:, 1:2]))
    model.add(earth, heap.bent(bumps).at(-0.03, hand * 0.12 * wide, z + 0.7 * tall))
    y = -hand * 0.55 * wide
    model.add(
        any_wood(random),
        rod((-0.85, y, z + tall + 0.24), (0.3, y, z + tall + 0.02), 0.022, sides=10),
        rod((-0.86, y - 0.09, z + tall + 0.24), (-0.86, y + 0.09, z + tall + 0.24), 0.022, sides=8),
    )
    model.add(
        metal((0.6, 0.61, 0.64)),
        hull(
            [0.2, 0.28, 0.5, 0.62],
            [0.04, 0.11, 0.1, 0.01],
            [z + tall + 0.0, z + tall - 0.03, z + tall - 0.09, z + tall - 0.11],
            [z + tall + 0.04, z + tall + 0.0, z + tall - 0.06, z + tall - 0.09],
            2.5,
            16,
        ),
    )
    pot = revolve([(0, 0), (0.08, 0), (0.12, 0.17), (0.135, 0.17), (0.135, 0.21), (0.1, 0.21), (0, 0.19)], 18).at(
        -0.26, hand * 0.5 * wide, z + 0.9 * tall
    )
    model.add(plastic((0.75, 0.42, 0.28), 0.9), pot)
    model.add(
        plastic((0.2, 0.5, 0.2), 0.9),
        ellipsoid(0.12, 0.12, 0.13, 12).at(-0.26, hand * 0.5 * wide, z + 0.9 * tall + 0.27),
    )
    model.add(
        plastic(colors.accent), ellipsoid(0.05, 0.05, 0.05, 10).at(-0.18, hand * 0.5 * wide, z + 0.9 * tall + 0.34)
    )


def _wall(corners: tuple[tuple[float, float, float], ...]) -> Shape:
    """A sheet of a tub between four corners, given so that the inside is on the left of the first edge."""
    a, b, c, d = (np.array(p) for p in corners)
    inward = np.cross(b - a, d - a)
    inward = 0.02 * inward / exact.norm(inward)
    sheet = box(1, 1, 1)
    u, v, w = (sheet.positions + 0.5).T[:, :, None]
    along_low, along_high = a + u * (b - a), d + u * (c - d)
    placed = sheet.bent(along_low + w * (along_high - along_low) + (1 - v) * inward)
    return placed
