"""The audits of each form of answer: a form that betrays its answers is named, and balanced forms pass."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the extra [audit] is not installed")

from viewpoint100k.check.audits.classifiers import best_constants_elsewhere, commonest_elsewhere
from viewpoint100k.check.audits.form_audits import form_audits
from viewpoint100k.check.audits.judging import Measured, judge, of_each_form
from viewpoint100k.check.audits.problems import SampledRow
from viewpoint100k.check.audits.results import AuditSettings
from viewpoint100k.check.labels.answer_forms import accepted_errors_of_pose, first_reply
from viewpoint100k.check.labels.definitions import packaged_definitions

SETTINGS = AuditSettings(resamples=200)
ROWS = 600
TYPES = ("ego_translation", "ego_rotation", "ego_height")

POSE_QUESTION = "How did the camera move?\nReply with one JSON object. Up to 5 degrees and 0.1 off counts as correct."
NUMBER_QUESTION = "How far? A negative number means left.\nGive only the number. Up to 0.2 off counts as correct."
CHAT = (
    "Which way? A friend says: “to the left”. Is that correct? Answer yes or no.\n\nAssistant: {said}\n\n"
    "User: Now say by how much. How far?\nGive only the number. Up to 0.2 off counts as correct."
)


def row(place: int, form: str, meaning: str, answer: str = "", question: str = "", **columns: object) -> SampledRow:
    """A row of one of `TYPES` about one of 100 assets."""
    kind = TYPES[place % len(TYPES)]
    own = kind if form in ("letter", "words", "sentence") else f"{kind}@{form}"
    texts = dict.fromkeys(("category", "source", "group"), "")
    made = SampledRow(
        **texts,
        id=str(place),
        asset=str(place * 7 % 100),
        question_type=own,
        template=f"{kind}/scene.0.0.0.0.0.0",
        question=question,
        options=(),
        option_meanings=(),
        answer=answer or meaning,
        answer_form=form,
        meaning=meaning,
        stratum=own,
        azimuth_deg=0.0,
        cameras=(),
        object_center=(),
        object_radius=1.0,
        place=(0, 0, place),
    )
    return replace(made, **columns)  # type: ignore[arg-type]


def audited(rows: Sequence[SampledRow]) -> dict[tuple[str, str], Measured]:
    assets = np.array([one.asset for one in rows], dtype=np.str_)
    return {(m.audit, m.problem): m for m in form_audits(rows, packaged_definitions(), assets, SETTINGS)}


def failed(rows: Sequence[SampledRow]) -> set[tuple[str, str]]:
    found = list(audited(rows).values())
    return {(result.audit, result.problem) for result in judge(found, SETTINGS) if result.verdict == "fail"}


def drawn(seed: int, shares: Sequence[float], names: Sequence[str]) -> list[str]:
    return [str(name) for name in np.random.default_rng(seed).choice(names, size=ROWS, p=shares)]


FAIR, UNFAIR = (0.5, 0.5), (0.8, 0.2)


def replies(form: str, names: Sequence[str], shares: Sequence[float]) -> list[SampledRow]:
    return [row(place, form, said) for place, said in enumerate(drawn(1, shares, names))]


def chats(shares: Sequence[float]) -> list[SampledRow]:
    return [
        row(place, "chat", "0 to 0.5", "0.3", CHAT.format(said=said))
        for place, said in enumerate(drawn(2, shares, ("Yes", "No")))
    ]


def numbers(shares: Sequence[float]) -> list[SampledRow]:
    """Numbers of sizes from 1 to 3. Their signs come with the given shares."""
    sizes = np.random.default_rng(3).uniform(1, 3, ROWS)
    signs = drawn(4, shares, ("", "-"))
    return [row(n, "number", "", f"{signs[n]}{sizes[n]:.1f}", NUMBER_QUESTION) for n in range(ROWS)]


def poses(shares: Sequence[float], spread_deg: float) -> list[SampledRow]:
    rng, signs = np.random.default_rng(5), drawn(6, shares, ("1", "-1"))
    made = []
    for place in range(ROWS):
        pose = {"azimuth_deg": int(signs[place]) * round(rng.uniform(1, spread_deg)), "distance_ratio": 1.0}
        made.append(row(place, "pose", "", json.dumps(pose), POSE_QUESTION))
    return made


def words(shares: Sequence[float]) -> list[SampledRow]:
    """Rows that list two options. The places of the right one come with the given shares."""
    letters = drawn(7, shares, ("A", "B"))
    sides = drawn(8, FAIR, ("left", "right"))
    return [row(n, "words", sides[n], letters[n], options=("a", "b")) for n in range(ROWS)]


CASES = {
    ("reply_by_form", "answer by yes_no"): (
        replies("yes_no", ("yes", "no"), FAIR),
        replies("yes_no", ("yes", "no"), UNFAIR),
    ),
    ("reply_by_form", "answer by sentence"): (
        replies("sentence", ("left", "none", "right"), (1 / 3, 1 / 3, 1 / 3)),
        replies("sentence", ("left", "none", "right"), (0.3, 0.55, 0.15)),
    ),
    ("reply_by_form", "answer by chat"): (chats(FAIR), chats(UNFAIR)),
    ("place_by_form", "answer by words"): (words(FAIR), words(UNFAIR)),
    ("side_by_form", "answer by number"): (numbers(FAIR), numbers(UNFAIR)),
    ("side_by_form", "answer by pose"): (poses(FAIR, 90), poses(UNFAIR, 90)),
    # With angles up to 7 degrees on one side, the pose in the middle is right within 5 degrees of nearly all.
    ("constant_by_form", "answer by pose"): (poses(FAIR, 90), poses((1, 0), 7)),
}


@pytest.mark.parametrize("audit", CASES, ids="-".join)
def test_a_form_that_betrays_its_answers_is_named(audit: tuple[str, str]) -> None:
    fair, unfair = CASES[audit]
    assert failed(fair) == set()
    assert audit in audited(fair)
    assert audit in failed(unfair)


def test_a_form_is_judged_although_each_of_its_types_has_too_few_rows() -> None:
    (measured,) = audited(replies("yes_no", ("yes", "no"), UNFAIR)).values()
    assert ROWS // len(TYPES) == SETTINGS.min_rows
    assert measured.estimate.rows == ROWS
    assert measured.estimate.score == pytest.approx(0.8, abs=0.04)
    assert measured.estimate.chance == 0.5


def test_an_unbalanced_form_is_found_among_balanced_ones() -> None:
    letters = [
        row(n, "letter", said, "AB"[n % 2], options=("a", "b"))
        for n, said in enumerate(drawn(9, FAIR, ("left", "right")))
    ]
    assert failed([*letters, *replies("sentence", ("left", "right"), (0.8, 0.2))]) == {
        ("reply_by_form", "answer by sentence")
    }


def test_opposite_leanings_of_two_types_do_not_cancel() -> None:
    """On an orbit a move to the right goes with a turn to the left: by type the sides are far from even."""
    rows = [replace(one, answer=one.answer.lstrip("-")) for one in numbers(FAIR)]
    rows = [replace(one, answer=f"-{one.answer}") if "rotation" in one.question_type else one for one in rows]
    assert ("side_by_form", "answer by number") in failed(rows)


def test_letters_alone_have_no_audits_of_forms() -> None:
    assert audited(replies("letter", ("left", "right"), FAIR)) == {}


def test_numbers_without_a_sign_have_no_sides() -> None:
    rows = [replace(one, question_type="turn_angle@number", answer=one.answer.lstrip("-")) for one in numbers(FAIR)]
    assert "side_by_form" not in {audit for audit, _ in audited(rows)}


# --- what the audits rest on ------------------------------------------------------------------------------------------


def test_the_commonest_class_is_that_of_other_assets() -> None:
    strata = np.array(["x"] * 6 + ["y"] * 6)
    targets = np.array(["a", "a", "a", "a", "b", "b"] * 2)
    assets = np.array(["1", "1", "2", "2", "3", "3"] * 2)
    # Assets 2 and 3, and 1 and 3, have as many "a" as "b": the first counts. Assets 1 and 2 have "a" alone.
    assert (commonest_elsewhere(strata, targets, assets, folds=3) == "a").all()
    alone = commonest_elsewhere(
        np.array(["x", "x", "z"]), np.array(["a", "a", "b"]), np.array(["1", "2", "3"]), folds=3
    )
    assert alone[2] == "a"  # The stratum has no other asset: all strata decide.


def test_the_best_constant_is_that_of_other_assets() -> None:
    values = np.array([[0.0], [1.0], [1.1], [0.0], [1.0], [5.0]])
    assets = np.array(["1", "1", "1", "2", "2", "2"])
    strata = np.full(6, "x")
    right = best_constants_elsewhere(values, np.full((6, 1), 0.15), strata, assets, folds=2)
    # Asset 1 makes 1.0 (or 1.1) the constant of asset 2, where one row is right. Asset 2 makes 0.0 that of asset 1.
    assert right.tolist() == [1, 0, 0, 0, 1, 0]
    every = best_constants_elsewhere(values, np.full((6, 1), 10.0), strata, assets, folds=2)
    assert every.tolist() == [1] * 6


def test_guesses_are_told_apart_by_form() -> None:
    credit, chance = np.array([1.0, 1.0, 0.0, 0.0]), np.full(4, 0.5)
    forms, assets = np.array(["words", "words", "yes_no", "yes_no"]), np.array(["1", "2", "3", "4"])
    found = {
        m.problem: m.estimate.score
        for m in of_each_form("first_image", [(credit, chance, assets, forms)], SETTINGS, 0.05)
    }
    assert found == {"answer by words": 1.0, "answer by yes_no": 0.0}
    assert list(of_each_form("first_image", [(credit, chance, assets, np.full(4, "letter"))], SETTINGS, 0.05)) == []


def test_the_first_reply_of_a_chat_and_the_errors_of_a_pose_are_read_in_both_languages() -> None:
    assert first_reply(CHAT.format(said="No")) == "No"
    assert first_reply("往哪边？\n\n助手：是\n\n用户：多少度？") == "是"
    assert first_reply(NUMBER_QUESTION) is None
    assert accepted_errors_of_pose(POSE_QUESTION) == (5.0, 0.1)
    assert accepted_errors_of_pose("角度误差5、比值误差0.1以内算对。") == (5.0, 0.1)
    assert accepted_errors_of_pose(NUMBER_QUESTION) is None
