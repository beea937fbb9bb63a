"""Milliseconds a frame of a renderer, part by part, from one process and one core.

    LP_NUM_THREADS=0 OPENBLAS_NUM_THREADS=1 python -m benchmarks.render [--meshes DIR] [--backend opengl] [--size 512]

Prints JSON, for each mesh and as medians over meshes: colour with anti-aliasing and readback, on a stage and without;
depth at full size and at 128 pixels; loading (upload of mesh and textures), and what a stage adds to loading. Each is
the least of several runs, in wall-clock time and in the process's own CPU time: on a busy machine read the latter.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from renderers import BACKENDS, Renderer, Stage, open_renderer
from viewpoint100k.assets import open_source
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit
from viewpoint100k.geometry.mesh import Mesh

_RUNS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meshes", type=Path, help="folder of mesh files; procedural objects by default")
    parser.add_argument("--backend", choices=BACKENDS, default="opengl")
    parser.add_argument("--size", type=int, default=512, help="pixels along each side of a frame")
    parser.add_argument("--limit", type=int, default=12, help="how many meshes")
    options = parser.parse_args()
    source = open_source(f"meshes:{options.meshes}" if options.meshes else "procedural")
    renderer = open_renderer(options.backend)
    measured: dict[str, Any] = {}
    for asset_id in source.ids()[: options.limit]:
        try:
            asset = source.load(asset_id)
        except AssetError as error:
            print(f"{asset_id}: {error}", file=sys.stderr)
            continue
        if hasattr(asset, "mesh"):
            measured[asset_id] = measure(renderer, asset.mesh, options.size)
    parts = next(iter(measured.values())) if measured else {}
    medians = {
        part: {
            clock: round(statistics.median(m[part][clock] for m in measured.values()), 2) for clock in ("wall", "cpu")
        }
        for part in parts
        if part.endswith("_ms")
    }
    result = {"renderer": renderer.describe(), "size": options.size, "medians": medians, "meshes": measured}
    renderer.close()
    print(json.dumps(result, indent=2))


def measure(renderer: Renderer, mesh: Mesh, size: int) -> dict[str, Any]:
    """Milliseconds of each part, for one mesh; and what there is to draw."""
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    radius = float(np.linalg.norm(high - low)) / 2
    pose = orbit(2.9 * radius, 35, 20, (low + high) / 2)
    camera = Camera(pose, intrinsics_from_fov(45, size, size), size, size)
    small = camera.resized(128, 128)
    staged, bare = renderer.load(mesh, Stage(1)), renderer.load(mesh, None)
    result: dict[str, Any] = {
        "triangles": mesh.triangle_count,
        "covered": round(float(np.isfinite(bare.depth(camera)).mean()), 3),
        "color_ms": least(lambda: staged.color(camera)),
        "color_without_stage_ms": least(lambda: bare.color(camera)),
        "depth_ms": least(lambda: bare.depth(camera)),
        "depth_128_ms": least(lambda: bare.depth(small)),
    }
    staged.close()
    bare.close()
    result["load_ms"] = least(lambda: renderer.load(mesh, None).close())
    with_stage = least(lambda: renderer.load(mesh, Stage(1)).close())
    result["stage_ms"] = {clock: round(with_stage[clock] - result["load_ms"][clock], 2) for clock in with_stage}
    return result


def least(run: Callable[[], object]) -> dict[str, float]:
    """Wall-clock and CPU milliseconds of the best of several runs, after one to warm up."""
    run()
    wall, cpu = [], []
    for _ in range(_RUNS):
        started, started_cpu = time.perf_counter(), time.process_time()
        run()
        wall.append(time.perf_counter() - started)
        cpu.append(time.process_time() - started_cpu)
    return {"wall": round(min(wall) * 1e3, 2), "cpu": round(min(cpu) * 1e3, 2)}


if __name__ == "__main__":
    main()
