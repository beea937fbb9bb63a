"""Furniture that nobody sits on. Its front is the side one stands at: drawers, spines, the clock's face."""

from __future__ import annotations

import numpy as np

from viewpoint100k.assets.procedural.chance import Random, chance, pick, side
from viewpoint100k.assets.procedural.colors import BLACK, CREAM, DARK, WHITE, Palette, palette, shade, vivid
from viewpoint100k.assets.procedural.curves import rounded_rectangle, smooth
from viewpoint100k.assets.procedural.finishes import any_wood, chrome, glow, metal, paint, plastic, printed
from viewpoint100k.assets.procedural.fittings import label, plate
from viewpoint100k.assets.procedural.lettering import any_label
from viewpoint100k.assets.procedural.model import Model
from viewpoint100k.assets.procedural.pictures import Picture, emblazoned, wrapper
from viewpoint100k.assets.procedural.shapes import box
from viewpoint100k.assets.procedural.solids import beam, cylinder, ellipsoid, prism, revolve, rod, torus, tube
from viewpoint100k.geometry import exact
from viewpoint100k.geometry.mesh import Material

__all__ = ["bookcase", "clock", "desk", "lamp"]


def desk(random: Random) -> Model:
    """A writing desk: drawers under one end, legs under the other, and things on top. Its front is the user's side."""
    model, colors, hand = Model(), palette(random), side(random)
    wide, deep, tall = random.uniform(1.1, 1.5), random.uniform(0.55, 0.7), random.uniform(0.68, 0.78)
    timber = any_wood(random) if chance(random, 0.7) else paint(colors.main)
    other = paint(colors.second) if chance(random, 0.6) else timber
    odd, knob = paint(colors.accent), chrome()
    model.add(timber, box(deep, wide, 0.045, 0.01).tiled(0.6, "y").at(z=tall))
    chest = random.uniform(0.34, 0.44) * wide
    y = hand * (wide - chest) / 2
    low = 0.1 if chance(random, 0.5) else 0.02
    height = tall - 0.03 - low
    model.add(timber, box(deep - 0.06, chest - 0.02, height).tiled(0.6, "z").at(-0.01, y, low + height / 2))
    drawers = int(random.integers(2, 5))
    lucky = int(random.integers(drawers))
    for i in range(drawers):
        z = low + height * (i + 0.5) / drawers
        out = random.uniform(0.1, 0.25) if i == lucky else 0.0
        material = odd if i == lucky else other
        model.add(
            material, box(0.03 + out, chest - 0.06, height / drawers - 0.025, 0.006).at(deep / 2 - 0.03 + out / 2, y, z)
        )
        model.add(knob, rod((deep / 2 - 0.02 + out, y, z), (deep / 2 + 0.025 + out, y, z), 0.016, 0.022, 10))
    far = -hand * (wide / 2 - 0.04)
    if chance(random, 0.5):
        for x in (deep / 2 - 0.05, -deep / 2 + 0.05):
            model.add(timber, beam((x, far, 0), (x, far, tall), 0.05, 0.05, bevel=0.006).tiled(0.4, "z"))
        model.add(timber, beam((deep / 2 - 0.05, far, 0.15), (-deep / 2 + 0.05, far, 0.15), 0.03, 0.04))
    else:
        model.add(timber, box(deep - 0.08, 0.04, tall).tiled(0.6, "z").at(0, far, tall / 2))
    if low > 0.05:
        model.add(
            timber,
            *(
                box(0.05, 0.05, low + 0.02).at(x * (deep / 2 - 0.08), y + s * (chest / 2 - 0.05), low / 2)
                for x in (1, -1)
                for s in (1, -1)
            ),
        )
    model.add(other, box(0.02, wide - 0.08, 0.4).tiled(0.6, "y").at(-deep / 2 + 0.05, 0, tall - 0.21))
    model.add(
        printed(emblazoned(random, colors)),
        plate(0.3, 0.26, 0.02).at(-deep / 2 + 0.035, -hand * 0.22 * wide, tall - 0.2),
    )
    model.add(odd, box(0.35, 0.02, 0.3).at(0, y + hand * (chest / 2 - 0.01), low + 0.5 * height))
    model.add(label(random, colors), box(0.2, 0.05, 0.15).at(0.02, far, 0.6 * tall))
    _desk_top(random, model, colors, hand, (wide, deep, tall + 0.022))
    return model


