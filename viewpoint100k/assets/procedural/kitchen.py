"""Things from the kitchen. A mug faces with its picture, and is held in the right hand; a pot faces with its spout."""

from __future__ import annotations

import numpy as np

from viewpoint100k.assets.procedural.chance import Random, chance, pick, side
from viewpoint100k.assets.procedural.colors import CHROME, CREAM, DARK, WHITE, Palette, palette, shade
from viewpoint100k.assets.procedural.curves import arc, rounded_rectangle, smooth
from viewpoint100k.assets.procedural.finishes import any_wood, ceramic, chrome, glow, metal, paint, plastic, printed
from viewpoint100k.assets.procedural.fittings import label, plate
from viewpoint100k.assets.procedural.model import Model
from viewpoint100k.assets.procedural.pictures import emblazoned, wrapper
from viewpoint100k.assets.procedural.shapes import box
from viewpoint100k.assets.procedural.solids import cylinder, ellipsoid, revolve, rod, sweep, torus, tube
from viewpoint100k.geometry.mesh import Material

__all__ = ["kettle", "mug", "teapot", "toaster", "watering_can"]


def mug(random: Random) -> Model:
    """A mug with its handle on the left, which is a beholder's right: held in the right hand the picture shows."""
    model, colors = Model(), palette(random)
    r, tall = random.uniform(0.36, 0.48), random.uniform(0.7, 1.15)
    belly, flare, wall = random.uniform(-0.04, 0.1), random.uniform(-0.06, 0.08), random.uniform(0.028, 0.05)
    foot, lip = r * random.uniform(0.8, 1.0), r + flare
    outer = smooth([(foot, 0.04), (r + belly, 0.4 * tall), (lip, tall - 0.5 * wall)], 9)
    picture = wrapper(random, colors, 256, 128, 6.28 * r / tall)
    glaze = 0.22 if chance(random, 0.7) else 0.6
    model.add(printed(picture, glaze), revolve(outer, 32))
    inside = ceramic(colors.second if chance(random, 0.5) else CREAM)
    inner = outer[::-1] - [wall, 0]
    rim = [
        (lip, tall - 0.5 * wall),
        (lip - 0.15 * wall, tall - 0.1 * wall),
        (lip - 0.5 * wall, tall),
        (lip - 0.85 * wall, tall - 0.1 * wall),
    ]
    model.add(inside, revolve([*rim, *inner[:-1], (foot - 1.5 * wall, 0.06), (0, 0.06)], 32, 40))
    model.add(
        inside, revolve([(0, 0.02), (foot - 0.06, 0.02), (foot - 0.05, 0), (foot - 0.02, 0), (foot, 0.04)], 32, 40)
    )
    drink = plastic(pick(random, ((0.25, 0.13, 0.06), (0.55, 0.33, 0.1), (0.72, 0.55, 0.4))), 0.1)
    if chance(random, 0.6):
        model.add(drink, cylinder(r + min(belly, flare) - 0.4 * wall, 0.02, sides=28).at(z=0.8 * tall))
    grip = ceramic(colors.accent) if chance(random, 0.6) else ceramic(colors.main)
    top, low, out = random.uniform(0.78, 0.88) * tall, random.uniform(0.18, 0.3) * tall, random.uniform(0.24, 0.36)
    if chance(random, 0.5):
        path = [
            (0, r - 0.03, top),
            (0, r + 0.7 * out, top),
            (0, r + out, top - 0.1),
            (0, r + out, low + 0.15),
            (0, r + 0.6 * out, low),
            (0, r - 0.05, low),
        ]
    else:
        path = [
            (0, r - 0.03, top),
            (0, r + 0.6 * out, top + 0.02),
            (0, r + out, 0.55 * (top + low)),
            (0, r + 0.5 * out, low + 0.06),
            (0, r - 0.04, low),
        ]
    thick = random.uniform(0.04, 0.06)
    model.add(
        grip,
        sweep(
            rounded_rectangle(2.2 * thick, 1.5 * thick, 0.7 * thick),
            smooth(path, 18),
            up=(1, 0, 0) if chance(random, 0.5) else None,
        ),
    )
    if chance(random, 0.5):
        spoon, a = chrome(), random.uniform(0.35, 0.55) * r
        model.add(
            spoon,
            rod((-0.5 * a, -0.4 * a, 0.12), (0.9 * a, -1.45 * a, tall + 0.22), 0.024, sides=8),
            ellipsoid(0.09, 0.05, 0.12, 12).at(0.9 * a, -1.45 * a, tall + 0.28),
        )
    return model


