"""A guitar: the strings are its front."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.procedural.chance import Random, chance
from viewpoint100k.assets.procedural.colors import BLACK, DARK, WHITE, Palette, palette, shade
from viewpoint100k.assets.procedural.curves import rounded_rectangle, smooth
from viewpoint100k.assets.procedural.finishes import any_wood, chrome, paint, plastic, printed
from viewpoint100k.assets.procedural.fittings import label, plate
from viewpoint100k.assets.procedural.model import Model
from viewpoint100k.assets.procedural.pictures import Picture
from viewpoint100k.assets.procedural.shapes import box
from viewpoint100k.assets.procedural.solids import (
    beam,
    cylinder,
    ellipsoid,
    prism,
    rod,
    sweep,
    torus,
)
from viewpoint100k.geometry import exact
from viewpoint100k.geometry.mesh import Material

__all__ = ["guitar"]

Floats = NDArray[np.float64]


def guitar(random: Random) -> Model:
    """A guitar on a stand: cutaway, controls and scratch plate on one side; the strings are its front."""
    model, colors = Model(), palette(random)
    hand = -1 if chance(random, 0.85) else 1
    electric = chance(random, 0.5)
    low, waist, high = random.uniform(0.38, 0.44), random.uniform(0.24, 0.29), random.uniform(0.29, 0.34)
    long, deep = random.uniform(0.92, 1.05), 0.1 if electric else random.uniform(0.18, 0.24)
    outline = _guitar_outline(random, hand, electric, low, waist, high, long)
    body = paint(colors.main) if electric else any_wood(random)
    rim = paint(colors.second) if electric else any_wood(random)
    sheet = prism(outline, deep, 0.02, plane="yz", hub=(0, 0.55 * long))
    model.add(rim, sheet.at(z=0.16))
    top = Picture(128, 128, colors.main)
    if chance(random, 0.6):
        top.rectangle(0, 0, 1, 1, shade(colors.main, 0.7))
        top.disc(0.5, 0.5, 0.48, colors.main)
    top.rectangle(0, 0.45, 0.3, 1, colors.accent)
    face = prism(0.95 * (outline - [0, 0.5 * long]) + [0, 0.5 * long], 0.02, plane="yz", hub=(0, 0.55 * long))
    model.add(
        printed(top, 0.25) if electric else body, (face if electric else face.tiled(0.5, "z")).at(deep / 2, 0, 0.16)
    )
    front, z = deep / 2 + 0.01, 0.16
    dark, steel, odd = plastic(DARK), chrome(), plastic(colors.accent)
    _guitar_neck(random, model, hand, electric, long, body, front, z, steel, odd)
    _guitar_fittings(random, model, colors, hand, electric, long, deep, front, z, dark, odd)
    _guitar_strap_and_stand(model, colors, hand, long, deep, z, steel)
    return model


def _guitar_outline(
    random: Random, hand: int, electric: bool, low: float, waist: float, high: float, long: float
) -> Floats:
    """Half the body mirrored, one shoulder cut away."""
    right = smooth(
        [
            (0.0, 0.0),
            (0.6 * low, 0.02 * long),
            (0.95 * low, 0.12 * long),
            (low, 0.24 * long),
            (0.9 * low, 0.38 * long),
            (waist, 0.58 * long),
            (high, 0.79 * long),
            (0.72 * high, 0.95 * long),
            (0.06, long),
        ],
        30,
    )
    left = right * [-1, 1]
    cut = right if hand < 0 else left
    if electric or chance(random, 0.5):
        notch = cut[:, 1] > 0.78 * long
        cut[notch, 0] *= exact.interpolate(cut[notch, 1], [0.78 * long, 0.86 * long, long], [1, 0.62, 1])
    outline = np.concatenate([right, left[::-1][:-1]])
    return outline


def _guitar_neck(
    random: Random,
    model: Model,
    hand: int,
    electric: bool,
    long: float,
    body: Material,
    front: float,
    z: float,
    steel: Material,
    odd: Material,
) -> None:
    """Neck, frets, head, pegs and strings."""
    neck = random.uniform(0.66, 0.82)
    board = any_wood(random)
    model.add(
        board,
        beam((front, 0, z + 0.66 * long), (front, 0, z + long + neck), 0.075, 0.1, 0.85).tiled(0.3, "z"),
    )
    left = 1.0
    for i in range(10):
        left *= 0.9
        model.add(
            steel,
            box(0.012, 0.095, 0.012).at(
                front + 0.04, 0, z + long + neck * (1 - left) * 1.2 - 0.02 if i else z + long + neck - 0.02
            ),
        )
    head = prism(
        np.array(
            [(-0.07, 0), (0.07, 0), (0.1, 0.06), (0.09 + 0.03 * hand, 0.3), (-0.09 + 0.03 * hand, 0.3), (-0.1, 0.06)]
        ),
        0.05,
        0.008,
        plane="yz",
    )
    model.add(body, head.turn("y", -10).at(front - 0.02, 0, z + long + neck - 0.02))
    for i in range(6):
        y = (1 if i % 2 else -1) * 0.12 if not electric else hand * 0.13
        peg = z + long + neck + 0.06 + (0.075 * (i // 2) if not electric else 0.04 * i)
        model.add(
            steel if i else odd,
            rod((front - 0.06, 0.6 * y, peg), (front - 0.06, y, peg), 0.01, sides=6),
            ellipsoid(0.012, 0.026, 0.018, 8).at(front - 0.06, 1.12 * y, peg),
        )
        string = (i - 2.5) * 0.014
        model.add(
            steel,
            rod(
                (front + 0.045, string, z + 0.26 * long),
                (front + 0.052, 0.8 * string, z + long + neck),
                0.0035,
                sides=4,
            ),
        )


def _guitar_fittings(
    random: Random,
    model: Model,
    colors: Palette,
    hand: int,
    electric: bool,
    long: float,
    deep: float,
    front: float,
    z: float,
    dark: Material,
    odd: Material,
) -> None:
    """Pick-ups or a sound hole, the bridge, the scratch plate."""
    if electric:
        for share in (0.36, 0.5, 0.64)[: int(random.integers(2, 4))]:
            model.add(dark, box(0.04, 0.2, 0.06, 0.012).turn("x", -8 * hand).at(front + 0.015, 0, z + share * long))
        for i in range(3):
            model.add(
                odd,
                cylinder(0.03, 0.04, 0.008, 12, "x").at(
                    front + 0.02, hand * (0.16 + 0.05 * i), z + (0.34 - 0.09 * i) * long
                ),
            )
    else:
        model.add(plastic(BLACK), cylinder(0.125, 0.015, sides=28, axis="x").at(front + 0.004, 0, z + 0.58 * long))
        model.add(odd, torus(0.13, 0.012, 28, "x", 6).at(front + 0.01, 0, z + 0.58 * long))
    model.add(dark, box(0.035, 0.26, 0.05, 0.01).at(front + 0.015, 0, z + 0.26 * long))
    guard = prism(
        [
            (0.05, 0.36 * long),
            (0.2, 0.3 * long),
            (0.26, 0.42 * long),
            (0.2, 0.54 * long),
            (0.14, 0.56 * long),
            (0.1, 0.46 * long),
        ],
        0.014,
        plane="yz",
        hub=(0.15, 0.44 * long),
    )
    model.add(
        odd if chance(random, 0.5) else plastic(WHITE),
        (guard if hand > 0 else guard.mirror("y")).at(front + 0.006, 0, z),
    )
    model.add(label(random, colors), plate(0.26, 0.22, 0.016).at(-deep / 2, hand * 0.14, z + 0.28 * long))
    model.add(plastic(colors.second), plate(0.3, 0.2, 0.012).at(-deep / 2, -hand * 0.1, z + 0.75 * long))


def _guitar_strap_and_stand(
    model: Model, colors: Palette, hand: int, long: float, deep: float, z: float, steel: Material
) -> None:
    """A strap behind the body, and three legs."""
    strap = smooth(
        [
            (0, hand * 0.1, z + 0.02),
            (-deep / 2 - 0.02, hand * 0.2, z + 0.25 * long),
            (-deep / 2 - 0.02, hand * 0.12, z + 0.85 * long),
            (-0.02, hand * 0.05, z + long + 0.1),
        ],
        14,
    )
    model.add(plastic(colors.accent, 0.9), sweep(rounded_rectangle(0.07, 0.02, 0.008, 1), strap, up=(0, 1, 0)))
    for y in (1, -1):
        model.add(
            steel,
            rod((-0.02, y * 0.1, z + 0.02), (0.24, y * 0.24, 0), 0.016, sides=8),
            rod((deep / 2 + 0.06, y * 0.16, z + 0.02), (-0.06, y * 0.16, z + 0.015), 0.016, sides=8),
            rod((-0.06, y * 0.16, z + 0.015), (-0.06, 0, z + 0.01), 0.014, sides=8),
        )
    model.add(
        steel,
        rod((-0.04, 0, z + 0.03), (-0.4, 0, 0), 0.018, sides=8),
        rod((-0.04, 0.1, z + 0.02), (-0.04, -0.1, z + 0.02), 0.018, sides=8),
    )
