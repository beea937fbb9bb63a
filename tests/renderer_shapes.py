"""Small scenes with pictures that can be computed by hand, for the tests of renderers."""

from functools import cache

import numpy as np
import pytest
import trimesh
from numpy.typing import ArrayLike, NDArray

from renderers import BACKENDS, Renderer, open_renderer
from renderers.software.extension import why_missing
from viewpoint100k.errors import MissingExtraError
from viewpoint100k.geometry import Camera, intrinsics_from_fov, look_at
from viewpoint100k.geometry.mesh import Material, Mesh, Primitive, Texture

each_backend = pytest.mark.parametrize("backend", BACKENDS)
"""Runs a test on every backend."""

each_staged_backend = pytest.mark.parametrize("backend", ["software", "opengl"])
"""Runs a test on the backends that draw the same stages by the same formulas."""

each_backend_in_time = pytest.mark.parametrize(
    "backend", [pytest.param(name, marks=pytest.mark.slow) if name == "blender" else name for name in BACKENDS]
)
"""Runs a test on every backend. With Blender it is slow."""

NOISE = {"software": 0, "opengl": 0, "pyrender": 0, "blender": 10}
"""Largest random error of a pixel in sRGB codes. Different scenes are sampled differently."""


OPTIONS = {"software": {}, "opengl": {}, "pyrender": {}, "blender": {"samples": 16}}
"""Half of the default number of samples, which is enough for these tests."""


@cache
def _opened(name: str) -> Renderer | None:
    if name == "software" and why_missing():
        return None
    try:
        return open_renderer(name, **OPTIONS[name])
    except MissingExtraError:
        return None


def renderer(name: str) -> Renderer:
    """The backend of this name, shared by all tests. Skips the test if its package is not installed."""
    opened = _opened(name)
    if opened is None:
        pytest.skip(f"{name} is not installed")
    return opened


def linear(code: ArrayLike) -> NDArray[np.float64]:
    """Linear values of 8-bit sRGB codes."""
    s = np.asarray(code, dtype=np.float64) / 255
    return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)


def coded(value: ArrayLike) -> NDArray[np.float64]:
    """sRGB codes, 0 to 255, of linear values."""
    c = np.asarray(value, dtype=np.float64)
    return 255 * np.where(c <= 0.0031308, 12.92 * c, 1.055 * c ** (1 / 2.4) - 0.055)


def glowing(code: ArrayLike, **more: object) -> Material:
    """A surface that reflects nothing and emits an sRGB colour."""
    emissive = tuple(float(c) for c in linear(code))
    return Material(base_color=(0, 0, 0, 1), metallic=1.0, roughness=1.0, emissive=emissive, **more)  # type: ignore[arg-type]


def picture(code: ArrayLike, wrap: tuple[str, str] = ("repeat", "repeat")) -> Texture:
    """A texture of these sRGB codes (h, w, c)."""
    return Texture(np.asarray(code, dtype=np.uint8), wrap)  # type: ignore[arg-type]


def quad(
    material: Material,
    *,
    center: ArrayLike = (0, 0, 0),
    u: ArrayLike = (1, 0, 0),
    v: ArrayLike = (0, 0, -1),
    normal: ArrayLike | None = None,
    uv_scale: float = 1.0,
    colors: ArrayLike | None = None,
) -> Primitive:
    """A parallelogram with the half sides ``u`` and ``v``. Texture coordinates run along them from a corner."""
    c, du, dv = (np.asarray(x, dtype=np.float64) for x in (center, u, v))
    positions = np.array([c - du - dv, c + du - dv, c + du + dv, c - du + dv])
    facing = np.cross(dv, du)
    given = facing / np.linalg.norm(facing) if normal is None else np.asarray(normal, dtype=np.float64)
    return Primitive(
        positions=positions.astype(np.float32),
        triangles=np.array([[0, 2, 1], [0, 3, 2]], dtype=np.uint32),
        normals=np.tile(given, (4, 1)).astype(np.float32),
        uvs=np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float32) * uv_scale,
        colors=None if colors is None else np.asarray(colors, dtype=np.float32),
        material=material,
    )


def ball(material: Material, center: ArrayLike = (0, 0, 0), radius: float = 1.0, subdivisions: int = 3) -> Primitive:
    """A sphere of many triangles, without texture coordinates."""
    made = trimesh.creation.icosphere(subdivisions=subdivisions)
    return Primitive(
        positions=(made.vertices * radius + np.asarray(center)).astype(np.float32),
        triangles=made.faces.astype(np.uint32),
        normals=made.vertices.astype(np.float32),
        material=material,
    )


def mesh(*primitives: Primitive) -> Mesh:
    return Mesh(tuple(primitives))


def facing_camera(distance: float = 4.0, size: int = 96, fov_deg: float = 40.0) -> Camera:
    """Looks along +Y at the origin: world x runs to the right and z up, as ``quad``'s u and -v do."""
    return Camera(look_at((0, -distance, 0), (0, 0, 0)), intrinsics_from_fov(fov_deg, size, size), size, size)


def odd_camera(eye: ArrayLike = (2.6, -2.0, 1.4)) -> Camera:
    """Not square, not centred, and with two focal lengths."""
    intrinsics = np.array([[310.0, 0, 171.3], [0, 260.0, 88.9], [0, 0, 1]])
    return Camera(look_at(eye, (0.1, 0.05, -0.1)), intrinsics, 300, 220)


def color_of(backend: str, made: Mesh, camera: Camera) -> NDArray[np.uint8]:
    """The picture of a mesh without a stage."""
    scene = renderer(backend).load(made, None)
    try:
        return scene.color(camera)
    finally:
        scene.close()


def depth_of(backend: str, made: Mesh, camera: Camera) -> NDArray[np.float32]:
    """The depth of a mesh."""
    scene = renderer(backend).load(made, None)
    try:
        return scene.depth(camera)
    finally:
        scene.close()
