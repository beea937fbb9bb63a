"""Things with a lens, a screen or a loudspeaker: that is their front."""

from __future__ import annotations

from viewpoint100k.assets.procedural.chance import Random, chance, pick, side
from viewpoint100k.assets.procedural.colors import BLACK, DARK, WHITE, Palette, brightness, palette, shade, vivid
from viewpoint100k.assets.procedural.curves import smooth
from viewpoint100k.assets.procedural.finishes import (
    any_wood,
    chrome,
    glass,
    glow,
    leather,
    metal,
    plastic,
    printed,
    rubber,
)
from viewpoint100k.assets.procedural.fittings import label, plate
from viewpoint100k.assets.procedural.lettering import any_label, any_number
from viewpoint100k.assets.procedural.model import Model
from viewpoint100k.assets.procedural.pictures import Picture, emblazoned
from viewpoint100k.assets.procedural.shapes import box
from viewpoint100k.assets.procedural.solids import beam, cone, cylinder, ellipsoid, prism, rod, torus, tube
from viewpoint100k.geometry.mesh import Material

__all__ = ["camera", "laptop", "monitor", "radio"]


def camera(random: Random) -> Model:
    """A camera: grip and release on its right, flash and finder off the middle, and a screen behind."""
    model, colors = Model(), palette(random)
    wide, tall, deep = random.uniform(1.2, 1.5), random.uniform(0.72, 0.9), random.uniform(0.34, 0.46)
    black, steel, odd = plastic(DARK, 0.6), metal((0.75, 0.76, 0.78)), plastic(colors.accent)
    cover = leather(colors.main)
    model.add(cover, box(deep, wide, 0.72 * tall, 0.06, 2).at(z=0.42 * tall))
    top = steel if chance(random, 0.5) else plastic(colors.second)
    model.add(
        top,
        box(1.02 * deep, wide, 0.22 * tall, 0.05, 2).at(z=0.86 * tall),
        box(1.01 * deep, wide, 0.1 * tall, 0.02).at(z=0.05 * tall),
    )
    # The photographer's right hand holds it: that is the camera's own right, -Y.
    model.add(black, box(0.62 * deep, 0.24 * wide, 0.78 * tall, 0.09, 3).at(0.42 * deep, -0.36 * wide, 0.42 * tall))
    y = _lens(random, model, wide, tall, deep, black, steel, odd, top)
    hump = prism(
        [(-0.24 * wide, 0), (0.24 * wide, 0), (0.14 * wide, 0.26 * tall), (-0.14 * wide, 0.26 * tall)],
        0.92 * deep,
        0.02,
        plane="yz",
    )
    if chance(random, 0.6):
        model.add(top, hump.at(0, y, 0.94 * tall))
        model.add(black, box(0.3 * deep, 0.2, 0.04).at(-0.1, y, 1.2 * tall))
    model.add(glow((0.9, 0.9, 0.85)), box(0.05, 0.24, 0.14 * tall, 0.015).at(deep / 2, 0.34 * wide, 0.86 * tall))
    model.add(glass(), box(0.05, 0.14, 0.11 * tall, 0.01).at(deep / 2, -0.16 * wide, 0.88 * tall))
    model.add(
        steel,
        cylinder(0.09, 0.1, 0.02, 18).at(0.06, -0.36 * wide, 0.99 * tall),
        cylinder(0.11, 0.08, 0.015, 20).at(-0.05, 0.38 * wide, 0.99 * tall),
    )
    model.add(
        odd,
        cylinder(0.05, 0.12, 0.02, 14).at(0.06, -0.36 * wide, 1.0 * tall),
        box(0.05, 0.1, 0.04).at(deep / 2 + 0.01, 0.42 * wide, 0.2 * tall),
    )
    _camera_back(random, model, colors, (wide, tall, deep))
    logo = Picture(96, 24, colors.second if top is not steel else (0.75, 0.76, 0.78))
    logo.text(any_label(random)[:5], 0.5, 0.5, 0.7, BLACK)
    model.add(printed(logo), plate(0.28 * wide, 0.07 * wide, 0.02).at(0.51 * deep, -0.36 * wide, 0.86 * tall))
    model.add(odd, box(0.6 * deep, 0.03, 0.5 * tall, 0.01).at(0, 0.5 * wide, 0.42 * tall))
    for y2 in (1, -1):
        model.add(steel, torus(0.05, 0.016, 14, "x", 6).at(0, y2 * (wide / 2 + 0.02), 0.86 * tall))
    strap = smooth(
        [
            (0, wide / 2 + 0.04, 0.85 * tall),
            (0.02, wide / 2 + 0.2, 0.5 * tall),
            (0.1, wide / 2 + 0.16, 0.05),
            (0.3, wide / 2 + 0.3, 0.03),
        ],
        16,
    )
    model.add(leather(colors.accent), tube(strap, 0.035, 8))
    return model


