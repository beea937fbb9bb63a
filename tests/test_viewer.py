"""The viewer: walking through rows, filters, links, and the access rules of its server."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import hand_made_dataset as hand
import pyarrow.parquet as pq
import pytest
from every_type_dataset import built
from headless_browser import CHROMIUM, Page

from viewpoint100k.errors import DataError, UsageError
from viewpoint100k.view.opening import OpenViewer, open_viewer
from viewpoint100k.view.row_table import Filter, facets, matching
from viewpoint100k.view.stored_rows import StoredRows, row_table, set_paths

WEBGL = "--use-gl=angle --use-angle=swiftshader --enable-unsafe-swiftshader --ignore-gpu-blocklist"
"""Chromium draws the 3D view without a graphics card."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hand.write(tmp_path_factory.mktemp("viewed") / "set", hand.GOOD)


@pytest.fixture(scope="module")
def opened(folder: Path) -> Iterator[OpenViewer]:
    pytest.importorskip("viser", reason="viser is not installed")
    with open_viewer(str(folder), port=0) as found:
        yield found


def ask(opened: OpenViewer, path: str, method: str = "POST", host: str | None = None, **query: str) -> Any:
    """The server's answer: parsed JSON, or bytes for other content."""
    request = Request(f"http://127.0.0.1:{opened.web.port}{path}?{urlencode(query)}", method=method)
    if host is not None:
        request.add_header("Host", host)
    with urlopen(request, timeout=30) as reply:
        content = reply.read()
        return json.loads(content) if "json" in reply.headers["Content-Type"] else content


# --- rows and filters -------------------------------------------------------------------------------------------------


def test_every_row_is_found_where_the_index_says(folder: Path) -> None:
    stored, rows = StoredRows(folder), hand.all_rows(hand.GOOD)
    assert sorted(stored.table.ids) == sorted(row["id"] for row in rows.values())
    by_id = {row["id"]: row for row in rows.values()}
    for place, row_id in enumerate(stored.table.ids):
        row = stored.row(place)
        assert row["id"] == row_id
        assert row["question"] == by_id[row_id]["question"]
        assert row["images"] == [image["bytes"] for image in by_id[row_id]["images"]]
        assert stored.find(row_id) == place
    assert stored.find("no such row") is None


def test_filters_keep_what_their_columns_say(folder: Path) -> None:
    table = StoredRows(folder).table
    rows = [StoredRows(folder).row(place) for place in range(len(table))]
    by_hand = [
        place
        for place, row in enumerate(rows)
        if row["question_type"] == "ego_rotation" and abs(row["relative"]["azimuth_deg"]) <= 45
    ]
    assert matching(table, Filter.of({"type": "ego_rotation", "angle": "..45"})).tolist() == by_hand
    assert 0 < len(by_hand) < len(rows)
    assert matching(table, Filter.of({"split": "test"})).tolist() == [
        place for place, row in enumerate(rows) if row["split"] == "test"
    ]
    assert matching(table, Filter.of({"category": "no such thing"})).tolist() == []
    # A row without answerability is in no range.
    without = [place for place, row in enumerate(rows) if row["answerability"] is None]
    assert not set(matching(table, Filter(answerability=(-math.inf, math.inf)))) & set(without)
    assert facets(table)["split"] == ["test", "train"]


@pytest.mark.parametrize("text", ["30", "a..b", "1..x"])
def test_a_range_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="angle"):
        Filter.of({"angle": text})


def test_a_folder_that_is_no_set_and_a_file_that_is_none_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a data set"):
        StoredRows(tmp_path)
    with pytest.raises(UsageError, match="give --split test, train"):
        StoredRows(folder, "validation")
    broken = hand.write(tmp_path / "set", hand.GOOD)
    path = next(broken.glob("data/train*.parquet"))
    pq.write_table(pq.read_table(path).drop_columns(["category"]), path)
    with pytest.raises(DataError, match="lacks the columns category"):
        row_table(set_paths(broken))
    path.write_bytes(b"PAR1")
    with pytest.raises(DataError, match="cannot be read"):
        row_table(set_paths(broken))


