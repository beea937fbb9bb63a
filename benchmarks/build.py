"""A whole build, timed end to end, beside the usual way to make such frames, on the same machine in the same run.

    python -m benchmarks.build [--rows 1000] [--meshes DIR] [--workers N]

Prints JSON: for each source, frames and rows a second of ``viewpoint100k build`` with all its processes (start-up
included), milliseconds a frame of each stage from one process, and peak memory; for the peer, frames a second over the
same kind of meshes; and the ratio of the two. Machines are noisy: read the ratios,
and where other work shares the cores, the CPU time a frame.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

_REPOSITORY = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1000, help="training rows of each build")
    parser.add_argument("--meshes", type=Path, help="folder of GLB files, to be measured too and given to the peer")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--no-peer", action="store_true", help="leave the pyrender loop out")
    options = parser.parse_args()
    sources = ["procedural"] + ([f"meshes:{options.meshes.resolve()}"] if options.meshes else [])
    result: dict[str, Any] = {"cores": len(os.sched_getaffinity(0)), "workers": options.workers}
    for source in sources:
        kind = source.partition(":")[0]
        result[kind] = {
            "build": measure_build(source, options.rows, options.workers),
            "stages": measure_stages(source),
        }
    if options.meshes and not options.no_peer:
        result["peer"] = measure_peer(options.meshes)
        peer = result["peer"]["frames_per_s"]
        # The peer only makes frames. The same without the question whether they can be answered:
        alone = measure_build(sources[1], options.rows, options.workers, "--set", "pairs.min_answerability=0")
        del alone["peak_mib_of_the_largest_process"]  # By now that is the peer.
        result["meshes"]["build_without_answerability"] = alone
        result["meshes_over_peer"] = round(result["meshes"]["build"]["frames_per_s"] / peer, 2)
        result["meshes_without_answerability_over_peer"] = round(alone["frames_per_s"] / peer, 2)
    print(json.dumps(result, indent=2))


def measure_build(source: str, rows: int, workers: int, *more: str) -> dict[str, Any]:
    """``viewpoint100k build`` as a user runs it."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = [sys.executable, "-m", "viewpoint100k", "build", "viewpoint-100k", "--rows", str(rows)]
        command += ["--source", source, "--out", str(out), "--workers", str(workers), *more]
        # Python keeps what it has compiled unless it is told not to; a user's does.
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        start, busy = time.perf_counter(), _cpu_seconds()
        subprocess.run(
            command,
            check=True,
            cwd=_REPOSITORY,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        seconds, busy = time.perf_counter() - start, _cpu_seconds() - busy
        frames, built = _count(out)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {
        "rows": built,
        "frames": frames,
        "seconds": round(seconds, 2),
        "rows_per_s": round(built / seconds, 1),
        "frames_per_s": round(frames / seconds, 1),
        "cpu_ms_per_frame": round(1000 * busy / frames, 1),
        "peak_mib_of_the_largest_process": round(peak),
    }


def _cpu_seconds() -> float:
    """Of all processes that this one has started and that have ended, on all cores."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _count(out: Path) -> tuple[int, int]:
    """Distinct images, and rows, of a data set folder."""
    import pyarrow.parquet as pq

    rows, cameras = 0, set()
    for path in out.glob("data/*.parquet"):
        for row in pq.read_table(path, columns=["asset_id", "cameras"]).to_pylist():
            rows += 1
            cameras |= {(row["asset_id"], *camera["camera_to_world"]) for camera in row["cameras"]}
    return len(cameras), rows


def measure_stages(source: str) -> dict[str, float]:
    """Milliseconds a frame by stage, over one block in a process of its own with one rendering thread."""
    environment = os.environ | {"LP_NUM_THREADS": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "benchmarks.build_stages", source]
    done = subprocess.run(command, check=True, cwd=_REPOSITORY, env=environment, capture_output=True, text=True)
    stages: dict[str, float] = json.loads(done.stdout)
    return stages


def measure_peer(meshes: Path) -> dict[str, Any]:
    """The loop that people write today, with every core at its disposal, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.peers.pyrender_loop", str(meshes)]
    busy = _cpu_seconds()
    done = subprocess.run(command, check=True, cwd=_REPOSITORY, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result | {"cpu_ms_per_frame": round(1000 * (_cpu_seconds() - busy) / result["frames"], 1)}


if __name__ == "__main__":
    main()
