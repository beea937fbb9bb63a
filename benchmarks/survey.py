"""What it costs to plan a build of a folder: time, memory, and objects tried.

    python -m benchmarks.survey FOLDER [--rows 40] [--first-row OUT]

Plans the rows and prints JSON: seconds by the clock, CPU seconds of this process and of those that try objects, and the
largest memory of this process. ``--first-row`` runs ``viewpoint100k build`` instead, to its first row (two workers).
Run it with ``XDG_CACHE_HOME`` at an empty folder, and again, to see what the store saves.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from viewpoint100k.plan.config import load_config
from viewpoint100k.plan.planning import make_build_plan

_SIZE = "images.size=128"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=40)
    parser.add_argument("--first-row", type=Path, metavar="OUT", help="folder of a new set")
    options = parser.parse_args()
    source = f"meshes:{options.folder}"
    result = (
        plan(source, options.rows) if options.first_row is None else first_row(source, options.rows, options.first_row)
    )
    print(json.dumps({"rows": options.rows, **result}, indent=2))


def plan(source: str, rows: int) -> dict[str, object]:
    start = time.perf_counter()
    made = make_build_plan(load_config("viewpoint-100k", [_SIZE], {"source": source, "rows": rows}))
    tries = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "seconds": round(time.perf_counter() - start, 2),
        "cpu_s": round(time.process_time(), 2),
        "cpu_s_of_trials": round(tries.ru_utime + tries.ru_stime, 2),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "tried": made.tried.count,
        "objects": made.tried.of,
    }


def first_row(source: str, rows: int, out: Path) -> dict[str, object]:
    command = ["build", "viewpoint-100k", "--source", source, "--rows", f"{rows}", "--out", f"{out}", "--set", _SIZE]
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "viewpoint100k", *command, "--workers", "2"],
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    ) as build:
        assert build.stderr is not None
        if not any(line.startswith("building: ") for line in build.stderr):
            sys.exit(f"the build ended without a row, with exit code {build.wait()}")
        seconds, cpu_s = time.perf_counter() - start, cpu_of_group(build.pid)
        os.killpg(build.pid, 9)
    return {"seconds": round(seconds, 2), "cpu_s": round(cpu_s, 2)}


def cpu_of_group(group: int) -> float:
    """CPU seconds of a group of processes and of those that they waited for (Linux)."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # It has just ended.
            continue
        if int(fields[2]) == group:
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
