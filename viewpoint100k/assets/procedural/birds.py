"""A bird on a perch and a bath duck. They face where they look."""

from __future__ import annotations

import numpy as np

from viewpoint100k.assets.procedural.chance import Random, chance, pick, side
from viewpoint100k.assets.procedural.colors import BLACK, WHITE, Palette, palette, vivid
from viewpoint100k.assets.procedural.curves import smooth
from viewpoint100k.assets.procedural.finishes import any_wood, plastic, printed
from viewpoint100k.assets.procedural.fittings import add_eyes
from viewpoint100k.assets.procedural.lettering import any_number
from viewpoint100k.assets.procedural.model import Model
from viewpoint100k.assets.procedural.pictures import Picture, decorate
from viewpoint100k.assets.procedural.shapes import box
from viewpoint100k.assets.procedural.solids import cone, cylinder, ellipsoid, hull, rod, torus, tube
from viewpoint100k.geometry import exact
from viewpoint100k.geometry.mesh import Material

__all__ = ["bird", "duck"]


def bird(random: Random) -> Model:
    """A bird on a perch: one wing is spread or painted otherwise, the tail fans to one side."""
    model, colors, hand = Model(), palette(random), side(random)
    long, r = random.uniform(0.85, 1.1), random.uniform(0.22, 0.29)
    pitch = -random.uniform(18, 50)
    skin = Picture(128, 128, colors.main)
    skin.rectangle(0.3, 0, 1, 0.2, colors.second)
    skin.rectangle(0.3, 0.8, 1, 1, colors.second)
    top, bottom = (0.2, 0.34) if hand > 0 else (0.66, 0.8)
    skin.rectangle(0.1, top, 0.9, bottom, colors.accent)
    body = Model()
    s = np.array([0, 0.06, 0.25, 0.55, 0.8, 0.95, 1])
    girth = r * np.array([0.12, 0.3, 0.7, 1.0, 0.9, 0.5, 0.0])
    body.add(printed(skin, 0.7), hull((s - 0.55) * long, 0.92 * girth, -girth, girth, 2, 24))
    odd = _wings_and_tail(random, colors, hand, long, r, body)
    for material, shape in body.parts:
        model.add(material, shape.turn("y", pitch).at(z=0.72))
    _bird_head_and_perch(random, model, colors, hand, long, r, pitch, odd)
    return model


def _bird_head_and_perch(
    random: Random, model: Model, colors: Palette, hand: int, long: float, r: float, pitch: float, odd: Material
) -> None:
    """Head, beak, legs, and the branch it stands on."""
    angle = np.radians(-pitch)
    across, upward = long * exact.cos(angle), long * exact.sin(angle)
    hx, hz = 0.4 * across, 0.72 + 0.42 * upward + 0.1
    k = random.uniform(0.8, 1.05) * 0.72 * r
    head = plastic(colors.main, 0.7) if chance(random, 0.6) else odd
    model.add(
        head,
        ellipsoid(k * 1.08, k, k, 18).at(hx, 0, hz),
        tube([(hx, 0, hz), (0.2 * across, 0, 0.72 + 0.2 * upward)], [0.95 * k, 0.95 * r], 14),
    )
    beak, reach = plastic(pick(random, ((0.95, 0.6, 0.1), BLACK, (0.85, 0.3, 0.15)))), random.uniform(0.12, 0.3)
    model.add(
        beak,
        cone(0.42 * k, 0.008, reach, sides=12, axis="x").scale(1, 0.8, 1).at(hx + k + 0.4 * reach, 0, hz - 0.1 * k),
    )
    add_eyes(model, (hx + 0.62 * k, 0.68 * k, hz + 0.28 * k), 0.05)
    crest = int(random.integers(0, 4))
    for i in range(crest):
        model.add(
            odd,
            ellipsoid(0.03, 0.02, 0.12, 10)
            .turn("y", -20 - 18 * i)
            .turn("x", -hand * 16)
            .at(hx - 0.03 * i, hand * 0.03, hz + k),
        )
    model.add(
        plastic(colors.accent),
        ellipsoid(0.3 * k, 0.12 * k, 0.3 * k, 10).at(hx + 0.25 * k, hand * 0.9 * k, hz - 0.2 * k),
    )
    claw = plastic((0.85, 0.55, 0.2))
    timber = any_wood(random)
    for y in (0.09, -0.09):
        model.add(
            claw,
            rod((0.02, y, 0.6), (0.05, y, 0.3), 0.022, sides=8),
            *(
                rod((0.05, y, 0.31), (0.05 + 0.1 * exact.cos(a), y + 0.06 * exact.sin(a), 0.27), 0.015, sides=6)
                for a in (-0.6, 0.0, 0.6, 3.14)
            ),
        )
    branch = smooth([(0.05, -0.55, 0.24), (0.05, 0.0, 0.25), (0.05 + 0.06, 0.5, 0.2)], 10)
    model.add(
        timber,
        tube(branch if hand > 0 else branch * [1, -1, 1], 0.05, 10),
        rod((0.05, 0, 0.26), (0.05, 0, 0), 0.05, 0.07),
        cylinder(0.32, 0.06, 0.015, 24).at(0.05, 0, 0.03),
    )
    model.add(
        plastic((0.25, 0.55, 0.2), 0.8),
        ellipsoid(0.12, 0.02, 0.06, 10).turn("x", hand * 30).at(0.1, hand * 0.48, 0.28),
        rod((0.1, hand * 0.44, 0.2), (0.1, hand * 0.46, 0.29), 0.01, sides=5),
    )


