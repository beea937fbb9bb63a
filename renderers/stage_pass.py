"""Composes the final image: the object's samples over its stage or over grey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from renderers.ground import PATTERN_SIZE, GroundLook, paint_pattern
from renderers.programs import UNITS, Program, Programs
from renderers.projection import ray_from_pixel
from renderers.stage import Surroundings
from renderers.tiles import CORNERS, TILES, GroundTiles, Tiling, indices_of
from viewpoint100k.geometry.cameras import Camera

if TYPE_CHECKING:
    import moderngl

__all__ = ["Ground", "StagePass"]

_KNEE = 0.8
"""Largest radiance that ``tone_map`` does not change."""


@dataclass(frozen=True, eq=False)
class Ground:
    """The ground under one object. Lengths in the unit frame."""

    look: GroundLook
    height: float
    shadow: moderngl.Texture
    tiles: GroundTiles


class StagePass:
    """Draws into the current framebuffer, tile by tile. All scenes of a context share one."""

    def __init__(self, context: moderngl.Context, programs: Programs) -> None:
        self._context, self._programs = context, programs
        self._corners = context.buffer(CORNERS)
        self._indices = context.buffer(reserve=2 * indices_of(np.ones((TILES, TILES), bool), frozenset({"SKY"})).size)
        self._arrays: dict[int, moderngl.VertexArray] = {}
        self._patterns: dict[str, tuple[moderngl.Texture, float]] = {}

    def draw(
        self, camera: Camera, tiling: Tiling, look: Surroundings, eye: NDArray[np.float64], ground: Ground | None
    ) -> None:
        """Draws a stage behind the object's samples. Samples and environment must be bound to their texture units.

        ``eye`` (3,) is the camera's centre in the unit frame.
        """
        tiles = tiling.with_stage(camera, eye, None if ground is None else ground.tiles)
        for shown, chosen in tiles.items():
            bright = "SKY" in shown or (ground is not None and self._is_bright(ground, look))
            features = shown | {"BRIGHT"} if bright else shown
            program = self._programs.get("tile.vert", "composite.frag", features)
            program.set(ray_from_pixel=ray_from_pixel(camera).T, eye=eye, background_lod=look.background_lod)
            if "GROUND" in features:
                assert ground is not None
                self._set_ground(program, camera, look, ground)
            self._draw_tiles(program, tiling, indices_of(chosen, features))

    def draw_plain(self, tiling: Tiling) -> None:
        """Draws the object's samples, bound to their texture unit, over a target that is already grey."""
        for features, chosen in tiling.without_stage().items():
            program = self._programs.get("tile.vert", "composite.frag", features)
            self._draw_tiles(program, tiling, indices_of(chosen, features))

    def release(self) -> None:
        for array in self._arrays.values():
            array.release()
        for texture, _ in self._patterns.values():
            texture.release()
        self._indices.release()
        self._corners.release()

    def _set_ground(self, program: Program, camera: Camera, look: Surroundings, ground: Ground) -> None:
        self._pattern(ground.look.pattern)[0].use(UNITS["ground_pattern"])
        ground.shadow.use(UNITS["ground_shadow"])
        matrix = ground.look.pattern_from_ground
        program.set(
            sun_radiance=look.sun.radiance * look.sun.direction[2],
            ground_irradiance=look.irradiance_upwards(),
            ground_height=ground.height,
            ground_color_0=ground.look.color_0,
            ground_color_1=ground.look.color_1,
            pattern_from_ground=matrix.T,
            pattern_texels=PATTERN_SIZE * np.sqrt(abs(matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0])),
            pixel_angle=2 / (camera.intrinsics[0, 0] + camera.intrinsics[1, 1]),
            ground_fade=ground.look.fade,
            shadow_box=ground.tiles.shadow_box,
        )

    def _is_bright(self, ground: Ground, look: Surroundings) -> bool:
        """True if the ground may be so bright that the tone curve changes it."""
        light = look.sun.radiance * look.sun.direction[2] + look.irradiance_upwards()
        albedo = np.maximum(ground.look.color_0, ground.look.color_1) * self._pattern(ground.look.pattern)[1]
        return bool((albedo * light).max() > _KNEE)

    def _draw_tiles(self, program: Program, tiling: Tiling, indices: NDArray[np.uint16]) -> None:
        key = program.handle.glo
        if key not in self._arrays:
            self._arrays[key] = self._context.vertex_array(
                program.handle, [(self._corners, "2f", "in_place")], index_buffer=self._indices, index_element_size=2
            )
        program.set(pixels=(tiling.width, tiling.height))
        self._indices.orphan()
        self._indices.write(indices)
        self._arrays[key].render(vertices=len(indices))

    def _pattern(self, name: str) -> tuple[moderngl.Texture, float]:
        """The texture of a ground pattern, and its largest brightness."""
        import moderngl

        if name not in self._patterns:
            texels = paint_pattern(name)
            texture = self._context.texture((PATTERN_SIZE, PATTERN_SIZE), 2, texels, alignment=2)
            texture.build_mipmaps()
            texture.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
            self._patterns[name] = texture, 2 * float(texels[..., 1].max()) / 255
        return self._patterns[name]
