"""Environment maps: studios, rooms, skies, gardens and streets, blurred like the background of a portrait.

Walls and sky are painted with their final brightness. The lamps are then scaled until the ground gets the wanted light.
"""

from __future__ import annotations

import colorsys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from renderers.compiled import compiled
from renderers.sphere import (
    HEIGHT,
    LATITUDE,
    LONGITUDE,
    WIDTH,
    blur,
    box,
    box_sides,
    noise,
    solid_angles,
    vertical_gradient,
)
from viewpoint100k.geometry import exact

__all__ = [
    "ROOMS",
    "Room",
    "light_room",
    "light_sums",
    "neutral_room",
    "paint_box",
    "paint_clouds",
    "paint_leaves",
    "paint_texels",
    "scale_texels",
    "spread_gradient",
]

Floats = NDArray[np.float32]
Color = NDArray[np.float64]

Room = Callable[[np.random.Generator, float, float, Color], Floats]
"""(rng, longitude of the sun in degrees, wanted radiance of white ground, radiance of the floor) -> (h, w, 3)."""

Place = tuple[float, float, float, float]
"""The arguments of `box`: longitude and latitude of the middle, half the width and height, in degrees."""

_BRIGHTEST = 24.0
"""Largest radiance of a room: brighter lamps only cause isolated bright pixels."""


def _hue(rng: np.random.Generator, value: float, saturation: tuple[float, float]) -> Color:
    """A linear colour of any hue whose brightest channel is ``value``."""
    return np.array(colorsys.hsv_to_rgb(rng.random(), rng.uniform(*saturation), value))


def _studio(rng: np.random.Generator, sun_deg: float, wanted: float, floor: Color) -> Floats:
    """A photo studio: a seamless backdrop and soft boxes."""
    value = rng.uniform(0.12, 0.7)
    wall = _hue(rng, value, (0.0, 0.45))
    gradient = vertical_gradient(
        [-90, -14, 6, 35, 90],
        [floor, floor, wall, wall * rng.uniform(0.6, 1.1), wall * rng.uniform(0.3, 0.8)],
    )
    spot = rng.uniform(-180, 180)
    away = ((LONGITUDE - spot + 180) % 360 - 180) / rng.uniform(30, 70)
    glow = exact.exp(-0.5 * away * away)
    image = spread_gradient(gradient, (0.75 + 0.5 * glow).astype(np.float32))
    lamps = np.zeros((HEIGHT, WIDTH), np.float32)
    for k in range(int(rng.integers(2, 4))):
        longitude = sun_deg if k == 0 else rng.uniform(-180, 180)
        lamps += box(longitude, rng.uniform(48, 66), rng.uniform(14, 30), rng.uniform(8, 14)) * rng.uniform(0.6, 1)
    return _lit(*_blurred(image, lamps, 3), wanted)


def _indoors(rng: np.random.Generator, sun_deg: float, wanted: float, floor: Color) -> Floats:
    """Walls, a ceiling, a window on the sun's side, pictures and furniture."""
    value = rng.uniform(0.22, 0.62)
    wall = _hue(rng, value, (0.03, 0.4))
    ceiling = wall * 0.4 + 0.5 * value
    gradient = vertical_gradient([-90, -3, -1, 40, 42, 90], [floor, floor, wall, wall * 0.9, ceiling, ceiling])
    waves = 1 + 0.12 * exact.sin_deg(2 * LONGITUDE + rng.uniform(0, 360))
    image = spread_gradient(gradient, waves.astype(np.float32))
    for _ in range(int(rng.integers(4, 9))):
        height = rng.uniform(3, 16)
        piece = rng.uniform(-180, 180), height - 6, rng.uniform(5, 22), height
        _paint_box(image, _hue(rng, rng.uniform(0.05, 0.5), (0.1, 0.7)), *piece)
    for _ in range(int(rng.integers(1, 5))):
        picture = rng.uniform(-180, 180), rng.uniform(16, 24), rng.uniform(3, 9), rng.uniform(3, 8)
        _paint_box(image, _hue(rng, rng.uniform(0.1, 0.7), (0.1, 0.6)), *picture)
    scale_texels(image, 1 + 0.1 * noise(rng, 40))
    lamps = np.zeros((HEIGHT, WIDTH), np.float32)
    for k in range(int(rng.integers(1, 3))):
        longitude = sun_deg + k * rng.uniform(60, 120)
        width = rng.uniform(6, 11)
        for pane in (-1, 1):
            lamps += 0.35 * box(longitude + pane * (width + 1.5), 22, width, rng.uniform(12, 16))
    for _ in range(int(rng.integers(1, 4))):
        lamps += box(rng.uniform(-180, 180), rng.uniform(58, 75), rng.uniform(12, 40), rng.uniform(3, 7))
    sigma = int(rng.integers(2, 5))
    return _lit(*_blurred(image, lamps, sigma), wanted)


