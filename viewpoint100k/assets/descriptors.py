"""Descriptors of meshes that hardly change with colour, size, orientation, file format or tessellation.

The shape is described by spherical harmonics (Kazhdan, Funkhouser and Rusinkiewicz 2003, "Rotation Invariant Spherical
Harmonic Representation of 3D Shape Descriptors"). The surface is weighted by soft shells about its centroid. The
descriptor holds the energy of each shell at each degree of the harmonics, which rotations and reflections do not
change. The integrals are computed over the surface itself, not over random samples, so the values of a copy differ
only by rounding. The colour descriptor is a histogram over the surface.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.mesh_files.textures import srgb_to_linear
from viewpoint100k.assets.surface_cells import measured, merged, sampled
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry import exact
from viewpoint100k.geometry.mesh import Mesh, Primitive, Texture

__all__ = ["DESCRIPTOR_VERSION", "Descriptor", "describe"]

DESCRIPTOR_VERSION = 3
"""Version of the descriptors; increased whenever any value changes."""

_SHELLS = np.array([0.5, 0.8, 1.2, 1.7])
"""Radii of the shells; 1 is the root mean square distance of the surface from its centroid."""

_SHELL_WIDTH = 0.3
"""Standard deviation of a shell in the logarithm of the radius. Shells vanish at the centroid, where directions are
undefined."""

_DEGREES = 7
"""Degrees of the harmonics, from 0. Finer detail than 30 degrees changes with the tessellation as well."""

_COARSEST = 1e-5
"""A triangle is halved while its share of the surface times its longest edge squared exceeds this. The integrals then
do not depend on the tessellation (`tests/test_near_duplicates.py`)."""

_DENSE_TRIANGLES = 200_000
"""The small triangles of meshes with more than these are merged by cells, see `surface_cells`."""

_CELL = 1 / 64
"""Side of a cell, where 1 is the root mean square distance of the surface from its centroid. Far smaller than 30
degrees, so merging changes a descriptor less than a fine re-tessellation does."""

_COLORED_TRIANGLES = 2**16
"""About so many of the small triangles of a dense mesh give its colours."""

_SHADES = 4
"""Bins along each of red, green and blue."""

_BINS = _SHADES * _SHADES * _SHADES
_BYTES = srgb_to_linear(np.arange(256) / 255)
_BETWEEN_SHADES = srgb_to_linear(np.arange(1, _SHADES) / _SHADES)
"""Linear intensities of the sRGB bytes at the boundaries between bins."""

_STEPS, _FARTHEST = 1024, 12
"""Resolution of the table of shells: entries for each unit of radius. Beyond the table all shells are 0."""

_AT_ONCE = 2**11
"""Number of surface points in one batch, small enough for the CPU cache."""

Points = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Descriptor:
    """Shape and colour descriptors of an object."""

    shape: NDArray[np.float32]
    """(28,): root of the energy of each shell (slow) at each degree (fast); scaled so that a point has 1."""
    colors: NDArray[np.float32]
    """(64,): share of the surface in each bin of sRGB base colour, red slowest; sums to 1."""


@dataclass(frozen=True, eq=False)
class _Patches:
    """Small triangles, cut from those of one primitive."""

    corners: Points
    """(n, 3, 3): corners relative to the mesh's centroid."""
    areas: Points
    """(n,)"""
    triangles: NDArray[np.int64]
    """(n,): the triangle that each was cut from."""
    weights: Points
    """(n, 3): weights of that triangle's corners at the patch's centre; they sum to 1."""


