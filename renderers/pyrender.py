"""The pyrender backend: pyrender's scene graph, buffers and context, with this project's surface shader.

It serves to check the other backends, and users who know pyrender. Pose, intrinsics, depth, mask and texture positions
are exact. Colours agree with the OpenGL backend only to some tenths, because the light is simpler, the ground has no
shadow, textures are filtered before they are decoded, and blended triangles are not sorted.

Workarounds for pyrender 0.1.45, which is unmaintained: ``np.infty``, removed from NumPy 2; a multisampled depth buffer
with samples off the pixels' centres; alpha modes; ``eglTerminate`` on close, which would destroy all other contexts of
the process; textures of three channels whose rows are not multiples of four bytes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renderers.context import is_software
from renderers.gpu_mesh import BLEND_CUTOFF, mean_luminance
from renderers.ground import GroundLook, paint_pattern
from renderers.projection import Frustum, UnitFrame
from renderers.protocol import Stage, Thumbnail
from renderers.stage import make_surroundings, neutral
from renderers.surface_geometry import facing_outwards
from renderers.textures import shrink, srgb_from_linear
from viewpoint100k.errors import MissingExtraError, RendererError
from viewpoint100k.geometry.cameras import Camera
from viewpoint100k.geometry.mesh import Material, Mesh, Primitive, Texture

__all__ = ["PyrenderRenderer", "PyrenderScene"]

_GREY = 128 / 255
_COLOR_SAMPLES = 4
_FROM_OPENGL_CAMERA = np.diag([1.0, -1.0, -1.0, 1.0])
_UNLIT = 2.0
"""Added to the second alpha setting of vertices to mark unlit surfaces; the shader keeps their base colour."""
_WRAPS = {"repeat": 10497, "clamp": 33071, "mirror": 33648}


def _import_pyrender() -> Any:
    """pyrender, on EGL and on this NumPy. Raises ``MissingExtraError``."""
    os.environ["PYOPENGL_PLATFORM"] = "egl"
    vars(np).setdefault("infty", np.inf)
    try:
        import pyrender
    except ImportError as error:
        raise MissingExtraError("pyrender", "pyrender") from error
    return pyrender


class PyrenderRenderer:
    """One pyrender context.

    Args:
        device_index: index of the EGL device; the first by default.
        require_gpu: refuse to render in software.
        max_texture_size: larger textures are averaged down to at most this many pixels a side.

    Raises ``MissingExtraError`` if pyrender is not installed, and ``RendererError`` if it gets no context.
    """

    name = "pyrender"

    def __init__(
        self, device_index: int | None = None, require_gpu: bool = False, max_texture_size: int = 1024
    ) -> None:
        self._pyrender = _import_pyrender()
        self.max_texture_size = max_texture_size
        if device_index is not None:
            os.environ["EGL_DEVICE_ID"] = str(device_index)
        try:
            self._platform = _open_platform(device_index or 0)
            self._strings = _gl_strings()
        except Exception as error:  # PyOpenGL raises anything from ImportError to AttributeError without libEGL
            raise RendererError(f"pyrender gets no OpenGL context ({error}): see `viewpoint100k doctor`") from error
        if require_gpu and is_software(self._strings[0]):
            self.close()
            raise RendererError(f"a GPU was asked for but OpenGL draws in software ({self._strings[0]})")
        self._passes = {samples: _open_pass(samples) for samples in (_COLOR_SAMPLES, 0)}
        self._scenes: list[PyrenderScene] = []

    def describe(self) -> str:
        """Backend, its version, the device and driver in one line."""
        device, version = self._strings
        return f"pyrender {self._pyrender.__version__}, {device}, OpenGL {version}"

    def load(self, mesh: Mesh, stage: Stage | None) -> PyrenderScene:
        """Prepares a mesh; pyrender uploads it with the first frame. See `renderers.protocol.Renderer.load`."""
        self._check_open()
        scene = PyrenderScene(self, self._pyrender, mesh, stage)
        self._scenes.append(scene)
        return scene

    def close(self) -> None:
        """Frees everything, scenes included. Closing twice is harmless."""
        if self._platform is None:
            return
        for scene in list(getattr(self, "_scenes", ())):
            scene.close()
        self._platform.make_current()
        for one_pass in getattr(self, "_passes", {}).values():
            one_pass.delete()
        _close_platform(self._platform)
        self._platform = None

    def draw(self, scene: Any, camera: Camera, samples: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Renders a pyrender scene: colour (h, w, 3) and depth (h, w), which is 0 for the background."""
        self._check_open()
        self._platform.make_current()
        one_pass = self._passes[samples]
        one_pass.viewport_width, one_pass.viewport_height = camera.width, camera.height
        flags = self._pyrender.RenderFlags
        color, depth = one_pass.render(scene, flags.OFFSCREEN | flags.SKIP_CULL_FACES)
        return color, depth

    def forget(self, scene: PyrenderScene, meshes: set[Any]) -> None:
        """Frees pyrender's data of a scene's meshes."""
        if scene in self._scenes:
            self._scenes.remove(scene)
        self._platform.make_current()
        for one_pass in self._passes.values():
            one_pass.release(meshes)

    def _check_open(self) -> None:
        if self._platform is None:
            raise RendererError("the renderer has been closed")


