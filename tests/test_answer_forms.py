"""Answers as words, yes or no, numbers, sentences, poses and chats: asked, checked again, read, and exported."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any, get_args

import hand_made_dataset as hand
import numpy as np
import pytest

import viewpoint100k as vp
from viewpoint100k.check.audits.balance import constant_replies
from viewpoint100k.check.audits.problems import SampledRow, read_row
from viewpoint100k.check.audits.results import AuditSettings
from viewpoint100k.check.audits.text_audits import text_audits
from viewpoint100k.check.labels.answer_forms import accepted_error
from viewpoint100k.check.labels.definitions import packaged_definitions
from viewpoint100k.check.row_checks import check_row
from viewpoint100k.errors import UsageError
from viewpoint100k.export.prompts import turns_of
from viewpoint100k.export.protocol import Sample
from viewpoint100k.geometry import Camera
from viewpoint100k.plan.answer_forms import with_answer_forms
from viewpoint100k.plan.config import AnswerForm
from viewpoint100k.plan.layout import Block, Shard
from viewpoint100k.plan.specs import plan_pairs
from viewpoint100k.questions import load_template, template_names
from viewpoint100k.questions.answer_forms import ANSWER_FORMS, form_texts, forms_of
from viewpoint100k.questions.style import style_problems

Row = dict[str, Any]

FIRST, RIGHT = hand.pose_on_orbit(10, 20, 2.0), hand.pose_on_orbit(50, 10, 2.4)
"""Forty degrees around the object to the right, ten degrees lower, and farther by a fifth."""
FRONT = (np.cos(np.radians(70)), np.sin(np.radians(70)), 0.0)
"""Twenty degrees from the second camera's direction, to the object's own left."""


def camera(pose: np.ndarray) -> Camera:
    intrinsics = np.array([[hand.FOCAL, 0, hand.WIDTH / 2], [0, hand.FOCAL, hand.HEIGHT / 2], [0, 0, 1.0]])
    return Camera(pose, intrinsics, hand.WIDTH, hand.HEIGHT)


def question(kind: str, form: str, seed: int = 0, language: str = "en", second: np.ndarray = RIGHT) -> Any:
    cameras = [camera(FIRST), camera(second)]
    settings = {"front": FRONT, "overlap": 0.4, "answerability": 0.2, "language": language, "answer_form": form}
    return vp.ask(kind, cameras, hand.CENTER, hand.RADIUS, seed, **settings)


def row(kind: str, form: str, seed: int = 0, language: str = "en", second: np.ndarray = RIGHT) -> Row:
    """A stored row. `hand_made_dataset` computes its other columns with matrices."""
    asked = question(kind, form, seed, language, second)
    columns = hand.make_row("ego_translation", 0, 0, FIRST, second, 0.3)
    told = ("answer", "answer_text", "answer_value", "margin", "question_type", "template")
    return (
        columns
        | {name: getattr(asked, name) for name in told}
        | {"question": asked.text, "options": list(asked.options), "object_front": [float(v) for v in FRONT]}
    )


def problems(stored: Row) -> dict[str, str]:
    return {name: problem for name, problem in check_row(stored) if problem}


BIN_TYPES = [n for n in template_names() if load_template(n).answer.kind in ("bins", "combination", "choices", "open")]
ASKED = [
    (kind, form)
    for kind in BIN_TYPES
    for form in forms_of(load_template(kind))
    if form != "letter" and not load_template(kind).sketch
]


def test_the_config_knows_the_forms_of_the_questions() -> None:
    assert get_args(AnswerForm) == ANSWER_FORMS


def test_the_paper_s_types_have_every_form() -> None:
    for kind in ("ego_translation", "ego_rotation", "object_translation"):
        assert forms_of(load_template(kind), "orbit") == ANSWER_FORMS


@pytest.mark.parametrize(("kind", "form"), ASKED)
def test_a_second_path_agrees_with_every_form_of_every_type(kind: str, form: str) -> None:
    for language in ("en", "zh"):
        for seed in range(4):
            assert problems(row(kind, form, seed, language)) == {}


# --- truth worked out by hand -----------------------------------------------------------------------------------------


def test_going_right_is_a_positive_angle_around_the_object() -> None:
    asked = question("direction_and_angle", "number")
    assert (asked.answer, asked.options, asked.margin) == ("40", (), None)
    assert asked.answer_value == pytest.approx(40)
    assert "Up to 10 degrees off counts as correct." in asked.text


def test_a_pose_states_its_conventions_and_is_the_relative_pose() -> None:
    asked = question("ego_translation", "pose")
    expected = hand.relative_by_matrices(FIRST, RIGHT)
    stated = json.loads(asked.answer)
    assert (stated["azimuth_deg"], stated["elevation_deg"], stated["distance_ratio"]) == (40, -10, 1.2)
    assert all(abs(stated[name] - expected[name]) <= 0.5 for name in stated if name.endswith("_deg"))
    assert "positive to the right of someone who faces it" in asked.text


def test_words_are_one_line_of_the_list() -> None:
    for seed in range(6):
        asked = question("ego_translation", "words", seed)
        listed = [line.removeprefix("- ") for line in asked.text.splitlines() if line.startswith("- ")]
        assert len(listed) == 3
        assert asked.answer in listed
        assert "right" in asked.answer.lower()


def test_yes_is_right_of_a_true_claim_and_no_of_a_false_one() -> None:
    answers = Counter()
    for seed in range(20):
        asked = question("ego_translation", "yes_no", seed)
        claim = re.findall(r"“(.*?)”", asked.text)[-1].lower()
        assert asked.answer == ("Yes" if "right" in claim else "No"), asked.text
        answers[asked.answer] += 1
    assert min(answers["Yes"], answers["No"]) > 3


def test_a_chat_goes_from_a_claim_to_the_answer_to_its_size() -> None:
    turns = {}
    for seed in range(20):
        asked = question("ego_rotation", "chat", seed)
        said = turns_of(asked.text)
        turns[len(said)] = said
        yaw = hand.relative_by_matrices(FIRST, RIGHT)["yaw_deg"]
        assert asked.answer == str(round(abs(yaw)))
    assert turns[3][1] == "Yes"
    assert turns[5][1] == "No"
    assert "left" in turns[5][3].lower()


# --- wrong rows -------------------------------------------------------------------------------------------------------


def changed(stored: Row, **columns: Any) -> dict[str, str]:
    return problems(stored | columns | ({"answer_text": columns["answer"]} if "answer" in columns else {}))


@pytest.mark.parametrize(("kind", "form"), ASKED)
def test_every_wrong_answer_is_caught(kind: str, form: str) -> None:
    good = row(kind, form, 1)
    for wrong in wrong_answers(good, form):
        assert "label" in changed(good, answer=wrong), wrong


def wrong_answers(good: Row, form: str) -> list[str]:
    answer = good["answer"]
    match form:
        case "words":
            listed = [line[2:] for line in good["question"].splitlines() if line.startswith("- ")]
            return [option for option in listed if option != answer]
        case "yes_no":
            return ["No" if answer == "Yes" else "Yes"]
        case "pose":
            pose = json.loads(answer)
            return [json.dumps(pose | {name: pose[name] + (1 if name.endswith("deg") else 0.02)}) for name in pose]
        case "number" | "chat":
            return [str(-float(answer)) if float(answer) else "5", f"{float(answer) + 2:.9g}"]
    return ["The camera did something else.", answer.replace(".", "!")]


@pytest.mark.parametrize("form", [form for form in ANSWER_FORMS if form != "letter"])
def test_a_question_of_other_words_is_caught(form: str) -> None:
    good = row("ego_translation", form)
    for old, new in (("first", "second"), ("image 1", "image 2"), ("10", "20"), ("left", "right"), ("Yes", "No")):
        if old in good["question"]:
            said = changed(good, question=good["question"].replace(old, new, 1))
            assert said.keys() & {"wording", "label", "layout"}, (old, new)


@pytest.mark.parametrize("form", [form for form in ANSWER_FORMS if form != "letter"])
def test_cameras_that_went_the_other_way_are_caught(form: str) -> None:
    left = hand.pose_on_orbit(-30, 10, 2.4)
    good, other = row("ego_translation", form, 1), row("ego_translation", form, 1, second=left)
    swapped = good | {name: other[name] for name in ("cameras", "relative")}
    assert problems(swapped).keys() & {"label", "answer_value", "wording"}


def test_an_unknown_form_is_named() -> None:
    good = row("ego_translation", "words")
    said = changed(good, template=good["template"].replace("@words", "@song"))
    assert "song" in said["unknown_question_type"]


# --- the plan ---------------------------------------------------------------------------------------------------------

BLOCK = Block(Shard("train", 0, 1, 100), 0, 100)
EQUAL = dict.fromkeys(ANSWER_FORMS, 1.0)


def planned(config_name: str, **fields: Any) -> tuple[Any, list[Any]]:
    config = vp.load_config(config_name, **fields)
    templates = {name: load_template(name) for name in config.questions}
    return config, plan_pairs(config, BLOCK, templates)


def test_forms_come_by_their_weights_in_every_block() -> None:
    _, specs = planned("viewpoint-100k", answer_forms=EQUAL | {"words": 2.0}, reasoning_share=0.0)
    counts = Counter(asked.answer_form for spec in specs for asked in spec.questions)
    assert set(counts) == set(ANSWER_FORMS)
    assert 22 <= counts["words"] <= 28
    assert all(9 <= counts[form] <= 16 for form in ANSWER_FORMS if form != "words")


def test_half_of_the_claims_are_true() -> None:
    _, specs = planned("viewpoint-100k", answer_forms={"yes_no": 1.0, "chat": 1.0})
    sides = Counter(asked.answer_position for spec in specs for asked in spec.questions)
    assert sides == {0: 50, 1: 50}


def test_letters_alone_leave_the_plan_and_its_digest_as_they_were() -> None:
    config, specs = planned("decoupled")
    weighted, same = planned("decoupled", answer_forms={"letter": 3.0})
    assert specs == same
    assert config.digest() == weighted.digest()
    assert config.digest() != vp.load_config("decoupled", answer_forms=EQUAL).digest()
    templates = {name: load_template(name) for name in config.questions}
    assert with_answer_forms(specs, config, BLOCK, templates) == specs


def test_one_question_in_several_forms_and_reasoned_rows_keep_letters() -> None:
    _, specs = planned("decoupled", answer_forms=EQUAL, consistency_share=0.5, reasoning_share=0.2)
    for spec in specs:
        together = any(asked.form != "plain" for asked in spec.questions)
        assert all(asked.answer_form == "letter" for asked in spec.questions if together or asked.reasoned)
    assert any(asked.reasoned for spec in specs for asked in spec.questions)


def test_an_unknown_form_in_a_config_is_named() -> None:
    with pytest.raises(UsageError, match="answer_forms"):
        vp.load_config("decoupled", answer_forms={"song": 1})


def test_a_type_is_not_asked_in_a_form_that_does_not_fit() -> None:
    with pytest.raises(UsageError, match="view_order cannot be answered by pose: it has letter, words"):
        question("view_order", "pose")


def test_on_an_orbit_no_claim_says_none() -> None:
    config = vp.load_config("viewpoint-100k", answer_forms={"yes_no": 1.0}, rows=1, images={"size": 64})
    assert config.camera_motion == "orbit"
    from viewpoint100k.geometry.seeding import generator
    from viewpoint100k.questions.answer_forms import ask_in_form
    from viewpoint100k.views.pairs import Pair

    pair = Pair((camera(FIRST), camera(RIGHT)), hand.CENTER, hand.RADIUS, None, 0.4, 0.2)
    template = load_template("ego_translation")
    claims = set()
    for seed in range(40):
        asked = ask_in_form(template, pair, "yes_no", 1, generator(seed), "en", "orbit")
        claims.add(re.findall(r"“(.*?)”", asked.text)[-1].lower())  # type: ignore[union-attr]
    assert all("left" in claim for claim in claims), claims


# --- texts ------------------------------------------------------------------------------------------------------------


def texts_in(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    if isinstance(content, dict):
        return [text for value in content.values() for text in texts_in(value)]
    return [text for value in content for text in texts_in(value)] if isinstance(content, list) else []


def test_every_text_keeps_to_the_rules_of_style() -> None:
    for text in texts_in({key: value for key, value in form_texts("en").items() if key != "pose"}):
        assert list(style_problems(text)) == [], text


def test_both_languages_have_the_same_parts() -> None:
    def shape(content: Any) -> Any:
        return {key: shape(value) for key, value in content.items()} if isinstance(content, dict) else type(content)

    assert shape(form_texts("en")) == shape(form_texts("zh"))


def test_every_number_states_its_tolerance() -> None:
    for kind, form in ASKED:
        if form in ("number", "chat"):
            for language, said in (("en", r"Up to [\d.]+( degrees)? off"), ("zh", r"误差在[\d.]+度?以内")):
                assert re.search(said, question(kind, form, 3, language).text)


# --- what leaves the set ----------------------------------------------------------------------------------------------


def test_a_chat_leaves_as_turns() -> None:
    stored = next(
        r for r in (row("ego_rotation", "chat", seed) for seed in range(20)) if "No" in turns_of(r["question"])
    )
    sample = Sample("train", 0, stored, (b"1", b"2"), False, stored["question"], stored["answer"])
    roles = [role for role, _ in sample.turns()]
    assert roles == ["user", "assistant"] * 3
    assert sample.turns()[-1] == ("assistant", stored["answer"])
    assert not any("Assistant:" in text or "User:" in text for _, text in sample.turns())


def test_any_other_question_is_one_turn() -> None:
    for form in ("words", "yes_no", "number", "sentence", "pose"):
        assert turns_of(row("ego_rotation", form)["question"]) == [row("ego_rotation", form)["question"]]


# --- audits -----------------------------------------------------------------------------------------------------------


def audited(claims: list[str]) -> Any:
    """Text audits of rows with the given false claims. Every second row has a true claim."""
    rows, stored = [], row("ego_translation", "yes_no")
    for number in range(400):
        claim, answer = ("to the right", "Yes") if number % 2 else (claims[number // 2 % len(claims)], "No")
        if number % 4 > 1:  # Every other camera went left.
            claim = {"to the right": "to the left", "to the left": "to the right"}.get(claim, claim)
        said = {"question": f"Which way? Someone answers: “{claim}”. Is that so?", "answer": answer, "id": str(number)}
        rows.append(read_row(stored | said | {"asset_id": str(number // 6)}, (0, 0, number), packaged_definitions()))
    assets = np.array([one.asset for one in rows])
    return {one.problem: one for one in text_audits(rows, assets, AuditSettings())}


def test_claims_that_are_never_true_are_found() -> None:
    pytest.importorskip("sklearn")
    fair, leaking = audited(["to the left"]), audited(["to neither side"])
    assert fair["meaning"].estimate.score < 0.6
    assert leaking["meaning"].estimate.score > 0.9


def test_the_amount_and_the_distance_that_chats_ask_for_have_chances_of_their_own() -> None:
    """The question says which of the two it asks for, so its words may tell the one from the other."""
    nearer = hand.pose_on_orbit(10, 20, 1.6)  # Along the line of sight: no turn, so that the distance is asked for.
    amounts, distances = (
        {
            read_row(row("ego_rotation", "chat", seed, second=to), (0, 0, 0), packaged_definitions()).stratum
            for seed in range(4)
        }
        for to in (RIGHT, nearer)
    )
    assert (amounts, distances) == ({"ego_rotation@chat up to 5"}, {"ego_rotation@chat up to 0.05"})


@pytest.mark.parametrize(
    ("question", "error"),
    [
        ("How far around?\nJust the number, please. Up to 5 degrees off counts as correct.", 5),
        ("How high?\nGive only the number. Up to 0.05 off counts as correct.", 0.05),
        ("多少度？\n只回答这个数。误差在3度以内算对。", 3),
        ("Up to 5 degrees off counts as correct.\n\nAssistant: 4\n\nUser: Which of these is it?", None),
    ],
)
def test_the_accepted_error_is_read_from_the_last_turn(question: str, error: float | None) -> None:
    assert accepted_error(question) == error


def test_an_audit_names_a_number_that_one_constant_reply_gets_right() -> None:
    def row(place: int, answer: str) -> SampledRow:
        question = "How high?\nJust the number, please. Up to 0.4 off counts as correct."
        texts = dict.fromkeys(("category", "source", "group", "meaning", "stratum"), "")
        return SampledRow(
            **texts,
            id=str(place),
            asset=str(place),
            question_type="ego_height@number",
            template="ego_height/scene.0.0.0.0.0.0@number.0.0",
            question=question,
            options=(),
            option_meanings=(),
            answer=answer,
            answer_form="number",
            azimuth_deg=0.0,
            cameras=(),
            object_center=(),
            object_radius=1.0,
            place=(0, 0, 0),
        )

    assets = np.arange(200).astype(np.str_)
    settings = AuditSettings(resamples=50)
    for spread, score in ((0.3, 1.0), (3.0, 0.14)):
        rows = [row(place, f"{(place % 7 - 3) * spread / 3:.2f}") for place in range(200)]
        (found,) = constant_replies(rows, assets, settings)
        assert (found.audit, found.problem, found.detail) == ("constant_reply", "ego_height@number", "up to 0.4 off")
        assert found.estimate.score == pytest.approx(score, abs=0.01)
        assert found.threshold == settings.balance_threshold