def describe(mesh: Mesh) -> Descriptor:
    """The descriptor of a mesh, in about 20 ms for 15,000 triangles and 300 ms for 1,300,000.

    Raises ``AssetError`` (``no_surface``) if no triangle has an area.
    """
    if mesh.triangle_count > _DENSE_TRIANGLES:
        return _describe_dense(mesh)
    centroid = mesh.centroid
    limit = _COARSEST * _extent(mesh, centroid)
    corners, areas = [], []
    colors = np.zeros(_BINS)
    for primitive in mesh.primitives:
        patches = _patches(primitive, centroid, limit)
        corners.append(patches.corners)
        areas.append(patches.areas)
        colors += _histogram(_colors(primitive, primitive.triangles[patches.triangles], patches.weights), patches.areas)
    shape = _harmonic_energies(*_edge_middles(np.concatenate(corners), np.concatenate(areas)))
    return Descriptor(shape.astype(np.float32), (colors / exact.total(colors)).astype(np.float32))


def _describe_dense(mesh: Mesh) -> Descriptor:
    """As `describe`, for a mesh of many triangles: those smaller than a cell are merged, and give colours in part."""
    centroid = mesh.centroid
    surfaces = [measured(primitive, centroid) for primitive in mesh.primitives]
    whole = np.array([exact.total(s.areas) for s in surfaces])
    extents = [exact.total(s.areas.astype(np.float64) * s.distances) for s in surfaces]
    extent = float(exact.total(extents))
    if not extent > 0:
        raise AssetError("no_surface", "no triangle of the mesh has an area")
    side = _CELL * math.sqrt(extent / float(exact.total(whole)))
    stretch = -(-mesh.triangle_count // _COLORED_TRIANGLES)
    middles, areas, points, colors = [], [], [], np.zeros(_BINS)
    for primitive, surface in zip(mesh.primitives, surfaces, strict=True):
        small = surface.longest <= np.float32(side * side)
        middles.append(surface.middles[:, small])
        areas.append(surface.areas[small])
        if not small.all():
            large = replace(primitive, triangles=primitive.triangles[~small])
            patches = _patches(large, centroid, _COARSEST * extent)
            points.append(_edge_middles(patches.corners, patches.areas))
            colors += _histogram(_colors(primitive, large.triangles[patches.triangles], patches.weights), patches.areas)
        colors += _sampled_colors(primitive, surface.areas, np.flatnonzero(small), stretch)
    centers, weights = merged(np.concatenate(middles, axis=1), np.concatenate(areas), side)
    points.append((centers.astype(np.float32), 3 * weights))
    shape = _harmonic_energies(*(np.concatenate(parts) for parts in zip(*points, strict=True)))
    return Descriptor(shape.astype(np.float32), (colors / exact.total(colors)).astype(np.float32))


def _sampled_colors(primitive: Primitive, areas: Points, some: NDArray[np.int64], stretch: int) -> NDArray[np.float64]:
    """(64,): the areas of the triangles ``some`` in each bin of colour, from one of ``stretch`` of them."""
    chosen = some[sampled(len(some), stretch)]
    thirds = np.full((len(chosen), 3), 1 / 3, dtype=np.float32)
    found = _histogram(_colors(primitive, primitive.triangles[chosen], thirds), areas[chosen])
    seen = float(exact.total(found))
    return found * (float(exact.total(areas[some])) / seen) if seen > 0 else found


def _edge_middles(corners: Points, areas: Points) -> tuple[Points, NDArray[np.float64]]:
    """The middles of the edges of triangles (n, 3, 3), at which their integrals are exact for quadratic functions:
    (3 n, 3), and their weights (3 n,)."""
    points = np.asarray((corners + np.roll(corners, -1, axis=1)) / 2, dtype=np.float32).reshape(-1, 3)
    return points, np.repeat(areas, 3).astype(np.float64)


def _extent(mesh: Mesh, centroid: NDArray[np.float64]) -> float:
    """The sum over all triangles of area times mean square distance of the corners from the centroid."""
    corners = np.concatenate([p.positions[p.triangles] for p in mesh.primitives]).astype(np.float64) - centroid
    extent = float(exact.total(_areas(corners)[:, None] * _squared(corners))) / 3
    if not extent > 0:
        raise AssetError("no_surface", "no triangle of the mesh has an area")
    return extent


def _areas(corners: NDArray[Any]) -> NDArray[Any]:
    crossed = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return np.asarray(np.sqrt(_squared(crossed)) / 2)


def _squared(vectors: NDArray[Any]) -> NDArray[Any]:
    """Squared lengths of vectors (..., 3), in their own precision."""
    squares = vectors * vectors
    return np.asarray(squares[..., 0] + squares[..., 1] + squares[..., 2])


def _patches(primitive: Primitive, centroid: NDArray[np.float64], limit: float) -> _Patches:
    """The primitive's triangles, each halved at its longest edge until area times edge squared is within ``limit``."""
    corners = (primitive.positions[primitive.triangles] - centroid).astype(np.float32)
    areas = _areas(corners).astype(np.float32)
    triangles = np.arange(len(corners))
    weights = np.broadcast_to(np.eye(3, dtype=np.float32), corners.shape)
    done = []
    while len(corners):
        sides = corners - np.roll(corners, -1, axis=1)
        edges = _squared(sides)
        longest = edges.argmax(axis=1)
        large = areas * edges.max(axis=1) > limit
        small = weights[~large]
        middles = (small[:, 0] + small[:, 1] + small[:, 2]) / np.float32(3)
        done.append(_Patches(corners[~large], areas[~large], triangles[~large], middles))
        longest, areas, triangles = longest[large], np.tile(areas[large] / 2, 2), np.tile(triangles[large], 2)
        corners, weights = _halves(corners[large], longest), _halves(weights[large], longest)
    return _Patches(
        *(np.concatenate([getattr(d, name) for d in done]) for name in ("corners", "areas", "triangles", "weights"))
    )


def _halves(corners: Points, edge: NDArray[np.int64]) -> Points:
    """(2n, 3, 3): both halves of each triangle (n, 3, 3), cut at the middle of its ``edge`` (n,), the edge that starts
    at that corner."""
    each, following = np.arange(len(corners)), (edge + 1) % 3
    first, second = corners.copy(), corners.copy()
    first[each, edge] = second[each, following] = (corners[each, edge] + corners[each, following]) / 2
    return np.concatenate([first, second])


def _harmonic_energies(points: Points, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """(shells * degrees,) energies of a surface that points (n, 3) with weights (n,) stand for."""
    weights = weights / exact.total(weights)
    points = points - exact.total(weights[:, None] * points, axis=0).astype(np.float32)
    squared = _squared(points)
    radii = np.sqrt(squared)
    scale = math.sqrt(exact.total(weights * squared))
    directions = points / np.maximum(radii, 1e-12 * scale)[:, None]
    degrees = np.array([degree for degree, _ in _harmonics(directions[:0])])
    integrals = np.zeros((len(_SHELLS), len(degrees)))
    for start in range(0, len(points), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        shells = _shells(radii[some] / scale) * weights[some]
        integrals += _integrals(shells, np.stack([values for _, values in _harmonics(directions[some])]))
    energies = integrals * integrals
    by_degree = np.stack([exact.total(energies[:, degrees == degree], axis=1) for degree in range(_DEGREES)], axis=1)
    return np.sqrt(by_degree).ravel()


def _shells(radii: Points) -> NDArray[np.float64]:
    """(shells, n): weight of each shell at radii (n,)."""
    table = _shell_table()
    place = np.minimum(radii.astype(np.float64) * _STEPS, _STEPS * _FARTHEST)
    before = place.astype(np.intp)
    return table[:, before] + (place - before) * (table[:, before + 1] - table[:, before])


@cache
def _shell_table() -> NDArray[np.float64]:
    """(shells, entries): Gaussians of the logarithm of the radius."""
    radii = np.arange(1, _STEPS * _FARTHEST + 2) / _STEPS
    away = (exact.log(radii) - exact.log(_SHELLS)[:, None]) / _SHELL_WIDTH
    return np.pad(exact.exp(-0.5 * away * away), ((0, 0), (1, 0))) * (np.arange(len(radii) + 1) < _STEPS * _FARTHEST)


def _integrals(shells: NDArray[np.float64], harmonics: Points) -> NDArray[np.float64]:
    """(shells, k): sums over all points of the products of (shells, n), positive with a total of at most 1, and (k, n).

    The factors are rounded to multiples of 2^-30 and 2^-20. Products and sums are then multiples of 2^-50 with fewer
    than 53 bits, so the fast matrix product is exact in any order of additions.
    """
    return (np.round(shells * 2.0**30) @ np.round(harmonics * 2.0**20).astype(np.float64).T) * 2.0**-50


def _harmonics(directions: Points) -> Iterator[tuple[int, Points]]:
    """Yields spherical harmonics (n,) at unit vectors (n, 3), real and imaginary parts separately, with their degrees.

    Scaled so that the squares of one degree sum to 1 everywhere: order m > 0 stands for -m as well. The recursion is
    that of fully normalised Legendre functions (Holmes and Featherstone 2002, equation 11). The code avoids complex
    numbers, because the rounding of their products in NumPy depends on the CPU.
    """
    x, y, z = directions.T.copy()
    real, imaginary = np.ones_like(x), np.zeros_like(x)
    for order in range(_DEGREES):
        sectoral = math.prod((2 * i - 1) / (2 * i) for i in range(1, order + 1))
        before = np.zeros_like(z)
        here = np.full_like(z, math.sqrt((2 * order + 1) * sectoral * (2 if order else 1)))
        down = 0.0
        for degree in range(order, _DEGREES):
            scaled = here / np.float32(math.sqrt(2 * degree + 1))
            yield degree, scaled * real
            if order:
                yield degree, scaled * imaginary
            following = (degree + 1) * (degree + 1)
            up = math.sqrt((4 * following - 1) / (following - order * order))
            before, here = here, np.float32(up) * (z * here - np.float32(down) * before)
            down = 1 / up
        real, imaginary = real * x - imaginary * y, real * y + imaginary * x


def _histogram(colors: NDArray[np.float64], weights: Points) -> NDArray[np.float64]:
    red, green, blue = np.searchsorted(_BETWEEN_SHADES, colors, side="right").T
    bins = (red * _SHADES + green) * _SHADES + blue
    return np.asarray(np.bincount(bins, weights=weights, minlength=_BINS), dtype=np.float64)


def _colors(primitive: Primitive, at: NDArray[np.uint32], weights: Points) -> NDArray[np.float64]:
    """(n, 3): linear base colour in [0, 1] inside triangles ``at`` (n, 3), at ``weights`` (n, 3) of their corners."""
    material = primitive.material

    def middle(values: NDArray[np.float32]) -> NDArray[np.float64]:
        each = weights[:, :, None].astype(np.float64) * values[at]
        return np.asarray(each[:, 0] + each[:, 1] + each[:, 2])

    linear = np.tile(np.array(material.base_color[:3]), (len(at), 1))
    if primitive.colors is not None:
        linear *= middle(primitive.colors)[:, :3]
    if material.base_color_texture is not None and primitive.uvs is not None:
        linear *= _texels(material.base_color_texture, middle(primitive.uvs))
    return np.asarray(np.clip(linear, 0, 1))


def _texels(texture: Texture, uvs: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 3): linear colours of the texels at ``uvs`` (n, 2)."""
    size = texture.pixels.shape[1::-1]
    column, row = (
        _wrapped(np.floor(np.nan_to_num(uvs[:, axis]) * size[axis]), size[axis], texture.wrap[axis]) for axis in (0, 1)
    )
    return np.asarray(_BYTES[texture.pixels[row, column, :3]])


def _wrapped(place: NDArray[np.float64], size: int, wrap: str) -> NDArray[np.int64]:
    match wrap:
        case "clamp":
            place = np.clip(place, 0, size - 1)
        case "mirror":
            place = size - 0.5 - np.abs(np.mod(place, 2 * size) - size + 0.5)
        case _:
            place = np.mod(place, size)
    return np.clip(place, 0, size - 1).astype(np.int64)
