"""Finds photos by their digest in the captures of a source. Runs in worker processes, which return plain values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from viewpoint100k.assets import CaptureAsset, Photo, Source, open_source
from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.errors import AssetError, ViewpointError

__all__ = ["Found", "Search", "Wanted", "open_sources", "search"]


@dataclass(frozen=True)
class Wanted:
    """One photo to find."""

    digest: str
    """sha256 of the encoded image in the row, hexadecimal."""
    camera_to_world: tuple[float, ...]
    """``camera_to_world`` in the capture's normalised world, 16 numbers, row-major. Photos with this pose are read
    first."""


@dataclass(frozen=True)
class Search:
    """The photos of one capture."""

    source: str
    asset_id: str
    photos: tuple[Wanted, ...]


@dataclass(frozen=True)
class Found:
    """Result of a search."""

    images: Mapping[str, bytes] = field(default_factory=dict)
    """By digest."""
    reason: str = ""
    """Reason code for the photos that were not found."""
    fatal: str = ""
    """A sentence if no search can succeed until the user changes something; else empty."""


_sources: dict[str, list[Source]] = {}
"""Open sources of this process, by kind."""


def open_sources(roots: Mapping[str, Sequence[Path]], limits: CaptureLimits) -> None:
    """Opens the user's folders in this process."""
    for kind, given in roots.items():
        _sources[kind] = [open_source(f"{kind}:{root}", captures=limits) for root in given]


def search(one: Search) -> Found:
    """Searches every folder of the capture's kind for its photos."""
    images: dict[str, bytes] = {}
    reason = "capture_missing"
    try:
        for source in _sources[one.source]:
            for name in _names(one.asset_id):
                try:
                    capture = source.load(name)
                except AssetError as error:
                    reason = error.reason if error.reason != "file_missing" else reason
                    continue
                assert isinstance(capture, CaptureAsset)
                images.update(_matching(capture, [w for w in one.photos if w.digest not in images]))
                reason = "photo_differs"
                if len(images) == len(one.photos):
                    return Found(images)
    except ViewpointError as error:  # Not the capture's fault: for example a missing folder or package.
        return Found(images, reason, fatal=str(error))
    return Found(images, reason)


def _names(asset_id: str) -> Iterator[str]:
    """The capture's id, with and without the prefix that a mixture of two sources of one kind adds."""
    yield asset_id
    place, colon, inner = asset_id.partition(":")
    if colon and place.isdigit():
        yield inner


def _matching(capture: CaptureAsset, wanted: Sequence[Wanted]) -> dict[str, bytes]:
    """The capture's images with a wanted digest. Photos with the stated poses are read first."""
    poses = np.array([photo.camera.camera_to_world.ravel() for photo in capture.photos])
    digests: dict[int, str] = {}
    found: dict[str, bytes] = {}
    for one in wanted:
        nearest_first = np.linalg.norm(poses - np.array(one.camera_to_world), axis=1).argsort(kind="stable")
        for place in nearest_first.tolist():
            if place in digests and digests[place] != one.digest:
                continue
            image = _read(capture.photos[place])
            digests[place] = hashlib.sha256(image).hexdigest()
            if digests[place] == one.digest:
                found[one.digest] = image
                break
    return found


def _read(photo: Photo) -> bytes:
    """The encoded image; empty if the file cannot be read, so that its digest matches nothing."""
    try:
        return photo.read()
    except AssetError:
        return b""
