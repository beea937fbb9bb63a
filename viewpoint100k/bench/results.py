"""What a benchmark is asked for and what it gives."""

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

ROWS_PER_WORKER = 200
"""Of a build, where nothing else is asked for: two blocks, so that nobody waits long for the last worker."""


FOLDERS = (1, 1_000, 100_000)
"""Objects in the folders whose first row is waited for, where nothing else is asked for."""


@dataclass(frozen=True)
class BenchSettings:
    """What is measured."""

    rows: int
    """Training rows of each build."""
    workers: int
    """Worker processes of each build."""
    source: str = "procedural"
    image_size: int = 512
    """Pixels along each side of a frame, of the builds and of the usual loop."""
    peer: bool = True
    """Whether the usual loop is measured too."""
    folders: tuple[int, ...] = FOLDERS
    """Objects in the folders whose first row is waited for."""


@dataclass(frozen=True)
class BuildSpeed:
    """One ``viewpoint100k build`` from its start to its end. Rates are of all its workers together."""

    rows: int
    """Of all splits."""
    frames: int
    """Distinct images."""
    seconds: float
    rows_per_s: float
    frames_per_s: float
    cpu_ms_per_frame: float
    """Of all its processes, on all cores."""
    peak_mib: int
    """Of its largest process, MiB."""


@dataclass(frozen=True)
class Pace:
    """A build's once it has started, all workers together."""

    rows_per_s: float
    frames_per_s: float
    cpu_ms_per_frame: float


@dataclass(frozen=True)
class Estimate:
    """How long 100,000 training rows, and the test split that belongs to them, take."""

    seconds: float
    is_upper_bound: bool
    """The pace is not known: this is the time at the rate of a short build, much of which is start-up."""


@dataclass(frozen=True)
class StageTimes:
    """Where one process on one core spends its time while it builds one block; wall-clock milliseconds."""

    renderer: str
    """Backend, device and driver of the builds."""
    frames: int
    ms_per_frame: float
    by_stage_ms: dict[str, float]
    """A frame; ``other`` is what no stage takes. The sum is ``ms_per_frame``."""


@dataclass(frozen=True)
class PeerSpeed:
    """The usual loop: trimesh loads, pyrender draws colour and depth, Pillow writes PNG; one process, every core."""

    renderer: str
    """Its OpenGL device."""
    objects: int
    frames: int
    seconds: float
    """From the first file to the last frame: imports and the context are not counted."""
    frames_per_s: float
    cpu_ms_per_frame: float
    """On all cores, in the same time."""
    load_ms: float
    """An object."""
    render_ms: float
    """A frame."""
    encode_ms: float
    """A frame."""


@dataclass(frozen=True)
class Ratio:
    """How many times as fast as the usual loop something is; above 1 it is the faster."""

    frames_per_s: float
    """Its own over the loop's."""
    cpu_ms_per_frame: float
    """The loop's over its own: to be read where other work shares the cores."""


@dataclass(frozen=True)
class FirstRow:
    """A build of a few rows of a folder of so many objects, of which it has never heard before."""

    objects: int
    """Mesh files in the folder."""
    rows: int
    """Training rows that were asked for."""
    seconds: float
    """From its start to the first row."""
    seconds_again: float
    """The same for a second build of the same folder into another one."""
    loaded: int
    """Objects that were tried."""
    used: int
    """Objects that gave rows."""
    peak_mib: int
    """Of its largest process, MiB."""


@dataclass(frozen=True)
class BenchReport:
    """Everything that was measured, in one run on one machine."""

    version: str
    cores: int
    """That this process may use."""
    settings: BenchSettings
    stages: StageTimes
    start_up: BuildSpeed
    """A build of one training row, which is hardly more than its start and its end."""
    build: BuildSpeed
    pace: Pace | None
    """Of the build, once started; None where it was too short to tell."""
    whole_set: Estimate
    first_rows: tuple[FirstRow, ...]
    """Of folders of few and of many objects."""
    build_without_answerability: BuildSpeed | None
    """The same with ``pairs.min_answerability=0``; None without a peer, for whose sake it is measured."""
    pace_without_answerability: Pace | None
    peer: PeerSpeed | None
    peer_left_out: str | None
    """Why there is no peer, in one sentence."""
    peer_failed: bool
    """Whether it was tried in vain."""

    @property
    def ratios(self) -> dict[str, Ratio | None]:
        """What is comparable over the peer. A build does more: it judges each pair, asks, and proves its answer; and
        its start-up counts, which the peer's does not."""
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
    "stages": "one process on one core builds one block of at most 100 rows; milliseconds by the clock, a frame",
    "start_up": "a whole `viewpoint100k build` of one training row",
    "first_rows": "a build of 40 rows of a folder of GLB files: seconds until there is a row, at first and again; "
    "objects loaded and used",
    "build": "a whole `viewpoint100k build` with all its workers, start-up included",
    "build_without_answerability": "the same with pairs.min_answerability=0: whether images can tell is not asked",
    "pace": "of a build once started: without what start_up took and gave; null where the build is too short to tell",
    "whole_set": "100,000 training and 1,000 test rows: start_up once, the rest at the pace; or, where that is not "
    "known, an upper bound, at the rate of the build",
    "peer": "trimesh loads, pyrender draws colour and depth on plain grey, Pillow writes PNG: one process, every "
    "core, the same objects as GLB files; imports and context are not counted",
    "rows": "of all splits",
    "frames": "distinct images",
    "cpu_ms_per_frame": "CPU time of all processes on all cores",
    "peak_mib": "resident memory of the largest process, MiB",
    "..._over_peer": "above 1 it is faster than the peer: frames_per_s are its own over the peer's, cpu_ms_per_frame "
    "the peer's over its own, to be read where other work shares the cores",
}
