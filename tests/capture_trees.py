"""Writes captures in the layouts of other tools: CO3D, COLMAP (with pycolmap itself) and NeRF. It makes the cameras."""

import gzip
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from viewpoint100k.errors import AssetError
from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit

WIDTH, HEIGHT = 160, 120


def ring(azimuths: Sequence[float], elevation: float = 25.0, distance: float = 4.0, fov: float = 40.0) -> list[Camera]:
    """Upright cameras around the origin that look at it."""
    intrinsics = intrinsics_from_fov(fov, WIDTH, HEIGHT)
    return [Camera(orbit(distance, a, elevation), intrinsics, WIDTH, HEIGHT) for a in azimuths]


def rotation(seed: int) -> np.ndarray:
    """(3, 3) any rotation."""
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    return q if np.linalg.det(q) > 0 else -q


def similarity(seed: int, scale: float = 3.7) -> np.ndarray:
    """(4, 4): a map to another world with a rotation, a scale and a shift, as after a reconstruction."""
    matrix = np.eye(4)
    matrix[:3, :3] = scale * rotation(seed)
    matrix[:3, 3] = np.random.default_rng(seed + 1).normal(size=3) * 5
    return matrix


def moved(points: np.ndarray, seed: int) -> np.ndarray:
    """Points (n, 3) in that world."""
    matrix = similarity(seed)
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def elsewhere(cameras: Sequence[Camera], seed: int) -> list[Camera]:
    """The cameras in that world."""
    found = []
    for camera in cameras:
        pose = np.eye(4)
        pose[:3, :3] = rotation(seed) @ camera.camera_to_world[:3, :3]
        pose[:3, 3] = moved(camera.position[None], seed)[0]
        found.append(Camera(pose, camera.intrinsics, camera.width, camera.height))
    return found


def rolled(camera: Camera, degrees: float) -> Camera:
    """The camera turned clockwise about its optical axis."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    pose = camera.camera_to_world @ np.array([[c, -s, 0, 0], [s, c, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    return Camera(pose, camera.intrinsics, camera.width, camera.height)


def texture(seed: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """(height, width, 3): a picture that is sharp everywhere and unlike all others."""
    coarse = np.random.default_rng(seed).integers(40, 216, (height // 4 + 1, width // 4 + 1, 3), dtype=np.uint8)
    return np.kron(coarse, np.ones((4, 4, 1), dtype=np.uint8))[:height, :width]


def jpeg(pixels: np.ndarray, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=95, subsampling=0, **options)
    return buffer.getvalue()


def write_photos(folder: Path, count: int, pictures: Sequence[np.ndarray] | None = None) -> list[str]:
    """``000.jpg`` and so on; returns the names."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{i:03d}.jpg" for i in range(count)]
    for i, name in enumerate(names):
        (folder / name).write_bytes(jpeg(texture(i) if pictures is None else pictures[i]))
    return names


def co3d_viewpoint(camera: Camera, isotropic: bool = True) -> dict[str, Any]:
    """A camera in CO3D's form, written from CO3D's own definition: X_cam = X_world R + T, +X left, +Y up; NDC."""
    flip = np.diag([-1.0, -1.0, 1.0])
    world_to_camera = np.linalg.inv(camera.camera_to_world)
    half = np.array([camera.width, camera.height]) / 2
    unit = np.full(2, half.min()) if isotropic else half
    return {
        "R": (flip @ world_to_camera[:3, :3]).T.tolist(),
        "T": (flip @ world_to_camera[:3, 3]).tolist(),
        "focal_length": (camera.intrinsics[[0, 1], [0, 1]] / unit).tolist(),
        "principal_point": ((half - camera.intrinsics[:2, 2]) / unit).tolist(),
        "intrinsics_format": "ndc_isotropic" if isotropic else "ndc_norm_image_bounds",
    }


def write_co3d(
    root: Path,
    cameras: Sequence[Camera],
    pictures: Sequence[np.ndarray] | None = None,
    isotropic: bool = True,
    masks: bool = False,
    cloud: str | None = None,
    quality: float | None = 1.0,
) -> list[dict[str, Any]]:
    """``chair/seq`` in CO3Dv2's layout; returns the frames as written. Masks are expected beside the images."""
    names = write_photos(root / "chair" / "seq" / "images", len(cameras), pictures)
    frames = [
        {
            "sequence_name": "seq",
            "frame_number": i,
            "frame_timestamp": i / 10,
            "image": {"path": f"chair/seq/images/{name}", "size": [camera.height, camera.width]},
            "mask": {"path": f"chair/seq/masks/{i:03d}.png", "mass": 1.0} if masks else None,
            "viewpoint": co3d_viewpoint(camera, isotropic),
        }
        for i, (name, camera) in enumerate(zip(names, cameras, strict=True))
    ]
    points = {"path": cloud, "quality_score": 1.0, "n_points": 1} if cloud else None
    sequence = {"sequence_name": "seq", "category": "chair", "point_cloud": points, "viewpoint_quality_score": quality}
    write_jgz(root / "chair" / "frame_annotations.jgz", frames)
    write_jgz(root / "chair" / "sequence_annotations.jgz", [sequence])
    return frames


def write_jgz(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(json.dumps(value).encode()))


def write_nerf(root: Path, cameras: Sequence[Camera], names: Sequence[str], **values: Any) -> None:
    """``transforms.json`` in nerfstudio's form; ``values`` go before what the first camera says."""
    first = cameras[0]
    document = {
        "w": first.width,
        "h": first.height,
        "fl_x": first.intrinsics[0, 0],
        "fl_y": first.intrinsics[1, 1],
        "cx": first.intrinsics[0, 2],
        "cy": first.intrinsics[1, 2],
        **values,
        "frames": [
            {"file_path": name, "transform_matrix": (c.camera_to_world @ np.diag([1.0, -1, -1, 1])).tolist()}
            for name, c in zip(names, cameras, strict=True)
        ],
    }
    root.mkdir(parents=True, exist_ok=True)
    (root / "transforms.json").write_text(json.dumps({k: v for k, v in document.items() if v is not None}))


