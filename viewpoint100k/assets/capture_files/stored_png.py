"""PNG files whose bytes follow from their pixels alone."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["stored_png"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ZLIB_HEADER = b"\x78\x01"
_BLOCK = 65_535
"""Bytes of a stored block, at most."""


def stored_png(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG file of (h, w, 3) sRGB pixels, stored without compression.

    zlib and zlib-ng compress the same pixels to different bytes, and the hash of a photo's file enters an asset's
    SHA-256. Nothing here depends on a library. Formats: PNG (ISO/IEC 15948), zlib (RFC 1950), and the stored blocks of
    DEFLATE (RFC 1951, section 3.2.4).
    """
    height, width, _ = pixels.shape
    lines = np.zeros((height, 1 + 3 * width), dtype=np.uint8)  # A line begins with its filter: 0, none.
    lines[:, 1:] = pixels.reshape(height, 3 * width)
    data = lines.tobytes()
    body = b"".join([_ZLIB_HEADER, *_blocks(data), struct.pack(">I", zlib.adler32(data))])
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"".join([_SIGNATURE, _chunk(b"IHDR", header), _chunk(b"IDAT", body), _chunk(b"IEND", b"")])


def _blocks(data: bytes) -> list[bytes]:
    parts = [data[at : at + _BLOCK] for at in range(0, len(data), _BLOCK)]
    last = len(parts) - 1
    return [
        struct.pack("<BHH", number == last, len(part), len(part) ^ 0xFFFF) + part for number, part in enumerate(parts)
    ]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
