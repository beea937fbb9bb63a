"""Builds a small set in memory and prints the digests of its rows, as JSON. Run in a process of its own.

``python golden_rows.py CONFIG ROWS SOURCE [key=value ...]``; `test_golden.py` runs it in many environments.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from viewpoint100k.building.blocks import BlockBuilder, SilentListener
from viewpoint100k.dataset.digests import Digests, RowHasher, combined
from viewpoint100k.plan.config import load_config
from viewpoint100k.plan.planning import make_build_plan


def digests(config: str, rows: int, source: str, settings: list[str]) -> Digests:
    """Those that the manifest of the same build states."""
    build_plan = make_build_plan(load_config(config, settings, {"rows": rows, "source": source}))
    builder = BlockBuilder(build_plan, build_plan.config.open_source())
    by_shard = {}
    for shard in build_plan.layout.shards:
        hasher = RowHasher()
        for block in shard.blocks:
            hasher.add_batch(builder.build_block(block, dict, SilentListener())[0])
        by_shard[f"data/{shard.name}.parquet"] = hasher.digests()
    builder.close()
    return combined(by_shard)


if __name__ == "__main__":
    name, count, where, *stated = sys.argv[1:]
    print(json.dumps(asdict(digests(name, int(count), where, stated))))
