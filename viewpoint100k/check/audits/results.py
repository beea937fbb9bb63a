"""Settings, results and the report of an audit."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

__all__ = ["AuditReport", "AuditResult", "AuditSettings", "Dependence", "Verdict"]

Verdict = Literal["pass", "fail", "not enough rows", "reported"]


@dataclass(frozen=True)
class AuditSettings:
    """Thresholds and limits. Shares are in [0, 1]: 0.02 is two percentage points."""

    text_threshold: float = 0.02
    """Largest allowed score above chance of a guess from the text, the letters or the categories."""
    image_threshold: float = 0.03
    """The same for a guess at the side to which the camera went around, from one image, its background or framing."""
    type_threshold: float = 0.10
    """The same for a guess at the answer to any other type from one image, its background or framing."""
    mean_threshold: float = 0.05
    """The same for the mean over these types."""
    both_framings_threshold: float = 0.40
    """The same for a guess at sideways movement or turn from the framing of both images, which is not all evidence."""
    balance_threshold: float = 0.02
    """Largest allowed excess of an answer's, a direction's or a letter's share over its fair share."""
    family_error: float = 0.01
    """Probability that a set without any shortcut fails, over all audits together (divided among them: Bonferroni)."""
    min_rows: int = 200
    """Smallest number of rows for a verdict."""
    min_assets: int = 8
    """Smallest number of assets for a verdict: classifiers are tested on assets that they were not trained on."""
    folds: int = 5
    """Number of parts in the cross-validation by asset."""
    max_rows: int = 4000
    """Largest number of rows whose images are read; a larger set is sampled by row id."""
    max_text_rows: int = 20_000
    """Largest number of rows whose text is read; a larger set is sampled by row id."""
    look_at_images: bool = True
    """If False, only the audits of text, letters and balance run, which takes seconds."""
    look_at_framing: bool = True
    """Without, nothing is guessed from where the cameras of all rows place the object in the frame."""
    max_row_groups: int = 200
    """Largest number of parquet row groups from which images are read, so that a large set is not read whole."""
    trees: int = 100
    """Trees of the random forest for images."""
    resamples: int = 1000
    """Bootstrap resamples, over assets."""
    seed: int = 0


@dataclass(frozen=True)
class AuditResult:
    """How well answers can be guessed from one cue."""

    audit: str
    """The cue, such as ``first_image``."""
    problem: str
    """The target: ``direction`` (left or right, of all types that ask for it), a question type, or ``letter``."""
    score: float
    """Share of rows guessed right, or the share that ``detail`` names."""
    chance: float
    """Score of the best constant answer."""
    interval: tuple[float, float]
    """95% interval of the score, by a bootstrap over assets."""
    lower_bound: float
    """One-sided confidence bound that decides the verdict; wider than the interval, because there are many audits."""
    threshold: float | None
    """Largest allowed score above chance; None if the result is not judged."""
    rows: int
    assets: int
    verdict: Verdict
    """``fail`` if ``lower_bound`` exceeds ``chance + threshold``; ``reported`` if the cue is a legitimate one."""
    detail: str = ""


@dataclass(frozen=True)
class Dependence:
    """Mutual information between the answers to two question types about the same pair."""

    first: str
    second: str
    bits: float
    """Mutual information, bits."""
    most: float
    """Its largest possible value: the smaller of the two entropies, bits."""
    pairs: int
    measured_on: Literal["groups", "cameras"]
    """``groups``: rows that share a group. ``cameras``: both directions computed from the cameras of every row."""


@dataclass(frozen=True)
class AuditReport:
    """Results of all audits of a data set."""

    rows: int
    """Rows of the data set."""
    sampled_rows: int
    """Rows whose images were read."""
    assets: int
    """Assets of the rows whose text was read."""
    manifest: str | None
    """Digest of the data set; None if it has no manifest."""
    settings: AuditSettings
    results: tuple[AuditResult, ...]
    dependences: tuple[Dependence, ...]
    notes: tuple[str, ...]

    @property
    def failed(self) -> tuple[AuditResult, ...]:
        return tuple(result for result in self.results if result.verdict == "fail")

    @property
    def ok(self) -> bool:
        """Whether no audit failed."""
        return not self.failed

    @property
    def passed(self) -> bool:
        """The same as ``ok``."""
        return self.ok

    def to_json(self) -> str:
        return json.dumps({"ok": self.ok, **asdict(self)}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> AuditReport:
        """Reads what `to_json` wrote. Raises ``ValueError`` for any other text."""
        try:
            content: dict[str, Any] = json.loads(text)
            values = {part.name: content[part.name] for part in fields(cls)}
            values["settings"] = AuditSettings(**values["settings"])
            values["results"] = tuple(
                AuditResult(**{**result, "interval": tuple(result["interval"])}) for result in values["results"]
            )
            values["dependences"] = tuple(Dependence(**dependence) for dependence in values["dependences"])
            values["notes"] = tuple(values["notes"])
            return cls(**values)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not an audit report: {error!r}") from error
