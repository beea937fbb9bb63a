"""Formats the report of a benchmark as text: a table of figures and their meanings."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from viewpoint100k.bench.results import BenchReport, BuildSpeed, Estimate, Pace, PeerSpeed, Ratio
from viewpoint100k.plan.layout import ROWS_PER_BLOCK

__all__ = ["format_bench"]

_LINES = {
    "rate": "frames a second",
    "rate ratio": "  over the usual loop's",
    "CPU": "CPU ms a frame",
    "CPU ratio": "  the usual loop's over it",
    "pace rate": "once started, frames a second",
    "pace rate ratio": "  over the usual loop's",
    "pace CPU": "once started, CPU ms a frame",
    "pace CPU ratio": "  the usual loop's over it",
    "rows rate": "rows a second",
    "rows": "rows",
    "frames": "frames",
    "seconds": "seconds",
    "peak": "peak MiB",
    "whole set": "100,000 rows take",
}
_WIDTH = 110


def format_bench(report: BenchReport) -> str:
    """The report as lines for a terminal."""
    settings, peer = report.settings, report.peer
    workers = f"{settings.workers} worker{'s' * (settings.workers > 1)}"
    lines = [
        f"viewpoint100k {report.version}: {settings.rows:,} training rows of {settings.source}, frames of "
        f"{settings.image_size} x {settings.image_size} pixels, {workers} on {report.cores} cores",
        f"builds render with {report.stages.renderer}",
        *([f"the usual loop renders with {peer.renderer}"] if peer else []),
        "",
        *_aligned(_comparison(report)),
        "",
        "stages of a build, ms for each frame, one process on one core",
        *_aligned(_stages(report)),
        "",
        *_aligned_first_rows(report),
        *_meanings(report),
    ]
    return "\n".join(lines)


def _comparison(report: BenchReport) -> list[list[str]]:
    ratios, without, peer = report.ratios, report.build_without_answerability, report.peer
    columns = {"build": _build_column(report.build, ratios["build_over_peer"])}
    columns["build"] |= _pace_cells(report.pace, ratios["pace_over_peer"])
    columns["build"]["whole set"] = _duration(report.whole_set)
    if without is not None:
        column = _build_column(without, ratios["build_without_answerability_over_peer"])
        column |= _pace_cells(report.pace_without_answerability, ratios["pace_without_answerability_over_peer"])
        columns["without answerability"] = column
    if peer is not None:
        columns["usual loop"] = _rate_cells(peer) | {"frames": f"{peer.frames:,}", "seconds": f"{peer.seconds:.2f}"}
    shown = [line for line in _LINES if any(line in column for column in columns.values())]
    return [["", *columns], *([_LINES[line], *(column.get(line, "") for column in columns.values())] for line in shown)]


def _build_column(speed: BuildSpeed, ratio: Ratio | None) -> dict[str, str]:
    return {
        **_rate_cells(speed),
        **_ratio_cells(ratio),
        "rows rate": f"{speed.rows_per_s:.2f}",
        "rows": f"{speed.rows:,}",
        "frames": f"{speed.frames:,}",
        "seconds": f"{speed.seconds:.2f}",
        "peak": f"{speed.peak_mib:,}",
    }


def _pace_cells(pace: Pace | None, ratio: Ratio | None) -> dict[str, str]:
    if pace is None:
        return {}
    cells = {**_rate_cells(pace), **_ratio_cells(ratio)}
    return {f"pace {line}": cell for line, cell in cells.items()}


def _rate_cells(speed: BuildSpeed | Pace | PeerSpeed) -> dict[str, str]:
    return {"rate": f"{speed.frames_per_s:.2f}", "CPU": f"{speed.cpu_ms_per_frame:.1f}"}


def _ratio_cells(ratio: Ratio | None) -> dict[str, str]:
    if ratio is None:
        return {}
    return {"rate ratio": f"{ratio.frames_per_s:.2f}", "CPU ratio": f"{ratio.cpu_ms_per_frame:.2f}"}


def _stages(report: BenchReport) -> Iterator[list[str]]:
    total = report.stages.ms_per_frame
    for name, spent in sorted(report.stages.by_stage_ms.items(), key=lambda stage: -stage[1]):
        yield [f"  {name}", f"{spent:.2f}", f"{100 * spent / total:.0f}%"]
    yield ["  all", f"{total:.2f}", ""]


def _aligned_first_rows(report: BenchReport) -> Iterator[str]:
    if report.first_rows:
        yield "the first row of a folder of objects, seconds from the start of a build"
        yield from _aligned(_first_rows(report))
        yield ""


def _first_rows(report: BenchReport) -> Iterator[list[str]]:
    yield ["", "seconds", "again", "loaded", "used", "peak MiB"]
    for first in report.first_rows:
        figures = [f"{first.seconds:.1f}", f"{first.seconds_again:.1f}", f"{first.loaded:,}", f"{first.used:,}"]
        name = f"  {first.objects:,} object{'s' * (first.objects > 1)}"
        yield [name, *figures, f"{first.peak_mib:,}"]


def _meanings(report: BenchReport) -> Iterator[str]:
    for sentence in _sentences(report):
        yield from textwrap.wrap(sentence, _WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def _sentences(report: BenchReport) -> Iterator[str]:
    peer, start = report.peer, report.start_up.seconds
    yield "build: a whole `viewpoint100k build`, from its start to its end, with all its workers"
    if peer is not None:
        yield "without answerability: the same with pairs.min_answerability=0, so without that check"
        yield (
            f"usual loop: trimesh loads {peer.objects} of the same objects as GLB files ({peer.load_ms:.1f} ms each), "
            f"pyrender renders colour and depth on plain grey ({peer.render_ms:.1f} ms a frame), Pillow writes PNG "
            f"({peer.encode_ms:.1f} ms a frame); one process with every core; without imports and context"
        )
    else:
        yield f"usual loop: not measured: {report.peer_left_out}"
    yield "frames: distinct images; rows: of all splits; peak: resident memory of the largest process"
    yield "CPU: time of all processes on all cores; use it when other work shares the cores"
    if report.pace is not None:
        yield f"once started: without the time ({start:.1f} s) and the rows of a build of one row"
        yield f"{_LINES['whole set']}: {start:.1f} s to start, and the rest once started; 1,000 test rows included"
    else:
        enough = 2 * ROWS_PER_BLOCK * report.settings.workers
        yield (
            f"This build is too short to predict a long one: a build of one row took {start:.1f} s, or some "
            f"workers were idle. Give --rows {enough} or more."
        )


def _duration(estimate: Estimate) -> str:
    minutes = max(1, round(estimate.seconds / 60))
    hours, minutes = divmod(minutes, 60)
    text = f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
    return f"{'at most' if estimate.is_upper_bound else 'about'} {text}"


def _aligned(table: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lines with the first column left-aligned and the others right-aligned."""
    rows = list(table)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield "  ".join([row[0].ljust(widths[0]), *cells]).rstrip()
