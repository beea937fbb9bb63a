"""Toys: they face the way they look."""

from __future__ import annotations

import numpy as np

from viewpoint100k.assets.procedural.chance import Random, chance, pick, side
from viewpoint100k.assets.procedural.colors import CREAM, DARK, WHITE, Palette, palette, shade
from viewpoint100k.assets.procedural.curves import arc, rounded_rectangle, smooth
from viewpoint100k.assets.procedural.finishes import (
    any_wood,
    chrome,
    glow,
    leather,
    metal,
    paint,
    plastic,
    printed,
)
from viewpoint100k.assets.procedural.fittings import add_eyes, label, plate
from viewpoint100k.assets.procedural.lettering import any_number
from viewpoint100k.assets.procedural.model import Model
from viewpoint100k.assets.procedural.pictures import Picture
from viewpoint100k.assets.procedural.shapes import box
from viewpoint100k.assets.procedural.solids import (
    beam,
    cone,
    cylinder,
    ellipsoid,
    hull,
    revolve,
    rod,
    sweep,
    torus,
    tube,
)
from viewpoint100k.geometry import exact
from viewpoint100k.geometry.mesh import Material

__all__ = ["robot", "rocking_horse"]


def robot(random: Random) -> Model:
    """A toy robot: one arm raised, an aerial over one ear, dials on its chest, a key in its back."""
    model, colors, hand = Model(), palette(random), side(random)
    wide, deep, tall = random.uniform(0.42, 0.6), random.uniform(0.28, 0.4), random.uniform(0.45, 0.65)
    leg = random.uniform(0.3, 0.5)
    skin = metal(colors.main, 0.4) if chance(random, 0.5) else paint(colors.main)
    trim, odd, dark, steel = paint(colors.second), paint(colors.accent), metal(DARK), chrome()
    z = leg + 0.06 + tall / 2
    model.add(skin, box(deep, wide, tall, 0.05, 2).at(z=z))
    panel = Picture(96, 96, DARK)
    panel.rectangle(0.08, 0.1, 0.58, 0.45, (0.2, 0.7, 0.6))
    for i in range(4):
        panel.rectangle(0.12 + 0.11 * i, 0.4 - random.uniform(0.05, 0.25), 0.19 + 0.11 * i, 0.42, WHITE)
    for i in range(3):
        panel.disc(0.78, 0.18 + 0.17 * i, 0.065, pick(random, (colors.accent, (0.95, 0.75, 0.1), (0.9, 0.2, 0.15))))
    panel.text(any_number(random), 0.3, 0.74, 0.3, colors.accent)
    model.add(printed(panel), plate(0.74 * wide, 0.62 * tall, 0.03).at(deep / 2, 0, z + 0.05 * tall))
    model.add(
        label(random, colors), plate(0.5 * wide, 0.34 * tall, 0.02).at(-deep / 2, -hand * 0.14 * wide, z + 0.22 * tall)
    )
    model.add(
        steel, rod((-deep / 2, hand * 0.1 * wide, z - 0.12), (-deep / 2 - 0.14, hand * 0.1 * wide, z - 0.12), 0.025)
    )
    model.add(
        steel,
        *(torus(0.06, 0.022, 16, "x", 6).at(-deep / 2 - 0.15, hand * 0.1 * wide + d, z - 0.12) for d in (0.07, -0.07)),
    )
    head_w, head_h = wide * random.uniform(0.6, 0.95), random.uniform(0.24, 0.36)
    hz = z + tall / 2 + 0.07 + head_h / 2
    model.add(dark, cylinder(0.09, 0.12, sides=16).at(z=hz - head_h / 2 - 0.03))
    if chance(random, 0.65):
        head = box(0.8 * deep, head_w, head_h, 0.05, 2).at(z=hz)
    else:
        head = (
            revolve(
                [(0, -head_h / 2), (head_w / 2, -head_h / 2), (head_w / 2, 0), *arc((0, 0), head_w / 2, 20, 90, 6)], 28
            )
            .at(z=hz)
            .scale(0.8 * deep / head_w * 1.2, 1, 1)
        )
    model.add(trim if chance(random, 0.5) else skin, head)
    ex = 0.42 * deep
    for y in (1, -1):
        eye = glow((0.95, 0.85, 0.2)) if y == hand else glow((0.3, 0.85, 0.95))
        size = 0.16 * head_w * (1.25 if y == hand else 0.95)
        model.add(dark, cylinder(1.3 * size, 0.08, 0.01, 18, "x").at(ex - 0.02, y * 0.25 * head_w, hz + 0.03))
        model.add(eye, ellipsoid(0.05, size, size, 14).at(ex + 0.02, y * 0.25 * head_w, hz + 0.03))
        model.add(odd if y == hand else dark, cylinder(0.07, 0.07, 0.015, 16, "y").at(0, y * (head_w / 2 + 0.01), hz))
    model.add(
        dark,
        *(box(0.06, 0.03, 0.07).at(ex, (i - 1.5) * 0.06 - hand * 0.02, hz - 0.3 * head_h) for i in range(4)),
        box(0.06, 0.3, 0.015).at(ex, -hand * 0.02, hz - 0.3 * head_h),
    )
    top = (0, hand * 0.3 * head_w, hz + head_h / 2 - 0.02)
    model.add(steel, rod(top, (0, top[1] + hand * 0.06, top[2] + 0.26), 0.014, sides=6))
    model.add(odd, ellipsoid(0.045, 0.045, 0.045, 12).at(0, top[1] + hand * 0.06, top[2] + 0.28))
    _robot_limbs(random, model, colors, hand, (wide, deep, tall, leg, z))
    return model


