"""What a user asks of Objaverse: the source spec, and licences in SPDX's words. Pure functions; nothing is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from viewpoint100k.assets.asset import NO_LICENSE
from viewpoint100k.errors import UsageError

__all__ = ["DEFAULT_LICENSES", "ObjaverseOptions", "XlPart", "parse_objaverse_spec", "spdx_license"]

XlPart = Literal["sketchfab", "smithsonian", "thingiverse", "github"]
"""The collections that Objaverse-XL is made of; ``sketchfab`` is Objaverse 1.0."""

DEFAULT_LICENSES = frozenset({"CC0-1.0", "CC-BY-4.0"})
"""Those under which renders may be shared for any purpose, with attribution."""


@dataclass(frozen=True)
class ObjaverseOptions:
    """Which objects are wanted. The same options choose the same objects from the same annotations."""

    xl: bool = False
    """Objaverse-XL; otherwise Objaverse 1.0."""
    lvis: frozenset[str] = frozenset()
    """LVIS categories; empty for no restriction, ``any`` for every object that has one."""
    licenses: frozenset[str] = DEFAULT_LICENSES
    """SPDX licence ids; empty for no restriction."""
    count: int | None = None
    """At most so many objects, drawn evenly from those that fit; None for all."""
    parts: tuple[XlPart, ...] = ("sketchfab", "smithsonian")
    """Of Objaverse-XL: the parts to take objects from. The other two are large and come file by file or repository by
    repository from elsewhere, and few of their objects state a licence."""
    cached: bool = False
    """Only objects that are on the disk already, without a look at the network."""


_CODES = {"objaverse": False, "objaverse-xl": True}
_GRAMMAR = (
    "objaverse:lvis=mug,chair;licenses=CC0-1.0,CC-BY-4.0;count=5000;cached=yes, or objaverse-xl:sources=smithsonian"
)


def parse_objaverse_spec(text: str) -> ObjaverseOptions:
    """The options in a source spec.

    ``objaverse`` or ``objaverse-xl``, then, after a colon, settings with semicolons between them, each a key, ``=`` and
    a list with commas (or ``+``) between its items::

        objaverse:lvis=mug,chair;licenses=CC0-1.0,CC-BY-4.0;count=5000
        objaverse-xl:sources=smithsonian;count=500

    Keys: ``lvis`` (category names, or ``any``), ``licenses`` (SPDX ids or Objaverse's words such as ``by``, or
    ``any``), ``count``, ``cached`` (``yes`` or ``no``) and, for XL, ``sources``. Raises ``UsageError`` that names the
    setting.
    """
    kind, _, rest = text.partition(":")
    if kind not in _CODES:
        raise UsageError(f"source {text!r} is not Objaverse: write {_GRAMMAR}")
    settings: dict[str, str] = {}
    for setting in filter(None, (part.strip() for part in rest.split(";"))):
        key, equals, value = (part.strip() for part in setting.partition("="))
        if not equals or not value:
            raise UsageError(f"source {text!r}: {setting!r} must have the form key=value: {_GRAMMAR}")
        if key in settings:
            raise UsageError(f"source {text!r}: {key} is there twice")
        settings[key] = value
    xl = _CODES[kind]
    unknown = settings.keys() - {"lvis", "licenses", "count", "cached"} - ({"sources"} if xl else set())
    if unknown:
        raise UsageError(f"source {text!r}: unknown setting {min(unknown)!r}: {_GRAMMAR}")
    return ObjaverseOptions(
        xl=xl,
        lvis=frozenset(_listed(settings.get("lvis", ""))),
        licenses=_parsed_licenses(settings.get("licenses"), text),
        count=_parsed_count(settings.get("count"), text),
        parts=_parsed_parts(settings.get("sources"), bool(settings.get("lvis")), text),
        cached=_parsed_switch(settings.get("cached", "no"), text),
    )


def _listed(value: str) -> list[str]:
    return [item.strip() for item in re.split("[,+]", value) if item.strip()]


def _parsed_licenses(value: str | None, text: str) -> frozenset[str]:
    if value is None:
        return DEFAULT_LICENSES
    if value == "any":
        return frozenset()
    found = {item: spdx_license(item) for item in _listed(value)}
    for item, license in found.items():
        if license == NO_LICENSE and item != NO_LICENSE:
            known = ", ".join(sorted({*_SKETCHFAB_WORDS.values(), *_SOFTWARE_LICENSES.values()}))
            raise UsageError(f"source {text!r}: unknown licence {item!r}: give SPDX ids ({known}) or any")
    return frozenset(found.values())


def _parsed_count(value: str | None, text: str) -> int | None:
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise UsageError(f"source {text!r}: count={value} must be a whole number above 0")
    return int(value)


def _parsed_parts(value: str | None, lvis: bool, text: str) -> tuple[XlPart, ...]:
    known: tuple[XlPart, ...] = get_args(XlPart)
    if value is None:
        # Objects from elsewhere have no LVIS category.
        return ("sketchfab",) if lvis else ObjaverseOptions.parts
    wanted = _listed(value)
    for name in wanted:
        if name not in known:
            raise UsageError(f"source {text!r}: unknown part {name!r}: give some of {', '.join(known)}")
    return tuple(part for part in known if part in wanted)


def _parsed_switch(value: str, text: str) -> bool:
    if value not in ("yes", "no"):
        raise UsageError(f"source {text!r}: cached={value} must be yes or no")
    return value == "yes"


_SKETCHFAB_WORDS = {
    "by": "CC-BY-4.0",
    "by-sa": "CC-BY-SA-4.0",
    "by-nd": "CC-BY-ND-4.0",
    "by-nc": "CC-BY-NC-4.0",
    "by-nc-sa": "CC-BY-NC-SA-4.0",
    "by-nc-nd": "CC-BY-NC-ND-4.0",
    "cc0": "CC0-1.0",
}
"""Objaverse 1.0's licence words. Its data set card gives their version: https://huggingface.co/datasets/allenai/objaverse"""

