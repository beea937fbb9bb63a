"""Reasoning texts: every statement is parsed back and true, they fit hand-made situations, and they vary."""

from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reasoning_situations import PARTS, SIZE, Situation, scene_of, situation
from test_wordings import reading_ease

from viewpoint100k.geometry import Camera, intrinsics_from_fov, look_at, orbit
from viewpoint100k.questions.reasoning import (
    Conclusion,
    ReasoningScene,
    argument_problems,
    claims,
    judge,
    write,
)
from viewpoint100k.questions.reasoning.observe import observe
from viewpoint100k.questions.reasoning.phrases import NUMBER, phrases
from viewpoint100k.questions.style import style_problems

LENS = intrinsics_from_fov(45, SIZE, SIZE)
SOUTH = np.array([0.0, -1.0, 0.0])


def camera(eye: tuple[float, float, float], target: tuple[float, float, float] = (0, 0, 0)) -> Camera:
    return Camera(look_at(eye, target), LENS, SIZE, SIZE)


def rolled(first: Camera, clockwise_deg: float) -> Camera:
    """The same view after the photographer turns the camera clockwise: its right side sinks."""
    c, s = math.cos(math.radians(clockwise_deg)), math.sin(math.radians(clockwise_deg))
    pose = first.camera_to_world.copy()
    right, down = pose[:3, 0].copy(), pose[:3, 1].copy()
    pose[:3, 0], pose[:3, 1] = c * right + s * down, c * down - s * right
    return Camera(pose, first.intrinsics, SIZE, SIZE)


def said(first: Camera, second: Camera, quantity: str = "unheard_of") -> dict[str, str]:
    """The facts about a pair, as kind (and image) to value. With a ``quantity``, all that 60 texts about it claim.

    The object's front is to the south.
    """
    scene = ReasoningScene((first, second), np.zeros(3), 1.0, SOUTH)
    known = [fact for fact in observe(scene).values() if not fact.value.startswith("slight")]
    found = {f"{fact.kind}{fact.image or ''}": {fact.value.replace("little_", "")} for fact in known}
    if quantity != "unheard_of":
        asked = Conclusion("A", "Something", quantity, "test", ("Something", "Anything"))
        found = {}
        for seed in range(60):
            for claim in claims(write(scene, asked, np.random.default_rng(seed)) or ""):
                if not claim.kind.startswith(("if_", "not_", "format")):
                    found.setdefault(f"{claim.kind}{claim.image or ''}", set()).add(claim.value.replace("little_", ""))
    return {kind: " ".join(sorted(values)) for kind, values in found.items()}


# --- situations worked out by hand -----------------------------------------------------------------------------------


def test_a_walk_to_the_right_around_the_object() -> None:
    # Camera 1 stands south of the object, camera 2 south-east, and both look at it. The camera goes to the right,
    # counter-clockwise from above, and turns left to keep the object in view. East was at image 1's right edge.
    found = said(camera((0, -4, 0)), camera((2.83, -2.83, 0)))
    expected = {
        "moved_x": "right",
        "yaw": "left",
        "azimuth": "counterclockwise",
        "object_side": "left",
        "flank_x": "right",
        "parallax": "left",
        "background_x": "right",
        "kept_x": "out_left",
        "same_faces": "different",
        "both_x": "middle",
        "scale": "none",
        "top": "",
        "faces1": "front",
        "faces_two2": "front_left",
        "height": "none",
        "moved_z": "forwards",
        "tilt": "none",
    }
    assert {kind: found.get(kind, "") for kind in expected} == expected
    assert found.get("roll", "none") == "none"  # level all the way


def test_a_pan_to_the_right_with_the_camera_in_its_place() -> None:
    # The axis turns from north to the east: the object and everything behind it slide to the left.
    found = said(camera((0, -4, 0)), camera((0, -4, 0), (0.9, 0, 0)))
    expected = {
        "moved_x": "none",
        "yaw": "right",
        "shift_x": "left",
        "background_x": "left",
        "same_faces": "same",
        "flank_x": "none",
        "azimuth": "none",
        "distance": "none",
        "object_side": "none",
        "faces1": "front",
        "faces2": "front",
    }
    assert {kind: found.get(kind) for kind in expected} == expected
    assert "parallax" not in found


def test_a_step_to_the_left_without_a_turn() -> None:
    found = said(camera((0, -4, 0)), camera((-0.8, -4, 0), (-0.8, 0, 0)))
    expected = {"moved_x": "left", "yaw": "none", "shift_x": "right", "background_x": "none", "flank_x": "left"}
    assert {kind: found.get(kind) for kind in expected} == expected


