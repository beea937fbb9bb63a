"""The evaluation of models with known skill gives the figures that are computed by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skilled_models as skilled
from skilled_models import DECOUPLED, ORBIT, Always, Guesses, Knows, Motion

from recipe.evaluation.answers_file import AnswersFile
from recipe.evaluation.asking import ask
from recipe.evaluation.chance import chances, joint_luck
from recipe.evaluation.conditions import CONDITIONS, plan_trials
from recipe.evaluation.directions import MIRROR, REVERSE, counterparts, opposite
from recipe.evaluation.figures import ALL, Figures, figures_of
from recipe.evaluation.findings import changes, findings
from recipe.evaluation.items import Item, item_of, read_items
from recipe.evaluation.models import Model, Prompt
from recipe.evaluation.reversal import reversed_letters
from recipe.evaluation.wordings import reworded
from viewpoint100k.errors import DataError, UsageError

PAIRS = 48
"""Pairs of the orbit set: 144 rows, a multiple of every cycle in it."""


def items_of(motions: list[Motion], pairs: int = PAIRS, kinds: tuple[str, ...] = skilled.KINDS) -> list[Item]:
    return [item_of(row) for row in skilled.make_rows(motions, pairs, kinds)]


def evaluated(
    model: Model, items: list[Item], folder: Path, conditions: tuple[str, ...] = tuple(CONDITIONS)
) -> Figures:
    plan = plan_trials(items, conditions)
    with AnswersFile(folder, {"model": type(model).__name__}) as store:
        ask(model, plan.trials, store, batch_size=16)
        return figures_of(plan, store.answers)


# --- models of known skill -------------------------------------------------------------------------------------------


def test_who_knows_all_is_right_under_every_change_and_wrong_where_nothing_is_seen(tmp_path: Path) -> None:
    figures = evaluated(Knows(), items_of(ORBIT), tmp_path)
    for condition in ("asked", "swapped", "mirrored", "paraphrased", "reordered"):
        score = figures.scores[condition][ALL]
        assert (score.rows, score.accuracy, score.unread) == (3 * PAIRS, 1.0, 0.0), condition
        if condition != "asked":
            assert (score.consistent, score.consistent_rows) == (1.0, 3 * PAIRS)
    # The answers change with the images: none is the row's own answer.
    assert figures.scores["swapped"][ALL].as_labelled == figures.scores["swapped"][ALL].unchanged == 0.0
    assert figures.scores["mirrored"][ALL].as_labelled == 0.0
    # Blank images show no motion, so the answer is "none". It is always offered and never right.
    assert figures.scores["blank"][ALL].accuracy == 0.0
    assert figures.never_right == dict.fromkeys(skilled.KINDS, ("none",))
    score = figures.scores["asked"]["ego_translation"]
    assert (score.chance, score.effective_chance, score.corrected) == (pytest.approx(1 / 3), 0.5, 1.0)
    assert figures.joint is not None
    assert (figures.joint.groups, figures.joint.accuracy, figures.joint.if_independent) == (PAIRS, 1.0, 1.0)
    assert figures.joint.luck == 0.5  # Three types, one bit: a fixed combination is right in every other pair.
    assert figures.left_out == []
    said = " ".join(findings(figures))
    assert "directions turn round: 100.0%" in said
    assert "never right here" in said
    assert "stay as they were" not in said


def test_with_images_of_another_row_the_score_is_that_rows_motion(tmp_path: Path) -> None:
    items = items_of(ORBIT)
    plan = plan_trials(items, ["shuffled"])
    alike = []
    for trial in plan.trials:
        if trial.condition == "shuffled":
            assert trial.shown is not None
            assert trial.shown.asset != trial.item.asset
            assert trial.shown.question_type == trial.item.question_type
            alike.append(np.sign(trial.shown.answer_value or 0) == np.sign(trial.item.answer_value or 0))
    figures = evaluated(Knows(), items, tmp_path)
    assert figures.scores["shuffled"][ALL].accuracy == pytest.approx(np.mean(alike))
    assert 0.3 < np.mean(alike) < 0.7


def test_always_the_same_letter_is_seen_for_what_it_is(tmp_path: Path) -> None:
    items = items_of(ORBIT)
    right = np.mean([item.answer == "A" for item in items])
    figures = evaluated(Always("A"), items, tmp_path)
    for condition in ("asked", "blank", "shuffled", "paraphrased"):
        assert figures.scores[condition][ALL].accuracy == pytest.approx(right)
    assert figures.letters["A"] == (1.0, pytest.approx(right))
    assert figures.scores["swapped"][ALL].unchanged == 1.0
    assert figures.scores["paraphrased"][ALL].consistent == 1.0
    assert figures.scores["reordered"][ALL].consistent == 0.0
    # If A is the option "none", which is the same for both orders, nothing is counted.
    swapped = figures.scores["swapped"][ALL]
    assert (swapped.consistent, swapped.consistent_rows) == (0.0, len(items) * 2 / 3)
    said = " ".join(findings(figures))
    assert "A is chosen in 100.0% of rows" in said
    assert "100.0% of the answers stay as they were" in said


def test_who_never_names_a_direction_is_not_called_consistent(tmp_path: Path) -> None:
    class Neither:
        def answers(self, batch: list[Prompt]) -> list[str]:
            return [re.search(r"^([A-C])\. (?i:n)either", prompt.question, re.MULTILINE)[1] for prompt in batch]

    items = [item for item in items_of(ORBIT) if re.search(r"^[A-C]\. (?i:n)either", item.question, re.MULTILINE)]
    figures = evaluated(Neither(), items, tmp_path, ("swapped", "mirrored"))
    assert figures.scores["asked"][ALL].accuracy == 0.0
    for condition in ("swapped", "mirrored"):
        score = figures.scores[condition][ALL]
        assert (score.consistent, score.consistent_rows, score.unchanged) == (None, 0, 1.0)


def test_a_habit_of_letters_shows_as_soon_as_the_options_move(tmp_path: Path) -> None:
    class ShunsB:
        """Knows all answers, but says A if B is right."""

        def __init__(self) -> None:
            self._inner = Knows()

        def answers(self, batch: list[Prompt]) -> list[str]:
            return [letter.replace("B", "A") for letter in self._inner.answers(batch)]

    items = items_of(ORBIT)
    share = {letter: np.mean([item.answer == letter for item in items]) for letter in "ABC"}
    figures = evaluated(ShunsB(), items, tmp_path)
    assert figures.scores["asked"][ALL].accuracy == pytest.approx(1 - share["B"])
    assert figures.letters["A"] == (pytest.approx(share["A"] + share["B"]), pytest.approx(share["A"]))
    assert figures.letters["B"] == (0.0, pytest.approx(share["B"]))
    # Shifted by one place, the right answer goes from A to B, B to C, C to A; both answers must be right to agree,
    # or A must be given to a row whose right letter is B first and then be what the mapping says.
    assert figures.scores["reordered"][ALL].consistent == pytest.approx(share["C"])
    assert any("habit" in sentence for sentence in findings(figures))


def test_guessing_is_at_the_chance_of_the_options_and_below_the_effective_one(tmp_path: Path) -> None:
    figures = evaluated(Guesses(), items_of(ORBIT, 120), tmp_path, ("asked",))
    score = figures.scores["asked"][ALL]
    assert score.interval[0] < 1 / 3 < score.interval[1]
    assert score.corrected == pytest.approx((score.accuracy - 0.5) / 0.5)
    assert score.corrected < 0  # A third is right. Without the option that is never right, it would be a half.
    assert figures.joint is not None
    assert figures.joint.accuracy < 0.2


def test_one_bit_is_everything_on_an_orbit_and_half_when_decoupled(tmp_path: Path) -> None:
    orbit = evaluated(skilled.knows_one_bit(), items_of(ORBIT), tmp_path / "orbit")
    assert orbit.scores["asked"][ALL].accuracy == 1.0
    kinds = ("ego_translation", "ego_rotation")
    figures = evaluated(skilled.knows_one_bit(), items_of(DECOUPLED, PAIRS, kinds), tmp_path / "decoupled", ("asked",))
    # The model sees the step and assumes the opposite turn, which is true for two of the four motions.
    assert figures.scores["asked"]["ego_translation"].accuracy == 1.0
    assert figures.scores["asked"]["ego_rotation"].accuracy == 0.5
    assert figures.joint is not None
    assert (figures.joint.accuracy, figures.joint.luck) == (0.5, 0.25)
    assert figures.joint.if_independent == pytest.approx(0.5)
    assert "Cannot be told from guessing: ego_rotation." in findings(figures)
    both = evaluated(Knows(), items_of(DECOUPLED, PAIRS, kinds), tmp_path / "both", ("asked",))
    assert both.joint is not None
    assert both.joint.accuracy == 1.0


def test_one_guessed_bit_gets_whole_groups_right_as_one_fixed_combination_does(tmp_path: Path) -> None:
    figures = evaluated(skilled.guesses_one_bit(), items_of(ORBIT, 200), tmp_path, ("asked",))
    joint = figures.joint
    assert joint is not None
    # If one answer of a group is right, all are: the joint accuracy equals the accuracy.
    assert joint.accuracy == pytest.approx(figures.scores["asked"][ALL].accuracy)
    assert joint.luck == 0.5
    assert joint.interval[0] < 0.5 < joint.interval[1]
    assert joint.if_independent == pytest.approx(figures.scores["asked"][ALL].accuracy ** 3)
    said = " ".join(findings(figures))
    assert "as they would be without a look at the images (50.0%)" in said
    assert "what is known of one is known of the others" in said


def test_who_does_not_see_the_order_is_found_out_by_swapping(tmp_path: Path) -> None:
    rows = skilled.make_rows(ORBIT, PAIRS)
    figures = evaluated(skilled.blind_to_order(rows), [item_of(row) for row in rows], tmp_path)
    assert figures.scores["asked"][ALL].accuracy == 1.0
    swapped = figures.scores["swapped"][ALL]
    assert (swapped.accuracy, swapped.as_labelled, swapped.unchanged, swapped.consistent) == (0.0, 1.0, 1.0, 0.0)
    assert any("the order of the images is hardly used" in sentence for sentence in findings(figures))


def test_format_and_accuracy_are_two_things(tmp_path: Path) -> None:
    items = items_of(ORBIT)
    tagged = Knows(says=lambda letter: f"<think>It moved.</think><answer>{letter}</answer>")
    good = evaluated(tagged, items, tmp_path / "tagged", ("asked",))
    assert (good.scores["asked"][ALL].formatted, good.scores["asked"][ALL].accuracy) == (1.0, 1.0)
    plain = evaluated(Knows(), items, tmp_path / "plain", ("asked",))
    assert (plain.scores["asked"][ALL].formatted, plain.scores["asked"][ALL].accuracy) == (0.0, 1.0)
    mute = evaluated(Knows(says=lambda letter: "<think>It"), items, tmp_path / "mute")
    assert (mute.scores["asked"][ALL].unread, mute.scores["asked"][ALL].accuracy) == (1.0, 0.0)
    assert mute.scores["swapped"][ALL].unchanged is None
    said = " ".join(findings(mute))
    assert "100.0% of the texts state no answer" in said
    assert "Worse than guessing" not in said
    assert "the order of the images" not in said
    dressed = Guesses(3)
    for_show = evaluated(
        type(
            "Dressed",
            (),
            {"answers": lambda self, b: [f"<think>So.</think><answer>{a}</answer>" for a in dressed.answers(b)]},
        )(),
        items,
        tmp_path / "dressed",
        ("asked",),
    )
    (sentence,) = changes(plain, for_show, ("sft", "grpo"), (-0.3, (-0.4, -0.2)))
    assert sentence.startswith("From sft to grpo the format rate rose from 0.0% to 100.0%, while answer accuracy fell")
    assert sentence.endswith("row by row -30.0 points, -40.0 to -20.0.")
    (sentence,) = changes(plain, for_show, ("sft", "grpo"), (-0.01, (-0.03, 0.01)))
    assert "but answer accuracy cannot be told apart" in sentence
    assert sentence.endswith("a reward that rose, rose by the format.")
    (sentence,) = changes(plain, plain, ("sft", "grpo"), (-0.04, (-0.06, -0.02)))
    assert sentence.startswith("From sft to grpo answer accuracy fell from")


# --- what each condition does to a row -------------------------------------------------------------------------------


def test_the_way_back_is_worked_out_and_not_assumed() -> None:
    (row,) = skilled.make_rows(ORBIT[:1], 1, ("ego_translation",))
    item = item_of(row)
    letters = reversed_letters(item)
    assert isinstance(letters, dict)
    assert item.options["ABC".index(letters[item.answer])] == row["options"]["ABC".index(item.answer)].replace(
        "right", "left"
    )
    # Camera 2 far ahead and a little to the right, turned by 90 degrees: from there camera 1 lies to the right too.
    turned = skilled.hand.pose_on_orbit(0, 0, 2.0)
    ahead = turned.copy()
    ahead[:3, :3] = turned[:3, :3] @ np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]], dtype=float)
    ahead[:3, 3] = turned[:3, 3] + 1.5 * turned[:3, 2] + 0.3 * turned[:3, 0]
    value = 0.3 / skilled.hand.RADIUS
    cameras = [
        {**c, "camera_to_world": p.ravel().tolist()} for c, p in zip(row["cameras"], (turned, ahead), strict=True)
    ]
    odd = replace(item, cameras=tuple(cameras), answer_value=value, margin=value - 0.1)
    back = np.linalg.inv(ahead) @ turned
    assert back[0, 3] > 0
    assert reversed_letters(odd) == "not_its_opposite"
    assert reversed_letters(replace(item, answer_value=None)) == "no_quantity"
    assert reversed_letters(replace(item, answer_value=12.3, margin=12.2)) == "no_quantity"


def test_what_a_condition_cannot_say_is_counted_with_a_reason() -> None:
    (row,) = skilled.make_rows(ORBIT[:1], 1, ("ego_translation",))
    item = item_of(row)
    angle = replace(
        item,
        id="open",
        question="How far?\nGive a number.",
        options=(),
        answer="40",
        question_type="turn_angle_of_mine",
        template="turn_angle_of_mine/a",
    )
    views = replace(item, id="views", question_type="views", options=("A", "B"), answer="A", images=item.images * 2)
    plan = plan_trials([item, angle, views], list(CONDITIONS))
    assert plan.left_out == {
        ("swapped", "views", "not_two_images"): 1,
        ("first_grey", "views", "not_two_images"): 1,
        ("second_grey", "views", "not_two_images"): 1,
        ("mirrored", "turn_angle_of_mine", "no_sides_among_the_options"): 1,
        ("mirrored", "views", "no_sides_among_the_options"): 1,
        ("paraphrased", "turn_angle_of_mine", "wording_unknown"): 1,
        ("paraphrased", "views", "wording_unknown"): 1,
        ("reordered", "turn_angle_of_mine", "open_question"): 1,
        ("reordered", "views", "letters_name_places"): 1,
        ("shuffled", "ego_translation", "no_other_object"): 1,
        ("shuffled", "turn_angle_of_mine", "no_other_object"): 1,
        ("shuffled", "views", "no_other_object"): 1,
    }
    swapped = [t for t in plan.trials if t.condition == "swapped" and t.item is angle]
    assert [t.answer for t in swapped] == [None]  # Asked as a control, without a known right answer.


def test_every_row_of_a_built_set_can_be_asked_in_every_way(small_dataset: Path) -> None:
    items = read_items(small_dataset)
    plan = plan_trials(items, list(CONDITIONS))
    by_condition = {name: [t for t in plan.trials if t.condition == name] for name in CONDITIONS}
    assert {name: len(trials) for name, trials in by_condition.items() if name != "shuffled"} == dict.fromkeys(
        (name for name in CONDITIONS if name != "shuffled"), len(items)
    )
    for trial in by_condition["swapped"]:
        # An orbit: every direction is reversed.
        assert trial.answer is not None
        assert trial.answer != trial.item.answer
    for item, trial in zip(items, by_condition["paraphrased"], strict=True):
        assert trial.question != item.question
        assert trial.question.splitlines()[1] == f"A. {trial.options[0]}"


def test_paraphrases_keep_the_meaning_of_every_letter() -> None:
    for row in skilled.make_rows(ORBIT, 12):
        other = reworded(item_of(row))
        assert isinstance(other, tuple)
        assert skilled.asked(other[0]) == skilled.asked(row["question"])
        assert other[0] != row["question"]


def test_a_row_of_an_older_wording_is_left_as_it_is() -> None:
    item = item_of(skilled.make_rows(ORBIT, 1)[0])
    left = next(option for option in item.options if "left" in option.lower())
    older = tuple("An older text" if option == left else option for option in item.options)
    question = item.question.replace(left, "An older text")
    assert reworded(replace(item, options=older, question=question)) == "wording_has_changed"
    assert reworded(replace(item, question="Another question?")) == "wording_has_changed"
    assert reworded(replace(item, template="ego_translation/nobody")) == "wording_unknown"


def test_images_are_changed_as_the_condition_says() -> None:
    (row,) = skilled.make_rows(ORBIT[:1], 1, ("ego_translation",))
    item = item_of(row)
    first, second = item.pictures()
    shown = {t.condition: t.prompt().images for t in plan_trials([item], list(CONDITIONS)).trials}
    assert [image.tobytes() for image in shown["swapped"]] == [second.tobytes(), first.tobytes()]
    assert shown["mirrored"][0].getpixel((0, 0)) == first.getpixel((63, 0))
    assert first.getpixel((skilled.LEFT, 5)) == shown["mirrored"][0].getpixel((skilled.RIGHT, 5)) == (255, 255, 255)
    assert [image.getcolors() for image in shown["blank"]] == [[(64 * 48, (128, 128, 128))]] * 2


@pytest.mark.parametrize(
    ("text", "mirrored", "reverse"),
    [
        ("To the left", "to the right", "to the right"),
        ("Leftward", "rightward", "rightward"),
        ("Anticlockwise", "clockwise", "clockwise"),
        ("counter_clockwise", "clockwise", "clockwise"),
        ("clockwise", "counterclockwise", "counterclockwise"),
        ("up", "up", "down"),
        ("Tilted downwards", "tilted downwards", "tilted upwards"),
        ("closer", "closer", "farther"),
        ("upright", "upright", "upright"),
        ("none", "none", "none"),
        ("40 degrees to the right", "40 degrees to the left", "40 degrees to the left"),
    ],
)
def test_the_opposite_of_a_text(text: str, mirrored: str, reverse: str) -> None:
    assert opposite(text, MIRROR) == mirrored
    assert opposite(text, REVERSE) == reverse


def test_an_opposite_that_is_not_offered_is_no_counterpart() -> None:
    assert counterparts(["left", "none", "right"], MIRROR) == {"A": "C", "B": "B", "C": "A"}
    assert counterparts(["20 degrees left", "40 degrees left", "20 degrees right"], MIRROR) == {"A": "C", "C": "A"}
    assert counterparts(["up", "none", "down"], MIRROR) == {}


# --- chance -----------------------------------------------------------------------------------------------------------


def test_chance_is_of_the_options_that_are_ever_right() -> None:
    few = chances(items_of(ORBIT, 4))
    assert [chance.effective for chance in few.values()] == pytest.approx([1 / 3] * 12)  # Too few rows for a verdict.
    many = chances(items_of(ORBIT, 20))
    assert {(chance.effective, chance.never_right) for chance in many.values()} == {(0.5, ("none",))}


def test_chance_at_an_open_question_is_the_best_single_number() -> None:
    (row,) = skilled.make_rows(ORBIT[:1], 1, ("ego_translation",))
    base = replace(item_of(row), options=(), question_type="turn_angle_open", question="How many degrees?")
    angles = [20, 25, 30, 38, 60, 90]
    items = [replace(base, id=str(a), answer=str(a)) for a in angles]
    # 20 to 38 lie within 10 degrees of 29, or of 28; no more than four fit under any number.
    assert [chance.effective for chance in chances(items).values()] == pytest.approx([4 / 6] * 6)
    # In another unit a tenth is allowed: 27.5 lies within a tenth of 25, 27.4 of 30, and no number of three of them.
    times = [replace(item, question="How many times as far?") for item in items]
    assert [chance.effective for chance in chances(times).values()] == pytest.approx([2 / 6] * 6)


def test_luck_is_the_commonest_combination_of_answers_or_else_guessing() -> None:
    kinds = skilled.KINDS[:2]

    def luck(pairs: int) -> float:
        items = items_of(DECOUPLED, pairs, kinds)
        return joint_luck([items[place : place + 2] for place in range(0, len(items), 2)], chances(items))

    assert luck(80) == 0.25  # Four combinations, equally frequent.
    assert luck(8) == pytest.approx(1 / 9)  # Too few groups to tell one from another: a third of a third.
    assert joint_luck([], {}) == 0.0


# --- rows that ask in several forms ----------------------------------------------------------------------------------


def items_in_forms(pairs: int) -> list[Item]:
    """Each question unchanged, swapped, mirrored and paraphrased, as rows of a group. The first answer is "right"."""
    items = []
    for pair in range(pairs):
        motions = (Motion(1, -1), Motion(-1, 1))
        there, back = (item_of(skilled.make_rows([motion], 1, ("ego_translation",))[0]) for motion in motions)
        forms = [(there, ""), (back, "+swapped"), (back, "+mirrored"), (there, "")]
        for number, (item, form) in enumerate(forms):
            template = f"{item.template}{form}"
            items.append(replace(item, id=f"{pair}-{number}", group=f"g{pair}", asset=f"a{pair}", template=template))
    return items


def test_rows_in_several_forms_must_agree(tmp_path: Path) -> None:
    class AlwaysRight:
        """Always says "to the right"."""

        def answers(self, batch: list[Prompt]) -> list[str]:
            return [skilled.letter_of(prompt.question, "right") for prompt in batch]

    items = items_in_forms(6)
    knows = evaluated(Knows(), items, tmp_path / "knows", ("asked",)).forms
    stuck = evaluated(AlwaysRight(), items, tmp_path / "stuck", ("asked",)).forms
    assert list(knows) == list(stuck) == ["mirrored", "paraphrased", "swapped"]
    assert {(form.pairs, form.both_right, form.consistent) for form in knows.values()} == {(6, 1.0, 1.0)}
    assert {name: (form.both_right, form.consistent) for name, form in stuck.items()} == {
        "mirrored": (0.0, 0.0),
        "paraphrased": (1.0, 1.0),
        "swapped": (0.0, 0.0),
    }
    assert evaluated(Knows(), items_of(ORBIT, 4), tmp_path / "none", ("asked",)).forms == {}


# --- open questions --------------------------------------------------------------------------------------------------


def test_open_answers_are_right_within_ten_degrees(tmp_path: Path) -> None:
    (row,) = skilled.make_rows(ORBIT[:1], 1, ("ego_translation",))
    base = replace(item_of(row), options=(), question_type="turn_angle_open", question="By how many degrees?")
    items = [replace(base, id=f"r{a}", asset=f"a{a}", group=f"g{a}", answer=str(a)) for a in (20, 40, 60, 80)]

    class Says45:
        def answers(self, batch: list[object]) -> list[str]:
            return ["about 45 degrees"] * len(batch)

    figures = evaluated(Says45(), items, tmp_path, ("asked", "blank"))
    assert figures.scores["asked"]["turn_angle_open"].accuracy == 0.25
    assert figures.scores["blank"][ALL].accuracy == 0.25
    assert figures.letters == {}
    assert figures.joint is None


# --- reading rows ----------------------------------------------------------------------------------------------------


def test_a_sample_is_of_whole_groups_and_grows_with_its_size(tmp_path: Path) -> None:
    folder = skilled.write(tmp_path / "set", skilled.make_rows(ORBIT, 20))
    few, more = read_items(folder, rows=10), read_items(folder, rows=30)
    assert len(few) == 12
    assert {item.id for item in few} < {item.id for item in more}
    groups = {item.group for item in few}
    assert sum(item.group in groups for item in read_items(folder)) == 12


def test_folders_that_cannot_be_asked_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it is no data set folder"):
        read_items(tmp_path)
    rows = skilled.make_rows(ORBIT, 2)
    folder = skilled.write(tmp_path / "set", rows)
    with pytest.raises(UsageError, match="its splits are test"):
        read_items(folder, "train")
    rows[1]["images"][0]["bytes"] = None
    with pytest.raises(DataError, match=rows[1]["id"]):
        read_items(skilled.write(tmp_path / "damaged", rows))
    (tmp_path / "broken" / "data").mkdir(parents=True)
    (tmp_path / "broken" / "data" / "test-00000-of-00001.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match="cannot be read"):
        read_items(tmp_path / "broken")
    twice = skilled.make_rows(ORBIT, 1)
    with pytest.raises(DataError, match="same id"):
        read_items(skilled.write(tmp_path / "twice", twice + twice))
