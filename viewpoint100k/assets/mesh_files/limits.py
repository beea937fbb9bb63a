"""Limits of one asset; an asset beyond them is dropped."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MeshLimits"]


@dataclass(frozen=True)
class MeshLimits:
    """Limits of a mesh file. They are checked before the memory is allocated, if the format allows it."""

    max_file_bytes: int = 512 * 1024**2
    """Bytes of the file and of each file that it refers to; beyond it ``file_too_large``."""
    max_triangles: int = 2_000_000
    """Triangles of the whole object, including all instances; beyond it ``too_many_triangles``."""
    max_texture_pixels: int = 8192 * 8192
    """Width times height in the image's header; beyond it ``texture_too_large``."""
    max_texture_size: int = 1024
    """Pixels along the longer side: a larger texture is scaled down when it is read."""
