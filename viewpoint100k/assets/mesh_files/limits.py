"""What one asset may cost before it is dropped."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MeshLimits"]


@dataclass(frozen=True)
class MeshLimits:
    """Bounds on a mesh file. All are checked before the memory they speak of is taken, where the format allows it."""

    max_file_bytes: int = 512 * 1024**2
    """Of the file and of each file it refers to; beyond it ``file_too_large``."""
    max_triangles: int = 2_000_000
    """Of the whole object, every instance counted; beyond it ``too_many_triangles``."""
    max_texture_pixels: int = 8192 * 8192
    """Width times height as the image's header says; beyond it ``texture_too_large``."""
    max_texture_size: int = 1024
    """Pixels along the longer side: a larger texture is scaled down when it is read."""
