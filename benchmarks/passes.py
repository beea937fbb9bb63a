"""Draws docs/passes.png: one picture, pass by pass, by the software renderer.

    python -m benchmarks.passes [--asset 3] [--out docs/passes.png]

From left to right: the triangles that the raster pass leaves, a colour each; how many surfaces a pixel shows, which is
how often it is shaded; depth; the shaded surfaces alone; the picture on its stage.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from renderers import Stage
from renderers.software import SoftwareRenderer
from viewpoint100k.assets import MeshAsset, open_source
from viewpoint100k.geometry.cameras import Camera

_SIZE = 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--asset", type=int, default=3, help="which of the procedural objects")
    parser.add_argument("--out", type=Path, default=Path("docs/passes.png"))
    parser.add_argument("--seed", type=int, default=3, help="of the stage")
    options = parser.parse_args()
    source = open_source("procedural")
    asset = source.load(source.ids()[options.asset])
    assert isinstance(asset, MeshAsset)
    mesh = asset.mesh
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    center, radius = (low + high) / 2, float(np.linalg.norm(high - low)) / 2
    eye = center + radius * np.array([-2.0, -1.6, 0.9])
    camera = Camera.look_at(eye, center, fov_deg=42, width=_SIZE, height=_SIZE)
    scene = SoftwareRenderer().load(mesh, Stage(options.seed))
    found = scene.surfaces(camera)
    panels = [
        painted(found),
        shades(found),
        depth_picture(scene.depth(camera)),
        scene.unstaged().color(camera),
        scene.color(camera),
    ]
    Image.fromarray(np.concatenate(panels, axis=1)).save(options.out, optimize=True)


def painted(found: NDArray[np.int32]) -> NDArray[np.uint8]:
    """(h, w, 3): the triangle at each pixel's first sample, in a colour of its own."""
    colors = np.random.default_rng(0).integers(60, 256, (int(found.max()) + 2, 3)).astype(np.uint8)
    colors[-1] = 30
    return np.asarray(colors[found[..., 0]])


def shades(found: NDArray[np.int32]) -> NDArray[np.uint8]:
    """(h, w, 3): the brighter, the more surfaces a pixel shows."""
    line = np.sort(found, axis=-1)
    count = (line[..., 1:] != line[..., :-1]).sum(axis=-1) + 1 - (line[..., 0] < 0)
    return np.repeat((30 + count * 56).astype(np.uint8)[..., None], 3, axis=-1)


def depth_picture(depth: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(h, w, 3): near is bright."""
    seen = np.isfinite(depth)
    near, far = depth[seen].min(), depth[seen].max()
    grey = np.where(seen, 250 - 190 * (depth - near) / max(far - near, 1e-9), 30)
    return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=-1)


if __name__ == "__main__":
    main()
