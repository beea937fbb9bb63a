"""Converts light and stage for the compiled passes. Shadow maps are drawn once, because nothing moves."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renderers.ground import PATTERN_SIZE, paint_pattern
from renderers.projection import UnitFrame
from renderers.shadow import GROUND_MAP_SIZE, SUN_MAP_SIZE, GroundMap, ground_visibility
from renderers.software.processors import Processor
from renderers.stage import ENVIRONMENT_LODS, GROUND_DARKENS, Surroundings

__all__ = ["Patterns", "neutral_surroundings", "staged_surroundings"]


class Patterns:
    """Ground patterns by name, painted on first use."""

    def __init__(self, native: ModuleType) -> None:
        self._native = native
        self._painted: dict[str, Any] = {}

    def get(self, name: str) -> Any:
        if name not in self._painted:
            self._painted[name] = self._native.Pattern(np.ascontiguousarray(paint_pattern(name)))
        return self._painted[name]


def neutral_surroundings(native: ModuleType, look: Surroundings) -> Any:
    """The light of an object without a stage."""
    return _light(native, look, (0.0, 0.0), None)


def staged_surroundings(
    native: ModuleType, look: Surroundings, frame: UnitFrame, drawable: Any, patterns: Patterns, processor: Processor
) -> Any:
    """The stage of one object, with its shadows on the ground and on itself.

    ``drawable``: the extension's object; ``processor`` draws the maps.
    """
    ground = (frame.lowest, GROUND_DARKENS) if look.ground is not None else (0.0, 0.0)
    around = _light(native, look, ground, look.background_lod)
    sun, down = look.sun.direction, np.array([0.0, 0.0, 1.0])
    covers = GroundMap.around(frame.corners, frame.lowest, [sun, down])
    if look.ground is not None:
        lowest = [
            1 - processor.heights(drawable, _map_matrix(covers, d, GROUND_MAP_SIZE, lowest=True), GROUND_MAP_SIZE)
            for d in (sun, down)
        ]
        reaches = ground_visibility(lowest[0], lowest[1], covers, look.sun.spread)
        _set_ground(around, look, frame, covers, reaches, patterns)
    matrix = _map_matrix(covers, sun, SUN_MAP_SIZE, lowest=False)
    heights = processor.heights(drawable, matrix, SUN_MAP_SIZE)
    around.set_sun_map(heights, matrix, 1.5 * float(covers.size.max()) / SUN_MAP_SIZE)
    return around


def _light(native: ModuleType, look: Surroundings, ground: tuple[float, float], background_lod: float | None) -> Any:
    return native.Surroundings(
        environment=np.ascontiguousarray(look.environment, dtype=np.float32),
        irradiance=np.ascontiguousarray(look.irradiance, dtype=np.float32),
        sun_direction=np.array(look.sun.direction),
        sun_radiance=np.array(look.sun.radiance),
        ground_height=ground[0],
        ground_darkens=ground[1],
        environment_lods=ENVIRONMENT_LODS,
        background_lod=background_lod,
    )


def _set_ground(
    around: Any, look: Surroundings, frame: UnitFrame, covers: GroundMap, reaches: NDArray[np.uint8], patterns: Patterns
) -> None:
    assert look.ground is not None
    (a, b), (c, d) = look.ground.pattern_from_ground.tolist()
    x, y = covers.origin.tolist()
    width, height = covers.size.tolist()
    around.set_ground(
        pattern=patterns.get(look.ground.pattern),
        height=frame.lowest,
        color_0=np.array(look.ground.color_0),
        color_1=np.array(look.ground.color_1),
        pattern_matrix=np.ascontiguousarray(look.ground.pattern_from_ground),
        pattern_texels=PATTERN_SIZE * math.sqrt(abs(a * d - b * c)),
        sun_radiance=look.sun.radiance * look.sun.direction[2],
        irradiance=look.irradiance_upwards(),
        fade=look.ground.fade,
        shadow=np.ascontiguousarray(reaches),
        shadow_box=(x, y, 1 / width, 1 / height),
    )


def _map_matrix(covers: GroundMap, direction: NDArray[np.float64], size: int, lowest: bool) -> NDArray[np.float32]:
    """(3, 4): from the unit frame, projected along ``direction`` to the ground, to texels of a map and height, 0 to 1.

    ``lowest``: store 1 minus the height, so that the largest value is that of the lowest point.
    """
    matrix = np.zeros((3, 4))
    for axis in (0, 1):
        scale = size / float(covers.size[axis])
        slope = float(direction[axis]) / float(direction[2])
        matrix[axis, axis] = scale
        matrix[axis, 2] = -slope * scale
        matrix[axis, 3] = (slope * covers.ground - float(covers.origin[axis])) * scale
    matrix[2, 2:] = 1 / covers.top, -covers.ground / covers.top
    if lowest:
        matrix[2] = -matrix[2]
        matrix[2, 3] += 1
    return matrix.astype(np.float32)
