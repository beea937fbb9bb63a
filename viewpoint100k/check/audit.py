"""Looks for shortcuts to the answer: the text, the option letters, one image alone, the background.

It needs only a finished data set folder. Each audit trains a classifier on something that should not reveal the answer,
and tests it on assets that were not in its training part. An audit fails if its guesses are right clearly more often
than the best constant answer.
Needs the extra ``[audit]``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from viewpoint100k.check.audits.balance import balance_audits, constant_replies, dependences, never_right
from viewpoint100k.check.audits.classifiers import require_scikit_learn
from viewpoint100k.check.audits.form_audits import form_audits
from viewpoint100k.check.audits.framing import framing_audits
from viewpoint100k.check.audits.image_audits import SeenImages, image_audits, look_at_images
from viewpoint100k.check.audits.judging import Measured, judge
from viewpoint100k.check.audits.problems import find_problems
from viewpoint100k.check.audits.results import AuditReport, AuditResult, AuditSettings, Dependence
from viewpoint100k.check.audits.sampling import Sample, take_sample
from viewpoint100k.check.audits.text_audits import category_audits, letter_audits, text_audits
from viewpoint100k.dataset.card import put_audit
from viewpoint100k.dataset.folder import DatasetFolder, stored_manifest_digest
from viewpoint100k.errors import DataError
from viewpoint100k.runtime.cores import usable_cores
from viewpoint100k.runtime.files import write_atomically
from viewpoint100k.runtime.plugins import load_plugin, plugin_names

__all__ = [
    "AuditReport",
    "AuditResult",
    "AuditSettings",
    "Dependence",
    "audit",
    "format_report",
    "markdown_table",
    "read_audit",
]

_ONE_BIT = 0.95
"""Share of the possible mutual information from which two answers count as the same."""


def audit(
    folder: Path,
    *,
    settings: AuditSettings | None = None,
    on_step: Callable[[str], None] | None = None,
    store: bool = True,
) -> AuditReport:
    """Audits the data set in ``folder`` and writes the report to its ``.build/audit.json``.

    The same folder and settings give the same report. ``on_step`` is called with the name of each step as it starts.
    Raises ``MissingExtraError`` without scikit-learn, ``UsageError`` if the folder is not a data set, and ``DataError``
    if it cannot be read.
    """
    folder = Path(folder)
    settings = settings or AuditSettings()
    require_scikit_learn()
    say = on_step or (lambda step: None)
    say("reading rows")
    sample = take_sample(folder, settings)
    if not sample.rows:
        raise DataError(f"{folder} holds no rows: there is nothing to audit")
    if not settings.look_at_images:
        sample.with_images.clear()
    say(f"reading the images of {len(sample.with_images):,} rows")
    seen = look_at_images(sample, workers=usable_cores())
    measured = list(_measured(sample, seen, settings, say))
    shared = dependences(sample)
    report = AuditReport(
        rows=sample.total,
        sampled_rows=len(seen.places),
        assets=len({row.asset for row in sample.rows}),
        manifest=stored_manifest_digest(folder),
        settings=settings,
        results=judge(measured, settings),
        dependences=shared,
        notes=tuple(_notes(sample, seen, shared, settings)),
    )
    if store:
        (folder / ".build").mkdir(exist_ok=True)
        write_atomically(folder / ".build" / "audit.json", report.to_json().encode())
        put_audit(DatasetFolder(folder), markdown_table(report))
    return report


def read_audit(folder: Path) -> AuditReport | None:
    """The report of an earlier audit; None if there is none or it cannot be read.

    The rows may have changed since: compare its ``manifest`` with `stored_manifest_digest`.
    """
    path = Path(folder) / ".build" / "audit.json"
    if not path.is_file():
        return None
    try:
        return AuditReport.from_json(path.read_text(encoding="utf-8"))
    except ValueError:
        return None


def format_report(report: AuditReport) -> str:
    """The report as lines for a terminal."""
    head = ("audit", "guessed", "score", "chance", "95% interval", "bound", "limit", "verdict")
    table = [head, *(_cells(result) for result in report.results)]
    widths = [max(len(line[column]) for line in table) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table]
    lines += [
        f"{d.first} and {d.second} share {d.bits:.2f} of {d.most:.2f} bits ({d.pairs:,} pairs, from {d.measured_on})"
        for d in report.dependences
    ]
    lines += [f"note: {note}" for note in report.notes]
    too_few = sum(result.verdict == "not enough rows" for result in report.results)
    judged = sum(result.verdict in ("pass", "fail") for result in report.results)
    if too_few:
        lines.append(f"{judged} of {judged + too_few} audits have enough rows for a verdict")
    return "\n".join(lines)


def markdown_table(report: AuditReport) -> str:
    """The report as a table for the card."""
    head = ("audit", "guessed", "score", "chance", "95% interval", "limit", "verdict")
    kept = (0, 1, 2, 3, 4, 6, 7)
    lines = [" | ".join(head), "|".join(["---"] * len(head))]
    lines += [" | ".join(_cells(result)[place] for place in kept) for result in report.results]
    table = "\n".join(f"| {line} |" for line in lines)
    shared = [f"- {d.first} and {d.second}: {d.bits:.3f} of {d.most:.2f} bits" for d in report.dependences]
    told = ["What one answer about a pair reveals about another answer about it:", "", *shared] if shared else []
    notes = [f"- {note}" for note in report.notes]
    return "\n".join([table, "", *told, "", *notes])


def _cells(result: AuditResult) -> tuple[str, ...]:
    low, high = result.interval
    limit = "" if result.threshold is None else f"{100 * (result.chance + result.threshold):.1f}"
    return (
        result.audit,
        result.problem,
        f"{100 * result.score:.1f}",
        f"{100 * result.chance:.1f}",
        f"{100 * low:.1f} to {100 * high:.1f}",
        f"{100 * result.lower_bound:.1f}",
        limit,
        result.verdict,
    )


def _measured(
    sample: Sample, seen: SeenImages, settings: AuditSettings, say: Callable[[str], None]
) -> Iterator[Measured]:
    rows = sample.rows
    assets = np.array([row.asset for row in rows], dtype=np.str_)
    problems = find_problems(rows)
    say("guessing from text, letters and categories")
    yield from text_audits(rows, assets, settings)
    yield from letter_audits(rows, assets, settings)
    yield from category_audits(rows, problems, assets, settings)
    yield from balance_audits(rows, assets, settings)
    yield from constant_replies(rows, assets, settings)
    yield from form_audits(rows, sample.definitions, assets, settings)
    if seen.places:
        say("guessing from one image, background and place")
        forms = np.array([row.answer_form for row in rows], dtype=np.str_)
        yield from image_audits(seen, problems, assets, forms, settings, sample.definitions)
    if sample.framing.kinds:
        say(f"guessing from the framing of {len(sample.framing.kinds):,} rows")
        yield from framing_audits(sample.framing, settings, sample.definitions)
    for name in plugin_names("audits"):
        say(f"guessing by {name}")
        yield from load_plugin("audits", name)(sample, settings)  # type: ignore[misc]


def _notes(sample: Sample, seen: SeenImages, shared: tuple[Dependence, ...], settings: AuditSettings) -> Iterator[str]:
    yield from never_right(sample)
    for kind in sorted({kind for kind, _ in sample.answers}):
        if "@" not in kind and kind in sample.definitions and (cues := sorted(sample.definitions[kind].told_by)):
            images = " and ".join(cue.replace("_", " ") for cue in cues)
            yield f"{kind} is about one image by its nature: it is not judged by what the {images} alone tells"
    if not settings.look_at_framing:
        yield "switched off: the audits first_framing, second_framing and both_framings"
    if not settings.look_at_images:
        yield "switched off: all audits that look at images"
    if sample.framing.unread:
        yield f"the cameras of {sample.framing.unread:,} rows could not be read: run viewpoint100k verify on the folder"
    same = [d for d in shared if d.most > 0.5 and d.bits >= _ONE_BIT * d.most]
    if same:
        kinds = sorted({kind for d in same for kind in (d.first, d.second)})
        yield f"{', '.join(kinds)} carry one bit between them: whoever knows one of the answers knows all"
    if seen.unread:
        yield f"the images of {seen.unread:,} sampled rows could not be read: run viewpoint100k verify on the folder"
    if len(sample.rows) < sample.total:
        yield f"text was looked at in {len(sample.rows):,} of {sample.total:,} rows, images in {len(seen.places):,}"
    elif not seen.places:
        yield "no images were looked at"
    elif len(seen.places) + seen.unread < sample.total:
        yield f"images were looked at in {len(seen.places):,} of {sample.total:,} rows"
