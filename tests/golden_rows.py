"""Small sets and the digests of their rows, which must be the same on every machine.

``python tests/golden_rows.py JOB ...`` builds jobs in memory and prints their digests as JSON; `test_golden.py` runs it
in many environments. ``python tests/golden_rows.py --update`` writes ``golden_digests.json`` anew: a breaking change,
whose reason belongs into CHANGELOG.md.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["GOLDEN", "JOBS", "Job"]

GOLDEN = Path(__file__).with_name("golden_digests.json")
_ASSETS = Path(__file__).parents[2] / "shared" / "assets"


@dataclass(frozen=True)
class Job:
    """A set to build."""

    config: str
    rows: int
    source: str = "procedural"
    size: int = 64
    """Pixels."""

    @property
    def folder(self) -> Path | None:
        """The folder of the source; None for a built-in source."""
        _, colon, folder = self.source.partition(":")
        return Path(folder) if colon else None

    def settings(self) -> list[str]:
        """Settings in the form of ``--set``."""
        return [f"images.size={self.size}", "renderer=software", "rows_per_shard=100"]


def _jobs() -> Mapping[str, Job]:
    jobs = {}
    for config in ("viewpoint-100k", "decoupled"):
        jobs[f"{config} 20"] = Job(config, 20)
        jobs[f"{config} 200"] = Job(config, 200)
        jobs[f"{config} meshes 12"] = Job(config, 12, f"meshes:{_ASSETS / 'meshes'}")
        jobs[f"{config} meshes 200"] = Job(config, 200, f"meshes:{_ASSETS / 'meshes'}")
    jobs["viewpoint-100k capture 3"] = Job("viewpoint-100k", 3, f"mvimgnet:{_ASSETS / 'captures'}")
    return jobs


JOBS = _jobs()


def digests(job: Job) -> dict[str, str]:
    """The digests that the manifest of this build would state."""
    from viewpoint100k.building.blocks import BlockBuilder, SilentListener
    from viewpoint100k.dataset.digests import RowHasher, combined
    from viewpoint100k.plan.config import load_config
    from viewpoint100k.plan.planning import make_build_plan

    config = load_config(job.config, job.settings(), {"rows": job.rows, "source": job.source})
    build_plan = make_build_plan(config)
    builder = BlockBuilder(build_plan, config.open_source())
    by_shard = {}
    for shard in build_plan.layout.shards:
        hasher = RowHasher()
        for block in shard.blocks:
            hasher.add_batch(builder.build_block(block, dict, SilentListener())[0])
        by_shard[f"data/{shard.name}.parquet"] = hasher.digests()
    builder.close()
    return asdict(combined(by_shard))


if __name__ == "__main__":
    names = list(JOBS) if sys.argv[1:] == ["--update"] else sys.argv[1:]
    found = {name: digests(JOBS[name]) for name in names}
    if sys.argv[1:] == ["--update"]:
        GOLDEN.write_text(json.dumps(found, indent=2) + "\n")
    else:
        print(json.dumps(found))
