"""Computes all figures of one model on one data set from its raw answers."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import prod

from recipe.evaluation.chance import Chance, chances, joint_luck
from recipe.evaluation.conditions import ASKED, CONTROLS, Plan
from recipe.evaluation.forms import FormScore, form_scores
from recipe.evaluation.intervals import clustered_wilson
from recipe.evaluation.readings import Reading, read_trials
from recipe.rewards.answers import is_right

__all__ = ["ALL", "Figures", "Joint", "Score", "figures_of"]

ALL = "all"
"""Name for all question types together."""

Interval = tuple[float, float]
Key = tuple[str, str]


@dataclass(frozen=True)
class Score:
    """Figures of one question type, or of all, under one condition. Shares are in [0, 1]; intervals are 95%."""

    rows: int
    assets: int
    accuracy: float
    """Share of answers that are right under the condition; unreadable ones count as wrong."""
    interval: Interval
    chance: float
    """Accuracy of a guess among all options."""
    effective_chance: float
    """Accuracy of a guess among the options that are ever right."""
    corrected: float
    """Accuracy, scaled to 0 at the effective chance and 1 if all answers are right."""
    corrected_interval: Interval
    formatted: float
    """Share of ``<think>…</think><answer>…</answer>``, whatever the answer."""
    unread: float
    """Share of texts without a readable answer."""
    as_labelled: float
    """Share of answers that equal the row's label, whatever is right under the condition."""
    as_labelled_interval: Interval
    unchanged: float | None
    """Share of rows with the same answer as for the unchanged row, among rows that were answered unchanged."""
    consistent: float | None
    """Share of rows whose answer agrees with the answer to the unchanged row, right or wrong. If directions reverse,
    only rows answered with a direction count."""
    consistent_interval: Interval | None
    consistent_rows: int


@dataclass(frozen=True)
class Joint:
    """Joint accuracy: groups of rows about one pair with all rows answered right."""

    groups: int
    rows: int
    accuracy: float
    interval: Interval
    if_independent: float
    """Its expected value if rows were independent and right with the accuracy of their type."""
    luck: float
    """Share of groups that a fixed combination of answers, or guessing, gets right (`chance.joint_luck`)."""


@dataclass(frozen=True)
class Figures:
    """All figures of one model on one data set."""

    scores: dict[str, dict[str, Score]]
    """Scores by condition, then by question type; `ALL` comes first."""
    joint: Joint | None
    """None if no group has two rows."""
    answer_forms: dict[str, Score]
    """By form of answer (`items.Item.answer_form`), all rows; empty if all rows have one form."""
    forms: dict[str, FormScore]
    """Scores by form, for questions that the set asks in two forms (`forms.form_scores`)."""
    letters: dict[str, tuple[float, float]]
    """Letter -> its share of answers and of labels, for unchanged rows."""
    never_right: dict[str, tuple[str, ...]]
    """Question type -> options that are shown and never right in this split."""
    left_out: list[tuple[str, str, str, int]]
    """(condition, question type, reason code, number of rows) for rows to which a condition does not apply."""
    unanswered: int
    """Number of trials without an answer, as after an unfinished run; no figure includes them."""

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"


def figures_of(plan: Plan, raws: Mapping[Key, str]) -> Figures:
    """Computes all figures from ``raws``, the raw answers by (row id, condition)."""
    readings = read_trials(plan.trials, raws)
    items = [trial.item for trial in plan.trials if trial.condition == ASKED]
    by_chance = chances(items)
    plain = {reading.item.id: reading for reading in readings if reading.trial.condition == ASKED}
    scores: dict[str, dict[str, Score]] = {}
    for condition, part in _by_condition(readings).items():
        kinds = sorted({reading.item.question_type for reading in part})
        of = {kind: [reading for reading in part if reading.item.question_type == kind] for kind in kinds}
        scores[condition] = {name: _score(rows, by_chance, plain) for name, rows in {ALL: part, **of}.items()}
    never: dict[str, dict[str, None]] = defaultdict(dict)
    for item in items:
        never[item.question_type].update(dict.fromkeys(by_chance[item.id].never_right))
    return Figures(
        scores=scores,
        joint=_joint(list(plain.values()), scores.get(ASKED, {}), by_chance),
        answer_forms=_by_answer_form(list(plain.values()), by_chance),
        forms=form_scores(list(plain.values())),
        letters=_letters(plain.values()),
        never_right={kind: tuple(options) for kind, options in never.items() if options},
        left_out=[(*key, count) for key, count in sorted(plan.left_out.items())],
        unanswered=len(plan.trials) - len(readings),
    )