def _robot_limbs(random: Random, model: Model, colors: Palette, hand: int, size: tuple[float, ...]) -> None:
    wide, deep, tall, leg, z = size
    skin, odd, dark = paint(colors.second), paint(colors.accent), metal((0.45, 0.46, 0.5))
    shoulder = z + 0.34 * tall
    for y in (1, -1):
        y0 = y * (wide / 2 + 0.06)
        material = odd if y == hand else skin
        model.add(material, cylinder(0.085, 0.14, 0.02, 18, "y").at(0, y0, shoulder))
        if y == hand:
            path = smooth(
                [
                    (0, y0 + y * 0.03, shoulder),
                    (0.1, y0 + y * 0.13, shoulder + 0.05),
                    (0.2, y0 + y * 0.13, shoulder + 0.3),
                ],
                12,
            )
        else:
            path = smooth(
                [
                    (0, y0 + y * 0.03, shoulder),
                    (0.02, y0 + y * 0.09, shoulder - 0.2),
                    (0.14, y0 + y * 0.05, shoulder - 0.4),
                ],
                12,
            )
        ridges = 0.05 + 0.012 * (np.arange(12) % 2)
        model.add(dark, tube(path, ridges, 12))
        end = path[-1]
        model.add(material, ellipsoid(0.075, 0.075, 0.075, 14).at(*end))
        for claw in (0.05, -0.05):
            up = 1 if y == hand else -1
            model.add(material, box(0.05, 0.03, 0.13, 0.01).at(end[0] + claw, end[1], end[2] + up * 0.1))
        model.add(dark, rod((0, y * 0.25 * wide, leg + 0.1), (0, y * 0.25 * wide, 0.1), 0.06))
        model.add(
            odd if y == -hand else skin,
            box(0.32, 0.36 * wide, 0.13, 0.04, 2).at(0.05, y * 0.26 * wide, 0.065),
            cylinder(0.085, 0.06, 0.01, 16).at(0, y * 0.25 * wide, 0.5 * leg),
        )
    model.add(skin, box(0.8 * deep, 0.8 * wide, 0.1, 0.03).at(z=leg + 0.04))
    model.add(odd, box(0.6 * deep, 0.02, 0.4 * tall, 0.01).at(0, hand * wide / 2, z - 0.2 * tall))


