"""Buildings and what stands in front of them. The front is where the door is, or the mailbox's flap."""

from __future__ import annotations

import numpy as np

from viewpoint100k.assets.procedural.chance import Random, chance, pick, side
from viewpoint100k.assets.procedural.colors import CREAM, DARK, GLASS, WHITE, Color, Palette, brightness, palette, shade
from viewpoint100k.assets.procedural.curves import arc
from viewpoint100k.assets.procedural.finishes import any_wood, brick, chrome, metal, paint, plastic, printed
from viewpoint100k.assets.procedural.fittings import label, plate
from viewpoint100k.assets.procedural.lettering import any_label, any_number
from viewpoint100k.assets.procedural.model import Model
from viewpoint100k.assets.procedural.pictures import Picture, emblazoned
from viewpoint100k.assets.procedural.shapes import box
from viewpoint100k.assets.procedural.solids import beam, cylinder, ellipsoid, prism, revolve, rod
from viewpoint100k.geometry import exact
from viewpoint100k.geometry.mesh import Material

__all__ = ["house", "mailbox", "windmill"]

_ROOFS: tuple[Color, ...] = (
    (0.6, 0.25, 0.18),
    (0.35, 0.36, 0.4),
    (0.45, 0.3, 0.22),
    (0.25, 0.38, 0.36),
    (0.62, 0.45, 0.3),
)


def house(random: Random) -> Model:
    """A house with a gabled roof; its chimney, wing or garage, and door stand to one side."""
    model, colors, hand = Model(), palette(random), side(random)
    deep, wide = random.uniform(1.5, 2.1), random.uniform(1.8, 2.6)
    floors = int(random.integers(1, 3))
    wall, rise = 0.95 * floors + 0.1, random.uniform(0.6, 1.0)
    walls = brick(random, shade(colors.main, 0.85)) if chance(random, 0.5) else paint(shade(colors.main, 1.3))
    roof = _tiles(random)
    over = 0.14
    ridge_across = chance(random, 0.5)
    span, run = (wide, deep) if ridge_across else (deep, wide)
    body = [(-span / 2, 0), (span / 2, 0), (span / 2, wall), (0, wall + rise), (-span / 2, wall)]
    turn = 0 if ridge_across else 90
    model.add(walls, prism(body, run, plane="yz").turn("z", turn).tiled(0.9))
    slope = exact.hypot(span / 2, rise)
    angle = exact.degrees(exact.atan2(rise, span / 2))
    for y in (1, -1):
        sheet = (
            box(run + 2 * over, slope + over, 0.07).tiled(0.7, "y").at(0, -(slope + over) / 2, 0.035).turn("x", angle)
        )
        sheet = sheet.at(0, 0, wall + rise)
        model.add(roof, (sheet if y < 0 else sheet.mirror("y")).turn("z", turn))
    model.add(plastic(CREAM), box(deep + 0.12, wide + 0.12, 0.1).at(z=0.05))
    _openings(random, model, colors, hand, (deep, wide, floors))
    brickwork = brick(random, (0.6, 0.32, 0.25))
    model.add(
        brickwork, box(0.26, 0.26, rise + 0.5).tiled(0.9).at(-0.2 * deep, hand * 0.28 * wide, wall + 0.5 * rise + 0.3)
    )
    model.add(plastic(DARK), cylinder(0.08, 0.18, sides=12).at(-0.2 * deep, hand * 0.28 * wide, wall + rise + 0.6))
    _annex(random, model, colors, -hand, (deep, wide, roof, walls))
    shrub = plastic((0.2, 0.42, 0.18), 0.95)
    for i in range(int(random.integers(1, 4))):
        size = random.uniform(0.14, 0.24)
        model.add(
            shrub,
            ellipsoid(size, size, 1.1 * size, 12).at(
                deep / 2 + size * 0.8, hand * (wide / 2 - 0.2 - 0.3 * i), 0.8 * size
            ),
        )
    model.add(
        printed(emblazoned(random, colors)),
        box(0.9, 0.05, 0.6).at(-0.05 * deep, hand * wide / 2, 0.62),
        plate(0.7, 0.6, 0.05).at(-deep / 2, hand * 0.25 * wide, 0.6),
    )
    return model


def _tiles(random: Random) -> Material:
    color = pick(random, _ROOFS)
    picture = Picture(64, 64, color)
    picture.stripes(0, 4, 0.16, shade(color, 0.6))
    for row in range(4):
        for column in range(4):
            x = (column + 0.5 * (row % 2)) / 4
            picture.rectangle(x, row / 4, x + 0.03, (row + 1) / 4, shade(color, 0.7))
    picture.speckle(random, 0.25)
    return printed(picture, 0.85)


