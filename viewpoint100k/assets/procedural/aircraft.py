"""Aeroplanes and helicopters: they face the way they fly."""

from __future__ import annotations

import numpy as np

from viewpoint100k.assets.procedural.chance import Random, chance, pick, side
from viewpoint100k.assets.procedural.colors import DARK, GLASS, WHITE, Color, Palette, palette
from viewpoint100k.assets.procedural.curves import smooth
from viewpoint100k.assets.procedural.finishes import chrome, glow, metal, paint, plastic, printed, rubber
from viewpoint100k.assets.procedural.fittings import tyre
from viewpoint100k.assets.procedural.lettering import any_label, any_number
from viewpoint100k.assets.procedural.model import Model
from viewpoint100k.assets.procedural.pictures import Picture, decorate
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
    tube,
)
from viewpoint100k.geometry.mesh import Material

__all__ = ["aeroplane", "helicopter"]

_INK: Color = (0.08, 0.09, 0.12)


def aeroplane(random: Random) -> Model:
    """An airliner or a propeller plane: one wing, one flank and the fin's two sides are painted unlike the others."""
    model, colors, hand = Model(), palette(random), side(random)
    airliner = chance(random, 0.5)
    length, r = random.uniform(3.6, 4.6), random.uniform(0.26, 0.32) * (1.0 if airliner else 1.25)
    nose = length / 2
    s = np.array([0, 0.05, 0.25, 0.4, 0.7, 0.88, 0.96, 0.99, 1.0])
    wide = r * np.array([0.12, 0.3, 0.8, 1, 1, 0.9, 0.6, 0.3, 0])
    low = r * np.array([0.55, 0.25, -0.6, -1, -1, -0.95, -0.75, -0.45, -0.2])
    high = r * np.array([0.8, 0.9, 0.98, 1, 1, 0.85, 0.35, 0.05, -0.2])
    skin = printed(_fuselage(random, colors, hand, airliner), 0.3, 0.1)
    model.add(skin, hull((s - 0.5) * length, wide, low, high, 2.0, 28))
    span, root, tip = length * random.uniform(0.46, 0.56), random.uniform(0.75, 0.95), random.uniform(0.3, 0.5)
    back_sweep, rise = (random.uniform(0.7, 1.1), 0.2) if airliner else (random.uniform(0, 0.15), 0.12)
    if not airliner:
        root, tip = root * 0.95, root * 0.8
    high_wing = not airliner and chance(random, 0.5)
    z = 0.85 * r if high_wing else -0.6 * r
    for y in (1, -1):
        odd = y == hand
        wing = _wing(root, tip, span, back_sweep, rise).at(0.12 * length, 0, z)
        model.add(_wing_paint(colors, odd), wing if y > 0 else wing.mirror("y"))
        if not airliner and high_wing:
            model.add(
                metal(DARK),
                rod((0.05 * length, y * 0.9 * r, -0.5 * r), (0.02 * length, y * 0.5 * span, z + 0.04), 0.025, sides=8),
            )
        lamp = (0.9, 0.1, 0.1) if y > 0 else (0.1, 0.75, 0.3)
        model.add(
            glow(lamp), ellipsoid(0.05, 0.05, 0.03, 10).at(0.12 * length - back_sweep - tip * 0.3, y * span, z + rise)
        )
        tail = _wing(0.5, 0.3, 0.22 * length, 0.35 if airliner else 0.1, 0.06).at(-0.4 * length, 0, 0.6 * r)
        model.add(plastic(colors.second if odd else colors.main), tail if y > 0 else tail.mirror("y"))
    fin_h = random.uniform(0.6, 0.8)
    fin = [
        (-0.5 * length, 0.5 * r),
        (-0.33 * length, 0.6 * r),
        (-0.43 * length, fin_h + r),
        (-0.52 * length, fin_h + r),
    ]
    picture = Picture(96, 96, colors.accent)
    picture.rectangle(0, 0.55, 1, 1, colors.second)
    picture.star(0.5, 0.4, 0.22, WHITE)
    model.add(printed(picture), prism(fin, 0.07, 0.015, "xz", hub=(-0.45 * length, 0.5 * fin_h)))
    model.add(plastic(colors.main), box(0.22, 0.09, 0.2).at(-0.46 * length, hand * 0.01, r + 0.45 * fin_h))
    if airliner:
        _jets(random, model, colors, hand, (length, r, span, back_sweep, z))
    else:
        _propeller(random, model, colors, hand, nose, r)
    _landing_gear(model, length, r, z, airliner)
    return model


