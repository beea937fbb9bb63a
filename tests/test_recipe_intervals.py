"""Intervals compared with SciPy's, and how often they contain the true value."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_rel

from recipe.evaluation.intervals import clustered_change, clustered_wilson, wilson


@pytest.mark.parametrize(("right", "rows"), [(0, 10), (10, 10), (7, 10), (450, 1000)])
def test_independent_rows_have_wilsons_interval(right: int, rows: int) -> None:
    oracle = binomtest(right, rows).proportion_ci(0.95, "wilson")
    assert wilson(right / rows, rows) == pytest.approx((oracle.low, oracle.high))


def test_rows_of_one_object_that_agree_count_as_one() -> None:
    rng = np.random.default_rng(0)
    coins = (rng.random(400) < 0.6).astype(float).tolist()
    names = [f"asset-{i}" for i in range(400)]
    alone = clustered_wilson(coins, names)
    oracle = binomtest(int(sum(coins)), 400).proportion_ci(0.95, "wilson")
    assert alone == pytest.approx((oracle.low, oracle.high), abs=0.003)
    fourfold = clustered_wilson([c for c in coins for _ in range(4)], [n for n in names for _ in range(4)])
    assert fourfold == pytest.approx(alone, abs=0.002)
    assert clustered_wilson([1.0] * 40, [f"{i // 4}" for i in range(40)]) == pytest.approx(wilson(1.0, 10))
    assert clustered_wilson([], []) == (0.0, 1.0)


def test_the_interval_holds_the_truth_in_95_of_100_sets() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        # 40 objects with different skills, 5 rows per object.
        skill = rng.beta(4, 2, 40)
        rows = (rng.random((40, 5)) < skill[:, None]).astype(float).ravel().tolist()
        low, high = clustered_wilson(rows, [str(i // 5) for i in range(200)])
        held += low <= 4 / 6 <= high
    assert 0.91 < held / 400 < 0.985


def test_a_change_row_by_row_is_a_paired_t_test_where_every_row_has_its_own_object() -> None:
    rng = np.random.default_rng(2)
    before = (rng.random(200) < 0.9).astype(float)
    after = np.where(rng.random(200) < 0.1, 0.0, before)
    names = [f"asset-{i}" for i in range(200)]
    oracle = ttest_rel(after, before).confidence_interval(0.95)
    mean, interval = clustered_change(before.tolist(), after.tolist(), names)
    assert mean == pytest.approx(float((after - before).mean()))
    assert interval == pytest.approx((oracle.low, oracle.high))
    fourfold = clustered_change(
        *([c for c in x for _ in range(4)] for x in (before, after)), [n for n in names for _ in "1234"]
    )
    assert fourfold[1] == pytest.approx(interval)
    unchanged = clustered_change([1.0] * 40, [1.0] * 40, [f"{i // 4}" for i in range(40)])
    assert unchanged == (0.0, pytest.approx((-wilson(0.0, 10)[1], wilson(0.0, 10)[1])))
    assert clustered_change([1.0, 0.0], [0.0, 0.0], ["a", "a"]) == (-0.5, (-1.0, 1.0))