def _lens(
    random: Random,
    model: Model,
    wide: float,
    tall: float,
    deep: float,
    black: Material,
    steel: Material,
    odd: Material,
    top: Material,
) -> float:
    """The lens, a little off the middle."""
    r, y = random.uniform(0.27, 0.34) * tall / 0.8, random.uniform(0.04, 0.12) * wide
    zoom = random.uniform(0.25, 0.6)
    base = (deep / 2, y, 0.45 * tall)
    model.add(top, cylinder(1.12 * r, 0.06, 0.015, 28, "x").at(base[0] + 0.02, y, base[2]))
    model.add(black, cylinder(r, zoom, 0.02, 32, "x").at(base[0] + zoom / 2, y, base[2]))
    model.add(odd, cylinder(1.02 * r, 0.05, 0.01, 32, "x").at(base[0] + zoom * random.uniform(0.3, 0.75), y, base[2]))
    model.add(
        black,
        *(box(0.09, 0.035, 0.05).at(z=r).turn("x", 20 * i).at(base[0] + 0.22 * zoom, y, base[2]) for i in range(18)),
    )
    front = base[0] + zoom
    model.add(glass((0.1, 0.1, 0.22)), ellipsoid(0.07, 0.78 * r, 0.78 * r, 20).at(front - 0.01, y, base[2]))
    model.add(steel, torus(0.86 * r, 0.03, 28, "x", 8).at(front, y, base[2]))
    return y


def _camera_back(random: Random, model: Model, colors: Palette, size: tuple[float, ...]) -> None:
    wide, tall, deep = size
    scene = Picture(96, 72, (0.45, 0.65, 0.9))
    scene.rectangle(0, 0.6, 1, 1, (0.25, 0.5, 0.22))
    scene.disc(0.75, 0.25, 0.14, (0.98, 0.9, 0.5))
    scene.rectangle(0.12, 0.35, 0.4, 0.75, colors.accent)
    model.add(plastic(BLACK), box(0.05, 0.58 * wide, 0.62 * tall, 0.015).at(-deep / 2 - 0.01, 0.14 * wide, 0.42 * tall))
    model.add(printed(scene, 0.2), plate(0.5 * wide, 0.52 * tall, 0.02).at(-deep / 2 - 0.03, 0.14 * wide, 0.42 * tall))
    for i in range(3):
        model.add(
            plastic(colors.accent if i == 0 else WHITE),
            cylinder(0.045, 0.05, 0.012, 12, "x").at(-deep / 2, -0.34 * wide, (0.25 + 0.17 * i) * tall),
        )
    model.add(rubber(), box(0.1, 0.26, 0.18, 0.04, 2).at(-deep / 2, 0.02 * wide, 0.9 * tall))


