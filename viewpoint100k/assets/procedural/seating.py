"""Things to sit on. They face the way the person who sits on them does."""

from __future__ import annotations

from viewpoint100k.assets.procedural.chance import Random, chance, pick, side
from viewpoint100k.assets.procedural.colors import CHROME, DARK, palette, shade
from viewpoint100k.assets.procedural.curves import rounded_rectangle, smooth
from viewpoint100k.assets.procedural.finishes import any_wood, fabric, leather, metal, plastic, printed
from viewpoint100k.assets.procedural.fittings import label, plate
from viewpoint100k.assets.procedural.model import Model
from viewpoint100k.assets.procedural.pictures import emblazoned
from viewpoint100k.assets.procedural.shapes import box
from viewpoint100k.assets.procedural.solids import beam, cylinder, prism, rod, tube
from viewpoint100k.geometry.mesh import Material

__all__ = ["armchair", "chair", "office_chair", "sofa"]


def chair(random: Random) -> Model:
    """A four-legged chair: slatted, railed or solid back, and often a writing board or an arm on one side."""
    model, colors, hand = Model(), palette(random), side(random)
    w, d = random.uniform(0.4, 0.5), random.uniform(0.38, 0.48)
    seat, top = random.uniform(0.4, 0.5), random.uniform(0.82, 1.08)
    wooden = chance(random, 0.6)
    frame = any_wood(random) if wooden else plastic(colors.main) if chance(random, 0.5) else metal(CHROME)
    odd = plastic(colors.accent)
    t, splay, lean = random.uniform(0.028, 0.045), random.uniform(0, 0.05), random.uniform(0.04, 0.13)
    round_legs = chance(random, 0.5)
    for x in (1, -1):
        for y in (1, -1):
            foot = (x * (d / 2 - t / 2 + splay), y * (w / 2 - t / 2 + splay), 0)
            head = (x * (d / 2 - t / 2), y * (w / 2 - t / 2), seat)
            leg = rod(foot, head, 0.32 * t, 0.55 * t) if round_legs else beam(head, foot, t, t, 0.7, 0.1 * t)
            model.add(odd if (x, y) == (1, hand) else frame, leg.tiled(0.3, "z"))
    for y in (1, -1):
        y0 = y * (w / 2 - t / 2)
        post = [(-d / 2 + t / 2, y0, seat - 0.02), (-d / 2 - lean + t / 2, y0, top)]
        model.add(frame, beam(post[0], post[1], t, t, bevel=0.15 * t).tiled(0.3, "z"))
        if chance(random, 0.6):
            rung = seat * random.uniform(0.3, 0.6)
            model.add(frame, rod((d / 2 - t, y0, rung), (-d / 2 + t, y0, rung), 0.3 * t))
    cushion = printed(emblazoned(random, colors, 128, 128), 0.8)
    model.add(frame, box(d, w, 0.035, 0.012).tiled(0.5, "y").at(z=seat - 0.018))
    thick = random.uniform(0.03, 0.07)
    model.add(cushion, box(0.96 * d, 0.94 * w, thick, 0.4 * thick, 2).at(z=seat + thick / 2 - 0.002))
    _chair_back(random, model, frame, cushion, (w, d, seat, top, lean, t))
    if chance(random, 0.55):
        outside = hand * (w / 2 + 0.02)
        model.add(frame, rod((d / 2 - 0.08, outside, seat - 0.04), (d / 2 - 0.1, outside, seat + 0.22), 0.4 * t))
        model.add(
            frame,
            beam(
                (-d / 2 - lean / 3, outside, seat + 0.22), (d / 2, outside, seat + 0.22), 1.2 * t, 0.6 * t, bevel=0.01
            ),
        )
        if chance(random, 0.5):
            board = prism(rounded_rectangle(0.26, 0.3, 0.05), 0.018, 0.004)
            model.add(odd, board.at(d / 2 - 0.02, outside - hand * 0.07, seat + 0.238))
    else:
        bag = random.uniform(0.16, 0.22)
        model.add(
            odd, box(0.09, bag, 1.1 * bag, 0.04, 2).at(-d / 2 - lean - 0.03, hand * (w / 2 - bag / 2), seat + 0.12)
        )
        model.add(
            label(random, colors),
            plate(0.7 * bag, 0.5 * bag).at(-d / 2 - lean - 0.072, hand * (w / 2 - bag / 2), seat + 0.1),
        )
        strap = smooth(
            [(-d / 2 - lean - 0.03, hand * (w / 2 - 0.04), seat + 0.2), (-d / 2 - lean, hand * (w / 2), top - 0.06)], 4
        )
        model.add(odd, tube(strap, 0.011, 6))
    return model


