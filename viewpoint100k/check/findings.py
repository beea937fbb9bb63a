"""What checks of a data set find, counted as they are made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from viewpoint100k.dataset.digests import Digests

__all__ = ["MAX_FINDINGS_PER_CHECK", "Finding", "Report", "Tally"]

MAX_FINDINGS_PER_CHECK = 20
"""So many findings of one check are kept; all are counted."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    check: str
    """Which check found it: a short snake_case name, such as ``label`` or ``file_digest``."""
    where: str
    """The row's id, or the file's path relative to the folder."""
    message: str


@dataclass(frozen=True)
class Report:
    """What was checked and what was found."""

    rows: int
    checks: Mapping[str, int]
    """How many times each check was made."""
    found: Mapping[str, int]
    """How many times each check found something, all of them counted."""
    findings: tuple[Finding, ...]
    """At most `MAX_FINDINGS_PER_CHECK` of each check, in the order in which they were found."""
    notes: tuple[str, ...] = ()
    """What could not be checked, and why."""
    digests: Digests | None = None
    """Of all rows; None where a file could not be read to its end."""

    @property
    def problems(self) -> tuple[str, ...]:
        """The findings as sentences: check, place, what is wrong."""
        return tuple(f"{finding.check}: {finding.where}: {finding.message}" for finding in self.findings)

    @property
    def ok(self) -> bool:
        """Whether nothing at all is wrong."""
        return not self.found


@dataclass
class Tally:
    """Findings so far."""

    checks: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def record(self, check: str, where: str, problem: str | None) -> None:
        """Counts a check that was made, and what it found."""
        self.checks[check] += 1
        if problem is None:
            return
        self.found[check] += 1
        if self.found[check] <= MAX_FINDINGS_PER_CHECK:
            self.findings.append(Finding(check, where, problem))
