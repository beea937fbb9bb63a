"""Times the loop that people write today, over the very objects that a build has drawn."""

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
"""That the peer is given: some hundred frames, whose number does not grow with the build's."""


class PeerError(Exception):
    """There is nothing to compare with; one sentence says why."""


def why_no_peer(settings: BenchSettings) -> str | None:
    """One sentence that says why the loop cannot be measured, or is not to be; None where it can."""
    if not settings.peer:
        return "--no-peer was given"
    if all(part.spec.partition(":")[0] in PHOTO_SOURCES for part in parse_mixture(settings.source)):
        return "photographs are read and not drawn, so that the usual loop has nothing to do"
    if importlib.util.find_spec("pyrender") is None:
        return str(MissingExtraError("pyrender", "pyrender"))
    return None


def peer_files(source: Source, asset_ids: Sequence[str], folder: Path) -> list[Path]:
    """GLB files of at most `MOST_OBJECTS` of the assets, spread evenly over them.

    An asset that is a GLB file is given as it is; any other mesh is written into ``folder``; captures are passed over.
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
    """The loop over these assets, in a process of its own with every core at its disposal.

    Raises ``PeerError`` where it does not come to its end.
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
