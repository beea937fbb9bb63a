"""Outlines and paths in the plane and in space: what shapes are turned, swept and cut from. Plain point arrays."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viewpoint100k.geometry import exact

__all__ = ["arc", "circle", "creased", "fractions", "reach", "rounded_rectangle", "smooth", "superellipse"]

Floats = NDArray[np.float64]


def circle(radius: float, count: int = 24) -> Floats:
    """(count, 2) points counter-clockwise from +X; the last is not the first."""
    return radius * np.stack(turn(count), axis=1)


@lru_cache(maxsize=128)
def turn(count: int) -> tuple[Floats, Floats]:
    """Cosines and sines (count,) of a whole turn's parts, from 0; to be read only."""
    sines, cosines = exact.sincos(np.arange(count) * (2 * np.pi / count))
    return cosines, sines


@lru_cache(maxsize=64)
def cosine_deg(angle_deg: float) -> float:
    """The cosine of a crease, of which there are few."""
    return exact.cos_deg(angle_deg)


def superellipse(half_width: float, half_height: float, power: float = 2.0, count: int = 24) -> Floats:
    """(count, 2) points counter-clockwise from +X on ``|x/w|^p + |y/h|^p = 1``: 2 is an ellipse, 5 nearly a box."""
    c, s = turn(count)
    length = _reaches(power, count)
    return np.stack([half_width * c * length, half_height * s * length], axis=1)


def reach(c: Floats, s: Floats, power: float) -> Floats:
    """How far a superellipse of half axes 1 reaches in directions with these cosines and sines."""
    return np.asarray(exact.power(exact.power(np.abs(c), power) + exact.power(np.abs(s), power), -1 / power))


@lru_cache(maxsize=256)
def _reaches(power: float, count: int) -> Floats:
    """Those of `turn`; to be read only."""
    return reach(*turn(count), power)


def rounded_rectangle(width: float, height: float, radius: float, steps: int = 3) -> Floats:
    """(4 * (steps + 1), 2) points counter-clockwise around the origin; a ``radius`` of 0 gives the plain rectangle."""
    if radius <= 0:
        x, y = width / 2, height / 2
        return np.array([[x, -y], [x, y], [-x, y], [-x, -y]])
    radius = min(radius, 0.499 * min(width, height))
    corner = np.linspace(0, np.pi / 2, steps + 1)
    angle = (corner + np.arange(4)[:, None] * (np.pi / 2) - np.pi / 2).ravel()
    sign = np.repeat([[1, -1], [1, 1], [-1, 1], [-1, -1]], steps + 1, axis=0)
    rounding = radius * np.stack([exact.cos(angle), exact.sin(angle)], axis=1)
    return sign * [width / 2 - radius, height / 2 - radius] + rounding


def arc(center: ArrayLike, radius: float, start_deg: float, stop_deg: float, count: int = 12) -> Floats:
    """(count, 2) points on a circle, both ends included."""
    angle = np.radians(np.linspace(start_deg, stop_deg, count))
    return np.asarray(center, dtype=np.float64) + radius * np.stack([exact.cos(angle), exact.sin(angle)], axis=1)


def smooth(points: ArrayLike, count: int = 24) -> Floats:
    """(count, d) points on a curve through all of ``points`` (n, d): a cubic Hermite spline over chord length."""
    p = np.asarray(points, dtype=np.float64)
    knots = fractions(p)
    if len(p) < 3:
        return p[:1] + np.linspace(0, 1, count)[:, None] * (p[-1:] - p[:1])
    slopes = np.gradient(p, knots, axis=0)
    t = np.linspace(0, 1, count)
    i = np.clip(np.searchsorted(knots, t, side="right") - 1, 0, len(p) - 2)
    step = (knots[i + 1] - knots[i])[:, None]
    s = (t - knots[i])[:, None] / step
    a, b = p[i], p[i + 1]
    blend = s * s * (3 - 2 * s)
    return np.asarray(a + blend * (b - a) + s * (1 - s) * step * ((1 - s) * slopes[i] - s * slopes[i + 1]))


def fractions(points: Floats) -> Floats:
    """(n,) how far along the polyline each of its points lies, 0 to 1."""
    steps = exact.norm(np.diff(points, axis=0))
    along = np.concatenate([[0.0], np.cumsum(steps)])
    return np.asarray(along / max(along[-1], 1e-12))


def creased(points: Floats, crease_deg: float, closed: bool = False) -> Floats:
    """The polyline with each corner sharper than ``crease_deg`` written twice, which surfaces read as a hard edge.

    A closed outline comes back with its first point repeated at the end; where that point is a corner, nothing marks it
    (the two ends of a row of quads are apart anyway).
    """
    if closed:
        points = np.concatenate([points, points[:1]])
    steps = np.diff(points, axis=0)
    steps = steps / np.maximum(exact.norm(steps, keepdims=True), 1e-12)
    cosine = exact.dot(steps[1:], steps[:-1])
    twice = np.ones(len(points), dtype=np.int64)
    twice[1:-1] += cosine < cosine_deg(crease_deg)
    return np.repeat(points, twice, axis=0)