def _desktop(random: Random, width: int = 192, height: int = 120) -> Picture:
    """What a screen shows: windows, lines of writing, a chart. It never equals its mirror image."""
    colors = palette(random, shade(vivid(random), 0.55))
    picture = Picture(width, height, colors.main)
    picture.rectangle(0, 0, 1, 0.07, DARK)
    for i, color in enumerate((colors.accent, colors.second, WHITE)):
        picture.rectangle(0.02 + 0.05 * i, 0.02, 0.05 + 0.05 * i, 0.05, color)
    left = random.uniform(0.06, 0.14)
    picture.rectangle(left, 0.16, left + 0.48, 0.8, WHITE)
    picture.rectangle(left, 0.16, left + 0.48, 0.24, colors.accent)
    for i in range(6):
        picture.rectangle(
            left + 0.04, 0.3 + 0.08 * i, left + 0.04 + random.uniform(0.15, 0.4), 0.33 + 0.08 * i, (0.35, 0.36, 0.4)
        )
    picture.rectangle(0.68, 0.3, 0.94, 0.9, colors.second)
    for i in range(4):
        picture.rectangle(0.71 + 0.05 * i, random.uniform(0.4, 0.75), 0.745 + 0.05 * i, 0.86, colors.accent)
    picture.text(any_label(random), 0.8, 0.18, 0.1, WHITE)
    return picture


def monitor(random: Random) -> Model:
    """A screen on a foot, with a keyboard or a speaker; picture, note and plugs are one-sided."""
    model, colors, hand = Model(), palette(random), side(random)
    wide = random.uniform(1.3, 1.9)
    tall = wide * random.uniform(0.55, 0.75)
    foot = random.uniform(0.2, 0.4)
    shell = plastic(colors.main if chance(random, 0.5) else DARK)
    old = chance(random, 0.35)
    tilt, z = -random.uniform(0, 8), foot + tall / 2
    model.add(shell, box(0.09, wide, tall, 0.03, 2).turn("y", tilt).at(0, 0, z))
    model.add(
        printed(_desktop(random), 0.15), box(0.1, wide - 0.1, tall - 0.13).turn("y", tilt).at(0.004, 0, z + 0.015)
    )
    rear = plastic(shade(colors.main, 0.75))
    if old:
        model.add(rear, beam((-0.02, 0, z), (-0.75, 0, z - 0.05), 0.92 * wide, 0.9 * tall, 0.6, 0.06))
    else:
        model.add(rear, box(0.16, 0.6 * wide, 0.6 * tall, 0.06, 2).turn("y", tilt).at(-0.06, 0, z - 0.05 * tall))
        model.add(shell, box(0.03, wide - 0.02, tall - 0.02).turn("y", tilt).at(-0.04, 0, z))
    stand = metal((0.7, 0.71, 0.74)) if chance(random, 0.5) else shell
    model.add(stand, beam((-0.14, 0, 0.02), (-0.1, 0, z), 0.24, 0.07, bevel=0.02))
    if chance(random, 0.5):
        model.add(stand, cylinder(0.4, 0.04, 0.012, 28).scale(0.85, 1.2, 1).at(-0.06, 0, 0.02))
    else:
        model.add(stand, box(0.5, 0.85, 0.04, 0.015).at(-0.06, 0, 0.02))
    _monitor_extras(random, model, colors, hand, foot, wide, tall, shell, old, tilt, z)
    return model