def _fuselage(random: Random, colors: Palette, hand: int, airliner: bool) -> Picture:
    picture = Picture(256, 192, colors.main)
    picture.rectangle(0, 0, 1, 0.14, colors.second)
    picture.rectangle(0, 0.86, 1, 1, colors.second)
    for v, odd in ((0.27, hand > 0), (0.73, hand < 0)):
        if odd:
            picture.rectangle(0.28, v - 0.1, 0.55, v + 0.1, colors.accent)
        else:
            picture.rectangle(0.05, v - 0.025, 1, v + 0.025, colors.accent)
        up = 1 if v < 0.5 else -1
        flip = "xy" if v < 0.5 else ""
        picture.text(any_label(random) if odd else any_number(random), 0.64, v - up * 0.08, 0.075, _INK, flip, 1.3)
        row = v + up * 0.055
        if airliner:
            for i in range(14):
                picture.rectangle(0.22 + 0.044 * i, row - 0.02, 0.243 + 0.044 * i, row + 0.02, GLASS)
        picture.rectangle(0.85 if odd else 0.2, v - 0.06, 0.885 if odd else 0.235, v + 0.07, DARK)
    if airliner:
        picture.rectangle(0.94, 0.36, 0.965, 0.64, GLASS)
    else:
        picture.rectangle(0.52, 0.31, 0.72, 0.69, GLASS)
        picture.rectangle(0.62, 0.31, 0.63, 0.69, colors.main)
    if chance(random, 0.3):
        tail = Picture(64, 192, colors.main)
        decorate(random, tail, colors, 0.6)
        picture.pixels[:, :56] = tail.pixels[:, :56]
    return picture


def _wing(root: float, tip: float, span: float, back_sweep: float, rise: float) -> Shape:
    """A left wing, thicker at the root; its leading root corner lies at x = root / 2."""
    steps = np.array([0.0, 0.5, 0.97, 1.0])
    chord = root + (tip - root) * steps
    chord[-1] *= 0.8
    profile = np.array(
        [
            [0.5, 0.0],
            [0.42, 0.05],
            [0.2, 0.085],
            [-0.1, 0.07],
            [-0.5, 0.005],
            [-0.1, -0.02],
            [0.2, -0.04],
            [0.42, -0.035],
        ]
    )
    path = np.stack([-back_sweep * steps + (root - chord) * 0.3, span * steps, rise * steps], axis=1)
    thick = chord * np.array([1, 0.9, 0.6, 0.25])
    return sweep(profile[::-1, ::-1], path, np.stack([thick, chord], axis=1), up=(1, 0, 0), crease_deg=100)


def _wing_paint(colors: Palette, odd: bool) -> Material:
    return paint(colors.accent) if odd else paint(colors.main)


def _jets(random: Random, model: Model, colors: Palette, hand: int, size: tuple[float, ...]) -> None:
    length, _, span, back_sweep, z = size
    pod, dark = paint(colors.second), metal(DARK)
    engine = revolve(
        [(0, -0.3), (0.09, -0.32), (0.16, -0.1), (0.17, 0.2), (0.14, 0.3), (0.13, 0.24), (0, 0.2)], 22
    ).turn("y", 90)
    for y in (1, -1):
        share = 0.36
        x = 0.12 * length - back_sweep * share + 0.45
        at = (x, y * span * share, z - 0.16)
        model.add(paint(colors.accent) if y == -hand else pod, engine.at(*at))
        model.add(
            dark,
            cone(0.02, 0.08, 0.14, sides=14, axis="x").turn("z", 180).at(x + 0.22, at[1], at[2]),
            cylinder(0.13, 0.02, sides=18, axis="x").at(x + 0.21, at[1], at[2]),
        )
        model.add(pod, box(0.4, 0.05, 0.2, 0.01).at(x - 0.2, at[1], z - 0.02))


