"""Measures the stages of one block, in milliseconds for each frame, in a separate process.

python -m viewpoint100k.bench.stages procedural [--rows 100] [--image-size 512]
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict

import typer

from viewpoint100k.bench.processes import Failure, run_module
from viewpoint100k.bench.results import BenchSettings, StageTimes
from viewpoint100k.plan.layout import ROWS_PER_BLOCK
from viewpoint100k.runtime.environment import ONE_CORE
from viewpoint100k.runtime.exit import run_app

__all__ = ["measure_stages"]


def measure_stages(settings: BenchSettings) -> StageTimes:
    """Starts a process with one core, as a worker has, and returns its measurement.

    Raises the error of that process if it fails.
    """
    rows = min(settings.rows, ROWS_PER_BLOCK)
    try:
        done = run_module(
            "viewpoint100k.bench.stages",
            *(settings.source, "--rows", str(rows), "--image-size", str(settings.image_size)),
            environment=ONE_CORE,
        )
    except Failure as failure:
        raise failure.as_error() from failure
    return StageTimes(**json.loads(done.output))


def time_block(source: str, rows: int, image_size: int) -> StageTimes:
    """Builds the first block of a set of ``rows`` training rows in this process, after a warm-up block."""
    from viewpoint100k.building.blocks import BlockBuilder, SilentListener
    from viewpoint100k.plan.config import load_config
    from viewpoint100k.plan.planning import make_build_plan

    config = load_config("viewpoint-100k", [f"images.size={image_size}"], {"rows": rows, "source": source})
    build_plan = make_build_plan(config)
    builder = BlockBuilder(build_plan, config.open_source())
    # A worker imports modules and creates the context once; no stage includes this time.
    builder.build_block(build_plan.layout.shards[-1].blocks[-1], dict, SilentListener())
    builder.timed.seconds.clear()
    start = time.perf_counter()
    batch, _ = builder.build_block(build_plan.layout.shards[0].blocks[0], dict, SilentListener())
    total = time.perf_counter() - start
    made = batch.to_pylist()
    frames = len({(row["asset_id"], *camera["camera_to_world"]) for row in made for camera in row["cameras"]})
    seconds = {**builder.timed.seconds, "other": total - sum(builder.timed.seconds.values())}
    builder.close()
    return StageTimes(
        renderer=" and ".join(sorted({row["renderer"] for row in made})),
        frames=frames,
        ms_per_frame=round(1000 * total / frames, 2),
        by_stage_ms={name: round(1000 * spent / frames, 2) for name, spent in seconds.items()},
    )


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command()
def _main(source: str, rows: int = ROWS_PER_BLOCK, image_size: int = 512) -> None:
    print(json.dumps(asdict(time_block(source, rows, image_size))))


if __name__ == "__main__":
    run_app("viewpoint100k", app)
