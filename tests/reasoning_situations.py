"""Pairs of cameras with a question about them, for the tests of the reasoning texts.

The cameras of a random pair orbit the object, or move and turn independently. A question is of a random kind, whose
options and answer this file works out by rules of its own, or it is asked by a template of the package.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from viewpoint100k.dataset.schema import camera_struct
from viewpoint100k.geometry import Camera, intrinsics_from_fov, look_at, orbit
from viewpoint100k.questions import Question, ask, load_template, template_names
from viewpoint100k.questions.reasoning import Conclusion, ReasoningScene
from viewpoint100k.views.pairs import Pair

SIZE = 128

PARTS = [range(start, start + 1000) for start in range(0, 10_000, 1000)]
"""10,000 seeds for ten tests, so that each ends well within the limit of time on a busy machine."""


@dataclass(frozen=True, eq=False)
class Situation:
    """A scene, the answer to a question about it, and the row's columns for both."""

    scene: ReasoningScene
    conclusion: Conclusion

    @property
    def row(self) -> dict[str, Any]:
        scene, conclusion = self.scene, self.conclusion
        return {
            "cameras": [camera_struct(camera) for camera in scene.cameras],
            "object_center": scene.center.tolist(),
            "object_radius": scene.radius,
            "object_front": None if scene.front is None else scene.front.tolist(),
            "options": list(conclusion.options),
            "answer": conclusion.answer,
            "answer_text": conclusion.answer_text,
        }


TYPES = {
    language: [n for n in template_names() if load_template(n).reasoning and language in load_template(n).languages]
    for language in ("en", "zh")
}
"""The question types that get a reasoning text, by language."""


def situation(rng: np.random.Generator) -> Situation:
    """A random pair with a question of a random kind."""
    scene = scene_of(rng)
    return Situation(scene, conclusion_for(scene, rng))


def asked_of_type(name: str, seed: int, language: str) -> Situation | None:
    """A random pair with a question of one type of the package; None if the type does not suit the pair."""
    template = load_template(name)
    scene = scene_of(np.random.default_rng([3, seed]))
    pair = Pair(scene.cameras, scene.center, scene.radius, scene.front, overlap=0.9, answerability=0.5)
    asked = ask(template, pair, seed % max(template.options, 1), np.random.default_rng(seed), language)
    if not isinstance(asked, Question):
        return None
    kind, quantity = asked.question_type, template.quantity
    return Situation(scene, Conclusion(asked.answer, asked.answer_text, quantity, kind, asked.options, asked.text))


def walk_to_the_right(answer: str = "B", language: str = "en") -> Situation:
    """The camera goes 45 degrees around the object to the right, and turns left to keep it in view: B is right."""
    cameras = tuple(Camera(orbit(4, a, 12), intrinsics_from_fov(45, 96, 96), 96, 96) for a in (0, 45))
    options = {
        "en": ("It turned right", "It turned left", "It did not turn"),
        "zh": ("向右转", "向左转", "没有转"),
    }[language]
    text = options["ABC".index(answer)]
    return Situation(ReasoningScene(cameras, np.zeros(3), 1.0), Conclusion(answer, text, "yaw_deg", "t", options))


def scene_of(rng: np.random.Generator) -> ReasoningScene:
    """A random pair in which both cameras have the object's centre in the frame."""
    while True:
        cameras = MOTIONS[rng.integers(len(MOTIONS))](rng)
        if all(_in_frame(camera) for camera in cameras):
            break
    radius = float(rng.uniform(0.3, 3)) if rng.random() < 0.3 else 1.0
    center = rng.uniform(-5, 5, 3) if rng.random() < 0.3 else np.zeros(3)
    angle = rng.uniform(0, 2 * np.pi)
    front = np.array([np.cos(angle), np.sin(angle), 0.0]) if rng.random() < 0.5 else None
    return ReasoningScene(tuple(_placed(c, center, radius) for c in cameras), center, radius, front)


def _placed(camera: Camera, center: np.ndarray, radius: float) -> Camera:
    pose = camera.camera_to_world.copy()
    pose[:3, 3] = pose[:3, 3] * radius + center
    return Camera(pose, camera.intrinsics, camera.width, camera.height)


def _in_frame(camera: Camera) -> bool:
    pixels, depth = camera.project(np.zeros((1, 3)))
    return bool(depth[0] > 0.3 and ((pixels[0] > 2) & (pixels[0] < SIZE - 2)).all())


# --- motions ---------------------------------------------------------------------------------------------------------


