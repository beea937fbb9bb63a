"""Converts cameras between this project's conventions and those of other projects. Pure NumPy; reads no file.

This project (`viewpoint100k.geometry.cameras`): OpenCV camera axes (+X right, +Y down, +Z forward), column vectors,
``camera_to_world``, a right-handed world with +Z up, pixels with the centre of the top-left one at (0.5, 0.5).

==============================  ================  =============================  ==========================
source                          pose stored       camera axes                    functions
==============================  ================  =============================  ==========================
NeRF, instant-ngp, nerfstudio   camera to world   +X right, +Y up, -Z forward    `from_opengl`, `to_opengl`
COLMAP, MVImgNet                world to camera   +X right, +Y down, +Z forward  `from_colmap`, `to_colmap`
PyTorch3D, CO3D, uCO3D          world to camera,  +X left, +Y up, +Z forward     `from_pytorch3d`,
                                row vectors                                      `to_pytorch3d`
glTF                            node to world     +X right, +Y up, -Z forward    `from_gltf_points`, ...
Objaverse, Zero123              world to camera   +X right, +Y up, -Z forward    `from_zero123`, `to_zero123`
==============================  ================  =============================  ==========================

Only glTF states which way the world is up, so only its conversion rotates the world.
Every function raises ``ValueError`` if an argument has another shape or is not finite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viewpoint100k.geometry import exact
from viewpoint100k.geometry.cameras import Camera

__all__ = [
    "GLTF_TO_WORLD",
    "NdcFormat",
    "Pytorch3dView",
    "from_colmap",
    "from_colmap_intrinsics",
    "from_gltf_camera",
    "from_gltf_points",
    "from_gltf_transform",
    "from_opengl",
    "from_pytorch3d",
    "from_zero123",
    "intrinsics_from_camera_angle_x",
    "intrinsics_from_lens",
    "nearest_rigid",
    "quaternion_from_rotation",
    "rotation_from_quaternion",
    "to_colmap",
    "to_colmap_intrinsics",
    "to_gltf_camera",
    "to_gltf_points",
    "to_gltf_transform",
    "to_opengl",
    "to_pytorch3d",
    "to_zero123",
]

Floats = NDArray[np.float64]

NdcFormat = Literal["ndc_isotropic", "ndc_norm_image_bounds"]
"""How CO3D's ``intrinsics_format`` scales image coordinates: by half the short side, or each axis by its own half."""