def _openings(random: Random, model: Model, colors: Palette, hand: int, size: tuple[float, ...]) -> None:
    """Door, windows and shutters: the front has its door to one side, the back a terrace door to the other."""
    deep, wide, floors = size
    pane, frame, door = plastic(GLASS, 0.12), plastic(WHITE), paint(colors.accent)
    shutter = paint(colors.second)
    front = deep / 2
    y_door = -hand * wide * random.uniform(0.15, 0.3)
    model.add(frame, box(0.06, 0.5, 0.9).at(front, y_door, 0.5))
    model.add(door, box(0.1, 0.4, 0.82, 0.01).at(front, y_door, 0.48))
    model.add(metal((0.85, 0.7, 0.3)), ellipsoid(0.03, 0.03, 0.03, 8).at(front + 0.07, y_door + 0.13, 0.48))
    model.add(plastic((0.6, 0.6, 0.58), 0.9), box(0.4, 0.62, 0.12).at(front + 0.16, y_door, 0.06))
    model.add(shutter, box(0.4, 0.72, 0.05, 0.015).turn("y", 12).at(front + 0.18, y_door, 1.02))
    for floor in range(int(floors)):
        z = 0.6 + 0.95 * floor
        for x, y, w in (
            (front, hand * 0.24 * wide, 0.5),
            (front, y_door, 0.4 if floor else 0),
            (-front, -hand * 0.22 * wide, 0.6),
        ):
            if w:
                model.add(frame, box(0.06, w + 0.08, 0.56).at(x, y, z))
                model.add(pane, box(0.08, w, 0.48).at(x, y, z))
                model.add(frame, box(0.1, 0.03, 0.48).at(x, y, z), box(0.1, w, 0.03).at(x, y, z))
                if x > 0:
                    model.add(shutter, box(0.07, 0.16, 0.56).at(x, y + w / 2 + 0.12, z))
                    if floor or w < 0.5:
                        model.add(shutter, box(0.07, 0.16, 0.56).at(x, y - w / 2 - 0.12, z))
    for y, x in ((wide / 2, 0.26 * deep), (-wide / 2, -0.24 * deep)):
        for floor in range(int(floors)):
            z = 0.62 + 0.95 * floor
            if floor or y * hand < 0:
                model.add(frame, box(0.44, 0.06, 0.54).at(x, y, z))
                model.add(pane, box(0.36, 0.08, 0.46).at(x, y, z))
    number = Picture(48, 32, DARK)
    number.text(any_number(random), 0.5, 0.5, 0.7, WHITE)
    model.add(printed(number), plate(0.18, 0.12, 0.06).at(front, y_door + 0.36, 0.75))


def _annex(
    random: Random, model: Model, colors: Palette, hand: int, size: tuple[float, float, Material, Material]
) -> None:
    """A garage, a lean-to or a balcony on one flank."""
    deep, wide, roof, walls = size
    kind = int(random.integers(3))
    y = hand * wide / 2
    if kind == 0:
        w = 0.9
        model.add(walls, box(0.8 * deep, w, 0.9).tiled(0.9).at(0, y + hand * (w / 2 - 0.02), 0.45))
        model.add(roof, box(0.8 * deep + 0.14, w + 0.12, 0.07).at(0, y + hand * (w / 2 - 0.02), 0.93))
        gate = Picture(64, 64, colors.second)
        gate.stripes(0, 5, 0.12, shade(colors.second, 0.55))
        model.add(printed(gate), box(0.06, 0.7, 0.68).at(0.4 * deep, y + hand * w / 2, 0.36))
    elif kind == 1:
        timber = any_wood(random)
        model.add(roof, box(0.8 * deep, 0.9, 0.06).turn("x", -hand * 14).at(0.05 * deep, y + hand * 0.4, 0.98))
        for x in (0.4 * deep, -0.3 * deep):
            model.add(timber, beam((x, y + hand * 0.76, 0), (x, y + hand * 0.76, 0.9), 0.07, 0.07))
        model.add(timber, box(0.7 * deep, 0.3, 0.3).tiled(0.4).at(0, y + hand * 0.16, 0.15))
    else:
        steel = metal(DARK)
        model.add(paint(colors.accent), box(0.44, 0.07, 0.86).at(0.2 * deep, y, 0.5))
        model.add(
            steel,
            cylinder(0.24, 0.75, 0.02, 18).at(-0.25 * deep, y + hand * 0.22, 0.45),
            rod((-0.25 * deep, y + hand * 0.06, 0.7), (-0.25 * deep, y + hand * 0.06, 1.0), 0.03),
        )
        model.add(plastic((0.6, 0.6, 0.58), 0.9), box(0.8 * deep, 0.6, 0.08).at(0, y + hand * 0.28, 0.04))


