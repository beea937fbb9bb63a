"""What a probe is asked for and what it gives."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

__all__ = ["ProbeReport", "ProbeResult", "ProbeSettings"]


@dataclass(frozen=True)
class ProbeSettings:
    """How the probe learns and is tested."""

    epochs: int = 10
    """Times that each frame of the training assets is looked at."""
    image_size: int = 48
    """Pixels along each side to which frames are reduced."""
    held_out: float = 0.15
    """Part of the pairs, by whole assets, that is tested on; the data set's own test assets are among them."""
    scenes_per_step: int = 24
    """Scenes whose frames are looked at together."""
    pairs_per_scene: int = 12
    """Ordered pairs of a scene's frames that each look at it learns from."""
    learning_rate: float = 3e-3
    max_rows: int = 24_000
    """Rows that are read, those of the test split first. So many were enough, see docs/probe.md."""
    question_types: tuple[str, ...] = ("ego_translation", "ego_rotation", "object_translation")
    """Types whose rows show one still object in two images."""
    min_azimuth_deg: float = 5.0
    """Pairs whose cameras stand in the same direction have no answer."""
    single_image: bool = False
    """Whether two more networks are trained, which see the first, or the second image alone: three times the time."""
    threads: int = 2
    """Of the computation. Sums depend on it: with another number the same seed gives another network."""
    resamples: int = 1000
    """Bootstrap resamples, over assets."""
    seed: int = 0


@dataclass(frozen=True)
class ProbeResult:
    """One row of the table: how often the network is right about held-out assets."""

    test: str
    """What it was shown, such as ``both images``."""
    score: float
    """Share of pairs for which it names the right direction; for a test of flips, the share that flips."""
    interval: tuple[float, float]
    """95% interval, by a bootstrap over assets."""
    chance: float
    """What the better constant answer scores; for a test of flips, what a network scores that ignores the change."""
    rows: int
    assets: int
    expected: str
    """What a good data set gives: ``high``, ``chance`` or ``flips``."""


@dataclass(frozen=True)
class ProbeReport:
    """Everything that the probe found."""

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
