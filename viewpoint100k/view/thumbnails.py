"""Small pictures of assets, for a person to look at."""

from __future__ import annotations

import io
import warnings
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from renderers import Renderer, open_renderer
from viewpoint100k.assets.asset import CaptureAsset, MeshAsset
from viewpoint100k.errors import AssetError, RendererError, ViewpointError
from viewpoint100k.geometry import Camera, azimuth_deg, intrinsics_from_fov, orbit
from viewpoint100k.views.orbits import fitting_distance

__all__ = ["THUMBNAIL_SIZE", "Photographer"]

THUMBNAIL_SIZE = 256
"""Pixels along the longer side."""

_PHOTOS = 4
_FOV_DEG = 35.0
_AZIMUTH_DEG, _ELEVATION_DEG = 35.0, 22.0
"""A little from the side of the front, and from above: where an object shows most of itself."""


class Photographer:
    """Takes pictures; holds one rendering context from the first mesh on."""

    def pictures_of(self, asset: MeshAsset | CaptureAsset) -> tuple[tuple[bytes, ...], str]:
        """JPEG files (one of a mesh, up to four of a capture), and why there is none, where there is none."""
        try:
            return (self._rendered(asset),) if isinstance(asset, MeshAsset) else _photos(asset), ""
        except ViewpointError as error:
            return (), str(error)
        except Exception as error:  # A picture that fails is a pity; the asset itself was read.
            return (), f"{type(error).__name__}: {error}"[:200]

    def _rendered(self, asset: MeshAsset) -> bytes:
        front = azimuth_deg(asset.front) if asset.front is not None else 0.0
        azimuth = front + _AZIMUTH_DEG
        distance = fitting_distance(asset.mesh.points, azimuth, _ELEVATION_DEG, _FOV_DEG, fill=0.86)
        intrinsics = intrinsics_from_fov(_FOV_DEG, THUMBNAIL_SIZE, THUMBNAIL_SIZE)
        pose = orbit(distance, azimuth, _ELEVATION_DEG)
        scene = self._renderer.load(asset.mesh, None)
        try:
            return _jpeg(scene.color(Camera(pose, intrinsics, THUMBNAIL_SIZE, THUMBNAIL_SIZE)))
        finally:
            scene.close()

    @cached_property
    def _renderer(self) -> Renderer:
        if self._problem:  # A machine without OpenGL has none at the second asset either, and trying takes time.
            raise RendererError(self._problem)
        try:
            return open_renderer()
        except ViewpointError as error:
            self._problem = str(error)
            raise

    _problem = ""


def _photos(asset: CaptureAsset) -> tuple[bytes, ...]:
    """Spread evenly over the capture."""
    count = min(_PHOTOS, len(asset.photos))
    places = [place * len(asset.photos) // count for place in range(count)]
    return tuple(_reduced(asset.photos[place].read()) for place in places)


def _reduced(photo: bytes) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(photo)) as image:
                image.draft("RGB", (2 * THUMBNAIL_SIZE, 2 * THUMBNAIL_SIZE))
                small = image.convert("RGB")
                small.thumbnail((THUMBNAIL_SIZE, THUMBNAIL_SIZE))
        except (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise AssetError("photo_unreadable", f"a photo cannot be read: {error}") from error
    return _jpeg(np.asarray(small))


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=80, optimize=True)
    return stream.getvalue()
