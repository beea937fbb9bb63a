"""Measures builds on this machine, and the usual loop of trimesh, pyrender and PNG for comparison, in one run."""

from __future__ import annotations

from collections.abc import Callable

from viewpoint100k import __version__
from viewpoint100k.bench.builds import measure_build, pace_once_started, time_of_whole_set
from viewpoint100k.bench.first_rows import measure_first_row
from viewpoint100k.bench.peer import PeerError, measure_peer, why_no_peer
from viewpoint100k.bench.results import BenchReport, BenchSettings, BuildSpeed, PeerSpeed
from viewpoint100k.bench.stages import measure_stages
from viewpoint100k.plan.config import load_config
from viewpoint100k.plan.planning import make_build_plan
from viewpoint100k.runtime.cores import usable_cores

__all__ = ["bench"]


def bench(settings: BenchSettings, on_step: Callable[[str], None] = lambda step: None) -> BenchReport:
    """Runs all measurements one after the other; leaves no files on the disk.

    Assets of the source are downloaded first. The first two measurements read the same files as the later ones, so the
    files are in the system's cache when the builds that are compared begin.

    Args:
        on_step: called with the name of each measurement, and with the progress of builds.

    Raises ``UsageError`` if the settings cannot be used, and the error of a build that fails. If the usual loop fails,
    the report says so.
    """
    overrides = [f"images.size={settings.image_size}"]
    config = load_config("viewpoint-100k", overrides, {"rows": settings.rows, "source": settings.source})
    make_build_plan(config)
    left_out, failed = why_no_peer(settings), False
    if left_out and settings.peer:
        on_step(f"skipping the usual loop: {left_out}")
    on_step("one block in one process, stage by stage")
    stages = measure_stages(settings)
    on_step("a build of one row")
    start_up = measure_build(settings, rows=1, on_line=on_step).speed
    on_step(f"a build of {settings.rows:,} rows")
    built = measure_build(settings, on_line=on_step)
    first_rows = tuple(measure_first_row(objects, settings.workers, on_step) for objects in settings.folders)
    without: BuildSpeed | None = None
    peer: PeerSpeed | None = None
    if left_out is None:
        on_step(f"a build of {settings.rows:,} rows without answerability")
        without = measure_build(settings, "pairs.min_answerability=0", on_line=on_step).speed
        on_step("the usual loop")
        try:
            peer = measure_peer(config.open_source(), built.assets, config.pairs_per_asset + 1, settings.image_size)
        except PeerError as error:
            left_out, failed = str(error), True
    pace = pace_once_started(built.speed, start_up, settings.workers)
    return BenchReport(
        version=__version__,
        cores=usable_cores(),
        settings=settings,
        stages=stages,
        start_up=start_up,
        build=built.speed,
        first_rows=first_rows,
        pace=pace,
        whole_set=time_of_whole_set(built.speed, start_up, pace),
        build_without_answerability=without,
        pace_without_answerability=pace_once_started(without, start_up, settings.workers) if without else None,
        peer=peer,
        peer_left_out=left_out,
        peer_failed=failed,
    )
