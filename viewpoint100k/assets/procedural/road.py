"""Vehicles for the road: they face the way they drive."""

from __future__ import annotations

import numpy as np

from viewpoint100k.assets.procedural.chance import Random, chance, pick, side
from viewpoint100k.assets.procedural.colors import BLACK, CHROME, DARK, GLASS, WHITE, Color, Palette, palette, shade
from viewpoint100k.assets.procedural.finishes import chrome, glow, metal, paint, plastic, printed, rubber
from viewpoint100k.assets.procedural.fittings import add_wheel, label, number_plate, plate
from viewpoint100k.assets.procedural.lettering import any_label, any_number
from viewpoint100k.assets.procedural.model import Model
from viewpoint100k.assets.procedural.pictures import Picture, decorate, emblazoned
from viewpoint100k.assets.procedural.shapes import box
from viewpoint100k.assets.procedural.solids import cylinder, ellipsoid, hull, rod

__all__ = ["bus", "car", "truck"]

_TAIL: Color = (0.75, 0.07, 0.06)
_LAMP: Color = (0.97, 0.95, 0.82)
_AMBER: Color = (0.95, 0.55, 0.1)


def car(random: Random) -> Model:
    """A saloon, an estate, a hatchback or a pick-up; its stripe, number and aerial are off the middle."""
    model, colors, hand = Model(), palette(random), side(random)
    kind = pick(random, ("saloon", "estate", "hatchback", "pickup", "coupe"))
    length = {"hatchback": 3.7, "coupe": 4.1}.get(kind, 4.4) * random.uniform(0.94, 1.06)
    wide, belt = random.uniform(0.82, 0.92), random.uniform(0.84, 0.96)
    bonnet = belt - random.uniform(0.02, 0.12)
    roof = belt + random.uniform(0.42, 0.56) * (0.85 if kind == "coupe" else 1)
    nose, tail = length / 2, -length / 2
    radius = random.uniform(0.31, 0.38)
    front_axle, rear_axle = nose - 0.78, tail + 0.74
    # The body below the windows, from tail to nose.
    x = np.array([tail, tail + 0.06, tail + 0.3, rear_axle, 0, front_axle, nose - 0.3, nose - 0.07, nose])
    width = wide * np.array([0.84, 0.93, 0.98, 1, 1, 0.99, 0.95, 0.87, 0.74])
    deck = belt - {"saloon": 0.03, "coupe": 0.05}.get(kind, 0.0)
    high = np.array(
        [deck - 0.16, deck - 0.03, deck, belt, belt, bonnet + 0.03, bonnet - 0.07, bonnet - 0.16, bonnet - 0.27]
    )
    low = np.array([0.42, 0.3, 0.24, 0.22, 0.2, 0.2, 0.22, 0.27, 0.36])
    livery = _livery(random, colors, hand)
    model.add(printed(livery, 0.3, 0.1), hull(x, width, low, high, 5.0, 32))
    ends = {
        "saloon": (front_axle - 0.55, 0.25, -0.95, tail + 0.62),
        "coupe": (front_axle - 0.75, 0.0, -0.75, tail + 0.3),
        "estate": (front_axle - 0.5, 0.35, tail + 0.4, tail + 0.12),
        "hatchback": (front_axle - 0.45, 0.35, tail + 0.55, tail + 0.12),
        "pickup": (front_axle - 0.5, 0.5, -0.45, -0.62),
    }[kind]
    _cabin(model, colors, wide, belt, roof, ends)
    if kind == "pickup":
        bed = plastic(DARK)
        model.add(bed, box(ends[3] - tail - 0.2, 1.5 * wide, 0.02).at((ends[3] + tail) / 2, 0, belt + 0.006))
        crate = random.uniform(0.4, 0.6)
        model.add(
            printed(emblazoned(random, colors)),
            box(crate, crate, crate, 0.02).at(tail + 0.3 + crate / 2, hand * 0.3, belt + crate / 2),
        )
    dark, rim, black = plastic(DARK), pick(random, (chrome(), metal(colors.second), plastic(WHITE))), rubber()
    spokes = int(random.integers(4, 8))
    for axle in (front_axle, rear_axle):
        for y in (1, -1):
            model.add(
                dark, cylinder(radius + 0.07, 0.1, sides=24, axis="y").at(axle, y * (wide - 0.035), radius + 0.01)
            )
            add_wheel(model, black, rim, dark, (axle, y * (wide - 0.07), radius), radius, 0.21, spokes)
    _car_details(random, model, colors, hand, (nose, tail, wide, belt, bonnet, roof, ends[1], ends[2]))
    return model