def windmill(random: Random) -> Model:
    """A tower mill, its sails turned a little out of true, a door in front and a hoist on one flank."""
    model, colors, hand = Model(), palette(random), side(random)
    r, tall = random.uniform(0.6, 0.75), random.uniform(1.9, 2.4)
    top = r * random.uniform(0.55, 0.75)
    picture = Picture(256, 192, shade(colors.main, 1.2))
    band = random.uniform(0.1, 0.3)
    picture.rectangle(0, 0.78, 1, 1, colors.second)
    picture.rectangle(band, 0.0, band + 0.14, 0.78, colors.accent)
    for u, v in ((0.56, 0.25), (0.43, 0.5), (0.78, 0.4), (0.3, 0.6), (0.05, 0.3)):
        picture.rectangle(u - 0.03, v - 0.06, u + 0.03, v + 0.06, WHITE)
        picture.rectangle(u - 0.022, v - 0.05, u + 0.022, v + 0.05, GLASS)
    picture.rectangle(0.47, 0.7, 0.57, 1, DARK)
    picture.rectangle(0.48, 0.715, 0.56, 1, colors.accent)
    picture.text(any_label(random), 0.88, 0.7, 0.11, DARK)
    model.add(printed(picture, 0.8), revolve([(r, 0), (top, tall)], 32))
    model.add(plastic(DARK), revolve([(0, 0), (r + 0.02, 0), (r + 0.02, 0.06), (r - 0.02, 0.08)], 28))
    cap = any_wood(random) if chance(random, 0.5) else paint(colors.second)
    model.add(
        cap,
        revolve(
            [
                (0, tall - 0.05),
                (top + 0.08, tall - 0.05),
                (top + 0.08, tall + 0.04),
                (0.85 * top, tall + 0.3),
                (0.4 * top, tall + 0.48),
                (0, tall + 0.52),
            ],
            28,
        ),
    )
    deck = random.uniform(0.3, 0.42) * tall
    reach = r + 0.22
    model.add(
        any_wood(random), revolve([(0.5 * r, deck), (reach, deck), (reach, deck + 0.05), (0.5 * r, deck + 0.05)], 28)
    )
    _sails(random, model, colors, hand, r, tall, top)
    annex = box(0.7, 0.8, 0.55).at(-0.1, -hand * (r + 0.05), 0.275)
    model.add(paint(colors.main), annex)
    model.add(paint(colors.second), box(0.84, 0.9, 0.06).turn("x", hand * 12).at(-0.1, -hand * (r + 0.08), 0.6))
    return model


def _sails(random: Random, model: Model, colors: Palette, hand: int, r: float, tall: float, top: float) -> None:
    """Sails, the tail pole, and a hoist on one flank."""
    hub = (top + 0.34, 0, tall + 0.12)
    timber = any_wood(random)
    model.add(timber, rod((0, 0, tall + 0.1), hub, 0.07), cylinder(0.12, 0.16, 0.02, 14, "x").at(*hub))
    sails, turn, length = int(pick(random, (4, 4, 3))), random.uniform(12, 35), random.uniform(1.1, 1.4)
    cloth, odd = plastic(WHITE, 0.9), plastic(colors.accent, 0.9)
    for i in range(sails):
        angle = turn + 360 * i / sails
        model.add(timber, box(0.05, 0.06, length).at(z=length / 2).turn("x", angle).at(*hub))
        for step in range(5):
            model.add(
                timber, box(0.03, 0.34, 0.03).at(y=0.15, z=length * (0.24 + 0.185 * step)).turn("x", angle).at(*hub)
            )
        sheet = box(0.02, 0.3, 0.76 * length).at(y=0.17, z=0.6 * length).turn("x", angle)
        model.add(odd if i == 0 else cloth, sheet.at(*hub))
    model.add(
        timber,
        beam((-0.1, 0, tall + 0.2), (-r - 0.5, 0, 0.5 * tall), 0.06, 0.06),
        beam((-0.2 * r, hand * (top - 0.1), 0.75 * tall), (-0.2 * r, hand * (r + 0.4), 0.75 * tall), 0.07, 0.07),
    )
    model.add(
        plastic(DARK),
        rod((-0.2 * r, hand * (r + 0.36), 0.75 * tall), (-0.2 * r, hand * (r + 0.36), 0.3 * tall), 0.012, sides=5),
    )
    model.add(
        printed(emblazoned(random, colors)), box(0.26, 0.26, 0.26, 0.02).at(-0.2 * r, hand * (r + 0.36), 0.3 * tall)
    )


