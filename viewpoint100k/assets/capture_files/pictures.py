"""Photos: opened with care, undistorted, scaled, and written as a row will hold them."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps

from viewpoint100k.assets.capture_files.lenses import Lens
from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.assets.capture_files.sampling import sampled
from viewpoint100k.assets.fingerprints import fingerprint
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry import exact

__all__ = [
    "Inspected",
    "decode",
    "decode_mask",
    "encode",
    "inspect",
    "is_ready",
    "read_header",
    "resample",
    "sharpness",
    "stripped",
]

Pixels = NDArray[np.uint8]

_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
"""Decoders that only decode. Pillow has others, and one of them (EPS) runs an interpreter."""
_QUALITY = 92
_SHARPNESS_SIZE = 512
_BYTES_PER_PIXEL = 3
"""A JPEG of more is not taken over as it is: something else is in the file."""
_START_OF_SCAN = b"\xff\xda"
_MAX_SCANS = 100
"""A progressive JPEG has about ten; each costs a pass over the whole picture, and one byte can ask for one."""


@dataclass(frozen=True)
class Inspected:
    """What is known of an image file once it has been decoded."""

    width: int
    height: int
    """As the file stores its pixels."""
    orientation: int
    """EXIF's, 1 where it says nothing."""
    plain_jpeg: bool
    """Whether it is a baseline or progressive JPEG in three channels."""
    sha256: str
    fingerprint: bytes
    """Of the pixels as the file stores them; see `viewpoint100k.assets.fingerprints`."""


def read_header(data: bytes, name: str, limits: CaptureLimits) -> tuple[int, int]:
    """Width and height of an image file, from its header. Raises ``AssetError``; see `inspect`."""
    with _opened(data, name, limits) as image:
        return image.size


def inspect(data: bytes, name: str, limits: CaptureLimits) -> tuple[Inspected, NDArray[np.float32]]:
    """Decodes the whole of an image file once: what it is, and its grey values, scaled to 512 pixels or less.

    Raises ``AssetError``: ``photo_too_large`` from the header alone, ``photo_unreadable``.
    """
    with _opened(data, name, limits) as image:
        width, height = image.size
        plain = image.format in ("JPEG", "MPO") and image.mode == "RGB"
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        image.draft("L", (_SHARPNESS_SIZE, _SHARPNESS_SIZE))
        scale = min(1.0, _SHARPNESS_SIZE / max(width, height))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        grey = _opaque(image).convert("L").resize(size, Image.Resampling.BOX, reducing_gap=2.0)
        known = orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1
        found = Inspected(width, height, known, plain, hashlib.sha256(data).hexdigest(), fingerprint(grey))
        return found, np.asarray(grey, dtype=np.float32)


def decode(data: bytes, name: str, limits: CaptureLimits, size: tuple[int, int], *, turn: bool) -> Pixels:
    """(h, w, 3) at ``size``, width and height; what is transparent is laid on white, as NeRF's own loader does.

    EXIF's orientation is ignored unless ``turn``. Raises ``AssetError``; see `inspect`.
    """
    with _opened(data, name, limits) as image:
        image.draft("RGB", size if not turn else (max(size), max(size)))
        upright = ImageOps.exif_transpose(image) if turn else image
        flat = _opaque(upright).convert("RGB")
        if flat.size != size:
            flat = flat.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        return np.asarray(flat)


def decode_mask(data: bytes, name: str, limits: CaptureLimits, size: tuple[int, int]) -> NDArray[np.bool_]:
    """(h, w): where a mask's first channel is above one half, at ``size``. Raises ``AssetError``; see `inspect`."""
    with _opened(data, name, limits) as image:
        grey = image.convert("L") if image.mode not in ("1", "L") else image
        return np.asarray(grey.convert("L").resize(size, Image.Resampling.NEAREST)) > 127


def resample(pixels: Pixels, photo: Lens, straight: Lens, order: int = 1) -> Pixels:
    """The photo's pixels (h, w, …), taken through ``photo``, as the pinhole ``straight`` would have taken them.

    ``order`` as for `sampled`.
    """
    u, v = np.meshgrid(np.arange(straight.width) + 0.5, np.arange(straight.height) + 0.5)
    flat = np.column_stack([u.ravel(), v.ravel()])
    seen = photo.bend((flat - straight.intrinsics[:2, 2]) / straight.intrinsics[[0, 1], [0, 1]])
    # Array indices count from a pixel's centre, image coordinates from its corner.
    taken = sampled(pixels.reshape(*pixels.shape[:2], -1), seen - 0.5, order)
    return taken.reshape(straight.height, straight.width, *pixels.shape[2:])


