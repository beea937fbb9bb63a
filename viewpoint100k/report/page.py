"""Writes ``report.html`` into a finished data set folder: one self-contained page.

The report needs only the folder. The template engine escapes every string of the data set. The content security policy
allows only the page's own script, and the page loads nothing from outside.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from viewpoint100k import __version__
from viewpoint100k.check.audit import AuditReport, AuditResult, read_audit
from viewpoint100k.dataset.folder import stored_manifest_digest
from viewpoint100k.dataset.motion_table import JOINTS
from viewpoint100k.errors import DataError
from viewpoint100k.report.contents import Contents, light_rows, measured, read_drops, row_count, shard_paths
from viewpoint100k.report.drawing import points
from viewpoint100k.report.gallery import Gallery
from viewpoint100k.runtime.files import write_atomically
from viewpoint100k.runtime.progress import Progress

__all__ = ["report"]

_MOST_LISTED = 40
_VIEWER = "http://localhost:8100"
"""Default address of the page that ``viewpoint100k view`` serves."""


def report(folder: Path, *, gallery_size: int = 120) -> Path:
    """Writes the report of the data set in ``folder`` and returns its path.

    The page shows the results of the last audit. It says so if there was no audit, or if the rows have changed since.
    Raises ``UsageError`` if the folder is not a data set, ``DataError`` if it cannot be read.
    """
    folder = Path(folder)
    paths = shard_paths(folder)
    contents, gallery = Contents(), Gallery(gallery_size)
    with Progress("reading", "rows", sum(map(row_count, paths))) as progress:
        for place, split, row in light_rows(paths):
            contents.add(row, split)
            gallery.offer(place, split, row)
            progress.advance(1)
    if not contents.rows:
        raise DataError(f"{folder} holds no rows: there is nothing to report")
    audit, manifest = read_audit(folder), stored_manifest_digest(folder)
    pairs = gallery.pairs(paths)
    shown = [(views, row) for pair in pairs for views in pair.views for row in views.rows]
    style, script = (_part(name) for name in ("report.css", "report.js"))
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=True)
    page = environment.from_string(_part("report.html.j2")).render(
        name=folder.resolve().name,
        version=__version__,
        manifest=manifest,
        contents=contents,
        histograms=contents.histograms(),
        margins=contents.margins(),
        joints=JOINTS,
        most_listed=_MOST_LISTED,
        drops=read_drops(folder),
        audit=audit,
        audit_groups=_by_audit(audit) if audit else [],
        summed_up=_summed_up,
        stale=audit is not None and audit.manifest != manifest,
        pairs=pairs,
        shown_rows=[row for _, row in shown],
        forms=sorted({views.form or "as it is" for views, _ in shown}),
        points=points,
        measured=lambda row: json.dumps({name: _rounded(values) for name, values in measured(row).items()}),
        viewer=_VIEWER,
        style=Markup(style),
        script=Markup(script),
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    path = folder / "report.html"
    write_atomically(path, page.encode())
    return path


def _by_audit(audit: AuditReport) -> list[tuple[str, list[AuditResult]]]:
    """The results of each audit, in the order in which the audits were made."""
    groups: dict[str, list[AuditResult]] = {}
    for result in audit.results:
        groups.setdefault(result.audit, []).append(result)
    return list(groups.items())


def _summed_up(results: Sequence[AuditResult]) -> str:
    """A short summary of the results of one audit."""
    highest = max(results, key=lambda result: result.score - result.chance)
    verdicts = Counter(result.verdict for result in results)
    counted = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
    points = 100 * (highest.score - highest.chance)
    return f"{counted}; at most {points:+.1f} points from chance ({highest.problem.replace('_', ' ')})"


def _rounded(values: Sequence[float | None]) -> list[float]:
    """The values that are not None, rounded to the digits that a bar can show."""
    return [float(f"{value:.6g}") for value in values if value is not None]


def _part(name: str) -> str:
    return (resources.files("viewpoint100k.report") / name).read_text(encoding="utf-8")
