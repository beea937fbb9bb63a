"""Reads results of other benchmarks from the files of lmms-eval and VLMEvalKit."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from viewpoint100k.errors import DataError

__all__ = ["Benchmark", "benchmarks", "read_external"]


@dataclass(frozen=True)
class Benchmark:
    """One benchmark of ``recipe/tasks/benchmarks.yaml``, where comments describe the fields."""

    name: str
    lmms_eval: Mapping[str, str] | None
    vlmevalkit: Mapping[str, str] | None
    chance: float | None
    paper: Mapping[str, float] | None

    @property
    def label(self) -> str:
        """Its name in tables."""
        return self.name if self.chance is None else f"{self.name} (chance {100 * self.chance:.1f}%)"


@cache
def benchmarks() -> tuple[Benchmark, ...]:
    """All known benchmarks, in the order of the table."""
    path = resources.files("recipe") / "tasks" / "benchmarks.yaml"
    return tuple(Benchmark(**entry) for entry in yaml.safe_load(path.read_text(encoding="utf-8")))


def read_external(folders: Mapping[str, Path]) -> dict[str, dict[str, str]]:
    """Cells of the comparison by benchmark and stage, from each stage's folder of result files, at any depth.

    If several files have a figure for one benchmark, the newest file counts. Raises ``DataError`` for a results file
    that cannot be read.
    """
    cells: dict[str, dict[str, str]] = {}
    for stage, folder in folders.items():
        for label, share in _shares(folder).items():
            cells.setdefault(label, {})[stage] = f"{100 * share:.1f}"
    order = [benchmark.label for benchmark in benchmarks()]
    return {label: cells[label] for label in order if label in cells}


def _shares(folder: Path) -> dict[str, float]:
    found: dict[str, float] = {}
    for path in sorted(folder.rglob("*"), key=lambda path: path.stat().st_mtime):
        for benchmark in benchmarks():
            share = None
            if path.name.endswith("results.json") and benchmark.lmms_eval:
                share = _of_lmms_eval(path, benchmark.lmms_eval)
            elif benchmark.vlmevalkit and path.name.endswith(f"_{benchmark.vlmevalkit['data']}_acc.csv"):
                share = _of_vlmevalkit(path, benchmark.vlmevalkit["column"])
            if share is not None:
                found[benchmark.label] = share
    return found


def _of_lmms_eval(path: Path, wanted: Mapping[str, str]) -> float | None:
    """``results.TASK["METRIC,FILTER"]``, a share or, in some tasks, per cent."""
    try:
        results: Any = json.loads(path.read_text(encoding="utf-8")).get("results", {})
        figures = results.get(wanted["task"], {})
        value = next((v for key, v in figures.items() if key.partition(",")[0] == wanted["metric"]), None)
        return None if value is None else _as_share(float(value))
    except (ValueError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is not a results file of lmms-eval ({error}): take it out of that folder") from error


def _of_vlmevalkit(path: Path, column: str) -> float | None:
    """The named column of the first line, a share or per cent."""
    with path.open(encoding="utf-8", newline="") as file:
        first = next(csv.DictReader(file), {})
    try:
        return _as_share(float(first[column])) if column in first else None
    except ValueError as error:
        raise DataError(f"{path}: the column {column} holds no number: take the file out of that folder") from error


def _as_share(value: float) -> float:
    return value / 100 if value > 1 else value
