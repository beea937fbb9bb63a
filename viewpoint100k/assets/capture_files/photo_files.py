"""Turns a photo's file into the image of a row: plans the steps first, and performs them when the image is needed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.capture_files import pictures
from viewpoint100k.assets.capture_files.lenses import Lens, undistorted
from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.assets.capture_files.quarter_turns import turned_intrinsics, turned_picture
from viewpoint100k.assets.capture_files.source_folder import SourceFolder
from viewpoint100k.assets.fingerprints import turned_fingerprint
from viewpoint100k.errors import AssetError

__all__ = ["MaskFile", "PhotoFile", "fitted"]

_TURNED_BY_A_QUARTER = (5, 6, 7, 8)
_EXIF_TURNS = {6: 3, 8: 1}
"""Quarter turns, counter-clockwise, that EXIF's orientations ask for. Orientations 5 and 7 are mirror images, which no
camera writes."""


@dataclass(frozen=True, eq=False)
class PhotoFile:
    """How a file becomes the image of a row; calling it does so."""

    folder: SourceFolder
    name: str
    limits: CaptureLimits
    lens: Lens
    """Lens of the photo, at the size at which it is decoded. The image has the same size."""
    straight: Lens
    """The pinhole of the image; the same as ``lens`` where there is no distortion."""
    turn: bool
    """True if EXIF's orientation is applied, because the stated camera describes the turned photo."""
    as_it_is: bool
    """True if the row can hold the file's own bytes, without their metadata."""
    sha256: str
    turns: int = 0
    """Quarter turns, counter-clockwise, that make the picture upright once it is straight."""
    fingerprint: bytes = b""
    """Of the upright picture; see `viewpoint100k.assets.fingerprints`."""

    @property
    def upright(self) -> Lens:
        """The pinhole of the image as it is given."""
        return turned_intrinsics(self.straight, self.turns)

    def __call__(self) -> bytes:
        """JPEG bytes, without EXIF. Raises ``AssetError``; ``photo_changed`` where the file is not what it was."""
        data = self.folder.read(self.name, self.limits.max_photo_bytes, "image_missing", "photo_too_large")
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise AssetError("photo_changed", f"{self.name} is no longer what it was when the capture was read")
        own = pictures.stripped(data) if self.as_it_is and not self.turns else None
        return own if own is not None else pictures.encode(self.pixels(data))

    def pixels(self, data: bytes) -> NDArray[np.uint8]:
        """(h, w, 3) of the image, from the file's bytes."""
        size = (self.lens.width, self.lens.height)
        decoded = pictures.decode(data, self.name, self.limits, size, turn=self.turn)
        if self.straight is not self.lens:
            decoded = pictures.resample(decoded, self.lens, self.straight).astype(np.uint8)
        return turned_picture(decoded, self.turns)


@dataclass(frozen=True, eq=False)
class MaskFile:
    """A photo's mask; calling it gives (h, w), true on the object, for the image that the photo becomes."""

    photo: PhotoFile
    name: str

    def __call__(self) -> NDArray[np.bool_]:
        """Raises ``AssetError``."""
        photo = self.photo
        data = photo.folder.read(self.name, photo.limits.max_photo_bytes, "mask_missing", "photo_too_large")
        mask = pictures.decode_mask(data, self.name, photo.limits, (photo.lens.width, photo.lens.height))
        if photo.straight is not photo.lens:
            mask = pictures.resample(mask.astype(np.uint8), photo.lens, photo.straight, order=0) > 0
        return turned_picture(mask, photo.turns)


def fitted(
    folder: SourceFolder,
    name: str,
    stated: Lens,
    facts: pictures.Inspected,
    byte_count: int,
    limits: CaptureLimits,
    turns: int = 0,
) -> PhotoFile:
    """How the file ``name``, of which ``facts`` are known, becomes an image that ``stated`` describes.

    A camera describes the file's pixels as stored: COLMAP ignores EXIF, and so does this reader, unless the stated size
    shows that the photo was turned first. A file of another size is accepted if it was only scaled, to within a pixel.
    ``turns`` are those of `PhotoFile`. Raises ``AssetError`` with ``size_mismatch``.
    """
    width, height, turn = facts.width, facts.height, False
    if (height, width) == (stated.width, stated.height) and facts.orientation in _TURNED_BY_A_QUARTER:
        width, height, turn = height, width, True
    if not _same_proportions((width, height), (stated.width, stated.height)):
        message = f"{name} has {width}x{height} pixels, but its camera has {stated.width}x{stated.height}"
        raise AssetError("size_mismatch", message)
    scale = min(1.0, limits.max_image_size / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    lens = stated if size == (stated.width, stated.height) else stated.resized(*size)
    straight = undistorted(lens)
    whole = size == (facts.width, facts.height) and straight is lens and not turn
    as_it_is = whole and pictures.is_ready(facts, byte_count)
    exif_turns = _EXIF_TURNS.get(facts.orientation, 0) if turn else 0
    seen = turned_fingerprint(facts.fingerprint, exif_turns + turns)
    return PhotoFile(folder, name, limits, lens, straight, turn, as_it_is, facts.sha256, turns, seen)


def _same_proportions(file: tuple[int, int], stated: tuple[int, int]) -> bool:
    """Whether one size is the other times one factor, to within a pixel of rounding in the smaller."""
    small, large = sorted((file, stated))
    return abs(large[1] * small[0] / large[0] - small[1]) < 1
