"""Things to wear. They face as their owner would."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.procedural.chance import Random, chance, side
from viewpoint100k.assets.procedural.colors import BLACK, DARK, WHITE, Palette, palette, shade, vivid
from viewpoint100k.assets.procedural.curves import rounded_rectangle, smooth
from viewpoint100k.assets.procedural.finishes import (
    fabric,
    leather,
    plastic,
    printed,
    rubber,
)
from viewpoint100k.assets.procedural.fittings import label, plate
from viewpoint100k.assets.procedural.lettering import any_label
from viewpoint100k.assets.procedural.model import Model
from viewpoint100k.assets.procedural.pictures import Picture, emblazoned
from viewpoint100k.assets.procedural.shapes import box
from viewpoint100k.assets.procedural.solids import (
    beam,
    cylinder,
    ellipsoid,
    hull,
    revolve,
    sweep,
    torus,
    tube,
)
from viewpoint100k.geometry import exact
from viewpoint100k.geometry.mesh import Material

__all__ = ["backpack", "shoe"]

Floats = NDArray[np.float64]


def shoe(random: Random) -> Model:
    """One shoe, left or right; the outer flank has its maker's sign, the inner one a plain panel."""
    straight, colors, foot = Model(), palette(random), side(random)
    long, wide = random.uniform(1.25, 1.5), random.uniform(0.23, 0.27)
    collar = random.uniform(0.5, 0.62) + (0.26 if chance(random, 0.3) else 0.0)
    thick, heel = random.uniform(0.09, 0.15), random.uniform(0.0, 0.08)
    x = (np.array([0, 0.02, 0.1, 0.3, 0.5, 0.72, 0.88, 0.97, 1]) - 0.5) * long
    sole_w = wide * np.array([0.45, 0.66, 0.9, 0.86, 0.88, 1.08, 0.95, 0.6, 0.3])
    lift = heel * np.array([1, 1, 1, 0.9, 0.5, 0, 0, 0.3, 0.5])
    base = np.array([0.02, 0, 0, 0, 0, 0, 0.02, 0.06, 0.09])
    sole = plastic(colors.second if chance(random, 0.5) else WHITE, 0.8)
    tread = rubber(colors.accent if chance(random, 0.4) else BLACK)
    straight.add(sole, hull(x, sole_w, base, base + thick + lift, 7, 28))
    straight.add(tread, hull(0.97 * x, 0.98 * sole_w, base - 0.02, base + 0.02, 7, 20))
    top = thick + heel
    upper_h = np.array([0.86, 0.96, 1.0, 0.98, 0.82, 0.46, 0.34, 0.24, 0.12]) * (collar - top) + top
    upper_w = wide * np.array([0.4, 0.6, 0.8, 0.78, 0.8, 0.98, 0.86, 0.52, 0.2])
    skin = _shoe_skin(random, colors, foot)
    straight.add(printed(skin, 0.7), hull(0.98 * x, upper_w, lift + 0.5 * thick, upper_h, 2.3, 32))
    _collar(straight, colors, -0.27 * long, collar, 0.16 * long, 0.62 * wide)
    _laces(random, straight, colors, foot, long, wide, collar, x, upper_h)
    tab = box(0.04, 0.09, 0.3 * collar, 0.015)
    straight.add(leather(colors.accent), tab.at(-0.495 * long, foot * 0.05, 0.72 * collar))
    cap_x = np.array([0.3, 0.36, 0.45, 0.495, 0.51]) * long
    cap_w = wide * np.array([0.98, 1.0, 0.78, 0.4, 0.1])
    cap_h = top + np.array([0.05, 0.1, 0.1, 0.06, 0.02])
    straight.add(plastic(colors.accent), hull(cap_x, cap_w, top - 0.04, cap_h, 2.4, 20))
    model = Model()
    for material, shape in straight.parts:
        # A foot curves inwards: the right one (foot = -1) towards +Y.
        bend = np.clip(shape.positions[:, 0] / long + 0.1, -1, 1)
        shift = -0.2 * foot * bend * np.abs(bend)
        model.add(material, shape.bent(shape.positions + np.stack([0 * shift, shift, 0 * shift], axis=1)))
    return model


def _collar(model: Model, colors: Palette, x: float, z: float, long: float, wide: float) -> None:
    """The opening of a shoe, and the padding around it."""
    lining = plastic(shade(colors.second, 0.35), 0.95)
    model.add(lining, ellipsoid(1.25 * long, wide, 0.06, 20).at(x, 0, z - 0.015))
    ring = torus(long, 0.035, 28, section=8).scale(1.18, wide / long, 1.0)
    model.add(leather(colors.accent), ring.at(x, 0, z - 0.02))


