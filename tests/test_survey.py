"""Assets are tried in the order of their rank, as many as rows need; results are stored until a file changes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import trimesh
from conftest import ONE_WORKER, SMALL, run_command, run_here, shard_hashes
from dying_processes import Dying, fails
from test_dataset import read_rows

from viewpoint100k.assets import findings
from viewpoint100k.assets.asset_store import AssetStore
from viewpoint100k.assets.findings import FindingStore
from viewpoint100k.assets.meshes import MeshesSource
from viewpoint100k.building.blocks import BlockBuilder, SilentListener
from viewpoint100k.errors import BuildError, UsageError
from viewpoint100k.plan.build_plan import BuildPlan
from viewpoint100k.plan.config import BuildConfig, load_config
from viewpoint100k.plan.planning import make_build_plan
from viewpoint100k.plan.survey import Survey, Walk
from viewpoint100k.runtime.progress import Progress


def objects(folder: Path, count: int, start: int = 0) -> Path:
    """Asymmetric objects, all different."""
    folder.mkdir(exist_ok=True)
    for i in range(start, start + count):
        rng = np.random.default_rng(i)
        parts = [trimesh.creation.box(rng.uniform(0.3, 2, 3)) for _ in range(3)]
        for part in parts:
            part.apply_translation(rng.uniform(-1, 1, 3))
            part.visual.face_colors = [*rng.integers(0, 255, 3), 255]
        trimesh.util.concatenate(parts).export(folder / f"object-{i:04d}.ply")
    return folder


def config_of(folder: Path, **stated: object) -> BuildConfig:
    return load_config("viewpoint-100k", ["images.size=64"], {"source": f"meshes:{folder}", **stated})


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the trials of each asset. The trials run in this process."""
    loads: Counter[str] = Counter()

    class HereAndNow:
        def __init__(self, prepare: partial[object], timeout_s: float, most: int) -> None:
            self._prepare = prepare

        def __exit__(self, *_: object) -> None: ...

        def examine(self, count: int, next_asset: object) -> Iterator[object]:
            look = self._prepare()
            while (asset_id := next_asset()) is not None:  # type: ignore[operator]
                loads[asset_id] += 1
                yield asset_id, look(asset_id)  # type: ignore[operator]

    monkeypatch.setattr("viewpoint100k.plan.survey.TrialProcesses", HereAndNow)
    return loads


@pytest.fixture(autouse=True)
def empty_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "viewpoint100k" / "assets.sqlite"


def assets_of(plan: BuildPlan) -> dict[str, list[str]]:
    return {split: sorted(a for pool in pools for a in pool.assets) for split, pools in plan.layout.pools.items()}


def test_no_more_assets_are_tried_than_rows_need(tmp_path: Path, counted: Counter[str]) -> None:
    plan = make_build_plan(config_of(objects(tmp_path / "mine", 120), rows=40))
    # 5 uses of 8 rows, and 2 for the 10 test rows; a tenth more, and 4 and 2 spare ones.
    assert {split: len(assets) for split, assets in assets_of(plan).items()} == {"train": 10, "test": 5}
    assert sum(counted.values()) == plan.tried.count == 15
    assert str(plan.tried) == "tried: 15 of 120 objects, as many as the rows needed"


def test_what_cannot_be_used_is_replaced_by_the_next(tmp_path: Path, counted: Counter[str]) -> None:
    folder = objects(tmp_path / "mine", 120)
    before = make_build_plan(config_of(folder, rows=40))
    broken = [before.layout.pools["train"][0].assets[2], before.layout.pools["test"][0].assets[0]]
    for asset_id in broken:
        (folder / asset_id).write_bytes(b"ply\n")
    after = make_build_plan(config_of(folder, rows=40))
    assert set(after.unusable) == set(broken)
    assert {split: len(assets) for split, assets in assets_of(after).items()} == {"train": 10, "test": 5}
    kept = set(assets_of(before)["train"]) & set(assets_of(after)["train"])
    assert len(kept) == 9


def test_one_file_more_costs_one_file(tmp_path: Path, counted: Counter[str]) -> None:
    folder = objects(tmp_path / "mine", 15)
    make_build_plan(config_of(folder, rows=100))
    assert set(counted.values()) == {1}
    counted.clear()
    objects(folder, 1, start=15)
    make_build_plan(config_of(folder, rows=100))
    assert counted == {"object-0015.ply": 1}