def _livery(random: Random, colors: Palette, hand: int) -> Picture:
    """A car's paint: doors' seams, a stripe along one side of the bonnet, a panel and a number on one flank."""
    picture = Picture(256, 256, colors.main)
    if chance(random, 0.35):
        picture.rectangle(0, 0, 1, 0.2, colors.second)
        picture.rectangle(0, 0.8, 1, 1, colors.second)
    stripe = 0.5 - hand * random.uniform(0.03, 0.055)
    picture.rectangle(0, stripe - 0.017, 1, stripe + 0.017, colors.accent)
    if chance(random, 0.5):
        picture.rectangle(0, stripe - hand * 0.03 - 0.006, 1, stripe - hand * 0.03 + 0.006, colors.accent)
    # v = 0.25 is the left flank, 0.75 the right; the left one reads from nose to tail.
    for flank, odd in ((0.25, hand > 0), (0.75, hand < 0)):
        top = 0.37 if flank < 0.5 else 0.63
        if odd:
            picture.rectangle(
                random.uniform(0.3, 0.36), flank - 0.13, random.uniform(0.58, 0.66), flank + 0.13, colors.accent
            )
        else:
            picture.rectangle(0.04, flank - 0.03, 0.9, flank + 0.02, colors.second)
        flip = "xy" if flank < 0.5 else ""
        picture.disc(0.46, flank, 0.085, WHITE, 2.2)
        picture.text(any_number(random), 0.46, flank, 0.1, BLACK, flip, 0.9)
        for seam in (0.34, 0.47, 0.62):
            picture.rectangle(
                seam, min(flank - 0.14, top), seam + 0.005, max(flank + 0.13, top), shade(colors.main, 0.4)
            )
    return picture


def _cabin(model: Model, colors: Palette, wide: float, belt: float, roof: float, ends: tuple[float, ...]) -> None:
    """Windows and roof as one body, the panes painted on; ``ends`` go from the windscreen's foot to the rear one's."""
    foot, front, rear, back = ends
    x = np.array([back, (back + rear) / 2, rear, (rear + front) / 2, front, (front + foot) / 2, foot])
    middle = belt + 0.55 * (roof - belt)
    high = np.array([belt - 0.02, middle, roof - 0.02, roof, roof - 0.02, middle, belt - 0.04])
    width = wide * np.array([0.82, 0.83, 0.82, 0.84, 0.83, 0.85, 0.84])
    picture = Picture(256, 128, colors.main)
    span = foot - back
    first, last = (rear - back) / span, (front - back) / span
    pillar = 0.05 / span
    for top, bottom in ((0.0, 0.385), (0.615, 1.0)):
        picture.rectangle(first - 0.3 * first, top, last + 0.3 * (1 - last), bottom, GLASS)
        for at in (first + 0.5 * pillar, (first + last) / 2, last - pillar):
            picture.rectangle(at, top, at + 1.3 * pillar, bottom, colors.main)
    picture.rectangle(last + 0.03, 0.34, 1, 0.66, GLASS)
    picture.rectangle(0, 0.35, max(first - 0.02, 0.03), 0.65, GLASS)
    low = np.full(7, belt - 0.35)
    model.add(printed(picture, 0.18, 0.15), hull(x, width, low, high, 3.6, 32))


