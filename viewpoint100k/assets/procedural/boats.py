"""Boats: they face the way they go."""

from __future__ import annotations

import numpy as np

from viewpoint100k.assets.procedural.chance import Random, chance, pick, side
from viewpoint100k.assets.procedural.colors import BLACK, CREAM, DARK, GLASS, WHITE, Palette, brightness, palette
from viewpoint100k.assets.procedural.curves import smooth
from viewpoint100k.assets.procedural.finishes import (
    any_wood,
    chrome,
    leather,
    metal,
    paint,
    plastic,
    printed,
    rubber,
)
from viewpoint100k.assets.procedural.fittings import label, plate
from viewpoint100k.assets.procedural.lettering import any_label, any_number
from viewpoint100k.assets.procedural.model import Model
from viewpoint100k.assets.procedural.pictures import Picture, emblazoned
from viewpoint100k.assets.procedural.shapes import box
from viewpoint100k.assets.procedural.solids import cone, cylinder, ellipsoid, hull, prism, rod, torus, tube
from viewpoint100k.geometry import exact

__all__ = ["boat"]


def boat(random: Random) -> Model:
    """A motor cruiser, a tug or a sailing boat, with a differently painted flank, a lifebelt, a fender on one side."""
    model, colors, hand = Model(), palette(random), side(random)
    length, beam_, depth = random.uniform(3.4, 4.6), random.uniform(0.62, 0.85), random.uniform(0.6, 0.85)
    sheer = random.uniform(0.15, 0.4)
    s = np.array([0, 0.02, 0.2, 0.45, 0.7, 0.88, 0.97, 1.0])
    x = (s - 0.5) * length
    width = beam_ * np.array([0.72, 0.78, 0.92, 1, 0.86, 0.5, 0.16, 0.02])
    deck = depth + sheer * np.square(2 * np.clip(s - 0.35, 0, 1))
    low = np.array([0.16, 0.1, 0.02, 0, 0.02, 0.12, 0.34, 0.62]) * depth
    livery = _boat_livery(random, colors, hand)
    # The ridge of the body lies below the deck, which closes it.
    body = hull(x, width, low, deck + 0.3 * (deck - low), 2.7, 32)
    cut = body.positions.copy()
    level = exact.interpolate(cut[:, 0], x, deck)
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
    lift[:, 2] += exact.interpolate(lift[:, 0], x, deck) + 0.012
    model.add(planks, deck_shape.bent(lift))
    level_at = float(exact.interpolate(0, x, deck))
    {"cruiser": _cruiser, "tug": _tug, "sail": _rig}[pick(random, ("cruiser", "tug", "sail"))](
        random, model, colors, hand, (length, beam_, level_at)
    )
    model.add(
        printed(_ring(colors)), torus(0.17, 0.055, 20, "y", 8).at(-0.05 * length, hand * (beam_ + 0.02), depth - 0.12)
    )
    for share in (-0.25, 0.12):
        model.add(
            rubber(colors.accent),
            ellipsoid(0.08, 0.08, 0.17, 14).at(share * length, -hand * (beam_ * 0.97 + 0.04), depth - 0.2),
        )
    model.add(label(random, colors), plate(0.5, 0.26, 0.04).at(-length / 2 - 0.005, -hand * 0.12, depth - 0.22))
    if chance(random, 0.6):
        motor = -length / 2 - 0.12
        model.add(
            plastic(DARK),
            box(0.26, 0.24, 0.34, 0.08, 2).at(motor, hand * 0.25, depth + 0.1),
            box(0.14, 0.09, 0.62, 0.02).at(motor, hand * 0.25, depth - 0.22),
        )
        model.add(plastic(colors.accent), box(0.27, 0.25, 0.08, 0.02).at(motor, hand * 0.25, depth + 0.12))
    model.add(
        plastic((0.1, 0.6, 0.25)), ellipsoid(0.05, 0.05, 0.05, 10).at(0.4 * length, -0.3 * beam_, depth + sheer + 0.03)
    )
    return model


def _boat_livery(random: Random, colors: Palette, hand: int) -> Picture:
    """A hull's paint: waterline, a panel on one flank, a name and a number."""
    livery = Picture(256, 256, colors.main)
    livery.rectangle(0, 0, 1, 0.16, colors.second)
    livery.rectangle(0, 0.84, 1, 1, colors.second)
    near, far = ((0.2, 0.3), (0.7, 0.8)) if hand > 0 else ((0.7, 0.8), (0.2, 0.3))
    livery.rectangle(0.06, near[0] - 0.06, 0.52, near[1] + 0.06, colors.accent)
    livery.rectangle(0.9, near[0] - 0.14, 1, near[1] + 0.14, colors.accent)
    livery.rectangle(0.05, (far[0] + far[1]) / 2 - 0.012, 1, (far[0] + far[1]) / 2 + 0.012, colors.accent)
    livery.text(
        any_label(random),
        0.7,
        0.255 if hand > 0 else 0.745,
        0.06,
        BLACK if brightness(colors.main) > 1.4 else WHITE,
        "xy" if hand > 0 else "",
    )
    livery.text(
        any_number(random),
        0.72,
        0.745 if hand > 0 else 0.255,
        0.07,
        BLACK if brightness(colors.main) > 1.4 else WHITE,
        "" if hand > 0 else "xy",
    )
    return livery


def _ring(colors: Palette) -> Picture:
    picture = Picture(64, 16, WHITE)
    picture.stripes(4, 0, 0.4, colors.accent)
    return picture