def _open_sky(rng: np.random.Generator, sun_deg: float, wanted: float, floor: Color) -> Floats:
    """A sky from blue to overcast, hills or trees along the horizon."""
    blue = rng.uniform(0.0, 1.0)
    value = rng.uniform(0.5, 0.85)
    zenith = value * ((1 - blue) * np.array([0.75, 0.8, 0.86]) + blue * np.array([0.2, 0.4, 0.85]))
    haze = value * (np.array([0.95, 0.97, 1.0]) + rng.uniform(0, 0.25) * np.array([0.2, 0.0, -0.4]))
    far_floor = 0.5 * floor + 0.35 * haze
    gradient = vertical_gradient(
        [-90, -12, -1, 1, 14, 90], [floor, floor, far_floor, haze, haze * 0.7 + zenith * 0.3, zenith]
    )
    clouds = np.clip(noise(rng, 24) * 0.5 + noise(rng, 11) * 0.25 + rng.uniform(-0.6, 0.3), 0, 1)
    clouds *= np.clip((LATITUDE - 4) / 20, 0, 1)[:, None, None]
    image = paint_clouds(gradient, np.asarray(clouds, dtype=np.float32), value)
    for depth in range(int(rng.integers(1, 4))):
        green = np.array([0.16, 0.24, 0.1]) * rng.uniform(0.5, 1.2) + rng.uniform(0, 0.08, 3)
        distant = 1 - 0.35 * (depth + 1)
        rows, hills = _skyline(rng, rng.uniform(1.0, 5.0) * (1.5 - 0.4 * depth))
        paint_texels(image[rows], (green * (1 - distant) + haze * 0.5 * distant).astype(np.float32), hills)
    glow = _lobe(sun_deg, 45, 22)
    return _lit(blur(image, int(rng.integers(2, 4))), glow[..., None], wanted)


def _garden(rng: np.random.Generator, sun_deg: float, wanted: float, floor: Color) -> Floats:
    """Blurred leaves on all sides, bright sky above."""
    value = rng.uniform(0.16, 0.42)
    leaf = value * np.array([rng.uniform(0.45, 0.9), 1.0, rng.uniform(0.25, 0.5)])
    sky = np.array([0.82, 0.9, 1.0]) * rng.uniform(0.7, 1.0)
    gradient = vertical_gradient([-90, -6, 1, 30, 60, 90], [floor, floor, leaf * 0.7, leaf, sky, sky])
    leaves = np.clip((LATITUDE + 4) / 8, 0, 1)[:, None, None]
    mottled = leaves * (noise(rng, 20) * 0.25 + noise(rng, 9) * 0.22)
    tint = 0.05 * leaves * noise(rng, 15, 3)
    spots = np.clip(noise(rng, 8) - 1.1, 0, 1) * np.clip(1 - np.abs(LATITUDE - 18) / 22, 0, 1)[:, None, None]
    image = paint_leaves(gradient, *(np.asarray(part, dtype=np.float32) for part in (mottled, tint, spots, sky)))
    glow = _lobe(sun_deg, 50, 20)
    return _lit(blur(image, 2), glow[..., None], wanted)


