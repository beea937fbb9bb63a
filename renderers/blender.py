"""The Blender backend: path tracing with Cycles. It is by far the slowest and gives the most realistic images.

Pose, intrinsics, depth, mask and texture positions equal those of the other backends. The stage has the same
environment, sun and ground for the same seed. There are two differences: the ground is a disc with traced shadows and
bounced light, and the background is not blurred. Cycles' radiance goes through the same tone curve as in the other
backends; Blender's view transforms (Filmic, AgX) are not used. There is no denoising: on one machine the same scene
gives the same bytes for any number of threads.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renderers.blender_camera import FROM_BLENDER_CAMERA, SENSOR_WIDTH_MM, Lens
from renderers.blender_object import BlenderObject
from renderers.blender_process import choose_device, draw_passes, import_bpy
from renderers.blender_stage import BlenderStage
from renderers.projection import UnitFrame
from renderers.protocol import Stage, Thumbnail
from renderers.stage import make_surroundings, neutral
from renderers.textures import linear_from_srgb, srgb_from_linear
from viewpoint100k.errors import RendererError
from viewpoint100k.geometry.cameras import Camera
from viewpoint100k.geometry.mesh import Mesh
from viewpoint100k.runtime.cores import usable_cores

__all__ = ["BlenderRenderer", "BlenderScene"]

_GREY = 128
"""sRGB code of the background without a stage."""
_NOTHING = 1e9
"""Depths beyond this are background, radii; Cycles writes 1e10 where a ray meets nothing."""
_PIXEL_CENTRE = 0.01
"""Width of the pixel filter for depth maps, pixels: the smallest that Cycles accepts."""
_SMALLEST = 4
"""Smallest width and height of an image in Blender, pixels."""
_NEAREST = 1e-3
"""Distance of the near clipping plane, radii."""


class BlenderRenderer:
    """Cycles in this process.

    Args:
        device_index: index into Cycles' GPUs; by default the first, or the CPU if there is none.
        require_gpu: refuse to render on the CPU.
        max_texture_size: larger textures are averaged down to at most this many pixels a side.
        samples: light paths per pixel. Time grows with it; noise falls with its square root.

    Raises ``MissingExtraError`` if bpy is not installed, ``RendererError`` if it does not load or finds no such GPU.
    """

    name = "blender"

    def __init__(
        self,
        device_index: int | None = None,
        require_gpu: bool = False,
        max_texture_size: int = 1024,
        samples: int = 32,
    ) -> None:
        self._bpy: Any = import_bpy()
        self.max_texture_size, self.samples = max_texture_size, samples
        self.device = choose_device(self._bpy, device_index, require_gpu)
        self._scenes: list[BlenderScene] = []

    @property
    def bpy(self) -> Any:
        """The module bpy; raises ``RendererError`` after `close`."""
        if self._bpy is None:
            raise RendererError("the renderer has been closed")
        return self._bpy

    def describe(self) -> str:
        """Backend, its version, and the device in one line."""
        version, device = self.bpy.app.version_string, self.device
        return f"blender {version}, Cycles with {self.samples} samples, {device.name} ({device.kind})"

    def load(self, mesh: Mesh, stage: Stage | None) -> BlenderScene:
        """Creates a mesh and its stage in Blender. See `renderers.protocol.Renderer.load`."""
        made = BlenderObject(self.bpy, mesh, self.max_texture_size)
        depths = FilmSet(self, made.frame, made.shapes, None, samples=1, spread=_PIXEL_CENTRE)
        scene = BlenderScene(self, made, depths, stage)
        self._scenes.append(scene)
        return scene

    def close(self) -> None:
        """Frees everything, scenes included. Closing twice is harmless."""
        if self._bpy is None:
            return
        for scene in list(self._scenes):
            scene.close()
        self._bpy = None

    def forget(self, scene: BlenderScene) -> None:
        """Called by a scene that is closed."""
        if scene in self._scenes:
            self._scenes.remove(scene)


class BlenderScene:
    """A mesh on its stage. Made by `BlenderRenderer.load`."""

    def __init__(self, renderer: BlenderRenderer, loaded: BlenderObject, depths: FilmSet, stage: Stage | None) -> None:
        self._renderer, self._loaded, self._depths = renderer, loaded, depths
        look = neutral() if stage is None else make_surroundings(stage, loaded.luminance)
        self._staged = stage is not None
        self._stage = BlenderStage(renderer.bpy, look, loaded.frame.lowest)
        objects = [*loaded.surfaces, *self._stage.objects]
        world = self._stage.world
        self._pictures = FilmSet(
            renderer, loaded.frame, objects, world, renderer.samples, spread=1.0, transparent=not self._staged
        )
        self._alone: BlenderScene | None = None
        self._closed = False

    def color(self, camera: Camera) -> NDArray[np.uint8]:
        """(h, w, 3) sRGB. See `renderers.protocol.LoadedScene.color`."""
        self._check_open()
        seen = np.nan_to_num(self._pictures.draw(camera)["Combined"].astype(np.float64))
        behind = (1 - seen[..., 3:]) * float(linear_from_srgb()[_GREY])
        return np.asarray(srgb_from_linear(_tone_map(seen[..., :3] + behind)) * 255 + 0.5, dtype=np.uint8)

    def depth(self, camera: Camera) -> NDArray[np.float32]:
        """(h, w) world units. See `renderers.protocol.LoadedScene.depth`."""
        self._check_open()
        depth = self._depths.draw(camera)["Depth"][..., 0]
        return np.where(depth < _NOTHING, depth * np.float32(self._loaded.frame.radius), np.float32(np.inf))

    def thumbnails(self, cameras: Sequence[Camera]) -> list[Thumbnail]:
        """Small pictures with depth. See `renderers.protocol.LoadedScene.thumbnails`."""
        self._check_open()
        alone = self.unstaged()
        return [Thumbnail(c, alone.color(c), alone.depth(c.resized(2 * c.width, 2 * c.height))) for c in cameras]

    def unstaged(self) -> BlenderScene:
        """The same mesh without its stage. See `renderers.protocol.LoadedScene.unstaged`."""
        if not self._staged:
            return self
        if self._alone is None:
            self._check_open()
            self._alone = BlenderScene(self._renderer, self._loaded, self._depths, None)
        return self._alone

    def close(self) -> None:
        """Frees what the scene holds. Closing twice is harmless."""
        if self._closed:
            return
        if self._alone is not None:
            self._alone._leave()
        self._leave()
        self._depths.release()
        self._loaded.release()
        self._renderer.forget(self)

    def _leave(self) -> None:
        """Frees what only this scene uses."""
        self._closed = True
        self._pictures.release()
        self._stage.release()

    def _check_open(self) -> None:
        if self._closed:
            raise RendererError("the scene has been closed")


class FilmSet:
    """A Blender scene with one camera; its objects belong to other owners. Lengths are in the unit frame.

    Cycles keeps its data between images, so only the first image has to prepare it.
    """

    def __init__(
        self,
        renderer: BlenderRenderer,
        frame: UnitFrame,
        objects: Sequence[Any],
        world: Any,
        samples: int,
        spread: float,
        transparent: bool = False,
    ) -> None:
        """``spread``: width of the pixel filter, pixels; ``transparent``: omit the world behind the object."""
        self._bpy, self._frame = renderer.bpy, frame
        self._lens = self._bpy.data.cameras.new("camera")
        self._camera = self._bpy.data.objects.new("camera", self._lens)
        self._camera.rotation_mode = "QUATERNION"
        self._scene = self._bpy.data.scenes.new("film set")
        for one in (*objects, self._camera):
            self._scene.collection.objects.link(one)
        self._scene.camera, self._scene.world = self._camera, world
        self._scene.view_layers[0].use_pass_z = world is None
        self._scene.render.film_transparent = transparent
        _set_film(self._scene.render)
        _set_cycles(self._scene.cycles, "GPU" if renderer.device.gpu else "CPU", samples, spread)

    def draw(self, camera: Camera) -> dict[str, NDArray[np.float32]]:
        """Renders all passes, by name: (h, w, channels), linear."""
        lens, image, data = Lens.of(camera), self._scene.render, self._lens
        width, height = max(camera.width, _SMALLEST), max(camera.height, _SMALLEST)
        if (width, height) != (camera.width, camera.height):
            lens = Lens.of(Camera(camera.camera_to_world, camera.intrinsics, width, height))
        image.resolution_x, image.resolution_y = width, height
        image.pixel_aspect_x, image.pixel_aspect_y = lens.pixel_aspect
        data.sensor_fit, data.sensor_width, data.lens = "HORIZONTAL", SENSOR_WIDTH_MM, lens.focal_mm
        data.shift_x, data.shift_y = lens.shift
        pose = camera.camera_to_world.copy()
        pose[:3, 3] = eye = self._frame.eye(camera)
        data.clip_start, data.clip_end = _NEAREST, 1000 + 2 * float(np.linalg.norm(eye))
        self._camera.matrix_world = (pose @ FROM_BLENDER_CAMERA).T.tolist()  # Blender reads columns
        drawn = draw_passes(self._bpy, self._scene)
        return {name: values[: camera.height, : camera.width] for name, values in drawn.items()}

    def release(self) -> None:
        """Removes the scene and its camera from Blender."""
        # Otherwise the data that Cycles keeps outlives the scene and has dangling pointers.
        self._scene.render.use_persistent_data = False
        self._bpy.data.scenes.remove(self._scene)
        self._bpy.data.objects.remove(self._camera)
        self._bpy.data.cameras.remove(self._lens)


def _set_film(render: Any) -> None:
    render.resolution_percentage = 100
    render.use_persistent_data = True
    render.use_compositing = render.use_sequencer = False
    render.use_border = render.use_motion_blur = render.use_simplify = False
    render.threads_mode, render.threads = "FIXED", _threads()


def _set_cycles(cycles: Any, device: str, samples: int, spread: float) -> None:
    """Sets every option that affects pixel values."""
    cycles.device = device
    cycles.samples, cycles.seed, cycles.use_animated_seed = samples, 0, False
    cycles.sampling_pattern = "BLUE_NOISE"
    cycles.use_adaptive_sampling = cycles.use_denoising = cycles.use_guiding = False
    cycles.use_auto_tile = False  # Tiles would be written to files.
    cycles.time_limit = 0
    cycles.pixel_filter_type, cycles.filter_width = "BOX", spread
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 4, 3, 4
    cycles.transmission_bounces = cycles.volume_bounces = 0
    cycles.transparent_max_bounces = 256
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_direct, cycles.sample_clamp_indirect = 0.0, 4.0
    cycles.blur_glossy = 0.5


def _threads() -> int:
    """Number of threads for Cycles: as the environment sets it for each process, or all usable cores."""
    granted = os.environ.get("OMP_NUM_THREADS", "")
    if granted.isdecimal() and int(granted):
        return int(granted)
    return usable_cores()


def _tone_map(radiance: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same as ``tone_map`` in ``shaders/light.glsl``: identity up to 0.8, compressed highlights above."""
    over = np.maximum(radiance - 0.8, 0.0)
    return np.asarray(np.minimum(radiance, 0.8) + over / (1 + 5 * over))
