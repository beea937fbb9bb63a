"""The planned pairs of a block are balanced in everything that could reveal an answer, before any rendering."""

from collections import Counter
from functools import cache
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewpoint100k.dataset.mutual_information import mutual_information_bits
from viewpoint100k.geometry.seeding import generator
from viewpoint100k.plan.config import BuildConfig, load_config
from viewpoint100k.plan.layout import ROWS_PER_BLOCK, Block, Shard
from viewpoint100k.plan.shares import apportion
from viewpoint100k.plan.specs import FORMS, PairSpec, plan_pairs
from viewpoint100k.questions import Template, load_template

CELLS = set(product((-1, 0, 1), repeat=2))


def config(name: str = "viewpoint-100k", **changes: object) -> BuildConfig:
    return load_config(name, [f"{key}={value}" for key, value in changes.items()])


@cache
def templates(name: str = "viewpoint-100k") -> dict[str, Template]:
    return {question: load_template(question) for question in load_config(name).questions}


def block_of(rows: int = ROWS_PER_BLOCK, index: int = 0, shard: int = 0) -> Block:
    return Block(Shard("train", shard, 5, 1000), index, rows)


def decoupled(blocks: int, **changes: object) -> list[PairSpec]:
    settled = config("decoupled", **changes)
    return [spec for i in range(blocks) for spec in plan_pairs(settled, block_of(index=i), templates("decoupled"))]


def cell(spec: PairSpec) -> tuple[int, int]:
    if spec.motion is not None:
        return spec.motion.cell
    assert spec.azimuth_deg is not None
    return (1, -1) if spec.azimuth_deg[0] > 0 else (-1, 1)


def spread(values: list[object], kinds: int) -> int:
    counts = Counter(values)
    return max(counts.values(), default=0) - (min(counts.values()) if len(counts) == kinds else 0)