def _car_details(random: Random, model: Model, colors: Palette, hand: int, size: tuple[float, ...]) -> None:
    nose, tail, wide, belt, bonnet, roof, front, rear = size
    dark, bright, lamp, red = plastic(DARK), chrome(), glow(_LAMP), glow(_TAIL)
    shape = random.uniform(0.08, 0.12)
    round_lamps = chance(random, 0.5)
    eye = ellipsoid(0.09, 1.1 * shape, shape, 14) if round_lamps else box(0.13, 0.34, 0.12, 0.03)
    model.add_both_sides(lamp, eye.at(nose - 0.05, wide * 0.56, bonnet - 0.28 + 0.3 * shape))
    model.add(dark, box(0.08, 0.62 * wide, 0.13, 0.02).at(nose - 0.01, 0, bonnet - 0.36))
    bumper = bright if chance(random, 0.4) else dark
    model.add(bumper, box(0.2, 1.62 * wide, 0.13, 0.05, 2).at(nose - 0.06, 0, 0.4))
    model.add(bumper, box(0.2, 1.76 * wide, 0.13, 0.05, 2).at(tail + 0.05, 0, 0.42))
    model.add_both_sides(red, box(0.08, 0.26, 0.13, 0.02).at(tail + 0.04, wide * 0.62, belt - 0.24))
    model.add(number_plate(random), plate(0.46, 0.11, 0.03).at(nose + 0.045, 0, 0.42))
    model.add(number_plate(random), plate(0.46, 0.11, 0.03).at(tail - 0.045, -hand * 0.12, 0.45))
    model.add(
        label(random, colors), plate(0.32, 0.22, 0.05).turn("y", 8).at(tail + 0.03, -hand * 0.28 * wide, belt - 0.2)
    )
    model.add(bright, rod((tail - 0.1, hand * 0.5 * wide, 0.28), (tail + 0.4, hand * 0.5 * wide, 0.3), 0.045))
    for y in (1, -1):
        mirror = plastic(colors.accent) if y == hand else plastic(colors.main)
        model.add(mirror, box(0.09, 0.19, 0.13, 0.03).at(front + 0.35, y * (wide + 0.03), belt + 0.07))
    model.add(
        dark,
        rod(
            (rear + 0.2, hand * 0.5 * wide, roof - 0.04), (rear + 0.02, hand * 0.5 * wide, roof + 0.32), 0.012, 0.006, 6
        ),
    )
    extra = int(random.integers(3))
    if extra == 0:
        board = box(min(front - rear, 1.1), 0.42, 0.2, 0.07, 2)
        model.add(plastic(colors.accent), board.at((front + rear) / 2, -hand * 0.28, roof + 0.09))
    elif extra == 1:
        sign = Picture(96, 48, colors.accent)
        sign.text(any_label(random)[:5], 0.5, 0.5, 0.5, WHITE)
        model.add(printed(sign), box(0.2, 0.5, 0.2, 0.03).at(front - 0.15, hand * 0.12, roof + 0.06))


