"""Makes folders of objects on which the survey of a build can be timed.

    python -m benchmarks.folders small 1000000 FOLDER    # PLY files of 20 triangles, no two alike
    python -m benchmarks.folders huge FOLDER             # three GLB files of 0.3 to 1.3 million triangles

Every thousandth of the objects is in a subfolder of its own. A million small files take 4 GB of most file systems.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import trimesh
from numpy.typing import NDArray
from PIL import Image

_PER_SUBFOLDER = 1000
_HUGE = ((7, 2048), (7, 4096), (8, 4096))
"""Subdivisions of an icosahedron, four triangles for each, and pixels along each side of its texture."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    small = kinds.add_parser("small")
    small.add_argument("objects", type=int)
    small.add_argument("--broken-every", type=int, default=0, help="every so many files are cut off")
    small.add_argument("--whole", type=int, default=0, help="only so many files are not cut off")
    for kind in (small, kinds.add_parser("huge")):
        kind.add_argument("folder", type=Path)
    options = parser.parse_args()
    if options.kind == "huge":
        make_huge(options.folder)
    else:
        make_small(options.folder, options.objects, options.broken_every, options.whole)


def make_small(folder: Path, objects: int, broken_every: int = 0, whole: int = 0) -> None:
    """Icosahedra whose corners and colours are random, as binary PLY files; numbers are those of the object alone."""
    sphere = trimesh.creation.icosahedron()
    faces = np.zeros(len(sphere.faces), dtype=[("count", "u1"), ("corners", "<i4", 3)])
    faces["count"], faces["corners"] = 3, sphere.faces
    head = (
        f"ply\nformat binary_little_endian 1.0\nelement vertex {len(sphere.vertices)}\n"
        "property float x\nproperty float y\nproperty float z\n"
        "property uchar red\nproperty uchar green\nproperty uchar blue\n"
        f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    ).encode()
    vertices = np.zeros(len(sphere.vertices), dtype=[("place", "<f4", 3), ("color", "u1", 3)])
    for number in range(objects):
        rng = np.random.default_rng(number)
        vertices["place"] = sphere.vertices * rng.uniform(0.4, 1.6, (len(vertices), 1)) * rng.uniform(0.3, 1, 3)
        vertices["color"] = rng.integers(0, 256, 3) * rng.uniform(0.6, 1, (len(vertices), 1))
        content = head + vertices.tobytes() + faces.tobytes()
        if (broken_every and number % broken_every == 0) or (whole and number >= whole):
            content = content[: len(content) // 2]
        path = folder / f"{number // _PER_SUBFOLDER:04d}" / f"{number:07d}.ply"
        if number % _PER_SUBFOLDER == 0:
            path.parent.mkdir(parents=True)
        path.write_bytes(content)


def make_huge(folder: Path) -> None:
    """Spheres with bumps and a noisy texture, as GLB files."""
    folder.mkdir(parents=True)
    for number, (subdivisions, pixels) in enumerate(_HUGE):
        rng = np.random.default_rng(number)
        sphere = trimesh.creation.icosphere(subdivisions)
        directions = np.asarray(sphere.vertices)
        places = directions * _bumps(directions, rng)[:, None] * rng.uniform(0.5, 1, 3)
        uvs = np.column_stack(
            [np.arctan2(directions[:, 1], directions[:, 0]) / (2 * np.pi) + 0.5, directions[:, 2] / 2]
        )
        texture = np.kron(rng.integers(0, 256, (pixels // 8, pixels // 8, 3), dtype=np.uint8), np.ones((8, 8, 1), "u1"))
        texture += rng.integers(0, 24, texture.shape, dtype=np.uint8)
        material = trimesh.visual.material.PBRMaterial(baseColorTexture=Image.fromarray(texture))
        mesh = trimesh.Trimesh(places, sphere.faces, process=False)
        mesh.visual = trimesh.visual.TextureVisuals(uv=uvs, material=material)
        mesh.export(folder / f"huge-{len(sphere.faces)}-{pixels}-{number}.glb")


def _bumps(directions: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """(n,): radius at each unit vector (n, 3)."""
    waves = rng.normal(0, 3, (12, 3))
    return 1 + 0.05 * np.sin(directions @ waves.T + rng.uniform(0, 6, 12)).sum(axis=1)


if __name__ == "__main__":
    main()