def rocking_horse(random: Random) -> Model:
    """A horse on rockers: its mane falls to one side, and the two flanks are painted differently."""
    model, colors, hand = Model(), palette(random), side(random)
    timber = any_wood(random)
    coat = palette(random).main if chance(random, 0.5) else pick(random, (CREAM, (0.5, 0.32, 0.2), (0.75, 0.6, 0.45)))
    hide = Picture(128, 128, coat)
    hide.patches(random, 0.25, shade(coat, 0.55))
    near = (0.1, 0.46) if hand > 0 else (0.54, 0.9)
    hide.rectangle(0.32, near[0], 0.7, near[1], colors.second)
    far = 0.72 if hand > 0 else 0.28
    hide.star(0.32, far, 0.12, colors.accent, aspect=1.0)
    skin = plastic(coat, 0.5)
    r, long, z = random.uniform(0.2, 0.25), random.uniform(0.85, 1.05), random.uniform(0.66, 0.78)
    s = np.array([0, 0.05, 0.22, 0.5, 0.78, 0.95, 1])
    girth = r * np.array([0, 0.6, 1, 0.92, 1, 0.65, 0])
    model.add(printed(hide, 0.5), hull((s - 0.5) * long, 0.92 * girth, z - girth, z + girth, 2.1, 24))
    _rockers(random, model, colors, hand, timber, skin, r, long, z)
    _horse_head(random, model, colors, hand, (long, r, z), skin)
    model.add(
        leather(shade(colors.main, 0.7)),
        hull(
            [-0.16, -0.1, 0.08, 0.16],
            [0.6 * r, 1.02 * r, 0.98 * r, 0.5 * r],
            [z, z - 0.3 * r, z - 0.3 * r, z],
            [z + 1.3 * r, z + 1.12 * r, z + 1.06 * r, z + 1.2 * r],
            2.4,
            20,
        ),
    )
    for y in (1, -1):
        strap = paint(colors.accent) if y != hand else leather(DARK)
        model.add(
            strap,
            rod((0.02, y * 1.0 * r, z), (0.05, y * 1.12 * r, z - 1.2 * r), 0.018, sides=6),
            torus(0.05, 0.016, 14, "x", 6).at(0.05, y * 1.12 * r, z - 1.2 * r - 0.05),
        )
    tail = smooth(
        [
            (-0.48 * long, 0, z + 0.4 * r),
            (-0.62 * long, hand * 0.06, z + 0.3 * r),
            (-0.66 * long, hand * 0.12, z - 0.35),
        ],
        10,
    )
    model.add(
        plastic(colors.second, 0.9), tube(tail, [0.03, 0.05, 0.07, 0.08, 0.085, 0.08, 0.07, 0.055, 0.04, 0.02], 10)
    )
    return model


def _rockers(
    random: Random,
    model: Model,
    colors: Palette,
    hand: int,
    timber: Material,
    skin: Material,
    r: float,
    long: float,
    z: float,
) -> None:
    """Two rockers of different colour, the legs that stand on them, and boards between."""
    wide = random.uniform(0.24, 0.3)
    radius = random.uniform(1.1, 1.5)
    reach = 0.62 * long + 0.1
    angle = exact.degrees(exact.asin(min(reach / radius, 0.95)))
    for y in (1, -1):
        curve = arc((0, radius), radius, -90 - angle, -90 + angle, 18)
        path = np.column_stack([curve[:, 0], np.full(18, y * wide), curve[:, 1] + 0.045])
        rocker = paint(colors.accent) if y == hand else paint(colors.main)
        model.add(rocker, sweep(rounded_rectangle(0.06, 0.09, 0.015, 1), path, up=(0, 0, 1)))
        for x in (0.42, -0.42):
            foot_x = x * long + np.sign(x) * 0.1
            ground = radius - np.sqrt(radius * radius - foot_x * foot_x) + 0.06
            model.add(
                skin,
                tube(
                    [(0.8 * x * long, y * 0.5 * r, z), (x * long, y * 0.7 * wide, 0.5 * z), (foot_x, y * wide, ground)],
                    [0.09, 0.06, 0.05],
                    10,
                ),
            )
            model.add(plastic(DARK), cylinder(0.065, 0.07, 0.01, 12).at(foot_x, y * wide, ground))
    for x in (0.3, -0.3):
        level = radius - np.sqrt(radius * radius - np.square(x * long)) + 0.05
        model.add(timber, beam((x * long, -wide - 0.03, level), (x * long, wide + 0.03, level), 0.09, 0.03))


