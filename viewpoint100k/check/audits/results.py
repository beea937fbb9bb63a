"""What an audit is asked for and what it gives: settings, results, and the report they add up to."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

__all__ = ["AuditReport", "AuditResult", "AuditSettings", "Dependence", "Verdict"]

Verdict = Literal["pass", "fail", "not enough rows", "reported"]


@dataclass(frozen=True)
class AuditSettings:
    """Thresholds and limits. Shares are in [0, 1]: 0.02 is two points."""

    text_threshold: float = 0.02
    """How far above chance a guess from the text, the letters or the categories may be."""
    image_threshold: float = 0.03
    """The same for a guess at the side to which the camera went around, from one image, its background or framing."""
    type_threshold: float = 0.10
    """The same for a guess at the answer to any other type from one image, its background or framing."""
    mean_threshold: float = 0.05
    """The same for the mean over these types."""
    both_framings_threshold: float = 0.40
    """The same for a guess at sideways movement or turn from the framing of both images, which is not all evidence."""
    balance_threshold: float = 0.02
    """How far the share of an answer, a direction or a letter may be above its fair share."""
    family_error: float = 0.01
    """How likely a set without any shortcut may fail, over all audits together (divided among them: Bonferroni)."""
    min_rows: int = 200
    """With fewer rows an audit gives no verdict."""
    min_assets: int = 8
    """With fewer assets neither: guesses are tried on assets that were not learned from."""
    folds: int = 5
    """Parts into which assets are divided; each is guessed by what was learned from the others."""
    max_rows: int = 4000
    """Rows whose images are looked at; of a larger set a sample, drawn by row id."""
    max_text_rows: int = 20_000
    """Rows whose text is looked at; likewise."""
    look_at_images: bool = True
    """Without, the audits of text, letters and balance alone are made, in seconds."""
    look_at_framing: bool = True
    """Without, nothing is guessed from where the cameras of all rows place the object in the frame."""
    max_row_groups: int = 200
    """Parquet row groups that images are read from, so that a large set is not read whole."""
    trees: int = 100
    """Of the forest that looks at images."""
    resamples: int = 1000
    """Bootstrap resamples, over assets."""
    seed: int = 0


@dataclass(frozen=True)
class AuditResult:
    """One question put to a data set: how well can its answers be guessed from this alone?"""

    audit: str
    """What was guessed from, such as ``first_image``."""
    problem: str
    """What was guessed: ``direction`` (left or right, of all types that ask for it), a question type, or ``letter``."""
    score: float
    """Share of rows guessed right, or the share that the audit's ``detail`` names."""
    chance: float
    """What the best constant answer would score."""
    interval: tuple[float, float]
    """95% interval of the score, by a bootstrap over assets."""
    lower_bound: float
    """One-sided bound that the verdict is made by; stricter than the interval, as there are many audits."""
    threshold: float | None
    """How far above chance is tolerated; None where there is nothing to judge."""
    rows: int
    assets: int
    verdict: Verdict
    """``fail`` where ``lower_bound`` lies above chance + threshold. ``reported`` where the cue is a legitimate one."""
    detail: str = ""


@dataclass(frozen=True)
class Dependence:
    """What the answer to one question type tells about the answer to another, about the same pair."""

    first: str
    second: str
    bits: float
    """Mutual information of the two answers."""
    most: float
    """The most that it could be: the smaller of the two entropies."""
    pairs: int
    measured_on: Literal["groups", "cameras"]
    """``groups``: rows that share a group. ``cameras``: both directions worked out from the cameras of every row."""


@dataclass(frozen=True)
class AuditReport:
    """Everything that the audits found."""

    rows: int
    """In the data set."""
    sampled_rows: int
    """Of which so many had their images looked at."""
    assets: int
    """Among the rows whose text was looked at."""
    manifest: str | None
    """Digest of the data set that was audited; None where it has no manifest."""
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
        """The report that `to_json` wrote. Raises ``ValueError`` where the text is not one."""
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
