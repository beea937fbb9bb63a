"""How soon the viewer opens a large set, and what memory it takes while one walks through it.

    python -m benchmarks.view DIR [--rows 100000] [--steps 1000]

DIR is a finished set, the larger the better: its rows are repeated under new ids until there are enough. Prints JSON:
seconds from the start of the process to the first row on the page, wall clock and CPU, and the memory of the process
after the first and the last step. Needs the extra [view].
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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
    shown = opened.viewer.show("", opened.viewer._shown.wanted)
    wall, cpu = time.time() - float(sys.argv[2]), time.process_time()
    first = None
    for step in range(int(sys.argv[3])):
        opened.viewer.step(1)
        if step == 20:
            first = memory_mib()
    print(json.dumps({"rows": shown["rows"], "opened_s": round(wall, 2), "opened_cpu_s": round(cpu, 2),
                      "after_20_steps_mib": round(first), "after_all_steps_mib": round(memory_mib())}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--steps", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        repeat(options.folder, Path(scratch), options.rows)
        command = [sys.executable, "-c", _WALK, scratch, str(time.time()), str(options.steps)]
        print(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().splitlines()[-1])


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
