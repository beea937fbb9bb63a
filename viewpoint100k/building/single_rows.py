"""Rebuilds single rows of a set: the blocks that hold them, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from viewpoint100k.building.blocks import BlockBuilder, SilentListener
from viewpoint100k.dataset.reference import BlockPlace
from viewpoint100k.errors import UsageError
from viewpoint100k.plan.build_plan import BuildPlan

__all__ = ["rebuild_row"]


def rebuild_row(build_plan: BuildPlan, row_id: str, places: Sequence[BlockPlace]) -> dict[str, Any] | None:
    """The row with this id, as a build writes it; None if no block of ``places`` has it.

    Raises ``UsageError`` for a place that the plan does not have, and ``BuildError`` as a build does.
    """
    shards = {shard.name: shard for shard in build_plan.layout.shards}
    builder = BlockBuilder(build_plan, build_plan.config.open_source())
    try:
        for place in places:
            if place.shard not in shards or place.block >= len(shards[place.shard].blocks):
                raise UsageError(f"the config plans no block {place.block} of {place.shard}: give the set's own config")
            batch, _ = builder.build_block(shards[place.shard].blocks[place.block], dict, SilentListener())
            rows: list[dict[str, Any]] = batch.to_pylist()
            found = next((row for row in rows if row["id"] == row_id), None)
            if found is not None:
                return found
    finally:
        builder.close()
    return None