def _desk_top(random: Random, model: Model, colors: Palette, hand: int, size: tuple[float, ...]) -> None:
    """Books, a lamp and a sheet of paper: not the same at both ends."""
    wide, deep, z = size
    level = z
    for _ in range(int(random.integers(2, 5))):
        thick = random.uniform(0.025, 0.05)
        book = box(random.uniform(0.16, 0.2), random.uniform(0.22, 0.28), thick, 0.004).turn(
            "z", random.uniform(-14, 14)
        )
        model.add(plastic(vivid(random), 0.7), book.at(-0.08, -hand * 0.33 * wide, level + thick / 2))
        level += thick
    sheet = Picture(64, 96, WHITE)
    for i in range(8):
        sheet.rectangle(0.12, 0.12 + 0.09 * i, random.uniform(0.5, 0.9), 0.15 + 0.09 * i, DARK)
    sheet.rectangle(0.6, 0.8, 0.9, 0.94, colors.accent)
    model.add(printed(sheet, 0.9), box(0.3, 0.2, 0.006).turn("z", 8).at(0.1, -hand * 0.04, z + 0.002))
    skin = paint(colors.accent)
    x, y = -deep / 2 + 0.14, hand * 0.34 * wide
    model.add(skin, cylinder(0.08, 0.03, 0.008, 18).at(x, y, z + 0.014))
    model.add(metal(DARK), tube([(x, y, z), (x - 0.06, y, z + 0.2), (x + 0.1, y - hand * 0.06, z + 0.36)], 0.012, 8))
    model.add(
        skin,
        revolve([(0.02, 0.045), (0.08, -0.05), (0.09, -0.05), (0.03, 0.06), (0, 0.06)], 20)
        .turn("y", -30)
        .at(x + 0.12, y - hand * 0.06, z + 0.34),
    )
    model.add(glow((1.0, 0.93, 0.7)), ellipsoid(0.035, 0.035, 0.035, 10).at(x + 0.12, y - hand * 0.06, z + 0.335))


def bookcase(random: Random) -> Model:
    """Shelves with books that lean, a door or a drawer below at one side, and odd things between."""
    model, colors, hand = Model(), palette(random), side(random)
    wide, deep, tall = random.uniform(0.7, 1.1), random.uniform(0.26, 0.34), random.uniform(1.1, 1.7)
    timber = any_wood(random) if chance(random, 0.7) else paint(colors.main)
    t = 0.03
    shelves = int(random.integers(3, 5))
    model.add_both_sides(timber, box(deep, t, tall, 0.004).tiled(0.5, "z").at(0, wide / 2 - t / 2, tall / 2))
    model.add(timber, box(0.015, wide - t, tall - 0.05).tiled(0.5, "z").at(-deep / 2 + 0.01, 0, tall / 2 + 0.02))
    step = (tall - 0.1) / shelves
    for i in range(shelves + 1):
        model.add(timber, box(deep, wide - t, t).tiled(0.5, "y").at(0, 0, 0.07 + i * step))
    covers = [plastic(vivid(random) if chance(random, 0.7) else shade(vivid(random), 0.5), 0.7) for _ in range(6)]
    pages = plastic(CREAM, 0.9)
    for i in range(1, shelves):
        z = 0.07 + i * step + t / 2
        y, stop = wide / 2 - t - 0.01, -wide / 2 + t + random.uniform(0.08, 0.35) * wide
        flip = hand if i % 2 else -hand
        while y > stop:
            thick, high = random.uniform(0.025, 0.06), step * random.uniform(0.55, 0.85)
            book = box(0.7 * deep, thick - 0.002, high)
            model.add(pick(random, covers), book.at(0.02, flip * (y - thick / 2), z + high / 2))
            model.add(pages, box(0.6 * deep, 0.7 * thick, 0.01).at(0.0, flip * (y - thick / 2), z + high))
            y -= thick
        model.add(
            covers[i],
            box(0.7 * deep, 0.03, 0.7 * step).turn("x", flip * 14).at(0.02, flip * (y - 0.07), z + 0.35 * step),
        )
    _bookcase_outside(random, model, colors, hand, wide, deep, tall, timber, t, step)
    return model