def teapot(random: Random) -> Model:
    """A pot with its spout in front and its handle behind; one flank is painted unlike the other."""
    model, colors, hand = Model(), palette(random), side(random)
    r, tall = random.uniform(0.5, 0.62), random.uniform(0.62, 0.9)
    bulge = random.uniform(0.35, 0.6)
    neck = random.uniform(0.24, 0.32)
    outline = smooth([(0.55 * r, 0.05), (r, bulge * tall), (0.82 * r, 0.8 * tall), (neck, tall)], 14)
    glaze = 0.2 if chance(random, 0.8) else 0.5
    model.add(printed(wrapper(random, colors, 256, 128, 4.5), glaze), revolve(outline, 36))
    plain, odd = ceramic(colors.main), ceramic(colors.accent)
    model.add(plain, revolve([(0, 0.02), (0.5 * r, 0), (0.58 * r, 0.02), (0.55 * r, 0.06)], 32))
    model.add(
        odd,
        revolve(
            [
                (neck + 0.03, tall - 0.03),
                (neck + 0.035, tall + 0.02),
                (0.7 * neck, tall + 0.09),
                (0.08, tall + 0.14),
                (0, tall + 0.14),
            ],
            28,
        ),
    )
    model.add(plain, ellipsoid(0.075, 0.075, 0.065, 14).at(z=tall + 0.18))
    base = bulge * tall * random.uniform(0.7, 1.0)
    reach, rise = r + random.uniform(0.34, 0.48), tall * random.uniform(0.92, 1.1)
    spout = smooth(
        [(0.6 * r, 0, base), (r + 0.14, 0, base + 0.06), (r + 0.24, 0, (base + rise) / 2 + 0.05), (reach, 0, rise)], 14
    )
    model.add(plain, tube(spout, np.linspace(0.16, 0.06, 14), 14, caps="flat"))
    model.add(odd, torus(0.062, 0.018, 16, section=6).turn("y", 35).at(reach, 0, rise))
    out = random.uniform(0.28, 0.4)
    high, low = 0.82 * tall, 0.3 * tall
    if chance(random, 0.65):
        handle = [
            (-0.8 * r, 0, high),
            (-r - 0.6 * out, 0, high + 0.08),
            (-r - out, 0, 0.62 * tall),
            (-r - 0.5 * out, 0, low + 0.04),
            (-0.88 * r, 0, low),
        ]
    else:
        handle = [
            (-0.6 * r, 0, tall - 0.06),
            (-0.7 * r, 0, tall + 0.3),
            (0, 0, tall + 0.5),
            (0.7 * r, 0, tall + 0.3),
            (0.6 * r, 0, tall - 0.06),
        ]
    grip = odd if chance(random, 0.5) else any_wood(random)
    model.add(grip, tube(smooth(handle, 18), random.uniform(0.038, 0.055), 10))
    angle = hand * random.uniform(60, 110)
    tag = smooth([(neck, 0, tall), (0.84 * r, 0, 0.82 * tall), (1.01 * r, 0, bulge * tall)], 8)
    model.add(plastic(WHITE), tube(tag, 0.008, 5).turn("z", angle))
    model.add(
        label(random, colors), plate(0.24, 0.22, 0.02).at(1.02 * r + 0.01, 0, bulge * tall - 0.1).turn("z", angle)
    )
    return model


