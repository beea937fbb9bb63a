"""What a folder of very many objects costs before the first row: time and memory of one process.

    python -m benchmarks.many_assets [--objects 10000000] [--wanted 1000]

The objects are simulated: a ``metadata.csv`` with a record for each, and a listing of the folder in the store of
assets, as an earlier build leaves it. No mesh file exists. Prints JSON. Each step runs in a process of its own:

- ``index``: the first reading of ``metadata.csv``.
- ``rank``: names, their records, the ranking of all of them, and the first objects that a build would try.
- ``worker``: the records of those objects, as each worker process of a build reads them.
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

import numpy as np

from viewpoint100k.assets import file_listing
from viewpoint100k.assets.asset_store import AssetStore
from viewpoint100k.assets.mesh_files.reading import MESH_SUFFIXES
from viewpoint100k.assets.mesh_metadata import METADATA_FILE, Metadata
from viewpoint100k.assets.meshes import MeshesSource
from viewpoint100k.plan.choice import RankedPool

_STEPS = ("list", "index", "rank", "worker")
"""The first prepares the others."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=10_000_000)
    parser.add_argument("--wanted", type=int, default=1000, help="objects that the rows need")
    parser.add_argument("--step", choices=_STEPS, help="run one step in this process")
    parser.add_argument("--folder", type=Path, help="of an earlier step")
    options = parser.parse_args()
    if options.step:
        print(json.dumps(measured(options.step, options.folder, options.objects, options.wanted)))
        return
    with tempfile.TemporaryDirectory(prefix="viewpoint100k-many-") as name:
        folder, environment = Path(name, "objects"), os.environ | {"XDG_CACHE_HOME": f"{name}/cache"}
        simulate(folder, options.objects)
        result: dict[str, object] = {"objects": options.objects}
        for step in _STEPS:
            words = ["--step", step, "--folder", f"{folder}", "--objects", f"{options.objects}"]
            command = [sys.executable, "-m", "benchmarks.many_assets", *words, "--wanted", f"{options.wanted}"]
            found = json.loads(subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout)
            result |= {step: found} if found else {}
    print(json.dumps(result, indent=2))


def simulate(folder: Path, objects: int) -> None:
    """Writes ``metadata.csv``: a record of some 70 bytes for each object."""
    folder.mkdir()
    with (folder / METADATA_FILE).open("w") as file:
        file.write("file,category,license,creator,uri\n")
        for number in range(objects):
            file.write(f"{_name(number)},thing,CC0-1.0,someone,https://example.org/{number}\n")


def measured(step: str, folder: Path, objects: int, wanted: int) -> dict[str, float]:
    """What a step costs; nothing for the preparation."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    match step:
        case "list":
            plant_listing(folder, objects)
            return {}
        case "index":
            Metadata(folder / METADATA_FILE).stated(_name(objects // 2))
        case "rank":
            source = MeshesSource(folder)
            pool = RankedPool(source.ids(), 0, {"train": wanted, "test": wanted // 100})
            first = pool.train.next_ids(wanted)
            assert len(set(first)) == wanted
        case "worker":
            metadata = Metadata(folder / METADATA_FILE)
            for number in np.random.default_rng(0).integers(objects, size=100).tolist():
                assert metadata.stated(_name(number)) is not None
    return {
        "seconds": round(time.perf_counter() - start, 1),
        "cpu_s": round(time.process_time(), 1),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "imports_mib": before // 1024,
    }


def plant_listing(folder: Path, objects: int) -> None:
    """Stores a listing of the folder, as a walk through its files leaves it."""
    past = time.time_ns() - 3600 * 10**9
    os.utime(folder, ns=(past, past))
    time.sleep(2.1)  # A listing counts once the folder has been left alone for two seconds.
    status = folder.stat()
    times = np.array([[status.st_mtime_ns, status.st_ctime_ns]], dtype=np.int64)
    joined = bytearray()
    for number in range(objects):
        joined += f"{_name(number)}\0".encode()
    listed = file_listing._Listed(file_listing.Names(bytes(joined[:-1])), [""], times, time.time_ns())
    store = AssetStore()
    store.put({file_listing.listing_key(folder, MESH_SUFFIXES): file_listing._encoded(listed)})
    store.close()


def _name(number: int) -> str:
    return f"{number // 1000:05d}/{number:08d}.ply"


if __name__ == "__main__":
    main()
