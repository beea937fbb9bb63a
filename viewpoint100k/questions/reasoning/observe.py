"""Computes from the poses what two images show and how the camera moved between them, in words.

All computations use camera 1's axes, so that the motion is one matrix and the object a few vectors. The checker uses
the world's axes and other formulas.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import Camera, exact
from viewpoint100k.questions.reasoning.bands import BANDS, LIMITS, MAY_BE_SLIGHT

__all__ = ["Fact", "Facts", "ReasoningScene", "observe", "observe_single", "observe_views"]

Floats = NDArray[np.float64]
Vector = tuple[float, float, float]

_SIGNS = {
    **dict.fromkeys(("left", "down", "smaller", "wider", "closer", "less", "counterclockwise", "backwards"), -1),
    **dict.fromkeys(("right", "up", "larger", "narrower", "farther", "more", "clockwise", "forwards"), 1),
}
_AGAINST = frozenset({"azimuth", "around", "looks_down"})
"""Kinds whose positive word is negative for other kinds. Counter-clockwise from above is to the right."""


@dataclass(frozen=True, eq=False)
class ReasoningScene:
    """The cameras and the object of a reasoning text."""

    cameras: tuple[Camera, ...]
    """In the order of the images."""
    center: Floats
    """(3,): the object's centre, world units."""
    radius: float
    """Radius of the object about its centre, world units; 1 for rendered meshes."""
    front: Floats | None = None
    """(3,): unit vector out of the object's front; None if the front is unknown."""
    background: bool = True
    """True if something is visible far behind the object. If not, texts do not mention the background."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A true statement, in the words of the phrase table."""

    kind: str
    value: str
    image: int = 0
    measure: float | None = None
    """The signed size, if there is one."""

    @property
    def sign(self) -> int:
        """-1, 0 or 1; positive is right, up, larger, and the other positive directions of `BANDS`."""
        sign = _SIGNS.get(self.value.rpartition("_")[2], 0)
        return -sign if self.kind in _AGAINST else sign


Facts = Mapping[str, Fact]
"""By kind. The key of a fact about one image ends with the number of the image, such as ``place_x2``."""


def observe(scene: ReasoningScene) -> dict[str, Fact]:
    """All facts about the first two images that are clear enough for a word."""
    pair = _Pair(scene)
    found: dict[str, Fact] = {}
    for kind, measure in pair.measures():
        if kind.startswith("background") and not scene.background:
            continue
        word = BANDS[kind].word(measure)
        if word is not None:
            found[kind] = Fact(kind, word, measure=measure)
        elif kind in MAY_BE_SLIGHT and (slight := BANDS[kind].slight_word(measure)) is not None:
            found[f"slight_{kind}"] = Fact(kind, slight, measure=measure)
    for kind, image, measure in pair.places():
        word = BANDS[kind].word(measure)
        if word is not None:
            found[f"{kind}{image}"] = Fact(kind, word, image, measure)
    for fact in (*pair.kept(), *pair.named(), *_facing(scene)):
        found[f"{fact.kind}{fact.image or ''}"] = fact
    for axis in "xy":
        first, second = found.get(f"place_{axis}1"), found.get(f"place_{axis}2")
        if first is not None and second is not None and first.value == second.value:
            found[f"both_{axis}"] = Fact(f"both_{axis}", first.value)
    _with_extent(found)
    if "horizon" in found and found["horizon"].value == "none" and pair.leans:
        found["horizon"] = replace(found["horizon"], value="kept")
    if "top" in found and not pair.top_is_seen:
        del found["top"]
    return found


def observe_single(scene: ReasoningScene) -> dict[str, Fact]:
    """The facts about a single image: the visible side of the object, and whether the camera looks down or up at it."""
    return {f"{fact.kind}{fact.image}": fact for fact in _facing(scene)}


def observe_views(scene: ReasoningScene) -> dict[str, Fact]:
    """For three or more images: the direction around the object from the first image to each other image."""
    azimuths = [_azimuth(camera, scene.center) for camera in scene.cameras]
    found = {}
    for place, azimuth in enumerate(azimuths[1:], start=2):
        measure = math.remainder(azimuth - azimuths[0], 360)
        word = BANDS["around"].word(measure)
        if word is not None:
            found[f"around{place}"] = Fact("around", word, place, measure)
    return found


