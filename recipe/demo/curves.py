"""Plots and a table of training: losses, rewards, and accuracy on unseen objects."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from viewpoint100k.errors import MissingExtraError

__all__ = ["plot_curves", "plot_variants", "write_history"]

_SFT = {
    "loss": "loss of the completion",
    "held_out/plain": "right answers, plain form, unseen objects",
    "held_out/reason": "right answers, reasoned form, unseen objects",
}
_GRPO = {
    "reward": "reward",
    "rewards/format_reward/mean": "format",
    "rewards/accuracy_reward/mean": "right answers, sampled, training prompts",
    "held_out/reason": "right answers, reasoned form, unseen objects",
    "held_out/plain": "right answers, plain form, unseen objects",
}


_COLORS = 10
"""Number of colours in matplotlib's cycle."""


def write_history(history: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Writes the log of a trainer as CSV, one row for each step."""
    steps: dict[int, dict[str, Any]] = {}
    for entry in history:
        steps.setdefault(int(entry["step"]), {}).update(entry)
    columns = ["step", *sorted({name for row in steps.values() for name in row} - {"step"})]
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns)
        table.writeheader()
        table.writerows(steps[step] for step in sorted(steps))


def plot_curves(sft: Sequence[Mapping[str, Any]], grpo: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Plots both stages by optimizer step."""
    figure = _figure(11, 4.2)
    for axes, title, history, names in zip(
        figure.subplots(1, 2), ("SFT", "GRPO"), (sft, grpo), (_SFT, _GRPO), strict=True
    ):
        for name, label in names.items():
            points = [(int(entry["step"]), float(entry[name])) for entry in history if name in entry]
            if points:
                axes.plot(
                    *zip(*points, strict=True), label=label, marker="o" if "held_out" in name else "", markersize=3
                )
        axes.set_title(title)
        axes.set_xlabel("optimizer step")
        axes.set_ylim(0, 1.05)
        axes.axhline(0.5, color="black", linestyle=":", linewidth=1)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=7, loc="best")
    figure.savefig(path, dpi=120)


def plot_variants(courses: Mapping[str, Sequence[tuple[int, float]]], path: Path) -> None:
    """Plots the share of right answers by optimizer step for several variants, the best first."""
    figure = _figure(9, 4.6)
    axes = figure.subplots()
    for place, (name, course) in enumerate(sorted(courses.items(), key=lambda one: -one[1][-1][1])):
        style = "-" if place < _COLORS else "--"
        color, marker = f"C{place % _COLORS}", "osv^D"[place % 5]
        axes.plot(*zip(*course, strict=True), label=name, color=color, linestyle=style, marker=marker, markersize=4)
    axes.set_xlabel("optimizer step of GRPO")
    axes.set_ylabel("right answers after a thought, unseen objects")
    axes.set_ylim(top=1)
    axes.axhline(0.5, color="black", linestyle=":", linewidth=1)
    figure.legend(loc="outside right upper", fontsize=8)
    figure.savefig(path, dpi=120)


def _figure(width: float, height: float) -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "train") from error
    return Figure(figsize=(width, height), layout="constrained")