def mailbox(random: Random) -> Model:
    """A letter box on a post: the flap is its front, the flag is on one side and the number on the other."""
    model, colors, hand = Model(), palette(random), side(random)
    deep, wide, tall, post = (
        random.uniform(0.8, 1.0),
        random.uniform(0.42, 0.55),
        random.uniform(0.26, 0.36),
        random.uniform(0.7, 1.1),
    )
    skin = paint(colors.main) if chance(random, 0.6) else metal(colors.main)
    section = np.concatenate([[(-wide / 2, 0), (wide / 2, 0)], arc((0, tall), wide / 2, 0, 180, 14)])
    model.add(skin, prism(section, deep, 0.012, plane="yz", hub=(0, tall / 2)).at(z=post))
    lid = section * [1.04, 1.02]
    model.add(paint(colors.second), prism(lid, 0.05, 0.015, plane="yz", hub=(0, tall / 2)).at(deep / 2 + 0.01, 0, post))
    model.add(
        chrome(),
        box(0.07, 0.12, 0.05, 0.015).at(deep / 2 + 0.05, 0, post + tall + 0.36 * wide),
        box(0.03, 0.2, 0.02).at(deep / 2 + 0.035, 0, post + 0.03),
    )
    face = Picture(96, 64, colors.second)
    ink = DARK if brightness(colors.second) > 1.3 else WHITE
    face.text(any_number(random), 0.36, 0.5, 0.7, ink)
    face.rectangle(0.7, 0.1, 0.95, 0.9, colors.accent)
    model.add(printed(face), plate(0.66 * wide, 0.44 * wide, 0.02).at(deep / 2 + 0.03, 0, post + 0.6 * tall))
    flag_up = chance(random, 0.6)
    y = hand * (wide / 2 + 0.02)
    flag = paint(colors.accent)
    model.add(flag, cylinder(0.04, 0.05, 0.01, 14, "y").at(0.2 * deep, y, post + 0.6 * tall))
    arm = box(0.05, 0.025, 0.4).at(z=0.2)
    banner = box(0.2, 0.026, 0.15).at(0.09, 0, 0.36)
    for part in (arm, banner):
        model.add(flag, part.turn("y", 0 if flag_up else -80).at(0.2 * deep, y + hand * 0.01, post + 0.6 * tall))
    plaque = Picture(160, 64, colors.second)
    plaque.text(any_label(random), 0.5, 0.5, 0.42, ink)
    plaque.rectangle(0, 0, 1, 0.12, colors.accent)
    model.add(printed(plaque), box(0.7 * deep, 0.02, 0.62 * tall).at(-0.05 * deep, -hand * wide / 2, post + 0.5 * tall))
    timber = any_wood(random) if chance(random, 0.6) else metal(DARK)
    model.add(
        timber,
        beam((0, 0, 0), (0, 0, post + 0.02), 0.14, 0.14, bevel=0.015).tiled(0.4, "z"),
        box(0.7 * deep, 0.8 * wide, 0.05).tiled(0.4).at(z=post - 0.02),
    )
    model.add(timber, beam((0.04, 0, 0.55 * post), (0.32 * deep, 0, post - 0.03), 0.07, 0.07))
    if chance(random, 0.6):
        tube_box = prism(np.array([(-0.15, 0), (0.15, 0), (0.15, 0.16), (-0.15, 0.16)]), 0.7 * deep, plane="yz")
        model.add(paint(colors.accent), tube_box.at(0.05, hand * 0.16, post - 0.26))
    model.add(
        label(random, colors), plate(0.5 * wide, 0.36 * wide, 0.02).at(-deep / 2, hand * 0.14 * wide, post + 0.7 * tall)
    )
    model.add(plastic((0.35, 0.3, 0.22), 0.95), revolve([(0, 0), (0.3, 0), (0.22, 0.06), (0, 0.09)], 16))
    model.add(
        plastic((0.22, 0.45, 0.2), 0.95),
        *(
            ellipsoid(s, s, 1.4 * s, 10).at(0.12 + 0.05 * i, hand * (0.16 + 0.04 * i), s)
            for i, s in enumerate((0.1, 0.07))
        ),
    )
    bloom = plastic(colors.accent)
    model.add(bloom, ellipsoid(0.05, 0.05, 0.05, 10).at(0.16, hand * 0.18, 0.26))
    return model