def write_colmap(
    folder: Path,
    cameras: Sequence[Camera],
    names: Sequence[str],
    model: str = "PINHOLE",
    params: Sequence[float] | None = None,
    points: np.ndarray | None = None,
    seen_by: Sequence[Sequence[int]] = (),
    text: bool = False,
) -> Any:
    """A sparse model written by pycolmap; returns pycolmap's camera. ``seen_by``: for each point, places of cameras."""
    import pycolmap

    first = cameras[0]
    if params is None:
        params = [*first.intrinsics[[0, 1], [0, 1]], *first.intrinsics[:2, 2]]
    lens = pycolmap.Camera(camera_id=1, model=model, width=first.width, height=first.height, params=list(params))
    model_ = pycolmap.Reconstruction()
    model_.add_camera_with_trivial_rig(lens)
    observations: list[list[np.ndarray]] = [[] for _ in cameras]
    tracks: list[list[tuple[int, int]]] = []
    for point, seers in zip([] if points is None else points, seen_by, strict=True):
        track = []
        for seer in seers:
            local = cameras[seer].world_to_camera @ [*point, 1.0]
            track.append((seer, len(observations[seer])))
            observations[seer].append(np.asarray(lens.img_from_cam(local[:3])))
        tracks.append(track)
    for i, (camera, name) in enumerate(zip(cameras, names, strict=True)):
        world_to_camera = np.linalg.inv(camera.camera_to_world)
        pose = pycolmap.Rigid3d(pycolmap.Rotation3d(world_to_camera[:3, :3]), world_to_camera[:3, 3])
        keypoints = np.array(observations[i]).reshape(-1, 2)
        image = pycolmap.Image(name=name, keypoints=keypoints, camera_id=1, image_id=i + 1)
        model_.add_image_with_trivial_frame(image, pose)
    for point, track in zip([] if points is None else points, tracks, strict=True):
        elements = [pycolmap.TrackElement(seer + 1, index) for seer, index in track]
        model_.add_point3D(np.asarray(point, dtype=np.float64), pycolmap.Track(elements))
    folder.mkdir(parents=True, exist_ok=True)
    model_.write_text(str(folder)) if text else model_.write_binary(str(folder))
    return lens


def spots(places: np.ndarray, width: int, height: int, deviation: float = 2.5) -> np.ndarray:
    """(height, width, 3): dark, with a bright Gaussian spot at each of ``places`` (n, 2), pixels."""
    v, u = np.mgrid[:height, :width] + 0.5
    light = sum(np.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * deviation**2)) for x, y in places)
    return np.repeat((20 + 200 * np.clip(light, 0, 1))[..., None], 3, axis=2).round().astype(np.uint8)


def spot_near(image: bytes, place: np.ndarray, reach: int = 9) -> np.ndarray:
    """(2,): the centre of the spot around ``place``, pixels."""
    with Image.open(io.BytesIO(image)) as opened:
        grey = np.asarray(opened.convert("L"), dtype=np.float64)
    x, y = (int(c) for c in place)
    assert reach <= x < grey.shape[1] - reach, "the spot is not in the picture"
    assert reach <= y < grey.shape[0] - reach, "the spot is not in the picture"
    light = np.clip(grey[y - reach : y + reach + 1, x - reach : x + reach + 1] - 30, 0, None)
    assert light.any(), "there is no spot in the picture at this place"
    v, u = np.mgrid[y - reach : y + reach + 1, x - reach : x + reach + 1] + 0.5
    return np.array([(u * light).sum(), (v * light).sum()]) / light.sum()


SPOTS = np.array([[0, 0, 0.0], [0.55, 0.1, 0.35], [-0.5, 0.2, -0.35], [0.1, -0.6, 0.3], [-0.1, 0.55, -0.4]])
"""Points about the origin. Their spots do not overlap in `spotted_ring`'s photos."""


def spotted_ring(count: int = 8) -> list[Camera]:
    """Off-centre cameras of 480 x 360 pixels that see all of `SPOTS` without overlap."""
    intrinsics = np.array([[520.0, 0, 236], [0, 500.0, 186], [0, 0, 1]])
    return [Camera(orbit(3.2, a, 20), intrinsics, 480, 360) for a in np.linspace(20, 300, count)]


def spots_error(photo: Any, normalization: np.ndarray, points: np.ndarray) -> float:
    """The largest distance, pixels, between where a photo's camera puts ``points`` (n, 3) of the source's own world,
    and the spots in its image. Spots that overlap another or the edge are passed over; at least two must be left."""
    mapped = points @ normalization[:3, :3].T + normalization[:3, 3]
    places, _ = photo.camera.project(mapped)
    image, errors = photo.read(), []
    for i, place in enumerate(places):
        apart = np.delete(np.linalg.norm(places - place, axis=1), i).min()
        inside = (place > 14).all() and (place < [photo.camera.width - 14, photo.camera.height - 14]).all()
        if apart > 25 and inside:
            errors.append(float(np.linalg.norm(spot_near(image, place) - place)))
    assert len(errors) >= 2
    return max(errors)


def outcome(source: Any, asset_id: str) -> str:
    """``loaded``, or the reason for which the capture is refused. Other exceptions are raised."""
    try:
        source.load(asset_id)
    except AssetError as error:
        return error.reason
    return "loaded"
