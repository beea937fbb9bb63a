"""A locomotive, a bicycle and a boat: they face the way they go."""

from __future__ import annotations

import numpy as np

from viewpoint100k.assets.procedural.chance import Random, chance, pick, side
from viewpoint100k.assets.procedural.colors import BLACK, CREAM, DARK, GLASS, WHITE, palette, shade
from viewpoint100k.assets.procedural.curves import circle, smooth
from viewpoint100k.assets.procedural.finishes import any_wood, chrome, glow, leather, metal, paint, plastic, printed, rubber
from viewpoint100k.assets.procedural.fittings import label, plate, tyre
from viewpoint100k.assets.procedural.lettering import any_label, any_number
from viewpoint100k.assets.procedural.model import Model
from viewpoint100k.assets.procedural.pictures import Picture, emblazoned, wrapper
from viewpoint100k.assets.procedural.shapes import box
from viewpoint100k.assets.procedural.solids import beam, cone, cylinder, ellipsoid, hull, lathe, prism, rod, torus, tube

__all__ = ["bicycle", "boat", "locomotive"]


def locomotive(random: Random) -> Model:
    """A steam engine: boiler, chimney, cab; the pump and the walkway's colour differ from side to side."""
    model, colors, hand = Model(), palette(random), side(random)
    boiler, r = random.uniform(2.0, 3.0), random.uniform(0.5, 0.62)
    deck, cab = 0.85, random.uniform(1.0, 1.3)
    nose, back = boiler / 2 + cab / 2, -boiler / 2 - cab / 2
    wide, z = 0.86, deck + r + 0.1
    dark, brass, skin = metal(DARK, 0.5), metal((0.85, 0.65, 0.3)), paint(colors.main)
    odd, trim = paint(colors.accent), paint(colors.second)
    model.add(dark, box(nose - back, 2 * wide - 0.3, 0.2).at(0, 0, deck - 0.15))
    model.add(trim, box(nose - back + 0.1, 2 * wide, 0.07, 0.02).at(0, 0, deck))
    barrel = lathe([(0, -boiler / 2), (r, -boiler / 2), (r, boiler / 2)], 32).turn("y", 90).at(cab / 2, 0, z)
    model.add(printed(wrapper(random, colors, 128, 256, 1.4), 0.35, 0.2), barrel)
    smokebox = cylinder(r + 0.03, 0.5, 0.03, 32, "x").at(nose - 0.1, 0, z)
    model.add(dark, smokebox, cylinder(0.82 * r, 0.08, 0.03, 28, "x").at(nose + 0.16, 0, z))
    model.add(brass, cylinder(0.06, 0.1, 0.02, 12, "x").at(nose + 0.21, 0, z), box(0.03, 1.3 * r, 0.05).turn("x", hand * 24).at(nose + 0.2, 0, z))
    for i in range(3):
        model.add(brass, torus(r + 0.005, 0.025, 32, "x", 6).at(nose - 0.6 - 0.28 * i * boiler, 0, z))
    tall = random.uniform(0.55, 0.85)
    flare = random.uniform(0.16, 0.32)
    model.add(dark, lathe([(0.22, 0), (0.15, 0.12), (0.15, 0.6 * tall), (flare, tall), (flare, tall + 0.06), (0.1, tall + 0.06), (0.1, tall - 0.2), (0, tall - 0.2)], 24).at(nose - 0.2, 0, z + r - 0.06))
    for share in (0.1, -0.22):
        model.add(brass, lathe([(0.19, -0.05), (0.18, 0.18), (0.1, 0.28), (0, 0.3)], 20).at(cab / 2 + share * boiler, 0, z + r - 0.03))
    _engine_cab(random, model, (skin, odd, trim), (back, cab, wide, deck), hand)
    wheels = int(random.integers(2, 4))
    big, small = random.uniform(0.4, 0.46), 0.26
    red = metal(pick(random, (colors.accent, (0.6, 0.1, 0.08), colors.second)))
    for y in (0.66, -0.66):
        spots = [back + 0.6 + (2 * big + 0.12) * i for i in range(wheels)]
        for x in spots:
            model.add(red, cylinder(big, 0.12, 0.02, 28, "y").at(x, y, big))
            model.add(dark, torus(big - 0.02, 0.035, 28, "y", 6).at(x, y, big), cylinder(0.1, 0.18, 0.02, 12, "y").at(x, y, big))
        model.add(metal((0.75, 0.76, 0.78)), box(spots[-1] - spots[0] + 0.2, 0.05, 0.09).at((spots[0] + spots[-1]) / 2, y + np.sign(y) * 0.1, big - 0.12))
        model.add(dark, cylinder(small, 0.12, 0.02, 20, "y").at(nose - 0.1, y, small), cylinder(0.2, 0.6, 0.03, 18, "x").at(nose - 0.25, y + np.sign(y) * 0.1, 0.55))
        model.add(metal((0.75, 0.76, 0.78)), rod((spots[-1], y + np.sign(y) * 0.15, big - 0.1), (nose - 0.4, y + np.sign(y) * 0.1, 0.55), 0.035, sides=8))
    model.add(odd, box(0.12, 2 * wide - 0.04, 0.26, 0.02).at(nose + 0.14, 0, deck - 0.16))
    for y in (0.5, -0.5):
        model.add(dark, cylinder(0.05, 0.22, sides=10, axis="x").at(nose + 0.28, y, deck - 0.16), cylinder(0.14, 0.05, 0.015, 18, "x").at(nose + 0.4, y, deck - 0.16))
    model.add(glow((0.97, 0.93, 0.75)), cylinder(0.13, 0.2, 0.03, 18, "x").at(nose + 0.1, hand * 0.5, deck + 0.2))
    model.add(brass, box(0.5, 0.26, 0.42, 0.05, 2).at(nose - 0.75, -hand * (wide - 0.16), deck + 0.22), cylinder(0.13, 0.34, 0.03, 16).at(nose - 0.75, -hand * (wide - 0.16), deck + 0.55))
    model.add(odd, box(0.55 * boiler, 0.3, 0.3, 0.03).at(0.1, hand * (wide - 0.17), deck + 0.18))
    return model


