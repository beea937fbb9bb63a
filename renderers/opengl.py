"""Renders with OpenGL 3.3 without a display: on GPUs without CUDA, or on any CPU through Mesa.

An image takes two passes. The first draws the object alone with 2x2 samples per pixel. The second averages the samples
and adds the stage behind them. So sky and ground are shaded once per pixel, and only the object has the cost of
anti-aliasing. (The ground never hides the object, which stands on it.) Depth has a separate pass with one sample per
pixel, because the samples of a multisampled depth buffer are not at the pixels' centres.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from renderers.context import create_context
from renderers.gpu_mesh import GpuMesh
from renderers.mesh_cache import MeshCache, Uploaded
from renderers.object_pass import ObjectPass, SelfShadow
from renderers.programs import UNITS, Programs
from renderers.projection import metric_depth
from renderers.protocol import Stage, Thumbnail
from renderers.shadow import GROUND_MAP_SIZE, SUN_MAP_SIZE, GroundMap, ground_visibility
from renderers.stage import Surroundings, make_surroundings, neutral
from renderers.stage_pass import Ground, StagePass
from renderers.targets import ColorTarget, DepthTarget, TargetCache
from viewpoint100k.errors import RendererError
from viewpoint100k.geometry.cameras import Camera
from viewpoint100k.geometry.mesh import Mesh

if TYPE_CHECKING:
    import moderngl

__all__ = ["OpenGLRenderer", "OpenGLScene"]

_FRAMEBUFFER_SRGB = 0x8DB9
_SUPERSAMPLING = 2
_ANISOTROPY = 8.0
"""Largest number of samples along a slanted texture footprint (anisotropic filtering)."""


class OpenGLRenderer:
    """One OpenGL context and everything that scenes share. Not thread-safe.

    Args:
        device_index: index of the EGL device; the first by default. ``CUDA_VISIBLE_DEVICES`` does not change it.
        require_gpu: refuse to render in software.
        max_texture_size: larger textures are averaged down to at most this many pixels a side.

    Raises ``RendererError`` if there is no context, or not the requested one.
    """

    name = "opengl"

    def __init__(
        self, device_index: int | None = None, require_gpu: bool = False, max_texture_size: int = 1024
    ) -> None:
        context, self.facts = create_context(device_index, require_gpu)
        self._context: moderngl.Context | None = context
        self.max_texture_size = max_texture_size
        self.anisotropy = min(_ANISOTROPY, self.facts.max_anisotropy)
        context.enable_direct(_FRAMEBUFFER_SRGB)
        self.programs = Programs(context)
        self.stages = StagePass(context, self.programs)
        self.color_targets = TargetCache(lambda size: ColorTarget.create(context, size, _SUPERSAMPLING))
        self.depth_targets = TargetCache(lambda size: DepthTarget.create(context, size))
        self.meshes = MeshCache(lambda mesh, frame: GpuMesh(context, mesh, frame, max_texture_size, self.anisotropy))
        self._scenes: OrderedDict[int, OpenGLScene] = OrderedDict()

    @property
    def context(self) -> moderngl.Context:
        """The context; raises ``RendererError`` after `close`."""
        if self._context is None:
            raise RendererError("the renderer has been closed")
        return self._context

    def describe(self) -> str:
        """Backend, its version, the device and driver in one line."""
        return f"opengl (moderngl {version('moderngl')}), {self.facts.renderer}, OpenGL {self.facts.version}"

    def load(self, mesh: Mesh, stage: Stage | None) -> OpenGLScene:
        """Uploads a mesh and sets its stage. See `renderers.protocol.Renderer.load`."""
        with self.context as context:
            uploaded = self.meshes.take(mesh)
            if stage is None:
                scene = OpenGLScene(self, uploaded, *self.neutral, staged=False)
            else:
                look = make_surroundings(stage, uploaded.luminance)
                scene = OpenGLScene(self, uploaded, look, _environment_texture(context, look), staged=True)
        self._scenes[id(scene)] = scene
        return scene

    @cached_property
    def neutral(self) -> tuple[Surroundings, moderngl.Texture]:
        """The surroundings of an object without a stage, shared by all such scenes."""
        look = neutral()
        return look, _environment_texture(self.context, look)

    def close(self) -> None:
        """Frees everything, scenes included. Closing twice is harmless."""
        if self._context is None:
            return
        with self._context:
            for scene in list(self._scenes.values()):
                scene.close()
            self.meshes.release()
            self.neutral[1].release()
            self.stages.release()
            self.color_targets.release()
            self.depth_targets.release()
            self.programs.release()
        self._context.release()
        self._context = None

    def forget(self, scene: OpenGLScene) -> None:
        """Called by a scene that is closed."""
        self._scenes.pop(id(scene), None)


class OpenGLScene:
    """A mesh on its stage, on the device. Made by `OpenGLRenderer.load`."""

    def __init__(
        self,
        renderer: OpenGLRenderer,
        uploaded: Uploaded[GpuMesh],
        look: Surroundings,
        environment: moderngl.Texture,
        staged: bool,
    ) -> None:
        self._renderer = renderer
        self._uploaded = uploaded
        self._mesh, self._frame = uploaded.mesh, uploaded.frame
        self._look, self._environment = look, environment
        self._staged = staged
        self._closed = False
        self._alone: OpenGLScene | None = None
        self._object = ObjectPass(renderer.context, renderer.programs, self._mesh, self._frame, look, environment)
        self._ground: Ground | None = None
        if self._staged:
            self._cast_shadows()

    def color(self, camera: Camera) -> NDArray[np.uint8]:
        """(h, w, 3) sRGB. See `renderers.protocol.LoadedScene.color`."""
        with self._context():
            target = self._renderer.color_targets.get((camera.width, camera.height))
            target.object_framebuffer.use()
            target.object_framebuffer.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)
            self._object.draw_surfaces(camera)
            self._compose(camera, target)
            return _read_picture(target, camera.width, camera.height)

    def depth(self, camera: Camera) -> NDArray[np.float32]:
        """(h, w) world units. See `renderers.protocol.LoadedScene.depth`."""
        with self._context():
            target = self._renderer.depth_targets.get((camera.width, camera.height))
            target.framebuffer.use()
            target.framebuffer.clear(depth=1.0)
            self._object.draw_depth(self._object.clip_from_unit(camera), "<")
            raw = target.framebuffer.read(components=1, attachment=-1, dtype="f4", alignment=1)
        window = np.frombuffer(raw, dtype=np.float32).reshape(camera.height, camera.width)
        return metric_depth(window, self._object.frustum(camera), self._frame.radius)

    def thumbnails(self, cameras: Sequence[Camera]) -> list[Thumbnail]:
        """Small pictures with depth. See `renderers.protocol.LoadedScene.thumbnails`."""
        alone = self.unstaged()
        return [Thumbnail(c, alone.color(c), alone.depth(c.resized(2 * c.width, 2 * c.height))) for c in cameras]

    def unstaged(self) -> OpenGLScene:
        """The same mesh without its stage. See `renderers.protocol.LoadedScene.unstaged`."""
        if not self._staged:
            return self
        if self._alone is None:
            with self._context():
                self._alone = OpenGLScene(self._renderer, self._uploaded, *self._renderer.neutral, staged=False)
        return self._alone

    def close(self) -> None:
        """Frees what the scene holds on the device. Closing twice is harmless."""
        if self._closed:
            return
        with self._context():
            self._renderer.meshes.give_back(self._uploaded)
            if self._staged:
                self._environment.release()
            if self._ground is not None:
                self._ground.shadow.release()
            if self._object.shadow is not None:
                self._object.shadow.texture.release()
        self._closed = True
        if self._alone is not None:
            self._alone._closed = True
        self._renderer.forget(self)

    def _context(self) -> moderngl.Context:
        if self._closed:
            raise RendererError("the scene has been closed")
        return self._renderer.context

    def _compose(self, camera: Camera, target: ColorTarget) -> None:
        """Draws the picture: the object's samples over what is behind them."""
        context = self._renderer.context
        context.enable_only(context.NOTHING)
        target.picture_framebuffer.use()
        target.samples.use(UNITS["object_color"])
        self._environment.use(UNITS["environment"])
        if self._staged:
            self._renderer.stages.draw(camera, self._look, self._frame.eye(camera), self._ground)
        else:
            self._renderer.stages.draw_plain(camera)

    def _cast_shadows(self) -> None:
        """Draws the shadow maps of the ground and of the object, once, because nothing moves."""
        context = self._renderer.context
        sun, down = self._look.sun.direction, np.array([0.0, 0.0, 1.0])
        covers = GroundMap.around(self._frame.corners, self._frame.lowest, [sun, down])
        if self._look.ground is not None:
            maps = [self._heights_above(covers.clip_from_unit(direction)) for direction in (sun, down)]
            reaches = ground_visibility(maps[0], maps[1], covers, self._look.sun.spread)
            shadow = context.texture((GROUND_MAP_SIZE, GROUND_MAP_SIZE), 2, reaches, alignment=2)
            shadow.repeat_x = shadow.repeat_y = False
            x, y = covers.origin.tolist()
            box = (x, y, 1 / float(covers.size[0]), 1 / float(covers.size[1]))
            self._ground = Ground(self._look.ground, self._frame.lowest, shadow, box)
        sun_map = context.depth_texture((SUN_MAP_SIZE, SUN_MAP_SIZE))
        framebuffer = context.framebuffer([], sun_map)
        framebuffer.use()
        framebuffer.clear(depth=0.0)
        self._object.draw_depth(covers.clip_from_unit(sun), ">")
        framebuffer.release()
        sun_map.compare_func = ">="
        sun_map.filter = (context.LINEAR, context.LINEAR)
        sun_map.repeat_x = sun_map.repeat_y = False
        offset = 1.5 * float(covers.size.max()) / SUN_MAP_SIZE
        self._object.shadow = SelfShadow(sun_map, covers.texture_from_unit(sun), offset)

    def _heights_above(self, clip_from_unit: NDArray[np.float64]) -> NDArray[np.float32]:
        """(n, n): lowest height of the object over each texel of the ground, in the units of `GroundMap`."""
        target = self._renderer.depth_targets.get((GROUND_MAP_SIZE, GROUND_MAP_SIZE))
        target.framebuffer.use()
        target.framebuffer.clear(depth=1.0)
        self._object.draw_depth(clip_from_unit, "<")
        raw = target.framebuffer.read(components=1, attachment=-1, dtype="f4", alignment=1)
        return np.frombuffer(raw, dtype=np.float32).reshape(GROUND_MAP_SIZE, GROUND_MAP_SIZE)


def _read_picture(target: ColorTarget, width: int, height: int) -> NDArray[np.uint8]:
    pixels = bytearray(3 * width * height)
    target.picture_framebuffer.read_into(pixels, components=3, alignment=1)
    return np.frombuffer(pixels, dtype=np.uint8).reshape(height, width, 3)


def _environment_texture(context: moderngl.Context, look: Surroundings) -> moderngl.Texture:
    height, width, _ = look.environment.shape
    texture = context.texture((width, height), 3, look.environment.astype(np.float16), alignment=2, dtype="f2")
    texture.build_mipmaps()
    texture.filter = (context.LINEAR_MIPMAP_LINEAR, context.LINEAR)
    texture.repeat_x, texture.repeat_y = True, False
    return texture
