"""The difficulty of a row: what increases it, unknown properties, and the same selection by every reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import hand_made_dataset as hand
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viewpoint100k.dataset.difficulty import (
    FEATURES,
    HIGHEST_ERROR,
    NESTED_COLUMNS,
    Traits,
    difficulties,
    difficulty,
    features,
    parse_range,
    score,
    traits_of,
    traits_of_table,
)
from viewpoint100k.errors import UsageError

NAMES = ("angle_deg", "overlap", "answerability", "size", "margin", "typical_margin")


def traits(**values: float) -> Traits:
    """A row with average properties except ``values``."""
    middling = {"angle_deg": 60.0, "overlap": 0.4, "answerability": 0.2, "size": 0.6, "margin": 2.0}
    given = middling | {"typical_margin": 2.0} | values
    return Traits(**{name: np.array([given[name]]) for name in NAMES})


def test_the_features_by_hand() -> None:
    # 60 of 100 degrees; 0.6 not shared; 0.05 / 0.25; 1 / 1.6; typical margin over its sum with the row's, 2 / 4.
    assert features(traits()).tolist() == [pytest.approx([0.6, 0.6, 0.2, 0.625, 0.5])]


def test_the_scale_by_hand() -> None:
    tenths = tuple(range(11))
    table = np.array([[1.0, 2.0, 0.0, 0.0, 0.0], [9.0, 9.0, 0, 0, 0], [-9.0, 0, 0, 0, 0], [0.0, 0, 0, 0, 0.5]])
    # Sums 1 + 2 * 2 = 5, 27, -9 and 3 * 0.5: the middle, above the scale, below the scale, and 1.5 tenths.
    assert score(table, (1.0, 2.0, 0.0, 0.0, 3.0), tenths).tolist() == pytest.approx([0.5, 1.0, 0.0, 0.15])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # A busy machine is slow.
@given(st.sampled_from(NAMES[:5]), st.floats(0.01, 1.0), st.floats(0.01, 1.0))
def test_what_makes_a_row_hard_never_makes_it_easier(name: str, one: float, other: float) -> None:
    low, high = sorted((one, other))
    if name == "angle_deg":
        low, high = 100 * low, 100 * high
    easier, harder = score(features(traits(**{name: low}))), score(features(traits(**{name: high})))
    if name != "angle_deg":  # Larger values of the other properties are easier.
        easier, harder = harder, easier
    assert easier[0] <= harder[0]
    assert 0 <= easier[0] <= 1


@pytest.mark.parametrize("name", ["overlap", "answerability", "margin", "typical_margin"])
def test_what_is_not_known_counts_as_middling(name: str) -> None:
    known = score(features(traits(**{name: np.nan})))[0]
    assert np.isfinite(known)
    table = features(traits(**{name: np.nan}))[0]
    other = features(traits())[0]
    assert (table != other).sum() <= 1
    assert len(table) == len(FEATURES)


def test_rows_and_tables_give_the_same_numbers_to_the_last_bit(tmp_path: Path) -> None:
    folder = hand.write(tmp_path / "set", hand.GOOD)
    for path in sorted(folder.glob("data/*.parquet")):
        rows = pq.read_table(path).to_pylist()
        with pq.ParquetFile(path) as file:
            table = file.read(columns=list(NESTED_COLUMNS))
        assert features(traits_of_table(table)).tolist() == features(traits_of(rows)).tolist()
        assert difficulties(rows).tolist() == [difficulty(row) for row in rows]


def test_the_size_is_that_of_the_image_that_shows_the_object_smaller() -> None:
    row = next(iter(hand.all_rows(hand.GOOD).values()))
    far = hand.pose_on_orbit(70, 10, 6.0).ravel().tolist()
    near = hand.pose_on_orbit(20, 10, 2.0).ravel().tolist()
    cameras = [row["cameras"][0] | {"camera_to_world": pose} for pose in (near, far)]
    # By hand: radius 0.5 at distance 6 through a focal length of 60 pixels, of half an image of 48 rows.
    assert traits_of([row | {"cameras": cameras}]).size[0] == pytest.approx(0.5 * 60 / 6 / 24)


def test_the_fit_makes_the_scale_linear_in_the_error_of_answers_that_it_has_not_seen() -> None:
    from benchmarks.difficulty import Answers, bins, fit_and_test

    rng = np.random.default_rng(1)
    table = rng.random((40_000, 5)) * [1.0, 1.0, 0.5, 0.0, 0.0]
    # The errors of the networks: a curve that is far from linear in the weighted sum, from 1% to 43%.
    likely = 0.01 + 0.42 * ((3 * table[:, 0] + table[:, 1] + 2 * table[:, 2]) / 5) ** 3
    given = np.full(len(table), 3.0)
    answers = Answers(table, rng.binomial(3, likely).astype(float), given, (np.arange(len(table)) // 100).astype(str))
    found = fit_and_test(answers)
    assert found["weights"][3:] == [0.3, 0.5]
    assert found["weights"][0] / found["weights"][1] == pytest.approx(3, rel=0.1)
    assert (np.diff(found["tenths"]) > 0).all()
    assert len(found["tenths"]) == 11
    tested = found["fitted, on the other half"]
    assert len(tested) == 10
    for one in tested:
        assert one["accuracy"] == pytest.approx(one["expected"], abs=0.03)
        assert one["expected"] == pytest.approx(1 - HIGHEST_ERROR * (one["from"] + 0.05), abs=0.012)
        assert one["interval"][0] <= one["accuracy"] <= one["interval"][1]
    # Scores by hand: a row that two of three networks got wrong, and one that all got right.
    some = Answers(table[:2], np.array([2.0, 0.0]), given[:2], np.array(["a", "b"]))
    (lowest, highest) = bins(np.array([0.02, 1.0]), some)
    assert (lowest["from"], lowest["pairs"], lowest["answers"], lowest["accuracy"]) == (0.0, 1, 3, 0.3333)
    assert (highest["from"], highest["accuracy"], highest["expected"]) == (0.9, 1.0, 0.65)


@pytest.mark.parametrize("text", ["0.5", "a..b", "0.6..0.2", "-1..1", "0..2"])
def test_a_range_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"write it as 0\.\.0\.5"):
        parse_range(text)


def test_open_ends_of_a_range_are_those_of_the_scale() -> None:
    assert parse_range("0.5..") == (0.5, 1.0)
    assert parse_range("..0.25") == (0.0, 0.25)


def spread(tmp_path: Path) -> tuple[Path, list[dict[str, Any]]]:
    """A hand-made set whose rows are not all alike hard, and its training rows."""
    shards = {name: [dict(row) for row in rows] for name, rows in hand.GOOD.items()}
    train = [row for name, rows in shards.items() if name.startswith("train") for row in rows]
    for place, row in enumerate(train):
        row["relative"] = row["relative"] | {"azimuth_deg": 8.0 * place, "overlap": 1 - place / len(train)}
    return hand.write(tmp_path / "set", shards), train


def test_an_export_takes_the_rows_of_a_range_alone(tmp_path: Path) -> None:
    from viewpoint100k.export.exporter import export

    folder, train = spread(tmp_path)
    middle = float(np.median(difficulties(train)))
    expected = [row["id"] for row in train if difficulty(row) <= middle]
    export(folder, "jsonl", tmp_path / "out", split="train", reasoning_share=0, difficulty=(0.0, middle))
    lines = (tmp_path / "out" / "train.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == expected
    assert 0 < len(expected) < len(train)
    export(folder, "jsonl", tmp_path / "two", split="train", reasoning_share=0, difficulty=(0.0, middle), rows=2)
    assert len((tmp_path / "two" / "train.jsonl").read_text().splitlines()) == 2


def test_the_recipe_takes_the_same_rows(tmp_path: Path) -> None:
    from recipe.sources import OwnRows, open_sources

    folder, train = spread(tmp_path)
    middle = float(f"{np.median(difficulties(train)):.6f}")
    expected = [row["id"] for row in train if difficulty(row) >= middle]
    source = OwnRows(f"{folder}@{middle}..1")
    assert [row["id"] for row in source.rows()] == expected
    assert [row["id"] for row in source.only("id", "reasoning")] == expected
    assert source.usable() == list(range(len(expected)))
    assert open_sources(f"{folder}@{middle}..1*2", "train", 0) == {source: 2.0}
    assert OwnRows(str(folder)).columns() == source.columns()
    assert 0 < len(expected) < len(train)