def _engine_cab(random: Random, model: Model, paints: tuple, size: tuple[float, ...], hand: int) -> None:
    skin, odd, trim = paints
    back, cab, wide, deck = size
    tall = random.uniform(1.45, 1.75)
    middle = back + cab / 2
    pane = plastic(GLASS, 0.1)
    model.add(skin, box(cab, 2 * wide - 0.06, tall, 0.03).at(middle, 0, deck + tall / 2))
    roof = hull([middle - cab / 2 - 0.12, middle + cab / 2 + 0.12], wide + 0.06, deck + tall - 0.14, deck + tall + 0.2, 2.6, 24)
    model.add(trim, roof)
    sign = Picture(96, 64, shade(DARK, 0.7))
    sign.rectangle(0.05, 0.08, 0.95, 0.92, (0.8, 0.2, 0.15) if hand > 0 else (0.1, 0.35, 0.6))
    sign.text(any_number(random), 0.5, 0.5, 0.6, WHITE)
    for y in (1, -1):
        model.add(pane, box(0.42 * cab, 0.05, 0.42, 0.01).at(middle + 0.05 * cab, y * (wide - 0.03), deck + 0.72 * tall))
        model.add(odd if y == hand else trim, box(0.8 * cab, 0.03, 0.44 * tall).at(middle, y * (wide - 0.03), deck + 0.27 * tall))
    model.add(printed(sign), box(0.5 * cab, 2 * wide + 0.005, 0.32 * cab).at(middle, 0, deck + 0.27 * tall))
    model.add(pane, plate(0.4, 0.4, 0.05).at(middle + cab / 2, wide - 0.3, deck + 0.74 * tall), plate(0.4, 0.4, 0.05).at(middle + cab / 2, -wide + 0.3, deck + 0.74 * tall))
    model.add(odd, plate(0.7, 1.0, 0.05).at(back, hand * 0.35, deck + 0.55))
    model.add(pane, plate(0.5, 0.35, 0.05).at(back, -hand * 0.35, deck + 0.75 * tall))
    model.add(plastic(BLACK), hull([back - 0.12, back - 0.02, middle], [0.5, 0.6, 0.6], deck - 0.05, [deck + 0.15, deck + 0.3, deck + 0.3], 3, 16))