GLTF_TO_WORLD: Floats = np.array([[1.0, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
"""(4, 4) map from glTF's Y-up world to this project's: (x, y, z) -> (x, -z, y), as in Blender's importer."""
GLTF_TO_WORLD.flags.writeable = False

_OPENGL_AXES = np.diag([1.0, -1.0, -1.0, 1.0])
_PYTORCH3D_AXES = np.diag([-1.0, -1.0, 1.0])


def from_opengl(camera_to_world: ArrayLike) -> Floats:
    """Converts poses (..., 4, 4), camera to world, from OpenGL axes (+X right, +Y up, -Z forward) to ours.

    This is the form of ``transform_matrix`` in NeRF's ``transforms.json``. The world does not change. Source:
    nerfstudio, "Data conventions".
    """
    return exact.matmul(_matrices(camera_to_world, "camera_to_world", (4, 4)), _OPENGL_AXES)


def to_opengl(camera_to_world: ArrayLike) -> Floats:
    """Poses (..., 4, 4), camera to world, from our axes to OpenGL's: the inverse of `from_opengl`."""
    return exact.matmul(_matrices(camera_to_world, "camera_to_world", (4, 4)), _OPENGL_AXES)


def intrinsics_from_camera_angle_x(camera_angle_x: float, width: int, height: int) -> Floats:
    """(3, 3) pixels, square and centred, from NeRF's ``camera_angle_x``: the full horizontal angle, radians."""
    if not 0 < camera_angle_x < np.pi:
        raise ValueError(f"camera_angle_x must lie between 0 and pi radians, not {camera_angle_x}")
    return _centred(width / 2 / exact.tan(float(camera_angle_x) / 2), width, height)


def from_colmap(quaternion: ArrayLike, translation: ArrayLike) -> Floats:
    """(4, 4) camera to world from COLMAP's world to camera: ``quaternion`` (4,) w first, ``translation`` (3,).

    COLMAP has ``X_camera = R X_world + t`` in the same camera axes as ours; ``t`` is not the camera's centre, which
    is ``-R^T t``. Source: COLMAP, "Output format", images.txt (``QW QX QY QZ TX TY TZ``).
    """
    rotation = rotation_from_quaternion(quaternion)
    return _inverse(rotation, _vector(translation, "translation", 3))


def to_colmap(camera_to_world: ArrayLike) -> tuple[Floats, Floats]:
    """COLMAP's ``quaternion`` (4,) w first and >= 0, and ``translation`` (3,), world to camera, of a (4, 4) pose."""
    pose = _matrix(camera_to_world, "camera_to_world", (4, 4))
    world_to_camera = _inverse(pose[:3, :3], pose[:3, 3])
    return quaternion_from_rotation(world_to_camera[:3, :3]), world_to_camera[:3, 3]


def from_colmap_intrinsics(model: str, params: ArrayLike) -> Floats:
    """(3, 3) pixels from a COLMAP camera: SIMPLE_PINHOLE ``f cx cy`` or PINHOLE ``fx fy cx cy``.

    COLMAP also puts the centre of the top-left pixel at (0.5, 0.5). Raises ``ValueError`` for a model with
    distortion, which a pinhole cannot represent. Source: COLMAP, "Camera models".
    """
    if model == "SIMPLE_PINHOLE":
        f, cx, cy = _vector(params, "params of SIMPLE_PINHOLE", 3)
        fx = fy = f
    elif model == "PINHOLE":
        fx, fy, cx, cy = _vector(params, "params of PINHOLE", 4)
    else:
        raise ValueError(
            f"camera model {model} is not a pinhole: undistort the images first (colmap image_undistorter)"
        )
    return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]])


def to_colmap_intrinsics(intrinsics: ArrayLike) -> tuple[str, Floats]:
    """COLMAP's model name, always ``PINHOLE``, and its parameters (4,), for (3, 3) intrinsics."""
    matrix = _matrix(intrinsics, "intrinsics", (3, 3))
    return "PINHOLE", np.array([matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]])


@dataclass(frozen=True, eq=False)
class Pytorch3dView:
    """A camera as PyTorch3D and CO3D's ``viewpoint`` hold it: +X left, +Y up, +Z forward, row vectors."""

    rotation: Floats
    """(3, 3) R of ``X_camera = X_world @ R + T``: the transpose of the matrix for column vectors."""
    translation: Floats
    """(3,) T, world units."""
    focal_length: Floats
    """(2,) in NDC units."""
    principal_point: Floats
    """(2,) in NDC units; positive is to the left of, and above, the image's middle."""
    intrinsics_format: NdcFormat = "ndc_isotropic"
    """Which of CO3D's two NDC units; the old one is ``ndc_norm_image_bounds``."""


def from_pytorch3d(view: Pytorch3dView, width: int, height: int) -> Camera:
    """Converts a PyTorch3D camera whose image has ``width`` x ``height`` pixels (CO3D stores ``size`` as H, W).

    Stored rotations have single precision, so the nearest exact rotation is used; see `nearest_rigid`. Source: CO3D,
    ``data_types.py`` (``ViewpointAnnotation``); PyTorch3D, "Cameras".
    """
    rotation = _matrix(view.rotation, "rotation", (3, 3))
    translation = _vector(view.translation, "translation", 3)
    half, unit = _ndc_units(view.intrinsics_format, width, height)
    fx, fy = _vector(view.focal_length, "focal_length", 2) * unit
    # The minus sign is there because NDC grows to the left and up, while pixels grow to the right and down.
    cx, cy = half - _vector(view.principal_point, "principal_point", 2) * unit
    pose = nearest_rigid(
        _inverse(exact.matmul(_PYTORCH3D_AXES, rotation.T), exact.matvec(_PYTORCH3D_AXES, translation))
    )
    return Camera(pose, np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]]), width, height)