def test_a_crane_upwards_that_tilts_down_to_the_object() -> None:
    found = said(camera((0, -4, 0)), camera((0, -3.5, 2)))
    expected = {"height": "up", "tilt": "down", "top": "more", "elevation": "up", "yaw": "none", "moved_x": "none"}
    assert {kind: found.get(kind) for kind in expected} == expected
    assert found["looks_down1"] == "none"


def test_a_dolly_towards_the_object() -> None:
    found = said(camera((0, -4, 0)), camera((0, -2.8, 0)))
    expected = {"distance": "closer", "scale": "larger", "moved_z": "forwards", "lens": "none", "yaw": "none"}
    assert {kind: found.get(kind, "").replace(" times", "") for kind in expected} == expected


def test_a_roll_clockwise_leans_the_picture_to_the_left() -> None:
    first = camera((0, -4, 0))
    found = said(first, rolled(first, 20), "roll_deg")
    expected = {"roll": "clockwise", "lean": "left", "moved_x": "none", "yaw": "none", "same_faces": "same"}
    assert {kind: found.get(kind) for kind in expected} == expected


def test_a_walk_to_the_back_of_the_object() -> None:
    found = said(camera((0.2, -4, 0)), camera((0, 4, 0)))
    assert (found["faces1"], found["faces2"]) == ("front", "back")
    assert "parallax" not in found
    assert "azimuth" not in found  # Half a turn is to neither side.


def test_a_longer_lens_is_not_taken_for_a_step_forwards() -> None:
    first = camera((0, -4, 0))
    longer = Camera(first.camera_to_world, intrinsics_from_fov(32, SIZE, SIZE), SIZE, SIZE)
    found = said(first, longer)
    assert (found["scale"], found["lens"], found["distance"]) == ("larger", "narrower", "none")


def test_what_is_too_small_to_tell_is_left_out() -> None:
    # Three degrees of yaw are neither a turn nor none, and nothing else changes.
    found = said(camera((0, -4, 0)), camera((0, -4, 0), (4 * math.tan(math.radians(3)), 0, 0)))
    assert not {"yaw", "background_x"} & set(found)
    asked = said(camera((0, -4, 0)), camera((0, -4, 0), (4 * math.tan(math.radians(3)), 0, 0)), "yaw_deg")
    assert asked["yaw"] == "slight_right"


@pytest.mark.parametrize("turn_deg", [25, 43, 67, 88])
def test_sizes_are_rounded_as_an_eye_would(turn_deg: float) -> None:
    scene = ReasoningScene(tuple(Camera(orbit(4, a, 10), LENS, SIZE, SIZE) for a in (0, turn_deg)), np.zeros(3), 1.0)
    asked = Conclusion("A", "It turned left", "yaw_deg", "test", ("It turned left", "It turned right"))
    texts = [write(scene, asked, np.random.default_rng(seed)) for seed in range(80)]
    numbers = {float(n) for text in texts for n in re.findall(r"(\d+) degrees", text or "")}
    assert numbers
    assert all(number % 5 == 0 and abs(number - turn_deg) < 7 for number in numbers)


# --- random situations -----------------------------------------------------------------------------------------------

_DIRECTIONS = re.compile(
    r"\b(left|right|up|down|upper|lower|above|below|higher|upwards|downwards|raised|lowered|larger|smaller|closer"
    r"|nearer|farther|away|more|less|clockwise|counter-clockwise|forwards|backwards|rises|sinks|top|bottom|front|back"
    r"|narrower|wider|steeper|flatter)\b|\d+(\.\d+)?|“[^”]*”|(?<=option )[A-Z]\b|(?<=choose )[A-Z]\b|(?<=is )[A-Z]\b"
)


def skeleton(text: str) -> str:
    return _DIRECTIONS.sub("_", text)


def check_many(seeds: range) -> None:
    skeletons, words, argued, silent = set(), list[int](), 0, 0
    for seed in seeds:
        made = situation(np.random.default_rng(seed))
        text = write(made.scene, made.conclusion, np.random.default_rng([seed, 1]))
        if text is None:
            silent += 1  # The images do not show enough to settle the question.
            continue
        assert argument_problems(text, made.row) == [], (seed, text)
        found = judge(text, made.row)
        assert len(found.true) >= 3
        assert found.share_true == 1
        assert 15 <= len(text.split()) <= 250, (seed, len(text.split()), text)
        argued += any(claim.because for claim in found.true)
        words.append(len(text.split()))
        skeletons.add(skeleton(text))
    assert silent < 0.35 * len(seeds)
    assert len(skeletons) >= min(200, len(words) * 0.8)
    assert argued == len(words)
    assert min(words) < 40
    assert max(words) > 200


def test_every_claim_of_250_texts_is_parsed_back_and_true() -> None:
    check_many(range(250))


@pytest.mark.slow
@pytest.mark.parametrize("seeds", PARTS, ids=lambda seeds: f"from-{seeds.start}")
def test_every_claim_of_10000_texts_is_parsed_back_and_true(seeds: range) -> None:
    check_many(seeds)