def bicycle(random: Random) -> Model:
    """A bicycle on its stand: chain on one side, a bag or a basket off the middle."""
    model, colors, hand = Model(), palette(random), side(random)
    r, base = random.uniform(0.32, 0.36), random.uniform(1.0, 1.1)
    front, rear = base * 0.56, -base * 0.44
    black, bright, dark = rubber(), chrome(), plastic(DARK)
    frame, odd = paint(colors.main), plastic(colors.accent)
    fat = random.uniform(0.02, 0.032)
    for x in (front, rear):
        model.add(black, torus(r - fat, fat, 36, "y", 8).at(x, 0, r))
        model.add(bright, torus(r - 2 * fat, 0.014, 36, "y", 5).at(x, 0, r), cylinder(0.025, 0.1, sides=10, axis="y").at(x, 0, r))
        for i in range(12):
            a = 2 * np.pi * i / 12
            tip = (x + (r - 2 * fat) * np.cos(a), 0, r + (r - 2 * fat) * np.sin(a))
            model.add(bright, rod((x + 0.02 * np.cos(a), 0.03 * (-1) ** i, r + 0.02 * np.sin(a)), tip, 0.0045, sides=4))
        model.add(frame, tube([(x + (r + 0.035) * np.cos(a), 0, r + (r + 0.035) * np.sin(a)) for a in np.linspace(0.4 if x > 0 else 0.9, 2.5 if x > 0 else 3.3, 12)], 0.022, 6))
    pedal, seat_top = (rear + 0.43, 0, 0.28), (rear + 0.26, 0, random.uniform(0.72, 0.8))
    head_low, head = (front - 0.17, 0, 0.66), (front - 0.22, 0, random.uniform(0.84, 0.92))
    t = random.uniform(0.017, 0.024)
    step_through = chance(random, 0.4)
    upper = (seat_top[0] + 0.06, 0, 0.5) if step_through else (seat_top[0] + 0.02, 0, seat_top[2] - 0.06)
    bars = [(pedal, seat_top), (pedal, head_low), (upper, (head[0] + 0.01, 0, head[2] - 0.05)), (head_low, head)]
    model.add(frame, *(rod(a, b, t, sides=10) for a, b in bars))
    for y in (0.05, -0.05):
        model.add(frame, rod((rear, y, r), pedal, 0.6 * t, sides=8), rod((rear, y, r), (seat_top[0] + 0.02, 0.3 * y, seat_top[2] - 0.1), 0.6 * t, sides=8))
        model.add(bright, rod((front, y, r), (head_low[0], y, head_low[2]), 0.7 * t, sides=8))
    model.add(bright, box(0.04, 0.12, 0.04, 0.01).at(*head_low), rod(seat_top, (seat_top[0] - 0.04, 0, seat_top[2] + 0.12), 0.014), rod(head, (head[0] - 0.02, 0, head[2] + 0.1), 0.014))
    saddle = hull([-0.16, -0.12, -0.03, 0.08, 0.14], [0.05, 0.1, 0.075, 0.028, 0.015], [0.0, -0.02, -0.02, 0, 0.01], [0.05, 0.06, 0.05, 0.045, 0.03], 2.4, 16)
    model.add(leather(shade(colors.second, 0.6)), saddle.at(seat_top[0] - 0.04, 0, seat_top[2] + 0.11))
    hx, hz = head[0] - 0.02, head[2] + 0.1
    sweep_back = random.uniform(0.02, 0.2)
    model.add(bright, tube(smooth([(hx - sweep_back, 0.3, hz + 0.03), (hx + 0.03, 0.18, hz + 0.04), (hx, 0, hz), (hx + 0.03, -0.18, hz + 0.04), (hx - sweep_back, -0.3, hz + 0.03)], 18), 0.013, 8))
    for y in (0.3, -0.3):
        model.add(odd if y * hand > 0 else dark, rod((hx - sweep_back - 0.03, 1.03 * y, hz + 0.03), (hx - sweep_back + 0.06, 0.86 * y, hz + 0.036), 0.02))
    chain = -1.0
    model.add(metal(DARK), cylinder(0.09, 0.012, sides=24, axis="y").at(pedal[0], chain * 0.06, pedal[2]), cylinder(0.04, 0.012, sides=16, axis="y").at(rear, chain * 0.06, r))
    model.add(odd if chance(random, 0.5) else dark, beam((rear, chain * 0.06, r + 0.035), (pedal[0], chain * 0.06, pedal[2] + 0.08), 0.022, 0.03), beam((rear, chain * 0.06, r - 0.035), (pedal[0], chain * 0.06, pedal[2] - 0.08), 0.02, 0.014))
    for y in (1, -1):
        end = (pedal[0] + y * 0.11, y * 0.09, pedal[2] - y * 0.11)
        model.add(bright, rod((pedal[0], y * 0.09, pedal[2]), end, 0.012, sides=6), rod((pedal[0], 0, pedal[2]), (pedal[0], y * 0.1, pedal[2]), 0.014, sides=6))
        model.add(dark, box(0.07, 0.1, 0.025, 0.006).at(end[0], y * 0.14, end[2]))
    model.add(dark, rod((pedal[0] - 0.1, hand * 0.03, 0.26), (pedal[0] - 0.16, hand * 0.24, 0.01), 0.012, sides=6))
    _bicycle_load(random, model, colors, hand, (front, rear, r, hx, hz))
    return model