def _by_answer_form(plain: Sequence[Reading], by_chance: Mapping[str, Chance]) -> dict[str, Score]:
    parts: dict[str, list[Reading]] = defaultdict(list)
    for reading in plain:
        parts[reading.item.answer_form].append(reading)
    return {form: _score(parts[form], by_chance, {}) for form in sorted(parts)} if len(parts) > 1 else {}


def _by_condition(readings: Sequence[Reading]) -> dict[str, list[Reading]]:
    parts: dict[str, list[Reading]] = {}
    for reading in readings:
        parts.setdefault(reading.trial.condition, []).append(reading)
    return parts


def _score(readings: Sequence[Reading], by_chance: Mapping[str, Chance], plain: Mapping[str, Reading]) -> Score:
    assets = [reading.item.asset for reading in readings]
    # Where the right answer under the condition is known for some rows, only these can be right or wrong.
    control = readings[0].trial.condition in CONTROLS
    judged = [r for r in readings if control or r.trial.answer is not None]
    right = [float(r.right) for r in judged]
    interval = clustered_wilson(right, [r.item.asset for r in judged])
    effective = _mean([by_chance[r.item.id].effective for r in judged])
    labelled = [float(r.as_labelled) for r in readings]
    agreeing = [(r, agrees) for r in readings if (agrees := _agrees(r, plain.get(r.item.id))) is not None]
    before = [(r, first) for r in readings if (first := plain.get(r.item.id)) and first.given is not None]
    elsewhere = readings[0].trial.condition != ASKED
    return Score(
        rows=len(judged),
        assets=len(set(assets)),
        accuracy=_mean(right),
        interval=interval,
        chance=_mean([by_chance[r.item.id].by_options for r in judged]),
        effective_chance=effective,
        corrected=_corrected(_mean(right), effective),
        corrected_interval=(_corrected(interval[0], effective), _corrected(interval[1], effective)),
        formatted=_mean([float(r.formatted) for r in readings]),
        unread=_mean([float(r.given is None) for r in readings]),
        as_labelled=_mean(labelled),
        as_labelled_interval=clustered_wilson(labelled, assets),
        unchanged=_mean([float(_same_answer(r, first)) for r, first in before]) if elsewhere and before else None,
        consistent=_mean([float(agrees) for _, agrees in agreeing]) if agreeing else None,
        consistent_interval=clustered_wilson([float(a) for _, a in agreeing], [r.item.asset for r, _ in agreeing])
        if agreeing
        else None,
        consistent_rows=len(agreeing),
    )


def _agrees(reading: Reading, plain: Reading | None) -> bool | None:
    """True if the answer agrees with the one to the unchanged row; None if they cannot be compared."""
    if plain is None or plain is reading or plain.given is None:
        return None
    if reading.trial.options:
        expected = reading.trial.letters.get(plain.given)
        # An answer without a direction, such as "neither", would agree even without the images.
        turns = reading.trial.condition in ("swapped", "mirrored")
        return None if expected is None or (turns and expected == plain.given) else reading.given == expected
    if reading.trial.condition != "paraphrased":
        return None
    return reading.given is not None and is_right(reading.raw, plain.given, (), reading.item.question)


def _same_answer(reading: Reading, plain: Reading) -> bool:
    """True if the same option of the row was chosen for the unchanged row."""
    if reading.trial.condition == "reordered" and plain.given is not None:
        return reading.given == reading.trial.letters.get(plain.given)
    return reading.given == plain.given


def _joint(readings: Sequence[Reading], by_kind: Mapping[str, Score], by_chance: Mapping[str, Chance]) -> Joint | None:
    by_group: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        by_group[reading.item.group].append(reading)
    groups = [group for group in by_group.values() if len(group) > 1]
    if not groups:
        return None
    whole = [float(all(reading.right for reading in group)) for group in groups]
    independent = [prod(by_kind[reading.item.question_type].accuracy for reading in group) for group in groups]
    return Joint(
        groups=len(groups),
        rows=sum(len(group) for group in groups),
        accuracy=_mean(whole),
        interval=clustered_wilson(whole, [group[0].item.asset for group in groups]),
        if_independent=_mean(independent),
        luck=joint_luck([[reading.item for reading in group] for group in groups], by_chance),
    )


def _letters(readings: Iterable[Reading]) -> dict[str, tuple[float, float]]:
    chosen = [reading for reading in readings if reading.trial.options]
    given = Counter(reading.given for reading in chosen if reading.given)
    labels = Counter(reading.item.answer for reading in chosen)
    return {name: (given[name] / len(chosen), labels[name] / len(chosen)) for name in sorted({*given, *labels})}


def _corrected(share: float, chance: float) -> float:
    return (share - chance) / (1 - chance) if chance < 1 else 0.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