def _propeller(random: Random, model: Model, colors: Palette, hand: int, nose: float, r: float) -> None:
    dark, odd = plastic(DARK), paint(colors.accent)
    blades, turn = int(random.integers(2, 5)), random.uniform(5, 80)
    model.add(metal(DARK), cylinder(0.5 * r, 0.14, 0.03, 20, "x").at(nose - 0.12, 0, -0.2 * r))
    model.add(
        odd,
        revolve([(0.32 * r, -0.1), (0.28 * r, 0.0), (0.15 * r, 0.12), (0, 0.16)], 18)
        .turn("y", 90)
        .at(nose, 0, -0.2 * r),
    )
    for i in range(blades):
        blade = box(0.03, 0.09, 1.9 * r, 0.012).turn("z", 25).at(z=0.95 * r).turn("x", turn + 360 * i / blades)
        model.add(odd if i == 0 else dark, blade.at(nose + 0.02, 0, -0.2 * r))
    model.add(
        chrome(), rod((nose - 0.5, hand * 0.75 * r, -0.5 * r), (nose - 0.8, hand * 0.95 * r, -0.6 * r), 0.04, sides=8)
    )


def _landing_gear(model: Model, length: float, r: float, z: float, airliner: bool) -> None:
    black, leg = rubber(), metal(DARK)
    size = 0.13 if airliner else 0.17
    ground = -r - 0.34
    for x, y in ((0.02 * length, 0.5), (0.02 * length, -0.5), (0.36 * length, 0.0)):
        model.add(black, tyre(size, 0.1, 0.3, 20).at(x, y, ground + size))
        model.add(leg, cylinder(0.4 * size, 0.09, sides=12, axis="y").at(x, y, ground + size))
        model.add(leg, rod((x, y, ground + size), (x, 0.7 * y, -0.55 * r), 0.03, sides=8))


def helicopter(random: Random) -> Model:
    """A helicopter: its tail rotor, winch and one door are on one side only."""
    model, colors, hand = Model(), palette(random), side(random)
    length, r = random.uniform(1.5, 2.0), random.uniform(0.5, 0.62)
    s = np.array([0, 0.06, 0.25, 0.55, 0.8, 0.94, 1.0])
    wide = r * np.array([0.25, 0.5, 0.9, 1.0, 0.9, 0.5, 0.0])
    low = r * np.array([-0.1, -0.4, -0.85, -0.95, -0.9, -0.65, -0.35])
    high = r * np.array([0.6, 0.8, 1.0, 1.0, 0.75, 0.2, -0.35])
    picture = Picture(192, 192, colors.main)
    if chance(random, 0.4):
        decorate(random, picture, colors, 0.8)
    picture.rectangle(0.62, 0.24, 1.0, 0.76, GLASS)
    picture.rectangle(0.62, 0.49, 1.0, 0.51, colors.main)
    for v, odd in ((0.27, hand > 0), (0.73, hand < 0)):
        up = 1 if v < 0.5 else -1
        picture.rectangle(
            0.34,
            min(v - up * 0.12, v + up * 0.1),
            0.58,
            max(v - up * 0.12, v + up * 0.1),
            colors.accent if odd else colors.second,
        )
        picture.rectangle(0.38, v + up * 0.02 - 0.035, 0.54, v + up * 0.02 + 0.035, GLASS)
        picture.text(any_number(random), 0.47, v - up * 0.075, 0.055, WHITE, "xy" if v < 0.5 else "", 1.2)
    model.add(printed(picture, 0.3, 0.1), hull((s - 0.45) * length, wide, low, high, 2.3, 32))
    skin, vivid, dark, steel = paint(colors.main), paint(colors.accent), plastic(DARK), metal(DARK)
    boom, tail_x = random.uniform(1.5, 2.0), -0.4 * length
    end = tail_x - boom
    model.add(skin, tube([(tail_x + 0.3, 0, 0.3 * r), (end, 0, 0.48 * r)], [0.42 * r, 0.13 * r], 16))
    model.add(vivid, cylinder(0.3 * r, 0.22, 0.02, 20, "x").at(tail_x - 0.5 * boom, 0, 0.39 * r).scale(1, 0.9, 1))
    fin = [(end - 0.12, 0.35 * r), (end + 0.26, 0.4 * r), (end - 0.06, 0.4 * r + 0.55), (end - 0.24, 0.4 * r + 0.55)]
    model.add(vivid, prism(fin, 0.05, 0.012, "xz"))
    model.add(paint(colors.second), box(0.24, 0.9, 0.03, 0.01).at(end + 0.35, 0, 0.47 * r))
    rotor = (end - 0.03, hand * 0.1, 0.55 * r + 0.15)
    model.add(dark, cylinder(0.05, 0.14, 0.01, 12, "y").at(rotor[0], hand * 0.06, rotor[2]))
    for i in range(int(random.integers(2, 5))):
        model.add(dark, box(0.06, 0.02, 0.3, 0.005).at(z=0.15).turn("y", 90 * i + 24).at(*rotor))
    _main_rotor(random, model, colors, r)
    _skids_and_loads(model, hand, length, r, vivid, steel)
    return model