def _horse_head(
    random: Random, model: Model, colors: Palette, hand: int, size: tuple[float, ...], skin: Material
) -> None:
    long, r, z = size
    base = (0.36 * long, 0, z + 0.3 * r)
    poll = (0.5 * long + 0.12, 0, z + random.uniform(0.5, 0.62))
    model.add(skin, tube(smooth([base, (0.5 * long, 0, z + 0.3), poll], 8), np.linspace(0.85 * r, 0.5 * r, 8), 14))
    muzzle = (poll[0] + 0.27, 0, poll[2] - 0.17)
    model.add(
        skin,
        tube(
            smooth([(poll[0] - 0.02, 0, poll[2] + 0.02), (poll[0] + 0.12, 0, poll[2] - 0.07), muzzle], 6),
            [0.13, 0.13, 0.115, 0.1, 0.088, 0.082],
            14,
        ),
    )
    mane = plastic(colors.second, 0.9)
    for i in range(6):
        t = i / 5
        lock = ellipsoid(0.075, 0.045, 0.15, 10).turn("x", hand * 28)
        model.add(
            mane,
            lock.at(
                base[0] - 0.1 + t * (poll[0] - base[0]), hand * 0.095, base[2] + 0.22 + t * (poll[2] - base[2] - 0.2)
            ),
        )
    model.add(mane, ellipsoid(0.09, 0.05, 0.05, 10).turn("y", 40).at(poll[0] + 0.1, hand * 0.03, poll[2] + 0.09))
    for y in (1, -1):
        model.add(
            skin, cone(0.045, 0.008, 0.13, sides=10).turn("x", -y * 14).at(poll[0] - 0.02, y * 0.07, poll[2] + 0.17)
        )
    add_eyes(model, (poll[0] + 0.1, 0.095, poll[2] + 0.0), 0.036)
    bridle = leather(colors.accent)
    model.add(bridle, torus(0.1, 0.016, 18, "x", 6).turn("y", 32).at(muzzle[0] - 0.07, 0, muzzle[2] + 0.045))
    model.add(
        metal((0.8, 0.68, 0.3)), torus(0.035, 0.012, 12, "y", 6).at(muzzle[0] - 0.08, hand * 0.1, muzzle[2] + 0.03)
    )
    model.add(
        bridle,
        tube(
            smooth(
                [
                    (muzzle[0] - 0.08, hand * 0.11, muzzle[2] + 0.03),
                    (0.5 * long, hand * 0.2, z + 0.3),
                    (0.2 * long, hand * 0.04, z + 1.1 * r),
                ],
                10,
            ),
            0.014,
            6,
        ),
    )
    handle = any_wood(random)
    model.add(handle, rod((poll[0] - 0.06, -0.24, poll[2] - 0.1), (poll[0] - 0.06, 0.24, poll[2] - 0.1), 0.028))
    model.add(plastic(colors.accent), ellipsoid(0.05, 0.05, 0.05, 10).at(poll[0] - 0.06, hand * 0.25, poll[2] - 0.1))
