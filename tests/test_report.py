"""The report: one page that shows what is in a set, needs nothing beside itself, and works under a finger."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import hand_made_dataset as hand
import numpy as np
import pyarrow.parquet as pq
import pytest
from headless_browser import CHROMIUM, Page

from viewpoint100k.errors import DataError, UsageError
from viewpoint100k.report import report
from viewpoint100k.reports.contents import Contents, histogram, read_drops
from viewpoint100k.reports.drawing import top_view

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">'\"&amp;"

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of 18 rows, of which the last six have names that would like to be code."""
    shards = copy.deepcopy(hand.GOOD)
    for row in shards["test-00000-of-00001"]:
        row |= {"category": HOSTILE, "asset_id": HOSTILE, "creator": HOSTILE, "source": "meshes", "question": HOSTILE}
    folder = hand.write(tmp_path_factory.mktemp("reported") / "set", shards)
    (folder / ".build" / "shards").mkdir()
    record = {"blocks": [{"drops": [["pair", "too_little_overlap", 7]], "dropped_assets": {"a": HOSTILE}}]}
    (folder / ".build" / "shards" / "train-00000-of-00002.json").write_text(json.dumps(record))
    return report(folder)


class _Tags(HTMLParser):
    """Every tag with its attributes, and whether they are all closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_loads_nothing(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    tags = _Tags(text)
    assert tags.open == []
    for tag, attributes in tags.seen:
        assert tag not in ("link", "iframe", "object", "embed", "base")
        source = attributes.get("src") or ""
        assert not source or source.startswith("data:image/jpeg;base64,")
        assert all(not name.startswith("on") for name in attributes)
    assert "url(" not in text
    assert sum(tag == "script" for tag, _ in tags.seen) == 1
    assert all(attributes.get("alt") for tag, attributes in tags.seen if tag == "img")
    identities = [attributes["id"] for _, attributes in tags.seen if "id" in attributes]
    assert len(set(identities)) == len(identities)


def test_every_pair_is_shown_with_its_answer_folded_away(page: Path) -> None:
    tags = _Tags(page.read_text(encoding="utf-8"))
    assert sum(tag == "article" for tag, _ in tags.seen) == 18
    folds = [attributes for tag, attributes in tags.seen if tag == "details"]
    assert len(folds) == 18
    assert all("open" not in attributes for attributes in folds)
    text = page.read_text(encoding="utf-8")
    assert "too_little_overlap" in text
    assert "Not run" in text


def test_the_audit_is_shown_and_an_old_one_is_called_old(tmp_path: Path) -> None:
    from viewpoint100k.audit import AuditReport, AuditResult, AuditSettings, stored_manifest_digest

    folder = hand.write(tmp_path / "set", hand.GOOD)
    result = AuditResult("first_image", "direction", 0.71, 0.5, (0.66, 0.75), 0.6, 0.03, 300, 90, "fail")
    found = AuditReport(18, 18, 6, stored_manifest_digest(folder), AuditSettings(), (result,), (), ("a note",))
    stored = folder / ".build" / "audit.json"
    stored.write_text(found.to_json())
    text = report(folder).read_text()
    assert "71.0%" in text
    assert "1 failed." in text
    assert "earlier state" not in text
    stored.write_text(found.to_json().replace(str(found.manifest), "0123456789abcdef"))
    assert "earlier state" in report(folder).read_text()
    stored.write_text("{")
    assert "Not run" in report(folder).read_text()


def test_the_same_folder_gives_the_same_page(page: Path) -> None:
    before = page.read_bytes()
    assert report(page.parent).read_bytes() == before
    assert list(page.parent.glob("*.tmp")) == []


def test_a_damaged_image_is_said_to_be_one(tmp_path: Path) -> None:
    shards = copy.deepcopy(hand.GOOD)
    hand.all_rows(shards)[hand.FIRST]["images"][1]["bytes"] = b"no image"
    assert "Image 2 cannot be read" in report(hand.write(tmp_path / "set", shards)).read_text()


def test_a_folder_that_is_no_data_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no data/\*\.parquet"):
        report(tmp_path)
    folder = hand.write(tmp_path / "set", hand.GOOD)
    path = next(folder.glob("data/*.parquet"))
    pq.write_table(pq.read_table(path).drop_columns(["cameras"]), path)
    with pytest.raises(DataError, match="cameras"):
        report(folder)


# --- numbers and drawings ---------------------------------------------------------------------------------------------


def test_bins_start_at_multiples_of_their_width() -> None:
    bars = histogram([-95.0, -20.0, 20.0, 99.0, 99.5], "", "°", 10.0).bars
    assert (bars[0].low, bars[-1].high) == (-100, 100)
    assert [bar.count for bar in bars if bar.count] == [1, 1, 1, 2]
    (only,) = histogram([0.5, 0.5], "", "", 1.0).bars
    assert (only.low, only.high, only.count) == (0, 1, 2)
    assert sum(bar.count for bar in histogram([3.0, 3.0], "", "", None).bars) == 2


def test_the_joint_table_tells_pure_pans_from_orbits() -> None:
    contents = Contents()
    for row in hand.all_rows(hand.GOOD).values():
        contents.add(row, "train")
    table = dict(contents.joint_table())
    # Three rows for each pair: two orbits to the right, two to the left, a pan to the right and one to the left.
    assert table == {"left": [0, 3, 6], "none": [0, 0, 0], "right": [6, 3, 0]}


def test_drops_are_added_up(page: Path) -> None:
    assert {(d.stage, d.reason): d.count for d in read_drops(page.parent) or []} == {
        ("asset", HOSTILE): 1,
        ("pair", "too_little_overlap"): 7,
    }


def test_seen_from_above_camera_1_is_below_and_right_is_right() -> None:
    # By hand: the azimuth grows counterclockwise seen from above, which is to the right of who looks at the middle.
    first, second = hand.pose_on_orbit(70, 10, 2.0), hand.pose_on_orbit(160, 10, 2.0)
    row = hand.make_row("ego_translation", 0, 0, first, second, 0.1)
    one, two = top_view(row | {"object_front": [0.0, 0.0, 1.0]}).cameras
    assert one.at[0] == pytest.approx(0, abs=0.01)
    assert one.at[1] > 0
    assert two.at[0] > 50
    assert two.at[1] == pytest.approx(0, abs=0.01)
    for camera in (one, two):  # Both look at the object, in the middle.
        ahead = np.subtract(camera.ahead, camera.at)
        assert ahead @ -np.array(camera.at) == pytest.approx(
            np.linalg.norm(ahead) * np.linalg.norm(camera.at), rel=1e-3
        )
    assert one.edges[0][0] < one.at[0] < one.edges[1][0]


# --- in a browser -----------------------------------------------------------------------------------------------------


@pytest.fixture
def phone(page: Path, tmp_path: Path) -> Iterator[Page]:
    with Page(page, tmp_path / "profile", width=360, height=740) as opened:
        yield opened


@needs_chromium
def test_on_a_phone_an_answer_unfolds_and_filters_filter(phone: Page, page: Path, tmp_path: Path) -> None:
    assert phone.run("document.documentElement.scrollWidth") <= 360
    answer = "document.querySelector('.pair details')"
    assert phone.run(f"{answer}.open") is False
    phone.click(".pair summary")
    assert phone.run(f"{answer}.open") is True
    assert phone.run("document.querySelector('.pair .top').getBoundingClientRect().height") > 50

    shown = "document.querySelectorAll('.pair:not([hidden])').length"
    choose = "(() => {{ const s = document.querySelector('select[name={}]'); s.value = {}; {} }})()"
    tell = "s.dispatchEvent(new Event('change'));"
    assert phone.run(shown) == 18
    phone.run(choose.format("type", "'ego_rotation'", tell))
    assert phone.run(shown) == 6
    assert phone.run("document.getElementById('shown').textContent") == "6 of 18 pairs shown"
    phone.run(choose.format("source", "'meshes'", tell))
    assert phone.run(shown) == 2
    # A hostile name is a value like any other: what is chosen is what is kept.
    phone.run(choose.format("category", json.dumps(HOSTILE), tell))
    assert phone.run(shown) == 2

    phone.click("#unfold")
    assert phone.run("[...document.querySelectorAll('.pair details')].every(d => d.open)") is True
    assert phone.run("document.documentElement.scrollWidth") <= 360
    phone.picture(tmp_path / "phone.png")
    assert (tmp_path / "phone.png").stat().st_size > 5000
    assert phone.run("document.title") == "set: report"
    assert phone.console == []


@needs_chromium
@pytest.mark.parametrize("dark", [False, True])
def test_on_a_desk_the_text_can_be_read_in_light_and_dark(page: Path, tmp_path: Path, dark: bool) -> None:
    with Page(page, tmp_path / "profile", dark=dark) as opened:
        assert opened.run("document.documentElement.scrollWidth") <= 1280
        opened.run("document.querySelector('.images img').scrollIntoView()")
        image = "document.querySelector('.images img')"
        assert opened.run(f"{image}.decode().then(() => {image}.naturalWidth)") == hand.WIDTH
        for element in ("h1", ".soft", "summary", "select", ".warning"):
            colors = [
                opened.run(f"getComputedStyle(document.querySelector('{element}')).color"),
                opened.run("getComputedStyle(document.body).backgroundColor"),
            ]
            # WCAG 2.2, 1.4.3: at least 4.5 to 1 for text.
            light, dim = sorted((_luminance(color) for color in colors), reverse=True)
            assert (light + 0.05) / (dim + 0.05) >= 4.5, (element, colors)
        assert opened.console == []


def _luminance(color: str) -> float:
    """Relative luminance as WCAG defines it, of ``rgb(r, g, b)``."""
    parts = np.array([int(part) for part in re.findall(r"\d+", color)[:3]]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