def _laces(
    random: Random,
    model: Model,
    colors: Palette,
    foot: int,
    long: float,
    wide: float,
    collar: float,
    x: Floats,
    upper_h: Floats,
) -> None:
    """A tongue, crossed laces over it, and a bow whose ends hang unlike."""
    tongue = beam((-0.08 * long, 0, collar + 0.06), (0.2 * long, 0, upper_h[5] + 0.03), 0.55 * wide, 0.04, bevel=0.015)
    model.add(leather(colors.second), tongue)
    slope = float(exact.degrees(exact.atan((upper_h[4] - upper_h[5]) / (x[5] - x[4]))))
    laces = plastic(WHITE if chance(random, 0.6) else colors.accent, 0.9)
    for i in range(4):
        lx = (-0.01 + 0.058 * i) * long
        lz = float(exact.interpolate(lx, x, upper_h)) + 0.018
        lace = box(0.04, wide, 0.026, 0.01).turn("z", 10 if i % 2 else -10).turn("y", slope)
        model.add(laces, lace.at(lx, 0, lz))
    loop = [(-0.01, 0, 0.05), (0.03, foot * 0.2, 0.08), (0.09, foot * 0.3, -0.06)]
    bow = smooth(np.array(loop) * [long, 1, 1] + [0, 0, upper_h[4]], 8)
    model.add(laces, tube(bow, 0.014, 6), tube(bow * [1, -0.55, 1], 0.014, 6))


def _shoe_skin(random: Random, colors: Palette, foot: int) -> Picture:
    """Uppers: the maker's stripes or star on the outer flank (a left shoe's is +Y), letters at the heel."""
    picture = Picture(192, 192, colors.main)
    outer, inner = (0.3, 0.7) if foot > 0 else (0.7, 0.3)
    up = 1 if outer < 0.5 else -1
    picture.rectangle(0, 0, 0.17, 1, colors.second)
    # Seen from the toe or the heel, one half is of another colour.
    half = (0.0, 0.5) if foot > 0 else (0.5, 1.0)
    picture.rectangle(0.62, half[0], 1, half[1], colors.second)
    picture.rectangle(0, half[0], 0.1, half[1], colors.accent)
    style = int(random.integers(3))
    if style == 0:
        for i in range(3):
            for step in range(14):
                v = outer + up * (0.012 * step - 0.06)
                u = 0.42 + 0.07 * i - 0.008 * step
                picture.rectangle(u, v - 0.009, u + 0.04, v + 0.009, colors.accent)
    elif style == 1:
        picture.star(0.42, outer, 0.09, colors.accent, aspect=1.4)
    else:
        for step in range(30):
            u = 0.28 + 0.013 * step
            v = outer + up * (0.05 - 0.11 * exact.sin(step / 9.5) + 0.002 * step)
            broad = 0.006 + 0.03 * exact.sin(np.pi * step / 30)
            picture.rectangle(u, v - broad, u + 0.016, v + broad, colors.accent)
    picture.rectangle(0.24, inner - 0.08, 0.5, inner + 0.08, colors.second)
    picture.text(any_label(random), 0.37, inner, 0.06, colors.accent, "xy" if inner < 0.5 else "", 1.1)
    return picture


def backpack(random: Random) -> Model:
    """A rucksack standing up: pockets in front, straps behind, a bottle in one side net, a badge off the middle."""
    model, colors, hand = Model(), palette(random), side(random)
    wide, deep, tall = random.uniform(0.5, 0.62), random.uniform(0.26, 0.34), random.uniform(0.75, 0.92)
    cloth, second, odd = fabric(random, colors.main), plastic(colors.second, 0.9), plastic(colors.accent, 0.9)
    dark = plastic(DARK, 0.8)
    round_edge = random.uniform(0.09, 0.13)
    model.add(cloth, box(deep, wide, tall, round_edge, 4).tiled(0.1, "y").at(z=tall / 2))
    model.add(second, box(0.9 * deep, 0.96 * wide, 0.14, 0.06, 2).at(0, 0, 0.075))
    flap = box(1.06 * deep, 1.03 * wide, 0.22, 0.1, 3).at(0.01, 0, tall - 0.08)
    model.add(second if chance(random, 0.6) else odd, flap)
    pocket_h = random.uniform(0.34, 0.46) * tall
    pocket = box(0.16, 0.78 * wide, pocket_h, 0.06, 3)
    model.add(cloth, pocket.tiled(0.1, "y").at(deep / 2 + 0.03, 0, 0.1 + pocket_h / 2))
    model.add(
        printed(emblazoned(random, colors), 0.85),
        plate(0.6 * wide, 0.62 * pocket_h, 0.03).at(deep / 2 + 0.1, 0, 0.1 + 0.45 * pocket_h),
    )
    model.add(
        dark,
        box(0.02, 0.66 * wide, 0.02).at(deep / 2 + 0.108, 0, 0.1 + 0.86 * pocket_h),
        box(0.02, 0.03, 0.08).at(deep / 2 + 0.115, hand * 0.3 * wide, 0.06 + 0.86 * pocket_h),
    )
    model.add(
        label(random, colors),
        plate(0.15, 0.12, 0.03).turn("x", 10).at(deep / 2 + 0.01, -hand * 0.22 * wide, 0.66 * tall),
    )
    _straps_and_nets(model, hand, wide, deep, tall, second, odd, dark, pocket_h)
    bottle = revolve([(0, 0), (0.06, 0), (0.065, 0.02), (0.065, 0.24), (0.03, 0.3), (0.03, 0.33), (0, 0.33)], 18)
    model.add(plastic(vivid(random), 0.2), bottle.at(0, hand * (wide / 2 + 0.025), 0.12))
    model.add(plastic(WHITE), cylinder(0.036, 0.05, 0.008, 14).at(0, hand * (wide / 2 + 0.025), 0.47))
    _backpack_outside(random, model, colors, hand, wide, deep, tall, odd, dark, pocket_h)
    return model


