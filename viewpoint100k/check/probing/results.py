"""The settings and the results of a probe."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

__all__ = ["ProbeReport", "ProbeResult", "ProbeSettings"]


@dataclass(frozen=True)
class ProbeSettings:
    """Settings of the probe's training and test."""

    epochs: int = 10
    """Number of times that the network sees each frame of the training assets."""
    image_size: int = 48
    """Pixels along each side to which frames are reduced."""
    held_out: float = 0.15
    """Share of the pairs, by whole assets, that are for the test; they include the data set's own test assets."""
    scenes_per_step: int = 24
    """Number of scenes in a batch."""
    pairs_per_scene: int = 12
    """Ordered pairs that are drawn from a scene's frames in each batch."""
    learning_rate: float = 3e-3
    max_rows: int = 24_000
    """Number of rows to read, those of the test split first. docs/probe.md shows that this is enough."""
    question_types: tuple[str, ...] = ("ego_translation", "ego_rotation", "object_translation")
    """Types whose rows show one still object in two images."""
    min_azimuth_deg: float = 5.0
    """Pairs with a smaller azimuth change are left out, because they have no answer."""
    single_image: bool = False
    """True to train two more networks, which see only the first or only the second image; takes three times as long."""
    threads: int = 2
    """Threads of the computation. Sums depend on it, so another number gives another network for the same seed."""
    device: str = "cpu"
    """Device of torch on which the network is: ``cpu``, or ``cuda``. Frames are read and changed on the CPU."""
    resamples: int = 1000
    """Bootstrap resamples, over assets."""
    seed: int = 0


@dataclass(frozen=True)
class ProbeResult:
    """One row of the table: the accuracy of the network on held-out assets."""

    test: str
    """The network's input, such as ``both images``."""
    score: float
    """Share of pairs for which it names the right direction; for a test of flips, the share that flips."""
    interval: tuple[float, float]
    """95% interval, by a bootstrap over assets."""
    chance: float
    """Score of the better constant answer; for a test of flips, that of a network that ignores the change."""
    rows: int
    assets: int
    expected: str
    """The result of a good data set: ``high``, ``chance`` or ``flips``."""


@dataclass(frozen=True)
class ProbeReport:
    """All results of the probe."""

    trained_rows: int
    """Pairs of the training assets."""
    trained_frames: int
    trained_assets: int
    seconds: float
    """For training."""
    losses: tuple[float, ...]
    """Mean training loss of each epoch, in nats."""
    manifest: str | None
    """Digest of the data set; None where it has no manifest."""
    settings: ProbeSettings
    results: tuple[ProbeResult, ...]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> ProbeReport:
        """The report that `to_json` wrote. Raises ``ValueError`` where the text is not one."""
        try:
            content: dict[str, Any] = json.loads(text)
            values = {part.name: content[part.name] for part in fields(cls)}
            kinds = tuple(values["settings"]["question_types"])
            values["settings"] = ProbeSettings(**{**values["settings"], "question_types": kinds})
            values["losses"] = tuple(values["losses"])
            values["results"] = tuple(
                ProbeResult(**{**result, "interval": tuple(result["interval"])}) for result in values["results"]
            )
            return cls(**values)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a report of a probe: {error!r}") from error