def test_a_text_keeps_to_the_rules_of_style_and_is_easy_to_read() -> None:
    for seed in range(300):
        made = situation(np.random.default_rng([11, seed]))
        text = write(made.scene, made.conclusion, np.random.default_rng([12, seed]))
        if text is not None:
            thought = text[len("<think>") : text.index("</think>")]
            assert list(style_problems(thought)) == [], thought
            assert reading_ease(thought) >= 55, thought
            sentences = re.split(r"(?<=\.) ", thought)
            assert len(set(sentences)) == len(sentences), thought


def test_few_texts_begin_two_sentences_alike() -> None:
    texts = repeated = 0
    for seed in range(300):
        made = situation(np.random.default_rng([13, seed]))
        text = write(made.scene, made.conclusion, np.random.default_rng([14, seed]))
        if text is not None:
            begins = [" ".join(sentence.lower().split()[:5]) for sentence in re.split(r"(?<=\.) ", text[7:])]
            texts += 1
            repeated += len(set(begins)) < len(begins)
    assert texts > 200
    assert repeated < 0.05 * texts


def test_no_text_concludes_a_movement_from_evidence_twice() -> None:
    paths = 0
    for seed in range(300):
        made = situation(np.random.default_rng([15, seed]))
        text = write(made.scene, made.conclusion, np.random.default_rng([16, seed]))
        if text is None:
            continue
        found = [claim for claim in claims(text) if claim.because and claim.kind != "answer"]
        concluded = Counter(claim.kind for claim in found if not claim.kind.startswith(("not_", "kept", "beyond")))
        assert max(concluded.values(), default=0) <= 1, text
        paths += len(concluded) > 2
    assert paths > 30


def test_the_same_seed_writes_the_same_text() -> None:
    made = situation(np.random.default_rng(5))
    texts = {write(made.scene, made.conclusion, np.random.default_rng(9)) for _ in range(3)}
    assert len(texts) == 1
    assert None not in texts


_MIRRORED = {"left": "right", "right": "left", "clockwise": "counterclockwise", "counterclockwise": "clockwise"}


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**32))
def test_a_mirrored_scene_flips_left_and_right_and_nothing_else(seed: int) -> None:
    scene = scene_of(np.random.default_rng(seed))
    mirror = np.diag([-1.0, 1, 1, 1])
    flipped = tuple(
        # Mirror the world's x and the camera's own x, so that the pose stays a rotation.
        Camera(mirror @ c.camera_to_world @ mirror, c.intrinsics, SIZE, SIZE)
        for c in scene.cameras
    )
    front = None if scene.front is None else mirror[:3, :3] @ scene.front
    mirrored = observe(ReasoningScene(flipped, mirror[:3, :3] @ scene.center, scene.radius, front))
    for key, fact in observe(scene).items():
        parts = fact.value.split("_")
        expected = "_".join(_MIRRORED.get(part, part) for part in parts) if fact.kind != "place" else fact.value
        assert mirrored[key].value == expected, key


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 2**32), st.floats(0.1, 20), st.floats(0, 360))
def test_scale_and_heading_of_the_world_change_nothing(seed: int, scale: float, heading_deg: float) -> None:
    scene = scene_of(np.random.default_rng(seed))
    c, s = math.cos(math.radians(heading_deg)), math.sin(math.radians(heading_deg))
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    cameras = []
    for one in scene.cameras:
        pose = np.eye(4)
        pose[:3, :3] = turn @ one.camera_to_world[:3, :3]
        pose[:3, 3] = scale * turn @ one.position
        cameras.append(Camera(pose, one.intrinsics, SIZE, SIZE))
    front = None if scene.front is None else turn @ scene.front
    other = observe(ReasoningScene(tuple(cameras), scale * turn @ scene.center, scale * scene.radius, front))
    assert {k: f.value for k, f in other.items()} == {k: f.value for k, f in observe(scene).items()}


# --- other numbers of images, and what cannot be argued --------------------------------------------------------------


def views(*azimuths: float) -> ReasoningScene:
    return ReasoningScene(
        tuple(Camera(orbit(4, a, 10), LENS, SIZE, SIZE) for a in azimuths), np.zeros(3), 1.0, np.array([1.0, 0, 0])
    )


def test_three_and_more_views_get_a_shorter_text() -> None:
    made = Situation(
        views(0, 35, -60, 80), Conclusion("C", "Image 3", "azimuth_deg", "which_view", ("a", "b", "Image 3"))
    )
    text = write(made.scene, made.conclusion, np.random.default_rng(0))
    assert text is not None
    assert argument_problems(text, made.row) == []
    around = {claim.image: claim.value for claim in claims(text) if claim.kind == "around"}
    assert around == {2: "counterclockwise", 3: "clockwise", 4: "counterclockwise"}