# --- walking ----------------------------------------------------------------------------------------------------------


def test_one_walks_through_the_rows_that_fit_and_stops_at_the_ends(opened: OpenViewer) -> None:
    ids = list(opened.viewer.rows.table.ids)
    kinds = {row_id: opened.viewer.rows.row(place)["question_type"] for place, row_id in enumerate(ids)}
    fitting = [row_id for row_id in ids if kinds[row_id] == "ego_translation"]
    ask(opened, "/api/show", id=ids[0])
    assert ask(opened, "/api/show", type="ego_translation")["id"] == fitting[0]
    walked = [ask(opened, "/api/step", by="1", type="ego_translation") for _ in range(len(fitting))]
    assert [row["id"] for row in walked] == [*fitting[1:], fitting[-1]]
    assert walked[-1]["rank"] == walked[-1]["matching"] - 1 == len(fitting) - 1
    assert ask(opened, "/api/step", by="-1", type="ego_translation")["id"] == fitting[-2]
    # A row by its id is shown even if it does not fit the filter. The next one fits.
    other = next(row_id for row_id in ids if kinds[row_id] != "ego_translation")
    assert ask(opened, "/api/show", id=other, type="ego_translation")["id"] == other


def test_the_page_is_told_what_the_row_says(opened: OpenViewer) -> None:
    rows = {row["id"]: row for row in hand.all_rows(hand.GOOD).values()}
    for row_id in list(rows)[:4]:
        told, row = ask(opened, "/api/show", id=row_id), rows[row_id]
        assert told["answer"] == row["answer"]
        assert told["options"] == row["options"]
        assert told["question"] == "How did the camera move?\nAnswer with the letter alone."
        assert told["margin"] == pytest.approx(row["margin"])
        for number, image in enumerate(row["images"], start=1):
            assert ask(opened, f"/image/{row_id}/{number}", "GET") == image["bytes"]
        assert set(opened.viewer.scene_server.handles) >= {"/camera_1", "/camera_2", "/object", "/ground"}


def test_another_page_hears_of_the_row_that_is_shown(opened: OpenViewer) -> None:
    ids = opened.viewer.rows.table.ids
    before = ask(opened, "/api/show", id=ids[2])["shown"]
    ask(opened, "/api/show", id=ids[3])
    heard = ask(opened, "/api/wait", "GET", shown=str(before))
    assert (heard["id"], heard["shown"]) == (ids[3], before + 1)
    # A key press in the 3D view reaches every page.
    opened.viewer.step(1)
    assert ask(opened, "/api/wait", "GET", shown=str(before + 1))["id"] == ids[4]


def test_looking_through_a_camera_twice_takes_its_image_away(opened: OpenViewer) -> None:
    scenes = opened.viewer.scene_server
    ask(opened, "/api/show", id=opened.viewer.rows.table.ids[0])
    seen = []
    for where in ("camera 1", "camera 1", "camera 1", "camera 2"):
        ask(opened, "/api/look", **{"from": where})
        seen.append((scenes.handles["/camera_1"].visible, scenes.handles["/camera_2"].visible))
    assert seen == [(True, False), (False, False), (True, False), (False, True)]
    ask(opened, "/api/look", **{"from": "from behind camera 1"})
    assert all(handle.visible for handle in scenes.handles.values())


@pytest.mark.parametrize(
    ("path", "method", "query", "status"),
    [
        ("/api/show", "POST", {"id": "no such row"}, 404),
        ("/api/show", "POST", {"category": "no such thing"}, 404),
        ("/api/show", "POST", {"angle": "wide"}, 404),
        ("/api/show", "GET", {}, 404),
        ("/api/look", "POST", {"from": "the moon"}, 404),
        ("/image/../1", "GET", {}, 404),
        ("/image/x/99", "GET", {}, 404),
        ("/etc/passwd", "GET", {}, 404),
    ],
)
def test_what_there_is_not_is_not_given(
    opened: OpenViewer, path: str, method: str, query: dict[str, str], status: int
) -> None:
    with pytest.raises(HTTPError) as failed:
        ask(opened, path, method, **query)
    assert failed.value.code == status


