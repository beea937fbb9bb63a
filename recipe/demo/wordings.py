"""Compares the accuracy in wordings that training has seen with that in wordings held out of it, row by row.

The rows of all sets are about the same pairs, with the same order of options; only their wordings differ.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from recipe.evaluation.answers_file import read_answers
from recipe.evaluation.conditions import ASKED
from recipe.evaluation.intervals import clustered_change, clustered_wilson
from recipe.evaluation.items import Item, read_items
from recipe.evaluation.tables import markdown, with_interval
from recipe.rewards.answers import is_right
from viewpoint100k.errors import DataError

__all__ = ["HELD_OUT", "Compared", "compared", "table", "write_wordings"]

HELD_OUT = ("new_combinations", "new_questions")
"""Sets of wordings that training does not show; see docs/templates.md."""


@dataclass(frozen=True)
class Compared:
    """Accuracy of one model in wordings of one set, and its change from those of training."""

    rows: int
    accuracy: float
    interval: tuple[float, float]
    change: float
    """Held out less seen, over the same rows; 0 for the wordings of training."""
    change_interval: tuple[float, float]


def compared(seen: Sequence[bool], asked: Sequence[bool], assets: Sequence[str]) -> Compared:
    """Compares the right answers (n,) to the same rows in two wordings; ``assets`` has each row's asset."""
    change, change_interval = clustered_change(seen, asked, assets)
    share = sum(asked) / len(asked)
    return Compared(len(asked), share, clustered_wilson(asked, assets), change, change_interval)


def write_wordings(
    out: Path, folders: Mapping[str, Path], evaluations: Mapping[str, Path], stages: Sequence[str], rows: int | None
) -> str:
    """Writes ``wordings.json`` and ``wordings.md`` to ``out``; returns the Markdown.

    Args:
        folders: by set of wordings, the data set with its test rows; ``seen`` is the first.
        evaluations: by set of wordings, the ``--out`` of their evaluation.
        stages: names of evaluated models.
        rows: as in `read_items`.
    """
    items = {name: read_items(folder, "test", rows) for name, folder in folders.items()}
    first, *others = items.values()
    for name, other in zip(list(items)[1:], others, strict=True):
        _check_pairs(first, other, name)
    assets = [item.asset for item in first]
    found = {}
    for stage in stages:
        right = {name: _right(evaluations[name] / stage / "answers.jsonl", some) for name, some in items.items()}
        seen = next(iter(right.values()))
        found[stage] = {name: compared(seen, one, assets) for name, one in right.items()}
    content = {stage: {name: asdict(one) for name, one in by_set.items()} for stage, by_set in found.items()}
    (out / "wordings.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    page = f"# Wordings seen in training and held out of it\n\n{table(found)}"
    (out / "wordings.md").write_text(page + "\n", encoding="utf-8")
    return page


def table(found: Mapping[str, Mapping[str, Compared]]) -> str:
    """A Markdown table: a line for each model, and for each set of wordings its accuracy and change, in per cent."""
    sets = list(next(iter(found.values())))
    head = ["model", f"{sets[0]} (95%)"]
    for name in sets[1:]:
        head += [f"{name} (95%)", "change (95%)"]
    lines = []
    for stage, by_set in found.items():
        cells = [stage, with_interval(by_set[sets[0]].accuracy, by_set[sets[0]].interval)]
        for name in sets[1:]:
            one = by_set[name]
            low, high = one.change_interval
            cells += [with_interval(one.accuracy, one.interval)]
            cells += [f"{100 * one.change:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"]
        lines.append(cells)
    return markdown(head, lines)


def _check_pairs(seen: Sequence[Item], other: Sequence[Item], name: str) -> None:
    """Checks that two sets differ in their wordings alone."""

    def same(item: Item) -> tuple[object, ...]:
        return item.question_type, item.images, item.answer

    if [same(item) for item in seen] != [same(item) for item in other]:
        raise DataError(f"the test rows of {name} are about other pairs: remove the folder, and it is built again")


def _right(path: Path, items: Sequence[Item]) -> list[bool]:
    raws = read_answers(path)
    missing = [item.id for item in items if (item.id, ASKED) not in raws]
    if missing:
        raise DataError(f"{path} lacks the answers to {len(missing):,} rows: remove its folder, and they are asked")
    return [is_right(raws[item.id, ASKED], item.answer, item.options, item.question) for item in items]