def _monitor_extras(
    random: Random,
    model: Model,
    colors: Palette,
    hand: int,
    foot: float,
    wide: float,
    tall: float,
    shell: Material,
    old: float,
    tilt: float,
    z: float,
) -> None:
    """What hangs on a screen and stands beside it."""
    back = -0.78 if old else -0.16
    model.add(
        label(random, colors),
        plate(0.3 * wide, 0.3 * tall, 0.06)
        .turn("y", tilt)
        .at(back + 0.03 if not old else back + 0.02, hand * 0.1 * wide, z - 0.05),
    )
    model.add(
        plastic(colors.accent),
        plate(0.16, 0.16, 0.02).turn("x", 8).at(0.06, hand * (wide / 2 - 0.11), z + tall / 2 - 0.11),
    )
    model.add(plastic(colors.accent), box(0.12, 0.04, 0.35 * tall, 0.01).at(-0.02, -hand * wide / 2, z))
    model.add(
        plastic(colors.second),
        plate(0.14 * wide, 0.4 * tall, 0.14).turn("y", tilt).at(-0.04 if not old else -0.3, -hand * 0.36 * wide, z),
    )
    model.add(glow((0.3, 0.9, 0.4)), box(0.11, 0.04, 0.02).at(0, hand * 0.4 * wide, z - tall / 2 + 0.035))
    cable = smooth(
        [
            (-0.1, hand * 0.15, z - 0.3 * tall),
            (-0.3, hand * 0.25, foot),
            (-0.35, hand * 0.5, 0.04),
            (-0.2, hand * 0.8, 0.025),
        ],
        14,
    )
    model.add(plastic(BLACK), tube(cable, 0.02, 6))
    speaker = box(0.24, 0.22, 0.42, 0.03, 2).at(0.02, -hand * (wide / 2 + 0.02), 0.21)
    model.add(shell, speaker)
    model.add(plastic(colors.accent), cylinder(0.075, 0.03, 0.01, 18, "x").at(0.14, -hand * (wide / 2 + 0.02), 0.15))
    model.add(plastic(BLACK), cylinder(0.04, 0.03, 0.01, 14, "x").at(0.14, -hand * (wide / 2 + 0.02), 0.32))
    if chance(random, 0.6):
        model.add(shell, box(0.38, 0.9, 0.04, 0.015).at(0.52, hand * 0.08, 0.025))
        model.add(printed(_keys(random, colors)), box(0.32, 0.84, 0.03).at(0.52, hand * 0.08, 0.042))
        model.add(plastic(colors.accent), ellipsoid(0.11, 0.07, 0.05, 14).at(0.5, hand * 0.08 - 0.6, 0.03))
        model.add(
            plastic(BLACK),
            tube(smooth([(0.35, hand * 0.08, 0.03), (0.15, 0, 0.03), (-0.2, 0, 0.03)], 6), 0.012, 5),
            tube(smooth([(0.4, hand * 0.08 - 0.6, 0.03), (0.2, -0.4, 0.02), (-0.1, -0.1, 0.03)], 8), 0.012, 5),
        )


def _keys(random: Random, colors: Palette) -> Picture:
    """A keyboard seen from above, its space bar towards the user, who sits at +X."""
    picture = Picture(64, 160, DARK)
    tone = pick(random, (WHITE, (0.35, 0.36, 0.4)))
    for row in range(4):
        for key in range(13):
            picture.rectangle(0.06 + 0.18 * row, 0.02 + 0.074 * key, 0.2 + 0.18 * row, 0.08 + 0.074 * key, tone)
    picture.rectangle(0.8, 0.25, 0.94, 0.7, tone)
    picture.rectangle(0.42, 0.9, 0.74, 0.99, colors.accent)
    return picture


def laptop(random: Random) -> Model:
    """An open laptop; stickers on the lid, plugs on one side, a key cluster off the middle."""
    model, colors, hand = Model(), palette(random), side(random)
    wide, deep = random.uniform(1.4, 1.8), random.uniform(1.0, 1.2)
    thick, opened = random.uniform(0.06, 0.1), random.uniform(98, 125)
    shell = metal(colors.main, 0.5) if chance(random, 0.5) else plastic(colors.main)
    dark = plastic(DARK)
    model.add(shell, box(deep, wide, thick, 0.025, 2).at(z=thick / 2 + 0.02))
    model.add(printed(_keys(random, colors)), box(0.48 * deep, 0.88 * wide, 0.02).at(-0.16 * deep, 0, thick + 0.016))
    model.add(
        plastic(shade(colors.main, 0.7)),
        box(0.26 * deep, 0.32 * wide, 0.015).at(0.28 * deep, 0.05 * wide, thick + 0.016),
    )
    model.add(
        label(random, colors), box(0.14 * deep, 0.15 * wide, 0.015).at(0.34 * deep, hand * 0.36 * wide, thick + 0.016)
    )
    _laptop_lid(random, model, colors, hand, wide, deep, thick, opened, shell, dark)
    side_y = hand * wide / 2
    for i in range(3):
        model.add(dark, box(0.1, 0.02, 0.03).at(-0.3 + 0.16 * i, -side_y, thick / 2 + 0.02))
    stick = plastic(colors.accent)
    model.add(stick, box(0.1, 0.3, 0.05, 0.012).at(-0.1, side_y + hand * 0.1, thick / 2 + 0.03))
    cable = smooth(
        [
            (-0.35, side_y, thick / 2 + 0.02),
            (-0.36, side_y + hand * 0.16, 0.05),
            (-0.7, side_y + hand * 0.1, 0.025),
            (-0.85, side_y - hand * 0.35, 0.025),
        ],
        14,
    )
    model.add(plastic(BLACK), tube(cable, 0.02, 6), box(0.3, 0.18, 0.08, 0.02).at(-0.86, side_y - hand * 0.42, 0.045))
    for x in (1, -1):
        model.add_both_sides(rubber(), cylinder(0.05, 0.04, sides=12).at(x * 0.4 * deep, 0.42 * wide, 0.02))
    return model


