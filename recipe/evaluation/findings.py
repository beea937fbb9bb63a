"""Explains figures in sentences, above all good figures that mean less than they seem to."""

from __future__ import annotations

from collections.abc import Iterator

from recipe.evaluation.conditions import ASKED, ONE_IMAGE
from recipe.evaluation.figures import ALL, Figures, Score

__all__ = ["Change", "changes", "findings"]

Change = tuple[float, tuple[float, float]]
"""Mean change of accuracy, and its 95% interval, row by row (`intervals.clustered_change`)."""

_UNREAD = 0.05
_BIASED = 0.10
"""A letter counts as a habit if its share of answers exceeds its share of labels by this."""


def findings(figures: Figures) -> list[str]:
    """Sentences about one model."""
    return [*_accuracy(figures), *_order(figures), *_without_images(figures), *_together(figures), *_habits(figures)]


def changes(before: Figures, after: Figures, names: tuple[str, str], change: Change) -> list[str]:
    """Sentences about two successive stages whose accuracy on the same rows changed by ``change``."""
    first, second = before.scores[ASKED][ALL], after.scores[ASKED][ALL]
    said = f"From {names[0]} to {names[1]}"
    gain, (low, high) = change
    accuracies = f"{_percent(first.accuracy)}, {_of(second)}"
    by_row = f"row by row {100 * gain:+.1f} points, {100 * low:+.1f} to {100 * high:+.1f}"
    told_apart = low > 0 or high < 0
    verb = "rose" if gain > 0 else "fell"
    moved = f"from {_percent(first.accuracy)} to {_of(second)}; {by_row}"
    if second.formatted - first.formatted <= 0.05:
        if told_apart:
            return [f"{said} answer accuracy {verb} {moved}."]
        return [f"{said} answer accuracy cannot be told apart ({accuracies}; {by_row})."]
    formatted = f"the format rate rose from {_percent(first.formatted)} to {_percent(second.formatted)}"
    if told_apart:
        return [f"{said} {formatted}, {'and' if gain > 0 else 'while'} answer accuracy {verb} {moved}."]
    return [
        f"{said} {formatted}, but answer accuracy cannot be told apart ({accuracies}; {by_row}): "
        "a reward that rose, rose by the format."
    ]


def _accuracy(figures: Figures) -> Iterator[str]:
    kinds = {name: score for name, score in figures.scores.get(ASKED, {}).items() if name != ALL}
    by_chance = [name for name, s in kinds.items() if s.interval[0] <= s.effective_chance <= s.interval[1]]
    below = [name for name, s in kinds.items() if s.interval[1] < s.effective_chance and s.unread <= _UNREAD]
    if by_chance:
        yield f"Cannot be told from guessing: {', '.join(by_chance)}."
    if below:
        yield f"Worse than guessing, as an answer that is reliably wrong is: {', '.join(below)}."
    for kind, options in figures.never_right.items():
        score = kinds[kind]
        yield (
            f"{kind} offers {_quoted(options)} and it is never right here: who never chooses it is right in "
            f"{_percent(score.effective_chance)} by chance, not in {_percent(score.chance)}."
        )


def _order(figures: Figures) -> Iterator[str]:
    plain, swapped = (_all(figures, name) for name in (ASKED, "swapped"))
    if plain and swapped and swapped.unchanged is not None:
        if swapped.unchanged > 0.5 + swapped.effective_chance / 2:
            yield (
                f"With the images swapped, {_percent(swapped.unchanged)} of the answers stay as they were: "
                "the order of the images is hardly used."
            )
        if swapped.rows and _clearly_above_chance(swapped) and swapped.accuracy > 0.8 * plain.accuracy:
            yield f"With the images swapped, directions turn round: {_of(swapped)} are right."
    mirrored = _all(figures, "mirrored")
    if plain and mirrored and _clearly_above_chance(plain) and not _clearly_above_chance(mirrored):
        yield f"With the images mirrored, accuracy is at chance ({_of(mirrored)}): sides are not seen in the images."
    for name, what in (("paraphrased", "another wording"), ("reordered", "another order of options")):
        score = _all(figures, name)
        if score and score.consistent is not None and score.consistent < 0.9:
            yield f"In {what} only {_percent(score.consistent)} of the answers stay the same."


def _without_images(figures: Figures) -> Iterator[str]:
    for name, what in (("blank", "blank images"), ("shuffled", "images of another object")):
        score = _all(figures, name)
        if score and _clearly_above_chance(score):
            chance = _percent(score.effective_chance)
            yield f"With {what}, {_of(score)} are right, above the chance of {chance}: the text tells."
    for condition, seen in ONE_IMAGE.items():
        for kind, score in figures.scores.get(condition, {}).items():
            if kind != ALL and _clearly_above_chance(score):
                yield (
                    f"{kind}: from the {seen}, {_of(score)} are right, above the chance of "
                    f"{_percent(score.effective_chance)}: these answers need not come from comparing the images."
                )


def _together(figures: Figures) -> Iterator[str]:
    joint = figures.joint
    if joint is None:
        return
    share = f"{_percent(joint.accuracy)} ({_range(joint.interval)})"
    if joint.interval[0] <= joint.luck <= joint.interval[1]:
        yield (
            f"All questions about a pair are right in {share} of {joint.groups} groups, as they would be without "
            f"a look at the images ({_percent(joint.luck)})."
        )
    if joint.interval[0] > joint.if_independent + 0.02:
        yield (
            f"Questions about a pair are right together in {share}, where independent answers would be in "
            f"{_percent(joint.if_independent)}: what is known of one is known of the others."
        )


def _habits(figures: Figures) -> Iterator[str]:
    for letter, (given, labelled) in figures.letters.items():
        if given - labelled > _BIASED:
            yield f"{letter} is chosen in {_percent(given)} of rows and right in {_percent(labelled)}: a habit."
    plain = _all(figures, ASKED)
    if plain and plain.unread > _UNREAD:
        yield f"{_percent(plain.unread)} of the texts state no answer that can be read; they count as wrong."
    if figures.unanswered:
        yield f"{figures.unanswered:,} prompts are not answered yet: the figures are of the others."


def _all(figures: Figures, condition: str) -> Score | None:
    return figures.scores.get(condition, {}).get(ALL)


def _clearly_above_chance(score: Score) -> bool:
    return score.interval[0] > score.effective_chance


def _of(score: Score) -> str:
    return f"{_percent(score.accuracy)} ({_range(score.interval)})"


def _range(interval: tuple[float, float]) -> str:
    return f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f'"{word}"' for word in words)