def _street(rng: np.random.Generator, sun_deg: float, wanted: float, floor: Color) -> Floats:
    """Facades of several heights under a pale sky."""
    value = rng.uniform(0.5, 0.8)
    sky = value * np.array([0.9, 0.96, 1.05])
    gradient = vertical_gradient([-90, -10, 0, 20, 90], [floor, floor, floor * 0.5 + sky * 0.3, sky, sky * 0.8])
    image = spread_gradient(gradient, np.ones(WIDTH, np.float32))
    edge = rng.uniform(-180, -150)
    while edge < 180:
        width = rng.uniform(16, 44)
        height = rng.uniform(7, 26)
        wall = _hue(rng, rng.uniform(0.15, 0.55), (0.05, 0.4))
        if rng.random() < 0.85:
            _paint_box(image, wall, edge + width / 2, height / 2 - 3, width / 2, height / 2 + 3)
            for row in np.arange(5, height - 2, rng.uniform(4, 6)):
                for column in np.arange(edge + 3, edge + width - 2, 6):
                    _paint_box(image, wall * rng.uniform(0.3, 0.6), column, row, 1.3, 1.3)
        edge += width
    scale_texels(image, 1 + 0.08 * noise(rng, 30))
    glow = _lobe(sun_deg, 45, 22)
    return _lit(blur(image, 2), glow[..., None], wanted)


def neutral_room() -> Floats:
    """(h, w, 3): grey, brighter above, the same in all horizontal directions."""
    greys = [np.full(3, g) for g in (0.34, 0.42, 0.62, 0.8)]
    return spread_gradient(vertical_gradient([-90, -20, 20, 90], greys), np.ones(WIDTH, np.float32))


ROOMS: tuple[Room, ...] = (_studio, _indoors, _open_sky, _garden, _street)


@compiled
def spread_gradient(gradient: Floats, across: Floats) -> Floats:
    """(h, w, 3): colours of rows (h, 1, 3), times ``across`` (w,)."""
    return gradient * across[:, None]


@compiled
def paint_clouds(gradient: Floats, clouds: Floats, brightness: float) -> Floats:
    """(h, w, 3): colours of rows (h, 1, 3), with ``clouds`` (h, w, 1) of 0 to 1 before them."""
    return gradient + clouds * (np.float32(brightness) - gradient * 0.7)


@compiled
def paint_leaves(gradient: Floats, mottled: Floats, tint: Floats, spots: Floats, sky: Floats) -> Floats:
    """(h, w, 3): leaves of the colours of rows (h, 1, 3), ``mottled`` (h, w, 1) in brightness and ``tint`` (h, w, 3) in
    colour, with ``spots`` (h, w, 1) of ``sky`` (3,)."""
    return np.asarray(gradient * np.clip(1 + mottled + tint, 0.3, 2.0) + spots * sky * 0.7, dtype=np.float32)


@compiled
def scale_texels(image: Floats, factors: Floats) -> None:
    """Multiplies an image (h, w, 3), in place, by ``factors`` (h, w, 1)."""
    image *= factors


@compiled
def paint_texels(image: Floats, color: Floats, mask: Floats) -> None:
    """Puts a colour (3,) over an image (h, w, 3), in place, where the mask (h, w) is 1."""
    image += mask[..., None] * (color - image)


def _paint_box(
    image: Floats, color: Color, longitude: float, latitude: float, half_width: float, half_height: float
) -> None:
    """Puts a colour over a rectangle, see `box`."""
    place = longitude, latitude, half_width, half_height
    paint_box(image, color.astype(np.float32), place, LATITUDE, LONGITUDE)


@compiled
def paint_box(image: Floats, color: Floats, place: Place, latitudes_deg: Floats, longitudes_deg: Floats) -> None:
    """Puts a colour (3,) over a rectangle of an image (h, w, 3), in place.

    The image covers the sphere; its rows (h,) and columns (w,) have these latitudes and longitudes.
    """
    along, across = box_sides(*place, latitudes_deg, longitudes_deg)
    rows, columns = np.flatnonzero(along), np.flatnonzero(across)
    if len(rows) and len(columns):
        part = np.ix_(rows, columns)
        mask = np.outer(along[rows], across[columns])
        image[part] += mask[..., None] * (color - image[part])


