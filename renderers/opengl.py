"""The default backend: OpenGL 3.3 off screen, on a GPU or on Mesa's software renderer.

A picture takes two passes. The object is drawn alone with 2x2 samples a pixel over nothing; one pass over the image
then averages the samples and puts the stage behind them, so that sky and ground are shaded once a pixel and only the
object pays for anti-aliasing. (The ground never hides the object, which stands on it.) Depth has a pass of its own with
one sample a pixel: a multisampled depth buffer would give samples that lie off the pixels' centres.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from renderers.context import create_context
from renderers.gpu_mesh import Batch, GpuMesh, mean_luminance
from renderers.ground import PATTERN_SIZE, paint_pattern
from renderers.programs import UNITS, Programs, set_uniforms
from renderers.projection import Frustum, UnitFrame, clip_from_camera, metric_depth, ray_from_pixel
from renderers.protocol import Stage
from renderers.shadow import GroundMap, ground_visibility
from renderers.stage import Surroundings, dress, neutral
from renderers.targets import ColorTarget, DepthTarget, TargetCache
from renderers.textures import TextureFilter
from renderers.tiles import TILES, Tiles, tiles_by_features
from viewpoint100k.errors import RendererError
from viewpoint100k.geometry import Camera
from viewpoint100k.mesh import Mesh

if TYPE_CHECKING:
    import moderngl

__all__ = ["OpenGLRenderer", "OpenGLScene"]

_FRAMEBUFFER_SRGB = 0x8DB9
_SUPERSAMPLING = 2
_GREY = 128 / 255
"""sRGB, of the background without a stage."""
_SHADOW_SIZE = 160
"""Texels along each side of the maps that ground shadows are made from."""
_SUN_MAP_SIZE = 384
"""Texels along each side of the map by which the object shades itself."""


class OpenGLRenderer:
    """One OpenGL context and everything that scenes share. Not for use from two threads at once.

    Args:
        device_index: which EGL device; the first by default. ``CUDA_VISIBLE_DEVICES`` does not steer it.
        require_gpu: refuse to draw in software.
        max_texture_size: larger textures are averaged down to at most this many pixels a side.

    Raises ``RendererError`` where there is no context, or not the one that was asked for.
    """

    name = "opengl"

    def __init__(
        self, device_index: int | None = None, require_gpu: bool = False, max_texture_size: int = 1024
    ) -> None:
        context, self.facts = create_context(device_index, require_gpu)
        self._context: moderngl.Context | None = context
        self.max_texture_size = max_texture_size
        # A software renderer pays for each texel. With four samples a pixel the nearest mip level will do.
        self.texture_filter = (
            TextureFilter("nearest mip level", 1.0)
            if self.facts.software
            else TextureFilter("between mip levels", min(8.0, self.facts.max_anisotropy))
        )
        context.enable_direct(_FRAMEBUFFER_SRGB)
        self.programs = Programs(context)
        self.color_targets = TargetCache(lambda size: ColorTarget.create(context, size, _SUPERSAMPLING))
        self.depth_targets = TargetCache(lambda size: DepthTarget.create(context, size))
        self._tiles = context.buffer(reserve=TILES * TILES * 6 * 2 * 4, dynamic=True)
        self._tile_arrays: dict[int, moderngl.VertexArray] = {}
        self._patterns: dict[str, moderngl.Texture] = {}
        self._scenes: OrderedDict[int, OpenGLScene] = OrderedDict()

    @property
    def context(self) -> moderngl.Context:
        """The context; raises ``RendererError`` once it is closed."""
        if self._context is None:
            raise RendererError("the renderer has been closed")
        return self._context

    def describe(self) -> str:
        """Backend, its version, the device and driver in one line."""
        return f"opengl (moderngl {version('moderngl')}), {self.facts.renderer}, OpenGL {self.facts.version}"

    def load(self, mesh: Mesh, stage: Stage | None) -> OpenGLScene:
        """Uploads a mesh and sets its stage. See `renderers.protocol.Renderer.load`."""
        with self.context as context:
            frame = UnitFrame.of(mesh)
            uploaded = GpuMesh(context, mesh, frame, self.max_texture_size, self.texture_filter)
            if stage is None:
                scene = OpenGLScene(self, uploaded, frame, *self.neutral, staged=False)
            else:
                look = dress(stage, mean_luminance(mesh))
                scene = OpenGLScene(self, uploaded, frame, look, _environment_texture(context, look), staged=True)
        self._scenes[id(scene)] = scene
        return scene

    @cached_property
    def neutral(self) -> tuple[Surroundings, moderngl.Texture]:
        """What surrounds an object without a stage; every such scene shares it."""
        look = neutral()
        return look, _environment_texture(self.context, look)

    def close(self) -> None:
        """Frees everything, scenes included. Closing twice is harmless."""
        if self._context is None:
            return
        with self._context:
            for scene in list(self._scenes.values()):
                scene.close()
            for vertex_array in self._tile_arrays.values():
                vertex_array.release()
            for texture in self._patterns.values():
                texture.release()
            self.neutral[1].release()
            self._tiles.release()
            self.color_targets.release()
            self.depth_targets.release()
            self.programs.release()
        self._context.release()
        self._context = None

    def forget(self, scene: OpenGLScene) -> None:
        """Called by a scene that is closed."""
        self._scenes.pop(id(scene), None)

    def pattern(self, name: str) -> moderngl.Texture:
        """A ground pattern's texture."""
        import moderngl

        if name not in self._patterns:
            texture = self.context.texture((PATTERN_SIZE, PATTERN_SIZE), 2, paint_pattern(name), alignment=2)
            texture.build_mipmaps()
            texture.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
            self._patterns[name] = texture
        return self._patterns[name]

    def draw_tiles(self, program: moderngl.Program, tiles: Tiles) -> None:
        """Runs a program over these tiles of the framebuffer in use."""
        if program.glo not in self._tile_arrays:
            self._tile_arrays[program.glo] = self.context.vertex_array(program, [(self._tiles, "2f", "in_position")])
        self._tiles.orphan()
        self._tiles.write(np.ascontiguousarray(tiles))
        self._tile_arrays[program.glo].render(vertices=6 * len(tiles))


