"""Measures by a capture's other photographs whether a pair of its photographs would look the same for another answer.

A capture cannot be drawn from a camera B' that went to the other side, see `viewpoint100k.views.answerability`. It may
hold a photograph from near there. The second photograph is then compared with it, and with every other photograph that
another answer would allow; the smallest difference is the pair's answerability.

Each photograph is first turned, without moving its camera, to look straight at the object's centre, upright, with the
object's sphere touching the edges. What is outside the photograph's mask becomes grey. Where a capture has no masks,
everything within the sphere's outline is compared, what lies behind the object included: a difference may then be that
of the surroundings.

Surface that neither photograph of the pair shows counts as it does for meshes. Which surface that is follows from the
cameras, as if the object were the sphere around it. So a part that sticks out, such as a handle, may count although
neither shows it. Light and shade count as well: a photograph shows on which side the light falls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.asset import Photo
from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.assets.capture_files.pictures import decode
from viewpoint100k.assets.capture_files.sampling import sampled
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry import Camera, azimuth_deg, elevation_deg, exact, look_at, wrap_deg
from viewpoint100k.views.answerability import HARDLY_A_TURN_DEG, SELF_SIMILAR, seen_colors
from viewpoint100k.views.differences import Look, changes_less, difference, plain_look
from viewpoint100k.views.settings import Pairs

__all__ = ["NO_PHOTO_NEAR", "PhotoCounterfactuals"]

NO_PHOTO_NEAR = "no_photo_near_mirrored_view"
"""Reason code: no photograph stands near where the camera would have gone for another answer."""
CUT_OFF = "object_cut_off"
"""Reason code: too little of the object is in one of the pair's photographs."""
UNREADABLE = "photo_unreadable"
"""Reason code: one of the pair's photographs cannot be read."""

_SIZE = 72
"""Pixels along each side, as for meshes."""
_FINE = 2 * _SIZE
"""A photograph is looked at so many times along each side, and four of these make a pixel."""
_BACKGROUND = 128

_NEAR_AZIMUTH_DEG = 10.0
_NEAR_ELEVATION_DEG = 3.0
"""How far a photograph may stand from the mirrored view. A symmetric object looks the same from another azimuth, but
not from another elevation."""
_BESIDE_DEG = (5.0, 13.0)
"""Azimuth change to a photograph that stands beside the second one, compared where the camera did not go around."""
_DISTANCE_RATIO = 1.25
"""How much farther one camera may be than the other: perspective changes what an object looks like."""
_CLOSEST = 1.2
"""Object radii: from closer than this its sphere is no picture any more."""
_LEAST_INSIDE, _LEAST_OF_ANOTHER = 0.5, 0.9
"""The part of the sphere's outline that the photographs of the pair must show, and those that they are compared with:
what is cut off there could have been where they differ."""


@dataclass(frozen=True, eq=False)
class _PhotoLook(Look):
    facing: NDArray[np.float64]
    """(h, w, 3): the point of the object's sphere that each pixel shows; NaN beside the sphere."""
    inside: float
    """The part of the sphere's outline that the photograph shows."""


class PhotoCounterfactuals:
    """Compares the photographs of one capture with each other. The capture's world is the normalised one."""

    def __init__(self, photos: Sequence[Photo], read: Callable[[int], bytes]) -> None:
        """``read`` gives the image file of a photo, by its place; it may raise ``AssetError``."""
        self._photos, self._read = photos, read
        self._looks: dict[int, _PhotoLook | str] = {}

    def answerability(self, first: int, second: int, pairs: Pairs) -> float | str:
        """The smallest difference between the second photograph and any that another answer would give, in hundredths
        of CIE 1976 delta E; or the reason code for which it is not known.

        ``first`` and ``second`` are places of photographs.
        """
        others = list(self._others(first, second, pairs))
        if not others:
            return NO_PHOTO_NEAR
        known, seen = self._look(first), self._look(second)
        for look in (known, seen):
            if isinstance(look, str):
                return look
        assert isinstance(known, _PhotoLook)
        assert isinstance(seen, _PhotoLook)
        plain = plain_look((seen, known))
        eyes = [self._photos[place].camera.position for place in (first, second)]
        near, found = False, []
        for place, is_near in others:
            look = self._look(place)
            if not isinstance(look, str) and look.inside >= _LEAST_OF_ANOTHER:
                near |= is_near
                found.append(difference(seen, look, _unknown(look, eyes), plain))
        if not near:
            return NO_PHOTO_NEAR
        if abs(self._turn(first, second)) > HARDLY_A_TURN_DEG and changes_less(seen, known, SELF_SIMILAR):
            found.append(difference(seen, known, np.zeros_like(known.mask), plain))
        return min(found) / 100

    def _others(self, first: int, second: int, pairs: Pairs) -> Iterator[tuple[int, bool]]:
        """The photographs that another answer would allow, and whether each stands near the mirrored view."""
        turn = self._turn(first, second)
        low, high = pairs.azimuth_deg
        for place in range(len(self._photos)):
            if place in (first, second) or not self._stands_alike(place, second):
                continue
            other = self._turn(first, place)
            if abs(turn) <= HARDLY_A_TURN_DEG:
                if _BESIDE_DEG[0] <= abs(self._turn(second, place)) <= _BESIDE_DEG[1]:
                    yield place, True
            elif other * turn < 0 and abs(other) > HARDLY_A_TURN_DEG:
                near = abs(wrap_deg(other + turn)) <= _NEAR_AZIMUTH_DEG
                if near or low <= abs(other) <= high:
                    yield place, near

    def _stands_alike(self, place: int, second: int) -> bool:
        ratio = self._distances[place] / self._distances[second]
        return (
            abs(self._elevations[place] - self._elevations[second]) <= _NEAR_ELEVATION_DEG
            and 1 / _DISTANCE_RATIO <= ratio <= _DISTANCE_RATIO
        )

    def _turn(self, first: int, second: int) -> float:
        return wrap_deg(self._azimuths[second] - self._azimuths[first])

    @cached_property
    def _azimuths(self) -> list[float]:
        return [azimuth_deg(photo.camera.position) for photo in self._photos]

    @cached_property
    def _elevations(self) -> list[float]:
        return [elevation_deg(photo.camera.position) for photo in self._photos]

    @cached_property
    def _distances(self) -> list[float]:
        return [float(exact.norm(photo.camera.position)) for photo in self._photos]

    def _look(self, place: int) -> _PhotoLook | str:
        if place not in self._looks:
            try:
                self._looks[place] = _centred(self._photos[place], self._read(place))
            except AssetError:
                self._looks[place] = UNREADABLE
        return self._looks[place]


