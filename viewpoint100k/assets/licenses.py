"""Which licences a published row may carry: SPDX ids, what they ask for, and what a publisher has chosen to allow.

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
"""QuestionSpec for no more than that their author or text is named."""

_CREATIVE_COMMONS = re.compile(
    r"CC-BY(?P<nc>-NC)?(?P<nd>-ND)?(?P<sa>-SA)?(?P<nd_last>-ND)?-\d\.\d(-[A-Z]{2,3})?", re.IGNORECASE
)


@dataclass(frozen=True)
class AllowedLicenses:
    """What may be published."""

    named: frozenset[str] = frozenset()
    """SPDX ids that are allowed whatever they ask for; the publisher's own choice."""
    non_commercial: bool = False
    """Allow Creative Commons licences that forbid commercial use."""
    share_alike: bool = False
    """Allow Creative Commons licences that ask for the same licence on what is made of the work."""

    def __post_init__(self) -> None:
        unnamed = [name for name in self.named if not is_stated(name)]
        if unnamed:
            raise UsageError(f"{NO_LICENSE} cannot be allowed: it means that nobody has stated a licence")

    def problem(self, license: str) -> str | None:
        """Why a row under ``license`` (an SPDX id) may not be published, with the way out; None where it may."""
        if not is_stated(license):
            return "nobody has stated its licence: state it in metadata.csv, or leave the asset out"
        if license.casefold() in {name.casefold() for name in self.named} or _FREE.fullmatch(license):
            return None
        found = _CREATIVE_COMMONS.fullmatch(license)
        if found is None:
            return f"not a licence that is known to allow it: read it, and give --allow-license {license}"
        if found["nd"] or found["nd_last"]:
            return "it forbids to share what is made of the work, as a picture of it may be"
        missing = []
        if found["nc"] and not self.non_commercial:
            missing.append("--allow-nc")
        if found["sa"] and not self.share_alike:
            missing.append("--allow-sa")
        return f"only on request: give {' '.join(missing)}" if missing else None

    @classmethod
    def of(cls, named: Iterable[str], non_commercial: bool, share_alike: bool) -> AllowedLicenses:
        """From what a command line gives: SPDX ids, each possibly several with commas between."""
        ids = [part.strip() for text in named for part in text.split(",")]
        return cls(frozenset(part for part in ids if part), non_commercial, share_alike)


def is_stated(license: str) -> bool:
    """Whether anybody has stated a licence."""
    return license.strip() not in ("", NO_LICENSE, "NONE")