def _bookcase_outside(
    random: Random,
    model: Model,
    colors: Palette,
    hand: int,
    wide: float,
    deep: float,
    tall: float,
    timber: Material,
    t: float,
    step: float,
) -> None:
    """A door below, things on top, posters on the back and the ends."""
    z = 0.07 + t / 2 + step / 2
    door = printed(emblazoned(random, colors))
    model.add(door, box(0.02, wide / 2 - t, step - t).at(deep / 2 - 0.012, hand * (wide / 4 - t / 4), z))
    model.add(chrome(), ellipsoid(0.018, 0.018, 0.018, 10).at(deep / 2 + 0.01, hand * 0.05, z))
    model.add(
        paint(colors.second), box(0.8 * deep, 0.3 * wide, 0.6 * step, 0.01).at(0, -hand * 0.24 * wide, z - 0.2 * step)
    )
    top = tall - 0.015
    jar = revolve(
        [(0, 0), (0.05, 0), (0.085, 0.09), (0.05, 0.19), (0.06, 0.22), (0.045, 0.22), (0.035, 0.19), (0, 0.18)], 20
    )
    model.add(paint(colors.accent), jar.at(0, -hand * 0.3 * wide, top))
    model.add(
        printed(emblazoned(random, colors)),
        box(0.2, 0.3, 0.16, 0.008).turn("z", 10).at(0, hand * 0.22 * wide, top + 0.08),
    )
    model.add(paint(colors.accent), box(0.6 * deep, 0.012, 0.3 * tall).at(0, hand * wide / 2, 0.62 * tall))
    model.add(label(random, colors), box(0.55 * deep, 0.012, 0.14).at(0.01, -hand * wide / 2, 0.75 * tall))
    model.add(
        printed(emblazoned(random, colors)),
        plate(0.5 * wide, 0.3 * tall, 0.012).at(-deep / 2, hand * 0.14 * wide, 0.6 * tall),
    )
    model.add(
        paint(colors.accent), plate(0.24 * wide, 0.24 * tall, 0.012).at(-deep / 2, -hand * 0.3 * wide, 0.25 * tall)
    )
    model.add(
        timber,
        *(
            box(0.04, 0.04, 0.07).at(x * (deep / 2 - 0.03), s * (wide / 2 - 0.03), 0.035)
            for x in (1, -1)
            for s in (1, -1)
        ),
    )


def lamp(random: Random) -> Model:
    """A table lamp with a patterned shade, or a jointed one; the switch and the cord are on one side."""
    model, colors, hand = Model(), palette(random), side(random)
    dark, odd = plastic(DARK), plastic(colors.accent)
    if chance(random, 0.6):
        top = _shaded_lamp(random, model, colors, hand)
    else:
        top = _jointed_lamp(random, model, colors, hand)
    model.add(odd, box(0.06, 0.1, 0.05, 0.012).at(0.16, hand * 0.1, top + 0.01))
    cord = smooth(
        [
            (-0.14, -hand * 0.05, 0.025),
            (-0.32, -hand * 0.1, 0.016),
            (-0.36, -hand * 0.35, 0.014),
            (-0.1, -hand * 0.48, 0.014),
            (0.1, -hand * 0.44, 0.014),
        ],
        20,
    )
    model.add(dark, tube(cord, 0.012, 6), box(0.1, 0.07, 0.045, 0.012).at(0.13, -hand * 0.43, 0.024))
    return model


def _shaded_lamp(random: Random, model: Model, colors: Palette, hand: int) -> float:
    foot, tall = random.uniform(0.18, 0.24), random.uniform(0.5, 0.75)
    material = pick(random, (paint(colors.main), metal(colors.main), any_wood(random)))
    model.add(material, revolve([(0, 0), (foot, 0), (foot, 0.03), (0.5 * foot, 0.055), (0, 0.06)], 28))
    kind = int(random.integers(3))
    if kind == 0:
        vase = smooth([(0.06, 0.04), (random.uniform(0.13, 0.2), 0.4 * tall), (0.05, 0.8 * tall), (0.03, tall)], 16)
        model.add(printed(wrapper(random, colors, 128, 128, 1.8), 0.3), revolve(vase, 28))
    elif kind == 1:
        model.add(material, rod((0, 0, 0.04), (0, 0, tall), 0.03))
        for i in range(int(random.integers(1, 4))):
            model.add(paint(colors.second), ellipsoid(0.085, 0.085, 0.075, 18).at(z=(0.25 + 0.24 * i) * tall))
    else:
        bend = smooth([(0, 0, 0.04), (-0.16, 0, 0.4 * tall), (0.1, 0, 0.72 * tall), (0, 0, tall)], 18)
        model.add(material, tube(bend, 0.035, 10))
    low, high, size = random.uniform(0.28, 0.38), random.uniform(0.14, 0.28), random.uniform(0.32, 0.44)
    z = tall - 0.06
    picture = wrapper(random, colors, 256, 128, 5.0)
    model.add(printed(picture, 0.9), revolve([(low, z), (high, z + size)], 36))
    model.add(
        plastic(CREAM),
        revolve([(high - 0.008, z + size), (low - 0.008, z)], 36),
        revolve([(low - 0.01, z - 0.004), (low + 0.004, z - 0.004), (low + 0.004, z + 0.008)], 36),
        revolve(
            [(high + 0.004, z + size - 0.008), (high + 0.004, z + size + 0.004), (high - 0.01, z + size + 0.004)], 36
        ),
    )
    model.add(
        metal(DARK),
        rod((0, 0, z), (0, 0, z + size * 0.9), 0.012, sides=6),
        rod((-high, 0, z + 0.9 * size), (high, 0, z + 0.9 * size), 0.006, sides=5),
        rod((0, -high, z + 0.9 * size), (0, high, z + 0.9 * size), 0.006, sides=5),
    )
    model.add(glow((1.0, 0.95, 0.8)), ellipsoid(0.055, 0.055, 0.075, 12).at(z=z + 0.5 * size))
    chain = (0.8 * low * 0.7, hand * 0.8 * low * 0.7)
    model.add(
        metal((0.8, 0.7, 0.35)),
        rod((chain[0], chain[1], z - 0.12), (chain[0] * 0.5, chain[1] * 0.5, z + 0.5 * size), 0.006, sides=5),
        ellipsoid(0.018, 0.018, 0.024, 8).at(chain[0], chain[1], z - 0.13),
    )
    return 0.05