def kettle(random: Random) -> Model:
    """An electric kettle: spout in front, handle behind, a gauge on one flank and a switch on the other."""
    model, colors, hand = Model(), palette(random), side(random)
    r, tall = random.uniform(0.4, 0.48), random.uniform(0.85, 1.1)
    top = r * random.uniform(0.62, 0.85)
    dark, odd = plastic(DARK), plastic(colors.accent)
    model.add(dark, revolve([(0, 0), (r + 0.02, 0), (r + 0.03, 0.05), (r - 0.01, 0.08), (0, 0.08)], 32))
    outline = smooth([(r, 0.07), (r * random.uniform(0.97, 1.06), 0.4 * tall), (top, tall)], 10)
    steel = chance(random, 0.4)
    body = wrapper(random, colors, 256, 128, 2.8)
    model.add(printed(body, 0.3, 0.5 if steel else 0.0), revolve(outline, 36))
    lid = chrome() if steel else plastic(colors.second)
    model.add(
        lid,
        revolve(
            [
                (top + 0.005, tall - 0.02),
                (top + 0.005, tall + 0.01),
                (0.8 * top, tall + 0.05),
                (0.1, tall + 0.08),
                (0, tall + 0.08),
            ],
            32,
        ),
    )
    model.add(odd, cylinder(0.06, 0.08, 0.02, 16).at(z=tall + 0.11))
    spout = sweep(
        rounded_rectangle(1.0, 1.0, 0.45),
        [(top - 0.12, 0, tall - 0.22), (top + 0.06, 0, tall - 0.06), (top + 0.17, 0, tall + 0.04)],
        [[0.2, 0.12], [0.26, 0.15], [0.16, 0.08]],
        up=(0, 0, 1),
    )
    model.add(lid, spout)
    back, low, out = -top - 0.02, 0.22 * tall, random.uniform(0.22, 0.32)
    loop = smooth(
        [
            (back + 0.08, 0, tall - 0.02),
            (back - 0.5 * out, 0, tall + 0.04),
            (back - out - 0.08, 0, 0.75 * tall),
            (back - out - 0.06, 0, 0.4 * tall),
            (-r + 0.02, 0, low),
        ]
        if chance(random, 0.6)
        else [
            (back + 0.08, 0, tall - 0.02),
            (back - 0.6 * out, 0, tall + 0.05),
            (-r - out, 0, 0.7 * tall),
            (-r - out, 0, 0.45 * tall),
        ],
        16,
    )
    model.add(dark, sweep(rounded_rectangle(0.13, 0.085, 0.035), loop))
    _kettle_sides(random, model, hand, r, tall, dark, odd)
    return model


def _kettle_sides(
    random: Random, model: Model, hand: int, r: float, tall: float, dark: Material, odd: Material
) -> None:
    """A gauge on one flank, a switch on the other, a flex behind."""
    angle = hand * random.uniform(80, 105)
    gauge = box(0.04, 0.09, 0.5 * tall, 0.015).at(0.965 * r, 0, 0.47 * tall)
    model.add(plastic((0.55, 0.75, 0.9), 0.1), gauge.turn("z", angle))
    for i in range(4):
        model.add(dark, box(0.05, 0.05, 0.012).at(0.968 * r, 0.02, (0.3 + 0.11 * i) * tall).turn("z", angle))
    model.add(odd, box(0.1, 0.16, 0.1, 0.03).at(r - 0.01, 0, 0.2).turn("z", -angle))
    cord = smooth(
        [
            (-r + 0.04, 0, 0.03),
            (-r - 0.16, hand * 0.05, 0.03),
            (-r - 0.24, hand * 0.3, 0.025),
            (-r + 0.02, hand * 0.55, 0.025),
        ],
        14,
    )
    model.add(dark, tube(cord, 0.022, 6), box(0.12, 0.12, 0.09, 0.02).at(-r + 0.05, hand * 0.57, 0.045))


