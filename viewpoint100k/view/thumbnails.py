"""Thumbnails of assets."""

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
from viewpoint100k.views.orbits import OuterPoints, fitting_distance

__all__ = ["THUMBNAIL_SIZE", "Photographer"]

THUMBNAIL_SIZE = 256
"""Longer side, pixels."""

_PHOTOS = 4
_FOV_DEG = 35.0
_AZIMUTH_DEG, _ELEVATION_DEG = 35.0, 22.0
"""The camera is above the object, between its front and its side. This view shows most of an object."""


class Photographer:
    """Makes thumbnails. Holds one rendering context from the first mesh on."""

    def pictures_of(self, asset: MeshAsset | CaptureAsset) -> tuple[tuple[bytes, ...], str]:
        """Returns JPEG files, one for a mesh, up to four for a capture; and the reason if there are none."""
        try:
            return (self._rendered(asset),) if isinstance(asset, MeshAsset) else _photos(asset), ""
        except ViewpointError as error:
            return (), str(error)
        except Exception as error:  # The asset is usable without a thumbnail.
            return (), f"{type(error).__name__}: {error}"[:200]

    def _rendered(self, asset: MeshAsset) -> bytes:
        front = azimuth_deg(asset.front) if asset.front is not None else 0.0
        azimuth = front + _AZIMUTH_DEG
        distance = fitting_distance(OuterPoints(asset.mesh.points), azimuth, _ELEVATION_DEG, _FOV_DEG, fill=0.86)
        intrinsics = intrinsics_from_fov(_FOV_DEG, THUMBNAIL_SIZE, THUMBNAIL_SIZE)
        pose = orbit(distance, azimuth, _ELEVATION_DEG)
        scene = self._renderer.load(asset.mesh, None)
        try:
            return _jpeg(scene.color(Camera(pose, intrinsics, THUMBNAIL_SIZE, THUMBNAIL_SIZE)))
        finally:
            scene.close()

    @cached_property
    def _renderer(self) -> Renderer:
        if self._problem:  # Another attempt would fail, too, and take time.
            raise RendererError(self._problem)
        try:
            return open_renderer()
        except ViewpointError as error:
            self._problem = str(error)
            raise

    _problem = ""


def _photos(asset: CaptureAsset) -> tuple[bytes, ...]:
    """Thumbnails of photos that are spread evenly over the capture."""
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
