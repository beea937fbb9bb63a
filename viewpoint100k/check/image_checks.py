"""Checks one encoded image of a row."""

from __future__ import annotations

import io

from viewpoint100k.check.shard_files import first_line

__all__ = ["image_problem"]

_BLANK_RANGE = 4
_EXIF_ORIENTATION = 0x0112


def image_problem(encoded: bytes | None, size: tuple[int, int], decode: bool) -> str | None:
    """The fault of one image as the end of a sentence, or None. ``size`` is its camera's width and height, pixels."""
    if not encoded:
        return "has no bytes: run viewpoint100k rehydrate first to put the photos back"
    problem: str | None
    try:
        actual, spread, upright = _read_jpeg(encoded, decode) if encoded[:2] == b"\xff\xd8" else _read_other(encoded)
    except (ValueError, OSError, SyntaxError, EOFError) as error:
        problem = f"cannot be decoded: {first_line(error)}"
    else:
        problem = None
        if actual != size:
            problem = f"is {actual[0]} x {actual[1]} pixels, its camera says {size[0]} x {size[1]}"
        elif spread is not None and spread < _BLANK_RANGE:
            problem = "is blank"
        elif not upright:
            problem = "has an EXIF orientation, which loaders apply and its camera does not know of"
    return problem


def _read_jpeg(encoded: bytes, decode: bool) -> tuple[tuple[int, int], int | None, bool]:
    """Size, range of grey levels (None if not decoded), and True if no EXIF orientation turns the image."""
    import simplejpeg

    height, width, _, _ = simplejpeg.decode_jpeg_header(encoded)
    spread = None
    if decode:
        # The smallest scale still reads every coded bit, so it finds damage at half the cost.
        grey = simplejpeg.decode_jpeg(encoded, "GRAY", min_height=1, min_width=1, min_factor=8)
        spread = int(grey.max()) - int(grey.min())
    upright = b"Exif\0\0" not in encoded[:4096] or _read_other(encoded)[2]
    return (width, height), spread, upright


def _read_other(encoded: bytes) -> tuple[tuple[int, int], int | None, bool]:
    """The same for any format that Pillow knows."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(encoded)) as image:
            grey = image.convert("L").tobytes()
            return image.size, max(grey) - min(grey), image.getexif().get(_EXIF_ORIENTATION, 1) == 1
    except Image.DecompressionBombError as error:
        raise ValueError(str(error)) from error
