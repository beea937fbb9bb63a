"""Milliseconds a frame that one process spends in each stage of a block. Called by `benchmarks.build`.

python -m benchmarks.build_stages procedural
"""

from __future__ import annotations

import json
import sys
import time

from viewpoint100k.build import Workshop
from viewpoint100k.config import load_config
from viewpoint100k.dataset import draw_up


class _Silent:
    def visiting(self, asset_id: str) -> None: ...

    def visited(self, rows: int) -> None: ...


def main(source: str) -> None:
    blueprint = draw_up(load_config("viewpoint-100k", ["rows=100", f"source={source}"]))
    workshop = Workshop(blueprint, blueprint.config.open_source())
    workshop.renderer.describe()  # Opens the context, which is not part of any stage.
    start = time.perf_counter()
    batch, _ = workshop.build_block(blueprint.plan.shards[0].blocks[0], dict, _Silent())
    total = time.perf_counter() - start
    frames = len({tuple(camera["camera_to_world"]) for row in batch.to_pylist() for camera in row["cameras"]})
    milliseconds = {name: round(1000 * seconds / frames, 2) for name, seconds in workshop.timed.seconds.items()}
    print(json.dumps({"frames": frames, "ms_per_frame": round(1000 * total / frames, 2)} | milliseconds))


if __name__ == "__main__":
    main(sys.argv[1])
