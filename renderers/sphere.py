"""Latitude-longitude images: the directions of their texels, and smooth shapes to paint on them.

Row 0 is straight up; column 0 looks along -X (longitude -180 degrees), the middle column along +X. All shapes are
separable in latitude and longitude or products of small matrices, so an image takes milliseconds.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from renderers.compiled import compiled
from viewpoint100k.geometry import exact

__all__ = [
    "HEIGHT",
    "LATITUDE",
    "LONGITUDE",
    "WIDTH",
    "blur",
    "blur_sphere",
    "box",
    "box_sides",
    "directions",
    "noise",
    "smooth_noise",
    "solid_angles",
    "vertical_gradient",
]

Floats = NDArray[np.float32]

HEIGHT, WIDTH = 192, 384

LATITUDE: Floats = (90 - (np.arange(HEIGHT, dtype=np.float32) + 0.5) * (180 / HEIGHT)).astype(np.float32)
"""(h,): degrees above the horizon."""
LONGITUDE: Floats = ((np.arange(WIDTH, dtype=np.float32) + 0.5) * (360 / WIDTH) - 180).astype(np.float32)
"""(w,): degrees from +X towards +Y."""


@lru_cache(maxsize=1)
def directions() -> Floats:
    """(h, w, 3): unit vectors."""
    flat = exact.cos_deg(LATITUDE)[:, None]
    up = np.broadcast_to(exact.sin_deg(LATITUDE)[:, None], (HEIGHT, WIDTH))
    east, north = exact.cos_deg(LONGITUDE)[None], exact.sin_deg(LONGITUDE)[None]
    return np.stack([flat * east, flat * north, up], axis=-1).astype(np.float32)


@lru_cache(maxsize=1)
def solid_angles() -> Floats:
    """(h, w): steradians; their sum is 4 pi."""
    edges = exact.sin_deg(90 - np.arange(HEIGHT + 1) * (180 / HEIGHT))
    return np.repeat((edges[:-1] - edges[1:])[:, None] * (2 * np.pi / WIDTH), WIDTH, axis=1).astype(np.float32)


def vertical_gradient(latitudes_deg: list[float], colors: list[NDArray[np.float64]]) -> Floats:
    """(h, 1, 3): colours at latitudes (ascending), with linear interpolation."""
    table = np.asarray(colors)
    channels = [exact.interpolate(LATITUDE, latitudes_deg, table[:, c]) for c in range(3)]
    return np.stack(channels, axis=-1)[:, None].astype(np.float32)


def box(longitude_deg: float, latitude_deg: float, half_width_deg: float, half_height_deg: float) -> Floats:
    """(h, w): 1 inside a rectangle of angles, 0 outside, with an edge one texel wide."""
    along, across = box_sides(longitude_deg, latitude_deg, half_width_deg, half_height_deg)
    return np.outer(along, across).astype(np.float32)


def box_sides(
    longitude_deg: float,
    latitude_deg: float,
    half_width_deg: float,
    half_height_deg: float,
    latitudes_deg: Floats = LATITUDE,
    longitudes_deg: Floats = LONGITUDE,
) -> tuple[Floats, Floats]:
    """(h,) and (w,): the factors of a `box`, by default for the whole sphere."""
    around = np.abs((longitudes_deg - np.float32(longitude_deg) + 180) % 360 - 180)
    texel = 180 / len(latitudes_deg)
    across = np.clip((half_width_deg - around) / texel + 0.5, 0, 1)
    along = np.clip((half_height_deg - np.abs(latitudes_deg - np.float32(latitude_deg))) / texel + 0.5, 0, 1)
    return along, across


def noise(rng: np.random.Generator, grain_deg: float, channels: int = 1) -> Floats:
    """(h, w, channels): smooth noise of mean 0 and deviation about 1 with features of size ``grain_deg``. It fades
    towards the poles, where texels are narrow."""
    rows, columns = max(int(180 / grain_deg), 2), max(int(360 / grain_deg), 3)
    up, around = _noise_weights(rows, columns)
    return smooth_noise(exact.standard_normal(rng, (channels, rows, columns)).astype(np.float32), up, around)


@compiled
def smooth_noise(values: Floats, up: Floats, around: Floats) -> Floats:
    """(h, w, channels): a grid of ``values`` (channels, rows, columns), interpolated.

    ``up`` (h, rows) and ``around`` (columns, w) have the weight of each row and column of the grid in each texel's.
    """
    channels, rows, columns = values.shape
    painted = np.zeros((len(up), around.shape[1], channels), np.float32)
    for channel in range(channels):
        across = np.zeros((rows, around.shape[1]), np.float32)
        for column in range(columns):
            across += values[channel, :, column, None] * around[column]
        for row in range(rows):
            painted[..., channel] += up[:, row, None] * across[row]
    return painted


@lru_cache(maxsize=64)
def _noise_weights(rows: int, columns: int) -> tuple[Floats, Floats]:
    knots = 90 - (np.arange(rows) + 0.5) * (180 / rows)
    up = _bell((LATITUDE[:, None] - knots) / (180 / rows) / 0.6)
    up /= exact.norm(up, keepdims=True)
    up *= np.clip((80 - np.abs(LATITUDE)) / 30, 0, 1)[:, None]
    turns = (LONGITUDE[None] - (np.arange(columns) * (360 / columns))[:, None] + 180) % 360 - 180
    around = _bell(turns / (360 / columns) / 0.6)
    around /= exact.norm(around.T)
    return up.astype(np.float32), around.astype(np.float32)


def blur(image: Floats, sigma_deg: int) -> Floats:
    """(h, w, c): a Gaussian blur in latitude and longitude, normalised to the rows inside the image."""
    return blur_sphere(np.ascontiguousarray(image), sigma_deg * (HEIGHT / 180))


@compiled
def blur_sphere(image: Floats, sigma: float) -> Floats:
    """(h, w, c): `blur` of an image (h, w, c), with ``sigma`` in texels, at most 6."""
    up = exact.gaussian_blur(image, sigma, axis=0, edge="zero") / _weight_of_rows(len(image), sigma)
    return exact.gaussian_blur(up, sigma, axis=1, edge="wrap").astype(np.float32, copy=False)


@lru_cache(maxsize=16)
def _weight_of_rows(height: int, sigma: float) -> Floats:
    """(h, 1, 1): share of a Gaussian around each row that is inside the image."""
    rows = np.ones((height, 1, 1), np.float32)
    return exact.gaussian_blur(rows, sigma, axis=0, edge="zero").astype(np.float32, copy=False)


def _bell(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """exp(-x^2 / 2)."""
    return exact.exp(-0.5 * values * values)