def _laptop_lid(
    random: Random,
    model: Model,
    colors: Palette,
    hand: int,
    wide: float,
    deep: float,
    thick: float,
    opened: float,
    shell: Material,
    dark: Material,
) -> None:
    """Screen and lid, stickers and a band on the lid's back."""
    lid_h = 0.94 * deep
    hinge = (-deep / 2 + 0.03, 0, thick + 0.02)
    lean = 90 - opened
    lid = box(0.06, wide, lid_h, 0.025, 2).at(z=lid_h / 2)
    model.add(shell, lid.turn("y", lean).at(*hinge))
    model.add(dark, box(0.02, wide - 0.06, lid_h - 0.08, 0.008).at(0.024, 0, lid_h / 2).turn("y", lean).at(*hinge))
    model.add(
        printed(_desktop(random), 0.15),
        plate(wide - 0.14, lid_h - 0.2, 0.02).at(0.027, 0, lid_h / 2 + 0.01).turn("y", lean).at(*hinge),
    )
    model.add_both_sides(dark, cylinder(0.035, 0.3, 0.01, 12, "y").at(hinge[0], 0.3 * wide, hinge[2]))
    stickers = int(random.integers(2, 5))
    spots = [(hand * 0.28, 0.68), (hand * 0.2, 0.32), (-hand * 0.3, 0.3), (-hand * 0.02, 0.75)]
    for i in range(stickers):
        y, z = spots[i]
        size = random.uniform(0.2, 0.3) * wide
        material = label(random, colors) if i else printed(emblazoned(random, colors))
        model.add(
            material,
            plate(size, 0.72 * size, 0.014)
            .turn("x", random.uniform(-25, 25))
            .at(-0.027, y * wide, z * lid_h)
            .turn("y", lean)
            .at(*hinge),
        )
    band = random.uniform(0.12, 0.2) * wide
    model.add(
        plastic(colors.accent),
        box(0.064, band, lid_h + 0.005, 0.025, 2)
        .at(0, -hand * (wide / 2 - 0.12 - band / 2), lid_h / 2)
        .turn("y", lean)
        .at(*hinge),
    )


