"""A plot of the comparison. Needs matplotlib, which the extra ``[train]`` installs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recipe.evaluation.conditions import ASKED, ONE_IMAGE
from recipe.evaluation.figures import ALL, Figures, Score
from viewpoint100k.errors import MissingExtraError

__all__ = ["plot_stages"]

_CONTROLS = {
    "swapped": "images\nswapped",
    **{condition: seen.replace(" alone", "\nalone").replace(" image", "") for condition, seen in ONE_IMAGE.items()},
    "blank": "images\nblank",
    "shuffled": "images\nshuffled",
}


def plot_stages(stages: Mapping[str, Figures], path: Path) -> None:
    """Plots accuracy by type with intervals and chance (left), and format rate, joint accuracy and controls (right)."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "train") from error
    kinds = list(dict.fromkeys(name for figures in stages.values() for name in figures.scores.get(ASKED, {})))
    figure = Figure(figsize=(max(9.0, 5.0 + 1.1 * len(kinds)), 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[max(3, len(kinds)), 5], sharey=True)
    by_type = [_by_type(figures, kinds) for figures in stages.values()]
    drawn = _bars(left, [kind.replace("_", "\n") for kind in kinds], by_type)
    chances = [next(s.effective_chance for f in stages.values() if (s := _score(f, ASKED, kind))) for kind in kinds]
    for place, chance in enumerate(chances):
        left.plot([place - 0.45, place + 0.45], [chance, chance], color="black", linestyle=":", linewidth=1)
    left.set_ylabel("share of rows")
    left.set_title("accuracy by question type (dotted: chance)", fontsize=10)
    joint = any(figures.joint for figures in stages.values())
    names = ["format", *(["joint"] if joint else []), *_CONTROLS.values()]
    _bars(right, names, [_beside(figures, joint) for figures in stages.values()])
    shown = "format rate, joint accuracy,\nand" if joint else "format rate, and"
    right.set_title(f"{shown} the rows' own answers in controls", fontsize=10)
    figure.legend(drawn, list(stages), loc="outside lower center", ncols=len(stages), frameon=False)
    left.set_ylim(0, 1)
    figure.savefig(path, dpi=120)


Bar = tuple[float, tuple[float, float]] | None


def _by_type(figures: Figures, kinds: list[str]) -> list[Bar]:
    scores = [_score(figures, ASKED, kind) for kind in kinds]
    return [(score.accuracy, score.interval) if score else None for score in scores]


def _beside(figures: Figures, with_joint: bool) -> list[Bar]:
    plain, joint = _score(figures, ASKED, ALL), figures.joint
    controls = [_score(figures, name, ALL) for name in _CONTROLS]
    return [
        (plain.formatted, (plain.formatted, plain.formatted)) if plain else None,
        *([(joint.accuracy, joint.interval) if joint else None] if with_joint else []),
        *((score.as_labelled, score.as_labelled_interval) if score else None for score in controls),
    ]


def _bars(axes: Any, names: list[str], series: list[list[Bar]]) -> list[Any]:
    """Draws groups of bars with one bar of each series; returns a legend handle for each series."""
    width = 0.8 / len(series)
    drawn = []
    for number, bars in enumerate(series):
        there = [(place, bar) for place, bar in enumerate(bars) if bar is not None]
        middles = [place + (number - (len(series) - 1) / 2) * width for place, _ in there]
        heights = [bar[0] for _, bar in there]
        errors = [[h - bar[1][0] for h, (_, bar) in zip(heights, there, strict=True)]]
        errors.append([bar[1][1] - h for h, (_, bar) in zip(heights, there, strict=True)])
        drawn.append(axes.bar(middles, heights, width * 0.9, yerr=errors, capsize=2, error_kw={"linewidth": 0.8}))
    axes.set_xticks(range(len(names)), names, fontsize=8)
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.spines[["top", "right"]].set_visible(False)
    return drawn


def _score(figures: Figures, condition: str, kind: str) -> Score | None:
    return figures.scores.get(condition, {}).get(kind)
