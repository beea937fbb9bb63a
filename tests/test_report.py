"""The report: one self-contained page about a set, which also works on a touch screen."""

from __future__ import annotations

import copy
import json
import math
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import hand_made_dataset as hand
import numpy as np
import pyarrow.parquet as pq
import pytest
from every_type_dataset import built, rows_of
from headless_browser import CHROMIUM, Page

from viewpoint100k.errors import DataError, UsageError
from viewpoint100k.questions import template_names
from viewpoint100k.report.contents import Contents, histogram, read_drops
from viewpoint100k.report.drawing import top_view
from viewpoint100k.report.page import report

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">'\"&amp;"

SHOWN = "document.querySelectorAll('.asked:not([hidden])').length"
SHOWN_PAIRS = "document.querySelectorAll('.pair:not([hidden])').length"
CHOOSE = (
    "(() => {{ const s = document.querySelector('select[name={}]'); s.value = {};"
    " s.dispatchEvent(new Event('change')); }})()"
)
"""A script with placeholders for a filter's name and a JavaScript value."""

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of 18 rows. The last six have names that contain code."""
    shards = copy.deepcopy(hand.GOOD)
    for row in shards["test-00000-of-00001"]:
        row |= {"category": HOSTILE, "asset_id": HOSTILE, "creator": HOSTILE, "source": "meshes", "question": HOSTILE}
    folder = hand.write(tmp_path_factory.mktemp("reported") / "set", shards)
    (folder / ".build" / "shards").mkdir()
    record = {"blocks": [{"drops": [["pair", "too_little_overlap", 7]], "dropped_assets": {"a": HOSTILE}}]}
    (folder / ".build" / "shards" / "train-00000-of-00002.json").write_text(json.dumps(record))
    return report(folder)


class _Tags(HTMLParser):
    """All tags with their attributes, and whether all are closed."""

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


def _links(tags: _Tags) -> list[dict[str, str | None]]:
    return [attributes for tag, attributes in tags.seen if tag == "a"]


def _of_class(tags: _Tags, tag: str, name: str) -> list[dict[str, str | None]]:
    return [found for seen, found in tags.seen if seen == tag and name in (found.get("class") or "").split()]


def test_every_question_is_shown_beside_the_others_about_its_pair_with_its_answer_folded_away(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    tags = _Tags(text)
    assert len(_of_class(tags, "article", "pair")) == 6
    assert len(_of_class(tags, "section", "asked")) == 18
    assert len(_of_class(tags, "details", "told")) == 18
    assert len(_of_class(tags, "details", "above")) == 6
    assert sum(tag == "img" for tag, _ in tags.seen) == 12
    folds = [attributes for tag, attributes in tags.seen if tag == "details"]
    assert all(("open" in fold) == (fold.get("class") == "above") for fold in folds)
    rows = hand.all_rows(hand.GOOD).values()
    links = {link["href"]: link["target"] for link in _links(tags) if "/row/" in (link["href"] or "")}
    assert set(links.values()) == {"viewpoint100k-viewer"}
    assert set(links) <= {f"http://localhost:8100/row/{row['id']}" for row in rows}
    assert len(links) == 6
    assert "too_little_overlap" in text
    assert "has not been audited" in text


def test_the_audit_is_shown_and_an_old_one_is_called_old(tmp_path: Path) -> None:
    from viewpoint100k.check.audit import AuditReport, AuditResult, AuditSettings
    from viewpoint100k.dataset.folder import stored_manifest_digest

    folder = hand.write(tmp_path / "set", hand.GOOD)
    result = AuditResult("first_image", "direction", 0.71, 0.5, (0.66, 0.75), 0.6, 0.03, 300, 90, "fail")
    found = AuditReport(18, 18, 6, stored_manifest_digest(folder), AuditSettings(), (result,), (), ("a note",))
    stored = folder / ".build" / "audit.json"
    stored.write_text(found.to_json())
    text = report(folder).read_text()
    assert "71.0%" in text
    assert "1 failed." in text
    assert "have changed since the audit" not in text
    stored.write_text(found.to_json().replace(str(found.manifest), "0123456789abcdef"))
    assert "have changed since the audit" in report(folder).read_text()
    stored.write_text("{")
    assert "has not been audited" in report(folder).read_text()


def test_of_many_results_of_one_audit_those_that_failed_stand_out(tmp_path: Path) -> None:
    from viewpoint100k.check.audit import AuditReport, AuditResult, AuditSettings
    from viewpoint100k.dataset.folder import stored_manifest_digest

    folder = hand.write(tmp_path / "set", hand.GOOD)
    kinds = ("ego_roll", "ego_pitch", "ego_height", "own_side")
    results = tuple(
        AuditResult(
            "first_image", kind, 0.5 + 0.01 * n, 0.5, (0.4, 0.6), 0.5, 0.03, 300, 90, "fail" if n == 2 else "pass"
        )
        for n, kind in enumerate(kinds)
    )
    found = AuditReport(18, 18, 6, stored_manifest_digest(folder), AuditSettings(), results, (), ("one", "two"))
    (folder / ".build" / "audit.json").write_text(found.to_json())
    before, _, folded = report(folder).read_text().partition('<details class="several-audits">')
    assert "ego height" in before.partition('id="audits"')[2]
    assert "ego roll" not in before.partition('id="audits"')[2]
    assert "first image, the others: 3 results" in folded
    assert "3 pass, 1 fail; at most +3.0 points from chance (own side)" in folded
    assert folded.index("own side") < folded.index("2 notes") < folded.index("<li>two.</li>")


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


def test_the_joint_tables_tell_pure_pans_from_orbits() -> None:
    contents = Contents()
    for row in hand.all_rows(hand.GOOD).values():
        contents.add(row, "train")
    # Three rows for each pair: two orbits to the right, two to the left, a pan to the right and one to the left. An
    # orbit to the right turns left.
    sixth = pytest.approx(100 / 6)
    third = pytest.approx(100 / 3)
    assert dict(contents.joint.shares("sides")) == {
        "left": [0, 0, third],
        "no": [sixth, 0, sixth],
        "right": [third, 0, 0],
    }
    # Each turn has one or no movement. By hand, for 18 rows before the correction: 1 + 1.585 - 1.918 bit.
    assert contents.joint.bits("sides") == pytest.approx(0.667, abs=0.03)


def test_letters_are_counted_by_type_and_open_questions_have_none() -> None:
    contents = Contents()
    for n, row in enumerate(hand.all_rows(hand.GOOD).values()):
        kind = row["question_type"]
        if kind == "ego_rotation":
            row = row | {"options": [], "answer": str(10 + n), "answer_value": 10.0 + n}
        elif kind == "ego_translation":
            row = row | {"options": ["a", "b"], "answer": "B"}
        contents.add(row | {"reasoning": "because" if n % 2 else None}, "train")
    table = {kind: (rows, shares) for kind, rows, shares in contents.letter_shares()}
    assert set(table) == {"ego_translation", "object_translation"}
    assert table["ego_translation"] == (6, [0, 100, None])
    assert sum(share or 0 for share in table["object_translation"][1]) == pytest.approx(100)
    assert any(h.title == "Answers to ego_rotation, an open question" and h.rows == 6 for h in contents.histograms())
    assert contents.reasoned == 9
    assert contents.questions_per_pair() == {3: 6}


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


def test_labels_of_cameras_in_one_place_stand_beside_each_other() -> None:
    first, second = hand.pose_on_orbit(70, 10, 2.0), hand.pose_on_orbit(70, 10, 2.0, pan_deg=10)
    one, two = top_view(hand.make_row("ego_rotation", 0, 0, first, second, 5.0)).cameras
    assert one.at == two.at
    assert math.dist(one.label, two.label) >= 13


def test_a_mirrored_camera_is_marked_and_that_of_a_floor_plan_is_left_out() -> None:
    first, second = hand.pose_on_orbit(70, 10, 2.0), hand.pose_on_orbit(160, 10, 2.0)
    row = copy.deepcopy(hand.make_row("ego_rotation", 0, 0, first, second, 5.0))
    overhead = np.array([[1.0, 0, 0, 0.3], [0, -1, 0, -0.2], [0, 0, -1, 4.1], [0, 0, 0, 1]])
    row["cameras"].insert(1, row["cameras"][0] | {"camera_to_world": overhead.ravel().tolist()})
    plain = top_view(row).cameras
    assert [camera.number for camera in plain] == [1, 3]
    row["cameras"][2]["mirrored"] = True
    mirrored = top_view(row).cameras
    assert [camera.mirrored for camera in mirrored] == [False, True]
    # Its position and direction are the same. Only its image is mirrored.
    assert mirrored[1].at == plain[1].at
    assert mirrored[1].ahead == plain[1].ahead


# --- every question type ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def every_type(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a built set of every question type."""
    folder = tmp_path_factory.mktemp("every") / "set"
    shutil.copytree(built(tmp_path_factory), folder)
    return report(folder)


