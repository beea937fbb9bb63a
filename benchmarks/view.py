"""Measures how fast the viewer opens a large set, and its memory while one steps through the rows.

    python -m benchmarks.view DIR [--rows 100000] [--steps 1000]

DIR is a finished set. If it has fewer rows, its training rows are repeated under new ids. Prints JSON:

- ``command_s`` and ``command_cpu_s``: seconds from the start of ``viewpoint100k view`` to the first row, wall clock and
  CPU, with the import of the command line;
- ``module_s`` and ``module_cpu_s``: the same for a process that only imports the viewer;
- the resident memory of that process after 20 steps and after all steps, and its highest value, in MiB.

Needs the extra [view].
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from viewpoint100k.dataset.folder import parquet_options

_WALK = """
import json, resource, sys, time, urllib.request
from viewpoint100k.view.opening import open_viewer

def memory_mib():
    for line in open("/proc/self/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024

with open_viewer(sys.argv[1], port=0) as opened:
    page = urllib.request.urlopen(opened.link("127.0.0.1")).read()
    show = urllib.request.Request(opened.link("127.0.0.1") + "api/show", method="POST")
    shown = json.load(urllib.request.urlopen(show))
    wall, cpu = time.time() - float(sys.argv[2]), time.process_time()
    first = None
    for step in range(int(sys.argv[3])):
        opened.viewer.step(1)
        if step == 20:
            first = memory_mib()
    print(json.dumps({"rows": shown["rows"], "module_s": round(wall, 2), "module_cpu_s": round(cpu, 2),
                      "after_20_steps_mib": round(first), "after_all_steps_mib": round(memory_mib()),
                      "highest_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--steps", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder
        if sum(pq.read_metadata(path).num_rows for path in (folder / "data").glob("*.parquet")) < options.rows:
            folder = Path(scratch)
            repeat(options.folder, folder, options.rows)
        command = [sys.executable, "-c", _WALK, str(folder), str(time.time()), str(options.steps)]
        walked = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().splitlines()[-1]
        print(json.dumps(json.loads(walked) | opening(folder)))


def opening(folder: Path) -> dict[str, Any]:
    """The time from the start of ``viewpoint100k view`` to the first row: ``command_s`` and ``command_cpu_s``."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    command = [sys.executable, "-m", "viewpoint100k", "view", str(folder), "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        link = process.stdout.readline().split()[0]
        urllib.request.urlopen(link).read()
        urllib.request.urlopen(urllib.request.Request(f"{link}api/show", method="POST")).read()
        wall = time.monotonic() - start
        process.terminate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"command_s": round(wall, 2), "command_cpu_s": round(cpu, 2)}


def repeat(folder: Path, out: Path, rows: int) -> None:
    """Writes the training rows of a set again and again, under other ids, in shards of 2,000 rows."""
    (out / "data").mkdir()
    for path in (folder / ".build").glob("*.json"):
        (out / ".build").mkdir(exist_ok=True)
        (out / ".build" / path.name).write_bytes(path.read_bytes())
    table = pa.concat_tables([pq.read_table(path) for path in sorted((folder / "data").glob("train-*.parquet"))])
    shards = -(-rows // 2000)
    for shard in range(shards):
        places = [(shard * 2000 + i) % len(table) for i in range(min(2000, rows - shard * 2000))]
        part = table.take(places).combine_chunks()
        ids = pa.array([f"{shard * 2000 + i:016x}" for i in range(len(places))])
        part = part.set_column(part.schema.get_field_index("id"), part.schema.field("id"), ids)
        name = out / "data" / f"train-{shard:05d}-of-{shards:05d}.parquet"
        pq.write_table(part, name, row_group_size=100, **parquet_options())


if __name__ == "__main__":
    main()