def truck(random: Random) -> Model:
    """A lorry: cab, and behind it a box, a tank or a flat bed with load. The exhaust stack is on one side."""
    model, colors, hand = Model(), palette(random), side(random)
    cab_l, wide, cab_h = random.uniform(1.5, 2.0), random.uniform(1.05, 1.2), random.uniform(2.2, 2.7)
    bed_l, floor, r = random.uniform(3.2, 5.0), 0.95, random.uniform(0.42, 0.5)
    nose = (cab_l + bed_l) / 2
    back = nose - cab_l
    dark, bright, lamp = plastic(DARK), chrome(), glow(_LAMP)
    skin = paint(colors.main)
    model.add(dark, box(2 * nose - 0.2, 0.9, 0.22).at(0, 0, 0.72))
    snout = chance(random, 0.4)
    lift = 0.75 if snout else 0.0
    face = nose - lift
    model.add(
        skin,
        box(cab_l - lift, 2 * wide, cab_h - 0.5, 0.14, 2).at(back + (cab_l - lift) / 2, 0, 0.5 + (cab_h - 0.5) / 2),
    )
    if snout:
        model.add(skin, box(lift + 0.3, 1.7 * wide, 1.0, 0.16, 3).at(nose - lift / 2 - 0.15, 0, 1.05))
    top = cab_h - 0.12
    glass_pane = plastic(GLASS, 0.1)
    model.add(glass_pane, box(0.08, 1.72 * wide, 0.72, 0.03).at(face - 0.02, 0, top - 0.5))
    model.add(
        glass_pane,
        box(0.55 * (cab_l - lift), 2 * wide + 0.03, 0.6, 0.02).at(back + 0.6 * (cab_l - lift), 0, top - 0.55),
    )
    model.add(dark, box(0.06, 1.2 * wide, 0.5, 0.02).at(nose, 0, 1.05))
    for bar in range(4):
        model.add(bright, box(0.1, 1.1 * wide, 0.04).at(nose, 0, 0.88 + 0.11 * bar))
    model.add(bright, box(0.2, 2 * wide, 0.24, 0.06, 2).at(nose + 0.03, 0, 0.58))
    model.add(plastic(colors.accent), box(0.22, 0.7 * wide, 0.2, 0.05, 2).at(nose + 0.03, hand * 0.62 * wide, 0.58))
    model.add_both_sides(lamp, cylinder(0.13, 0.1, 0.02, 16, "x").at(nose + 0.01, 0.66 * wide, 1.0))
    model.add(number_plate(random), plate(0.6, 0.15, 0.04).at(nose + 0.13, 0, 0.58))
    model.add_both_sides(
        dark,
        box(0.1, 0.1, 0.42, 0.03).at(face - 0.1, wide + 0.14, top - 0.55),
        rod((face - 0.1, wide - 0.1, top - 0.4), (face - 0.1, wide + 0.14, top - 0.4), 0.025, sides=6),
    )
    stack = hand * (wide - 0.16)
    model.add(bright, rod((back - 0.12, stack, 0.7), (back - 0.12, stack, cab_h + 0.45), 0.09, sides=14))
    door = printed(emblazoned(random, colors))
    model.add(door, box(0.5, 2 * wide + 0.02, 0.62).at(back + 0.5 * (cab_l - lift), 0, 1.05))
    model.add(
        plastic(colors.accent),
        box(0.62 * cab_l, 0.3, 0.1, 0.03).at(back + 0.4 * cab_l, -hand * 0.45 * wide, cab_h + 0.03),
    )
    _truck_load(random, model, colors, hand, (back - 0.28, -nose, wide, floor))
    axles = [nose - 0.75, -nose + 0.6, -nose + 0.6 + 2.15 * r]
    black, rim = rubber(), metal(colors.second) if chance(random, 0.5) else bright
    for axle in axles if chance(random, 0.6) else axles[:2]:
        for y in (1, -1):
            add_wheel(model, black, rim, dark, (axle, y * (wide - 0.13), r), r, 0.3, 6)
    model.add(metal(colors.second), cylinder(0.28, 0.9, 0.04, 20, "x").at(back - 0.6, -hand * (wide - 0.3), 0.62))
    return model