_SOFTWARE_LICENSES = {
    "mit license": "MIT",
    "apache license 2.0": "Apache-2.0",
    'bsd 2-clause "simplified" license': "BSD-2-Clause",
    'bsd 3-clause "new" or "revised" license': "BSD-3-Clause",
    "isc license": "ISC",
    "the unlicense": "Unlicense",
    "zlib license": "Zlib",
    "gnu general public license v2.0": "GPL-2.0-only",
    "gnu general public license v3.0": "GPL-3.0-only",
    "mozilla public license 2.0": "MPL-2.0",
}
"""GitHub's names of licences, in lower case."""

_CC_URL = re.compile(r"creativecommons\.org/licenses/(by(?:-nc)?(?:-sa|-nd)?)/(\d\.\d)(?:/|$)")
_CC_NAME = re.compile(r"^cc[ -](by(?:-nc)?(?:-sa|-nd)?)[ -](\d\.\d)$")


def spdx_license(text: str | None) -> str:
    """The SPDX id of a licence as Objaverse writes it: a word (``by``), an address, an SPDX id or a full name.

    ``NOASSERTION`` where nothing, or no single licence, is said: ``Creative Commons - Attribution`` alone may be any
    version, and which one is not guessed.
    """
    words = " ".join((text or "").lower().split())
    if words in _SKETCHFAB_WORDS:
        return _SKETCHFAB_WORDS[words]
    if words in _SOFTWARE_LICENSES:
        return _SOFTWARE_LICENSES[words]
    for known in (*_SKETCHFAB_WORDS.values(), *_SOFTWARE_LICENSES.values()):
        if words == known.lower():
            return known
    if match := _CC_URL.search(words) or _CC_NAME.match(words):
        return f"CC-{match[1].upper()}-{match[2]}"
    # The dedication has one version only.
    if "creativecommons.org/publicdomain/zero/" in words or words.startswith("creative commons zero"):
        return "CC0-1.0"
    if words in ("creative commons - public domain dedication", "cc0 1.0"):
        return "CC0-1.0"
    return NO_LICENSE
