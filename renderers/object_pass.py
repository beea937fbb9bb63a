"""Draws an object without its stage: lit surfaces, or only depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from renderers.gpu_mesh import Batch, GpuMesh
from renderers.programs import UNITS, Program, Programs
from renderers.projection import Frustum, UnitFrame, clip_from_camera
from renderers.stage import ENVIRONMENT_LODS, GROUND_DARKENS, Surroundings
from viewpoint100k.geometry import Camera, exact

if TYPE_CHECKING:
    import moderngl

__all__ = ["ObjectPass", "SelfShadow"]


@dataclass(frozen=True, eq=False)
class SelfShadow:
    """The shadow map for shadows of the object on itself."""

    texture: moderngl.Texture
    texture_from_unit: NDArray[np.float64]
    """(4, 4): points of the unit frame to texture coordinates and depth."""
    offset: float
    """Offset of a surface towards the sun before the lookup, radii."""


class ObjectPass:
    """Draws one mesh under one light into the current framebuffer. Owns nothing on the device."""

    def __init__(
        self,
        context: moderngl.Context,
        programs: Programs,
        mesh: GpuMesh,
        frame: UnitFrame,
        look: Surroundings,
        environment: moderngl.Texture,
    ) -> None:
        self._context, self._programs = context, programs
        self._mesh, self._frame = mesh, frame
        self._environment = environment
        self.shadow: SelfShadow | None = None
        """None if the object casts no shadow on itself."""
        self._light = {
            "sun_direction": look.sun.direction,
            "sun_radiance": look.sun.radiance,
            "irradiance": look.irradiance,
            "environment_lods": ENVIRONMENT_LODS,
            "ground": (frame.lowest, GROUND_DARKENS) if look.ground is not None else (0.0, 0.0),
        }

    def frustum(self, camera: Camera) -> Frustum:
        """The near and far planes for a camera."""
        view = self._frame.camera_from_unit(camera)
        return Frustum.around(exact.dot(self._frame.corners, view[2, :3]) + view[2, 3])

    def clip_from_unit(self, camera: Camera) -> NDArray[np.float64]:
        """(4, 4): from the unit frame to a camera's clip space."""
        return exact.matmul(clip_from_camera(camera, self.frustum(camera)), self._frame.camera_from_unit(camera))

    def draw_surfaces(self, camera: Camera) -> None:
        """Draws the lit object: linear colour, premultiplied by alpha, and depth."""
        context = self._context
        context.enable_only(context.DEPTH_TEST)
        context.depth_func = "<"
        context.front_face = "cw"  # counter-clockwise in the world; the image is drawn upside down
        self._environment.use(UNITS["environment"])
        if self.shadow is not None:
            self.shadow.texture.use(UNITS["shadow_map"])
        view = {"clip_from_unit": self.clip_from_unit(camera).T, "eye": self._frame.eye(camera)}
        for batch in self._mesh.batches:
            if batch.centroids is None:
                self._draw(batch, view, batch.material.alpha_mode, batch.first)
        self._draw_blended(view, camera)

    def draw_depth(self, clip_from_unit: NDArray[np.float64], nearer: str) -> None:
        """Draws the object's depth alone; ``nearer``, such as ``<``, says which depths win."""
        context = self._context
        context.enable_only(context.DEPTH_TEST)
        context.depth_func = nearer
        if self._mesh.opaque_count:
            program = self._programs.get("depth.vert", "depth.frag")
            program.set(clip_from_unit=clip_from_unit.T)
            self._mesh.vertex_array(program).render(vertices=self._mesh.opaque_count)
        for batch in self._mesh.batches:
            if batch.material.alpha_mode == "OPAQUE":
                continue
            features = {"CUTOUT"} | ({"BASE_COLOR_TEXTURE"} & batch.features)
            program = self._programs.get("depth.vert", "depth.frag", frozenset(features))
            program.set(clip_from_unit=clip_from_unit.T, alpha_cutoff=batch.cutoff)
            if "base_color_texture" in batch.textures:
                batch.textures["base_color_texture"].use(UNITS["base_color_texture"])
            self._mesh.vertex_array(program).render(vertices=batch.count, first=batch.first)

    def _draw_blended(self, view: dict[str, Any], camera: Camera) -> None:
        """Draws the blended batches over the opaque ones.

        Parts with full alpha are drawn as opaque, which needs no sorting. The other parts follow, farthest batch first,
        and farthest triangle first within a batch. Most "blended" surfaces of real assets are opaque nearly everywhere.
        """
        blended = self._mesh.sort_blended(camera.forward)
        if not blended:
            return
        context = self._context
        for batch in blended:
            self._draw(batch, view, "BLEND_SOLID", 0)
        framebuffer = context.fbo
        framebuffer.depth_mask = False
        context.enable(context.BLEND)
        context.blend_func = context.ONE, context.ONE_MINUS_SRC_ALPHA
        for batch in blended:
            self._draw(batch, view, "BLEND", 0)
        context.disable(context.BLEND)
        framebuffer.depth_mask = True

    def _draw(self, batch: Batch, view: dict[str, Any], mode: str, first: int) -> None:
        """Draws both sides of a batch's triangles."""
        program = self._program_for(batch, view, batch.features | {mode})
        self._mesh.vertex_array(program, batch).render(vertices=batch.count, first=first)

    def _program_for(self, batch: Batch, view: dict[str, Any], features: frozenset[str]) -> Program:
        """The program for a batch, with its textures and all uniforms set."""
        shadow = self.shadow
        features = features | ({"SUN_SHADOW"} if shadow is not None else set())
        program = self._programs.get("surface.vert", "surface.frag", features)
        for name, texture in batch.textures.items():
            texture.use(UNITS[name])
        material = batch.material
        program.set(
            **view,
            **self._light,
            base_color=batch.color or (1.0, 1.0, 1.0, 1.0),
            roughness_metallic=(material.roughness, material.metallic),
            emissive=material.emissive,
            normal_occlusion=(material.normal_scale, material.occlusion_strength),
            alpha_cutoff=material.alpha_cutoff,
        )
        if shadow is not None:
            program.set(shadow_from_unit=shadow.texture_from_unit.T, shadow_offset=shadow.offset)
        return program