def _chair_back(random: Random, model: Model, frame: Material, cover: Material, size: tuple[float, ...]) -> None:
    """Between the two posts of a chair."""
    w, d, seat, top, lean, t = size
    style = int(random.integers(4))
    x0 = -d / 2 + t / 2

    def at(share: float) -> tuple[float, float]:
        return x0 - lean * share, seat + (top - seat) * share

    def rail(share: float, height: float) -> None:
        x, z = at(share)
        model.add(frame, box(0.6 * t, w - t, height, 0.006).tiled(0.4, "y").at(x, 0, z))

    tilt = -57.3 * lean / (top - seat)
    if style <= 1:
        low = 0.12 if style == 0 else 0.5
        x, z = at((low + 1) / 2)
        panel = box(0.035, w - 0.6 * t, (1 - low) * (top - seat), 0.015, 2)
        model.add(cover, panel.turn("y", tilt).at(x, 0, z))
        return
    rail(0.93, 0.075)
    if style == 2:
        for share in (0.3, 0.5, 0.71):
            rail(share, 0.05)
    else:
        rail(0.2, 0.04)
        count = int(random.integers(3, 6))
        for i in range(count):
            y = (w - 2 * t) * ((i + 0.5) / count - 0.5)
            (x1, z1), (x2, z2) = at(0.2), at(0.93)
            model.add(frame, beam((x1, y, z1), (x2, y, z2), 0.5 * t, 0.05))
    x, z = at(0.93)
    model.add(cover, box(0.75 * t, 0.6 * w, 0.06).at(x, 0, z))


def armchair(random: Random) -> Model:
    """A padded chair for one, with a cushion that leans in one corner."""
    return _upholstered(random, random.uniform(0.55, 0.68), 1)


def sofa(random: Random) -> Model:
    """A padded bench for two or three, with odd cushions and sometimes a longer seat at one end."""
    seats = int(random.integers(2, 4))
    return _upholstered(random, seats * random.uniform(0.52, 0.6), seats)


def _upholstered(random: Random, width: float, seats: int) -> Model:
    model, colors, hand = Model(), palette(random), side(random)
    d, seat, top = random.uniform(0.6, 0.75), random.uniform(0.36, 0.44), random.uniform(0.7, 1.0)
    arm_w, arm_h = random.uniform(0.11, 0.2), random.uniform(0.52, 0.66)
    soft = fabric(random, colors.main) if chance(random, 0.6) else leather(colors.main)
    padded = soft if chance(random, 0.5) else leather(shade(colors.main, 0.7))
    legs = any_wood(random) if chance(random, 0.6) else metal(DARK)
    bulge = random.uniform(0.03, 0.07)
    leg = random.uniform(0.05, 0.16)
    total = width + 2 * arm_w
    model.add(soft, box(d, total - 0.02, seat - 0.14 - leg, 0.02, 1).tiled(0.12, "y").at(z=(seat - 0.14 + leg) / 2))
    back = box(0.2, total - 0.04, top - leg, bulge, 3).tiled(0.12, "y")
    model.add(soft, back.turn("y", -random.uniform(2, 9)).at(-d / 2 + 0.02, 0, (top + leg) / 2))
    arms = (1, -1) if seats == 1 or chance(random, 0.6) else (hand,)
    for y in arms:
        arm = box(d + 0.04, arm_w, arm_h - leg, min(bulge, 0.45 * arm_w), 3).tiled(0.12)
        model.add(padded, arm.at(0.02, y * (total - arm_w) / 2, (arm_h + leg) / 2))
    if len(arms) == 1:
        rest = width / seats
        model.add(
            soft,
            box(d + 0.5, rest, seat - 0.02 - leg, bulge, 3)
            .tiled(0.12)
            .at(0.3, -hand * (total - rest) / 2, (seat + leg) / 2),
        )
    step = width / seats
    for i in range(seats):
        middle = (i - (seats - 1) / 2) * step
        model.add(soft, box(d - 0.06, step - 0.008, 0.17, bulge, 3).tiled(0.12).at(0.05, middle, seat - 0.06))
        tall = top - seat - 0.02
        pad = box(0.15, step - 0.008, tall, bulge, 3).tiled(0.12, "y").turn("y", -10)
        model.add(soft, pad.at(-d / 2 + 0.17, middle, seat + tall / 2 - 0.02))
    for x in (1, -1):
        model.add_both_sides(
            legs,
            rod(
                (x * (d / 2 - 0.07), total / 2 - 0.07, 0),
                (x * (d / 2 - 0.09), total / 2 - 0.09, leg + 0.03),
                0.016,
                0.028,
            ),
        )
    cushion = printed(emblazoned(random, colors), 0.9)
    size = random.uniform(0.3, 0.38)
    puff = box(0.13, size, size, 0.06, 3).turn("x", random.uniform(-12, 12)).turn("y", -22)
    model.add(cushion, puff.at(-d / 2 + 0.33, hand * (width / 2 - 0.55 * size), seat + 0.5 * size))
    throw = leather(colors.accent)
    strip = random.uniform(0.16, 0.24)
    drape = -hand * (width / 2 - strip / 2 - 0.03)
    model.add(
        throw,
        box(0.235, strip, top - leg - 0.1, bulge, 2).turn("y", -5).at(-d / 2 + 0.02, drape, (top + leg) / 2 + 0.06),
    )
    side_label = printed(emblazoned(random, colors), 0.8)
    back_patch = plate(0.36 * total, 0.4 * (top - leg), 0.05)
    model.add(side_label, back_patch.turn("y", -5).at(-d / 2 - 0.075, hand * 0.12 * total, (top + leg) / 2 - 0.03))
    if seats == 1 or len(arms) == 2:
        patch = box(0.5 * d, 0.02, 0.5 * (arm_h - leg), 0.008)
        model.add(pick(random, (throw, side_label)), patch.at(0.1, hand * (total / 2), (arm_h + leg) / 2))
    return model


