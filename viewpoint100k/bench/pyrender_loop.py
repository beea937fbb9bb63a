"""The usual way to make such frames: trimesh loads, pyrender renders off screen, Pillow writes PNG.

    python -m viewpoint100k.bench.pyrender_loop FILE_OR_FOLDER... [--frames 9] [--size 512]

prints one JSON object. It follows pyrender's documentation, without avoidable costs: one ``OffscreenRenderer`` for all
meshes, one scene for each mesh, colour and depth from one call. pyrender fixes multisampling at 4 samples.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["measure"]

Floats = NDArray[np.float64]

_FOV_DEG = 45.0
_ELEVATION_DEG = 20.0


def measure(meshes: Sequence[Path], frames_per_mesh: int, size: int) -> dict[str, Any]:
    """Renders every mesh from an orbit and writes each frame as PNG to a temporary folder.

    Args:
        meshes: GLB files.
        frames_per_mesh: Views on a circle around each mesh.
        size: Width and height of a frame, pixels.

    Returns:
        ``objects`` and ``frames``; ``seconds`` in total, without the start of the renderer; ``frames_per_s``;
        ``cpu_ms_per_frame`` in this time, on all cores; ``load_ms`` for each mesh (``trimesh.load`` and the scene);
        ``render_ms`` for each frame, which includes a mesh's upload with its first frame; ``encode_ms`` for each
        frame; ``renderer``, the device's name.
    """
    pyrender = _import_pyrender()
    from PIL import Image

    seconds = {"load": 0.0, "render": 0.0, "encode": 0.0}
    renderer = pyrender.OffscreenRenderer(size, size)
    try:
        with tempfile.TemporaryDirectory() as folder:
            start, busy = time.perf_counter(), time.process_time()
            for number, path in enumerate(meshes):
                with _timed(seconds, "load"):
                    scene, camera, center, radius = _scene(pyrender, path)
                for frame, pose in enumerate(_orbit(center, radius, frames_per_mesh)):
                    with _timed(seconds, "render"):
                        scene.set_pose(camera, pose)
                        color, depth = renderer.render(scene)
                    assert depth.shape == (size, size)
                    with _timed(seconds, "encode"):
                        Image.fromarray(color).save(Path(folder, f"{number:04d}_{frame:03d}.png"))
            elapsed, busy = time.perf_counter() - start, time.process_time() - busy
        device = _device_name()
    finally:
        renderer.delete()
    frames = len(meshes) * frames_per_mesh
    return {
        "renderer": device,
        "objects": len(meshes),
        "frames": frames,
        "seconds": round(elapsed, 2),
        "frames_per_s": round(frames / elapsed, 2),
        "cpu_ms_per_frame": round(1e3 * busy / frames, 1),
        "load_ms": round(1e3 * seconds["load"] / len(meshes), 2),
        "render_ms": round(1e3 * seconds["render"] / frames, 2),
        "encode_ms": round(1e3 * seconds["encode"] / frames, 2),
    }


def _import_pyrender() -> Any:
    os.environ.setdefault("PYOPENGL_PLATFORM", "egl")  # pyrender reads it once, on import.
    vars(np).setdefault("infty", np.inf)  # pyrender 0.1.45 uses a name that NumPy 2 removed.
    import pyrender

    return pyrender


def _scene(pyrender: Any, path: Path) -> tuple[Any, Any, Floats, float]:
    """The mesh with a camera and three lights; the camera's node; the mesh's centre and radius, the file's units."""
    import trimesh

    loaded = trimesh.load(path, force="scene")
    scene = pyrender.Scene.from_trimesh_scene(loaded, bg_color=[0.5, 0.5, 0.5, 1.0], ambient_light=[0.3, 0.3, 0.3])
    center, radius = np.asarray(loaded.centroid), float(loaded.scale) / 2
    camera = scene.add(
        pyrender.PerspectiveCamera(yfov=np.radians(_FOV_DEG), aspectRatio=1.0, znear=radius / 100, zfar=radius * 100)
    )
    for azimuth in (0.0, 120.0, 240.0):
        scene.add(pyrender.DirectionalLight(color=np.ones(3), intensity=2.0), pose=_look_at(center, radius, azimuth))
    return scene, camera, center, radius


def _orbit(center: Floats, radius: float, count: int) -> Iterator[Floats]:
    distance = radius / np.sin(np.radians(_FOV_DEG / 2)) * 1.1
    for azimuth in np.linspace(0.0, 360.0, count, endpoint=False):
        yield _look_at(center, distance, float(azimuth))


def _look_at(center: Floats, distance: float, azimuth_deg: float) -> Floats:
    """(4, 4) pose of a camera that looks at ``center``: OpenGL axes, glTF's world (+Y up)."""
    azimuth, elevation = np.radians(azimuth_deg), np.radians(_ELEVATION_DEG)
    back = np.array([np.sin(azimuth) * np.cos(elevation), np.sin(elevation), np.cos(azimuth) * np.cos(elevation)])
    right = np.cross([0.0, 1.0, 0.0], back)
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(back, right), back], axis=1)
    pose[:3, 3] = center + distance * back
    return pose


@contextmanager
def _timed(seconds: dict[str, float], key: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[key] += time.perf_counter() - start


def _device_name() -> str:
    from OpenGL.GL import GL_RENDERER, glGetString

    return str(glGetString(GL_RENDERER).decode())


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures the usual pyrender loop; prints JSON.")
    parser.add_argument("paths", type=Path, nargs="+", help="GLB files, or folders that hold some")
    parser.add_argument("--frames", type=int, default=9, help="frames a mesh")
    parser.add_argument("--size", type=int, default=512, help="pixels along each side")
    arguments = parser.parse_args()
    meshes = [mesh for path in arguments.paths for mesh in (sorted(path.rglob("*.glb")) if path.is_dir() else [path])]
    if not meshes:
        parser.error(f"there is no .glb file in {arguments.paths[0]}")
    print(json.dumps(measure(meshes, arguments.frames, arguments.size), indent=2))


if __name__ == "__main__":
    main()
