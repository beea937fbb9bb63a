"""Decides which licences published rows may have: SPDX ids, their conditions, and the user's choices.

Nothing here is legal advice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from viewpoint100k.assets.asset import NO_LICENSE
from viewpoint100k.errors import UsageError

__all__ = ["AllowedLicenses", "is_stated"]

_FREE = re.compile(
    r"CC0-1\.0|CC-PDDC|PDDL-1\.0|Unlicense|0BSD|MIT|MIT-0|Apache-2\.0|BSD-[23]-Clause|ODC-By-1\.0"
    r"|CDLA-Permissive-[12]\.0",
    re.IGNORECASE,
)
"""Licences that require at most that their author or text is named."""

_CREATIVE_COMMONS = re.compile(
    r"CC-BY(?P<nc>-NC)?(?P<nd>-ND)?(?P<sa>-SA)?(?P<nd_last>-ND)?-\d\.\d(-[A-Z]{2,3})?", re.IGNORECASE
)


@dataclass(frozen=True)
class AllowedLicenses:
    """Licences that may be published."""

    named: frozenset[str] = frozenset()
    """SPDX ids that the user allows in addition, whatever their conditions."""
    non_commercial: bool = False
    """Allow Creative Commons licences that forbid commercial use."""
    share_alike: bool = False
    """Allow Creative Commons licences that require the same licence for derived works."""

    def __post_init__(self) -> None:
        unnamed = [name for name in self.named if not is_stated(name)]
        if unnamed:
            raise UsageError(f"{NO_LICENSE} cannot be allowed: it means that the licence is unknown")

    def problem(self, license: str) -> str | None:
        """Why a row under ``license`` (an SPDX id) may not be published, with the way out; None if it may."""
        if not is_stated(license):
            return "its licence is unknown: state it in metadata.csv, or leave the asset out"
        if license.casefold() in {name.casefold() for name in self.named} or _FREE.fullmatch(license):
            return None
        found = _CREATIVE_COMMONS.fullmatch(license)
        if found is None:
            return f"not a licence that is known to allow publishing: read it, and give --allow-license {license}"
        if found["nd"] or found["nd_last"]:
            return "it forbids sharing of derived works, which a picture may be"
        missing = []
        if found["nc"] and not self.non_commercial:
            missing.append("--allow-nc")
        if found["sa"] and not self.share_alike:
            missing.append("--allow-sa")
        return f"it needs your consent: give {' '.join(missing)}" if missing else None

    @classmethod
    def of(cls, named: Iterable[str], non_commercial: bool, share_alike: bool) -> AllowedLicenses:
        """Makes it from command line options; each of ``named`` is one SPDX id or several with commas between."""
        ids = [part.strip() for text in named for part in text.split(",")]
        return cls(frozenset(part for part in ids if part), non_commercial, share_alike)


def is_stated(license: str) -> bool:
    """True if the licence is known."""
    return license.strip() not in ("", NO_LICENSE, "NONE")