class OpenGLScene:
    """A mesh on its stage, on the device. Made by `OpenGLRenderer.load`."""

    def __init__(
        self,
        renderer: OpenGLRenderer,
        mesh: GpuMesh,
        frame: UnitFrame,
        look: Surroundings,
        environment: moderngl.Texture,
        staged: bool,
    ) -> None:
        self._renderer = renderer
        self._mesh, self._frame = mesh, frame
        self._look, self._environment = look, environment
        self._staged = staged
        self._closed = False
        self._alone: OpenGLScene | None = None
        self._ground_map: GroundMap | None = None
        self._ground_shadow: moderngl.Texture | None = None
        self._sun_map: moderngl.Texture | None = None
        if self._staged:
            self._cast_shadows()

    def color(self, camera: Camera) -> NDArray[np.uint8]:
        """(h, w, 3) sRGB. See `renderers.protocol.LoadedScene.color`."""
        with self._context():
            target = self._renderer.color_targets.get((camera.width, camera.height))
            box = self._draw_object(camera, target)
            self._compose(camera, target, box)
            pixels = bytearray(3 * camera.width * camera.height)
            target.picture_framebuffer.read_into(pixels, components=3, alignment=1)
        return np.frombuffer(pixels, dtype=np.uint8).reshape(camera.height, camera.width, 3)

    def depth(self, camera: Camera) -> NDArray[np.float32]:
        """(h, w) world units. See `renderers.protocol.LoadedScene.depth`."""
        frustum = self._frustum(camera)
        with self._context():
            target = self._renderer.depth_targets.get((camera.width, camera.height))
            target.framebuffer.use()
            target.framebuffer.clear(depth=1.0)
            self._draw_depth(self._clip(camera, frustum), "<")
            raw = target.framebuffer.read(components=1, attachment=-1, dtype="f4", alignment=1)
        window = np.frombuffer(raw, dtype=np.float32).reshape(camera.height, camera.width)
        return metric_depth(window, frustum, self._frame.radius)

    def unstaged(self) -> OpenGLScene:
        """The same mesh without its stage. See `renderers.protocol.LoadedScene.unstaged`."""
        if not self._staged:
            return self
        if self._alone is None:
            with self._context():
                self._alone = OpenGLScene(
                    self._renderer, self._mesh, self._frame, *self._renderer.neutral, staged=False
                )
        return self._alone

    def close(self) -> None:
        """Frees what the scene holds on the device. Closing twice is harmless."""
        if self._closed:
            return
        with self._context():
            self._mesh.release()
            own = (self._environment, self._ground_shadow, self._sun_map) if self._staged else ()
            for texture in own:
                if texture is not None:
                    texture.release()
        self._closed = True
        if self._alone is not None:
            self._alone._closed = True
        self._renderer.forget(self)

    def _context(self) -> moderngl.Context:
        if self._closed:
            raise RendererError("the scene has been closed")
        return self._renderer.context

    def _frustum(self, camera: Camera) -> Frustum:
        view = self._frame.camera_from_unit(camera)
        return Frustum.around(self._frame.corners @ view[2, :3] + view[2, 3])

    def _clip(self, camera: Camera, frustum: Frustum) -> NDArray[np.float64]:
        return clip_from_camera(camera, frustum) @ self._frame.camera_from_unit(camera)

    def _draw_object(self, camera: Camera, target: ColorTarget) -> tuple[float, float, float, float]:
        """Draws the object's samples; returns the box of pixels (left, top, right, bottom) that they lie in."""
        context = self._renderer.context
        box = self._pixel_box(camera)
        clip = self._clip(camera, self._frustum(camera))
        target.object_framebuffer.use()
        left, top, right, bottom = (int(v) * _SUPERSAMPLING for v in box)
        target.object_framebuffer.scissor = (left, top, max(right - left, 0), max(bottom - top, 0))
        target.object_framebuffer.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)
        context.enable_only(context.DEPTH_TEST)
        context.depth_func = "<"
        context.front_face = "cw"  # counter-clockwise in the world; the image is drawn upside down
        self._environment.use(UNITS["environment"])
        if self._sun_map is not None:
            self._sun_map.use(UNITS["shadow_map"])
        solid = [batch for batch in self._mesh.batches if batch.centroids is None]
        for batch in solid:
            self._draw_surface(batch, clip, camera, frozenset({batch.material.alpha_mode}), batch.first)
        self._draw_blended(clip, camera)
        target.object_framebuffer.scissor = (0, 0, *target.samples.size)
        return box

    def _draw_blended(self, clip: NDArray[np.float64], camera: Camera) -> None:
        """Draws the blended batches over the solid ones.

        What they draw in full is drawn as a solid, which needs no sorting; the rest goes over it, farthest batch
        first, and in it farthest triangle first. Most "blended" surfaces of real assets are solid nearly everywhere.
        """
        blended = self._mesh.sort_blended(camera.forward)
        if not blended:
            return
        context = self._renderer.context
        for batch in blended:
            self._draw_surface(batch, clip, camera, frozenset({"BLEND_SOLID"}), 0)
        framebuffer = context.fbo
        framebuffer.depth_mask = False
        context.enable(context.BLEND)
        context.blend_func = context.ONE, context.ONE_MINUS_SRC_ALPHA
        for batch in blended:
            self._draw_surface(batch, clip, camera, frozenset({"BLEND"}), 0)
        context.disable(context.BLEND)
        framebuffer.depth_mask = True

    def _draw_surface(
        self, batch: Batch, clip: NDArray[np.float64], camera: Camera, mode: frozenset[str], first: int
    ) -> None:
        features = batch.features | mode | ({"SUN_SHADOW"} if self._sun_map is not None else set())
        program = self._renderer.programs.get("surface.vert", "surface.frag", features)
        for name, texture in batch.textures.items():
            texture.use(UNITS[name])
        material = batch.material
        look = self._look
        ground = (self._frame.lowest, 0.6) if look.ground is not None else (0.0, 0.0)
        _set(
            program,
            clip_from_unit=clip.T,
            eye=self._frame.eye(camera),
            sun_direction=look.sun.direction,
            sun_radiance=look.sun.radiance,
            irradiance=look.irradiance,
            environment_lods=4.5,
            ground=ground,
            base_color=batch.color or (1.0, 1.0, 1.0, 1.0),
            roughness_metallic=(material.roughness, material.metallic),
            emissive=material.emissive,
            normal_occlusion=(material.normal_scale, material.occlusion_strength),
            alpha_cutoff=material.alpha_cutoff,
        )
        if self._sun_map is not None and self._ground_map is not None:
            _set(
                program,
                shadow_from_unit=self._ground_map.texture_from_unit(look.sun.direction).T,
                shadow_offset=1.5 * float(self._ground_map.size.max()) / _SUN_MAP_SIZE,
            )
        vertex_array = self._mesh.vertex_array(program, batch)
        if mode & {"BLEND"}:
            vertex_array.render(vertices=batch.count, first=first)
            return
        # Both sides of every triangle are drawn, the outer ones first: they hide nearly all of the others, which then
        # cost no shading.
        context = self._renderer.context
        context.enable(context.CULL_FACE)
        for culled in ("back", "front"):
            context.cull_face = culled
            vertex_array.render(vertices=batch.count, first=first)
        context.disable(context.CULL_FACE)

    def _draw_depth(self, clip: NDArray[np.float64], nearer: str) -> None:
        """Draws the object's depth into the framebuffer in use."""
        context = self._renderer.context
        context.enable_only(context.DEPTH_TEST)
        context.depth_func = nearer
        if self._mesh.opaque_count:
            program = self._renderer.programs.get("depth.vert", "depth.frag")
            _set(program, clip_from_unit=clip.T)
            self._mesh.vertex_array(program).render(vertices=self._mesh.opaque_count)
        for batch in self._mesh.batches:
            if batch.material.alpha_mode == "OPAQUE":
                continue
            features = {"CUTOUT"} | ({"BASE_COLOR_TEXTURE"} & batch.features)
            program = self._renderer.programs.get("depth.vert", "depth.frag", frozenset(features))
            _set(program, clip_from_unit=clip.T, alpha_cutoff=batch.cutoff)
            if "base_color_texture" in batch.textures:
                batch.textures["base_color_texture"].use(UNITS["base_color_texture"])
            self._mesh.vertex_array(program).render(vertices=batch.count, first=batch.first)

    def _pixel_box(self, camera: Camera) -> tuple[float, float, float, float]:
        """The box of whole pixels that can hold the object: the projected bounding box, or the whole image where the
        camera is too near for that."""
        corners = self._frame.corners * self._frame.radius + self._frame.center
        pixels, depths = camera.project(corners)
        if depths.min() <= 1e-3 * self._frame.radius:
            return 0.0, 0.0, float(camera.width), float(camera.height)
        size = (camera.width, camera.height)
        left, top = np.clip(np.floor(pixels.min(axis=0)) - 1, 0, size)
        right, bottom = np.clip(np.ceil(pixels.max(axis=0)) + 1, 0, size)
        return float(left), float(top), float(right), float(bottom)

    def _compose(self, camera: Camera, target: ColorTarget, box: tuple[float, float, float, float]) -> None:
        """Draws the picture: the object's samples over what is behind them, tile by tile."""
        context = self._renderer.context
        context.enable_only(context.NOTHING)
        target.picture_framebuffer.use()
        target.picture_framebuffer.clear(_GREY, _GREY, _GREY, 1.0)
        target.samples.use(UNITS["object_color"])
        self._environment.use(UNITS["environment"])
        ground = self._look.ground
        eye = self._frame.eye(camera)
        solid_ground = (self._frame.lowest, ground.fade[0]) if ground is not None else None
        tiles = tiles_by_features(camera, box, staged=self._staged, eye=eye, ground=solid_ground)
        for features, corners in tiles.items():
            program = self._renderer.programs.get("tile.vert", "composite.frag", features)
            _set(
                program,
                pixels=(camera.width, camera.height),
                object_box=box,
                eye=eye,
                ray_from_pixel=ray_from_pixel(camera).T,
                background_lod=self._look.background_lod,
            )
            if "GROUND" in features:
                self._set_ground(program, camera)
            self._renderer.draw_tiles(program, corners)

    def _set_ground(self, program: moderngl.Program, camera: Camera) -> None:
        look = self._look
        assert look.ground is not None
        assert self._ground_map is not None
        assert self._ground_shadow is not None
        self._renderer.pattern(look.ground.pattern).use(UNITS["ground_pattern"])
        self._ground_shadow.use(UNITS["ground_shadow"])
        _set(
            program,
            sun_radiance=look.sun.radiance * look.sun.direction[2],
            ground_irradiance=look.irradiance_upwards(),
            ground_height=self._frame.lowest,
            ground_color_0=look.ground.color_0,
            ground_color_1=look.ground.color_1,
            pattern_from_ground=look.ground.pattern_from_ground.T,
            pattern_texels=PATTERN_SIZE * np.sqrt(abs(np.linalg.det(look.ground.pattern_from_ground))),
            pixel_angle=2 / (camera.intrinsics[0, 0] + camera.intrinsics[1, 1]),
            ground_fade=look.ground.fade,
            shadow_box=(*self._ground_map.origin, *(1 / self._ground_map.size)),
        )

    def _cast_shadows(self) -> None:
        """Draws the maps by which the object shades the ground and itself; once, since nothing moves."""
        context = self._renderer.context
        sun, down = self._look.sun.direction, np.array([0.0, 0.0, 1.0])
        covers = GroundMap.around(self._frame.corners, self._frame.lowest, [sun, down])
        self._ground_map = covers
        small = self._renderer.depth_targets.get((_SHADOW_SIZE, _SHADOW_SIZE))
        if self._look.ground is not None:
            maps = []
            for direction in (sun, down):
                small.framebuffer.use()
                small.framebuffer.clear(depth=1.0)
                self._draw_depth(covers.clip_from_unit(direction), "<")
                raw = small.framebuffer.read(components=1, attachment=-1, dtype="f4", alignment=1)
                maps.append(np.frombuffer(raw, dtype=np.float32).reshape(_SHADOW_SIZE, _SHADOW_SIZE))
            reaches = ground_visibility(maps[0], maps[1], covers, self._look.sun.spread)
            shadow = context.texture((_SHADOW_SIZE, _SHADOW_SIZE), 2, reaches, alignment=2)
            shadow.repeat_x = shadow.repeat_y = False
            self._ground_shadow = shadow
        self._sun_map = context.depth_texture((_SUN_MAP_SIZE, _SUN_MAP_SIZE))
        framebuffer = context.framebuffer([], self._sun_map)
        framebuffer.use()
        framebuffer.clear(depth=0.0)
        self._draw_depth(covers.clip_from_unit(sun), ">")
        framebuffer.release()
        self._sun_map.compare_func = ">="
        self._sun_map.filter = (context.LINEAR, context.LINEAR)
        self._sun_map.repeat_x = self._sun_map.repeat_y = False


def _environment_texture(context: moderngl.Context, look: Surroundings) -> moderngl.Texture:
    height, width, _ = look.environment.shape
    texture = context.texture((width, height), 3, look.environment.astype(np.float16), alignment=2, dtype="f2")
    texture.build_mipmaps()
    texture.filter = (context.LINEAR_MIPMAP_LINEAR, context.LINEAR)
    texture.repeat_x, texture.repeat_y = True, False
    return texture


def _set(program: moderngl.Program, **values: Any) -> None:
    set_uniforms(program, values)