class PyrenderScene:
    """A mesh on its stage. Made by `PyrenderRenderer.load`."""

    def __init__(self, renderer: PyrenderRenderer, pyrender: Any, mesh: Mesh, stage: Stage | None) -> None:
        self._renderer = renderer
        self._mesh, self._staged = mesh, stage is not None
        self._alone: PyrenderScene | None = None
        self._closed = False
        self._frame = UnitFrame.of(mesh)
        look = make_surroundings(stage, mean_luminance(mesh)) if stage is not None else neutral()
        background = np.full(3, _GREY) if stage is None else srgb_from_linear(look.environment[80:96].mean(axis=(0, 1)))
        ambient = look.irradiance[0]
        self._meshes = _object_meshes(pyrender, mesh, self._frame, renderer.max_texture_size)
        self._ground: Any = None
        if look.ground is not None:
            lit = look.sun.radiance * look.sun.direction[2] + look.irradiance_upwards()
            self._ground = _ground_mesh(pyrender, look.ground, self._frame.lowest, lit, background)
        # One scene for each pass, because a buffer belongs to the pass that uploaded it.
        self._cameras = {}
        self._scenes = {}
        for samples, meshes in ((_COLOR_SAMPLES, self._meshes[0]), (0, self._meshes[1])):
            scene = pyrender.Scene(bg_color=[*background.tolist(), 1.0], ambient_light=ambient)
            for one in meshes:
                scene.add(one)
            if samples and self._ground is not None:
                scene.add(self._ground)
            pose = np.eye(4)
            pose[:3, :3] = _frame_with_z(look.sun.direction)
            color, strength = look.sun.radiance / look.sun.radiance.max(), float(look.sun.radiance.max())
            scene.add(pyrender.DirectionalLight(color=color, intensity=strength), pose=pose)
            camera = pyrender.IntrinsicsCamera(1, 1, 0, 0)
            self._cameras[samples] = scene.add(camera)
            self._scenes[samples] = scene

    def color(self, camera: Camera) -> NDArray[np.uint8]:
        """(h, w, 3) sRGB. See `renderers.protocol.LoadedScene.color`."""
        color, _ = self._draw(camera, _COLOR_SAMPLES)
        return np.ascontiguousarray(color)

    def depth(self, camera: Camera) -> NDArray[np.float32]:
        """(h, w) world units. See `renderers.protocol.LoadedScene.depth`."""
        _, depth = self._draw(camera, 0)
        return np.where(depth > 0, depth * np.float32(self._frame.radius), np.float32(np.inf))

    def thumbnails(self, cameras: Sequence[Camera]) -> list[Thumbnail]:
        """Small pictures with depth. See `renderers.protocol.LoadedScene.thumbnails`."""
        alone = self.unstaged()
        return [Thumbnail(c, alone.color(c), alone.depth(c.resized(2 * c.width, 2 * c.height))) for c in cameras]

    def unstaged(self) -> PyrenderScene:
        """The same mesh without its stage. See `renderers.protocol.LoadedScene.unstaged`."""
        if not self._staged:
            return self
        if self._alone is None:
            self._alone = self._renderer.load(self._mesh, None)
        return self._alone

    def close(self) -> None:
        """Frees what the scene holds on the device. Closing twice is harmless."""
        if self._closed:
            return
        self._closed = True
        if self._alone is not None:
            self._alone.close()
        meshes = {*self._meshes[0], *self._meshes[1]} | ({self._ground} if self._ground is not None else set())
        self._renderer.forget(self, meshes)

    def _draw(self, camera: Camera, samples: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        if self._closed:
            raise RendererError("the scene has been closed")
        view = self._frame.camera_from_unit(camera)
        frustum = Frustum.around(self._frame.corners @ view[2, :3] + view[2, 3])
        scene, node = self._scenes[samples], self._cameras[samples]
        (fx, _, cx), (_, fy, cy) = camera.intrinsics[:2]
        node.camera.fx, node.camera.fy, node.camera.cx, node.camera.cy = fx, fy, cx, cy
        near, far = frustum.near, frustum.far
        if samples and self._ground is not None:
            near, far = 0.02, far + 100.0
        node.camera.znear, node.camera.zfar = near, far
        pose = camera.camera_to_world.copy()
        pose[:3, 3] = self._frame.eye(camera)
        scene.set_pose(node, pose @ _FROM_OPENGL_CAMERA)
        return self._renderer.draw(scene, camera, samples)


def _open_platform(device_index: int) -> Any:
    from pyrender.platforms import egl

    platform = egl.EGLPlatform(8, 8, device=egl.get_device_by_index(device_index))
    platform.init_context()
    platform.make_current()
    return platform


def _close_platform(platform: Any) -> None:
    """Releases the context, but not the display, which other contexts of the process share."""
    from OpenGL.EGL import EGL_NO_CONTEXT, EGL_NO_SURFACE, eglDestroyContext, eglMakeCurrent

    eglMakeCurrent(platform._egl_display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT)
    eglDestroyContext(platform._egl_display, platform._egl_context)
    platform._egl_context = platform._egl_display = None


def _gl_strings() -> tuple[str, str]:
    """GL_RENDERER and GL_VERSION."""
    from OpenGL.GL import GL_RENDERER, GL_VERSION, glGetString

    return glGetString(GL_RENDERER).decode(), glGetString(GL_VERSION).decode()


def _open_pass(samples: int) -> Any:
    """A pyrender renderer with ``samples`` per pixel (0 is one, at its centre) and this project's shader."""
    from OpenGL.GL import (
        GL_DEPTH_COMPONENT24,
        GL_RENDERBUFFER,
        GL_RGBA8,
        glBindRenderbuffer,
        glRenderbufferStorageMultisample,
    )
    from pyrender.renderer import Renderer
    from pyrender.shader_program import ShaderProgramCache

    class Pass(Renderer):  # type: ignore[misc]
        """pyrender's renderer with another number of samples."""

        def _configure_main_framebuffer(self) -> None:
            before = self._main_fb
            super()._configure_main_framebuffer()
            if self._main_fb != before or before is None:
                size = (self.viewport_width, self.viewport_height)
                for buffer, form in ((self._main_cb_ms, GL_RGBA8), (self._main_db_ms, GL_DEPTH_COMPONENT24)):
                    glBindRenderbuffer(GL_RENDERBUFFER, buffer)
                    glRenderbufferStorageMultisample(GL_RENDERBUFFER, samples, form, *size)

        def release(self, meshes: set[Any]) -> None:
            """Frees the buffers and textures of these meshes."""
            for mesh in self._meshes & meshes:
                for primitive in mesh.primitives:
                    primitive.delete()
                    for texture in primitive.material.textures & self._mesh_textures:
                        texture.delete()
                        self._mesh_textures.discard(texture)
            self._meshes -= meshes

    made = Pass(8, 8)
    made._program_cache = ShaderProgramCache(shader_dir=str(files("renderers") / "shaders" / "pyrender"))
    return made


def _object_meshes(pyrender: Any, mesh: Mesh, frame: UnitFrame, max_size: int) -> tuple[list[Any], list[Any]]:
    """The object as pyrender meshes, once for colour and once for depth; opaque ones first."""
    twice: tuple[list[Any], list[Any]] = ([], [])
    for made in twice:
        textures: dict[int, Any] = {}
        solid: list[Any] = []
        blended: list[Any] = []
        for primitive in mesh.primitives:
            if not len(primitive.triangles):
                continue
            one = _primitive(pyrender, primitive, frame, textures, max_size)
            (blended if primitive.material.alpha_mode == "BLEND" else solid).append(one)
        made.extend(pyrender.Mesh(primitives=group) for group in (solid, blended) if group)
    return twice


def _primitive(pyrender: Any, p: Primitive, frame: UnitFrame, textures: dict[int, Any], max_size: int) -> Any:
    positions = ((p.positions - frame.center) / frame.radius).astype(np.float32)
    normals, triangles = facing_outwards(positions, p.normals, p.triangles)
    count = len(positions)
    colors = np.broadcast_to(np.asarray(p.material.base_color, dtype=np.float32), (count, 4))
    if p.colors is not None:
        colors = colors * p.colors
    uvs = np.zeros((count, 2), dtype=np.float32) if p.uvs is None else p.uvs * [1, -1] + [0, 1]
    mode = p.material.alpha_mode
    cutoff = {"OPAQUE": -1.0, "MASK": p.material.alpha_cutoff, "BLEND": BLEND_CUTOFF}[mode]
    solid = float(mode != "BLEND") + (_UNLIT if p.material.unlit else 0.0)
    alpha = np.broadcast_to(np.array([cutoff, solid], dtype=np.float32), (count, 2))
    return pyrender.Primitive(
        positions=positions,
        normals=normals,
        texcoord_0=uvs,
        texcoord_1=alpha,
        color_0=colors,
        indices=triangles,
        material=_material(pyrender, p.material, p.uvs is not None, textures, max_size),
        mode=4,
    )


def _material(pyrender: Any, m: Material, textured: bool, textures: dict[int, Any], max_size: int) -> Any:
    def made(texture: Texture | None, srgb: bool) -> Any:
        if texture is None or not textured:
            return None
        if id(texture) not in textures:
            wrap = pyrender.Sampler(wrapS=_WRAPS[texture.wrap[0]], wrapT=_WRAPS[texture.wrap[1]])
            pixels = shrink(texture.pixels, max_size, srgb)
            textures[id(texture)] = pyrender.Texture(sampler=wrap, source=pixels, source_channels="RGBA")
        return textures[id(texture)]

    return pyrender.MetallicRoughnessMaterial(
        baseColorFactor=np.ones(4),
        baseColorTexture=made(m.base_color_texture, True),
        metallicFactor=float(m.metallic),
        roughnessFactor=float(m.roughness),
        metallicRoughnessTexture=made(m.metallic_roughness_texture, False),
        normalTexture=made(m.normal_texture, False),
        occlusionTexture=made(m.occlusion_texture, False),
        emissiveTexture=made(m.emissive_texture, True),
        emissiveFactor=np.asarray(m.emissive, dtype=np.float64),
        alphaMode="BLEND" if m.alpha_mode == "BLEND" else "OPAQUE",
        doubleSided=True,
    )


def _ground_mesh(
    pyrender: Any, look: GroundLook, height: float, light: NDArray[np.float64], background: NDArray[np.float64]
) -> Any:
    """A ground disc that emits its lit colour and fades into the background at its edge."""
    radii = np.array([0.0, look.fade[0], look.fade[0] + 0.5 * (look.fade[1] - look.fade[0]), look.fade[1]])
    turns = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    rings = np.stack([np.cos(turns), np.sin(turns)], axis=-1)[None] * radii[:, None, None]
    places = rings.reshape(-1, 2)
    positions = np.column_stack([places, np.full(len(places), height)]).astype(np.float32)
    a = np.arange(3)[:, None] * 96 + np.arange(96)[None]
    b = np.arange(3)[:, None] * 96 + (np.arange(96)[None] + 1) % 96
    triangles = np.concatenate([np.stack(t, axis=-1).reshape(-1, 3) for t in ((a, a + 96, b + 96), (a, b + 96, b))])
    pattern = paint_pattern(look.pattern).astype(np.float64) / 255
    mix = look.color_0 + (look.color_1 - look.color_0) * pattern[..., :1]
    pixels = np.full((*pattern.shape[:2], 4), 255, dtype=np.uint8)
    pixels[..., :3] = srgb_from_linear(np.clip(mix * 2 * pattern[..., 1:] * light, 0, 1)) * 255 + 0.5
    uvs = places @ look.pattern_from_ground.T
    alphas = np.repeat([1.0, 1.0, 0.5, 0.0], 96)
    material = pyrender.MetallicRoughnessMaterial(
        baseColorFactor=np.ones(4),
        metallicFactor=0.0,
        roughnessFactor=1.0,
        emissiveFactor=np.ones(3),
        emissiveTexture=pyrender.Texture(
            sampler=pyrender.Sampler(wrapS=_WRAPS["repeat"], wrapT=_WRAPS["repeat"]),
            source=pixels,
            source_channels="RGBA",
        ),
        alphaMode="BLEND",
        doubleSided=True,
    )
    ground = pyrender.Primitive(
        positions=positions,
        normals=np.tile(np.array([0, 0, 1], dtype=np.float32), (len(positions), 1)),
        texcoord_0=uvs * [1, -1] + [0, 1],
        texcoord_1=np.zeros((len(positions), 2)),
        color_0=np.column_stack([np.zeros((len(positions), 3)), alphas]),
        indices=triangles,
        material=material,
        mode=4,
    )
    return pyrender.Mesh(primitives=[ground])


def _frame_with_z(direction: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, 3) rotation whose third column is a unit vector."""
    other = np.array([1.0, 0, 0]) if abs(direction[0]) < 0.9 else np.array([0, 1.0, 0])
    x = np.cross(other, direction)
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(direction, x), direction], axis=-1)