def test_other_limits_are_other_findings(tmp_path: Path, counted: Counter[str]) -> None:
    folder = objects(tmp_path / "mine", 6)
    make_build_plan(config_of(folder))
    counted.clear()
    with pytest.raises(UsageError, match="too_many_triangles"):
        make_build_plan(config_of(folder, limits={"max_triangles": 5}))
    assert len(counted) == 6


def test_trying_all_changes_what_is_known_and_no_row(tmp_path: Path, counted: Counter[str]) -> None:
    folder = objects(tmp_path / "mine", 60)
    (folder / "zz-broken.ply").write_bytes(b"ply\n")
    some, every = (make_build_plan(config_of(folder, rows=40, survey=which)) for which in ("needed", "all"))
    assert (every.tried.count, every.tried.of) == (61, 61)
    assert str(every.tried) == "tried: all 61 objects"
    assert every.unusable.get("zz-broken.ply")
    assert every.layout == some.layout
    assert (every.digest, every.config_digest) == (some.digest, some.config_digest)


def test_a_mended_texture_is_noticed(tmp_path: Path, counted: Counter[str]) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "cup.obj").write_text("mtllib cup.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nusemtl a\nf 1/1 2/1 3/1\n")
    (folder / "cup.mtl").write_text("newmtl a\nmap_Kd cup.png\n")
    store = FindingStore(MeshesSource(folder))
    key = store.key("cup.obj")
    first = findings.examine(MeshesSource(folder), "cup.obj")
    assert first.reason == "texture_missing"
    source = MeshesSource(folder)
    store.keep([(key, findings.examine(source, "cup.obj"))])
    assert store.known({"cup.obj": key})["cup.obj"].reason == "texture_missing"
    from PIL import Image

    Image.new("RGB", (4, 4)).save(folder / "cup.png")
    assert store.known({"cup.obj": key}) == {}


def test_a_finding_is_the_same_after_storing(tmp_path: Path) -> None:
    folder = objects(tmp_path / "mine", 1)
    found = findings.examine(MeshesSource(folder), "object-0000.ply")
    again = findings.Finding.from_bytes(found.to_bytes())
    assert again is not None
    assert again.descriptor is not None
    assert found.descriptor is not None
    np.testing.assert_array_equal(again.descriptor.shape, found.descriptor.shape)
    np.testing.assert_array_equal(again.descriptor.colors, found.descriptor.colors)
    assert (again.sha256, again.amount, again.kind, again.license) == (found.sha256, 36, "mesh", "NOASSERTION")
    assert findings.Finding.from_bytes(found.to_bytes()[:-40]) is None


def test_half_of_the_files_broken(tmp_path: Path, counted: Counter[str]) -> None:
    folder = objects(tmp_path / "mine", 80)
    for i in range(0, 80, 2):
        (folder / f"object-{i:04d}.ply").write_bytes(b"ply\n")
    plan = make_build_plan(config_of(folder, rows=40))
    assert {split: len(assets) for split, assets in assets_of(plan).items()} == {"train": 10, "test": 5}
    used = {asset for assets in assets_of(plan).values() for asset in assets}
    assert all(int(asset[7:11]) % 2 for asset in used)
    assert plan.tried.count == len(used) + len(plan.unusable)


def test_all_but_three_broken(tmp_path: Path, counted: Counter[str]) -> None:
    folder = objects(tmp_path / "mine", 3)
    for i in range(3, 300):
        (folder / f"object-{i:04d}.ply").write_bytes(b"ply\n")
    plan = make_build_plan(config_of(folder, rows=40))
    assert assets_of(plan) == {"train": [f"object-{i:04d}.ply" for i in range(3)], "test": []}
    assert len(plan.unusable) == 297
    assert set(counted.values()) == {1}


def test_nothing_usable_is_one_sentence(tmp_path: Path, counted: Counter[str]) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for i in range(7):
        (folder / f"{i}.ply").write_bytes(b"ply\n")
    with pytest.raises(UsageError, match=r"no asset of meshes:.* can be used \(0\.ply \w+, 1\.ply"):
        make_build_plan(config_of(folder))