def _jointed_lamp(random: Random, model: Model, colors: Palette, hand: int) -> float:
    skin, steel, odd = paint(colors.main), metal((0.7, 0.71, 0.74)), paint(colors.accent)
    model.add(skin, cylinder(0.22, 0.06, 0.015, 28).at(z=0.03))
    elbow = (-random.uniform(0.2, 0.32), 0.0, random.uniform(0.45, 0.6))
    head = (random.uniform(0.2, 0.34), hand * random.uniform(0.05, 0.12), elbow[2] + random.uniform(0.15, 0.3))
    for y in (0.025, -0.025):
        model.add(
            steel,
            rod((-0.02, y, 0.05), (elbow[0], y, elbow[2]), 0.013, sides=8),
            rod((elbow[0], y, elbow[2]), (head[0], head[1] + y, head[2]), 0.013, sides=8),
        )
    model.add(
        odd, cylinder(0.045, 0.1, 0.01, 16, "y").at(*elbow), cylinder(0.05, 0.09, 0.01, 16, "y").at(-0.02, 0, 0.08)
    )
    model.add(odd, cylinder(0.03, 0.1, 0.008, 12, "y").at(elbow[0], hand * 0.08, elbow[2]))
    model.add(
        metal((0.75, 0.76, 0.78)),
        tube(smooth([(elbow[0] * 0.4, hand * 0.05, 0.24), (elbow[0] - 0.06, hand * 0.05, 0.42), elbow], 8), 0.012, 6),
    )
    bell = revolve([(0.05, 0.12), (0.06, 0.04), (0.17, -0.14), (0.16, -0.14), (0.05, 0.03), (0, 0.03)][::-1], 26)
    lean = -random.uniform(15, 50)
    model.add(
        printed(wrapper(random, colors, 128, 64, 3.5), 0.3),
        revolve([(0.172, -0.142), (0.062, 0.045), (0.05, 0.12), (0, 0.12)], 26).turn("y", lean).at(*head),
    )
    model.add(plastic(CREAM), bell.turn("y", lean).at(*head))
    model.add(glow((1.0, 0.95, 0.8)), ellipsoid(0.06, 0.06, 0.06, 12).at(z=-0.06).turn("y", lean).at(*head))
    model.add(label(random, colors), box(0.1, 0.12, 0.03).at(-0.12, -hand * 0.06, 0.05))
    return 0.06