def encode(pixels: Pixels) -> bytes:
    """A JPEG of quality 92 without chroma subsampling, and without metadata."""
    import simplejpeg

    contiguous = np.ascontiguousarray(pixels)
    return bytes(simplejpeg.encode_jpeg(contiguous, quality=_QUALITY, colorspace="RGB", colorsubsampling="444"))


def is_ready(photo: Inspected, byte_count: int) -> bool:
    """Whether the file can stand in a row as it is, but for its metadata."""
    return photo.plain_jpeg and byte_count <= _BYTES_PER_PIXEL * photo.width * photo.height + 65536


def stripped(jpeg: bytes) -> bytes | None:
    """The JPEG without EXIF, thumbnails, comments and what follows its end; the same pixels. None where it is odd.

    What stays are JFIF's header, a colour profile and Adobe's colour transform. EXIF holds an orientation, which the
    cameras do not know of, and often the place where a photo was taken, which nobody meant to publish.
    """
    if jpeg[:2] != b"\xff\xd8":
        return None
    kept, at = [jpeg[:2]], 2
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF:
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if marker == 0xDA:
            # Compressed data never holds this pair of bytes, and a second picture may follow the first.
            end = jpeg.find(b"\xff\xd9", at)
            return b"".join([*kept, jpeg[at : end + 2]]) if end > at else None
        if length < 2 or marker in (0x00, 0x01, 0xD8, 0xD9, 0xFF):
            return None
        segment = jpeg[at : at + 2 + length]
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE) or _is_needed(marker, segment):
            kept.append(segment)
        at += 2 + length
    return None


def sharpness(grey: NDArray[np.float32], center: tuple[float, float], radius: float) -> float:
    """Variance of the Laplacian of grey values (h, w) within a square about the object.

    ``center`` and ``radius`` are in parts of the image's width. Only the object counts: a blurred background is good
    photography. Measured at 512 pixels: the sharp views of 30 meshes and of one real capture reach at least 0.39 of
    their median; a Gaussian blur of deviation 1 leaves 0.05 to 0.14, a motion of 4 pixels 0.2 to 0.28, of 8 pixels
    0.1 to 0.15. Source of the measure: Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy" (2000).
    """
    height, width = grey.shape
    x, y, reach = center[0] * width, center[1] * width, max(radius * width, 16.0)
    left, top = (int(np.clip(low - reach, 0, limit - 3)) for low, limit in ((x, width), (y, height)))
    right, bottom = (int(np.clip(high + reach, 0, limit)) for high, limit in ((x, width), (y, height)))
    patch = grey[top : max(bottom, top + 3), left : max(right, left + 3)]
    if min(patch.shape) < 3:
        return 0.0
    laplacian = patch[:-2, 1:-1] + patch[2:, 1:-1] + patch[1:-1, :-2] + patch[1:-1, 2:] - 4 * patch[1:-1, 1:-1]
    return float(np.square(exact.std(laplacian)))


def _is_needed(marker: int, segment: bytes) -> bool:
    return (marker, segment[4:8]) in ((0xE0, b"JFIF"), (0xE2, b"ICC_"), (0xEE, b"Adob"))


@contextmanager
def _opened(data: bytes, name: str, limits: CaptureLimits) -> Iterator[Image.Image]:
    """An image file opened: whatever goes wrong with it, here or in the body, becomes an ``AssetError``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                width, height = image.size
                if width * height > limits.max_photo_pixels:
                    raise AssetError("photo_too_large", f"{name} has {width}x{height} pixels")
                if image.format in ("JPEG", "MPO") and data.count(_START_OF_SCAN) > _MAX_SCANS:
                    raise AssetError("photo_unreadable", f"{name} has more scans than a photo needs")
                yield image
    except AssetError:
        raise
    except Image.DecompressionBombError as error:
        raise AssetError("photo_too_large", f"{name} is too large: {error}") from error
    except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error and more.
        raise AssetError(
            "photo_unreadable", f"{name} cannot be decoded: {type(error).__name__}: {error}"[:300]
        ) from error


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba)
    if image.mode.startswith("I;16") or image.mode == "I":
        # Pillow's own conversion clips 16 bits at 255 instead of scaling them.
        return Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))
    return image
