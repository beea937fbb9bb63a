"""How many rows keep their id and their bytes when some files of a folder change.

    python -m benchmarks.growth [--objects 20000] [--rows 10000] [--changed 0.01] [--build]

Makes a folder of small objects, removes one half of the changed files and adds as many new ones, and plans both sets.
A row follows from its place, its asset and the seed of the visit, so a visit that stays keeps its rows. ``--build``
also builds both sets and compares the stored rows, column by column, images included. Prints JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from benchmarks.folders import make_small
from viewpoint100k.plan.config import BuildConfig, load_config
from viewpoint100k.plan.layout import candidates
from viewpoint100k.plan.planning import make_build_plan

_SETTINGS = ("images.size=64",)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=20_000)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--changed", type=float, default=0.01, help="part of the files")
    parser.add_argument("--build", action="store_true", help="build both sets too, and compare their rows")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="viewpoint100k-growth-") as name:
        os.environ["XDG_CACHE_HOME"] = f"{name}/cache"
        folder = Path(name, "objects")
        new = round(options.objects * options.changed / 2)
        make_small(folder, options.objects + new)
        paths = sorted(folder.rglob("*.ply"))
        hidden = Path(name, "new")
        hidden.mkdir()
        for path in paths[options.objects :]:
            path.rename(hidden / path.name)
        config = load_config("viewpoint-100k", list(_SETTINGS), {"rows": options.rows, "source": f"meshes:{folder}"})
        before, rows_before = visits(config), built(config, Path(name, "before")) if options.build else {}
        for place in np.random.default_rng(0).choice(options.objects, new, replace=False).tolist():
            paths[place].unlink()
        for path in hidden.iterdir():
            path.rename(folder / path.name)
        after, rows_after = visits(config), built(config, Path(name, "after")) if options.build else {}
    kept = sum(after.get(visit) == found for visit, found in before.items())
    result = {
        "objects": options.objects,
        "files_changed": 2 * new,
        "rows": options.rows,
        "visits": len(before),
        "visits_kept": kept,
        "part_kept": round(kept / len(before), 4),
    }
    if options.build:
        same = sum(rows_after.get(row_id) == digest for row_id, digest in rows_before.items())
        result |= {"rows_built": len(rows_before), "rows_kept": same}
    print(json.dumps(result, indent=2))


def visits(config: BuildConfig) -> dict[tuple[str, int], tuple[str, int]]:
    """The asset and the seed of each visit that the rows need, by block and place."""
    layout = make_build_plan(config).layout
    found = {}
    for block in (block for shard in layout.shards for block in shard.blocks):
        needed = -(-block.rows // config.pairs_per_asset)
        for place, visit in enumerate(
            itertools.islice(candidates(config, block, layout.pools[block.shard.split]), needed)
        ):
            found[block.name, place] = visit
    return found


def built(config: BuildConfig, out: Path) -> dict[str, str]:
    """Builds the set; digests of its rows by id."""
    command = ["build", "viewpoint-100k", "--rows", f"{config.rows}", "--source", config.source, "--out", f"{out}"]
    command += [word for setting in _SETTINGS for word in ("--set", setting)]
    subprocess.run([sys.executable, "-m", "viewpoint100k", *command], check=True, stdout=subprocess.DEVNULL)
    rows = {}
    for path in sorted(out.glob("data/*.parquet")):
        for batch in pq.ParquetFile(path).iter_batches():
            for row in batch.to_pylist():
                rows[row["id"]] = hashlib.sha256(repr(row).encode()).hexdigest()
    return rows


if __name__ == "__main__":
    main()
