"""docs/sources.md against the code: every source is in its table, and every reason code is explained."""

import re
from pathlib import Path

import pytest

from viewpoint100k.assets.capture_sets import set_license
from viewpoint100k.assets.kinds import CAPTURE_KINDS, FOLDER_KINDS
from viewpoint100k.assets.layouts import MESH_LAYOUTS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
INTERNAL = {"unknown_asset", "photo_not_mirrored"}
"""Codes that only an error in this project can raise."""


def table() -> dict[str, list[str]]:
    """The cells of each line of the table of sources, by the kind of source in its command."""
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if "`--source " in line
    ]
    found = {}
    for cells in lines:
        command = re.search(r'--source "?([a-z0-9-]+)', cells[-1])
        assert command is not None
        found[command[1]] = cells
    return found


def test_every_source_is_in_the_table() -> None:
    assert set(table()) == {"procedural", "objaverse", "objaverse-xl", *FOLDER_KINDS}


@pytest.mark.parametrize("kind", [*MESH_LAYOUTS, *sorted(CAPTURE_KINDS)])
def test_the_table_states_the_licence_that_rows_get(kind: str) -> None:
    license = MESH_LAYOUTS[kind].license if kind in MESH_LAYOUTS else set_license(kind)
    stated, rows = table()[kind][3], table()[kind][5]
    if license.startswith("LicenseRef-"):
        assert not re.search(r"CC-|MIT", stated)
        assert rows in ("poses", "not without consent", "not without its authors' consent")
    elif license == "NOASSERTION":
        assert rows != "yes"
    else:
        assert license in stated
        assert rows.startswith("yes")


def test_every_reason_code_of_sources_and_pairs_is_explained() -> None:
    codes = set[str]()
    for room in ("assets", "building", "views"):
        for path in (ROOT / "viewpoint100k" / room).glob("**/*.py"):
            text = path.read_text(encoding="utf-8")
            codes |= set(re.findall(r'AssetError\(\s*"([a-z_]+)"', text))
            codes |= set(re.findall(r'return "([a-z]+(?:_[a-z]+)+)"', text))
    assert len(codes) > 40
    assert {code for code in codes - INTERNAL if f"`{code}`" not in PAGE} == set()
