"""Evaluations of several models, or of stages of one, on the same rows: their folders, and the comparison."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from recipe.evaluation.answers_file import read_answers
from recipe.evaluation.conditions import ASKED, CONDITIONS, Plan, plan_trials
from recipe.evaluation.external import read_external
from recipe.evaluation.figures import Figures, figures_of
from recipe.evaluation.findings import Change, changes, findings
from recipe.evaluation.intervals import clustered_change
from recipe.evaluation.items import Item
from recipe.evaluation.readings import read_trials
from recipe.evaluation.tables import (
    answer_form_table,
    comparison_table,
    condition_table,
    form_table,
    joint_line,
    type_table,
)
from viewpoint100k.errors import UsageError

__all__ = ["Asked", "Stage", "read_stages", "write_report"]


@dataclass(frozen=True)
class Asked:
    """The rows of an evaluation, which are the same for all stages in one folder, so that they can be compared."""

    data: str
    """Digest of the files of the split."""
    split: str
    rows: int | None

    @classmethod
    def of(cls, folder: Path, split: str, rows: int | None) -> Asked:
        """The rows to ask from the data set in ``folder``."""
        digest = hashlib.sha256()
        for path in sorted((folder / "data").glob(f"{split}-*.parquet")):
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return cls(digest.hexdigest()[:16], split, rows)


@dataclass(frozen=True)
class Stage:
    """One evaluated model."""

    name: str
    run: Mapping[str, Any]
    """The content of ``run.json``: the model, the form of the questions, and the rows."""
    conditions: tuple[str, ...]
    """Conditions with at least one answer."""
    figures: Figures
    right: Mapping[str, bool]
    """Row id -> True if the unchanged row was answered right."""


def read_stages(out: Path, items: Sequence[Item], asked: Asked) -> list[Stage]:
    """Every stage in ``out``, oldest first, with figures computed from its raw answers.

    Raises ``UsageError`` if a stage was asked other rows.
    """
    found = []
    for path in sorted(out.glob("*/run.json")):
        raws = read_answers(path.parent / "answers.jsonl")
        if not raws:  # The model could not be opened.
            continue
        run = json.loads(path.read_text(encoding="utf-8"))
        differing = [name for name, value in asdict(asked).items() if run.get(name) != value]
        if differing:
            raise UsageError(
                f"{path.parent} was asked other rows ({', '.join(differing)} differ): "
                "ask the same of all stages, or give another --out"
            )
        conditions = tuple(name for name in CONDITIONS if any(condition == name for _, condition in raws))
        plan: Plan = plan_trials(items, conditions)
        plain = [reading for reading in read_trials(plan.trials, raws) if reading.trial.condition == ASKED]
        right = {reading.item.id: reading.right for reading in plain}
        found.append((run["order"], Stage(path.parent.name, run, conditions, figures_of(plan, raws), right)))
    return [stage for _, stage in sorted(found, key=lambda one: (one[0], one[1].name))]


def write_report(out: Path, stages: Sequence[Stage], items: Sequence[Item]) -> str:
    """Writes ``results.json`` and ``results.md`` of each stage, and ``comparison.{json,md}``; returns the Markdown.

    The comparison includes results of other benchmarks in ``OUT/STAGE/external``.
    """
    for stage in stages:
        content = {"stage": stage.name, **stage.run, **asdict(stage.figures), "findings": findings(stage.figures)}
        _write(out / stage.name / "results.json", json.dumps(content, indent=2))
        _write(out / stage.name / "results.md", _page(stage))
    by_name = {stage.name: stage.figures for stage in stages}
    external = read_external({stage.name: out / stage.name / "external" for stage in stages})
    said = [
        sentence
        for before, after in _in_one_form(stages)
        for sentence in changes(before.figures, after.figures, (before.name, after.name), _change(before, after, items))
    ]
    page = "\n\n".join(["# Before and after", comparison_table(by_name, external), *_list(said)])
    content = {"stages": {stage.name: asdict(stage.figures) for stage in stages}, "external": external, "changes": said}
    _write(out / "comparison.json", json.dumps(content, indent=2))
    _write(out / "comparison.md", page)
    return page


def _in_one_form(stages: Sequence[Stage]) -> list[tuple[Stage, Stage]]:
    """Pairs of each stage and the latest earlier stage with the same form of questions."""
    forms = dict.fromkeys(stage.run["form"] for stage in stages)
    return [two for form in forms for two in pairwise([stage for stage in stages if stage.run["form"] == form])]


def _change(before: Stage, after: Stage, items: Sequence[Item]) -> Change:
    """Change of accuracy over the rows that both stages answered."""
    both = [item for item in items if item.id in before.right and item.id in after.right]
    then, now = ([float(stage.right[item.id]) for item in both] for stage in (before, after))
    return clustered_change(then, now, [item.asset for item in both])


def _page(stage: Stage) -> str:
    left_out = [
        f"{condition}, {kind}: {count:,} rows left out ({reason})"
        for condition, kind, reason, count in stage.figures.left_out
    ]
    asked = f"{stage.run['model']}, asked in the {stage.run['form']} form"
    parts = [
        f"# {stage.name}",
        asked,
        type_table(stage.figures),
        answer_form_table(stage.figures),
        joint_line(stage.figures),
        condition_table(stage.figures),
        form_table(stage.figures),
        *_list(findings(stage.figures)),
        *_list(left_out),
    ]
    return "\n\n".join(part for part in parts if part)


def _list(sentences: Sequence[str]) -> list[str]:
    return ["\n".join(f"- {sentence}" for sentence in sentences)] if sentences else []


def _write(path: Path, text: str) -> None:
    path.write_text(text + "\n", encoding="utf-8")