def _bicycle_load(random: Random, model: Model, colors, hand: int, size: tuple[float, ...]) -> None:
    front, rear, r, hx, hz = size
    bright = chrome()
    model.add(bright, box(0.34, 0.14, 0.015).at(rear - 0.02, 0, 2 * r + 0.09))
    model.add_both_sides(bright, rod((rear, 0.06, r), (rear - 0.14, 0.06, 2 * r + 0.09), 0.008, sides=5), rod((rear + 0.12, 0.06, 2 * r + 0.09), (rear + 0.2, 0.02, 2 * r + 0.02), 0.008, sides=5))
    bag = box(0.3, 0.11, 0.26, 0.03, 2).at(rear - 0.02, hand * 0.13, 2 * r - 0.05)
    model.add(printed(emblazoned(random, colors)), bag)
    if chance(random, 0.5):
        model.add(plastic(colors.accent), box(0.28, 0.18, 0.13, 0.03).at(rear - 0.02, -hand * 0.03, 2 * r + 0.15))
    else:
        model.add(plastic(colors.second), box(0.3, 0.1, 0.18, 0.03).at(rear - 0.02, -hand * 0.12, 2 * r - 0.0))
    model.add(plastic(BLACK), box(0.06, 0.08, 0.06, 0.02).at(rear - 0.2, 0, 2 * r + 0.07))
    model.add(glow((0.8, 0.1, 0.08)), box(0.03, 0.06, 0.04, 0.01).at(rear - 0.23, 0, 2 * r + 0.07))
    basket, z = any_wood(random) if chance(random, 0.5) else metal(DARK), hz - 0.16
    width = 0.3
    x = hx + 0.19
    model.add(basket, box(0.24, width, 0.02).at(x, 0, z), box(0.015, width, 0.2).at(x + 0.12, 0, z + 0.1), box(0.015, width, 0.2).at(x - 0.12, 0, z + 0.1))
    model.add_both_sides(basket, box(0.24, 0.015, 0.2).at(x, width / 2, z + 0.1))
    model.add(basket, rod((x - 0.12, 0, z + 0.05), (hx, 0, z + 0.04), 0.012, sides=6))
    model.add(label(random, colors), plate(0.22, 0.14, 0.012).at(x + 0.132, hand * 0.02, z + 0.1))
    load = printed(emblazoned(random, colors)) if chance(random, 0.5) else plastic(colors.accent)
    model.add(load, box(0.2, 0.13, 0.3, 0.03, 2).at(x, hand * 0.06, z + 0.16))
    model.add(glow((0.97, 0.95, 0.8)), cylinder(0.04, 0.07, 0.015, 14, "x").at(front - 0.03, 0, 2 * r + 0.14), rod((front - 0.06, 0, 2 * r + 0.14), (front - 0.17, 0, 2 * r + 0.02), 0.01, sides=6))


