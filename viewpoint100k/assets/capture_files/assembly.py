"""Makes a capture from what a source's files state: places it, and keeps the photos that questions can use."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.asset import NO_LICENSE, CaptureAsset, Origin, Photo
from viewpoint100k.assets.capture_files import pictures
from viewpoint100k.assets.capture_files.capture import StatedCapture, StatedPhoto
from viewpoint100k.assets.capture_files.checks import blurred, mask_problem, pose_problem
from viewpoint100k.assets.capture_files.lenses import Lens, undistorted
from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.assets.capture_files.masks import MaskBox, center_and_radius, read_mask_box
from viewpoint100k.assets.capture_files.photo_files import MaskFile, PhotoFile, fitted
from viewpoint100k.assets.capture_files.placement import Placement, nearest_point, place, radius_from_view, turned
from viewpoint100k.assets.capture_files.point_clouds import evenly_chosen
from viewpoint100k.assets.capture_files.quarter_turns import quarter_turns, turned_camera
from viewpoint100k.assets.capture_files.source_folder import SourceFolder
from viewpoint100k.assets.mesh_metadata import MeshMetadata
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry import Camera, exact

__all__ = ["assemble"]

_MEASURED_MASKS = 24
"""Masks that are looked at for the object's centre and radius."""
_AXES = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}


@dataclass(frozen=True, eq=False)
class _Seen:
    """A photo with its camera in the capture's own world, at the stated size and without distortion."""

    stated: StatedPhoto
    camera: Camera
    index: int
    """In the stated photos."""
    turns: int = 0
    """Quarter turns that make it upright; see `quarter_turns`."""

    @property
    def upright(self) -> Camera:
        """The camera of the photo once it is turned."""
        return turned_camera(self.camera, self.turns)


@dataclass(frozen=True, eq=False)
class _Opened:
    """A photo whose file has been decoded once."""

    seen: _Seen
    file: PhotoFile
    sharpness: float


def assemble(
    source: str,
    asset_id: str,
    stated: StatedCapture,
    folder: SourceFolder,
    limits: CaptureLimits,
    license: str = NO_LICENSE,
    metadata: MeshMetadata | None = None,
) -> CaptureAsset:
    """The capture, in its normalised world, with the photos that pass every check and the reasons of the others.

    ``license`` and what the source's own files say of category and address stand where ``metadata`` is silent. The
    origin's sha256 is that of `StatedCapture.sha256` and of one line a photo that was kept, its file's SHA-256 and its
    name, in their order. Raises ``AssetError``: ``too_many_photos``, ``too_few_photos``, ``up_uncertain``,
    ``no_common_center``.
    """
    if len(stated.photos) > limits.max_frames:
        raise AssetError("too_many_photos", f"{asset_id} has {len(stated.photos):,} photos")
    metadata = metadata or MeshMetadata()
    dropped = dict(stated.dropped)
    seen = _seen(stated.photos, folder, dropped)
    if len(seen) < 2:
        raise _too_few(asset_id, len(seen), dropped)
    placement = _placed(seen, stated, folder, limits, np.array(_AXES[metadata.up]) if metadata.up else None)
    opened = _opened_photos(seen, placement, folder, limits, dropped)
    photos = [_photo(photo, placement) for photo in opened]
    if len(photos) < 2:
        raise _too_few(asset_id, len(photos), dropped)
    points, chosen = _points(stated, placement, limits)
    rows = [photo.seen.index for photo in opened]
    kept = {photo.name for photo in photos}
    return CaptureAsset(
        origin=Origin(
            source=source,
            asset_id=asset_id,
            sha256=_digest(stated.sha256, opened),
            category=metadata.category or stated.category,
            license=next(
                (one for one in (metadata.license, license) if one != NO_LICENSE), stated.license or NO_LICENSE
            ),
            creator=metadata.creator or stated.creator,
            uri=metadata.uri or stated.uri,
        ),
        photos=tuple(photos),
        # A photo that is listed twice may be dropped once.
        dropped_photos={_again(name) if name in kept else name: reason for name, reason in dropped.items()},
        front=metadata.front,
        normalization=placement.matrix,
        up_confidence=placement.up_confidence,
        points=points,
        visible=None if stated.visible is None else stated.visible[rows][:, chosen],
        notes=tuple(sorted({*stated.notes, *(("turned_upright",) if any(one.seen.turns for one in opened) else ())})),
    )


def _seen(photos: Sequence[StatedPhoto], folder: SourceFolder, dropped: dict[str, str]) -> list[_Seen]:
    """The photos that have a camera and a file."""
    straight: dict[int, Lens | str] = {}
    found: dict[str, _Seen] = {}
    for index, photo in enumerate(photos):
        if photo.name in found:
            dropped[_again(photo.name)] = "duplicate"
            continue
        problem = folder.problem(photo.name, "image_missing")
        if problem is not None:
            dropped[photo.name] = problem
            continue
        if id(photo.lens) not in straight:
            straight[id(photo.lens)] = _straight(photo.lens)
        lens = straight[id(photo.lens)]
        if isinstance(lens, str):
            dropped[photo.name] = lens
            continue
        camera = Camera(photo.camera_to_world, lens.intrinsics, lens.width, lens.height)
        found[photo.name] = _Seen(photo, camera, index)
    return list(found.values())


def _again(name: str) -> str:
    return f"{name} (again)"


def _straight(lens: Lens) -> Lens | str:
    try:
        return undistorted(lens)
    except AssetError as error:
        return error.reason


