"""A stage in Blender: the environment as the world, a sun lamp, and the ground as a lit disc."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from renderers.blender_nodes import Nodes, Value
from renderers.ground import GroundLook, paint_pattern
from renderers.stage import Sun, Surroundings

__all__ = ["BlenderStage"]

_BELOW = 1e-3
"""Gap between the ground and the object, in radii, because two surfaces at the same depth would flicker."""
_GROUND_CORNERS = 96
_MAP_WIDTH = 256
"""Resolution of Cycles' importance map of the environment. The default takes seconds."""


class BlenderStage:
    """The surroundings of one object in Blender, in the unit frame. Owns everything it creates in Blender.

    Args:
        look: the surroundings, as for the other backends.
        height: height of the ground.
    """

    def __init__(self, bpy: Any, look: Surroundings, height: float) -> None:
        self._bpy = bpy
        self._data: list[Any] = []
        self.world = self._world(look.environment)
        self.objects = [self._sun(look.sun)]
        """Blender objects to put into the scene."""
        if look.ground is not None:
            self.objects.append(self._ground(look.ground, height - _BELOW))

    def release(self) -> None:
        """Removes everything from Blender."""
        self._bpy.data.batch_remove(self.objects)
        self._bpy.data.batch_remove(self._data)
        self.objects, self._data = [], []

    def _world(self, environment: NDArray[np.float32]) -> Any:
        """The environment as Blender's world. Blender's longitude has the opposite direction."""
        world = self._kept(self._bpy.data.worlds.new("stage"))
        world.cycles.sampling_method, world.cycles.sample_map_resolution = "MANUAL", _MAP_WIDTH
        nodes = Nodes.of(world)
        image = self._image(environment[:, ::-1])
        texture = nodes.add(
            "TexEnvironment",
            {"Vector": nodes.add("TexCoord").outputs["Generated"]},
            image=image,
            projection="EQUIRECTANGULAR",
            interpolation="Linear",
        )
        nodes.output("World", nodes.add("Background", {"Color": texture.outputs["Color"]}).outputs["Background"])
        return world

    def _sun(self, sun: Sun) -> Any:
        """The sun lamp. Its strength is an irradiance: pi times the radiance of a white surface that faces it."""
        from mathutils import Vector

        light = self._kept(self._bpy.data.lights.new("sun", "SUN"))
        strongest = float(sun.radiance.max())
        light.energy = np.pi * strongest
        light.color = (sun.radiance / strongest).tolist()
        light.angle = 2 * float(np.arctan(sun.spread))
        made = self._bpy.data.objects.new("sun", light)
        made.matrix_world = Vector(sun.direction.tolist()).to_track_quat("Z", "Y").to_matrix().to_4x4()
        return made

    def _ground(self, look: GroundLook, height: float) -> Any:
        """A disc that fades into the background and is invisible from below."""
        turns = np.linspace(0, 2 * np.pi, _GROUND_CORNERS, endpoint=False)
        rim = look.fade[1] * 1.01
        corners = [(float(rim * np.cos(t)), float(rim * np.sin(t)), height) for t in turns]
        disc = self._kept(self._bpy.data.meshes.new("ground"))
        disc.from_pydata(corners, [], [list(range(_GROUND_CORNERS))])
        material = self._kept(self._bpy.data.materials.new("ground"))
        nodes = Nodes.of(material)
        geometry = nodes.add("NewGeometry").outputs
        place = geometry["Position"]
        lit = nodes.add("BsdfDiffuse", {"Color": self._pattern(nodes, look, place)}).outputs["BSDF"]
        hidden = nodes.math("MAXIMUM", geometry["Backfacing"], self._fade(nodes, look, place, height))
        nodes.output("Material", nodes.mix(hidden, lit, nodes.transparent()))
        disc.materials.append(material)
        return self._bpy.data.objects.new("ground", disc)

    def _fade(self, nodes: Nodes, look: GroundLook, place: Value, height: float) -> Value:
        """0 near the object, 1 where only the background is visible."""
        distance = nodes.vector("LENGTH", nodes.vector("SUBTRACT", place, (0.0, 0.0, height)))
        start, end = look.fade
        inputs: dict[str | int, Value] = {"Value": distance, "From Min": start, "From Max": end}
        return nodes.add("MapRange", inputs, interpolation_type="SMOOTHSTEP").outputs["Result"]

    def _pattern(self, nodes: Nodes, look: GroundLook, place: Value) -> Value:
        pattern = paint_pattern(look.pattern).astype(np.float32) / 255
        albedo = look.color_0 + (look.color_1 - look.color_0) * pattern[..., :1]
        image = self._image(np.clip(albedo * 2 * pattern[..., 1:], 0, 1).astype(np.float32))
        (a, b), (c, d) = look.pattern_from_ground.tolist()
        u = nodes.vector("DOT_PRODUCT", place, (a, b, 0.0))
        v = nodes.vector("DOT_PRODUCT", place, (c, d, 0.0))
        upwards = nodes.math("SUBTRACT", 1.0, v)
        texture = nodes.add(
            "TexImage",
            {"Vector": nodes.joined(u, upwards, 0.0)},
            image=image,
            extension="REPEAT",
            interpolation="Linear",
        )
        return texture.outputs["Color"]

    def _image(self, linear: NDArray[np.float32]) -> Any:
        """A picture of linear floats (h, w, 3)."""
        height, width, _ = linear.shape
        image = self._bpy.data.images.new("stage", width, height, alpha=False, float_buffer=True, is_data=True)
        pixels = np.ones((height, width, 4), dtype=np.float32)
        pixels[..., :3] = linear[::-1]
        image.pixels.foreach_set(pixels.ravel())
        return self._kept(image)

    def _kept(self, made: Any) -> Any:
        self._data.append(made)
        return made