def _skyline(rng: np.random.Generator, height_deg: float) -> tuple[slice, Floats]:
    """Rows, and a mask for them (n, w): 1 between the horizon and a hilly line above it. It is 0 in all other rows."""
    waves = (1, 2, 3, 5, 8, 13, 21)
    numbers = [(rng.uniform(0.4, 1), rng.uniform(0, 401)) for _ in waves]
    turns = [k * LONGITUDE.astype(np.float64) + start for k, (_, start) in zip(waves, numbers, strict=True)]
    line = np.zeros(WIDTH)
    for k, (size, _), wave in zip(waves, numbers, exact.sin_deg(np.stack(turns)), strict=True):
        line += size / exact.power(float(k), 0.7) * wave
    top = height_deg * (1 + 0.5 * line)
    highest = float(top.max()) + 1
    inside = np.flatnonzero((LATITUDE > -2) & (highest > LATITUDE))
    rows = slice(int(inside[0]), int(inside[-1]) + 1)
    latitudes = LATITUDE[rows, None]
    under = np.clip(top[None] - latitudes + 0.5, 0, 1)
    return rows, np.asarray(under * np.clip(latitudes + 1.0, 0, 1), dtype=np.float32)


def _lobe(longitude_deg: float, latitude_deg: float, sigma_deg: float) -> Floats:
    """(h, w): a soft spot."""
    around = ((LONGITUDE - np.float32(longitude_deg) + 180) % 360 - 180) * exact.cos_deg(latitude_deg) / sigma_deg
    away = (LATITUDE - latitude_deg) / sigma_deg
    return np.outer(exact.exp(-0.5 * away * away), exact.exp(-0.5 * around * around)).astype(np.float32)


def _blurred(image: Floats, lamps: Floats, sigma_deg: int) -> tuple[Floats, Floats]:
    """A room and its lamps, both blurred: (h, w, 3) and (h, w, 1)."""
    both = blur(np.concatenate([image, lamps[..., None]], axis=-1), sigma_deg)
    return both[..., :3], both[..., 3:]


_COSINES = (np.clip(exact.sin_deg(LATITUDE), 0, None)[:, None] * solid_angles() / np.pi).astype(np.float32)


def _lit(image: Floats, lamps: Floats, wanted: float) -> Floats:
    """The room with its lamps (h, w, 1) scaled so that white ground has the radiance ``wanted``.

    A room that is too bright without lamps keeps a little of their light and is darkened as a whole.
    """
    of_walls, lamp = light_sums(image, lamps, _COSINES)
    walls = of_walls / 3
    gain = max(wanted - walls, 0.15 * wanted) / max(lamp, 1e-3)
    upper = np.clip(LATITUDE / 2 + 0.5, 0, 1).astype(np.float32)
    total = walls + gain * lamp
    dim = np.float32(min(wanted / total, 1.0)) * upper + (1 - upper)
    return light_room(image, lamps, dim, gain, _BRIGHTEST)


@compiled
def light_sums(image: Floats, lamps: Floats, cosines: Floats) -> tuple[float, float]:
    """Light on the ground from a room (h, w, 3), all channels together, and from its lamps (h, w, 1).

    ``cosines`` (h, w) weighs each texel. The images may be channels of one array.
    """
    return float(exact.total(cosines[..., None] * image)), float(exact.total(cosines * lamps[..., 0]))


@compiled
def light_room(image: Floats, lamps: Floats, dim: Floats, gain: float, brightest: float) -> Floats:
    """(h, w, 3): a room times ``dim`` (h,) plus its lamps times ``gain``, clipped to 0 .. ``brightest``.

    ``image`` (h, w, 3) and ``lamps`` (h, w, 1) may be channels of one array.
    """
    lit = image * dim[:, None, None] + lamps * np.float32(gain)
    return np.asarray(np.clip(lit, 0.0, brightest), dtype=np.float32)
