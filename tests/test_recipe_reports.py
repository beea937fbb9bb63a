"""The plot of a comparison, and the results of other benchmarks in its table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import skilled_models as skilled
from PIL import Image
from skilled_models import ORBIT, Guesses, Knows

from recipe.evaluation.conditions import CONDITIONS, plan_trials
from recipe.evaluation.external import benchmarks, read_external
from recipe.evaluation.figures import figures_of
from recipe.evaluation.items import item_of
from recipe.evaluation.models import Model
from recipe.evaluation.plots import plot_stages
from viewpoint100k.errors import DataError

pytest.importorskip("matplotlib", reason="the extra [train] is not installed")


def test_the_plot_is_a_picture_of_every_stage(tmp_path: Path) -> None:
    plan = plan_trials([item_of(row) for row in skilled.make_rows(ORBIT, 6)], list(CONDITIONS))
    models: dict[str, Model] = {"base": Guesses(), "sft": Knows()}
    figures = {}
    for name, model in models.items():
        answers = model.answers([trial.prompt() for trial in plan.trials])
        raws = {(t.item.id, t.condition): raw for t, raw in zip(plan.trials, answers, strict=True)}
        figures[name] = figures_of(plan, raws)
    plot_stages(figures, tmp_path / "plot.png")
    picture = np.asarray(Image.open(tmp_path / "plot.png").convert("RGB"))
    # matplotlib's first two colours: bars of both stages are there.
    for colour in ((31, 119, 180), (255, 127, 14)):
        assert (picture == colour).all(axis=2).sum() > 500


def test_results_of_other_harnesses_are_read_into_the_table(tmp_path: Path) -> None:
    base, tuned = tmp_path / "base", tmp_path / "tuned"
    (base / "some_model").mkdir(parents=True)
    tuned.mkdir()
    results = {
        "results": {
            "blink_multi_view_reasoning": {"alias": "b", "blink_acc,none": 0.5338, "blink_acc_stderr,none": "N/A"},
            "mmsi_bench": {"Motion (Cam.),none": 0.2, "average,none": 0.265},
            "mme": {"mme_cognition_score,none": 600.0},
        }
    }
    (base / "some_model" / "20250101_results.json").write_text(json.dumps(results))
    (tuned / "Q_BLINK_acc.csv").write_text('"split","Overall","Multi-view_Reasoning"\n"none","0.6","0.992"\n')
    (tuned / "Q_CV-Bench-3D_acc.csv").write_text("split,Overall\nnone,83.5\n")
    assert read_external({"base": base, "tuned": tuned, "absent": tmp_path / "absent"}) == {
        "BLINK MultiView (chance 50.0%)": {"base": "53.4", "tuned": "99.2"},
        "CV-Bench 3D (chance 50.0%)": {"tuned": "83.5"},
        "MMSI-Bench (chance 25.0%)": {"base": "26.5"},
    }
    (base / "torn_results.json").write_text('{"results": ')
    with pytest.raises(DataError, match="torn_results"):
        read_external({"base": base})


def test_every_benchmark_says_how_to_get_its_figure() -> None:
    assert {b.name.split(" (")[0] for b in benchmarks()} >= {"BLINK MultiView", "3DSRBench", "MMSI-Bench", "VSI-Bench"}
    for benchmark in benchmarks():
        assert benchmark.lmms_eval or benchmark.vlmevalkit
        assert benchmark.chance is None or 0 < benchmark.chance < 1