def boat(random: Random) -> Model:
    """A motor cruiser, a tug or a sailing boat, with a differently painted flank, a lifebelt, a fender on one side."""
    model, colors, hand = Model(), palette(random), side(random)
    length, beam_, depth = random.uniform(3.4, 4.6), random.uniform(0.62, 0.85), random.uniform(0.6, 0.85)
    sheer = random.uniform(0.15, 0.4)
    s = np.array([0, 0.02, 0.2, 0.45, 0.7, 0.88, 0.97, 1.0])
    x = (s - 0.5) * length
    width = beam_ * np.array([0.72, 0.78, 0.92, 1, 0.86, 0.5, 0.16, 0.02])
    deck = depth + sheer * (2 * np.clip(s - 0.35, 0, 1)) ** 2
    low = np.array([0.16, 0.1, 0.02, 0, 0.02, 0.12, 0.34, 0.62]) * depth
    livery = Picture(256, 256, colors.main)
    livery.rectangle(0, 0, 1, 0.16, colors.second)
    livery.rectangle(0, 0.84, 1, 1, colors.second)
    near, far = ((0.2, 0.3), (0.7, 0.8)) if hand > 0 else ((0.7, 0.8), (0.2, 0.3))
    livery.rectangle(0.1, near[0] - 0.02, 0.5, near[1] + 0.02, colors.accent)
    livery.rectangle(0.05, (far[0] + far[1]) / 2 - 0.012, 1, (far[0] + far[1]) / 2 + 0.012, colors.accent)
    livery.text(any_label(random), 0.7, 0.255 if hand > 0 else 0.745, 0.06, BLACK if sum(colors.main) > 1.4 else WHITE, "xy" if hand > 0 else "")
    livery.text(any_number(random), 0.72, 0.745 if hand > 0 else 0.255, 0.07, BLACK if sum(colors.main) > 1.4 else WHITE, "" if hand > 0 else "xy")
    # The ridge of the body lies below the deck, which closes it.
    body = hull(x, width, low, deck + 0.3 * (deck - low), 2.7, 32)
    cut = body.positions.copy()
    level = np.interp(cut[:, 0], x, deck)
    cut[:, 2] = np.minimum(cut[:, 2], level)
    model.add(printed(livery, 0.3), body.bent(cut))
    planks = any_wood(random)
    rail = chrome() if chance(random, 0.5) else planks
    for y in (1, -1):
        edge = np.column_stack([x, y * width * 0.99, deck + 0.02])
        model.add(rail, tube(smooth(edge, 16), 0.03, 6))
    inner = np.column_stack([np.concatenate([x, x[::-1]]), np.concatenate([-width, width[::-1]]) * 0.97])
    deck_shape = prism(inner, 0.03, hub=(0, 0)).tiled(0.45)
    lift = deck_shape.positions.copy()
    lift[:, 2] += np.interp(lift[:, 0], x, deck) + 0.012
    model.add(planks, deck_shape.bent(lift))
    level_at = float(np.interp(0, x, deck))
    {"cruiser": _cruiser, "tug": _tug, "sail": _rig}[pick(random, ("cruiser", "tug", "sail"))](random, model, colors, hand, (length, beam_, level_at))
    model.add(printed(_ring(colors)), torus(0.17, 0.055, 20, "y", 8).at(-0.05 * length, hand * (beam_ + 0.02), depth - 0.12))
    for share in (-0.25, 0.12):
        model.add(rubber(colors.accent), ellipsoid(0.08, 0.08, 0.17, 14).at(share * length, -hand * (beam_ * 0.97 + 0.04), depth - 0.2))
    model.add(label(random, colors), plate(0.5, 0.26, 0.04).at(-length / 2 - 0.005, -hand * 0.12, depth - 0.22))
    if chance(random, 0.6):
        motor = -length / 2 - 0.12
        model.add(plastic(DARK), box(0.26, 0.24, 0.34, 0.08, 2).at(motor, hand * 0.25, depth + 0.1), box(0.14, 0.09, 0.62, 0.02).at(motor, hand * 0.25, depth - 0.22))
        model.add(plastic(colors.accent), box(0.27, 0.25, 0.08, 0.02).at(motor, hand * 0.25, depth + 0.12))
    model.add(plastic((0.1, 0.6, 0.25)), ellipsoid(0.05, 0.05, 0.05, 10).at(0.4 * length, -0.3 * beam_, depth + sheer + 0.03))
    return model


