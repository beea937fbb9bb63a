"""OpenGL through EGL: the device that draws, pictures a second, and how far they are from the software renderer's."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from benchmarks.gpu_check.steps import StepFailed, Task, run_step
from renderers import Stage, open_renderer
from renderers.opengl import OpenGLRenderer
from viewpoint100k.assets import open_source
from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit

_LEAST_DB = 35.0
"""Peak signal-to-noise ratio of the two renderers' pictures of one mesh. Real meshes have at least 45 dB."""
_LEAST_MASK = 0.99
"""Share of the pixels at which both renderers agree whether the object is there."""


def find(task: Task) -> dict[str, Any]:
    """Raises ``StepFailed`` if the two renderers draw different pictures; a missing GPU raises ``RendererError``."""
    size, count = (96, 2) if task.dry_run else (512, 64)
    opengl = OpenGLRenderer(require_gpu=not task.dry_run)
    software = open_renderer("software")
    source = open_source("procedural")
    mesh = source.load(source.ids()[0]).mesh
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    radius = float(((high - low) ** 2).sum() ** 0.5) / 2
    poses = [orbit(2.9 * radius, 360 * i / count, 20, (low + high) / 2) for i in range(count)]
    cameras = [Camera(pose, intrinsics_from_fov(45, size, size), size, size) for pose in poses]
    one, two = opengl.load(mesh, Stage(1)), software.load(mesh, Stage(1))
    one.color(cameras[0])
    began = time.perf_counter()
    pictures = [one.color(camera) for camera in cameras]
    seconds = time.perf_counter() - began
    few = range(min(count, 8))
    apart = [pictures[i].astype(float) - two.color(cameras[i]).astype(float) for i in few]
    decibels = min(10 * np.log10(255**2 / max(float((part**2).mean()), 1e-9)) for part in apart)
    same = [np.isfinite(one.depth(cameras[i])) == np.isfinite(two.depth(cameras[i])) for i in few]
    mask = min(float(part.mean()) for part in same)
    figures = {
        "device": opengl.facts.renderer,
        "version": opengl.facts.version,
        "size": size,
        "pictures a second": round(count / seconds, 1),
        "least dB beside software": round(decibels, 1),
        "least share of equal mask": round(mask, 5),
    }
    if decibels < _LEAST_DB or mask < _LEAST_MASK:
        raise StepFailed(f"OpenGL draws other pictures than the software renderer: {figures}")
    return figures


if __name__ == "__main__":
    run_step(find)
