"""Formats figures as Markdown, for one model and for a comparison of stages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from recipe.evaluation.conditions import ASKED, CONDITIONS, CONTROLS, ONE_IMAGE
from recipe.evaluation.figures import ALL, Figures, Score

__all__ = ["answer_form_table", "comparison_table", "condition_table", "form_table", "joint_line", "type_table"]


def type_table(figures: Figures) -> str:
    """Accuracy by question type for unchanged rows, and for one image alone."""
    head = ["type", "rows", "objects", "accuracy (95%)", *ONE_IMAGE.values(), "chance", "effective chance", "corrected"]
    head += ["format", "unread", "right of those read"]
    lines = [
        [
            name,
            f"{score.rows:,}",
            f"{score.assets:,}",
            with_interval(score.accuracy, score.interval),
            *(percent(one.accuracy if (one := _under(figures, condition, name)) else None) for condition in ONE_IMAGE),
            percent(score.chance),
            percent(score.effective_chance),
            f"{score.corrected:.2f}",
            percent(score.formatted),
            percent(score.unread),
            percent(score.accuracy / (1 - score.unread) if score.unread < 1 else None),
        ]
        for name, score in figures.scores.get(ASKED, {}).items()
    ]
    return markdown(head, lines)


def condition_table(figures: Figures) -> str:
    """Figures of all types together under each condition."""
    head = ["asked how", "rows", "right here (95%)", "chance", "as labelled", "as before", "consistent (95%)", "unread"]
    lines = []
    for name in CONDITIONS:
        score = figures.scores.get(name, {}).get(ALL)
        if score is None:
            continue
        judged = score.rows > 0
        lines.append(
            [
                name,
                f"{score.rows:,}",
                with_interval(score.accuracy, score.interval) if judged else "–",
                percent(score.effective_chance) if judged else "–",
                percent(score.as_labelled),
                percent(score.unchanged),
                with_interval(score.consistent, score.consistent_interval),
                percent(score.unread),
            ]
        )
    return markdown(head, lines)


def joint_line(figures: Figures) -> str:
    """One sentence with the joint accuracy, or with the reason why there is none."""
    joint = figures.joint
    if joint is None:
        return "No two rows are about one pair: there is no joint accuracy."
    return (
        f"All rows of a group right: {with_interval(joint.accuracy, joint.interval)} of {joint.groups:,} groups "
        f"({joint.rows:,} rows); {percent(joint.if_independent)} if each row were right on its own, "
        f"{percent(joint.luck)} without a look at the images."
    )


def answer_form_table(figures: Figures) -> str:
    """Accuracy by form of answer, all types together; empty where all answers have one form."""
    head = ["answered by", "rows", "accuracy (95%)", "chance", "corrected", "unread", "right of those read"]
    lines = [
        [
            form,
            f"{score.rows:,}",
            with_interval(score.accuracy, score.interval),
            percent(score.effective_chance),
            f"{score.corrected:.2f}",
            percent(score.unread),
            percent(score.accuracy / (1 - score.unread) if score.unread < 1 else None),
        ]
        for form, score in figures.answer_forms.items()
    ]
    return markdown(head, lines) if lines else ""


def form_table(figures: Figures) -> str:
    """Figures of rows that ask one question in two forms; empty if there are none."""
    head = ["as it is, and", "pairs of rows", "both right (95%)", "consistent"]
    lines = [
        [form, f"{s.pairs:,}", with_interval(s.both_right, s.both_right_interval), percent(s.consistent)]
        for form, s in figures.forms.items()
    ]
    return markdown(head, lines) if lines else ""


def comparison_table(stages: Mapping[str, Figures], external: Mapping[str, Mapping[str, str]]) -> str:
    """A column for each stage and a line for each figure; ``external``: benchmark -> stage -> cell."""
    lines = [[what, *cells] for what, cells in _lines(list(stages.values()))]
    lines += [[name, *(cells.get(stage, "–") for stage in stages)] for name, cells in external.items()]
    return markdown(["figure", *stages], lines)


def _lines(stages: Sequence[Figures]) -> Iterator[tuple[str, list[str]]]:
    kinds = dict.fromkeys(name for stage in stages for name in stage.scores.get(ASKED, {}))
    for kind in kinds:
        scores = [stage.scores.get(ASKED, {}).get(kind) for stage in stages]
        chance = next(score.effective_chance for score in scores if score)
        yield f"accuracy, {kind} (chance {percent(chance)})", [_accuracy(score) for score in scores]
        for condition, seen in ONE_IMAGE.items():
            alone = [_under(stage, condition, kind) for stage in stages]
            if any(alone):
                yield f"accuracy, {kind}, {seen}", [_accuracy(score) for score in alone]
    plain = [_of(stage, ASKED) for stage in stages]
    for form in dict.fromkeys(name for stage in stages for name in stage.answer_forms):
        scores = [stage.answer_forms.get(form) for stage in stages]
        chance = next(score.effective_chance for score in scores if score)
        yield f"accuracy, answered by {form} (chance {percent(chance)})", [_accuracy(score) for score in scores]
    yield "accuracy, chance-corrected", [f"{s.corrected:.2f}" if s else "–" for s in plain]
    yield "answers that cannot be read", [percent(s.unread) if s else "–" for s in plain]
    yield "format rate", [percent(s.formatted) if s else "–" for s in plain]
    if any(stage.joint for stage in stages):
        cells = [with_interval(j.accuracy, j.interval) if (j := stage.joint) else "–" for stage in stages]
        luck = next(stage.joint.luck for stage in stages if stage.joint)
        yield f"joint accuracy by group (luck {percent(luck)})", cells
    swapped = [_of(stage, "swapped") for stage in stages]
    if any(swapped):
        yield "images swapped: answers as before", [percent(s.unchanged) if s else "–" for s in swapped]
    for condition in CONDITIONS:
        under = [_of(stage, condition) for stage in stages]
        if condition in (ASKED, *ONE_IMAGE) or not any(under):
            continue
        if condition not in CONTROLS:
            cells = [with_interval(s.consistent, s.consistent_interval) if s else "–" for s in under]
            yield f"consistent when {condition}", cells
        else:
            yield f"accuracy, images {condition}", [_accuracy(s) for s in under]


def _of(figures: Figures, condition: str) -> Score | None:
    return _under(figures, condition, ALL)


def _under(figures: Figures, condition: str, kind: str) -> Score | None:
    return figures.scores.get(condition, {}).get(kind)


def _accuracy(score: Score | None) -> str:
    return with_interval(score.accuracy, score.interval) if score and score.rows else "–"


def with_interval(share: float | None, interval: tuple[float, float] | None) -> str:
    """``61.2 (55.0 to 67.1)``, in per cent."""
    if share is None or interval is None:
        return "–"
    return f"{100 * share:.1f} ({100 * interval[0]:.1f} to {100 * interval[1]:.1f})"


def percent(share: float | None) -> str:
    """``61.2%``."""
    return "–" if share is None else f"{100 * share:.1f}%"


def markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table, columns padded so that it also reads as text."""
    cells = [list(head), *(list(line) for line in lines)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    rows = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) + " |" for line in cells]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([rows[0], rule, *rows[1:]])
