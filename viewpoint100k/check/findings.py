"""Findings of the checks of a data set, and their counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from viewpoint100k.dataset.digests import Digests

__all__ = ["MAX_FINDINGS_PER_CHECK", "Finding", "Report", "Tally"]

MAX_FINDINGS_PER_CHECK = 20
"""Largest number of findings kept for one check; all are counted."""


@dataclass(frozen=True)
class Finding:
    """One error."""

    check: str
    """Name of the check in short snake_case, such as ``label`` or ``file_digest``."""
    where: str
    """The row's id, or the file's path relative to the folder."""
    message: str


@dataclass(frozen=True)
class Report:
    """The checks that were made, and their findings."""

    rows: int
    checks: Mapping[str, int]
    """How many times each check was made."""
    found: Mapping[str, int]
    """How many times each check found something, including findings that are not kept."""
    findings: tuple[Finding, ...]
    """At most `MAX_FINDINGS_PER_CHECK` of each check, in order."""
    notes: tuple[str, ...] = ()
    """What could not be checked, and why."""
    digests: Digests | None = None
    """Digests of all rows; None if a file could not be read to its end."""
    shards: Mapping[str, Digests] = field(default_factory=dict)
    """Digests of the rows of each shard that could be read, by its path in the folder."""
    config: str | None = None
    """Digest of the config of the rows."""

    @property
    def problems(self) -> tuple[str, ...]:
        """The findings as sentences: check, place, problem."""
        return tuple(f"{finding.check}: {finding.where}: {finding.message}" for finding in self.findings)

    @property
    def ok(self) -> bool:
        """True if no check found anything."""
        return not self.found


@dataclass
class Tally:
    """Findings so far."""

    checks: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def record(self, check: str, where: str, problem: str | None) -> None:
        """Counts one check, and records the problem if there is one."""
        self.checks[check] += 1
        if problem is None:
            return
        self.found[check] += 1
        if self.found[check] <= MAX_FINDINGS_PER_CHECK:
            self.findings.append(Finding(check, where, problem))