def to_pytorch3d(camera: Camera, intrinsics_format: NdcFormat = "ndc_isotropic") -> Pytorch3dView:
    """The camera in PyTorch3D's form: the inverse of `from_pytorch3d`."""
    half, unit = _ndc_units(intrinsics_format, camera.width, camera.height)
    return Pytorch3dView(
        rotation=exact.matmul(camera.world_to_camera[:3, :3].T, _PYTORCH3D_AXES),
        translation=exact.matvec(_PYTORCH3D_AXES, camera.world_to_camera[:3, 3]),
        focal_length=camera.intrinsics[[0, 1], [0, 1]] / unit,
        principal_point=(half - camera.intrinsics[:2, 2]) / unit,
        intrinsics_format=intrinsics_format,
    )


def from_gltf_points(points: ArrayLike) -> Floats:
    """Points or directions (..., 3) from glTF's Y-up world to ours: (x, y, z) -> (x, -z, y). Source: glTF 2.0, 3.4."""
    return exact.transform_directions(GLTF_TO_WORLD, _triples(points))


def to_gltf_points(points: ArrayLike) -> Floats:
    """Points or directions (..., 3) from our world to glTF's: (x, y, z) -> (x, z, -y)."""
    return exact.transform_directions(GLTF_TO_WORLD.T, _triples(points))


def from_gltf_transform(matrix: ArrayLike) -> Floats:
    """Converts maps (..., 4, 4) between Y-up spaces, such as glTF node matrices, to maps between the same spaces Z-up.

    For points p: ``from_gltf_points(M p) = from_gltf_transform(M) from_gltf_points(p)``. Do not use it for a camera
    node, whose axes differ from the world's: see `from_gltf_camera`.
    """
    return exact.matmul(exact.matmul(GLTF_TO_WORLD, _matrices(matrix, "matrix", (4, 4))), GLTF_TO_WORLD.T)


def to_gltf_transform(matrix: ArrayLike) -> Floats:
    """Converts maps (..., 4, 4) between Z-up spaces to Y-up: the inverse of `from_gltf_transform`."""
    return exact.matmul(exact.matmul(GLTF_TO_WORLD.T, _matrices(matrix, "matrix", (4, 4))), GLTF_TO_WORLD)


def from_gltf_camera(camera_to_world: ArrayLike) -> Floats:
    """Poses (..., 4, 4) of glTF camera nodes (global matrices, OpenGL axes, Y-up world) as ours. glTF 2.0, 3.10."""
    return exact.matmul(GLTF_TO_WORLD, from_opengl(camera_to_world))


def to_gltf_camera(camera_to_world: ArrayLike) -> Floats:
    """Our poses (..., 4, 4) as global matrices of glTF camera nodes: the inverse of `from_gltf_camera`."""
    return exact.matmul(GLTF_TO_WORLD.T, to_opengl(camera_to_world))


def from_zero123(world_to_camera: ArrayLike) -> Floats:
    """(4, 4) camera to world from the (3, 4) world to camera of Objaverse and Zero123 renderings (``*.npy``).

    Blender wrote them: OpenGL camera axes, Z-up world. Read as OpenCV poses, they are upside down and look backwards.
    Source: zero123, ``objaverse-rendering/scripts/blender_script.py`` (``get_3x4_RT_matrix_from_blender``).
    """
    matrix = _matrix(world_to_camera, "world_to_camera", (3, 4))
    return from_opengl(_inverse(matrix[:, :3], matrix[:, 3]))


def to_zero123(camera_to_world: ArrayLike) -> Floats:
    """(3, 4) world to camera, OpenGL axes, of our (4, 4) pose: the inverse of `from_zero123`."""
    pose = to_opengl(_matrix(camera_to_world, "camera_to_world", (4, 4)))
    return _inverse(pose[:3, :3], pose[:3, 3])[:3]