def _truck_load(random: Random, model: Model, colors: Palette, hand: int, size: tuple[float, ...]) -> None:
    front, rear, wide, floor = size
    length, middle = front - rear, (front + rear) / 2
    dark, red = plastic(DARK), glow(_TAIL)
    model.add(dark, box(length, 2 * wide, 0.12).at(middle, 0, floor - 0.08))
    model.add(
        red,
        box(0.06, 0.25, 0.12).at(rear, 0.7 * wide, floor - 0.08),
        box(0.06, 0.25, 0.12).at(rear, -0.7 * wide, floor - 0.08),
    )
    model.add(number_plate(random), plate(0.5, 0.13, 0.06).at(rear - 0.01, hand * 0.2, floor - 0.08))
    kind = pick(random, ("box", "tank", "flat"))
    if kind == "box":
        tall = random.uniform(1.9, 2.4)
        both = printed(emblazoned(random, colors, 256, 128, length / tall))
        model.add(plastic(colors.second), box(length, 2 * wide - 0.06, tall, 0.05).at(middle, 0, floor + tall / 2))
        model.add(both, box(0.92 * length, 2 * wide - 0.02, 0.84 * tall).at(middle, 0, floor + 0.52 * tall))
        model.add(
            printed(emblazoned(random, colors)),
            plate(0.92 * wide, 0.8 * tall, 0.05).at(rear, hand * 0.48 * wide, floor + 0.5 * tall),
        )
        model.add(
            plastic(colors.accent),
            box(0.9 * length, 0.5 * wide, 0.04).at(middle, hand * 0.4 * wide, floor + tall + 0.01),
        )
    elif kind == "tank":
        r = random.uniform(0.8, 0.95)
        picture = emblazoned(random, colors, 256, 128, 2.0)
        picture.rectangle(0, 0.62 if hand < 0 else 0.1, 1, 0.88 if hand < 0 else 0.36, colors.accent)
        picture.text(any_label(random), 0.5, 0.75 if hand < 0 else 0.25, 0.13, WHITE, "" if hand < 0 else "xy", 2.2)
        x = np.array([rear, rear, rear + 0.15, front - 0.15, front, front])
        tank = hull(
            x,
            [0, 0.85 * r, r, r, 0.85 * r, 0],
            [floor + r - s * r for s in (0, 0.85, 1, 1, 0.85, 0)],
            [floor + r + s * r for s in (0, 0.85, 1, 1, 0.85, 0)],
            2.2,
        )
        model.add(printed(picture, 0.3, 0.4), tank)
        model.add(metal(CHROME), cylinder(0.3, 0.2).at(middle + 0.4, 0, floor + 2 * r))
        model.add(
            metal(DARK),
            rod((rear - 0.05, -hand * 0.4, floor), (rear - 0.05, -hand * 0.4, floor + 1.9 * r), 0.03),
            box(0.08, 0.5, 0.5, 0.02).at(rear, hand * 0.2, floor + r),
        )
    else:
        for end, tall in ((front - 0.05, 0.6), (rear + 0.05, 0.3)):
            model.add(plastic(colors.second), box(0.08, 2 * wide, tall).at(end, 0, floor + tall / 2 - 0.02))
        spot = rear + 0.1
        while spot < front - 0.9:
            edge = random.uniform(0.6, 1.1)
            tall = random.uniform(0.5, 1.4)
            crate = box(edge, 1.15 * wide, tall, 0.03)
            material = printed(emblazoned(random, colors)) if chance(random, 0.6) else plastic(colors.accent)
            model.add(
                material, crate.at(spot + edge / 2, hand * random.uniform(0.25, 0.4) * wide, floor + tall / 2 - 0.03)
            )
            spot += edge + 0.06


