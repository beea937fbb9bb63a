"""Creates the surroundings of an object: an environment for background and light, one sun, and the ground's look.

Everything depends on a seed and on the object's brightness (for contrast with the ground), never on a
camera. Lengths are in radii of the object. Radiance is linear; a white surface under full light has 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from renderers.compiled import compiled
from renderers.ground import GroundLook, choose_ground
from renderers.protocol import Stage
from renderers.rooms import ROOMS, neutral_room
from renderers.sphere import HEIGHT, WIDTH, directions, solid_angles
from viewpoint100k.geometry import exact
from viewpoint100k.geometry.seeding import generator

__all__ = ["ENVIRONMENT_LODS", "GROUND_DARKENS", "Sun", "Surroundings", "make_surroundings", "neutral"]

Floats = NDArray[np.float32]

ENVIRONMENT_LODS = 4.5
"""Mip level of the environment for reflections of roughness 1."""
GROUND_DARKENS = 0.6
"""Share of the light from below that the ground blocks."""


@dataclass(frozen=True, eq=False)
class Sun:
    """A distant light with a small angular size."""

    direction: NDArray[np.float64]
    """(3,): unit vector towards it, world axes."""
    radiance: NDArray[np.float64]
    """(3,): radiance of a white Lambertian surface that faces it."""
    spread: float
    """Tangent of its angular radius, which gives the softness of shadows."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """The light, background and ground of a stage, ready for rendering."""

    environment: Floats
    """(h, w, 3): radiance by latitude (row 0 straight up) and longitude (column 0 at -180 degrees)."""
    irradiance: NDArray[np.float64]
    """(9, 3): radiance of a white Lambertian surface under the environment, as a polynomial in its normal
    (1, y, z, x, xy, yz, 3zz-1, xz, xx-yy); R. Ramamoorthi and P. Hanrahan, SIGGRAPH 2001."""
    sun: Sun
    ground: GroundLook | None
    background_lod: float
    """Blur of the background, as a mip level of the environment."""

    def irradiance_upwards(self) -> NDArray[np.float64]:
        """(3,): radiance of a white ground under the environment."""
        weights = np.array([1, 0, 1, 0, 0, 0, 2, 0, 0], dtype=np.float64)
        return np.maximum(exact.matmul(weights, self.irradiance), 0.0)


def make_surroundings(stage: Stage, object_luminance: float) -> Surroundings:
    """The surroundings of a stage for an object of this mean luminance (linear, 0 to 1)."""
    rng = generator("stage", stage.seed)
    ground = choose_ground(rng, object_luminance)
    room = ROOMS[int(rng.integers(len(ROOMS)))]
    exposure = rng.uniform(0.92, 1.12)
    sun_share = rng.uniform(0.3, 0.6)
    azimuth, elevation = float(rng.uniform(-180, 180)), float(rng.uniform(38, 66))
    level = exact.cos_deg(elevation)
    direction = np.array([exact.cos_deg(azimuth) * level, exact.sin_deg(azimuth) * level, exact.sin_deg(elevation)])
    warmth = rng.uniform(-0.05, 0.12)
    tint = np.array([1 + warmth, 1.0, 1 - 1.3 * warmth])
    sun = Sun(direction, exposure * sun_share / direction[2] * tint, rng.uniform(0.05, 0.13))
    environment = room(rng, azimuth, exposure * (1 - sun_share), ground.mean_color * exposure)
    return Surroundings(
        environment=environment,
        irradiance=_irradiance(environment),
        sun=sun,
        ground=ground if stage.ground else None,
        background_lod=rng.uniform(0.0, 1.6),
    )


@lru_cache(maxsize=1)
def neutral() -> Surroundings:
    """The light of an object without a stage: from above and equal from every side, so that the image of a symmetric
    object does not change when it rotates about world up."""
    environment = neutral_room()
    sun = Sun(np.array([0.0, 0.0, 1.0]), np.full(3, 0.3), 0.1)
    return Surroundings(environment, _irradiance(environment), sun, ground=None, background_lod=0.0)


_LOBES = np.array([1.0] + [2 / 3] * 3 + [1 / 4] * 5)
_NORMS = np.array([0.282095, 0.488603, 0.488603, 0.488603, 1.092548, 1.092548, 0.315392, 1.092548, 0.546274])
_BLOCK = 8


@lru_cache(maxsize=1)
def _basis() -> NDArray[np.float64]:
    """(9, n): projects the texels of a coarse environment onto the irradiance polynomial."""
    x, y, z = (c.astype(np.float64) for c in block_means(directions()).reshape(-1, 3).T)
    unit = np.stack([np.ones_like(x), y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y])
    angles = np.repeat(solid_angles()[..., None], 3, axis=-1)
    weights = block_means(angles)[..., 0].reshape(-1) * (_BLOCK * _BLOCK)
    return np.asarray(unit * (_LOBES * _NORMS * _NORMS)[:, None] * weights)


@compiled
def block_means(image: Floats) -> Floats:
    """(h / 8, w / 8, 3): means of blocks of an image (h, w, 3)."""
    blocks = image.reshape(len(image) // _BLOCK, _BLOCK, -1, _BLOCK, 3)
    return np.asarray(exact.mean(blocks, axis=(1, 3)), dtype=np.float32)


def _irradiance(environment: Floats) -> NDArray[np.float64]:
    assert environment.shape == (HEIGHT, WIDTH, 3)
    return project(_basis(), block_means(environment).reshape(-1, 3))


@compiled
def project(rows: NDArray[np.float64], channels: Floats) -> NDArray[np.float64]:
    """(9, 3): the products of ``rows`` (9, n) and the columns of ``channels`` (n, 3)."""
    return exact.matmul(rows, channels)
