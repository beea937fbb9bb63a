"""Measures the time to the first row of a build of a new folder of objects, few or many."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from viewpoint100k.assets.asset_store import store_path
from viewpoint100k.assets.mesh_files.glb_writing import write_glb
from viewpoint100k.assets.procedural import ProceduralSource
from viewpoint100k.bench.builds import tried_and_used
from viewpoint100k.bench.processes import Failure, Finished, run_module
from viewpoint100k.bench.results import FirstRow

__all__ = ["measure_first_row"]

_ROWS = 40
_IMAGE_SIZE = 128
_DISTINCT = 64
"""Number of different objects in a folder; the other files are links to them."""


def measure_first_row(objects: int, workers: int, on_step: Callable[[str], None]) -> FirstRow:
    """Builds twice from a folder of ``objects`` GLB files, with an empty asset store; leaves no files on the disk.

    Raises the error of a build that fails.
    """
    on_step(f"the first row of a folder of {objects:,} objects")
    with tempfile.TemporaryDirectory(prefix="viewpoint100k-bench-") as name:
        folder = Path(name, "objects")
        _fill(folder, objects)
        cache = Path(name, "cache")
        seconds, done = _time_first_row(folder, Path(name, "first"), cache, workers)
        again, _ = _time_first_row(folder, Path(name, "again"), cache, workers, to_the_end=False)
        loaded, used = tried_and_used(Path(name, "first"))
    assert done is not None
    return FirstRow(objects, _ROWS, round(seconds, 2), round(again, 2), loaded, used, round(done.peak_mib))


def _fill(folder: Path, objects: int) -> None:
    """Writes procedural objects as GLB files, a thousand in each subfolder."""
    source = ProceduralSource()
    originals = folder.parent / "originals"
    originals.mkdir()
    paths = []
    for asset_id in islice(source.ids(), min(objects, _DISTINCT)):
        paths.append(originals / f"{asset_id}.glb")
        write_glb(source.load(asset_id).mesh, paths[-1])
    for number in range(objects):
        subfolder = folder / f"{number // 1000:04d}"
        if number % 1000 == 0:
            subfolder.mkdir(parents=True)
        original, path = paths[number % len(paths)], subfolder / f"{number:07d}.glb"
        try:
            os.link(original, path)
        except OSError:  # A file system without links.
            shutil.copyfile(original, path)


class _Seen(Exception):
    """There is a row, and the rest of the build is not needed."""


def _time_first_row(
    folder: Path, out: Path, cache: Path, workers: int, to_the_end: bool = True
) -> tuple[float, Finished | None]:
    """Seconds to the first line that tells of rows; how the build ended, where it goes on to its end."""
    start, first = time.perf_counter(), list[float]()

    def listen(line: str) -> None:
        if line.startswith("building: "):
            first.append(time.perf_counter() - start)
            if not to_the_end:
                raise _Seen

    arguments = ["build", "viewpoint-100k", "--out", str(out), "--rows", str(_ROWS), "--workers", str(workers)]
    arguments += ["--source", f"meshes:{folder}", "--set", f"images.size={_IMAGE_SIZE}"]
    try:
        done = run_module("viewpoint100k", *arguments, environment={"XDG_CACHE_HOME": str(cache)}, on_line=listen)
    except Failure as failure:
        raise failure.as_error() from failure
    except _Seen:
        return first[0], None
    assert cache.joinpath(*store_path().parts[-2:]).exists()
    return first[0], done