def test_copies_share_a_split_and_are_replaced_across_splits(tmp_path: Path, counted: Counter[str]) -> None:
    folder = objects(tmp_path / "mine", 30)
    for i in range(30):
        for copy in range(4):
            (folder / f"copy-{copy}-{i:04d}.ply").write_bytes((folder / f"object-{i:04d}.ply").read_bytes())
    plan = make_build_plan(config_of(folder, rows=100))
    assets = assets_of(plan)
    assert len(assets["train"]) >= 13
    assert len(assets["test"]) >= 2
    originals = {split: {asset[-8:] for asset in some} for split, some in assets.items()}
    assert not originals["train"] & originals["test"]


def test_a_source_of_copies_of_one_object_is_not_tried_to_its_end(tmp_path: Path, counted: Counter[str]) -> None:
    folder = objects(tmp_path / "mine", 1)
    for i in range(400):
        (folder / f"copy-{i:04d}.ply").write_bytes((folder / "object-0000.ply").read_bytes())
    plan = make_build_plan(config_of(folder, rows=40))
    assert not assets_of(plan)["test"]
    assert sum(counted.values()) < 200


@pytest.mark.parametrize("always", [False, True])
def test_a_process_that_dies_by_chance_costs_nothing_and_of_an_asset_that_asset(tmp_path: Path, always: bool) -> None:
    from viewpoint100k.assets.trial import Failure, TrialProcesses

    waiting = ["a", "kill", "b", "hang", "c"]
    with TrialProcesses(Dying(tmp_path, always), 1.0, 2) as processes:  # type: ignore[arg-type]
        results = dict(filter(None, processes.examine(5, lambda: waiting.pop(0) if waiting else None)))
    assert {a: r for a, r in results.items() if a in "abc"} == {"a": "A", "b": "B", "c": "C"}
    assert results["hang"] == Failure("timeout", "it took longer than 1 s")
    assert results["kill"] == (Failure("crashed", "the process that read it died") if always else "KILL")


@pytest.mark.parametrize(
    ("number", "said"), [(signal.SIGKILL, "signal 9 ended it"), (0, "it ended at once; a script that")]
)
def test_a_process_that_does_not_start_is_said_to_have_been_killed_or_not(number: int, said: str) -> None:
    from viewpoint100k.assets.trial import TrialProcesses

    with TrialProcesses(partial(fails, number), 1.0, 1) as processes, pytest.raises(BuildError, match=said):  # type: ignore[arg-type]
        list(processes.examine(1, iter(["a", None]).__next__))


SURVEY_AND_DIE = """
import os, sys
from viewpoint100k.assets import findings
from viewpoint100k.plan.config import load_config
from viewpoint100k.plan.planning import make_build_plan
keep = findings.FindingStore.keep
def keep_and_die(self, items):
    items = list(items)
    keep(self, items)
    if items:
        os.kill(os.getpid(), 9)
findings.FindingStore.keep = keep_and_die
if __name__ == "__main__":
    make_build_plan(load_config("viewpoint-100k", [], {"source": "meshes:" + sys.argv[1], "rows": 100}))
"""


