"""Times ``viewpoint100k build`` as a user runs it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from viewpoint100k.bench.processes import Failure, run_module
from viewpoint100k.bench.results import BenchSettings, BuildSpeed, Estimate, Pace
from viewpoint100k.plan.layout import ROWS_PER_BLOCK

__all__ = ["WHOLE_SET", "Built", "measure_build", "pace_once_started", "time_of_whole_set", "tried_and_used"]

WHOLE_SET = 101_000
"""Rows of the paper's data set: 100,000 for training and 1,000 for tests."""


@dataclass(frozen=True)
class Built:
    """A timed build."""

    speed: BuildSpeed
    assets: tuple[str, ...]
    """Ids of the assets that gave rows, sorted, as the source names them."""


def measure_build(
    settings: BenchSettings, *overrides: str, rows: int | None = None, on_line: Callable[[str], None]
) -> Built:
    """Builds into a temporary folder and times it.

    Args:
        overrides: ``key=value`` for fields of the config ``viewpoint-100k``.
        rows: number of training rows; that of the settings by default.
        on_line: called with each progress line of the build.

    Raises the error of a build that fails.
    """

    def listen(line: str) -> None:
        if line.startswith("building: "):
            on_line(line)

    with tempfile.TemporaryDirectory(prefix="viewpoint100k-bench-") as folder:
        out = Path(folder) / "out"
        arguments = ["build", "viewpoint-100k", "--out", str(out), "--rows", str(rows or settings.rows)]
        arguments += ["--source", settings.source, "--workers", str(settings.workers)]
        for override in (f"images.size={settings.image_size}", *overrides):
            arguments += ["--set", override]
        try:
            done = run_module("viewpoint100k", *arguments, on_line=listen)
        except Failure as failure:
            raise failure.as_error() from failure
        built, frames = _count(out)
        assets = _used_assets(out)
    speed = BuildSpeed(
        rows=built,
        frames=frames,
        seconds=round(done.seconds, 2),
        rows_per_s=round(built / done.seconds, 2),
        frames_per_s=round(frames / done.seconds, 2),
        cpu_ms_per_frame=round(1000 * done.cpu_seconds / frames, 1),
        peak_mib=round(done.peak_mib),
    )
    return Built(speed, assets)


def _count(folder: Path) -> tuple[int, int]:
    """Number of rows and of distinct images in a data set folder."""
    import pyarrow.parquet as pq

    rows, shots = 0, set()
    for path in folder.glob("data/*.parquet"):
        for batch in pq.ParquetFile(path).iter_batches(columns=["asset_id", "cameras"]):
            rows += batch.num_rows
            for row in batch.to_pylist():
                shots |= {(row["asset_id"], *camera["camera_to_world"]) for camera in row["cameras"]}
    return rows, len(shots)


def _used_assets(folder: Path) -> tuple[str, ...]:
    records = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob(".build/shards/*.json")]
    return tuple(sorted({asset for record in records for block in record["blocks"] for asset in block["used_assets"]}))


def tried_and_used(folder: Path) -> tuple[int, int]:
    """Number of assets that a finished set tried, and of those that gave rows."""
    tried = json.loads((folder / ".build" / "build.json").read_text(encoding="utf-8"))["tried"]
    return int(tried), len(_used_assets(folder))


def pace_once_started(build: BuildSpeed, start_up: BuildSpeed, workers: int) -> Pace | None:
    """Speed of ``build`` after its start: its rows and time minus those of ``start_up``, a build of very few rows.

    A long build comes close to this speed. None if ``build`` is too short: mostly start-up, or with idle workers
    because it has less than one block for each.
    """
    rows, frames = build.rows - start_up.rows, build.frames - start_up.frames
    seconds = build.seconds - start_up.seconds
    if rows < ROWS_PER_BLOCK * workers or frames <= 0 or seconds < start_up.seconds:
        return None
    cpu_ms = build.cpu_ms_per_frame * build.frames - start_up.cpu_ms_per_frame * start_up.frames
    return Pace(round(rows / seconds, 2), round(frames / seconds, 2), round(cpu_ms / frames, 1))


def time_of_whole_set(build: BuildSpeed, start_up: BuildSpeed, pace: Pace | None) -> Estimate:
    """Estimated time of `WHOLE_SET` rows: one start-up, and the other rows at ``pace``; an upper bound without it."""
    if pace is None:
        return Estimate(round(WHOLE_SET * build.seconds / build.rows, 1), is_upper_bound=True)
    seconds = start_up.seconds + (WHOLE_SET - start_up.rows) / pace.rows_per_s
    return Estimate(round(seconds, 1), is_upper_bound=False)