def test_a_single_view_tells_which_side_it_shows() -> None:
    made = Situation(
        views(90), Conclusion("A", "Its left side", "facing_side", "facing", ("Its left side", "Its back"))
    )
    text = write(made.scene, made.conclusion, np.random.default_rng(0))
    assert text is not None
    assert argument_problems(text, made.row) == []
    assert "left" in {claim.value for claim in claims(text) if claim.kind == "faces"}


@pytest.mark.parametrize("quantity", ["mirrored", "answerability", "1 - mirrored"])
def test_what_poses_cannot_settle_gets_no_text(quantity: str) -> None:
    made = situation(np.random.default_rng(1))
    asked = Conclusion("A", "Mirrored", quantity, "mirrored", ("Mirrored", "The same"))
    assert write(made.scene, asked, np.random.default_rng(0)) is None


@pytest.mark.parametrize("text", ["It moved. Then it “turned”", "12 <b> apples", "line\nline", "x" * 300, "None."])
def test_odd_option_texts_are_quoted_or_left_out(text: str) -> None:
    made = situation(np.random.default_rng(2))
    made = Situation(made.scene, Conclusion("B", text, "2 * translation_x", "odd", ("another", text)))
    for seed in range(20):
        written = write(made.scene, made.conclusion, np.random.default_rng(seed))
        assert written is not None
        assert argument_problems(written, made.row) == []


def test_a_question_about_nothing_that_can_be_argued_gets_no_text() -> None:
    made = situation(np.random.default_rng(2))
    asked = Conclusion("B", "It did", "unheard_of", "odd", ("It did not", "It did"))
    assert all(write(made.scene, asked, np.random.default_rng(seed)) is None for seed in range(20))


# --- the phrase table ------------------------------------------------------------------------------------------------

_SYNONYMS = {
    "up": {"up", "upper", "above", "higher", "upwards", "rises", "top", "raised", "steeper"},
    "down": {"down", "lower", "below", "downwards", "sinks", "bottom", "lowered", "flatter"},
    "closer": {"closer", "nearer"},
    "farther": {"farther", "away"},
    "counterclockwise": {"counter-clockwise"},
    "none": {"neither", "nothing", "not", "same", "keeps", "kept", "keep", "about", "no", "stayed", "level", "as"},
    "middle": {"middle", "about", "roughly", "near"},
}
"""A wording of a value contains at least one of these words. The wordings of other values contain the value itself."""

_SYNONYMS_OF = {
    **{
        (f"{form}azimuth", "clockwise"): {"clockwise", "left"} for form in ("", "if_", "not_")
    },  # as an observer who faces it says
    **{(f"{form}azimuth", "counterclockwise"): {"counter-clockwise", "right"} for form in ("", "if_", "not_")},
    ("horizon", "kept"): {"just", "much"},
    ("looks_down", "up"): {"up", "below"},
    ("looks_down", "down"): {"down", "above"},
}
_IN_OTHER_WORDS = {"place", "direction", "frame_swap", "same_faces"}
_EXTENTS = {"little", "far", "slight", "out", "times"}


def test_every_wording_names_the_direction_that_it_stands_for() -> None:
    table = phrases()
    for texts in (table.clauses[0], table.numbered_clauses[0], table.verbs[0], table.numbered_verbs[0]):
        for (kind, value, _), wordings in texts.items():
            if kind in _IN_OTHER_WORDS or (kind.startswith(("if_", "not_", "beyond")) and value == "none"):
                continue
            for part in set(value.split("_")) - _EXTENTS:
                wanted = _SYNONYMS_OF.get((kind, part)) or _SYNONYMS.get(part, {part})
                for wording in wordings:
                    assert wanted & set(re.findall(r"[a-z-]+", wording.lower())), (kind, value, wording)


@pytest.mark.parametrize(("language", "camera"), [("en", "the camera "), ("zh", "相机")])
def test_every_wording_is_read_as_what_it_stands_for(language: str, camera: str) -> None:
    table = phrases(language)
    for style in range(table.styles):
        for subject, texts in (
            ("", table.clauses[style]),
            ("", table.numbered_clauses[style]),
            (camera, table.verbs[style]),
            (camera, table.numbered_verbs[style]),
        ):
            for (kind, value, image), wordings in texts.items():
                for wording in wordings:
                    sentence = f"{subject}{wording.replace(NUMBER, '40')}{table.full_stop}"
                    text = f"<think>{sentence}</think><answer>A</answer>"
                    claim, _ = claims(text)
                    assert (claim.kind, claim.image) == (kind, image), wording
                    assert claim.value == value, wording
                    assert (claim.number == 40) == (NUMBER in wording), wording
