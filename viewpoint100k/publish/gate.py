"""Decides whether a folder may be published: verifies it, and reads the report of its audit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from viewpoint100k.check.audit import read_audit
from viewpoint100k.check.findings import Report
from viewpoint100k.check.verify import verify
from viewpoint100k.dataset.folder import stored_manifest_digest
from viewpoint100k.errors import DataError, UsageError

__all__ = ["Verdict", "inspect_folder"]

_BEYOND_FORCE = ("unreadable", "missing_shard", "missing_file", "schema", "manifest")
"""Checks of `verify` whose findings mean that the data set cannot be loaded."""


@dataclass(frozen=True)
class Verdict:
    """Result of the checks before publishing."""

    rows: int
    failures: tuple[str, ...]
    """Sentences without a full stop, one for each failure. A forced publication states them in the card."""
    fatal: bool
    """True if the data set cannot be loaded."""

    def refuse(self, folder: Path, force: bool) -> None:
        """Raises ``DataError`` if there are failures, unless ``force`` is set and no failure is fatal."""
        if not self.failures or (force and not self.fatal):
            return
        way_out = "build it again" if self.fatal else "fix that, or publish it with --force, which its card will say"
        raise DataError(f"{folder} is not published: {'; '.join(self.failures)}: {way_out}")


def inspect_folder(folder: Path, on_progress: Callable[[int, int], None] | None = None) -> Verdict:
    """Verifies every row of ``folder`` and reads the report of its audit.

    Raises ``UsageError`` if it is not a finished data set.
    """
    if not (folder / ".build" / "manifest.json").is_file():
        raise UsageError(
            f"{folder} has no .build/manifest.json, which lists the files of a finished build: "
            "give the folder that viewpoint100k build made"
        )
    report = verify(folder, on_progress=on_progress)
    failures = [_verify_failure(report)] if not report.ok else []
    failures += _audit_failures(folder)
    fatal = bool(set(report.found) & set(_BEYOND_FORCE))
    return Verdict(report.rows, tuple(failures), fatal)


def _verify_failure(report: Report) -> str:
    kinds = ", ".join(f"{count:,} {check}" for check, count in report.found.items())
    # A damaged file is reported before its consequences, such as a different digest.
    first = min(report.findings, key=lambda finding: finding.check not in _BEYOND_FORCE)
    return f"verify found {kinds} in {report.rows:,} rows ({first.where}: {' '.join(first.message.split())})"


def _audit_failures(folder: Path) -> list[str]:
    report = read_audit(folder)
    if report is None:
        return [f"it has not been audited: run  viewpoint100k audit {folder}  first"]
    if report.manifest != stored_manifest_digest(folder):
        return [f"its audit is of other rows: run  viewpoint100k audit {folder}  again"]
    if report.ok:
        return []
    found = ", ".join(f"{result.audit} ({result.problem})" for result in report.failed)
    return [f"by its audit the answers can be guessed, or are not balanced: {found}"]