def toaster(random: Random) -> Model:
    """A toaster: the long face with the name is its front, the lever is at one end, and toast shows above."""
    model, colors, hand = Model(), palette(random), side(random)
    wide, deep, tall = random.uniform(1.0, 1.4), random.uniform(0.55, 0.75), random.uniform(0.6, 0.78)
    skin = metal(CHROME, 0.3) if chance(random, 0.4) else paint(colors.main)
    bulge = random.uniform(0.08, 0.2)
    dark, odd = plastic(DARK), plastic(colors.accent)
    model.add(skin, box(deep, wide, tall, bulge, 4).at(z=0.06 + tall / 2))
    model.add(dark, box(0.86 * deep, 0.94 * wide, 0.12, 0.03).at(z=0.07))
    end = box(0.8 * deep, 0.1, 0.84 * tall, 0.06, 2)
    for y, cover in ((hand, plastic(colors.second)), (-hand, odd)):
        model.add(cover, end.at(0, y * (wide / 2 - 0.01), 0.06 + tall / 2))
    model.add(
        printed(emblazoned(random, colors, 128, 96)),
        plate(0.52 * wide, 0.56 * tall).at(deep / 2, -hand * 0.12 * wide, 0.06 + 0.46 * tall),
    )
    model.add(odd, box(0.02, 0.3 * wide, 0.4 * tall, 0.008).at(-deep / 2, hand * 0.22 * wide, 0.06 + 0.46 * tall))
    slots = int(random.integers(1, 3))
    crumb, crust = plastic((0.9, 0.76, 0.5), 0.9), plastic((0.55, 0.33, 0.15), 0.9)
    bread = rounded_rectangle(0.7 * wide, 0.5, 0.12, 3)
    for i in range(slots):
        x = (i - (slots - 1) / 2) * 0.42 * deep
        model.add(dark, box(0.17 * deep, 0.8 * wide, 0.03).at(x, 0, 0.06 + tall))
        if i == 0 or chance(random, 0.5):
            lift, shift = random.uniform(0.0, 0.16), hand * random.uniform(0.03, 0.05) * wide
            slice_ = sweep(
                bread, [(x - 0.05, shift, tall + lift - 0.06), (x + 0.05, shift, tall + lift - 0.06)], up=(0, 0, 1)
            )
            model.add(crust, slice_)
            model.add(
                crumb,
                sweep(
                    0.9 * bread,
                    [(x - 0.054, shift, tall + lift - 0.06), (x + 0.054, shift, tall + lift - 0.06)],
                    up=(0, 0, 1),
                ),
            )
    lever = hand * (wide / 2 + 0.04)
    model.add(dark, box(0.05, 0.05, 0.6 * tall).at(0, hand * wide / 2 + hand * 0.03, 0.1 + tall / 2))
    model.add(odd, box(0.22, 0.12, 0.08, 0.03, 2).at(0, lever + hand * 0.05, 0.06 + tall * random.uniform(0.45, 0.8)))
    knob = 0.38 * wide * hand
    model.add(odd, cylinder(0.08, 0.07, 0.015, 18, "x").at(deep / 2 + 0.02, knob, 0.2))
    model.add(dark, box(0.05, 0.016, 0.07).at(deep / 2 + 0.04, knob, 0.23))
    lamp = glow((0.95, 0.35, 0.1)) if chance(random, 0.5) else glow((0.3, 0.9, 0.4))
    for i in range(int(random.integers(1, 4))):
        model.add(lamp, cylinder(0.026, 0.04, 0.008, 10, "x").at(deep / 2, knob, 0.36 + 0.09 * i))
    cord = smooth(
        [
            (-deep / 2 + 0.03, -hand * 0.3, 0.1),
            (-deep / 2 - 0.14, -hand * 0.3, 0.04),
            (-deep / 2 - 0.24, -hand * 0.05, 0.025),
            (-deep / 2 - 0.1, hand * 0.25, 0.025),
        ],
        14,
    )
    model.add(dark, tube(cord, 0.022, 6))
    model.add(label(random, colors), box(0.3 * deep, wide + 0.085, 0.3 * tall).at(0.12 * deep, 0, 0.06 + 0.5 * tall))
    return model