def test_a_survey_that_is_killed_goes_on_where_it_was(tmp_path: Path, empty_store: Path) -> None:
    """The process is killed right after storing. Everything stored is complete and is not tried again."""
    folder = objects(tmp_path / "mine", 40)
    script = tmp_path / "survey.py"
    script.write_text(SURVEY_AND_DIE)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run(
        [sys.executable, script, folder], env=environment, capture_output=True, text=True, timeout=120
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    source = MeshesSource(folder)
    store = FindingStore(source, "timeout 120.0")
    before = store.known({asset_id: store.key(asset_id) for asset_id in source.ids()})
    assert before
    for asset_id in before:  # If one of them is tried again, it is found broken.
        status = (folder / asset_id).stat()
        (folder / asset_id).write_bytes(b"x" * status.st_size)
        os.utime(folder / asset_id, ns=(status.st_atime_ns, status.st_mtime_ns))
    plan = make_build_plan(config_of(folder, rows=100))
    assert not plan.unusable


@pytest.mark.parametrize("count", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_jobs_that_begin_together_make_one_set(tmp_path: Path, count: int) -> None:
    folder, out = objects(tmp_path / "mine", 30 if count > 2 else 16), tmp_path / "out"
    arguments = ["build", "viewpoint-100k", "--rows", "24", "--source", f"meshes:{folder}", "--workers", "1"]
    settings = ["--set", "images.size=64", "--set", "rows_per_shard=8"]
    command = [sys.executable, "-m", "viewpoint100k", *arguments, *settings]
    jobs = [
        subprocess.Popen([*command, "--out", out, "--shards", f"{i}/{count}"], stderr=subprocess.PIPE, text=True)
        for i in range(count)
    ]
    for job in jobs:
        _, complaint = job.communicate(timeout=240)
        assert job.returncode == 0, complaint
    done = run_command(*arguments, *settings, "--out", tmp_path / "alone")
    assert done.returncode == 0, done.stderr
    assert shard_hashes(out) == shard_hashes(tmp_path / "alone")
    assert len(shard_hashes(out)) == 5


def test_the_card_says_how_many_were_tried(tmp_path: Path) -> None:
    folder, out = objects(tmp_path / "mine", 40), tmp_path / "out"
    (folder / "object-0003.ply").write_bytes(b"ply\n")
    build = ["build", "viewpoint-100k", "--rows", "16", "--source", f"meshes:{folder}", "--out", out]
    done = run_command(*build, *SMALL, *ONE_WORKER)
    assert done.returncode == 0, done.stderr
    sentence = "of 40 objects, as many as the rows needed"
    assert sentence in done.stdout
    assert sentence in (out / "README.md").read_text(encoding="utf-8")
    assert len({row["asset_id"] for row in read_rows(out)}) <= 12
    assert run_here("verify", out).returncode == 0


def test_a_walk_takes_no_more_than_it_needs_whatever_was_tried_ahead(tmp_path: Path, counted: Counter[str]) -> None:
    folder = objects(tmp_path / "mine", 10)
    for i in range(10, 60):
        (folder / f"object-{i:04d}.ply").write_bytes(b"ply\n")
    config = config_of(folder)
    order = [f"object-{i:04d}.ply" for i in (*range(10, 40), 0, 41, 1, 42, 2, 3, 4)]
    with Survey(config, config.open_source(), Progress("trying", "assets", delay_s=100)) as survey:
        walk = Walk(iter(order))
        survey.go_on(walk, 2)
        assert walk.usable == ["object-0000.ply", "object-0001.ply"]
        assert walk.tried == 33
        survey.go_on(walk, 4)
        assert walk.usable[2:] == ["object-0002.ply", "object-0003.ply"]
        assert (walk.tried, set(counted.values())) == (36, {1})


def test_the_command_that_forgets(tmp_path: Path, empty_store: Path) -> None:
    store = AssetStore()
    store.put({b"key": b"value" * 100})
    store.close()
    assert empty_store.exists()
    done = run_here("assets", "--forget")
    assert done.returncode == 0
    assert str(empty_store) in done.stdout
    assert not empty_store.exists()
    assert run_here("assets").returncode == 2


def vase(folder: Path, name: str, number: int) -> None:
    """A vase that looks the same from all sides. No question about it can be answered."""
    rng = np.random.default_rng(number)
    outline = np.column_stack([[0, *rng.uniform(0.3, 1, 4), 0], np.linspace(0, rng.uniform(1, 3), 6)])
    trimesh.creation.revolve(outline, sections=48).export(folder / name)


@pytest.mark.slow
def test_where_what_was_tried_gives_no_rows_the_next_in_rank_do(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    names = [f"object-{i:04d}.ply" for i in range(60)]
    for i, name in enumerate(names):
        vase(folder, name, i)
    config = config_of(folder, rows=8)
    plan = make_build_plan(config)
    (pool,) = plan.layout.pools["train"]
    tried = {asset for assets in assets_of(plan).values() for asset in assets}
    assert pool.reserve
    assert not tried & set(pool.reserve)
    twin = plan.layout.pools["test"][0].assets[0]
    shown = objects(tmp_path / "shown", 60)
    for name in pool.reserve[2:]:
        (folder / name).write_bytes((shown / name).read_bytes())
    (folder / pool.reserve[0]).write_bytes((folder / twin).read_bytes())
    plan = make_build_plan(config)
    builder = BlockBuilder(plan, config.open_source())
    batch, record = builder.build_block(plan.layout.shards[0].blocks[0], dict, SilentListener())
    builder.close()
    assert batch.num_rows == 8
    assert record.used_assets <= set(pool.reserve[2:])
    assert record.dropped_assets.get(pool.reserve[0], "near_duplicate") == "near_duplicate"
