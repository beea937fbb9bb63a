"""Small parts that many families share: wheels, labels, plates, eyes."""

from __future__ import annotations

import numpy as np

from viewpoint100k.assets.procedural.chance import Random
from viewpoint100k.assets.procedural.colors import Color, Palette
from viewpoint100k.assets.procedural.finishes import plastic, printed
from viewpoint100k.assets.procedural.lettering import any_number
from viewpoint100k.assets.procedural.model import Model
from viewpoint100k.assets.procedural.pictures import Picture, sticker
from viewpoint100k.assets.procedural.shapes import Shape, box
from viewpoint100k.assets.procedural.solids import cylinder, ellipsoid, revolve
from viewpoint100k.geometry.mesh import Material

__all__ = ["add_eyes", "add_wheel", "label", "number_plate", "plate", "tyre"]


def plate(width: float, height: float, thickness: float = 0.012) -> Shape:
    """A thin board that faces +X; each side holds a whole picture."""
    return box(thickness, width, height)


def label(random: Random, colors: Palette) -> Material:
    """A printed sticker."""
    return printed(sticker(random, colors), 0.5)


def number_plate(random: Random, ink: Color = (0.08, 0.08, 0.1), paper: Color = (0.93, 0.92, 0.85)) -> Material:
    """A registration plate, four times as wide as high."""
    picture = Picture(128, 32, ink)
    picture.rectangle(0.02, 0.08, 0.98, 0.92, paper)
    picture.rectangle(0.02, 0.08, 0.13, 0.92, (0.1, 0.2, 0.6))
    picture.text(f"{any_number(random)}-{any_number(random)}K", 0.56, 0.5, 0.62, ink)
    return printed(picture, 0.5)


def tyre(radius: float, width: float, hole: float = 0.62, sides: int = 28) -> Shape:
    """A tyre about the Y axis; ``hole`` is the rim's radius as a share of ``radius``."""
    w, r = width / 2, radius
    profile = [[hole * r, -0.8 * w], [0.86 * r, -w], [0.95 * r, -0.9 * w], [r, -0.62 * w]]
    profile += [[p[0], -p[1]] for p in profile[::-1]]
    profile.append(profile[0])
    return revolve(profile, sides, crease_deg=60.0).turn("x", -90)


def add_wheel(
    model: Model,
    rubber: Material,
    rim: Material,
    dark: Material,
    at: tuple[float, float, float],
    radius: float,
    width: float,
    spokes: int = 5,
) -> None:
    """A wheel about the Y axis, its spokes on the side away from the object's middle plane."""
    x, y, z = at
    outward = 1.0 if y >= 0 else -1.0
    r = 0.64 * radius
    model.add(rubber, tyre(radius, width).at(x, y, z))
    model.add(dark, cylinder(r, 0.7 * width, sides=20, axis="y").at(x, y, z))
    face = y + outward * 0.36 * width
    model.add(rim, cylinder(0.3 * r, 0.14 * width, 0.02 * r, 14, "y").at(x, face, z))
    ring = [[0.84 * r, -0.09 * width], [1.02 * r, -0.09 * width], [1.02 * r, 0.09 * width], [0.84 * r, 0.09 * width]]
    model.add(rim, revolve([*ring, ring[0]], 24).turn("x", -90).at(x, face, z))
    for i in range(spokes):
        spoke = box(0.24 * r, 0.12 * width, 0.7 * r).at(z=0.52 * r).turn("y", 360 * i / spokes + 11)
        model.add(rim, spoke.at(x, face, z))


def add_eyes(model: Model, at: tuple[float, float, float], radius: float, iris: Color = (0.05, 0.05, 0.06)) -> None:
    """Two eyes on a head that faces +X: at (x, ±y, z), with a glint."""
    x, y, z = at
    ball, pupil = plastic((0.97, 0.97, 0.95), 0.2), plastic(iris, 0.15)
    outward = np.array([0.75, 0.6])
    model.add_both_sides(ball, ellipsoid(0.8 * radius, 0.8 * radius, radius, 12).at(x, y, z))
    dark = ellipsoid(0.5 * radius, 0.5 * radius, 0.62 * radius, 10)
    model.add_both_sides(
        pupil, dark.at(x + 0.5 * radius * outward[0], y + 0.5 * radius * outward[1], z + 0.06 * radius)
    )
