"""Pictures a second of the software renderer on a GPU, by how many it draws at a time, beside the CPU's; and digests.

    python -m benchmarks.cuda [--meshes DIR] [--size 512] [--limit 6]

Needs the extra ``cuda`` and a GPU. Prints JSON: for each mesh and batch the pictures a second (with the copy back to
the host), a digest of the bytes, and the CPU's figures in the same run. Exits with 1 if any bytes differ.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from renderers import Stage
from renderers.software import SoftwareRenderer
from renderers.software.cuda import CudaDevice
from renderers.software.device import DeviceProcessor
from viewpoint100k.assets import Source, open_source
from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit
from viewpoint100k.geometry.mesh import Mesh

BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_RUNS = 3
_WORK_BYTES = 12 * 2**30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meshes", type=Path, help="folder of mesh files; procedural objects by default")
    parser.add_argument("--size", type=int, default=512, help="pixels along each side of a picture")
    parser.add_argument("--limit", type=int, default=6, help="how many meshes")
    options = parser.parse_args()
    cpu, gpu = renderers("cuda")
    source = open_source(f"meshes:{options.meshes}" if options.meshes else "procedural")
    measured = measure_all(cpu, gpu, source, options.size, options.limit)
    print(json.dumps({"gpu": gpu.processor.name, "cpu": cpu.processor.name, "meshes": measured}, indent=2))
    if any(mesh["digest_gpu"] != mesh["digest_cpu"] for mesh in measured.values()):
        sys.exit("the bytes of the GPU are not those of the CPU")


def renderers(build: str) -> tuple[SoftwareRenderer, SoftwareRenderer]:
    """One that draws on the CPU by its widest build, and one that draws by ``build``: ``cuda``, or one for the CPU."""
    cpu, other = SoftwareRenderer(), SoftwareRenderer(build=build)
    cpu.processor = cpu.cpu
    if build == "cuda":
        other.processor = DeviceProcessor(other.native, CudaDevice(work_bytes=_WORK_BYTES))
    return cpu, other


def measure_all(
    cpu: SoftwareRenderer,
    gpu: SoftwareRenderer,
    source: Source,
    size: int,
    limit: int,
    batches: Sequence[int] = BATCHES,
) -> dict[str, dict[str, Any]]:
    """`measure` of the first ``limit`` assets of ``source`` that are meshes, by their ids."""
    measured = {}
    for asset_id in source.ids()[:limit]:
        asset = source.load(asset_id)
        if hasattr(asset, "mesh"):
            measured[asset_id] = measure(cpu, gpu, asset.mesh, size, batches)
    return measured


def measure(
    cpu: SoftwareRenderer, gpu: SoftwareRenderer, mesh: Mesh, size: int, batches: Sequence[int] = BATCHES
) -> dict[str, Any]:
    """Pictures a second by batch, and digests of the first batches' pictures."""
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    radius = float(((high - low) ** 2).sum() ** 0.5) / 2
    intrinsics = intrinsics_from_fov(45, size, size)
    most = batches[-1]
    poses = [orbit(2.9 * radius, 360 * i / most, 20, (low + high) / 2) for i in range(most)]
    cameras = [Camera(pose, intrinsics, size, size) for pose in poses]
    on_cpu, on_gpu = cpu.load(mesh, Stage(1)), gpu.load(mesh, Stage(1))
    few = cameras[:16]
    started = time.perf_counter()
    expected = digest(on_cpu.colors(few))
    seconds = time.perf_counter() - started
    result: dict[str, Any] = {
        "triangles": mesh.triangle_count,
        "digest_cpu": expected,
        "digest_gpu": digest(on_gpu.colors(few)),
        "pictures_a_second_cpu": round(len(few) / seconds, 1),
        "pictures_a_second_gpu": {batch: rate(on_gpu, cameras[:batch]) for batch in batches},
    }
    on_cpu.close()
    on_gpu.close()
    return result


def digest(pictures: list[Any]) -> str:
    return hashlib.sha256(b"".join(picture.tobytes() for picture in pictures)).hexdigest()[:16]


def rate(scene: Any, cameras: list[Camera]) -> float:
    """The best of several runs."""
    scene.colors(cameras)
    seconds = []
    for _ in range(_RUNS):
        started = time.perf_counter()
        scene.colors(cameras)
        seconds.append(time.perf_counter() - started)
    return round(len(cameras) / min(seconds), 1)


if __name__ == "__main__":
    main()