def _cruiser(random: Random, model: Model, colors: Palette, hand: int, size: tuple[float, ...]) -> None:
    length, wide, z = size
    x = np.array([-0.22, -0.2, 0.02, 0.14, 0.28]) * length
    cabin = hull(
        x, wide * np.array([0.68, 0.7, 0.68, 0.6, 0.4]), z - 0.05, z + np.array([0.42, 0.5, 0.5, 0.26, 0.08]), 4, 24
    )
    picture = Picture(128, 128, CREAM)
    for top, bottom in ((0.27, 0.37), (0.63, 0.73)):
        picture.rectangle(0.1, top, 0.62, bottom, GLASS)
        picture.rectangle(0.34, top, 0.37, bottom, CREAM)
    picture.rectangle(0.55, 0.36, 0.78, 0.64, GLASS)
    edge = 0.44 if hand > 0 else 0.53
    picture.rectangle(0, edge, 0.5, edge + 0.03, colors.accent)
    model.add(printed(picture, 0.25), cabin)
    model.add(
        chrome(),
        rod((-0.12 * length, hand * 0.3 * wide, z + 0.46), (-0.16 * length, hand * 0.3 * wide, z + 1.0), 0.02, 0.01, 6),
    )
    model.add(
        plastic(colors.accent), box(0.36, 0.4 * wide, 0.16, 0.05, 2).at(-0.1 * length, -hand * 0.3 * wide, z + 0.55)
    )
    model.add(leather(colors.accent), box(0.3, 1.1 * wide, 0.22, 0.06, 2).at(-0.4 * length, 0, z + 0.1))
    model.add(leather(colors.second), box(0.36, 0.36, 0.3, 0.06, 2).at(-0.31 * length, hand * 0.3 * wide, z + 0.15))


def _tug(random: Random, model: Model, colors: Palette, hand: int, size: tuple[float, ...]) -> None:
    length, wide, z = size
    house, high = 0.26 * length, random.uniform(0.75, 0.95)
    wall, pane = paint(CREAM), plastic(GLASS, 0.1)
    middle = 0.06 * length
    model.add(wall, box(house, 1.25 * wide, high, 0.04).at(middle, 0, z + high / 2 - 0.04))
    model.add(paint(colors.second), box(house + 0.16, 1.25 * wide + 0.16, 0.07, 0.03).at(middle, 0, z + high))
    model.add(
        pane,
        box(house + 0.02, 0.3 * wide, 0.26).at(middle, 0.36 * wide, z + 0.68 * high),
        box(house + 0.02, 0.3 * wide, 0.26).at(middle, -0.36 * wide, z + 0.68 * high),
    )
    model.add(pane, box(0.3 * house, 1.25 * wide + 0.02, 0.26).at(middle + 0.22 * house, 0, z + 0.68 * high))
    model.add(
        paint(colors.accent),
        box(0.34 * house, 0.03, 0.8 * high).at(middle - 0.22 * house, hand * 0.625 * wide, z + 0.42 * high),
    )
    model.add(
        paint(colors.accent), cone(0.2, 0.17, 0.75, 0.02, 20).at(middle - house / 2 - 0.28, hand * 0.12, z + 0.35)
    )
    model.add(plastic(BLACK), cylinder(0.185, 0.18, 0.01, 20).at(middle - house / 2 - 0.28, hand * 0.12, z + 0.72))
    model.add(
        metal(DARK),
        rod((middle, -hand * 0.3 * wide, z + high), (middle, -hand * 0.3 * wide, z + high + 0.6), 0.025, 0.015, 8),
        box(0.02, 0.28, 0.18).at(middle, -hand * 0.3 * wide + 0.14, z + high + 0.48),
    )
    model.add(
        rubber(),
        torus(0.2, 0.08, 22).at(-0.36 * length, -hand * 0.2 * wide, z + 0.07),
        cylinder(0.1, 0.24, 0.02, 14).at(0.33 * length, 0, z + 0.12),
    )
    model.add(
        printed(emblazoned(random, colors)), box(0.34, 0.34, 0.3, 0.02).at(-0.34 * length, hand * 0.35 * wide, z + 0.15)
    )


def _rig(random: Random, model: Model, colors: Palette, hand: int, size: tuple[float, ...]) -> None:
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
    jib = prism(
        [(-0.32 * length, 0.03), (0, 0.0), (-0.36 * length, 0.66 * tall)],
        0.02,
        plane="xz",
        hub=(-0.24 * length, 0.2 * tall),
    )
    model.add(plastic(colors.second, 0.8), jib.turn("z", 0.4 * swing).at(0.46 * length, 0, z + 0.22))
    model.add(
        plastic(colors.accent),
        prism([(0, 0.1), (-0.4, -0.02), (0, -0.1)], 0.015, plane="xz", hub=(-0.1, 0))
        .turn("z", 2 * swing)
        .at(mast - 0.02, 0, z + tall - 0.12),
    )
    model.add(paint(CREAM), box(0.3 * length, 0.9 * wide, 0.26, 0.08, 2).at(0.04 * length, 0, z + 0.08))
    model.add(plastic(GLASS, 0.1), box(0.2 * length, 0.9 * wide + 0.02, 0.1).at(0.04 * length, 0, z + 0.1))
    model.add(paint(colors.accent), box(0.16 * length, 0.34 * wide, 0.05, 0.01).at(0.0, -hand * 0.2 * wide, z + 0.22))
    model.add(spar, rod((-0.46 * length, 0, z), (-0.3 * length, hand * 0.2, z + 0.28), 0.022, sides=8))
    model.add(
        printed(emblazoned(random, colors)),
        box(0.3, 0.36, 0.26, 0.04).at(-0.34 * length, -hand * 0.35 * wide, z + 0.12),
    )