def _wings_and_tail(random: Random, colors: Palette, hand: int, long: float, r: float, body: Model) -> Material:
    """Feathers in layers; one wing unlike the other."""
    plume, odd = plastic(colors.second, 0.75), plastic(colors.accent, 0.75)
    spread = chance(random, 0.45)
    for y in (1, -1):
        material = odd if y == hand else plume
        for i in range(4):
            feather = ellipsoid(0.36 * long * (1 - 0.14 * i), 0.03, 0.1, 14)
            if spread and y == hand:
                placed = (
                    feather.turn("x", 90)
                    .turn("z", y * (-70 - 15 * i))
                    .turn("x", y * 24)
                    .at(0.08 - 0.12 * i, y * (0.75 * r + 0.2), 0.26 - 0.03 * i)
                )
            else:
                placed = (
                    feather.turn("y", -6 - 9 * i)
                    .turn("z", y * 6)
                    .at(-0.14 * long - 0.05 * i, y * 0.88 * r, 0.05 - 0.06 * i)
                )
            body.add(material if i % 2 == 0 else plume, placed)
    for i in range(4):
        quill = box(0.42, 0.075, 0.02, 0.008).at(-0.2).turn("z", hand * (-14 + 12 * i)).at(-0.52 * long, 0, 0.01 * i)
        body.add(odd if i == 3 else plume, quill)
    return odd