def _start(rng: np.random.Generator) -> Camera:
    distance, azimuth, elevation = rng.uniform(2.4, 5), rng.uniform(-180, 180), rng.uniform(-15, 50)
    return _aimed(orbit(distance, azimuth, elevation), rng.uniform(-0.3, 0.3, 2), intrinsics(rng))


def intrinsics(rng: np.random.Generator) -> np.ndarray:
    return intrinsics_from_fov(rng.uniform(30, 65), SIZE, SIZE)


def _aimed(pose: np.ndarray, aim: np.ndarray, matrix: np.ndarray) -> Camera:
    beside = pose[:3, :2] @ aim
    return Camera(look_at(pose[:3, 3], beside), matrix, SIZE, SIZE)


def _moved(first: Camera, step: np.ndarray, turn_deg: np.ndarray, matrix: np.ndarray | None = None) -> Camera:
    """``step`` in camera 1's axes; ``turn_deg`` as yaw, pitch, roll."""
    pose = first.camera_to_world.copy()
    pose[:3, 3] += pose[:3, :3] @ step
    pose[:3, :3] = pose[:3, :3] @ Rotation.from_euler("YXZ", turn_deg, degrees=True).as_matrix()
    return Camera(pose, first.intrinsics if matrix is None else matrix, SIZE, SIZE)


def walk(rng: np.random.Generator) -> tuple[Camera, Camera]:
    """A walk around the object that looks at it, like the paper's pairs."""
    distance, azimuth, elevation = rng.uniform(2.4, 5), rng.uniform(-180, 180), rng.uniform(-15, 50)
    matrix = intrinsics(rng)
    turn, rise, farther = rng.choice([-1, 1]) * rng.uniform(5, 110), rng.normal(0, 8), rng.uniform(0.8, 1.3)
    first = _aimed(orbit(distance, azimuth, elevation), rng.uniform(-0.2, 0.2, 2), matrix)
    second = orbit(distance * farther, azimuth + turn, np.clip(elevation + rise, -60, 75))
    return first, _aimed(second, rng.uniform(-0.2, 0.2, 2), matrix)


def free(rng: np.random.Generator) -> tuple[Camera, Camera]:
    """Each part of the motion is independent: none, or of any size."""
    first = _start(rng)
    step = rng.normal(0, 0.7, 3) * (rng.random(3) < 0.5)
    turn = rng.normal(0, 10, 3) * (rng.random(3) < 0.5)
    return first, _moved(first, step, turn)


def turned_only(rng: np.random.Generator) -> tuple[Camera, Camera]:
    first = _start(rng)
    return first, _moved(first, np.zeros(3), rng.normal(0, 12, 3) * (rng.random(3) < 0.6))


def moved_only(rng: np.random.Generator) -> tuple[Camera, Camera]:
    first = _start(rng)
    return first, _moved(first, rng.normal(0, 0.5, 3) * (rng.random(3) < 0.6), np.zeros(3))


def unmoved(rng: np.random.Generator) -> tuple[Camera, Camera]:
    first = _start(rng)
    return first, _moved(first, rng.normal(0, 0.002, 3), rng.normal(0, 0.1, 3))


def zoomed(rng: np.random.Generator) -> tuple[Camera, Camera]:
    first = _start(rng)
    return first, _moved(first, np.array([0, 0, rng.normal(0, 0.4)]), rng.normal(0, 3, 3), intrinsics(rng))


def crossed(rng: np.random.Generator) -> tuple[Camera, Camera]:
    """Two independent positions; the second camera may be rolled."""
    cameras = [_start(rng), _start(rng)]
    return cameras[0], _moved(cameras[1], np.zeros(3), np.array([0, 0, rng.normal(0, 30)]))


MOTIONS: tuple[Callable[[np.random.Generator], tuple[Camera, Camera]], ...] = (
    walk,
    walk,
    free,
    free,
    turned_only,
    moved_only,
    unmoved,
    zoomed,
    crossed,
)

# --- questions -------------------------------------------------------------------------------------------------------

_NAMES: dict[str, tuple[str, str, str, float]] = {
    "translation_x": ("to the left", "to neither side", "to the right", 0.075),
    "translation_y": ("upwards", "neither way", "downwards", 0.075),
    "translation_z": ("backwards", "neither way", "forwards", 0.075),
    "height": ("lower", "at the same height", "higher", 0.075),
    "yaw_deg": ("It turned left", "It did not turn", "It turned right", 3),
    "pitch_deg": ("Down", "Neither", "Up", 3),
    "tilt_deg": ("downwards", "not at all", "upwards", 3),
    "roll_deg": ("counter-clockwise", "not at all", "clockwise", 3),
    "azimuth_deg": ("clockwise", "not at all", "counter-clockwise", 3),
    "elevation_deg": ("lower", "neither", "higher", 3),
    "object_translation": ("On your left", "Straight ahead", "On your right", 0.075),
    "front_translation": ("its own left", "neither side", "its own right", 0.075),
    "own_left": ("its own right", "neither side", "its own left", 0.075),
}