class _Pair:
    """Two cameras and the object, in camera 1's axes: x right, y down, z forwards."""

    def __init__(self, scene: ReasoningScene) -> None:
        first, second = scene.cameras[:2]
        inverse = first.world_to_camera
        motion = exact.matmul(inverse, second.camera_to_world)
        self.radius = scene.radius
        self.motion: list[list[float]] = motion.tolist()
        self.step: Vector = tuple(motion[:3, 3].tolist())
        self.center: Vector = tuple(exact.transform_points(inverse, scene.center).tolist())
        self.up: Vector = tuple(inverse[:3, 2].tolist())
        self.plan = _plan(self.up)
        self.front = None if scene.front is None else tuple(exact.transform_directions(inverse, scene.front).tolist())
        self.lenses = [_lens(camera) for camera in (first, second)]
        # From the object's centre to each camera, and the centre in each camera's axes.
        self.sight = tuple(-c for c in self.center), tuple(s - c for s, c in zip(self.step, self.center, strict=True))
        self.local = self.center, self._turned_back(tuple(-v for v in self.sight[1]))
        self.distances = tuple(_length(v) for v in self.sight)
        self.directions = tuple(
            tuple(v / d for v in sight) for sight, d in zip(self.sight, self.distances, strict=True)
        )
        self.elevations = tuple(math.degrees(exact.asin(_unit(_dot(v, self.up)))) for v in self.directions)

    @property
    def top_is_seen(self) -> bool:
        """True if the higher camera is clearly above the object."""
        return max(self.elevations) >= LIMITS["top_seen_above"]

    @property
    def leans(self) -> bool:
        """True if camera 1 leans too far for its horizon to be called level."""
        return abs(self.up[0]) > LIMITS["leans"] * exact.hypot(self.up[0], self.up[1])

    def measures(self) -> Iterator[tuple[str, float]]:
        """Signed quantities of the pair. Undefined quantities are left out."""
        yield from self._movements()
        yield from self._turns()
        yield from self._of_object()
        yield from self._in_images()

    def _movements(self) -> Iterator[tuple[str, float]]:
        x, y, z = (s / self.radius for s in self.step)
        yield "moved_x", x
        yield "moved_y", -y
        yield "moved_z", z
        yield "height", _dot(self.step, self.up) / self.radius
        yield "distance", exact.log(self.distances[1] / self.distances[0])

    def _turns(self) -> Iterator[tuple[str, float]]:
        m = self.motion
        level = exact.hypot(m[0][2], m[2][2])
        if level > 0.05:
            yield "yaw", math.degrees(exact.atan2(m[0][2], m[2][2]))
            yield "roll", math.degrees(exact.atan2(m[1][0], m[1][1]))
            yield "lean", math.degrees(exact.atan2(-m[1][0], m[1][1]))
        yield "pitch", math.degrees(exact.atan2(-m[1][2], level))
        ups = self.up, self._turned_back(self.up)
        if min(exact.hypot(up[0], up[1]) for up in ups) > 0.3:
            leans = [math.degrees(exact.atan2(up[0], -up[1])) for up in ups]
            yield "horizon", math.remainder(leans[1] - leans[0], 360)
            yield "bank", math.remainder(leans[0] - leans[1], 360)
        forwards = m[0][2], m[1][2], m[2][2]
        tilts = (math.degrees(exact.asin(_unit(_dot(axis, self.up)))) for axis in ((0.0, 0.0, 1.0), forwards))
        before, after = tilts
        yield "tilt", after - before
        # Camera 1's forward axis in camera 2: the place of camera 1's far background.
        yield "background_x", math.degrees(exact.atan2(m[2][0], m[2][2]))
        yield "background_y", math.degrees(exact.atan2(-m[2][1], exact.hypot(m[2][0], m[2][2])))

    def _of_object(self) -> Iterator[tuple[str, float]]:
        first, second = (self._on_plan(v) for v in self.sight)
        lengths = _length(first), _length(second)
        if min(lengths) > 0.05 * min(self.distances):
            turn = exact.atan2(first[0] * second[1] - first[1] * second[0], _dot2(first, second))
            yield "azimuth", math.degrees(turn)
        if lengths[0] > 0.05 * self.distances[0]:
            yield "object_side", (first[1] * second[0] - first[0] * second[1]) / lengths[0] / self.radius
        yield "elevation", self.elevations[1] - self.elevations[0]
        yield "top", self.elevations[1] - self.elevations[0]
        if self.front is not None:
            ahead = self._on_plan(self.front)
            length = _length(ahead)
            if length > 0.2:
                moved = second[0] - first[0], second[1] - first[1]
                yield "front_side", (ahead[1] * second[0] - ahead[0] * second[1]) / length / self.radius
                yield "own_side", (ahead[1] * moved[0] - ahead[0] * moved[1]) / length / self.radius

    def _in_images(self) -> Iterator[tuple[str, float]]:
        v1, v2 = self.directions
        for kind, axis, sign in (("flank_x", 0, 1), ("flank_y", 1, -1)):
            # Camera 1's right or up, perpendicular to its line of sight to the object.
            across = tuple(sign * ((i == axis) - v1[axis] * v) for i, v in enumerate(v1))
            length = _length(across)
            if length > 0.2:
                yield kind, math.degrees(exact.atan2(_dot(v2, across) / length, _dot(v2, v1)))
        focal = [lens[0] for lens in self.lenses]
        yield "lens", exact.log(focal[1] / focal[0])
        depths = [local[2] for local in self.local]
        if min(depths) > 0.1 * min(self.distances):
            by_depth = exact.log(focal[1] / focal[0] * depths[0] / depths[1])
            by_distance = exact.log(focal[1] / focal[0] * self.distances[0] / self.distances[1])
            if BANDS["scale"].word(by_depth) == BANDS["scale"].word(by_distance):
                yield "scale", by_depth
            spots = [_spot(local, lens) for local, lens in zip(self.local, self.lenses, strict=True)]
            yield "shift_x", spots[1][0] - spots[0][0]
            yield "shift_y", spots[1][1] - spots[0][1]
            if math.degrees(exact.acos(_unit(_dot(v1, v2)))) <= LIMITS["parallax_turn_most"]:
                # The nearest point to camera 1 lies along v1 from the centre. This is its sideways place in image 2.
                near = self._turned_back(v1)
                offset = near[0] - self.local[1][0] / self.local[1][2] * near[2]
                yield "parallax", offset

    def places(self) -> Iterator[tuple[str, int, float]]:
        """The place of the object's centre in each image: kind, image, half widths or half heights from the middle."""
        for image, (local, lens) in enumerate(zip(self.local, self.lenses, strict=True), start=1):
            if local[2] > 0.1 * self.distances[image - 1]:
                x, y = _spot(local, lens)
                if max(abs(x), abs(y)) <= 1:
                    yield "place_x", image, x
                    yield "place_y", image, y

    def kept(self) -> Iterator[Fact]:
        """The place of the object in image 2 for a camera that moved in the same way but did not turn."""
        local = tuple(-v for v in self.sight[1])
        if local[2] <= 0.05 * self.distances[1]:
            # The object is behind or beside the camera: out of the frame on that side.
            offset = local[0] / self.distances[1]
            if abs(offset) > 0.3:
                yield Fact("kept_x", "out_right" if offset > 0 else "out_left")
            return
        for kind, offset in zip(("kept_x", "kept_y"), _spot(local, self.lenses[1]), strict=True):
            band = BANDS[kind]
            if LIMITS["kept_out"] <= abs(offset):
                yield Fact(kind, f"out_{band.positive if offset > 0 else band.negative}", measure=offset)
            elif (word := band.word(offset)) is not None:
                yield Fact(kind, word, measure=offset)
        if self.local[1][2] > 0.1 * self.distances[1]:
            seen, alone = _spot(self.local[1], self.lenses[1]), _spot(local, self.lenses[1])
            for kind, after, before in zip(("beyond_x", "beyond_y"), seen, alone, strict=True):
                if (word := BANDS[kind].word(after - before)) is not None:
                    yield Fact(kind, word, measure=after - before)

    def named(self) -> Iterator[Fact]:
        """Facts with their own words."""
        moved = _length(self.step) / self.radius
        yield from _either("place", moved, "place_kept", "kept", "place_left", "left")
        trace = self.motion[0][0] + self.motion[1][1] + self.motion[2][2]
        turned = math.degrees(exact.acos(_unit((trace - 1) / 2)))
        yield from _either("direction", turned, "direction_kept", "kept", "direction_changed", "changed")
        between = math.degrees(exact.acos(_unit(_dot(*self.directions))))
        yield from _either("same_faces", between, "faces_same", "same", "faces_different", "different")
        # The observer's right along camera 1's x axis: it is opposite to camera 1's right.
        facing = self.directions[0]
        across = facing[1] * self.up[2] - facing[2] * self.up[1]
        if across <= -LIMITS["swap"]:
            yield Fact("frame_swap", "opposite")

    def _turned_back(self, vector: tuple[float, ...]) -> tuple[float, ...]:
        """A direction in camera 2's axes."""
        m = self.motion
        return tuple(m[0][i] * vector[0] + m[1][i] * vector[1] + m[2][i] * vector[2] for i in range(3))

    def _on_plan(self, vector: tuple[float, ...]) -> tuple[float, float]:
        """A direction on the floor plan."""
        east, north = self.plan
        return _dot(vector, east), _dot(vector, north)