def watering_can(random: Random) -> Model:
    """A can with its rose in front; flowers of a sticker on one flank, a filling hole off the middle on top."""
    model, colors, hand = Model(), palette(random), side(random)
    r, tall = random.uniform(0.34, 0.42), random.uniform(0.55, 0.8)
    top = r * random.uniform(0.8, 1.0)
    skin = metal(colors.main, 0.45) if chance(random, 0.5) else plastic(colors.main)
    odd, dark = plastic(colors.accent), plastic(shade(colors.main, 0.3))
    model.add(printed(wrapper(random, colors, 256, 128, 3.6), 0.4), revolve([(r, 0.05), (top, tall)], 32))
    model.add(skin, revolve([(0, 0.02), (r - 0.03, 0), (r + 0.015, 0.0), (r + 0.015, 0.05), (r, 0.06)], 32))
    model.add(
        skin,
        revolve(
            [
                (top, tall - 0.02),
                (top + 0.012, tall),
                (0.9 * top, tall + 0.08),
                (0.5 * top, tall + 0.13),
                (0, tall + 0.14),
            ],
            32,
        ),
    )
    hole = cylinder(0.17, 0.1, 0.01, 20).turn("y", 14).at(0.14, hand * 0.1, tall + 0.11)
    model.add(odd, hole)
    model.add(dark, cylinder(0.13, 0.1, sides=18).turn("y", 14).at(0.145, hand * 0.1, tall + 0.116))
    reach, rise = r + random.uniform(0.5, 0.8), tall * random.uniform(1.0, 1.35)
    spout = smooth([(0.8 * r, 0, 0.16), (r + 0.16, 0, 0.3), (reach - 0.1, 0, rise - 0.14), (reach, 0, rise)], 14)
    model.add(skin, tube(spout, np.linspace(0.09, 0.05, 14), 12))
    rose = revolve([(0, -0.1), (0.06, -0.1), (0.17, 0.08), (0.17, 0.11), (0, 0.13)], 24).turn(
        "y", random.uniform(35, 65)
    )
    model.add(odd, rose.at(reach + 0.04, 0, rise + 0.05))
    model.add(skin, rod((top - 0.02, 0, 0.85 * tall), (reach - 0.2, 0, rise - 0.26), 0.02, sides=8))
    grip = odd if chance(random, 0.6) else any_wood(random)
    thick = random.uniform(0.035, 0.05)
    back = smooth(
        [
            (-0.5 * top, 0, tall + 0.1),
            (-top - 0.2, 0, tall + 0.22),
            (-top - 0.34, 0, 0.62 * tall),
            (-r + 0.02, 0, 0.2 * tall),
        ],
        16,
    )
    model.add(grip, tube(back, thick, 10))
    if chance(random, 0.6):
        bow = smooth(
            [
                (0.55 * top, 0, tall + 0.06),
                (0.4 * top, 0, tall + 0.34),
                (-0.1 * top, 0, tall + 0.42),
                (-0.5 * top, 0, tall + 0.12),
            ],
            16,
        )
        model.add(grip, tube(bow, 0.8 * thick, 10))
    _can_sides(random, model, colors, hand, r, tall, odd)
    return model


def _can_sides(random: Random, model: Model, colors: Palette, hand: int, r: float, tall: float, odd: Material) -> None:
    """A flower on one flank, a hoop around the other."""
    angle = hand * random.uniform(70, 110)
    petals, heart = plastic(colors.second), plastic(colors.accent)
    spot = (0.97 * r, 0, 0.55 * tall)
    for i in range(6):
        petal = ellipsoid(0.025, 0.055, 0.085, 10).at(z=0.1).turn("x", 60 * i).at(*spot)
        model.add(petals, petal.turn("z", angle))
    model.add(heart, ellipsoid(0.05, 0.06, 0.06, 12).at(*spot).turn("z", angle))
    model.add(
        odd,
        tube(np.column_stack([arc((0, 0), r + 0.004, 0, 150, 16), np.full(16, 0.2 * tall)]), 0.025, 6).turn(
            "z", -angle - 75
        ),
    )