def quantities(scene: ReasoningScene) -> dict[str, float]:
    """The quantities of the questions of `conclusion_for`, computed with matrices and SciPy."""
    first, second = scene.cameras
    motion = np.linalg.inv(first.camera_to_world) @ second.camera_to_world
    yaw, pitch, roll = Rotation.from_matrix(motion[:3, :3]).as_euler("YXZ", degrees=True)
    a, b = (camera.position - scene.center for camera in scene.cameras)
    elevations = [math.degrees(math.asin(v[2] / np.linalg.norm(v))) for v in (a, b)]
    azimuths = [math.degrees(math.atan2(v[1], v[0])) for v in (a, b)]
    tilts = [math.degrees(math.asin(np.clip(camera.forward[2], -1, 1))) for camera in scene.cameras]
    hand = np.cross(a, [0, 0, 1])
    values = {
        **dict(zip(("translation_x", "translation_y", "translation_z"), motion[:3, 3] / scene.radius, strict=True)),
        "yaw_deg": yaw,
        "pitch_deg": pitch,
        "roll_deg": roll,
        "tilt_deg": tilts[1] - tilts[0],
        "azimuth_deg": math.remainder(azimuths[1] - azimuths[0], 360),
        "elevation_deg": elevations[1] - elevations[0],
        "height": (b - a)[2] / scene.radius,
        "object_translation": b @ hand / np.linalg.norm(hand) / scene.radius,
        "distance_ratio": np.linalg.norm(b) / np.linalg.norm(a),
    }
    if scene.front is not None:
        values["front_translation"] = b @ np.cross(scene.front, [0, 0, 1]) / scene.radius
        values["own_left"] = (b - a) @ np.cross([0, 0, 1], scene.front) / scene.radius
    return {name: float(value) for name, value in values.items()}


def conclusion_for(scene: ReasoningScene, rng: np.random.Generator) -> Conclusion:
    """A question of a random kind with its true answer."""
    values = quantities(scene)
    kinds = [*values, "motion_kind", "full_motion", "unheard_of", "degrees"]
    if scene.front is not None:
        kinds.append("facing_side")
    kind = str(rng.choice(kinds))
    options, right = _options(kind, scene, values)
    if not options:
        return Conclusion(right, right, "azimuth_deg", kind, ())
    shuffled = [options[i] for i in rng.permutation(len(options))]
    return Conclusion("ABCDEFGH"[shuffled.index(right)], right, kind, kind, tuple(shuffled))


def _options(kind: str, scene: ReasoningScene, values: dict[str, float]) -> tuple[list[str], str]:
    if kind in _NAMES:
        negative, none, positive, band = _NAMES[kind]
        place = (values[kind] > -band) + (values[kind] > band)
        return [negative, none, positive], (negative, none, positive)[place]
    if kind == "distance_ratio":
        place = (values[kind] > 0.93) + (values[kind] > 1.07)
        names = ["Closer to the object", "As far as before", "Farther from the object"]
        return names, names[place]
    if kind == "degrees":
        return [], f"{abs(values['azimuth_deg']):.0f}"
    if kind == "facing_side":
        assert scene.front is not None
        place = scene.cameras[1].position - scene.center
        around = math.degrees(math.atan2(place[1], place[0]) - math.atan2(scene.front[1], scene.front[0]))
        names = ["Its front", "Its left side", "Its back", "Its right side"]
        return names, names[round(math.remainder(around, 360) / 90) % 4]
    if kind == "motion_kind":
        moved = np.linalg.norm([values[f"translation_{axis}"] for axis in "xyz"]) > 0.075
        relative = scene.cameras[0].camera_to_world[:3, :3].T @ scene.cameras[1].camera_to_world[:3, :3]
        turned = np.degrees(Rotation.from_matrix(relative).magnitude()) > 3
        names = ["Neither happened", "It only turned", "It only moved", "It moved and turned"]
        return names, names[2 * bool(moved) + bool(turned)]
    side = "right" if values["translation_x"] > 0 else "left"
    names = ["It went to the left", "It went to the right", "It went nowhere"]
    none = abs(values["translation_x"]) < 0.075
    return names, names[2] if none else f"It went to the {side}"