def _ring(colors) -> Picture:
    picture = Picture(64, 16, WHITE)
    picture.stripes(4, 0, 0.4, colors.accent)
    return picture


def _cruiser(random: Random, model: Model, colors, hand: int, size: tuple[float, ...]) -> None:
    length, wide, z = size
    x = np.array([-0.22, -0.2, 0.02, 0.14, 0.28]) * length
    cabin = hull(x, wide * np.array([0.68, 0.7, 0.68, 0.6, 0.4]), z - 0.05, z + np.array([0.42, 0.5, 0.5, 0.26, 0.08]), 4, 24)
    picture = Picture(128, 128, CREAM)
    for top, bottom in ((0.27, 0.37), (0.63, 0.73)):
        picture.rectangle(0.1, top, 0.62, bottom, GLASS)
        picture.rectangle(0.34, top, 0.37, bottom, CREAM)
    picture.rectangle(0.55, 0.36, 0.78, 0.64, GLASS)
    edge = 0.44 if hand > 0 else 0.53
    picture.rectangle(0, edge, 0.5, edge + 0.03, colors.accent)
    model.add(printed(picture, 0.25), cabin)
    model.add(chrome(), rod((-0.12 * length, hand * 0.3 * wide, z + 0.46), (-0.16 * length, hand * 0.3 * wide, z + 1.0), 0.02, 0.01, 6))
    model.add(plastic(colors.accent), box(0.36, 0.4 * wide, 0.16, 0.05, 2).at(-0.1 * length, -hand * 0.3 * wide, z + 0.55))
    model.add(leather(colors.accent), box(0.3, 1.1 * wide, 0.22, 0.06, 2).at(-0.4 * length, 0, z + 0.1))
    model.add(leather(colors.second), box(0.36, 0.36, 0.3, 0.06, 2).at(-0.31 * length, hand * 0.3 * wide, z + 0.15))


