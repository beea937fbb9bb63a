"""Features of an image for a small classifier: a few hundred numbers about light, colour and layout.

Nothing here is learned or downloaded. Images are read at 64 x 64 pixels, whatever their size.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry.row_cameras import read_camera

__all__ = ["SIZE", "ImageFeatures", "describe", "object_disc"]

Floats = NDArray[np.float64]
Pixels = NDArray[np.float32]

SIZE = 64
"""Pixels along each side of the image after it is scaled down."""
_CELL = 16
_ORIENTATIONS = 8
_GREY_BINS = 16
_GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_NOTICEABLE = 0.08
"""Smallest difference from the border's colour, in [0, 1], for a pixel to count as the object."""


@dataclass(frozen=True, eq=False)
class ImageFeatures:
    """Feature vectors of one image, (k,) float32 each."""

    whole: NDArray[np.float32]
    """The whole image: layout, colours, edges, noise, and the file's length, width and height."""
    background: NDArray[np.float32]
    """The same without the file, with the object painted over."""
    place: NDArray[np.float32]
    """Region that differs from the border: centroid x and y, spread in x and y (fractions of the frame), area."""


def describe(encoded: bytes, camera: Mapping[str, Any], center: Sequence[float], radius: float) -> ImageFeatures:
    """Features of an encoded image of an object. Raises ``ValueError`` if it cannot be decoded."""
    pixels, size = _decode(encoded)
    disc = object_disc(camera, center, radius)
    painted = pixels.copy()
    painted[disc] = pixels[~disc].mean(axis=0) if not disc.all() else 0.5
    file = [math.log(len(encoded)), *map(math.log, size)]
    return ImageFeatures(
        whole=np.concatenate([_appearance(pixels), np.array(file, dtype=np.float32)]),
        background=_appearance(painted),
        place=_place(pixels),
    )


def object_disc(camera: Mapping[str, Any], center: Sequence[float], radius: float) -> NDArray[np.bool_]:
    """(64, 64): the pixels whose ray meets the object's bounding sphere.

    A ray meets the sphere if its angle to the sphere's centre is at most asin(radius / distance). From inside the
    sphere, all rays do. Raises ``ValueError`` for a camera that is not valid.
    """
    view = read_camera(camera)
    toward = np.subtract(center, view.position)
    distance = float(np.linalg.norm(toward))
    if distance <= radius:
        return np.ones((SIZE, SIZE), dtype=bool)
    steps = (np.arange(SIZE) + 0.5) / SIZE
    columns = (1 - steps if view.mirrored else steps) * view.width
    x = (columns - view.principal_point[0]) / view.focal[0]
    y = (steps * view.height - view.principal_point[1]) / view.focal[1]
    rays = x[None, :, None] * np.array(view.right) + y[:, None, None] * np.array(view.down) + np.array(view.forward)
    cosines = rays @ (toward / distance) / np.linalg.norm(rays, axis=2)
    disc: NDArray[np.bool_] = cosines >= math.sqrt(1 - (radius / distance) ** 2)
    return disc


def _decode(encoded: bytes) -> tuple[Pixels, tuple[int, int]]:
    """(64, 64, 3) in [0, 1], and the image's width and height."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(encoded)) as image:
            size = image.size
            image.draft("RGB", (2 * SIZE, 2 * SIZE))
            small = image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BOX)
    except (OSError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise ValueError(str(error)) from error
    return (np.asarray(small) / 255).astype(np.float32), size


def _appearance(pixels: Pixels) -> NDArray[np.float32]:
    """Layout at 8 x 8, colour means and spreads, a grey histogram, gradients by cell and direction, noise."""
    blocks = pixels.reshape(8, SIZE // 8, 8, SIZE // 8, 3).mean(axis=(1, 3))
    grey = pixels @ _GREY
    shades = np.histogram(grey, bins=_GREY_BINS, range=(0, 1))[0] / grey.size
    grain = np.abs(4 * pixels[1:-1, 1:-1] - pixels[:-2, 1:-1] - pixels[2:, 1:-1] - pixels[1:-1, :-2] - pixels[1:-1, 2:])
    parts = (
        blocks.ravel(),
        pixels.mean(axis=(0, 1)),
        pixels.std(axis=(0, 1)),
        np.sqrt(shades),
        _gradients(grey),
        grain.mean(axis=(0, 1)),
    )
    return np.concatenate(parts).astype(np.float32)


def _gradients(grey: Pixels) -> Floats:
    """Histograms of oriented gradients (Dalal and Triggs 2005), with signed directions because light has a side."""
    down, right = np.gradient(grey)
    strength = np.hypot(down, right)
    direction = ((np.arctan2(down, right) / (2 * np.pi) % 1) * _ORIENTATIONS).astype(int) % _ORIENTATIONS
    cells = SIZE // _CELL
    cell = np.arange(SIZE) // _CELL
    slot = (cell[:, None] * cells + cell[None, :]) * _ORIENTATIONS + direction
    sums = np.bincount(slot.ravel(), weights=strength.ravel(), minlength=cells * cells * _ORIENTATIONS)
    histograms = sums.reshape(-1, _ORIENTATIONS)
    histograms = histograms / (np.linalg.norm(histograms, axis=1, keepdims=True) + 0.1)
    return np.asarray(histograms.ravel(), dtype=np.float64)


def _place(pixels: Pixels) -> NDArray[np.float32]:
    """Where the image differs from its border's median colour."""
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    weight = np.maximum(np.abs(pixels - np.median(border, axis=0)).mean(axis=2) - _NOTICEABLE, 0)
    total = float(weight.sum())
    if total == 0:
        return np.array([0.5, 0.5, 0, 0, 0], dtype=np.float32)
    steps = (np.arange(SIZE) + 0.5) / SIZE
    across, along = weight.sum(axis=0) / total, weight.sum(axis=1) / total
    x, y = float(across @ steps), float(along @ steps)
    spread = [math.sqrt(float(across @ (steps - x) ** 2)), math.sqrt(float(along @ (steps - y) ** 2))]
    return np.array([x, y, *spread, float((weight > 0).mean())], dtype=np.float32)
