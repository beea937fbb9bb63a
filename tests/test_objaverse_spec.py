"""The grammar of an Objaverse source spec, and licences as SPDX ids."""

import pytest

from viewpoint100k.assets.objaverse_spec import parse_objaverse_spec, spdx_license
from viewpoint100k.errors import UsageError


def test_bare_names_mean_free_licences() -> None:
    options = parse_objaverse_spec("objaverse")
    assert (options.xl, options.lvis, options.count) == (False, frozenset(), None)
    assert options.licenses == {"CC0-1.0", "CC-BY-4.0"}
    assert parse_objaverse_spec("objaverse-xl").parts == ("sketchfab", "smithsonian")


def test_every_setting() -> None:
    options = parse_objaverse_spec("objaverse:lvis=mug, chair;licenses=cc0,CC-BY-SA-4.0;count=5000;cached=yes")
    assert options.lvis == {"mug", "chair"}
    assert options.licenses == {"CC0-1.0", "CC-BY-SA-4.0"}
    assert options.count == 5000
    assert options.cached
    assert parse_objaverse_spec("objaverse:lvis=mug+chair").lvis == {"mug", "chair"}
    assert parse_objaverse_spec("objaverse:licenses=any").licenses == frozenset()
    assert parse_objaverse_spec("objaverse-xl:sources=github,smithsonian").parts == ("smithsonian", "github")
    assert parse_objaverse_spec("objaverse-xl:lvis=mug").parts == ("sketchfab",)


@pytest.mark.parametrize(
    ("spec", "word"),
    [
        ("objaverse:count=0", "count=0"),
        ("objaverse:count=many", "count=many"),
        ("objaverse:lvis", "'lvis'"),
        ("objaverse:lvis=", "'lvis='"),
        ("objaverse:size=3", "'size'"),
        ("objaverse:sources=github", "'sources'"),
        ("objaverse-xl:sources=ftp", "'ftp'"),
        ("objaverse:licenses=free", "'free'"),
        ("objaverse:count=1;count=2", "twice"),
        ("objaverse:cached=maybe", "cached=maybe"),
        ("objaversed", "objaversed"),
    ],
)
def test_a_mistake_is_named(spec: str, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        parse_objaverse_spec(spec)


@pytest.mark.parametrize(
    ("words", "spdx"),
    [
        ("by", "CC-BY-4.0"),
        ("by-nc", "CC-BY-NC-4.0"),
        ("by-sa", "CC-BY-SA-4.0"),
        ("by-nc-sa", "CC-BY-NC-SA-4.0"),
        ("cc0", "CC0-1.0"),
        ("CC-BY-4.0", "CC-BY-4.0"),
        ("https://creativecommons.org/licenses/by-nc/3.0/us/", "CC-BY-NC-3.0"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("Creative Commons - Public Domain Dedication", "CC0-1.0"),
        ("Creative Commons - Attribution", "NOASSERTION"),  # The version is not stated.
        ("MIT License", "MIT"),
        ("Standard license", "NOASSERTION"),
        ("", "NOASSERTION"),
        (None, "NOASSERTION"),
    ],
)
def test_licences_in_the_words_of_spdx(words: str | None, spdx: str) -> None:
    assert spdx_license(words) == spdx