def _skids_and_loads(model: Model, hand: int, length: float, r: float, odd: Material, steel: Material) -> None:
    """Skids; a winch on one side and a pod on the other."""
    foot = -r - 0.3
    for y in (0.62 * r + 0.1, -0.62 * r - 0.1):
        skid = smooth(
            [
                (0.55 * length, y, foot + 0.16),
                (0.46 * length, y, foot + 0.04),
                (0.3 * length, y, foot),
                (-0.4 * length, y, foot),
            ],
            14,
        )
        model.add(steel, tube(skid, 0.035, 8))
        for x in (0.24 * length, -0.2 * length):
            model.add(steel, rod((x, y, foot), (x, 0.4 * y, -0.8 * r), 0.028, sides=8))
    model.add(
        metal((0.8, 0.7, 0.2)),
        cylinder(0.09, 0.34, 0.02, 14, "x").at(0.12 * length, hand * (r + 0.05), 0.5 * r),
        beam((0.12 * length, hand * 0.6 * r, 0.55 * r), (0.12 * length, hand * (r + 0.08), 0.55 * r), 0.06, 0.06),
    )
    model.add(odd, box(0.55, 0.24, 0.26, 0.08, 2).at(0.02 * length, -hand * (r + 0.02), -0.55 * r))
    model.add(glow((0.97, 0.95, 0.85)), ellipsoid(0.09, 0.09, 0.09, 12).at(0.42 * length, hand * 0.16, -0.86 * r))


def _main_rotor(random: Random, model: Model, colors: Palette, r: float) -> None:
    dark, odd = plastic(DARK), paint(colors.accent)
    top = r * 1.0
    model.add(paint(colors.second), box(0.8, 0.62 * r, 0.3, 0.12, 3).at(-0.1, 0, top + 0.02))
    model.add(
        plastic(DARK), rod((0, 0, top), (0, 0, top + 0.36), 0.05), cylinder(0.14, 0.08, 0.02, 16).at(z=top + 0.36)
    )
    blades = int(pick(random, (2, 3, 3, 4, 5)))
    reach, turn = random.uniform(1.3, 1.7), random.uniform(10, 80)
    for i in range(blades):
        blade = box(reach, 0.15, 0.025, 0.008).at(x=reach / 2 + 0.05, z=top + 0.38).turn("z", turn + 360 * i / blades)
        tip = box(0.2, 0.155, 0.028, 0.008).at(x=reach - 0.05, z=top + 0.38).turn("z", turn + 360 * i / blades)
        model.add(odd if i == 0 else dark, blade)
        model.add(plastic(WHITE) if i == 0 else odd, tip)