def _plan(up: Vector) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Two level axes, the second a quarter turn counter-clockwise from the first as seen from above."""
    axis = (1.0, 0.0, 0.0) if abs(up[0]) < 0.9 else (0.0, 0.0, 1.0)
    along = _dot(axis, up)
    level = tuple(a - along * u for a, u in zip(axis, up, strict=True))
    length = _length(level)
    east = tuple(v / length for v in level)
    return east, _cross(up, east)


def _either(kind: str, size: float, low: str, small: str, high: str, large: str) -> Iterator[Fact]:
    if size <= LIMITS[low]:
        yield Fact(kind, small, measure=size)
    elif size >= LIMITS[high]:
        yield Fact(kind, large, measure=size)


def _with_extent(found: dict[str, Fact]) -> None:
    """Adds "a little" or "fully" to the facts about a flank, and "a little" to the fact about the top."""
    top = found.get("top")
    if (
        top is not None
        and top.measure is not None
        and top.value != "none"
        and abs(top.measure) <= LIMITS["flank_little"]
    ):
        found["top"] = Fact("top", f"little_{top.value}", measure=top.measure)
    flank = found.get("flank_x")
    if flank is None or flank.measure is None or flank.value == "none":
        return
    size = abs(flank.measure)
    if size <= LIMITS["flank_little"]:
        found["flank_x"] = Fact("flank_x", f"little_{flank.value}", measure=flank.measure)
    elif LIMITS["flank_far_from"] <= size <= LIMITS["flank_far_to"]:
        found["flank_x"] = Fact("flank_x", f"far_{flank.value}", measure=flank.measure)


def _facing(scene: ReasoningScene) -> Iterator[Fact]:
    """The side of the object that faces each camera, and whether the camera looks down on the object."""
    front = None if scene.front is None else scene.front.tolist()
    known = front is not None and exact.hypot(front[0], front[1]) > 0.2
    for image, camera in enumerate(scene.cameras[:2], start=1):
        x, y, z = (camera.position - scene.center).tolist()
        elevation = math.degrees(exact.atan2(z, exact.hypot(x, y)))
        word = BANDS["looks_down"].word(elevation)
        if word is not None:
            yield Fact("looks_down", word, image, elevation)
        if known and front is not None and abs(elevation) <= LIMITS["faces_elevation_most"]:
            azimuth = math.degrees(exact.atan2(y, x) - exact.atan2(front[1], front[0]))
            yield from _sides(math.remainder(azimuth, 360), image)


def _sides(azimuth: float, image: int) -> Iterator[Fact]:
    """``azimuth`` is counter-clockwise from the front, so that the object's own left lies at 90 degrees."""
    for middle, side in ((0, "front"), (90, "left"), (180, "back"), (-90, "right")):
        if abs(math.remainder(azimuth - middle, 360)) <= LIMITS["faces"]:
            yield Fact("faces", side, image, azimuth)
    hand = "left" if azimuth > 0 else "right"
    end = "front" if abs(azimuth) < 90 else "back"
    from_end = abs(azimuth) if end == "front" else 180 - abs(azimuth)
    if LIMITS["faces_two_from"] <= from_end <= LIMITS["faces_two_to"]:
        yield Fact("faces_two", f"{end}_{hand}", image, azimuth)