def _centred(photo: Photo, data: bytes) -> _PhotoLook | str:
    """The photograph as it would have been taken straight at the object; or the reason code. Raises ``AssetError``."""
    distance = float(exact.norm(photo.camera.position))
    if distance < _CLOSEST:
        return CUT_OFF
    view = _view(photo.camera.position, distance)
    u, v = np.meshgrid(np.arange(_FINE) + 0.5, np.arange(_FINE) + 0.5)
    fine = np.column_stack([u.ravel(), v.ravel()])
    directions = view.unproject(fine, np.ones(len(fine))) - view.position
    places, depth = photo.camera.project(view.position + directions)
    size = (photo.camera.width, photo.camera.height)
    inside = (depth > 0) & (places >= 0).all(axis=1) & (places < size).all(axis=1)
    surface = _on_sphere(view.position, directions)
    outline = np.isfinite(surface[:, 0])
    share = np.count_nonzero(inside & outline) / np.count_nonzero(outline)
    if share < _LEAST_INSIDE:
        return CUT_OFF
    shown = inside & (outline if photo.mask is None else _sampled_mask(photo.mask(), places))
    colors = np.where(shown[:, None], _sampled_colors(photo, data, places, view), _BACKGROUND)
    quarters = colors.reshape(_SIZE, 2, _SIZE, 2, 3)
    pixels = ((quarters.sum(axis=(1, 3), dtype=np.int64) + 2) // 4).astype(np.uint8)
    return _PhotoLook(
        lab=seen_colors(pixels[None])[0],
        mask=_in_any_quarter(shown),
        beyond=_in_any_quarter(~inside),
        facing=surface.reshape(_FINE, _FINE, 3)[::2, ::2],
        inside=share,
    )


def _view(eye: NDArray[np.float64], distance: float) -> Camera:
    """A camera at ``eye`` (3,) that looks at the origin; the unit sphere around it touches the image's edges."""
    focal = _SIZE * float(np.sqrt(distance * distance - 1.0))
    intrinsics = np.array([[focal, 0, _SIZE], [0, focal, _SIZE], [0, 0, 1.0]])
    return Camera(look_at(eye, np.zeros(3)), intrinsics, _FINE, _FINE)


def _on_sphere(eye: NDArray[np.float64], directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 3): where rays from ``eye`` (3,) along ``directions`` (n, 3) meet the unit sphere first; NaN if nowhere."""
    squared, along = exact.dot(directions, directions), exact.dot(directions, eye)
    rest = along * along - squared * (float(exact.dot(eye, eye)) - 1.0)
    steps = (-along - np.sqrt(np.where(rest >= 0, rest, np.nan))) / squared
    return np.asarray(eye + steps[:, None] * directions)


def _sampled_colors(photo: Photo, data: bytes, places: NDArray[np.float64], view: Camera) -> NDArray[np.uint8]:
    """(n, 3): the photograph's colours at ``places`` (n, 2), pixels, once it is as coarse as ``view``."""
    camera = photo.camera
    toward = -camera.position / exact.norm(camera.position)
    scale = view.intrinsics[0, 0] / camera.intrinsics[0, 0] * max(float(exact.dot(camera.forward, toward)), 0.5)
    coarse = min(1.0, scale)
    size = (max(1, round(camera.width * coarse)), max(1, round(camera.height * coarse)))
    pixels = decode(data, photo.name, CaptureLimits(), size, turn=False)
    factors = np.array([size[0] / camera.width, size[1] / camera.height])
    return sampled(pixels, places * factors - 0.5, 1)


def _sampled_mask(mask: NDArray[np.bool_], places: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n,): a mask (h, w) at ``places`` (n, 2), pixels."""
    values = sampled(mask.astype(np.uint8)[..., None], places - 0.5, 0)
    return np.asarray(values[:, 0] > 0)


def _in_any_quarter(values: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(h, w): True for pixels of which ``values`` (4 h w,) are true in a quarter."""
    return np.asarray(values.reshape(_SIZE, 2, _SIZE, 2).any(axis=(1, 3)))


def _unknown(other: _PhotoLook, eyes: Sequence[NDArray[np.float64]]) -> NDArray[np.bool_]:
    """(h, w): the pixels of ``other`` on the object that face away from all of ``eyes``."""
    known = np.zeros(other.mask.shape, dtype=bool)
    for eye in eyes:
        known |= exact.dot(other.facing, eye) > 1.0
    return other.mask & np.isfinite(other.facing[..., 0]) & ~known
