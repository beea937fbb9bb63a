"""Solids from curves: surfaces of revolution, sweeps along a path, prisms from an outline, and hulls over ribs."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viewpoint100k.assets.procedural.curves import circle, cosine_deg, creased, fractions, reach, rounded_rectangle
from viewpoint100k.assets.procedural.shapes import Axis, Shape, join, surface, unit
from viewpoint100k.geometry import exact

__all__ = [
    "beam",
    "cone",
    "cylinder",
    "ellipsoid",
    "hull",
    "prism",
    "revolve",
    "rod",
    "sweep",
    "torus",
    "tube",
]

Floats = NDArray[np.float64]
Caps = Literal["flat", "round", "none"]
Plane = Literal["xy", "xz", "yz"]


def revolve(
    profile: ArrayLike, sides: int = 28, crease_deg: float = 32.0, arc_deg: tuple[float, float] = (-180, 180)
) -> Shape:
    """A profile (n, 2) of (radius, height) turned about Z.

    Going up the profile the outside is on its right; corners sharper than ``crease_deg`` stay hard. A texture's u runs
    around, 0.5 at +X, and reads rightly from outside; its v runs from 0 at the profile's end to 1 at its beginning.
    """
    line = creased(np.asarray(profile, dtype=np.float64), crease_deg)
    u, ring = _ring(sides, arc_deg)
    points = line[:, None, :1] * ring
    points[..., 2] = line[:, None, 1]
    return surface(points, u, (1 - fractions(line))[:, None], wrap_columns=arc_deg[1] - arc_deg[0] >= 360)


@lru_cache(maxsize=128)
def _ring(sides: int, arc_deg: tuple[float, float]) -> tuple[Floats, Floats]:
    """(sides + 1,) from 0 to 1, and the points (sides + 1, 3) of an arc of radius 1 there; to be read only."""
    u = np.linspace(0, 1, sides + 1)
    sines, cosines = exact.sincos(np.radians(arc_deg[0] + u * (arc_deg[1] - arc_deg[0])))
    return u, np.stack([cosines, sines, np.zeros_like(u)], axis=1)


def cylinder(radius: float, height: float, bevel: float = 0.0, sides: int = 24, axis: Axis = "z") -> Shape:
    """A closed cylinder about the origin, its rims rounded with radius ``bevel``."""
    return cone(radius, radius, height, bevel, sides, axis)


def cone(bottom: float, top: float, height: float, bevel: float = 0.0, sides: int = 24, axis: Axis = "z") -> Shape:
    """A closed, possibly truncated cone about the origin, from radius ``bottom`` (the axis's low end) to ``top``."""
    h = height / 2
    profile = [[0.0, -h], [bottom, -h], [top, h], [0.0, h]]
    if bevel > 0:
        b = min(bevel, 0.49 * height, 0.9 * max(bottom, top))
        c = 0.3 * b
        low = [[bottom - b, -h], [bottom - c, -h + c], [bottom, -h + b]] if bottom > b else [[bottom, -h]]
        high = [[top, h - b], [top - c, h - c], [top - b, h]] if top > b else [[top, h]]
        profile = [[0.0, -h], *low, *high, [0.0, h]]
    shape = revolve(profile, sides, crease_deg=50.0)
    return _stood_along(shape, axis)


def _stood_along(shape: Shape, axis: Axis) -> Shape:
    """A shape whose own axis is Z, turned to ``axis``."""
    if axis == "z":
        return shape
    return shape.turn("y", 90) if axis == "x" else shape.turn("x", -90)


def ellipsoid(x: float, y: float, z: float, sides: int = 20) -> Shape:
    """An ellipsoid with these half axes about the origin; textured like a globe, u = 0.5 at +X."""
    return _unit_sphere(sides).scale(x, y, z)


@lru_cache(maxsize=16)
def _unit_sphere(sides: int) -> Shape:
    angle = np.linspace(-np.pi / 2, np.pi / 2, sides // 2 + 1)
    profile = np.stack([exact.cos(angle) * (np.abs(angle) < 1.57), exact.sin(angle)], axis=1)
    shape = revolve(profile, sides, crease_deg=90.0)
    return Shape(shape.positions, unit(shape.positions), shape.uvs, shape.triangles)


def torus(radius: float, thickness: float, sides: int = 32, axis: Axis = "z", section: int = 10) -> Shape:
    """A ring about the origin; ``thickness`` is the radius of its tube."""
    outline = circle(thickness, section) + np.array([radius, 0])
    shape = revolve(np.concatenate([outline, outline[:1]]), sides, crease_deg=80.0)
    # The seam of the tube lies on the outer equator, where the normal is known.
    ring = shape.positions * [1, 1, 0]
    shape = Shape(shape.positions, unit(shape.positions - radius * unit(ring)), shape.uvs, shape.triangles)
    return _stood_along(shape, axis)


def sweep(
    section: Floats,
    path: ArrayLike,
    scale: ArrayLike = 1.0,
    caps: Caps = "flat",
    crease_deg: float = 50.0,
    up: ArrayLike | None = None,
) -> Shape:
    """A closed outline (m, 2), counter-clockwise, carried along a path (n, 3) and scaled by (), (n,) or (n, 2).

    The outline's y follows ``up`` (by default the axis that is most across the path). A texture's v runs along it.
    """
    line = np.asarray(path, dtype=np.float64)
    size = np.broadcast_to(np.asarray(scale, dtype=np.float64).reshape(len(np.atleast_1d(scale)), -1), (len(line), 2))
    if caps == "round":
        line, size = _rounded_ends(line, size, float(np.abs(section).max()))
    along = unit(_gradient(line))
    axis = np.asarray(np.eye(3)[np.abs(along).max(axis=0).argmin()] if up is None else up, dtype=np.float64)
    across = unit(_cross(np.broadcast_to(axis, along.shape), along))
    upward = _cross(along, across)
    ring = creased(section, crease_deg, closed=True)
    points = (
        line[:, None]
        + (ring[:, 0] * size[:, :1])[..., None] * across[:, None]
        + (ring[:, 1] * size[:, 1:])[..., None] * upward[:, None]
    )
    first, last = section[1] - section[0], section[0] - section[-1]
    seamless = exact.dot(first, last) > cosine_deg(crease_deg) * exact.norm(first) * exact.norm(last)
    side = surface(points, fractions(ring), fractions(line)[:, None], wrap_columns=bool(seamless))
    if caps != "flat":
        return side
    ends = [
        _fan(points[0, ::-1], line[0], -along[0], ring[::-1]),
        _fan(points[-1], line[-1], along[-1], ring),
    ]
    return join([side, *ends])


def tube(path: ArrayLike, radius: ArrayLike, sides: int = 10, caps: Caps = "round") -> Shape:
    """A round pipe along a path (n, 3) whose radius is one number or one for each point."""
    return sweep(circle(1.0, sides), path, radius, caps)


def rod(start: ArrayLike, stop: ArrayLike, radius: float, end_radius: float | None = None, sides: int = 12) -> Shape:
    """A straight round bar between two points, with flat ends, tapered to ``end_radius`` where that is given."""
    path = np.array([start, stop], dtype=np.float64)
    return tube(path, [radius, radius if end_radius is None else end_radius], sides, caps="flat")


def beam(
    start: ArrayLike, stop: ArrayLike, width: float, height: float, taper: float = 1.0, bevel: float = 0.0
) -> Shape:
    """A straight bar of rectangular section between two points; ``height`` is upright where the bar is level."""
    path = np.array([start, stop], dtype=np.float64)
    return sweep(rounded_rectangle(width, height, bevel, 1), path, [1.0, taper], up=_upright(start, stop))


def prism(
    outline: ArrayLike, depth: float, bevel: float = 0.0, plane: Plane = "xy", hub: ArrayLike | None = None
) -> Shape:
    """A sheet of thickness ``depth``, cut along an outline (n, 2), counter-clockwise, that ``hub`` can see all of.

    The sheet's middle lies in ``plane`` (XZ seen from -Y, YZ seen from +X), its rims sloped by ``bevel``. Both faces
    hold one whole picture each, read from outside.
    """
    ring = np.asarray(outline, dtype=np.float64)
    middle = (ring.min(axis=0) + ring.max(axis=0)) / 2 if hub is None else np.asarray(hub, dtype=np.float64)
    extent = np.ptp(ring, axis=0)
    rim = creased(ring, 32.0, closed=True)
    inner = middle + (rim - middle) * (1 - bevel / (0.5 * extent))
    h = depth / 2
    flat = [(inner, -h), (rim, -h + bevel), (rim, -h + bevel), (rim, h - bevel), (rim, h - bevel), (inner, h)]
    rings = flat if bevel > 0 else [(rim, -h), (rim, h)]
    points = np.stack([np.column_stack([r, np.full(len(r), z)]) for r, z in rings])
    v = np.linspace(1, 0, len(points))[:, None]
    side = surface(points, fractions(rim), v, wrap_columns=bool(_is_smooth(ring)))
    shown = (ring - ring.min(axis=0)) / np.maximum(extent, 1e-9)
    pictures = np.stack([shown[:, 0], 1 - shown[:, 1]], axis=1)
    pictures = np.concatenate([pictures, pictures[:1]])
    closed = np.concatenate([ring, ring[:1]])
    lid = middle + (closed - middle) * (1 - bevel / (0.5 * extent))
    top = _fan(np.column_stack([lid, np.full(len(lid), h)]), [*middle, h], [0, 0, 1], pictures, as_given=True)
    low = _fan(
        np.column_stack([lid, np.full(len(lid), -h)])[::-1],
        [*middle, -h],
        [0, 0, -1],
        (pictures * [-1, 1] + [1, 0])[::-1],
        as_given=True,
    )
    shape = join([side, top, low])
    order, sign = {"xy": ([0, 1, 2], [1, 1, 1]), "xz": ([0, 2, 1], [1, -1, 1]), "yz": ([2, 0, 1], [1, 1, 1])}[plane]
    return Shape(shape.positions[:, order] * sign, shape.normals[:, order] * sign, shape.uvs, shape.triangles)


def hull(
    stations: ArrayLike, half_width: ArrayLike, low: ArrayLike, high: ArrayLike, power: ArrayLike = 2.0, count: int = 24
) -> Shape:
    """A body along X drawn over ribs: at each of ``stations`` (n,) a superellipse of this half width, from low to high.

    A texture's u runs along X from 0 to 1; its v runs around: 0 along the keel, 0.25 the left (+Y) flank, 0.5 the
    ridge, 0.75 the right flank. Repeated stations make hard edges. Ends of some size are closed flat.
    """
    x = np.asarray(stations, dtype=np.float64)
    wide, lower, upper, exponent = (
        np.broadcast_to(np.asarray(a, dtype=np.float64), x.shape) for a in (half_width, low, high, power)
    )
    around, c, s = _rib(count)
    different, which = np.unique(exponent, return_inverse=True)
    length = np.stack([_rib_reaches(p, count) for p in different.tolist()])[which]
    y = wide[:, None] * s * length
    z = ((lower + upper) / 2)[:, None] + ((upper - lower) / 2)[:, None] * c * length
    points = np.stack([np.broadcast_to(x[:, None], y.shape), y, z], axis=-1)
    u = ((x - x[0]) / (x[-1] - x[0]))[:, None]
    shapes = [surface(points, u, around, wrap_columns=True)]
    for end, outward in ((0, -1.0), (-1, 1.0)):
        if np.ptp(points[end], axis=0).max() > 1e-6:
            ring = points[end, ::-1] if end == 0 else points[end]
            uv = np.stack([np.full(count + 1, float(u[end, 0])), around[::-1] if end == 0 else around], axis=1)
            shapes.append(_fan(ring, _middle(ring), [outward, 0, 0], uv, as_given=True))
    return join(shapes)


@lru_cache(maxsize=32)
def _rib(count: int) -> tuple[Floats, Floats, Floats]:
    """(count + 1,) each: the parts of a turn from the keel, and where they lie on a circle, up and left; to be read
    only."""
    around = np.linspace(0, 1, count + 1)
    c, s = -exact.cos(2 * np.pi * around), exact.sin(2 * np.pi * around)
    c[[count // 4, 3 * count // 4]] = 0.0
    s[[0, count // 2, count]] = 0.0
    return around, c, s


@lru_cache(maxsize=256)
def _rib_reaches(power: float, count: int) -> Floats:
    """(count + 1,) how far a superellipse of half axes 1 reaches in the directions of a rib; to be read only."""
    _, c, s = _rib(count)
    return reach(c, s, power)


def _fan(ring: Floats, middle: ArrayLike, normal: ArrayLike, uvs: Floats, as_given: bool = False) -> Shape:
    """A flat lid over a closed ring (n, 3) whose last point repeats its first."""
    if not as_given:
        low, extent = uvs.min(axis=0), np.ptp(uvs, axis=0)
        uvs = (uvs - low) / np.maximum(extent, 1e-9) * [1, -1] + [0, 1]
    n = len(ring)
    corner = np.arange(n - 1)
    triangles = np.stack([corner, corner + 1, np.full(n - 1, n)], axis=1)
    distinct = (ring[1:] != ring[:-1]).any(axis=1)
    return Shape(
        np.concatenate([ring, np.asarray(middle, dtype=np.float64)[None]]),
        np.tile(np.asarray(normal, dtype=np.float64), (n + 1, 1)),
        np.concatenate([uvs, _middle(uvs)[None]]),
        triangles[distinct],
    )


def _middle(points: Floats) -> Floats:
    """The mean of points (n, d)."""
    return np.asarray(exact.cumulative(points)[-1] / len(points))


def _rounded_ends(line: Floats, size: Floats, reach: float) -> tuple[Floats, Floats]:
    """The path lengthened at both ends over a half sphere, and the sizes that draw it."""
    angle = np.radians([30.0, 60.0, 90.0])[:, None]
    along = [line[0] - line[1], line[-1] - line[-2]]
    outward = [unit(a) for a in along]
    shrink = exact.cos(angle) * (angle < 1.5)
    head = line[0] + exact.sin(angle) * outward[0] * size[0].min() * reach
    tail = line[-1] + exact.sin(angle) * outward[1] * size[-1].min() * reach
    return (
        np.concatenate([head[::-1], line, tail]),
        np.concatenate([(shrink * size[0])[::-1], size, shrink * size[-1]]),
    )


def _gradient(line: Floats) -> Floats:
    """Direction at each point of a polyline: half way between those of its two neighbouring pieces."""
    steps = unit(np.diff(line, axis=0))
    middle = steps[1:] + steps[:-1]
    return np.concatenate([steps[:1], middle, steps[-1:]])


def _cross(a: Floats, b: Floats) -> Floats:
    return np.stack(
        [
            a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1],
            a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2],
            a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0],
        ],
        axis=-1,
    )


def _upright(start: ArrayLike, stop: ArrayLike) -> list[float]:
    along = np.abs(np.subtract(stop, start))
    return [0.0, 0.0, 1.0] if along[2] < 0.8 * (along[0] + along[1]) else [1.0, 0.0, 0.0]


def _is_smooth(ring: Floats) -> bool:
    first, last = ring[1] - ring[0], ring[0] - ring[-1]
    return bool(exact.dot(first, last) > 0.85 * exact.norm(first) * exact.norm(last))