def test_questions_of_every_type_form_and_number_of_images_are_shown(every_type: Path) -> None:
    tags, rows = _Tags(every_type.read_text(encoding="utf-8")), rows_of(every_type.parent)
    assert tags.open == []
    asked = _of_class(tags, "section", "asked")
    assert {question["aria-label"] for question in asked} == {f"Row {row['id']}" for row in rows}
    assert {question["data-type"] for question in asked} == set(template_names())
    assert {shown["data-form"] for shown in _of_class(tags, "div", "form")} == {"as it is", "swapped", "mirrored"}
    assert len(_of_class(tags, "article", "pair")) == len({row["group"] for row in rows})
    shots = {(row["template"].partition("+")[2], str(row["cameras"])): len(row["images"]) for row in rows}
    assert sum(tag == "img" for tag, _ in tags.seen) == sum(shots.values())
    assert len(_of_class(tags, "details", "thought")) == sum(bool(row["reasoning"]) for row in rows)
    mirrored = sum(row["question_type"] == "mirrored" and row["answer_value"] == 1 for row in rows)
    assert len(_of_class(tags, "circle", "mirrored")) == mirrored > 0
    text = every_type.read_text(encoding="utf-8")
    assert text.count("<figcaption>Image 5</figcaption>") == sum(row["question_type"] == "which_view" for row in rows)
    assert "The same images, swapped" in text
    assert "Both images mirrored left to right" in text


