"""Things held by a handle: their front is the end that works."""

from __future__ import annotations

import numpy as np

from viewpoint100k.assets.procedural.chance import Random, chance, pick, side
from viewpoint100k.assets.procedural.colors import BLACK, DARK, WHITE, palette, shade
from viewpoint100k.assets.procedural.curves import rounded_rectangle, smooth
from viewpoint100k.assets.procedural.finishes import any_wood, chrome, glow, metal, paint, plastic, printed, rubber
from viewpoint100k.assets.procedural.fittings import label, plate, tyre
from viewpoint100k.assets.procedural.lettering import any_label
from viewpoint100k.assets.procedural.model import Model
from viewpoint100k.assets.procedural.pictures import Picture, emblazoned
from viewpoint100k.assets.procedural.shapes import box
from viewpoint100k.assets.procedural.solids import beam, cone, cylinder, ellipsoid, hull, lathe, prism, rod, sweep, torus, tube

__all__ = ["drill", "guitar", "hair_dryer", "wheelbarrow"]


def drill(random: Random) -> Model:
    """A cordless drill on its battery: a hook and a vent on one side, a label and a slide on the other."""
    model, colors, hand = Model(), palette(random), side(random)
    long, r = random.uniform(0.62, 0.8), random.uniform(0.17, 0.21)
    z = random.uniform(0.85, 1.0)
    body, dark, odd, steel = plastic(colors.main), rubber(DARK), plastic(colors.accent), metal((0.7, 0.71, 0.73))
    s = np.array([0, 0.04, 0.2, 0.55, 0.85, 1.0])
    skin = Picture(192, 192, colors.main)
    skin.rectangle(0, 0, 0.12, 1, DARK)
    skin.rectangle(0.55, 0, 0.72, 1, colors.second)
    near, far = (0.26, 0.74) if hand > 0 else (0.74, 0.26)
    skin.rectangle(0.14, near - 0.12, 0.52, near + 0.12, colors.accent)
    skin.text(any_label(random), 0.42, far, 0.1, WHITE if sum(colors.main) < 1.6 else BLACK, "" if far > 0.5 else "xy", 1.6)
    for i in range(5):
        skin.rectangle(0.16 + 0.05 * i, near - 0.08, 0.185 + 0.05 * i, near + 0.05, BLACK)
    barrel = hull((s - 0.45) * long, r * np.array([0.55, 0.85, 1, 1, 0.92, 0.75]), z + r * np.array([-0.5, -0.8, -1, -1, -0.9, -0.72]), z + r * np.array([0.6, 0.9, 1.08, 1.08, 0.95, 0.74]), 2.5, 28)
    model.add(printed(skin, 0.45), barrel)
    nose = 0.55 * long
    model.add(odd, cylinder(0.78 * r, 0.12, 0.02, 24, "x").at(nose + 0.03, 0, z))
    model.add(metal(DARK), lathe([(0, -0.1), (0.62 * r, -0.1), (0.62 * r, 0.08), (0.3 * r, 0.22), (0, 0.22)], 20).turn("y", 90).at(nose + 0.14, 0, z))
    bit = random.uniform(0.25, 0.5)
    model.add(steel, rod((nose + 0.3, 0, z), (nose + 0.34 + bit, 0, z), 0.024, 0.016, 8), cone(0.016, 0.002, 0.05, sides=8, axis="x").at(nose + 0.36 + bit, 0, z))
    lean = random.uniform(0.06, 0.14)
    top, foot = (-0.08 * long, 0, z - 0.5 * r), (-0.08 * long - lean, 0, 0.26)
    grip = rounded_rectangle(0.19, 0.25, 0.09, 4)
    model.add(body, sweep(grip, smooth([top, (top[0] - 0.2 * lean, 0, 0.6 * z), foot], 8), [1.1, 1.0, 0.96, 0.94, 0.94, 0.96, 1.02, 1.08], up=(1, 0, 0)))
    model.add(dark, sweep(1.04 * grip, [(foot[0] + 0.05 * lean - 0.02, 0, 0.35), (top[0] - 0.25 * lean - 0.02, 0, 0.62 * z)], up=(1, 0, 0)))
    model.add(odd, box(0.1, 0.1, 0.15, 0.03, 2).at(top[0] + 0.13, 0, z - r - 0.1))
    base_x = foot[0] + 0.07
    model.add(dark, box(0.46, 0.3, 0.12, 0.03, 2).at(base_x, 0, 0.23))
    model.add(body, box(0.5, 0.33, 0.18, 0.04, 2).at(base_x + 0.01, 0, 0.1))
    model.add(label(random, colors), box(0.3, 0.345, 0.12).at(base_x + 0.02, 0, 0.1), plate(0.18, 0.1, 0.02).at(base_x - 0.245, hand * 0.05, 0.11))
    for i in range(3):
        model.add(glow((0.3, 0.9, 0.4)), box(0.02, 0.03, 0.02).at(base_x + 0.26, hand * (0.02 + 0.045 * i), 0.12))
    hook = smooth([(base_x, -hand * 0.14, 0.24), (base_x, -hand * 0.22, 0.26), (base_x - 0.02, -hand * 0.22, 0.4), (base_x - 0.04, -hand * 0.2, 0.46)], 10)
    model.add(steel, tube(hook, 0.02, 8))
    model.add(odd, box(0.16, 0.12, 0.06, 0.015).at(0, hand * 0.05, z + 1.04 * r), box(0.09, 0.06, 0.06, 0.01).at(top[0], -hand * (0.105), z - r - 0.08))
    model.add(plastic(colors.accent), cylinder(0.05, 0.05, 0.01, 14, "x").at(-0.46 * long, -hand * 0.05, z + 0.3 * r))
    return model


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
    picture.text(any_label(random), 0.4, far, 0.1, WHITE if sum(colors.main) < 1.6 else BLACK, "" if far > 0.5 else "xy", 1.5)
    stripe = 0.5 + hand * 0.06
    picture.rectangle(0, stripe - 0.02, 1, stripe + 0.02, colors.accent)
    s = np.array([0, 0.03, 0.2, 0.45, 0.75, 1])
    radius = r * np.array([0.7, 0.88, 1.0, 0.98, 0.72, 0.6])
    model.add(printed(picture, 0.35), hull((s - 0.42) * long, radius, z - radius, z + radius, 2, 28))
    rear, front = -0.42 * long, 0.58 * long
    model.add(dark, cylinder(0.62 * r, 0.05, 0.015, 24, "x").at(rear, 0, z))
    for i in range(3):
        model.add(plastic(colors.second), box(0.03, 1.1 * r - 0.3 * r * abs(i - 1), 0.03).turn("x", hand * 25).at(rear - 0.02, 0, z + 0.22 * r * (i - 1)))
    if chance(random, 0.6):
        model.add(dark, sweep(rounded_rectangle(1, 1, 0.45), [(front - 0.05, 0, z), (front + 0.05, 0, z), (front + 0.26, 0, z)], [[1.22 * r, 1.22 * r], [1.2 * r, 1.1 * r], [2.0 * r, 0.26 * r]], up=(0, 0, 1)))
    else:
        model.add(dark, lathe([(0.4 * r, -0.04), (0.64 * r, -0.04), (0.66 * r, 0.16), (0.56 * r, 0.16), (0.5 * r, 0.02), (0, 0.02)], 24).turn("y", 90).at(front, 0, z))
    lean = random.uniform(-0.02, 0.14)
    x = -0.1 * long
    grip = rounded_rectangle(0.2, 0.24, 0.095, 4)
    path = smooth([(x, 0, z - 0.6 * r), (x - 0.4 * lean, 0, 0.5 * z), (x - lean, 0, 0.06)], 9)
    model.add(plastic(colors.second), sweep(grip, path, np.interp(np.linspace(0, 1, 9), [0, 0.5, 1], [1.15, 0.92, 1.0]), up=(1, 0, 0)))
    model.add(dark, cylinder(0.19, 0.07, 0.02, 24).at(x - lean, 0, 0.035))
    for i in range(2):
        model.add(odd if i == 0 else plastic(WHITE), box(0.05, 0.08, 0.09, 0.02).at(x + 0.12 - 0.3 * lean, 0, 0.52 * z + 0.14 * i))
        model.add(odd, cylinder(0.032, 0.04, 0.01, 12, "y").at(x - 0.02, hand * 0.105, 0.5 * z + 0.12 * i))
    model.add(label(random, colors), box(0.13, 0.21, 0.16, 0.01).at(x - 0.55 * lean - 0.01, -hand * 0.006, 0.34 * z))
    cord = smooth([(x - lean - 0.1, 0, 0.04), (x - lean - 0.28, hand * 0.05, 0.025), (x - lean - 0.34, hand * 0.3, 0.022), (x - 0.05, hand * 0.42, 0.022), (x + 0.2, hand * 0.36, 0.022)], 18)
    model.add(dark, tube(cord, 0.021, 6), box(0.12, 0.09, 0.07, 0.015).at(x + 0.24, hand * 0.35, 0.036))
    model.add(metal((0.7, 0.71, 0.74)), torus(0.05, 0.012, 16, "y", 6).at(x - lean - 0.13, -hand * 0.03, 0.11))
    return model


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
        model.add(frame, beam((-0.42, y * 0.7 * wide, z + 0.06), (-0.5, y * 0.78 * wide, 0), 0.035, 0.035), beam((-0.2, y * 0.55 * wide, z - 0.02), (-0.48, y * 0.77 * wide, 0.05), 0.02, 0.02))
    model.add(frame, beam((-0.47, -0.76 * wide, 0.12), (-0.47, 0.76 * wide, 0.12), 0.03, 0.03))
    model.add(dark, tyre(r, 0.1, 0.6).at(wheel_x, 0, r))
    model.add(paint(colors.second), cylinder(0.62 * r, 0.07, 0.01, 20, "y").at(wheel_x, 0, r), cylinder(0.06, 0.2, 0.01, 12, "y").at(wheel_x, 0, r))
    earth = plastic(pick(random, ((0.33, 0.22, 0.14), (0.55, 0.5, 0.42), (0.3, 0.45, 0.2))), 0.95)
    heap = ellipsoid(0.4, 0.8 * wide, random.uniform(0.2, 0.34), 20)
    bumps = heap.positions * (1 + 0.08 * np.sin(9 * heap.positions[:, :1] + 5 * heap.positions[:, 1:2]))
    model.add(earth, heap.bent(bumps).at(-0.03, hand * 0.12 * wide, z + 0.7 * tall))
    y = -hand * 0.55 * wide
    model.add(any_wood(random), rod((-0.85, y, z + tall + 0.24), (0.3, y, z + tall + 0.02), 0.022, sides=10), rod((-0.86, y - 0.09, z + tall + 0.24), (-0.86, y + 0.09, z + tall + 0.24), 0.022, sides=8))
    model.add(metal((0.6, 0.61, 0.64)), hull([0.2, 0.28, 0.5, 0.62], [0.04, 0.11, 0.1, 0.01], [z + tall + 0.0, z + tall - 0.03, z + tall - 0.09, z + tall - 0.11], [z + tall + 0.04, z + tall + 0.0, z + tall - 0.06, z + tall - 0.09], 2.5, 16))
    pot = lathe([(0, 0), (0.08, 0), (0.12, 0.17), (0.135, 0.17), (0.135, 0.21), (0.1, 0.21), (0, 0.19)], 18).at(-0.26, hand * 0.5 * wide, z + 0.9 * tall)
    model.add(plastic((0.75, 0.42, 0.28), 0.9), pot)
    model.add(plastic((0.2, 0.5, 0.2), 0.9), ellipsoid(0.12, 0.12, 0.13, 12).at(-0.26, hand * 0.5 * wide, z + 0.9 * tall + 0.27))
    model.add(plastic(colors.accent), ellipsoid(0.05, 0.05, 0.05, 10).at(-0.18, hand * 0.5 * wide, z + 0.9 * tall + 0.34))
    return model


