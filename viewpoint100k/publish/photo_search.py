"""Finds photos by their digest in the captures of a source; runs in worker processes, which give plain values back."""

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
    """sha256 of the image as a row holds it, hexadecimal."""
    camera_to_world: tuple[float, ...]
    """16 numbers, row-major: its camera in the capture's normalised world, which tells where to look first."""


@dataclass(frozen=True)
class Search:
    """The photos of one capture."""

    source: str
    asset_id: str
    photos: tuple[Wanted, ...]


@dataclass(frozen=True)
class Found:
    """What a search gave."""

    images: Mapping[str, bytes] = field(default_factory=dict)
    """By digest."""
    reason: str = ""
    """The reason code for which others were not found."""
    fatal: str = ""
    """A sentence, where no search can succeed before something is mended."""


_sources: dict[str, list[Source]] = {}
"""Of this process, by kind."""


def open_sources(roots: Mapping[str, Sequence[Path]], limits: CaptureLimits) -> None:
    """Makes the user's folders known to this process."""
    for kind, given in roots.items():
        _sources[kind] = [open_source(f"{kind}:{root}", captures=limits) for root in given]


def search(one: Search) -> Found:
    """Looks for the photos of a capture in every folder of its kind."""
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
    except ViewpointError as error:  # Not the capture's fault: a folder that is none, a package that is not there.
        return Found(images, reason, fatal=str(error))
    return Found(images, reason)


def _names(asset_id: str) -> Iterator[str]:
    """The capture's id, and what it is without the place that a mixture of two like sources puts before it."""
    yield asset_id
    place, colon, inner = asset_id.partition(":")
    if colon and place.isdigit():
        yield inner


def _matching(capture: CaptureAsset, wanted: Sequence[Wanted]) -> dict[str, bytes]:
    """The images among the capture's whose digest is wanted, those at the stated cameras read first."""
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
    """The image; empty where the file cannot be read any more, so that its digest is nobody's."""
    try:
        return photo.read()
    except AssetError:
        return b""