def _placed(
    seen: Sequence[_Seen],
    stated: StatedCapture,
    folder: SourceFolder,
    limits: CaptureLimits,
    up: NDArray[np.float64] | None,
) -> Placement:
    cameras = [photo.camera for photo in seen]
    boxes: list[tuple[Camera, MaskBox]] = []
    if stated.points is None or not stated.points_are_object:
        with_mask = [photo for photo in seen if photo.stated.mask]
        for photo in (with_mask[i] for i in evenly_chosen(len(with_mask), _MEASURED_MASKS)):
            box = read_mask_box(folder, photo.stated.mask or "", photo.camera, limits)
            if box is not None:
                boxes.append((photo.camera, box))
    if len(boxes) >= 3:
        center, radius = center_and_radius(boxes)
    else:
        poses = np.array([camera.camera_to_world for camera in cameras])
        center = nearest_point(poses[:, :3, 3], poses[:, :3, 2])
        radius = radius_from_view(cameras, center)
    by_name = [photo.camera for photo in sorted(seen, key=lambda photo: photo.stated.name)]
    return place(by_name, center, radius, stated.points, stated.points_are_object, up)


def _opened_photos(
    seen: Sequence[_Seen], placement: Placement, folder: SourceFolder, limits: CaptureLimits, dropped: dict[str, str]
) -> list[_Opened]:
    """The photos that pass every check; of more than enough, evenly chosen ones."""
    fit = []
    for stated in seen:
        photo = replace(stated, turns=quarter_turns(_normalised(stated.camera, placement)))
        reason = pose_problem(_normalised(photo.upright, placement), limits)
        if reason is None:
            fit.append(photo)
        else:
            dropped[photo.stated.name] = reason
    chosen = set(evenly_chosen(len(fit), limits.max_photos).tolist())
    dropped.update({photo.stated.name: "not_needed" for i, photo in enumerate(fit) if i not in chosen})
    opened: dict[str, _Opened] = {}
    hashes: set[str] = set()
    for photo in (fit[i] for i in sorted(chosen)):
        try:
            one = _open(photo, placement, folder, limits)
        except AssetError as error:
            dropped[photo.stated.name] = error.reason
            continue
        if one.file.sha256 in hashes:
            dropped[photo.stated.name] = "duplicate"
            continue
        hashes.add(one.file.sha256)
        opened[photo.stated.name] = one
    for name in blurred({name: one.sharpness for name, one in opened.items()}, limits):
        dropped[name] = "blurred"
        del opened[name]
    return list(opened.values())


def _open(photo: _Seen, placement: Placement, folder: SourceFolder, limits: CaptureLimits) -> _Opened:
    """Decodes a photo once. Raises ``AssetError`` for what is wrong with it, or with its mask."""
    name = photo.stated.name
    data = folder.read(name, limits.max_photo_bytes, "image_missing", "photo_too_large")
    facts, grey = pictures.inspect(data, name, limits)
    file = fitted(folder, name, photo.stated.lens, facts, len(data), limits, photo.turns)
    if photo.stated.mask and folder.exists(photo.stated.mask):
        reason = mask_problem(MaskFile(file, photo.stated.mask)(), limits)
        if reason is not None:
            raise AssetError(reason, f"{name}: its mask says so")
    camera = _normalised(photo.camera, placement)
    pixels, depth = camera.project(np.zeros((1, 3)))
    center = (float(pixels[0, 0]) / camera.width, float(pixels[0, 1]) / camera.width)
    radius = float(camera.intrinsics[0, 0] / depth[0] / camera.width)
    return _Opened(photo, file, pictures.sharpness(grey, center, radius))


def _normalised(camera: Camera, placement: Placement) -> Camera:
    return Camera(turned(placement.matrix, camera.camera_to_world), camera.intrinsics, camera.width, camera.height)


def _photo(opened: _Opened, placement: Placement) -> Photo:
    stated, upright = opened.seen.stated, opened.file.upright
    pose = turned(placement.matrix, opened.seen.upright.camera_to_world)
    has_mask = stated.mask is not None and opened.file.folder.exists(stated.mask)
    return Photo(
        name=stated.name,
        camera=Camera(pose, upright.intrinsics, upright.width, upright.height),
        read=opened.file,
        mask=MaskFile(opened.file, stated.mask) if has_mask and stated.mask else None,
        fingerprint=opened.file.fingerprint,
    )


def _points(
    stated: StatedCapture, placement: Placement, limits: CaptureLimits
) -> tuple[NDArray[np.float64] | None, NDArray[np.int_]]:
    """The points that are kept, in the normalised world, and their indices."""
    if stated.points is None:
        return None, np.arange(0)
    chosen = evenly_chosen(len(stated.points), limits.kept_points)
    return exact.transform_points(placement.matrix, stated.points[chosen]), chosen


def _digest(statement: str, opened: Sequence[_Opened]) -> str:
    lines = [statement, *(f"{photo.file.sha256} {photo.file.name}" for photo in opened)]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _too_few(asset_id: str, count: int, dropped: Mapping[str, str]) -> AssetError:
    reasons: dict[str, int] = {}
    for reason in dropped.values():
        reasons[reason] = reasons.get(reason, 0) + 1
    why = ", ".join(f"{number} {reason}" for reason, number in sorted(reasons.items())) or "no others are listed"
    missing = next((name for name, reason in dropped.items() if reason == "image_missing"), None)
    why += f" (such as {missing[:200]!r})" if missing else ""
    return AssetError("too_few_photos", f"{asset_id} has {count} usable photos of the two that a pair needs: {why}")