@needs_chromium
def test_a_set_of_every_type_can_be_filtered_on_a_phone(every_type: Path, tmp_path: Path) -> None:
    rows = rows_of(every_type.parent)
    with Page(every_type, tmp_path / "profile", width=390, height=800) as phone:
        assert phone.run("document.documentElement.scrollWidth") <= 390
        for name, value, expected in (
            ("type", "which_view", [row for row in rows if row["question_type"] == "which_view"]),
            ("form", "swapped", [row for row in rows if row["template"].endswith("+swapped")]),
            ("reasoning", "with", [row for row in rows if row["reasoning"]]),
        ):
            phone.run(CHOOSE.format(name, json.dumps(value)))
            assert phone.run(SHOWN) == len(expected) > 0
            assert phone.run(SHOWN_PAIRS) == len({row["group"] for row in expected})
            phone.run(CHOOSE.format(name, "''"))
        phone.click("#unfold")
        assert phone.run("document.documentElement.scrollWidth") <= 390
        # The answer is open, and the reasoning inside is still folded.
        assert phone.run("document.querySelector('.thought').checkVisibility()") is True
        assert phone.run("document.querySelector('.thought').open") is False
        assert phone.console == []


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
    assert phone.run("document.querySelector('.pair .above').open") is True
    assert phone.run("document.querySelector('.pair .top').getBoundingClientRect().height") > 50

    assert phone.run(SHOWN) == 18
    phone.run(CHOOSE.format("type", "'ego_rotation'"))
    assert phone.run(SHOWN) == 6
    assert phone.run("document.getElementById('shown').textContent") == "6 of 18 questions shown, about 6 pairs"
    phone.run(CHOOSE.format("source", "'meshes'"))
    assert phone.run(SHOWN) == phone.run(SHOWN_PAIRS) == 2
    # A hostile name is an ordinary value: the filter keeps exactly the rows with it.
    phone.run(CHOOSE.format("category", json.dumps(HOSTILE)))
    assert phone.run(SHOWN) == 2

    phone.click("#unfold")
    assert phone.run("[...document.querySelectorAll('.pair details')].every(d => d.open)") is True
    assert phone.run("document.documentElement.scrollWidth") <= 360
    phone.picture(tmp_path / "phone.png")
    assert (tmp_path / "phone.png").stat().st_size > 5000
    assert phone.run("document.title") == "set: report"
    assert phone.console == []


@needs_chromium
def test_a_range_that_is_marked_in_a_distribution_filters_the_gallery(page: Path, tmp_path: Path) -> None:
    azimuths = [row["relative"]["azimuth_deg"] for row in hand.all_rows(hand.GOOD).values()]
    with Page(page, tmp_path / "profile", width=1280, height=900) as opened:
        bars = "document.querySelector('.bars[data-name=azimuth]')"
        opened.run(f"{bars}.scrollIntoView({{block: 'center'}})")
        left, top, width, height = opened.run(
            f"(() => {{ const b = {bars}.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; }})()"
        )
        count = opened.run(f"{bars}.children.length")
        ends = [
            [float(opened.run(f"{bars}.children[{n}].dataset.{end}")) for end in ("low", "high")] for n in range(count)
        ]
        first, last = count // 2, count - 1
        opened.drag(left + (first + 0.5) * width / count, left + (last + 0.5) * width / count, top + height / 2)
        inside = sum(ends[first][0] <= azimuth <= ends[last][1] for azimuth in azimuths)
        assert 0 < inside < len(azimuths)
        assert opened.run(SHOWN) == inside
        # The same by keys: the first bar, then all that lie to its right, and then none.
        opened.run(f"{bars}.focus()")
        opened.press("Escape")
        assert opened.run(SHOWN) == len(azimuths)
        opened.press("ArrowRight")
        assert opened.run(SHOWN) == sum(ends[0][0] <= azimuth <= ends[0][1] for azimuth in azimuths)
        assert opened.run("document.querySelectorAll('#brushes button').length") == 1
        opened.run("document.querySelector('#brushes button').click()")
        assert opened.run(SHOWN) == len(azimuths)
        assert opened.console == []


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
