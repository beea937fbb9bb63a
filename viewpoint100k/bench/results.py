"""Settings and results of a benchmark."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

__all__ = [
    "FOLDERS",
    "ROWS_PER_WORKER",
    "BenchReport",
    "BenchSettings",
    "BuildSpeed",
    "Estimate",
    "FirstRow",
    "PeerSpeed",
    "Ratio",
    "StageTimes",
]

ROWS_PER_WORKER = 1000
"""Default number of rows for each worker: ten blocks, so that the start and the last block weigh little."""


FOLDERS = (1, 1_000, 100_000)
"""Default numbers of objects in the folders for the time to the first row."""


@dataclass(frozen=True)
class BenchSettings:
    """Settings of a benchmark."""

    rows: int
    """Number of training rows of each build."""
    workers: int
    """Number of worker processes of each build."""
    source: str = "procedural"
    image_size: int = 512
    """Pixels along each side of a frame, in the builds and in the usual loop."""
    peer: bool = True
    """True to measure the usual loop too."""
    folders: tuple[int, ...] = FOLDERS
    """Numbers of objects in the folders for the time to the first row."""


@dataclass(frozen=True)
class BuildSpeed:
    """Speed of one whole ``viewpoint100k build``. Rates are totals of all its workers."""

    rows: int
    """Rows of all splits."""
    frames: int
    """Distinct images."""
    seconds: float
    rows_per_s: float
    frames_per_s: float
    cpu_ms_per_frame: float
    """CPU time of all its processes, on all cores."""
    peak_mib: int
    """Of its largest process, MiB."""


@dataclass(frozen=True)
class Pace:
    """Speed of a build after its start, all workers together."""

    rows_per_s: float
    frames_per_s: float
    cpu_ms_per_frame: float


@dataclass(frozen=True)
class Estimate:
    """Estimated time of 100,000 training rows and their test split."""

    seconds: float
    is_upper_bound: bool
    """True if the pace is unknown: the time then follows from a short build, which is mostly start-up."""


@dataclass(frozen=True)
class StageTimes:
    """Wall-clock milliseconds of the stages of one block, built by one process on one core."""

    renderer: str
    """Backend, device and driver of the builds."""
    frames: int
    ms_per_frame: float
    by_stage_ms: dict[str, float]
    """Milliseconds for each frame, by stage; ``other`` is the time outside all stages. They sum to ``ms_per_frame``."""


@dataclass(frozen=True)
class PeerSpeed:
    """Speed of the usual loop: trimesh loads, pyrender renders colour and depth, Pillow writes PNG; one process, which
    may use every core."""

    renderer: str
    """OpenGL device."""
    objects: int
    frames: int
    seconds: float
    """Time from the first file to the last frame, without imports and the start of the context."""
    frames_per_s: float
    cpu_ms_per_frame: float
    """CPU time on all cores in the same period."""
    load_ms: float
    """An object."""
    render_ms: float
    """A frame."""
    encode_ms: float
    """A frame."""


@dataclass(frozen=True)
class Ratio:
    """Speed compared with the usual loop; above 1 means faster."""

    frames_per_s: float
    """Its frame rate over the loop's."""
    cpu_ms_per_frame: float
    """The loop's CPU time over its own. Use it when other work shares the cores."""


@dataclass(frozen=True)
class FirstRow:
    """A build of a few rows from a new folder of objects."""

    objects: int
    """Number of mesh files in the folder."""
    rows: int
    """Number of training rows of the build."""
    seconds: float
    """Seconds from its start to the first row."""
    seconds_again: float
    """The same for a second build from the same folder."""
    loaded: int
    """Number of objects that were loaded."""
    used: int
    """Number of objects that gave rows."""
    peak_mib: int
    """Of its largest process, MiB."""


@dataclass(frozen=True)
class BenchReport:
    """All measurements of one run on one machine."""

    version: str
    cores: int
    """Number of cores that this process may use."""
    settings: BenchSettings
    stages: StageTimes
    start_up: BuildSpeed
    """A build of one training row, which measures the start-up."""
    build: BuildSpeed
    pace: Pace | None
    """Speed of the build after its start; None if the build was too short."""
    whole_set: Estimate
    first_rows: tuple[FirstRow, ...]
    """Results for folders of few and of many objects."""
    build_without_answerability: BuildSpeed | None
    """The build with ``pairs.min_answerability=0``; None without a peer, because it only serves the comparison."""
    pace_without_answerability: Pace | None
    peer: PeerSpeed | None
    peer_left_out: str | None
    """One sentence with the reason why there is no peer."""
    peer_failed: bool
    """True if the peer was started and failed."""

    @property
    def ratios(self) -> dict[str, Ratio | None]:
        """Speeds compared with the peer. A build does more work: it checks each pair, asks questions and verifies the
        answers. Its time includes the start-up; the peer's does not."""
        measured = {
            "build_over_peer": self.build,
            "pace_over_peer": self.pace,
            "build_without_answerability_over_peer": self.build_without_answerability,
            "pace_without_answerability_over_peer": self.pace_without_answerability,
        }
        return {name: _ratio(speed, self.peer) for name, speed in measured.items()}

    def to_json(self) -> str:
        ratios = {name: ratio and asdict(ratio) for name, ratio in self.ratios.items()}
        return json.dumps(asdict(self) | ratios | {"about": _ABOUT}, indent=2)


def _ratio(speed: BuildSpeed | Pace | None, peer: PeerSpeed | None) -> Ratio | None:
    if speed is None or peer is None:
        return None
    return Ratio(
        round(speed.frames_per_s / peer.frames_per_s, 2), round(peer.cpu_ms_per_frame / speed.cpu_ms_per_frame, 2)
    )


_ABOUT = {
    "stages": "one process on one core builds one block of at most 100 rows; wall-clock milliseconds for each frame",
    "start_up": "a whole `viewpoint100k build` of one training row",
    "first_rows": "a build of 40 rows from a folder of GLB files: seconds to the first row, in a first and a second "
    "build; objects loaded and used",
    "build": "a whole `viewpoint100k build` with all its workers, start-up included",
    "build_without_answerability": "the same with pairs.min_answerability=0, so without the check of answerability",
    "pace": "the build after its start: without the time and rows of start_up; null if the build is too short",
    "whole_set": "100,000 training and 1,000 test rows: start_up once, the rest at the pace; without a pace an upper "
    "bound, at the rate of the build",
    "peer": "trimesh loads, pyrender renders colour and depth on plain grey, Pillow writes PNG: one process, every "
    "core, the same objects as GLB files; without imports and the start of the context",
    "rows": "rows of all splits",
    "frames": "distinct images",
    "cpu_ms_per_frame": "CPU time of all processes on all cores",
    "peak_mib": "resident memory of the largest process, MiB",
    "..._over_peer": "above 1 means faster than the peer: frames_per_s over the peer's, and the peer's "
    "cpu_ms_per_frame over its own; use the latter when other work shares the cores",
}
