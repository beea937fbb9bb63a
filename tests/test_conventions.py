"""Converters against numbers worked out by hand, against pycolmap and SciPy, and against each other."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from viewpoint100k.geometry import Camera, look_at
from viewpoint100k.geometry import conventions as c

Floats = NDArray[np.float64]

ROOT3 = math.sqrt(3)

# A camera at (1, 2, 3) that looks north (+Y), upright: columns right (+X), down (-Z), forward (+Y), centre.
NORTH_POSE = np.array([[1.0, 0, 0, 1], [0, 0, 1, 2], [0, -1, 0, 3], [0, 0, 0, 1]])

SHARED_CAPTURES = Path(__file__).parents[2] / "shared" / "assets" / "captures"


@st.composite
def poses(draw: st.DrawFn) -> Floats:
    quaternion = [draw(st.floats(-1, 1)) for _ in range(4)]
    assume(np.linalg.norm(quaternion) > 0.1)
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_quat(quaternion).as_matrix()
    pose[:3, 3] = [draw(st.floats(-9, 9)) for _ in range(3)]
    return pose


def some_camera(pose: Floats, width: int = 200, height: int = 100) -> Camera:
    return Camera(pose, np.array([[120.0, 0, 90], [0, 130, 60], [0, 0, 1]]), width, height)


# --- OpenGL, NeRF ----------------------------------------------------------------------------------------------------


def test_opengls_up_is_our_up_and_its_backward_is_behind_us() -> None:
    # In OpenGL the same camera has columns right (+X), up (+Z), backward (-Y), and the same centre.
    opengl = np.array([[1.0, 0, 0, 1], [0, 0, -1, 2], [0, 1, 0, 3], [0, 0, 0, 1]])
    assert c.from_opengl(opengl) == pytest.approx(NORTH_POSE)
    assert c.to_opengl(NORTH_POSE) == pytest.approx(opengl)


def test_nerfs_identity_looks_down_the_worlds_minus_z() -> None:
    view = some_camera(c.from_opengl(np.eye(4)))
    assert view.forward == pytest.approx([0, 0, -1])
    assert view.up == pytest.approx([0, 1, 0])
    assert view.right == pytest.approx([1, 0, 0])


def test_a_stack_of_poses_is_converted_one_by_one() -> None:
    stack = np.stack([np.eye(4), NORTH_POSE])
    assert c.from_opengl(stack)[1] == pytest.approx(c.from_opengl(NORTH_POSE))


def test_camera_angle_x_is_the_full_horizontal_angle() -> None:
    # 90 degrees across 200 pixels: half of them, 100, over tan 45 = 1.
    expected = [[100, 0, 100], [0, 100, 25], [0, 0, 1]]
    assert c.intrinsics_from_camera_angle_x(math.pi / 2, 200, 50) == pytest.approx(np.array(expected))


# --- COLMAP ----------------------------------------------------------------------------------------------------------


def test_colmaps_translation_is_not_the_cameras_centre() -> None:
    # World to camera of NORTH_POSE has rows right, down, forward: R = [[1,0,0],[0,0,-1],[0,1,0]], which is a turn by
    # +90 degrees about x: quaternion (cos 45, sin 45, 0, 0). And t = -R (1, 2, 3) = -(1, -3, 2).
    quaternion, translation = c.to_colmap(NORTH_POSE)
    half = math.sqrt(0.5)
    assert quaternion == pytest.approx([half, half, 0, 0])
    assert translation == pytest.approx([-1, 3, -2])
    assert c.from_colmap([half, half, 0, 0], [-1, 3, -2]) == pytest.approx(NORTH_POSE)


def test_a_quaternion_and_its_negative_and_its_double_are_the_same_pose() -> None:
    quaternion, translation = c.to_colmap(NORTH_POSE)
    assert c.from_colmap(-quaternion, translation) == pytest.approx(NORTH_POSE)
    assert c.from_colmap(2 * quaternion, translation) == pytest.approx(NORTH_POSE)


@given(poses())
def test_colmap_round_trip(pose: Floats) -> None:
    assert c.from_colmap(*c.to_colmap(pose)) == pytest.approx(pose, abs=1e-9)


@given(poses())
def test_quaternions_are_scipys_with_w_first(pose: Floats) -> None:
    oracle = Rotation.from_matrix(pose[:3, :3]).as_quat(canonical=True, scalar_first=True)
    quaternion = c.quaternion_from_rotation(pose[:3, :3])
    assert quaternion[0] >= 0
    # For half a turn, w is 0 and both signs are the same rotation.
    assert abs(float(quaternion @ oracle)) == pytest.approx(1)
    assert c.rotation_from_quaternion(oracle) == pytest.approx(pose[:3, :3], abs=1e-9)


@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (-1, 2, 3)])
def test_half_turns_have_quaternions_too(axis: tuple[float, ...]) -> None:
    half_turn = Rotation.from_rotvec(np.pi * np.array(axis) / np.linalg.norm(axis)).as_matrix()
    assert c.rotation_from_quaternion(c.quaternion_from_rotation(half_turn)) == pytest.approx(half_turn, abs=1e-9)


@given(poses(), st.tuples(st.floats(-5, 5), st.floats(-5, 5), st.floats(-5, 5)))
def test_pycolmap_projects_a_point_to_the_same_pixel(pose: Floats, point: tuple[float, float, float]) -> None:
    pycolmap: Any = pytest.importorskip("pycolmap")
    view = some_camera(pose)
    pixels, depth = view.project([point])
    assume(depth[0] > 0.1)
    quaternion, translation = c.to_colmap(pose)
    cam_from_world = pycolmap.Rigid3d(pycolmap.Rotation3d(np.roll(quaternion, -1)), translation)
    model, params = c.to_colmap_intrinsics(view.intrinsics)
    oracle = pycolmap.Camera(model=model, width=200, height=100, params=params)
    assert oracle.img_from_cam(cam_from_world * np.array(point)) == pytest.approx(pixels[0], rel=1e-6, abs=1e-6)
    assert cam_from_world.tgt_origin_in_src() == pytest.approx(view.position, abs=1e-9)
    assert c.from_colmap_intrinsics(model, params) == pytest.approx(oracle.calibration_matrix())


def test_simple_pinhole_has_one_focal_length() -> None:
    expected = [[500, 0, 320], [0, 500, 240], [0, 0, 1]]
    assert c.from_colmap_intrinsics("SIMPLE_PINHOLE", [500, 320, 240]) == pytest.approx(np.array(expected))


def test_a_distorted_camera_is_refused_with_the_way_out() -> None:
    with pytest.raises(ValueError, match="undistort"):
        c.from_colmap_intrinsics("SIMPLE_RADIAL", [500, 320, 240, 0.1])


# --- PyTorch3D, CO3D -------------------------------------------------------------------------------------------------


def test_pytorch3ds_identity_is_a_camera_whose_x_points_left_and_y_up() -> None:
    view = c.Pytorch3dView(np.eye(3), np.zeros(3), np.ones(2), np.zeros(2))
    identity = c.from_pytorch3d(view, 200, 100)
    assert identity.right == pytest.approx([-1, 0, 0])
    assert identity.up == pytest.approx([0, 1, 0])
    assert identity.forward == pytest.approx([0, 0, 1])


def test_co3d_by_the_published_formula_done_by_hand() -> None:
    # R is a turn by 30 degrees about y, T = (1, 2, 3). R with columns 0 and 1 negated, then transposed:
    rotation = np.array([[ROOT3 / 2, 0, -0.5], [0, 1, 0], [0.5, 0, ROOT3 / 2]])
    world_to_camera = np.array([[-ROOT3 / 2, 0, -0.5], [0, -1, 0], [-0.5, 0, ROOT3 / 2]])
    translation = np.array([-1.0, -2, 3])
    view = c.Pytorch3dView(rotation, np.array([1.0, 2, 3]), np.array([2.0, 3]), np.array([0.1, -0.2]))
    made = c.from_pytorch3d(view, 400, 200)
    assert made.world_to_camera[:3, :3] == pytest.approx(world_to_camera)
    assert made.world_to_camera[:3, 3] == pytest.approx(translation)
    # Half the short side is 100: f = (200, 300); c = (200 - 10, 100 + 20).
    assert made.intrinsics == pytest.approx(np.array([[200, 0, 190], [0, 300, 120], [0, 0, 1]]))


def test_the_old_ndc_scales_each_axis_by_its_own_half() -> None:
    view = c.Pytorch3dView(np.eye(3), np.zeros(3), np.array([2.0, 3]), np.array([0.1, -0.2]), "ndc_norm_image_bounds")
    # Halves are 200 and 100: f = (400, 300); c = (200 - 20, 100 + 20).
    expected = [[400, 0, 180], [0, 300, 120], [0, 0, 1]]
    assert c.from_pytorch3d(view, 400, 200).intrinsics == pytest.approx(np.array(expected))


@given(poses(), st.sampled_from(["ndc_isotropic", "ndc_norm_image_bounds"]), st.sampled_from([(200, 100), (90, 160)]))
def test_a_point_lands_where_pytorch3ds_row_vectors_and_ndc_put_it(
    pose: Floats, ndc: c.NdcFormat, size: tuple[int, int]
) -> None:
    view = some_camera(pose, *size)
    stored = c.to_pytorch3d(view, ndc)
    point = pose[:3, 3] + pose[:3, 2] * 2 + [0.3, -0.2, 0.1]
    x, y, z = point @ stored.rotation + stored.translation
    assume(z > 0.1)
    ndc_x = stored.focal_length[0] * x / z + stored.principal_point[0]
    ndc_y = stored.focal_length[1] * y / z + stored.principal_point[1]
    # NDC runs from +1 at the left to -1 at the right (over the short side, if isotropic), +1 at the top.
    scale = np.array(size) / 2 if ndc == "ndc_norm_image_bounds" else np.full(2, min(size) / 2)
    pixel = np.array(size) / 2 - np.array([ndc_x, ndc_y]) * scale
    assert view.project([point])[0][0] == pytest.approx(pixel, abs=1e-6)


@given(poses(), st.sampled_from(["ndc_isotropic", "ndc_norm_image_bounds"]))
def test_pytorch3d_round_trip(pose: Floats, ndc: c.NdcFormat) -> None:
    view = some_camera(pose)
    back = c.from_pytorch3d(c.to_pytorch3d(view, ndc), view.width, view.height)
    assert back.camera_to_world == pytest.approx(view.camera_to_world, abs=1e-9)
    assert back.intrinsics == pytest.approx(view.intrinsics)


def test_a_single_precision_rotation_is_taken_and_a_transposed_shape_is_not() -> None:
    rotation = Rotation.from_rotvec([0.3, -1.2, 0.7]).as_matrix()
    rounded = rotation.astype(np.float32).astype(np.float64)
    view = c.Pytorch3dView(rounded, np.zeros(3), np.ones(2), np.zeros(2))
    assert c.from_pytorch3d(view, 10, 10).world_to_camera[2, :3] == pytest.approx(rotation[:, 2], abs=1e-6)
    with pytest.raises(ValueError, match="intrinsics_format 'pixels' is unknown"):
        c.from_pytorch3d(c.Pytorch3dView(rounded, np.zeros(3), np.ones(2), np.zeros(2), "pixels"), 10, 10)  # type: ignore[arg-type]


# --- glTF ------------------------------------------------------------------------------------------------------------


def test_gltfs_up_is_our_up_and_its_front_faces_minus_y() -> None:
    assert c.from_gltf_points([1, 2, 3]) == pytest.approx([1, -3, 2])
    assert c.from_gltf_points([[0, 1, 0], [0, 0, 1], [1, 0, 0]]) == pytest.approx(
        np.array([[0, 0, 1], [0, -1, 0], [1, 0, 0]])
    )
    assert c.to_gltf_points([1, -3, 2]) == pytest.approx([1, 2, 3])


def test_the_turn_is_a_rotation_so_nothing_is_mirrored() -> None:
    assert np.linalg.det(c.GLTF_TO_WORLD) == pytest.approx(1)
    turned = c.GLTF_TO_WORLD @ np.array([1, 2, 3, 1])
    assert turned == pytest.approx([1, -3, 2, 1])


def test_a_gltf_turn_about_its_up_is_a_turn_about_ours() -> None:
    about_y, about_z = np.eye(4), np.eye(4)
    about_y[:3, :3] = Rotation.from_euler("y", 40, degrees=True).as_matrix()
    about_z[:3, :3] = Rotation.from_euler("z", 40, degrees=True).as_matrix()
    about_y[:3, 3], about_z[:3, 3] = (1, 2, 3), (1, -3, 2)
    assert c.from_gltf_transform(about_y) == pytest.approx(about_z)
    assert c.to_gltf_transform(about_z) == pytest.approx(about_y)


def test_gltfs_default_camera_looks_north_and_upright() -> None:
    # A glTF camera looks along its -Z with +Y up; in our world that is +Y (north) with +Z up.
    view = some_camera(c.from_gltf_camera(np.eye(4)))
    assert view.forward == pytest.approx([0, 1, 0])
    assert view.up == pytest.approx([0, 0, 1])
    assert view.right == pytest.approx([1, 0, 0])


@given(poses())
def test_gltf_and_opengl_round_trips(pose: Floats) -> None:
    assert c.from_gltf_camera(c.to_gltf_camera(pose)) == pytest.approx(pose, abs=1e-9)
    assert c.from_opengl(c.to_opengl(pose)) == pytest.approx(pose, abs=1e-9)
    assert c.from_zero123(c.to_zero123(pose)) == pytest.approx(pose, abs=1e-9)


# --- Objaverse, Zero123 ----------------------------------------------------------------------------------------------


def test_a_zero123_matrix_worked_out_by_hand() -> None:
    # Blender's camera at (0, -3, 0) looks north at the origin: its rows are right (+X), up (+Z), backward (-Y), and
    # the translation is minus their products with the centre: (0, 0, -3), three ahead along -Z.
    stored = [[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, -3]]
    expected = look_at((0, -3, 0), (0, 0, 0))
    assert c.from_zero123(stored) == pytest.approx(expected)
    assert c.to_zero123(expected) == pytest.approx(np.array(stored))


def test_zero123s_lens_spans_its_sensor_over_the_longer_side() -> None:
    # 35 mm over 32 mm is 1.09375 image widths.
    assert c.intrinsics_from_lens(35, 32, 512, 512)[0, 0] == pytest.approx(560)
    assert c.intrinsics_from_lens(35, 32, 256, 512) == pytest.approx(
        np.array([[560, 0, 128], [0, 560, 256], [0, 0, 1]])
    )


# --- few digits, bad shapes, real captures ---------------------------------------------------------------------------


def test_few_digits_are_mended_and_scale_shear_and_reflection_are_not() -> None:
    exact = Rotation.from_rotvec([0.5, 0.4, -2]).as_matrix()
    pose = np.eye(4)
    pose[:3, :3] = exact.round(5)
    assert np.abs(c.nearest_rigid(pose)[:3, :3] - exact).max() < 1e-5
    assert np.linalg.det(c.nearest_rigid(pose)) == pytest.approx(1, abs=1e-12)
    for wrong in (np.diag([2.0, 2, 2, 1]), np.diag([-1.0, 1, 1, 1]), np.array([[1.0, 0.1, 0, 0], *np.eye(4)[1:]])):
        with pytest.raises(ValueError, match="scale, shear or reflection"):
            c.nearest_rigid(wrong)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: c.from_opengl(np.eye(3)), r"camera_to_world must be finite and of shape \(..., 4, 4\), not \(3, 3\)"),
        (lambda: c.from_opengl(np.full((4, 4), np.inf)), "finite"),
        (lambda: c.from_colmap([1, 0, 0], [0, 0, 0]), r"quaternion .* \(4,\), not \(3,\)"),
        (lambda: c.from_colmap([0, 0, 0, 0], [0, 0, 0]), "length zero"),
        (lambda: c.from_colmap_intrinsics("PINHOLE", [1, 2, 3]), r"PINHOLE .* \(4,\), not \(3,\)"),
        (lambda: c.from_zero123(np.eye(4)), r"world_to_camera .* \(3, 4\), not \(4, 4\)"),
        (lambda: c.from_gltf_points([1, 2]), r"points .* \(..., 3\), not \(2,\)"),
        (lambda: c.to_zero123(np.zeros((2, 4, 4))), r"\(4, 4\), not \(2, 4, 4\)"),
        (lambda: c.intrinsics_from_camera_angle_x(math.pi, 10, 10), "between 0 and pi"),
        (lambda: c.intrinsics_from_lens(0, 32, 10, 10), "positive sizes"),
        (
            lambda: c.from_pytorch3d(c.Pytorch3dView(np.eye(3), np.zeros(3), np.ones(2), np.zeros(2)), 0, 5),
            "at least one pixel",
        ),
    ],
)
def test_what_cannot_be_converted_is_refused_in_one_sentence(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.skipif(not SHARED_CAPTURES.exists(), reason="the shared captures are not here")
def test_one_real_capture_in_three_forms_gives_the_same_cameras() -> None:
    pycolmap: Any = pytest.importorskip("pycolmap")
    capture = SHARED_CAPTURES / "0" / "buddha"
    from_nerf = {
        Path(frame["file_path"]).name: c.from_opengl(frame["transform_matrix"])
        for frame in json.loads((capture / "transforms.json").read_text())["frames"]
    }
    with gzip.open(SHARED_CAPTURES / "statue" / "frame_annotations.jgz") as file:
        annotations = json.load(file)
    model = pycolmap.Reconstruction(str(capture / "sparse" / "0"))
    from_colmap = {}
    for image in model.images.values():
        pose = image.cam_from_world()
        from_colmap[Path(image.name).name] = (
            c.from_colmap(np.roll(pose.rotation.quat, 1), pose.translation),
            c.from_colmap_intrinsics(model.cameras[image.camera_id].model.name, model.cameras[image.camera_id].params),
        )
    assert len(annotations) == len(from_nerf) == len(from_colmap) > 0
    for frame in annotations:
        viewpoint, (height, width) = frame["viewpoint"], frame["image"]["size"]
        stored = c.Pytorch3dView(
            np.array(viewpoint["R"]),
            np.array(viewpoint["T"]),
            np.array(viewpoint["focal_length"]),
            np.array(viewpoint["principal_point"]),
            viewpoint["intrinsics_format"],
        )
        view = c.from_pytorch3d(stored, width, height)
        name = Path(frame["image"]["path"]).name
        pose, intrinsics = from_colmap[name]
        assert view.camera_to_world == pytest.approx(from_nerf[name], abs=1e-6)
        assert view.camera_to_world == pytest.approx(pose, abs=1e-6)
        assert view.intrinsics == pytest.approx(intrinsics, abs=1e-6)