def _tug(random: Random, model: Model, colors, hand: int, size: tuple[float, ...]) -> None:
    length, wide, z = size
    house, high = 0.26 * length, random.uniform(0.75, 0.95)
    wall, pane = paint(CREAM), plastic(GLASS, 0.1)
    middle = 0.06 * length
    model.add(wall, box(house, 1.25 * wide, high, 0.04).at(middle, 0, z + high / 2 - 0.04))
    model.add(paint(colors.second), box(house + 0.16, 1.25 * wide + 0.16, 0.07, 0.03).at(middle, 0, z + high))
    model.add(pane, box(house + 0.02, 0.3 * wide, 0.26).at(middle, 0.36 * wide, z + 0.68 * high), box(house + 0.02, 0.3 * wide, 0.26).at(middle, -0.36 * wide, z + 0.68 * high))
    model.add(pane, box(0.3 * house, 1.25 * wide + 0.02, 0.26).at(middle + 0.22 * house, 0, z + 0.68 * high))
    model.add(paint(colors.accent), box(0.34 * house, 0.03, 0.8 * high).at(middle - 0.22 * house, hand * 0.625 * wide, z + 0.42 * high))
    model.add(paint(colors.accent), cone(0.2, 0.17, 0.75, 0.02, 20).at(middle - house / 2 - 0.28, hand * 0.12, z + 0.35))
    model.add(plastic(BLACK), cylinder(0.185, 0.18, 0.01, 20).at(middle - house / 2 - 0.28, hand * 0.12, z + 0.72))
    model.add(metal(DARK), rod((middle, -hand * 0.3 * wide, z + high), (middle, -hand * 0.3 * wide, z + high + 0.6), 0.025, 0.015, 8), box(0.02, 0.28, 0.18).at(middle, -hand * 0.3 * wide + 0.14, z + high + 0.48))
    model.add(rubber(), torus(0.2, 0.08, 22).at(-0.36 * length, -hand * 0.2 * wide, z + 0.07), cylinder(0.1, 0.24, 0.02, 14).at(0.33 * length, 0, z + 0.12))
    model.add(printed(emblazoned(random, colors)), box(0.34, 0.34, 0.3, 0.02).at(-0.34 * length, hand * 0.35 * wide, z + 0.15))


def _rig(random: Random, model: Model, colors, hand: int, size: tuple[float, ...]) -> None:
    length, wide, z = size
    mast, tall = 0.1 * length, length * random.uniform(0.85, 1.05)
    spar = any_wood(random)
    model.add(spar, rod((mast, 0, z - 0.05), (mast, 0, z + tall), 0.045, 0.025))
    swing = hand * random.uniform(14, 26)
    boom = 0.5 * length
    main = emblazoned(random, colors, 128, 192, 0.5)
    sail = prism([(-boom, 0), (-0.05, 0), (-0.03, 0.82 * tall)], 0.02, plane="xz", hub=(-0.3 * boom, 0.25 * tall))
    model.add(printed(main, 0.8), sail.turn("z", swing).at(mast, 0, z + 0.35))
    model.add(spar, rod((0, 0, 0), (-1.04 * boom, 0, 0), 0.03).turn("z", swing).at(mast, 0, z + 0.33))
    jib = prism([(-0.32 * length, 0.03), (0, 0.0), (-0.36 * length, 0.66 * tall)], 0.02, plane="xz", hub=(-0.24 * length, 0.2 * tall))
    model.add(plastic(colors.second, 0.8), jib.turn("z", 0.4 * swing).at(0.46 * length, 0, z + 0.22))
    model.add(plastic(colors.accent), prism([(0, -0.1), (-0.4, -0.02), (0, 0.1)], 0.015, plane="xz", hub=(-0.1, 0)).turn("z", 2 * swing).at(mast - 0.02, 0, z + tall - 0.12))
    model.add(paint(CREAM), box(0.3 * length, 0.9 * wide, 0.26, 0.08, 2).at(0.04 * length, 0, z + 0.08))
    model.add(plastic(GLASS, 0.1), box(0.2 * length, 0.9 * wide + 0.02, 0.1).at(0.04 * length, 0, z + 0.1))
    model.add(paint(colors.accent), box(0.16 * length, 0.34 * wide, 0.05, 0.01).at(0.0, -hand * 0.2 * wide, z + 0.22))
    model.add(spar, rod((-0.46 * length, 0, z), (-0.3 * length, hand * 0.2, z + 0.28), 0.022, sides=8))
    model.add(printed(emblazoned(random, colors)), box(0.3, 0.36, 0.26, 0.04).at(-0.34 * length, -hand * 0.35 * wide, z + 0.12))
