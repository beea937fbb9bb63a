"""Animals, some of them toys. They face where they look."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.procedural.chance import Random, chance, pick, side
from viewpoint100k.assets.procedural.colors import BLACK, DARK, WHITE, Color, Palette, brightness, palette, shade, vivid
from viewpoint100k.assets.procedural.curves import smooth
from viewpoint100k.assets.procedural.finishes import any_wood, metal, plastic, printed
from viewpoint100k.assets.procedural.fittings import add_eyes, label
from viewpoint100k.assets.procedural.lettering import any_number
from viewpoint100k.assets.procedural.model import Model
from viewpoint100k.assets.procedural.pictures import Picture, decorate
from viewpoint100k.assets.procedural.shapes import Shape, box
from viewpoint100k.assets.procedural.solids import cone, ellipsoid, hull, prism, rod, torus, tube
from viewpoint100k.geometry import exact
from viewpoint100k.geometry.mesh import Material

__all__ = ["dog", "elephant", "fish"]

Floats = NDArray[np.float64]

_FURS: tuple[Color, ...] = (
    (0.62, 0.42, 0.25),
    (0.85, 0.72, 0.52),
    (0.35, 0.25, 0.2),
    (0.9, 0.88, 0.84),
    (0.28, 0.28, 0.3),
    (0.7, 0.5, 0.3),
)


def _coat(random: Random, main: Color, patch: Color, hand: int, share: float, wrap: Color | None = None) -> Picture:
    """A hide with spots, a blanket-like panel on one flank, and a paler belly."""
    picture = Picture(128, 128, main)
    picture.patches(random, share, patch)
    picture.rectangle(0, 0, 1, 0.07, shade(main, 1.5))
    picture.rectangle(0, 0.93, 1, 1, shade(main, 1.5))
    if wrap is not None:
        top, bottom = (0.2, 0.5) if hand > 0 else (0.5, 0.8)
        picture.rectangle(0.28, top, 0.6, bottom, wrap)
        middle = (top + bottom) / 2 + (-0.03 if hand > 0 else 0.03)
        picture.text(any_number(random), 0.44, middle, 0.13, WHITE, "xy" if hand > 0 else "", 1.0)
    return picture


def dog(random: Random) -> Model:
    """A dog, standing, its head turned a little; a patch over one eye, a numbered coat on one flank."""
    model, colors, hand = Model(), palette(random), side(random)
    fur = pick(random, _FURS)
    patch = shade(fur, 0.45) if brightness(fur) > 1.4 else shade(fur, 2.2)
    long, r = random.uniform(0.95, 1.35), random.uniform(0.19, 0.26)
    leg = random.uniform(0.3, 0.62)
    z = leg + 0.75 * r
    hide, plain, dark = (
        printed(_coat(random, fur, patch, hand, 0.3, colors.accent), 0.85),
        plastic(fur, 0.85),
        plastic(patch, 0.85),
    )
    s = np.array([0, 0.05, 0.2, 0.5, 0.75, 0.93, 1])
    wide = r * np.array([0, 0.55, 0.85, 0.8, 1.0, 0.75, 0])
    tall = r * np.array([0, 0.6, 0.95, 0.9, 1.2, 0.9, 0])
    spine = z + r * np.array([0.15, 0.12, 0.05, 0.05, 0.02, 0.1, 0.15])
    model.add(hide, hull((s - 0.5) * long, wide, spine - tall, spine + tall, 2.1, 24))
    for x, bend in ((0.3 * long, 0.02), (-0.34 * long, -0.08)):
        for y in (1, -1):
            stride = random.uniform(-0.08, 0.08)
            foot = (x + stride, y * 0.62 * r, 0.04)
            path = smooth([(x, y * 0.55 * r, z), (x + bend, y * 0.6 * r, 0.55 * leg), foot], 7)
            material = dark if (x > 0, y) == (True, hand) or (x < 0 and y == -hand and chance(random, 0.5)) else plain
            model.add(
                material,
                tube(path, np.linspace(0.5 * r, 0.22 * r, 7), 10),
                ellipsoid(0.085, 0.06, 0.05, 12).at(foot[0] + 0.04, foot[1], 0.05),
            )
    neck = (0.36 * long, 0, z + 0.2 * r)
    head = (0.5 * long + 0.1, hand * 0.03, z + r + random.uniform(0.2, 0.36))
    model.add(
        plain,
        tube(
            [neck, (0.5 * (neck[0] + head[0]), 0, 0.55 * (neck[2] + head[2]) - 0.02), head],
            [0.75 * r, 0.58 * r, 0.5 * r],
            14,
        ),
    )
    model.add(
        plastic(colors.accent),
        torus(0.6 * r, 0.028, 20, section=8)
        .turn("y", 38)
        .at(0.55 * neck[0] + 0.45 * head[0], 0, 0.52 * neck[2] + 0.48 * head[2]),
    )
    _dog_head(random, model, hand, plain, dark, head)
    tail = smooth(
        [
            (-0.48 * long, 0, z + 0.35 * r),
            (-0.62 * long, hand * 0.06, z + 1.0 * r),
            (-0.62 * long - random.uniform(-0.05, 0.12), hand * 0.16, z + r + 0.3),
        ],
        9,
    )
    model.add(dark, tube(tail, np.linspace(0.07, 0.03, 9), 8))
    return model


def _dog_head(
    random: Random, model: Model, hand: int, plain: Material, dark: Material, head: tuple[float, float, float]
) -> None:
    """The head, turned a little; one ear and one eye are darker."""
    skull = Model()
    k = random.uniform(0.85, 1.1)
    muzzle = random.uniform(0.16, 0.3)
    skull.add(plain, ellipsoid(0.19 * k, 0.165 * k, 0.165 * k, 18))
    skull.add(
        plain,
        hull(
            [0.05, 0.14, 0.14 + 0.6 * muzzle, 0.14 + muzzle, 0.17 + muzzle],
            [0.12, 0.11, 0.085, 0.07, 0],
            [-0.12, -0.12, -0.11, -0.1, -0.06],
            [0.06, 0.03, 0.0, -0.01, -0.06],
            2.4,
            16,
        ),
    )
    skull.add(plastic(BLACK, 0.3), ellipsoid(0.035, 0.045, 0.032, 10).at(0.165 + muzzle, 0, -0.02))
    skull.add(dark, ellipsoid(0.09, 0.075, 0.09, 12).at(0.105 * k, hand * 0.085 * k, 0.06 * k))
    skull.add(
        plastic((0.85, 0.35, 0.4), 0.4),
        box(0.09, 0.06, 0.02, 0.008).turn("y", 20).at(0.14 + muzzle, -hand * 0.02, -0.12),
    )
    add_eyes(skull, (0.15 * k, 0.085 * k, 0.06 * k), 0.034)
    pointed = chance(random, 0.4)
    for y in (1, -1):
        material = dark if y == hand else plain
        if pointed:
            ear = (
                cone(0.07, 0.008, 0.2, sides=10)
                .scale(0.55, 1, 1)
                .at(0, 0, 0.1)
                .turn("x", -y * (16 if y != hand else 62))
            )
            skull.add(material, ear.at(-0.04, y * 0.1 * k, 0.1 * k))
        else:
            skull.add(
                material,
                ellipsoid(0.075, 0.03, 0.15, 12)
                .turn("x", y * 14)
                .at(-0.03, y * 0.175 * k, -0.04 + (0.1 if y != hand else 0.0) * 0.5),
            )
    turn = hand * random.uniform(4, 28)
    for material, shape in skull.parts:
        model.add(material, shape.turn("z", turn).at(*head))


def elephant(random: Random) -> Model:
    """An elephant with a blanket over its back; the trunk swings to one side, and one tusk is capped."""
    model, colors, hand = Model(), palette(random), side(random)
    gray = pick(random, ((0.5, 0.5, 0.53), (0.42, 0.42, 0.46), (0.6, 0.57, 0.56), shade(vivid(random), 1.2)))
    long, r, leg = random.uniform(1.2, 1.45), random.uniform(0.42, 0.52), random.uniform(0.4, 0.52)
    z = leg + 0.8 * r
    skin, dark = plastic(gray, 0.9), plastic(shade(gray, 0.7), 0.9)
    s = np.array([0, 0.04, 0.2, 0.5, 0.8, 0.96, 1])
    scale = r * np.array([0, 0.5, 0.92, 1, 0.92, 0.55, 0])
    _elephant_body(random, model, colors, hand, gray, long, z, s, scale)
    for x in (0.28, -0.3):
        for y in (1, -1):
            step = random.uniform(-0.06, 0.06)
            model.add(
                skin,
                tube(
                    [
                        (x * long, y * 0.5 * r, z - 0.2 * r),
                        (x * long + step, y * 0.54 * r, 0.1),
                        (x * long + step, y * 0.54 * r, 0),
                    ],
                    [0.38 * r, 0.29 * r, 0.31 * r],
                    14,
                    caps="flat",
                ),
            )
            toe = plastic((0.9, 0.87, 0.8))
            model.add(
                toe,
                *(
                    ellipsoid(0.03, 0.04, 0.04, 8).at(x * long + step + 0.28 * r, y * 0.54 * r + d, 0.035)
                    for d in (-0.06, 0.0, 0.06)
                ),
            )
    hx, hz = 0.5 * long + 0.12, z + 0.5 * r
    model.add(skin, ellipsoid(0.62 * r, 0.6 * r, 0.68 * r, 20).at(hx, 0, hz))
    _elephant_face(random, model, colors, hand, gray, r, skin, dark, hx, hz)
    tail = smooth(
        [
            (-0.49 * long, 0, z + 0.2 * r),
            (-0.58 * long, hand * 0.07, z - 0.2 * r),
            (-0.56 * long, hand * 0.14, z - 0.75 * r),
        ],
        8,
    )
    model.add(skin, tube(tail, 0.028, 8))
    model.add(plastic(BLACK), ellipsoid(0.04, 0.04, 0.08, 8).at(*tail[-1]))
    model.add(
        label(random, colors), box(0.04, 0.22, 0.2, 0.01).turn("y", 30).at(-0.465 * long, -hand * 0.16, z + 0.52 * r)
    )
    model.add(plastic(colors.accent), box(0.3, 0.24, 0.12, 0.04).at(0, -hand * 0.14, z + r))
    return model


def _elephant_body(
    random: Random,
    model: Model,
    colors: Palette,
    hand: int,
    gray: Color,
    long: float,
    z: float,
    s: Floats,
    scale: Floats,
) -> None:
    """A hide with a blanket over the back, a numbered panel on one flank, a label behind."""
    body = Picture(128, 192, gray)
    blanket = Picture(64, 96, colors.main)
    decorate(random, blanket, colors, 1.0)
    cloth = slice(int(192 * 0.24), int(192 * 0.24) + 96)
    body.pixels[cloth, 32:96] = blanket.pixels
    half = (0.24, 0.36) if hand > 0 else (0.62, 0.74)
    body.rectangle(0.25, half[0], 0.75, half[1], colors.accent)
    flip = "xy" if hand > 0 else ""
    body.text(any_number(random), 0.5, (half[0] + half[1]) / 2, 0.09, WHITE, flip, 1.6)
    model.add(printed(body, 0.85), hull((s - 0.5) * long, 0.9 * scale, z - scale, z + scale, 2.2, 28))


def _elephant_face(
    random: Random,
    model: Model,
    colors: Palette,
    hand: int,
    gray: Color,
    r: float,
    skin: Material,
    dark: Material,
    hx: float,
    hz: float,
) -> None:
    """Trunk, tusks, ears, eyes."""
    sway = hand * random.uniform(0.14, 0.3)
    raised = chance(random, 0.4)
    tip = (hx + 0.75, sway, hz + 0.35) if raised else (hx + 0.55, sway, 0.24)
    trunk = smooth(
        [
            (hx + 0.3 * r, 0, hz - 0.1),
            (hx + 0.36, 0.2 * sway, hz - 0.32),
            (hx + (0.6 if raised else 0.42), 0.6 * sway, hz - (0.2 if raised else 0.6)),
            tip,
        ],
        14,
    )
    model.add(skin, tube(trunk, np.linspace(0.3 * r, 0.11 * r, 14), 12))
    ivory = plastic((0.94, 0.9, 0.78), 0.3)
    for y in (1, -1):
        tusk = smooth(
            [
                (hx + 0.35 * r, y * 0.26 * r, hz - 0.36 * r),
                (hx + 0.42, y * 0.34 * r, hz - 0.66 * r),
                (hx + 0.56, y * 0.34 * r, hz - 0.56 * r),
            ],
            8,
        )
        model.add(ivory, tube(tusk, np.linspace(0.05, 0.014, 8), 8))
        if y == hand:
            model.add(metal((0.85, 0.65, 0.25)), rod(tusk[3], tusk[5], 0.055, sides=10))
        ear = ellipsoid(0.06, 0.52 * r, 0.62 * r, 18).turn("z", y * random.uniform(25, 45))
        model.add(dark if y == hand else skin, ear.at(hx - 0.1, y * 0.86 * r, hz))
        model.add(
            plastic(colors.accent if y == hand else shade(gray, 1.3), 0.8),
            ellipsoid(0.05, 0.34 * r, 0.42 * r, 14).turn("z", y * 35).at(hx - 0.07, y * 0.87 * r, hz),
        )
    add_eyes(model, (hx + 0.46 * r, 0.36 * r, hz + 0.16 * r), 0.05)
    model.add(
        plastic(colors.accent), ellipsoid(0.2 * r, 0.26 * r, 0.14 * r, 14).at(hx + 0.05, hand * 0.1, hz + 0.66 * r)
    )


def fish(random: Random) -> Model:
    """A fish on a stand: stripes, one odd flank, a bent tail."""
    model, colors, hand = Model(), palette(random), side(random)
    long, tall, wide = random.uniform(1.1, 1.4), random.uniform(0.26, 0.42), random.uniform(0.14, 0.2)
    z = 0.25 + tall
    skin = Picture(192, 192, colors.main)
    if chance(random, 0.7):
        decorate(random, skin, colors, 1.2)
    skin.rectangle(0.76, 0, 0.79, 1, colors.accent)
    near = (0.08, 0.44) if hand > 0 else (0.56, 0.92)
    skin.rectangle(0.3, near[0], 0.52, near[1], colors.accent)
    far = 0.73 if hand > 0 else 0.27
    skin.star(0.44, far, 0.11, colors.accent, aspect=1.3)
    s = np.array([0, 0.05, 0.15, 0.4, 0.65, 0.85, 0.95, 1])
    h = tall * np.array([0.22, 0.2, 0.34, 0.85, 1, 0.75, 0.4, 0])
    w = wide * np.array([0.15, 0.2, 0.4, 0.85, 1, 0.85, 0.5, 0])
    sway = hand * random.uniform(0.08, 0.2)

    def bent(shape: Shape) -> Shape:
        p = shape.positions.copy()
        p[:, 1] += sway * np.square(np.clip(-p[:, 0] / long * 2, 0, 2))
        return shape.bent(p)

    model.add(printed(skin, 0.35), bent(hull((s - 0.5) * long, w, z - h, z + h, 2, 28)))
    fin, odd = plastic(colors.second, 0.5), plastic(colors.accent, 0.5)
    tail = np.array(
        [(-0.46 * long, -0.05), (-0.44 * long, 0.05), (-0.75 * long, 0.34), (-0.66 * long, 0.0), (-0.72 * long, -0.3)]
    )
    back = np.array(
        [
            (-0.25 * long, 0.55 * tall),
            (0.2 * long, 0.85 * tall),
            (0.06 * long, tall + 0.2),
            (-0.14 * long, tall + random.uniform(0.02, 0.2)),
        ]
    )
    belly = np.array([(-0.28 * long, -0.5 * tall), (-0.3 * long, -tall - 0.1), (-0.1 * long, -0.75 * tall)])
    for outline, material in ((tail[[1, 2, 3, 4, 0]], odd), (back, fin), (belly, fin)):
        model.add(material, bent(prism(outline, 0.035, 0.008, "xz", hub=exact.mean(outline, axis=0))).at(z=z))
    for y in (1, -1):
        flipper = ellipsoid(0.17, 0.02, 0.09, 12).turn("y", 28).turn("z", -y * random.uniform(25, 60))
        model.add(odd if y == hand else fin, flipper.at(0.1 * long, y * (wide + 0.04), z - 0.3 * tall))
    add_eyes(model, (0.37 * long, 0.62 * wide, z + 0.2 * tall), 0.055)
    model.add(plastic(shade(colors.accent, 0.8)), torus(0.05, 0.02, 14, "x", 6).at(0.485 * long, 0, z - 0.04))
    _fish_stand(random, model, colors, hand, tall, z)
    return model


def _fish_stand(random: Random, model: Model, colors: Palette, hand: int, tall: float, z: float) -> None:
    """A board with weed and labels."""
    stand = any_wood(random)
    model.add(metal(DARK), rod((0, 0, 0.03), (0, 0, z - 0.5 * tall), 0.03))
    model.add(stand, box(0.6, 0.36, 0.07, 0.02).tiled(0.4).at(z=0.035))
    model.add(
        label(random, colors), box(0.3, 0.38, 0.04).at(0.06, 0, 0.035), box(0.63, 0.16, 0.04).at(0, hand * 0.08, 0.035)
    )
    weed = plastic((0.2, 0.55, 0.3), 0.8)
    for i in range(3):
        stem = smooth(
            [
                (-0.1 + 0.1 * i, -hand * 0.12, 0.05),
                (-0.06 + 0.1 * i, -hand * 0.15, 0.16),
                (-0.12 + 0.1 * i, -hand * 0.13, 0.2 + 0.05 * i),
            ],
            6,
        )
        model.add(weed, tube(stem, np.linspace(0.026, 0.01, 6), 6))