def clock(random: Random) -> Model:
    """A mantel clock or an alarm clock: its face is the front, and shows a lopsided time."""
    model, colors, hand = Model(), palette(random), side(random)
    r = random.uniform(0.36, 0.46)
    face = _clock_face(random, colors)
    steel, odd = chrome() if chance(random, 0.5) else metal((0.85, 0.68, 0.3)), plastic(colors.accent)
    deep = random.uniform(0.2, 0.3)
    z = r + random.uniform(0.12, 0.2)
    _clock_case(random, model, colors, hand, r, steel, odd, deep, z)
    front = deep / 2
    model.add(face, cylinder(r, 0.03, sides=40, axis="x").mapped("x").at(front, 0, z))
    model.add(steel, torus(r + 0.005, 0.03, 40, "x", 8).at(front + 0.01, 0, z))
    hour = pick(random, (1.35, 2.2, 4.4, 7.7, 8.3, 10.6))
    black = plastic(BLACK)
    for share, length, width in ((hour / 12, 0.55, 0.05), (hour % 1, 0.8, 0.034)):
        pointer = prism(
            [(-width, -0.12 * r), (width, -0.12 * r), (0.5 * width, length * r), (-0.5 * width, length * r)],
            0.014,
            plane="yz",
            hub=(0, 0),
        )
        model.add(black, pointer.turn("x", -360 * share).at(front + 0.03, 0, z))
    model.add(odd, cylinder(0.035, 0.06, 0.01, 14, "x").at(front + 0.02, 0, z))
    model.add(label(random, colors), plate(0.6 * r, 0.5 * r, 0.02).at(-front, hand * 0.3 * r, z))
    model.add(
        odd,
        cylinder(0.07, 0.06, 0.012, 16, "x").at(-front - 0.01, -hand * 0.45 * r, z - 0.3 * r),
        box(0.06, 0.02, 0.12, 0.005).at(-front - 0.03, -hand * 0.45 * r, z - 0.3 * r),
    )
    model.add(plastic(colors.second), box(0.6 * deep, 0.06, 0.2, 0.02).at(0, hand * (r + 0.05), z))
    return model


def _clock_case(
    random: Random,
    model: Model,
    colors: Palette,
    hand: int,
    r: float,
    steel: Material,
    odd: Material,
    deep: float,
    z: float,
) -> None:
    """An alarm clock with bells, or a wooden case."""
    if chance(random, 0.5):
        skin = paint(colors.main)
        model.add(skin, cylinder(r + 0.04, deep, 0.03, 36, "x").at(0, 0, z))
        for y in (1, -1):
            model.add(steel, rod((0, y * 0.4 * r, 0.5 * z), (0.02, y * 0.75 * r, 0), 0.035, 0.02))
            bell = (
                revolve([(0, 0), (0.16, 0), (0.14, 0.07), (0.06, 0.11), (0, 0.12)], 20)
                .at(z=r + 0.1)
                .turn("x", -y * 30)
                .at(0, 0, z)
            )
            model.add(
                odd if y == hand else steel,
                bell,
                rod((0, 0, r), (0, 0, r + 0.12), 0.018, sides=6).turn("x", -y * 30).at(0, 0, z),
            )
        model.add(
            steel,
            rod((0, 0, z + r), (0, -hand * 0.06, z + r + 0.18), 0.016),
            ellipsoid(0.03, 0.045, 0.03, 10).at(0, -hand * 0.06, z + r + 0.18),
        )
    else:
        timber = any_wood(random)
        wide = 2 * r + random.uniform(0.2, 0.5)
        top = z + r + 0.1
        round_top = chance(random, 0.5)
        outline = rounded_rectangle(wide, top, 0.49 * wide if round_top else 0.05, 6)
        model.add(
            timber,
            prism(np.maximum(outline, [-9, -top / 2]), deep, 0.015, plane="yz").tiled(0.5, "y").at(0, 0, top / 2),
        )
        model.add(timber, box(deep + 0.14, wide + 0.16, 0.07, 0.015).tiled(0.5, "y").at(0, 0, 0.035))
        model.add(odd, box(deep + 0.02, 0.16, 0.24, 0.01).at(0, hand * (wide / 2 - 0.07), 0.2))
        model.add(
            steel,
            revolve([(0, 0), (0.05, 0), (0.03, 0.05), (0.05, 0.1), (0, 0.14)], 14).at(
                0, -hand * 0.3 * wide * (0.4 if round_top else 1), top - 0.03
            ),
        )


def _clock_face(random: Random, colors: Palette) -> Material:
    paper = pick(random, (WHITE, CREAM, shade(colors.second, 1.6)))
    picture = Picture(192, 192, paper)
    start, ink = random.uniform(0.08, 0.2), BLACK
    picture.rectangle(0.5, 0.5, 0.93, 0.93, shade(colors.accent, 1.4))
    for i, hour in enumerate((12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)):
        angle = 30.0 * i
        picture.text(str(hour), 0.5 + 0.38 * exact.sin_deg(angle), 0.5 - 0.38 * exact.cos_deg(angle), 0.095, ink)
    picture.disc(0.5 - start, 0.55, 0.06, colors.main)
    picture.text(any_label(random), 0.5, 0.32, 0.06, ink)
    return printed(picture, 0.3)