def bus(random: Random) -> Model:
    """A coach with doors on one side, its number in front and behind, and an air conditioner off the middle."""
    model, colors, hand = Model(), palette(random), side(random)
    length, wide, floor = random.uniform(5.5, 8.5), 1.15, 0.42
    tall = random.uniform(2.4, 2.8) + (1.1 if chance(random, 0.25) else 0)
    double = tall > 3
    nose = length / 2
    picture = Picture(512, 256, colors.main)
    if chance(random, 0.3):
        decorate(random, picture, colors, length / 4)
    elif chance(random, 0.6):
        picture.rectangle(0, 0, 1, 0.2, colors.second)
        picture.rectangle(0, 0.8, 1, 1, colors.second)
    _bus_flanks(random, colors, hand, length, double, picture)
    x = np.array([-nose, -nose + 0.04, -nose + 0.2, nose - 0.3, nose - 0.08, nose])
    body = hull(
        x,
        wide * np.array([0.9, 0.97, 1, 1, 0.97, 0.88]),
        floor + np.array([0.1, 0.03, 0, 0, 0.03, 0.1]),
        floor + tall - np.array([0.16, 0.05, 0, 0, 0.08, 0.26]),
        9.0,
        48,
    )
    model.add(printed(picture, 0.3), body)
    pane, dark, lamp, red = plastic(GLASS, 0.1), plastic(DARK), glow(_LAMP), glow(_TAIL)
    model.add(pane, box(0.06, 1.66 * wide, 0.95, 0.02).at(nose - 0.005, 0, floor + 1.45))
    if double:
        model.add(pane, box(0.06, 1.66 * wide, 0.7, 0.02).at(nose - 0.005, 0, floor + tall - 0.75))
    sign = Picture(128, 32, BLACK)
    sign.text(any_number(random), 0.15, 0.5, 0.7, _AMBER)
    sign.text(any_label(random)[:6], 0.64, 0.5, 0.6, _AMBER)
    model.add(printed(sign), plate(1.5 * wide, 0.28, 0.08).at(nose - 0.02, 0, floor + (2.15 if double else tall - 0.4)))
    model.add(printed(sign), plate(0.7 * wide, 0.2, 0.06).at(-nose, hand * 0.4, floor + tall - 0.45))
    model.add(pane, box(0.06, 1.4 * wide, 0.6, 0.02).at(-nose, 0, floor + tall - 0.95))
    model.add(label(random, colors), plate(0.8, 0.6, 0.05).at(-nose, -hand * 0.42, floor + 0.75))
    model.add_both_sides(lamp, cylinder(0.13, 0.08, 0.02, 14, "x").at(nose, 0.68 * wide, floor + 0.5))
    model.add_both_sides(red, box(0.06, 0.18, 0.4, 0.02).at(-nose, 0.74 * wide, floor + 0.6))
    model.add(number_plate(random), plate(0.55, 0.14, 0.05).at(nose, 0, floor + 0.3))
    model.add(plastic(colors.accent), plate(0.5 * wide, 0.34, 0.04).at(nose, hand * 0.36 * wide, floor + 0.78))
    model.add(
        plastic(colors.accent),
        box(0.3 * length, 0.9, 0.22, 0.08, 2).at(-0.15 * length, hand * 0.3, floor + tall + 0.06),
    )
    model.add_both_sides(
        dark,
        box(0.08, 0.1, 0.4, 0.03).at(nose + 0.12, wide + 0.08, floor + 1.5),
        rod((nose - 0.15, wide - 0.1, floor + 1.75), (nose + 0.12, wide + 0.08, floor + 1.7), 0.03, sides=6),
    )
    black, rim = rubber(), metal(colors.second)
    for axle in (nose - 1.25, -nose + 1.35):
        for y in (1, -1):
            model.add(dark, cylinder(0.5, 0.1, sides=24, axis="y").at(axle, y * (wide - 0.035), 0.42))
            add_wheel(model, black, rim, dark, (axle, y * (wide - 0.1), 0.42), 0.42, 0.28, 6)
    return model


def _bus_flanks(random: Random, colors: Palette, hand: int, length: float, double: bool, picture: Picture) -> None:
    """Windows all along, doors and a name on one flank."""
    # The flanks lie about v = 0.25 (left, from tail to nose) and 0.75 (right).
    rows = ((0.26, 0.34), (0.11, 0.19)) if double else ((0.24, 0.35),)
    for low, high in rows:
        for top, bottom in ((low, high), (1 - high, 1 - low)):
            picture.rectangle(0.04, top - 0.012, 0.97, bottom + 0.012, colors.second)
            count = int(length / 0.95)
            for i in range(count):
                u = 0.05 + 0.91 * i / count
                picture.rectangle(u, top, u + 0.91 / count - 0.012, bottom, GLASS)
    edge = (0.0, 0.22) if hand > 0 else (0.78, 1.0)
    picture.rectangle(0.08, edge[0], 0.4, edge[1], colors.accent)
    middle = 0.8 if hand > 0 else 0.2
    picture.text(any_label(random), 0.6, middle, 0.07, WHITE, "" if hand > 0 else "xy", 1.9)
    for u in (0.45, 0.86):
        top, bottom = (0.1, 0.36) if hand > 0 else (0.64, 0.9)
        picture.rectangle(u, top, u + 0.09, bottom, DARK)
        picture.rectangle(u + 0.008, top + 0.01, u + 0.042, bottom - 0.01, GLASS)
        picture.rectangle(u + 0.048, top + 0.01, u + 0.082, bottom - 0.01, GLASS)
