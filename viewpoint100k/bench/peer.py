"""Times the usual loop of trimesh, pyrender and PNG on the objects that a build has rendered."""

from __future__ import annotations

import importlib.util
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from viewpoint100k.assets import PHOTO_SOURCES, MeshAsset, Source
from viewpoint100k.assets.asset import FromFiles
from viewpoint100k.assets.mesh_files.glb_writing import write_glb
from viewpoint100k.assets.mixed import parse_mixture
from viewpoint100k.bench.processes import Failure, run_module
from viewpoint100k.bench.results import BenchSettings, PeerSpeed
from viewpoint100k.errors import MissingExtraError

__all__ = ["MOST_OBJECTS", "PeerError", "measure_peer", "peer_files", "why_no_peer"]

MOST_OBJECTS = 40
"""Largest number of objects for the loop: a few hundred frames, whatever the size of the build."""


class PeerError(Exception):
    """The usual loop cannot be measured; the message is one sentence with the reason."""


def why_no_peer(settings: BenchSettings) -> str | None:
    """One sentence with the reason why the loop is not measured; None if it can be."""
    if not settings.peer:
        return "--no-peer was given"
    if all(part.spec.partition(":")[0] in PHOTO_SOURCES for part in parse_mixture(settings.source)):
        return "the source has photographs, which need no rendering"
    if importlib.util.find_spec("pyrender") is None:
        return str(MissingExtraError("pyrender", "pyrender"))
    return None


def peer_files(source: Source, asset_ids: Sequence[str], folder: Path) -> list[Path]:
    """GLB files of at most `MOST_OBJECTS` of the assets, evenly chosen.

    An asset that is a GLB file is used directly. Any other mesh is written to ``folder``. Captures are skipped.
    """
    files = source.files() if isinstance(source, FromFiles) else {}
    count = min(MOST_OBJECTS, len(asset_ids))
    found = []
    for place, asset_id in enumerate(asset_ids[i * len(asset_ids) // count] for i in range(count)):
        path = files.get(asset_id)
        if path is not None and path.suffix.lower() == ".glb":
            found.append(path.resolve())
        elif isinstance(asset := source.load(asset_id), MeshAsset):
            found.append(folder / f"{place:04d}.glb")
            write_glb(asset.mesh, found[-1])
    return found


def measure_peer(source: Source, asset_ids: Sequence[str], frames_per_object: int, image_size: int) -> PeerSpeed:
    """Runs the loop over these assets in a separate process that may use every core.

    Raises ``PeerError`` if it fails.
    """
    with tempfile.TemporaryDirectory(prefix="viewpoint100k-bench-") as name:
        files = peer_files(source, asset_ids, Path(name))
        if not files:
            raise PeerError("none of the assets that gave rows is a mesh, which the usual loop could draw")
        try:
            done = run_module(
                "viewpoint100k.bench.pyrender_loop",
                *map(str, files),
                *("--frames", str(frames_per_object), "--size", str(image_size)),
                environment={"LP_NUM_THREADS": None, "TMPDIR": name},
            )
        except Failure as failure:
            raise PeerError(f"the usual loop failed ({failure.last_line})") from failure
    return PeerSpeed(**json.loads(done.output))