def intrinsics_from_lens(lens_mm: float, sensor_mm: float, width: int, height: int) -> Floats:
    """(3, 3) pixels, square and centred, of a Blender camera whose sensor spans the longer side of the image.

    Objaverse and Zero123 store no intrinsics: they use a 35 mm lens on a 32 mm sensor.
    """
    if not (lens_mm > 0 and sensor_mm > 0):
        raise ValueError(f"a lens and its sensor must have positive sizes, not {lens_mm} and {sensor_mm} mm")
    return _centred(lens_mm / sensor_mm * max(width, height), width, height)


def rotation_from_quaternion(quaternion: ArrayLike) -> Floats:
    """(3, 3) rotation of column vectors from a quaternion (4,) with w first and any length but 0."""
    q = _vector(quaternion, "quaternion", 4)
    if exact.norm(q) < 1e-12:
        raise ValueError("a quaternion of length zero is no rotation")
    return exact.quaternion_to_matrix(q)


def quaternion_from_rotation(rotation: ArrayLike) -> Floats:
    """Unit quaternion (4,), w first and >= 0, of a (3, 3) rotation of column vectors."""
    return exact.matrix_to_quaternion(_matrix(rotation, "rotation", (3, 3)))


def nearest_rigid(pose: ArrayLike, tolerance: float = 1e-4) -> Floats:
    """The (4, 4) pose with the rotation nearest to that of ``pose`` (4, 4), for files with few digits.

    Raises ``ValueError`` if an entry of the rotation would change by more than ``tolerance``: scale, shear or
    reflection in a pose is an error to report, not one to hide.
    """
    rigid = _matrix(pose, "pose", (4, 4)).copy()
    rotation = exact.nearest_rotation(rigid[:3, :3])
    if np.abs(rotation - rigid[:3, :3]).max() > tolerance:
        raise ValueError("the pose has scale, shear or reflection: it is not a rotation and a translation")
    rigid[:3, :3] = rotation
    return rigid


def _inverse(rotation: Floats, translation: Floats) -> Floats:
    """(4, 4) inverse of the rigid map with rotation (3, 3) and translation (3,)."""
    inverse = np.eye(4)
    inverse[:3, :3] = rotation.T
    inverse[:3, 3] = -exact.matvec(rotation.T, translation)
    return inverse


def _ndc_units(intrinsics_format: str, width: int, height: int) -> tuple[Floats, Floats]:
    """Half the image (2,), and the length of one NDC unit along each axis (2,); pixels."""
    if width < 1 or height < 1:
        raise ValueError(f"an image must have at least one pixel, not {width}x{height}")
    half = np.array([width, height]) / 2
    if intrinsics_format == "ndc_isotropic":
        return half, np.full(2, half.min())
    if intrinsics_format == "ndc_norm_image_bounds":
        return half, half
    raise ValueError(
        f"intrinsics_format {intrinsics_format!r} is unknown: it is one of {', '.join(get_args(NdcFormat))}"
    )


def _centred(focal: float, width: int, height: int) -> Floats:
    return np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])


def _matrices(value: ArrayLike, name: str, shape: tuple[int, int]) -> Floats:
    array = np.asarray(value, dtype=np.float64)
    if array.shape[-2:] != shape or not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite and of shape (..., {shape[0]}, {shape[1]}), not {array.shape}")
    return array


def _matrix(value: ArrayLike, name: str, shape: tuple[int, int]) -> Floats:
    array = np.asarray(value, dtype=np.float64)
    if array.shape != shape or not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite and of shape {shape}, not {array.shape}")
    return array


def _vector(value: ArrayLike, name: str, length: int) -> Floats:
    array = np.asarray(value, dtype=np.float64)
    if array.shape != (length,) or not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite and of shape ({length},), not {array.shape}")
    return array


def _triples(points: ArrayLike) -> Floats:
    array = np.asarray(points, dtype=np.float64)
    if array.ndim < 1 or array.shape[-1] != 3 or not np.isfinite(array).all():
        raise ValueError(f"points must be finite and of shape (..., 3), not {array.shape}")
    return array