def test_a_page_elsewhere_that_was_given_this_machines_address_gets_nothing(opened: OpenViewer) -> None:
    with pytest.raises(HTTPError) as failed:
        ask(opened, "/api/facets", "GET", host="evil.example:80")
    assert failed.value.code == 403
    for host in ("localhost:1", "127.0.0.1", "[::1]:8100", "192.168.1.7:8100"):
        assert "type" in ask(opened, "/api/facets", "GET", host=host)


def test_without_viser_the_command_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "viser", None)
    with pytest.raises(UsageError, match=r"viser is not installed: run  pip install .*view"), open_viewer(str(folder)):
        pass


# --- a config, and the Hub --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_config_makes_rows_while_one_looks(tmp_path: Path) -> None:
    pytest.importorskip("viser", reason="viser is not installed")
    overrides = ["images.size=64", "questions={mirrored: 1}", "rows=100"]
    with open_viewer("decoupled", port=0, overrides=overrides) as opened:
        first = ask(opened, "/api/show")
        assert first["question_type"] == "mirrored"
        assert opened.viewer.scene_server.handles["/object"].glb_data
        walked = [first["id"]] + [ask(opened, "/api/step", by="1")["id"] for _ in range(24)]
        assert len(set(walked)) >= 15
        assert opened.viewer.rows.find(first["id"]) == 0


@pytest.mark.slow
def test_a_set_on_the_hub_is_downloaded_and_shown(
    small_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("viser", reason="viser is not installed")
    import subprocess
    import sys

    from local_hub import serve_hub
    from local_hub.publishing import REPO, SOON, client_environment, copy_of

    from viewpoint100k.publish.publisher import publish

    with serve_hub() as hub:
        for name, value in client_environment(hub, tmp_path / "home").items():
            monkeypatch.setenv(name, value)
        folder = copy_of(small_dataset, tmp_path)
        publish(folder, REPO, retries=SOON, say=[].append)
        code = (
            "from viewpoint100k.view.opening import download_set, open_viewer\n"
            f"with open_viewer('hf://{REPO}', port=0) as opened:\n"
            "    print(len(opened.viewer.rows.table), opened.viewer.show('', __import__('viewpoint100k.view.row_table',"
            " fromlist=['Filter']).Filter())['split'])\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    tested = sum(len(pq.read_table(path)) for path in folder.glob("data/test-*.parquet"))
    assert done.stdout.split() == [str(tested), "test"]


# --- in a browser -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_twenty_rows_are_walked_through_by_keys(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, width: int, height: int
) -> None:
    pytest.importorskip("viser", reason="viser is not installed")
    folder = built(tmp_path_factory)
    with (
        open_viewer(str(folder), port=0) as opened,
        Page(opened.link("localhost"), tmp_path / "profile", width, height, flags=WEBGL) as page,
    ):
        ids = list(opened.viewer.rows.table.ids)
        page.wait_for("current")
        for place in range(1, 21):
            page.press("j" if place % 2 else "ArrowRight")
            page.wait_for(f"current === {json.dumps(ids[place])}")
            assert page.run("document.querySelectorAll('#images img, #images .missing').length") == len(
                opened.viewer.rows.row(place)["images"]
            )
        page.press("k")
        page.wait_for(f"current === {json.dumps(ids[19])}")
        assert page.run("location.pathname") == f"/row/{ids[19]}"
        assert page.run("document.documentElement.scrollWidth") <= width
        page.press("a")
        assert page.run("getComputedStyle(document.getElementById('facts')).visibility") == "hidden"
        page.press("a")
        page.wait_for("[...document.querySelectorAll('#images img')].every((image) => image.naturalWidth > 0)")
        for _ in range(100):
            if opened.viewer.scene_server.server.get_clients():
                break
            page.run("new Promise((resolve) => setTimeout(resolve, 100))")
        assert opened.viewer.scene_server.server.get_clients()
        assert page.console == []
        page.reload()
        page.wait_for(f"current === {json.dumps(ids[19])}")
        page.picture(tmp_path / "viewer.png")
        assert (tmp_path / "viewer.png").stat().st_size > 20_000