def radio(random: Random) -> Model:
    """A portable radio: loudspeaker to one side, dial and knobs to the other, an aerial on one corner."""
    model, colors, hand = Model(), palette(random), side(random)
    wide, tall, deep = random.uniform(1.3, 1.7), random.uniform(0.75, 1.0), random.uniform(0.35, 0.5)
    case = any_wood(random) if chance(random, 0.4) else plastic(colors.main)
    round_edge = random.uniform(0.03, 0.14)
    model.add(case, box(deep, wide, tall, round_edge, 3).tiled(0.8, "y").at(z=tall / 2 + 0.05))
    front = deep / 2
    panel, odd, steel, dark = plastic(colors.second), plastic(colors.accent), chrome(), plastic(DARK)
    model.add(panel, box(0.04, 0.86 * wide, 0.8 * tall, 0.015).at(front, 0, tall / 2 + 0.05))
    y, r = -hand * 0.2 * wide, 0.3 * tall
    grille = Picture(96, 96, DARK)
    grille.dots(10, 5, 0.6, shade(DARK, 2.5))
    model.add(steel, torus(r, 0.03, 28, "x", 8).at(front + 0.02, y, 0.44 * tall + 0.05))
    model.add(printed(grille), cylinder(r, 0.05, 0.01, 28, "x").mapped("x").at(front + 0.01, y, 0.44 * tall + 0.05))
    dial = Picture(128, 48, (0.95, 0.9, 0.75))
    for i in range(9):
        dial.rectangle(0.06 + 0.1 * i, 0.15, 0.075 + 0.1 * i, 0.4 if i % 2 else 0.55, BLACK)
    needle = pick(random, (0.22, 0.3, 0.68, 0.78))
    dial.rectangle(needle, 0, needle + 0.03, 1, (0.85, 0.1, 0.1))
    dial.text(any_number(random), 0.5, 0.75, 0.36, BLACK)
    model.add(
        printed(dial, 0.2), plate(0.34 * wide, 0.2 * tall, 0.05).at(front + 0.01, hand * 0.22 * wide, 0.7 * tall + 0.05)
    )
    for i in range(2):
        at = (front + 0.06, hand * (0.14 + 0.17 * i) * wide, 0.34 * tall + 0.05)
        model.add(odd if i else steel, cone(0.12, 0.1, 0.09, 0.015, 20, "x").at(*at))
        model.add(dark, box(0.03, 0.02, 0.08).at(at[0] + 0.04, at[1], at[2] + 0.05))
    name = Picture(96, 20, colors.second)
    name.text(any_label(random), 0.5, 0.5, 0.8, DARK if brightness(colors.second) > 1.3 else WHITE)
    model.add(printed(name), plate(0.3 * wide, 0.08 * tall, 0.05).at(front + 0.005, y, 0.84 * tall + 0.05))
    _radio_outside(random, model, colors, hand, wide, tall, deep, front, odd, steel, dark)
    return model


def _radio_outside(
    random: Random,
    model: Model,
    colors: Palette,
    hand: int,
    wide: float,
    tall: float,
    deep: float,
    front: float,
    odd: Material,
    steel: Material,
    dark: Material,
) -> None:
    """Aerial, handle, keys, and what is on the back and the ends."""
    lean = hand * random.uniform(15, 40)
    model.add(
        steel,
        rod((0, 0, 0), (0, 0, random.uniform(0.5, 0.9)), 0.02, 0.014, 8)
        .turn("x", -lean)
        .at(-0.3 * deep, hand * 0.42 * wide, tall + 0.03),
    )
    model.add(dark, cylinder(0.04, 0.12, 0.01, 12, "y").at(-0.3 * deep, hand * 0.42 * wide, tall + 0.05))
    bow = smooth(
        [
            (0, 0.38 * wide, tall),
            (0, 0.36 * wide, tall + 0.22),
            (0, 0, tall + 0.27),
            (0, -0.36 * wide, tall + 0.22),
            (0, -0.38 * wide, tall),
        ],
        18,
    )
    model.add(dark, tube(bow, 0.035, 8))
    for i in range(4):
        model.add(
            odd if i == 0 else dark,
            box(0.12, 0.09, 0.06, 0.01).at(0.05, -hand * (0.05 + 0.08 * i) * wide, tall + 0.055),
        )
    model.add(
        printed(emblazoned(random, colors)),
        plate(0.42 * wide, 0.5 * tall, 0.03).at(-front, hand * 0.16 * wide, tall / 2 + 0.05),
    )
    model.add(odd, box(0.5 * deep, 0.03, 0.5 * tall, 0.01).at(0, hand * wide / 2, tall / 2 + 0.05))
    model.add(label(random, colors), box(0.55 * deep, 0.03, 0.3 * tall).at(0, -hand * wide / 2, 0.6 * tall))
    for x in (1, -1):
        model.add_both_sides(rubber(), cylinder(0.05, 0.08, 0.01, 12).at(x * 0.3 * deep, 0.4 * wide, 0.04))
