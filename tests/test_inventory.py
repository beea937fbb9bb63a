"""The output of ``viewpoint100k assets`` for a source, also with hostile files and names."""

import html.parser
import io
import os
import re
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import trimesh
from conftest import REAL_ASSETS, run_command
from objaverse_hub import V1, glb_of_a_box, make_hub, uid_of
from PIL import Image

from viewpoint100k.assets import CaptureAsset, MeshAsset, Origin, Photo, Source
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.objaverse import open_objaverse
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit
from viewpoint100k.view.inventory import Entry, Inventory, printable, table, take_inventory
from viewpoint100k.view.inventory_page import page

HOSTILE = "ev\u202eil <img src=x onerror=alert(1)> \"'&amp; \x1b[31m.glb"


class Tags(html.parser.HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))


@pytest.fixture
def meshes(tmp_path: Path) -> Path:
    """Two good meshes, one with a hostile name, and two that cannot be read."""
    folder = tmp_path / "meshes"
    folder.mkdir()
    (folder / "box.glb").write_bytes(glb_of_a_box())
    (folder / HOSTILE).write_bytes(glb_of_a_box())
    (folder / "cut.glb").write_bytes(glb_of_a_box()[:500])
    (folder / "empty.stl").write_bytes(b"")
    csv = 'file,category,license,creator,uri\nbox.glb,<script>x</script>,CC0-1.0,"A </p> B",javascript:alert(1)\n'
    (folder / "metadata.csv").write_text(csv)
    return folder


class OddSource:
    """A source whose assets kill, hang or fail the process that loads them, and one capture."""

    name = "odd"

    def ids(self) -> Sequence[str]:
        return ("capture", "fault", "hang", "kill", "last", "lonely", "refused")

    def load(self, asset_id: str) -> MeshAsset | CaptureAsset:
        match asset_id:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "hang":
                time.sleep(60)
            case "fault":
                raise ZeroDivisionError("a fault of the loader")
            case "refused":
                raise AssetError("blurred", "all of its photos are blurred")
        return capture(asset_id, photos=1 if asset_id == "lonely" else 4)


def open_odd(spec: str, limits: MeshLimits) -> Source:
    return OddSource()


def red_photo() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full((300, 400, 3), (255, 0, 0), np.uint8)).save(stream, "JPEG")
    return stream.getvalue()


def capture(asset_id: str, photos: int) -> CaptureAsset:
    cameras = [Camera(orbit(3, 40 * n, 20), intrinsics_from_fov(40, 400, 300), 400, 300) for n in range(photos)]
    origin = Origin("odd", asset_id, "0" * 64, "vase", "CC-BY-4.0", "somebody", "https://example.org/vase")
    dropped = {"5.jpg": "rolled", "6.jpg": "rolled", "7.jpg": "from_above"}
    return CaptureAsset(
        origin, tuple(Photo(f"{n}.jpg", camera, red_photo) for n, camera in enumerate(cameras)), dropped
    )


def test_good_and_bad_meshes_are_told_apart(meshes: Path) -> None:
    inventory = take_inventory(f"meshes:{meshes}")
    entries = {entry.asset_id: entry for entry in inventory.entries}
    assert list(entries) == sorted(entries)
    assert (entries["box.glb"].kind, entries["box.glb"].amount) == ("mesh", 192)
    assert entries["box.glb"].size == len(glb_of_a_box())
    assert entries["box.glb"].license == "CC0-1.0"
    assert entries["cut.glb"].reason == "truncated"
    assert inventory.dropped.total() == 2
    assert inventory.unlicensed == 1
    assert inventory.summary()[0].startswith("all assets examined: 2 usable, 2 would be dropped (")


def test_an_asset_that_brings_a_process_down_costs_only_itself() -> None:
    inventory = take_inventory("odd", opener=open_odd, thumbnails=True, timeout_s=5)
    entries = {entry.asset_id: entry for entry in inventory.entries}
    assert {asset_id: entry.reason for asset_id, entry in entries.items()} == {
        "capture": "",
        "fault": "crashed",
        "hang": "timeout",
        "kill": "crashed",
        "last": "",
        "lonely": "too_few_photos",
        "refused": "blurred",
    }
    assert entries["fault"].message == "ZeroDivisionError: a fault of the loader"
    seen = entries["capture"]
    assert (seen.kind, seen.amount, seen.dropped_photos) == ("capture", 4, {"rolled": 2, "from_above": 1})
    assert inventory.dropped_photos == {"rolled": 4, "from_above": 2}
    assert len(seen.thumbnails) == 4
    with Image.open(io.BytesIO(seen.thumbnails[0])) as picture:
        assert picture.size == (256, 192)
        assert picture.convert("RGB").getpixel((100, 100))[0] > 240


