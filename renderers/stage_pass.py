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
from viewpoint100k.geometry.cameras import Camera

if TYPE_CHECKING:
    import moderngl

__all__ = ["Ground", "StagePass"]


@dataclass(frozen=True, eq=False)
class Ground:
    """The ground under one object. Lengths in the unit frame."""

    look: GroundLook
    height: float
    shadow: moderngl.Texture
    shadow_box: tuple[float, float, float, float]
    """Of the shadow texture on the ground: left, bottom, 1 / width, 1 / height."""


class StagePass:
    """Draws into the framebuffer in use. One serves all scenes of a context."""

    def __init__(self, context: moderngl.Context, programs: Programs) -> None:
        self._context, self._programs = context, programs
        self._corners = context.buffer(np.array([0, 0, 2, 0, 0, 2], dtype=np.float32))
        self._arrays: dict[int, moderngl.VertexArray] = {}
        self._patterns: dict[str, moderngl.Texture] = {}

    def draw(self, camera: Camera, look: Surroundings, eye: NDArray[np.float64], ground: Ground | None) -> None:
        """Draws a stage behind the object's samples, which are bound to their unit, and so is the environment.

        ``eye`` (3,) is the camera's centre in the unit frame.
        """
        shown = ground is not None and bool(eye[2] > ground.height)
        program = self._programs.get(
            "picture.vert", "composite.frag", frozenset({"STAGE"} | ({"GROUND"} if shown else set()))
        )
        program.set(ray_from_pixel=ray_from_pixel(camera).T, background_lod=look.background_lod)
        if shown:
            assert ground is not None
            self._set_ground(program, camera, look, eye, ground)
        self._fill(program, camera)

    def draw_plain(self, camera: Camera) -> None:
        """Draws the object's samples, which are bound to their unit, over grey."""
        self._fill(self._programs.get("picture.vert", "composite.frag"), camera)

    def release(self) -> None:
        for array in self._arrays.values():
            array.release()
        for texture in self._patterns.values():
            texture.release()
        self._corners.release()

    def _set_ground(
        self, program: Program, camera: Camera, look: Surroundings, eye: NDArray[np.float64], ground: Ground
    ) -> None:
        self._pattern(ground.look.pattern).use(UNITS["ground_pattern"])
        ground.shadow.use(UNITS["ground_shadow"])
        matrix = ground.look.pattern_from_ground
        program.set(
            eye=eye,
            sun_radiance=look.sun.radiance * look.sun.direction[2],
            ground_irradiance=look.irradiance_upwards(),
            ground_height=ground.height,
            ground_color_0=ground.look.color_0,
            ground_color_1=ground.look.color_1,
            pattern_from_ground=matrix.T,
            pattern_texels=PATTERN_SIZE * np.sqrt(abs(matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0])),
            pixel_angle=2 / (camera.intrinsics[0, 0] + camera.intrinsics[1, 1]),
            ground_fade=ground.look.fade,
            shadow_box=ground.shadow_box,
        )

    def _fill(self, program: Program, camera: Camera) -> None:
        """Draws one triangle over the whole picture."""
        key = program.handle.glo
        if key not in self._arrays:
            self._arrays[key] = self._context.vertex_array(program.handle, [(self._corners, "2f", "in_corner")])
        program.set(pixels=(camera.width, camera.height))
        self._arrays[key].render(vertices=3)

    def _pattern(self, name: str) -> moderngl.Texture:
        """A ground pattern's texture."""
        import moderngl

        if name not in self._patterns:
            texels = paint_pattern(name)
            texture = self._context.texture((PATTERN_SIZE, PATTERN_SIZE), 2, texels, alignment=2)
            texture.build_mipmaps()
            texture.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
            self._patterns[name] = texture
        return self._patterns[name]