def _azimuth(camera: Camera, center: Floats) -> float:
    x, y, _ = (camera.position - center).tolist()
    return math.degrees(exact.atan2(y, x))


def _lens(camera: Camera) -> tuple[float, float, float, float, float]:
    """Focal length over half of the shorter side; focal lengths and principal point in half widths and heights."""
    (fx, _, cx), (_, fy, cy), _ = camera.intrinsics.tolist()
    half_width, half_height = camera.width / 2, camera.height / 2
    shorter = min(half_width, half_height)
    return fx / shorter, fx / half_width, fy / half_height, cx / half_width - 1, cy / half_height - 1


def _spot(local: tuple[float, ...], lens: tuple[float, float, float, float, float]) -> tuple[float, float]:
    """Half widths to the right of the image's middle, half heights above it."""
    x, y, z = local
    return lens[1] * x / z + lens[3], -(lens[2] * y / z + lens[4])


def _dot(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _dot2(a: tuple[float, float], b: tuple[float, float]) -> float:
    return a[0] * b[0] + a[1] * b[1]


def _length(a: tuple[float, ...]) -> float:
    """Of a vector with two or three entries."""
    first, second, *third = a
    return math.sqrt(first * first + second * second + (third[0] * third[0] if third else 0.0))


def _cross(a: tuple[float, ...], b: tuple[float, ...]) -> tuple[float, float, float]:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def _unit(cosine: float) -> float:
    return max(-1.0, min(1.0, cosine))