def _wall(corners: tuple):
    """A sheet of a tub between four corners, given so that the inside is on the left of the first edge."""
    a, b, c, d = (np.array(p) for p in corners)
    inward = np.cross(b - a, d - a)
    inward = 0.02 * inward / np.linalg.norm(inward)
    sheet = box(1, 1, 1)
    u, v, w = (sheet.positions + 0.5).T[:, :, None]
    along_low, along_high = a + u * (b - a), d + u * (c - d)
    placed = sheet.bent(along_low + w * (along_high - along_low) + (1 - v) * inward)
    return placed


def guitar(random: Random) -> Model:
    """A guitar on a stand: cutaway, controls and scratch plate on one side; the strings are its front."""
    model, colors = Model(), palette(random)
    hand = -1 if chance(random, 0.85) else 1
    electric = chance(random, 0.5)
    low, waist, high = random.uniform(0.38, 0.44), random.uniform(0.24, 0.29), random.uniform(0.29, 0.34)
    long, deep = random.uniform(0.92, 1.05), 0.1 if electric else random.uniform(0.18, 0.24)
    right = smooth([(0.0, 0.0), (low, 0.24 * long), (waist, 0.58 * long), (high, 0.8 * long), (0.1, long)], 18)
    left = right * [-1, 1]
    cut = right if hand < 0 else left
    if electric or chance(random, 0.5):
        notch = cut[:, 1] > 0.78 * long
        cut[notch, 0] *= np.interp(cut[notch, 1], [0.78 * long, 0.86 * long, long], [1, 0.62, 1])
    outline = np.concatenate([right, left[::-1][:-1]])
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
    model.add(printed(top, 0.25) if electric else body, (face if electric else face.tiled(0.5, "z")).at(deep / 2, 0, 0.16))
    front, z = deep / 2 + 0.01, 0.16
    dark, steel, odd = plastic(DARK), chrome(), plastic(colors.accent)
    neck = random.uniform(0.95, 1.15)
    board = any_wood(random)
    model.add(board, beam((front + 0.0, 0, z + 0.66 * long), (front + 0.0, 0, z + long + neck), 0.075, 0.1, 0.85).tiled(0.3, "z"))
    for i in range(10):
        model.add(steel, box(0.012, 0.095, 0.012).at(front + 0.04, 0, z + long + neck * (1 - 0.9 ** (i + 1)) * 1.2 - 0.02 if i else z + long + neck - 0.02))
    head = prism(np.array([(-0.07, 0), (0.07, 0), (0.1, 0.06), (0.09 + 0.03 * hand, 0.3), (-0.09 + 0.03 * hand, 0.3), (-0.1, 0.06)]), 0.05, 0.008, plane="yz")
    model.add(body, head.turn("y", -10).at(front - 0.02, 0, z + long + neck - 0.02))
    for i in range(6):
        y = (1 if i % 2 else -1) * 0.12 if not electric else hand * 0.13
        peg = z + long + neck + 0.06 + (0.075 * (i // 2) if not electric else 0.04 * i)
        model.add(steel if i else odd, rod((front - 0.06, 0.6 * y, peg), (front - 0.06, y, peg), 0.01, sides=6), ellipsoid(0.012, 0.026, 0.018, 8).at(front - 0.06, 1.12 * y, peg))
        string = (i - 2.5) * 0.014
        model.add(steel, rod((front + 0.045, string, z + 0.26 * long), (front + 0.052, 0.8 * string, z + long + neck), 0.0035, sides=4))
    if electric:
        for share in (0.36, 0.5, 0.64)[: int(random.integers(2, 4))]:
            model.add(dark, box(0.04, 0.2, 0.06, 0.012).turn("x", -8 * hand).at(front + 0.015, 0, z + share * long))
        for i in range(3):
            model.add(odd, cylinder(0.03, 0.04, 0.008, 12, "x").at(front + 0.02, hand * (0.16 + 0.05 * i), z + (0.34 - 0.09 * i) * long))
    else:
        model.add(plastic(BLACK), cylinder(0.125, 0.015, sides=28, axis="x").at(front + 0.004, 0, z + 0.58 * long))
        model.add(odd, torus(0.13, 0.012, 28, "x", 6).at(front + 0.01, 0, z + 0.58 * long))
    model.add(dark, box(0.035, 0.26, 0.05, 0.01).at(front + 0.015, 0, z + 0.26 * long))
    guard = prism([(0.05, 0.36 * long), (0.2, 0.3 * long), (0.26, 0.42 * long), (0.2, 0.54 * long), (0.14, 0.56 * long), (0.1, 0.46 * long)], 0.014, plane="yz", hub=(0.15, 0.44 * long))
    model.add(odd if chance(random, 0.5) else plastic(WHITE), (guard if hand > 0 else guard.mirror("y")).at(front + 0.006, 0, z))
    model.add(label(random, colors), plate(0.24, 0.2, 0.016).at(-deep / 2, hand * 0.12, z + 0.3 * long))
    strap = smooth([(0, hand * 0.1, z + 0.02), (-deep / 2 - 0.1, hand * 0.16, z + 0.4 * long), (-deep / 2 - 0.08, hand * 0.12, z + 0.9 * long), (-0.02, hand * 0.05, z + long + 0.1)], 14)
    model.add(plastic(colors.accent, 0.9), sweep(rounded_rectangle(0.07, 0.02, 0.008, 1), strap, up=(0, 1, 0)))
    for y in (1, -1):
        model.add(steel, rod((-0.02, y * 0.1, z + 0.02), (0.24, y * 0.24, 0), 0.016, sides=8), rod((deep / 2 + 0.06, y * 0.16, z + 0.02), (-0.06, y * 0.16, z + 0.015), 0.016, sides=8), rod((-0.06, y * 0.16, z + 0.015), (-0.06, 0, z + 0.01), 0.014, sides=8))
    model.add(steel, rod((-0.04, 0, z + 0.03), (-0.4, 0, 0), 0.018, sides=8), rod((-0.04, 0.1, z + 0.02), (-0.04, -0.1, z + 0.02), 0.018, sides=8))
    return model