def test_a_part_is_spread_over_the_source() -> None:
    inventory = take_inventory("procedural", at_most=5)
    assert inventory.total > 1000
    assert len({entry.category for entry in inventory.entries}) > 1
    assert inventory.summary()[0].startswith("5 of ")


def test_objaverse_says_what_is_missing_and_what_was_not_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = make_hub(tmp_path / "hub")
    (tmp_path / "cache").mkdir()
    (hub.root / V1).rename(tmp_path / "cache" / "hf-objaverse-v1")
    (tmp_path / "cache" / "hf-objaverse-v1" / hub.paths[uid_of(0)]).unlink()
    monkeypatch.setenv("OBJAVERSE_PATH", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    inventory = take_inventory("objaverse", opener=open_objaverse)
    assert inventory.dropped == {"not_downloaded": 1}
    assert inventory.left_out == {"license_not_chosen": 5, "no_annotations": 1}
    there = next(entry for entry in inventory.entries if not entry.reason)
    assert there.size == len(hub.glbs[there.asset_id])
    assert "not chosen by the source spec: 6 (5 license_not_chosen, 1 no_annotations)" in inventory.summary()


def test_the_page_needs_nothing_else_and_runs_nothing(meshes: Path) -> None:
    inventory = take_inventory(f"meshes:{meshes}", thumbnails=True)
    text = page(inventory)
    tags = Tags(text).found
    running = {"script", "link", "iframe", "object", "embed", "form", "svg", "base"}
    assert not {tag for tag, _ in tags} & running
    pictures = [attributes["src"] or "" for tag, attributes in tags if tag == "img"]
    assert len(pictures) == 2
    assert all(source.startswith("data:image/jpeg;base64,") for source in pictures)
    assert not [attributes for _, attributes in tags if any(name.startswith("on") for name in attributes)]
    assert not [attributes for tag, attributes in tags if tag == "a"]  # javascript: is no address to follow.
    assert not re.search(r"url\(|@import|https?://", text)
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert r"ev\u202eil &lt;img src=x" in text
    assert "default-src 'none'" in text


def test_a_picture_shows_the_object(tmp_path: Path) -> None:
    box = trimesh.creation.box((1, 1, 1))
    box.visual = trimesh.visual.TextureVisuals(
        uv=np.zeros((8, 2)), material=trimesh.visual.material.PBRMaterial(baseColorFactor=[0, 200, 0, 255])
    )
    (tmp_path / "green.glb").write_bytes(box.export(file_type="glb"))
    (entry,) = take_inventory(f"meshes:{tmp_path}", thumbnails=True).entries
    if not entry.thumbnails:
        pytest.skip(f"no OpenGL here: {entry.without_picture}")
    with Image.open(io.BytesIO(entry.thumbnails[0])) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert pixels.shape == (256, 256, 3)
    middle, corner = pixels[128, 128], pixels[4, 4]
    assert middle[1] > middle[0] + 30
    assert np.ptp(corner) < 20


@pytest.mark.parametrize(
    "text", ["plain", "\x1b[31mred\x07", "a\nb\tc\0", "\u202e\u2066", "\udcff", "\x9b1m", "ünïcode 猫"]
)
def test_no_name_can_steer_a_terminal(text: str) -> None:
    inventory = Inventory("x", 1, (Entry(text, category=text, license=text, kind="mesh"),))
    for line in table(inventory):
        assert line.isprintable()
        line.encode("utf-8")
    assert printable("ünïcode 猫") == "ünïcode 猫"


def test_a_long_name_keeps_its_end() -> None:
    inventory = Inventory("x", 1, (Entry("folder/" * 30 + "end.glb"),))
    header, row = table(inventory)
    assert "…" in row
    assert "end.glb" in row
    assert len(row) < 120
    assert header.startswith("asset")


def test_command_line(meshes: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    done = run_command("assets", f"meshes:{meshes}", "--html", out)
    assert done.returncode == 0, done.stderr
    assert "192 triangles" in done.stdout
    assert "2 would be dropped" in done.stdout
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")
    checked = run_command("assets", f"meshes:{meshes}", "--check", "--limit", "0")
    assert checked.returncode == 1
    assert "2 assets would be dropped" in checked.stderr
    (meshes / "cut.glb").unlink()
    (meshes / "empty.stl").unlink()
    assert run_command("assets", f"meshes:{meshes}", "--check").returncode == 0
    wrong = run_command("assets", f"meshes:{tmp_path / 'nowhere'}")
    assert wrong.returncode == 2
    assert "nowhere" in wrong.stderr


@pytest.mark.slow
def test_every_real_mesh_can_be_used() -> None:
    folder = REAL_ASSETS / "meshes"
    if not folder.is_dir():
        pytest.skip(f"the real meshes are not here: no folder {folder}")
    inventory = take_inventory(f"meshes:{folder}", thumbnails=True)
    assert not inventory.dropped
    assert all(entry.thumbnails for entry in inventory.entries)