@given(st.integers(0, 2**40), st.integers(1, 100), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_a_block_is_balanced_in_everything_that_could_leak(seed: int, rows: int, index: int) -> None:
    planned = plan_pairs(config(seed=seed), block_of(rows, index), templates())
    assert len(planned) == rows
    types = [spec.questions[0].template for spec in planned]
    assert spread(types, 3) <= 1
    assert spread([spec.azimuth_deg[0] > 0 for spec in planned], 2) <= 1
    assert spread([spec.questions[0].answer_position for spec in planned], 3) <= 1
    for template in templates():
        mine = [spec for spec in planned if spec.questions[0].template == template]
        assert spread([spec.azimuth_deg[0] > 0 for spec in mine], 2) <= 1
        for positive in (True, False):
            directed = [spec for spec in mine if (spec.azimuth_deg[0] > 0) == positive]
            assert spread([spec.questions[0].answer_position for spec in directed], 3) <= 2


def test_angle_bins_cover_the_range_alike_in_both_directions() -> None:
    planned = [spec for index in range(10) for spec in plan_pairs(config(), block_of(index=index), templates())]
    bins = Counter(spec.azimuth_deg for spec in planned)
    assert sorted(bins) == sorted(
        [(float(low), low + 10.0) for low in range(20, 100, 10)]
        + [(-(low + 10.0), -float(low)) for low in range(20, 100, 10)]
    )
    assert max(bins.values()) - min(bins.values()) <= 12  # of about 62 each


@pytest.mark.parametrize("name", ["viewpoint-100k", "decoupled"])
@pytest.mark.parametrize("rows", [1, 7, 45, 100])
def test_a_block_has_as_many_asks_as_rows_and_a_tenth_of_them_reasoned(name: str, rows: int) -> None:
    planned = plan_pairs(config(name), block_of(rows), templates(name))
    questions = [question for spec in planned for question in spec.questions]
    assert len(questions) == rows
    assert sum(question.reasoned for question in questions) == round(0.1 * rows)


def test_several_questions_of_a_pair_are_of_different_types() -> None:
    planned = plan_pairs(config(questions_per_pair=3), block_of(), templates())
    assert Counter(len(spec.questions) for spec in planned).most_common(1)[0][0] == 3
    assert all(len({question.template for question in spec.questions}) == len(spec.questions) for spec in planned)


def test_sideways_movement_and_turn_are_flat_over_all_nine_cells_by_rows() -> None:
    rows = Counter[tuple[int, int]]()
    for spec in decoupled(20):
        rows[cell(spec)] += len(spec.questions)
    assert set(rows) == CELLS
    assert all(0.09 < count / rows.total() < 0.135 for count in rows.values()), rows


def test_a_model_that_knows_one_bit_alone_is_at_chance_on_the_joint() -> None:
    """Who knows to which side the camera moved, and takes it to have turned to the other, guesses the turn: one in
    three. On the paper's orbits it would be right each time."""
    rows = [cell(spec) for spec in decoupled(40) for question in spec.questions if question.form == "plain"]
    told = np.mean([turn == -sideways for sideways, turn in rows])
    assert 0.3 < told < 0.37
    among_movers = [turn == -sideways for sideways, turn in rows if sideways]
    assert 0.3 < np.mean(among_movers) < 0.38
    orbits = [cell(spec) for spec in plan_pairs(config(), block_of(), templates())]
    assert all(turn == -sideways for sideways, turn in orbits)


def test_every_type_about_the_sides_sees_all_nine_cells() -> None:
    for name in ("ego_translation", "ego_rotation", "object_translation", "full_motion"):
        rows = Counter(cell(spec) for spec in decoupled(40) for question in spec.questions if question.template == name)
        assert set(rows) == CELLS
        assert all(0.06 < count / rows.total() < 0.17 for count in rows.values()), (name, rows)


def test_height_and_distance_are_flat_over_all_nine_cells() -> None:
    rows = Counter[tuple[int, int]]()
    for spec in decoupled(20):
        if spec.motion is not None:
            rows[spec.motion.height, spec.motion.distance] += len(spec.questions)
    assert set(rows) == CELLS
    assert all(0.08 < count / rows.total() < 0.14 for count in rows.values()), rows


def test_a_question_about_going_around_is_asked_where_the_camera_goes_around() -> None:
    for spec in decoupled(10):
        if any(templates("decoupled")[question.template].goes_around for question in spec.questions):
            assert cell(spec) in {(1, -1), (-1, 1)}


def test_tilt_and_roll_are_asked_for_where_they_are_asked_about_and_nowhere_else() -> None:
    levels: dict[str, Counter[int]] = {"tilt": Counter(), "roll": Counter()}
    for spec in decoupled(20):
        names = {question.template for question in spec.questions}
        for part, asked in (("tilt", "ego_pitch"), ("roll", "ego_roll")):
            level = 0 if spec.motion is None else getattr(spec.motion, part)
            if asked in names:
                levels[part][level] += 1
            elif names != {"motion_kind"}:
                assert level == 0, (names, part)
    for part, counts in levels.items():
        assert all(0.28 < counts[level] / counts.total() < 0.39 for level in (-1, 0, 1)), (part, counts)


def test_no_part_of_a_motion_tells_of_another() -> None:
    motions = [spec.motion for spec in decoupled(60) if spec.motion is not None]
    parts = np.array([(*m.cell, m.height, m.distance, m.tilt, m.roll) for m in motions]) + 1
    for one, other in combinations(range(6), 2):
        joint = Counter((str(a), str(b)) for a, b in parts[:, [one, other]].tolist())
        assert mutual_information_bits(joint)[0] < 0.02, (one, other)


def test_types_that_measure_sideways_along_two_axes_share_a_pair_only_where_the_camera_goes_around() -> None:
    for spec in decoupled(20):
        names = {question.template for question in spec.questions}
        by_object, by_camera = "object_translation" in names, names & {"ego_translation", "full_motion"}
        if spec.motion is not None and spec.motion.around_deg is None:
            assert not (by_object and by_camera)
            if by_object or by_camera:
                assert spec.motion.sideways_for == ("object" if by_object else "camera")


def test_a_share_of_pairs_is_asked_one_question_in_all_forms() -> None:
    planned = decoupled(20, consistency_share=0.2)
    forms = [spec for spec in planned if {question.form for question in spec.questions} == set(FORMS)]
    assert all(len({question.template for question in spec.questions}) == 1 for spec in forms)
    share = 4 * len(forms) / sum(len(spec.questions) for spec in planned)
    assert 0.13 < share <= 0.2


def test_the_answers_of_a_type_with_cases_take_turns() -> None:
    motions = [
        spec.motion for spec in decoupled(60) for question in spec.questions if question.template == "motion_kind"
    ]
    moved = Counter((m.cell[0] != 0, m.cell[1] != 0) for m in motions if m is not None)
    assert set(moved) == set(product((True, False), repeat=2))
    assert max(moved.values()) < 1.6 * min(moved.values()), moved


def test_objects_that_a_stage_would_betray_stand_on_none() -> None:
    for spec in decoupled(20):
        unstaged = {question.template for question in spec.questions} & {"mirrored", "cannot_tell"}
        assert spec.staged == (not unstaged)
        if spec.object == "symmetric":
            assert unstaged == {"cannot_tell"}


def test_apportioning_follows_the_weights_and_loses_no_row() -> None:
    counts = Counter(apportion(generator(1), {"a": 2.0, "b": 1.0, "c": 1.0}, 101))
    assert sum(counts.values()) == 101
    assert counts["a"] in (50, 51)
    assert counts["b"] in (25, 26)


def test_languages_are_drawn_by_weight() -> None:
    settled = load_config("viewpoint-100k", ["languages={en: 3, zh: 1}"])
    questions = [a for i in range(20) for s in plan_pairs(settled, block_of(index=i), templates()) for a in s.questions]
    share = np.mean([question.language == "zh" for question in questions])
    assert 0.2 < share < 0.3