def office_chair(random: Random) -> Model:
    """A swivel chair on castors, with a lever on one side."""
    model, colors, hand = Model(), palette(random), side(random)
    dark, steel = plastic(DARK), metal(CHROME)
    base = dark if chance(random, 0.6) else steel
    feet, seat = int(pick(random, (5, 5, 4))), random.uniform(0.44, 0.54)
    w, d, tall = random.uniform(0.44, 0.52), random.uniform(0.42, 0.5), random.uniform(0.42, 0.7)
    for i in range(feet):
        arm = beam((0, 0, 0.11), (0.29, 0, 0.075), 0.05, 0.035, 0.7, 0.008)
        model.add(base, arm.turn("z", 360 * i / feet + 20))
        model.add(dark, cylinder(0.035, 0.05, 0.008, 12, "y").at(0.29, 0, 0.035).turn("z", 360 * i / feet + 20))
    model.add(steel, rod((0, 0, 0.09), (0, 0, seat - 0.05), 0.025, 0.02))
    model.add(dark, cylinder(0.045, 0.2, 0.005).at(z=0.17), box(0.22, 0.2, 0.05, 0.01).at(z=seat - 0.06))
    cover = printed(emblazoned(random, colors), 0.85)
    plain = leather(colors.main)
    model.add(plain, box(d, w, 0.1, 0.045, 3).at(z=seat))
    model.add(cover, box(0.8 * d, 0.8 * w, 0.05, 0.02, 2).at(0.01, 0, seat + 0.035))
    back = box(0.09, 0.92 * w, tall, 0.04, 3)
    lean, x, z = -random.uniform(4, 12), -d / 2 - 0.02, seat + 0.14 + tall / 2
    model.add(plain, back.turn("y", lean).at(x, 0, z))
    model.add(cover, box(0.11, 0.72 * w, 0.75 * tall, 0.03, 2).turn("y", lean).at(x, 0, z))
    model.add(
        dark,
        tube(
            smooth([(0, 0, seat - 0.06), (-d / 2 - 0.06, 0, seat - 0.04), (x - 0.05, 0, z - 0.1 * tall)], 8), 0.022, 8
        ),
    )
    arms = pick(random, ((1, -1), (1, -1), (hand,)))
    for y in arms:
        pad = leather(colors.accent) if y == hand else dark
        path = smooth(
            [(0, y * (w / 2 - 0.08), seat - 0.04), (0, y * (w / 2 + 0.04), seat), (0, y * (w / 2 + 0.05), seat + 0.2)],
            8,
        )
        model.add(dark, tube(path, 0.018, 8))
        model.add(pad, box(0.26, 0.075, 0.035, 0.014, 2).at(0.0, y * (w / 2 + 0.05), seat + 0.21))
    lever = plastic(colors.accent)
    model.add(lever, tube([(0.04, 0, seat - 0.07), (0.06, -hand * (w / 2 + 0.06), seat - 0.08)], 0.012, 8))
    model.add(lever, box(0.05, 0.07, 0.02, 0.006).at(0.06, -hand * (w / 2 + 0.07), seat - 0.08))
    model.add(lever, box(0.1, 0.2 * w, 0.3 * tall, 0.01).turn("y", lean).at(x - 0.012, hand * 0.28 * w, z + 0.2 * tall))
    return model
