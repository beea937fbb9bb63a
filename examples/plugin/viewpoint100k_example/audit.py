"""An audit: does the length of the question tell the letter of the answer?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from viewpoint100k.check.audits.judging import Measured, measure
from viewpoint100k.check.audits.results import AuditSettings
from viewpoint100k.check.audits.sampling import Sample


def question_length(sample: Sample, settings: AuditSettings) -> Iterator[Measured]:
    """Guesses the letter that is most frequent among all other assets' questions of the same length."""
    rows = [row for row in sample.rows if row.options]
    if not rows:
        return
    letters = Counter(row.answer for row in rows)
    of_length: dict[int, Counter[str]] = {}
    of_asset: dict[tuple[int, str], Counter[str]] = {}
    for row in rows:
        length = len(row.question)
        of_length.setdefault(length, Counter())[row.answer] += 1
        of_asset.setdefault((length, row.asset), Counter())[row.answer] += 1
    credit = []
    for row in rows:
        length = len(row.question)
        elsewhere = of_length[length] - of_asset[length, row.asset]
        guess = min(elsewhere, key=lambda letter: (-elsewhere[letter], letter)) if elsewhere else "A"
        credit.append(float(guess == row.answer))
    chance = np.full(len(rows), max(letters.values()) / len(rows))
    assets = np.array([row.asset for row in rows], dtype=np.str_)
    threshold = settings.text_threshold
    yield measure("question_length", "letter", np.array(credit), chance, assets, settings, threshold)