def _straps_and_nets(
    model: Model,
    hand: int,
    wide: float,
    deep: float,
    tall: float,
    second: Material,
    odd: Material,
    dark: Material,
    pocket_h: float,
) -> None:
    """A pair of each; one of them in another colour."""
    for y in (1, -1):
        strip = odd if y == hand else dark
        model.add(
            strip,
            beam(
                (deep / 2 + 0.02, y * 0.22 * wide, tall - 0.16),
                (deep / 2 + 0.03, y * 0.22 * wide, 0.1 + 0.96 * pocket_h),
                0.045,
                0.016,
            ),
            box(0.03, 0.07, 0.05, 0.01).at(deep / 2 + 0.025, y * 0.22 * wide, 0.62 * tall),
        )
        path = smooth(
            [
                (-deep / 2 + 0.02, y * 0.14, tall - 0.06),
                (-deep / 2 - 0.12, y * 0.17, tall - 0.16),
                (-deep / 2 - 0.13, y * 0.2, 0.5 * tall),
                (-deep / 2 + 0.02, y * 0.23, 0.14),
            ],
            16,
        )
        model.add(odd if y == hand else second, sweep(rounded_rectangle(0.03, 0.085, 0.012, 2), path, up=(0, 1, 0)))
        net = box(0.7 * deep, 0.09, 0.26 * tall, 0.035, 2).at(0, y * (wide / 2 + 0.01), 0.18 * tall)
        model.add(dark, net)


def _backpack_outside(
    random: Random,
    model: Model,
    colors: Palette,
    hand: int,
    wide: float,
    deep: float,
    tall: float,
    odd: Material,
    dark: Material,
    pocket_h: float,
) -> None:
    """A mat on top, a loop, patches on the back and on one flank, a zip's tag."""
    roll = cylinder(0.085, 0.9 * wide, 0.02, 20, "y")
    if chance(random, 0.5):
        model.add(odd, roll.at(0.0, -hand * 0.04, tall + 0.09))
        model.add(dark, *(torus(0.088, 0.014, 18, "y", 6).at(0, d * 0.26 * wide, tall + 0.09) for d in (1, -1)))
    loop = smooth(
        [
            (-deep / 2 + 0.06, -0.07, tall - 0.02),
            (-deep / 2 + 0.02, 0, tall + 0.08),
            (-deep / 2 + 0.06, 0.07, tall - 0.02),
        ],
        10,
    )
    model.add(dark, tube(loop, 0.018, 8))
    model.add(
        odd,
        box(0.02, 0.3 * wide, 0.3 * tall, 0.008).at(-deep / 2, 0, 0.5 * tall),
        box(0.5 * deep, 0.02, 0.22 * tall, 0.008).at(0, -hand * wide / 2, 0.62 * tall),
    )
    model.add(label(random, colors), plate(0.22, 0.16, 0.03).at(-deep / 2, hand * 0.02, 0.68 * tall))
    tag = smooth(
        [
            (deep / 2 + 0.1, hand * 0.3 * wide, 0.1 + 0.8 * pocket_h),
            (deep / 2 + 0.12, hand * 0.31 * wide, 0.02 + 0.8 * pocket_h),
            (deep / 2 + 0.115, hand * 0.3 * wide, -0.02 + 0.8 * pocket_h),
        ],
        4,
    )
    model.add(
        odd,
        tube(tag, 0.01, 5),
        ellipsoid(0.03, 0.03, 0.04, 10).at(deep / 2 + 0.13, hand * 0.3 * wide, 0.8 * pocket_h + 0.06),
    )
