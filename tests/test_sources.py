"""Sources by their specs: one, several with weights, and files that are the same under two names."""

from pathlib import Path

import pytest
import trimesh
from conftest import ONE_WORKER, SMALL, run_command, run_here, shard_hashes
from objaverse_hub import make_hub, serve
from test_dataset import read_rows

from viewpoint100k.assets import MixedSource, open_source
from viewpoint100k.assets.duplicates import identical_files
from viewpoint100k.assets.mixed import WeightedSpec, parse_mixture
from viewpoint100k.errors import UsageError


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("procedural", [("procedural", 1.0)]),
        ("objaverse*3,co3d:DIR*1", [("objaverse", 3.0), ("co3d:DIR", 1.0)]),
        ("meshes:a,b*2", [("meshes:a,b", 2.0)]),
        ("meshes:a,procedural*0.5", [("meshes:a", 1.0), ("procedural", 0.5)]),
        ("objaverse:lvis=mug,chair;count=5*2,nerf:x", [("objaverse:lvis=mug,chair;count=5", 2.0), ("nerf:x", 1.0)]),
    ],
)
def test_a_mixture_is_read_part_by_part(text: str, parts: list[tuple[str, float]]) -> None:
    assert parse_mixture(text) == tuple(WeightedSpec(*part) for part in parts)


def test_a_weight_of_zero_is_refused() -> None:
    with pytest.raises(UsageError, match="weight 0"):
        parse_mixture("procedural*0,meshes:a")


@pytest.mark.parametrize("kind", ["meshes", "co3d", "mvimgnet", "nerf"])
def test_a_folder_source_without_its_folder_says_how_to_write_it(kind: str) -> None:
    with pytest.raises(UsageError, match=f"{kind}:DIR"):
        open_source(kind)


def boxes(folder: Path, count: int, offset: int = 0) -> Path:
    folder.mkdir()
    for i in range(count):
        box = trimesh.creation.box([1, 2 + i + offset, 3])
        box.export(folder / f"box-{i}.glb")
    return folder


def test_an_asset_of_a_mixture_comes_from_its_source_and_ids_never_clash(tmp_path: Path) -> None:
    one, two = boxes(tmp_path / "one", 2), boxes(tmp_path / "two", 2, offset=5)
    source = open_source(f"meshes:{one},meshes:{two}*2,procedural")
    assert isinstance(source, MixedSource)
    assert list(source.ids())[:4] == ["0:box-0.glb", "0:box-1.glb", "1:box-0.glb", "1:box-1.glb"]
    first, second, made = (source.load(asset_id) for asset_id in ("0:box-0.glb", "1:box-0.glb", "2:mug-000000"))
    assert first.origin.asset_id != second.origin.asset_id
    assert first.origin.sha256 != second.origin.sha256
    assert (made.origin.source, made.origin.asset_id) == ("procedural", "mug-000000")


def test_equal_files_are_found_and_links_are_not_followed(tmp_path: Path) -> None:
    contents = {"a": b"same", "b": b"other", "c": b"same", "d": b"sane", "e": b"same!"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    paths = {name: tmp_path / name for name in [*contents, "link", "missing"]}
    assert identical_files(paths, max_bytes=100) == {"c": "a"}
    assert identical_files(paths, max_bytes=3) == {}


def test_a_mixed_build_names_the_source_of_every_row(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    hook, stick = trimesh.creation.box([1, 2, 3]), trimesh.creation.box([2, 0.5, 1])
    stick.apply_translation([1.5, 0.6, 0.7])  # A plain cone or ball would be refused as symmetric.
    for name in ("hook.stl", "hook.ply"):
        trimesh.util.concatenate([hook, stick]).export(folder / name)
    out = tmp_path / "out"
    spec = f"procedural*3,meshes:{folder}*1"
    done = run_command("build", "viewpoint-100k", "--rows", "36", "--source", spec, "--out", out, *SMALL, *ONE_WORKER)
    assert done.returncode == 0, done.stderr
    rows = read_rows(out)
    sources = {row["source"] for row in rows}
    assert sources == {"procedural", "meshes"}
    assert 0.1 < sum(row["source"] == "meshes" for row in rows) / len(rows) < 0.4
    assert run_here("verify", out).returncode == 0


@pytest.mark.slow  # Quick: `test_survey` plans copies into one split, and `test_planted_errors` finds those in both.
def test_copies_of_one_file_never_straddle_the_splits(tmp_path: Path) -> None:
    folder = boxes(tmp_path / "mine", 4)
    for i in range(4):
        (folder / f"copy-{i}.glb").write_bytes((folder / f"box-{i}.glb").read_bytes())
    out = tmp_path / "out"
    done = run_command(
        "build", "viewpoint-100k", "--rows", "30", "--source", f"meshes:{folder}", "--out", out, *SMALL, *ONE_WORKER
    )
    assert done.returncode == 0, done.stderr
    assert run_here("verify", out).returncode == 0


def test_a_build_downloads_objaverse_first_and_attributes_every_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = make_hub(tmp_path / "hub", count=40)
    out = tmp_path / "out"
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("OBJAVERSE_PATH", str(tmp_path / "cache"))
    with serve(hub.root) as server:
        monkeypatch.setenv("OBJAVERSE_ENDPOINT", server.endpoint)
        done = run_command(
            "build", "viewpoint-100k", "--rows", "20", "--source", "objaverse", "--out", out, *SMALL, *ONE_WORKER
        )
        assert done.returncode == 0, done.stderr
    rows = read_rows(out)
    assert {row["source"] for row in rows} == {"objaverse"}
    assert {row["license"] for row in rows} <= {"CC-BY-4.0", "CC0-1.0"}
    assert all(row["creator"] and row["uri"] for row in rows)
    assert run_here("verify", out).returncode == 0
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    again = tmp_path / "again"
    done = run_command(
        "build", "viewpoint-100k", "--rows", "20", "--source", "objaverse", "--out", again, *SMALL, *ONE_WORKER
    )
    assert done.returncode == 0, done.stderr
    assert shard_hashes(again) == shard_hashes(out)