def duck(random: Random) -> Model:
    """A bath duck: a hat tipped to one side, a number on one flank and a heart's patch on the other."""
    model, colors, hand = (
        Model(),
        palette(random, pick(random, ((0.97, 0.8, 0.12), (0.97, 0.8, 0.12), vivid(random)))),
        side(random),
    )
    long, r = random.uniform(1.0, 1.2), random.uniform(0.4, 0.48)
    skin = Picture(192, 192, colors.main)
    if chance(random, 0.35):
        decorate(random, skin, colors, 0.8)
    _duck_skin(random, colors, hand, skin)
    s = np.array([0, 0.04, 0.15, 0.35, 0.6, 0.82, 0.95, 1])
    wide = r * np.array([0, 0.2, 0.6, 0.95, 1, 0.85, 0.45, 0])
    low = np.array([0.6, 0.5, 0.2, 0.02, 0, 0.02, 0.16, 0.36])
    high = np.array([0.62, 0.66, 0.62, 0.6, 0.66, 0.68, 0.56, 0.36])
    model.add(printed(skin, 0.3), hull((s - 0.5) * long, wide, low * r / 0.4, high * r / 0.4, 2.2, 28))
    plain, odd = plastic(colors.main, 0.3), plastic(colors.accent, 0.3)
    hx, hz, k = 0.22 * long, 0.62 * r / 0.4 + random.uniform(0.22, 0.3), random.uniform(0.27, 0.33)
    model.add(
        plain,
        ellipsoid(k, 0.95 * k, 0.97 * k, 24).at(hx, 0, hz),
        tube([(hx - 0.04, 0, 0.5), (hx, 0, hz)], [0.8 * k, 0.7 * k], 18),
    )
    bill = plastic(pick(random, ((0.95, 0.45, 0.08), (0.9, 0.25, 0.1), colors.accent)), 0.3)
    model.add(
        bill,
        hull(
            [hx + 0.6 * k, hx + 0.95 * k, hx + 1.4 * k, hx + 1.62 * k, hx + 1.66 * k],
            [0.14, 0.17, 0.17, 0.1, 0],
            hz + np.array([-0.16, -0.13, -0.11, -0.1, -0.07]),
            hz + np.array([0.02, 0, -0.05, -0.06, -0.07]),
            2.4,
            20,
        ),
    )
    add_eyes(model, (hx + 0.72 * k, 0.52 * k, hz + 0.25 * k), 0.065)
    for y in (1, -1):
        wing = ellipsoid(0.3 * long, 0.09, 0.3 * r, 18).turn("y", 14)
        model.add(
            odd if y == -hand else plastic(colors.second, 0.3), wing.at(-0.12 * long, y * 0.93 * r, 0.44 * r / 0.4)
        )
    _duck_hat(random, model, colors, hand, odd, hx, hz, k)
    return model


def _duck_hat(
    random: Random, model: Model, colors: Palette, hand: int, odd: Material, hx: float, hz: float, k: float
) -> None:
    """A hat tipped to one side, and sometimes a scarf."""
    lean = -hand * random.uniform(10, 24)
    hat = int(random.integers(3))
    cap = plastic(colors.second)
    if hat == 0:
        parts = [
            (cap, cylinder(0.9 * k, 0.035, 0.01, 24)),
            (cap, cylinder(0.55 * k, 0.26, 0.02, 24).at(z=0.13)),
            (odd, cylinder(0.57 * k, 0.06, 0.0, 24).at(z=0.06)),
        ]
    elif hat == 1:
        parts = [
            (odd, cone(0.62 * k, 0.01, 0.4, sides=20).at(z=0.16)),
            (cap, ellipsoid(0.06, 0.06, 0.06, 12).at(z=0.37)),
            (cap, torus(0.6 * k, 0.03, 20).at(z=-0.02)),
        ]
    else:
        parts = [
            (cap, ellipsoid(0.86 * k, 0.86 * k, 0.62 * k, 20)),
            (odd, box(0.34, 1.2 * k, 0.03, 0.012).at(0.75 * k, 0, 0.0)),
            (odd, ellipsoid(0.04, 0.04, 0.04, 10).at(z=0.62 * k)),
        ]
    for material, part in parts:
        model.add(material, part.at(z=0.84 * k).turn("x", lean).at(hx, 0, hz))
    if chance(random, 0.5):
        model.add(
            odd,
            torus(0.78 * k, 0.05, 24, section=8).turn("x", lean / 3).at(hx - 0.01, 0, hz - 0.72 * k),
            box(0.06, 0.12, 0.3, 0.02).turn("x", lean).at(hx + 0.62 * k, hand * 0.12, hz - 1.1 * k),
        )


def _duck_skin(random: Random, colors: Palette, hand: int, skin: Picture) -> None:
    """A number on one flank, a patch on the other."""
    near, far = (0.3, 0.7) if hand > 0 else (0.7, 0.3)
    flip = "xy" if hand > 0 else ""
    skin.disc(0.5, near, 0.1, WHITE, 0.7)
    skin.text(any_number(random), 0.5, near, 0.1, BLACK, flip, 1.5)
    skin.rectangle(0.3, far - 0.09, 0.62, far + 0.09, colors.accent)
    skin.rectangle(0.05, 0.5 + hand * 0.05 - 0.03, 0.4, 0.5 + hand * 0.05 + 0.03, colors.accent)
