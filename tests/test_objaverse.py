"""Objaverse from a cache in the package's own layout, and from a loopback server with all known kinds of failures."""

import gzip
import hashlib
import json
import multiprocessing
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import objaverse
import pytest
from objaverse_hub import V1, Fault, Hub, HubServer, glb_of_a_box, make_hub, put_parquet, serve, uid_of, xl_row, zipped

from viewpoint100k.assets.objaverse import ObjaverseSource, parse_objaverse_spec
from viewpoint100k.assets.objaverse_cache import ObjaverseCache
from viewpoint100k.assets.objaverse_download import FetchPolicy, RemoteFile, fetch, fetch_all
from viewpoint100k.errors import AssetError, UsageError

POLICY = FetchPolicy(connections=4, attempts=3, timeout_s=20.0, deadline_s=60.0, backoff_s=0.01)
CHOSEN_BY_DEFAULT = sorted(uid_of(number) for number in (0, 1, 5, 6))
"""Those of the ten objects whose licence is CC BY or CC0."""


@pytest.fixture(scope="module")
def hub_of_module(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    return make_hub(tmp_path_factory.mktemp("hub"))


@pytest.fixture
def hub(hub_of_module: Hub, tmp_path: Path) -> Hub:
    root = tmp_path / "hub"
    shutil.copytree(hub_of_module.root, root)
    return replace(hub_of_module, root=root)


@pytest.fixture
def server(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    monkeypatch.setenv("no_proxy", "*")
    with serve(hub.root) as server:
        yield server


@pytest.fixture
def cache(tmp_path: Path, server: HubServer) -> ObjaverseCache:
    return ObjaverseCache(tmp_path / "cache", server.endpoint, policy=POLICY)


@pytest.fixture
def full_cache(hub: Hub, tmp_path: Path) -> ObjaverseCache:
    """The hub's Objaverse 1.0 on the disk in the package's layout, without a network."""
    base = tmp_path / "full"
    shutil.copytree(hub.root / V1, base / "hf-objaverse-v1")
    return ObjaverseCache(base, "http://127.0.0.1:9", offline=True, policy=POLICY)


def source_of(cache: ObjaverseCache, spec: str = "objaverse", wait_s: float = 0.0) -> ObjaverseSource:
    return ObjaverseSource(parse_objaverse_spec(spec), cache=cache, wait_s=wait_s)


def remote(hub: Hub, server: HubServer, tmp_path: Path, number: int = 0, sha256: str = "") -> RemoteFile:
    uid = uid_of(number)
    return RemoteFile(server.endpoint + hub.url_path(uid), tmp_path / "got" / f"{uid}.glb", sha256)


def reason_of(file: RemoteFile, policy: FetchPolicy = POLICY) -> str:
    with pytest.raises(AssetError) as caught:
        fetch(file, policy)
    assert not file.path.exists()
    return caught.value.reason


class TestOfflineCache:
    def test_free_licences_are_chosen_and_the_rest_is_counted(self, full_cache: ObjaverseCache) -> None:
        source = source_of(full_cache)
        assert list(source.ids()) == CHOSEN_BY_DEFAULT
        assert source.left_out == {"license_not_chosen": 5, "no_annotations": 1}

    def test_an_object_keeps_what_attribution_needs(self, full_cache: ObjaverseCache, hub: Hub) -> None:
        source = source_of(full_cache)
        asset = source.load(uid_of(5))
        assert asset.origin.license == "CC-BY-4.0"
        assert asset.origin.creator == "Author Ünïcode 5"
        assert asset.origin.uri == f"https://sketchfab.com/3d-models/{uid_of(5)}"
        assert asset.origin.category == "chair"
        assert asset.origin.source == "objaverse"
        assert asset.origin.sha256 == hashlib.sha256(hub.glbs[uid_of(5)]).hexdigest()
        assert source.describe(uid_of(5)).title == "Object number 5"
        assert source.size_on_disk(uid_of(5)) == len(hub.glbs[uid_of(5)])
        assert asset.mesh.triangle_count == 192

    def test_by_category_whatever_its_letter_case(self, full_cache: ObjaverseCache) -> None:
        assert set(source_of(full_cache, "objaverse:lvis=christmas tree;licenses=any").ids()) == {uid_of(2), uid_of(6)}
        assert set(source_of(full_cache, "objaverse:lvis=any").ids()) == {uid_of(n) for n in (0, 1, 5, 6)}
        with pytest.raises(UsageError, match=r"no category 'mugs': did you mean mug"):
            source_of(full_cache, "objaverse:lvis=mugs").ids()

    def test_a_count_draws_a_stable_part(self, full_cache: ObjaverseCache) -> None:
        few, more = (set(source_of(full_cache, f"objaverse:licenses=any;count={n}").ids()) for n in (3, 6))
        assert (len(few), len(more)) == (3, 6)
        assert few < more

    def test_what_fits_nothing_says_so(self, full_cache: ObjaverseCache) -> None:
        with pytest.raises(UsageError, match="license_not_chosen"):
            source_of(full_cache, "objaverse:licenses=CC-BY-ND-4.0").ids()

    def test_the_choice_is_kept_and_follows_the_annotations(self, full_cache: ObjaverseCache) -> None:
        assert list(source_of(full_cache).ids()) == CHOSEN_BY_DEFAULT
        metadata = full_cache.base / "hf-objaverse-v1" / "metadata" / "000-000.json.gz"
        before = metadata.stat()
        content = json.loads(gzip.decompress(metadata.read_bytes()))
        content[uid_of(2)]["license"] = "by"
        metadata.write_bytes(b"x" * before.st_size)
        os.utime(metadata, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert list(source_of(full_cache).ids()) == CHOSEN_BY_DEFAULT  # Only the stored choice is read.
        metadata.write_bytes(zipped(content))
        assert uid_of(2) in source_of(full_cache).ids()

    def test_cached_takes_what_is_on_the_disk(self, full_cache: ObjaverseCache) -> None:
        folder = full_cache.base / "hf-objaverse-v1"
        (folder / "object-paths.json.gz").unlink()
        (folder / "lvis-annotations.json.gz").unlink()
        (folder / "metadata" / "000-000.json.gz").unlink()
        (folder / "glbs" / "000-001" / f"{uid_of(5)}.glb").unlink()
        source = source_of(full_cache, "objaverse:cached=yes")
        assert list(source.ids()) == [uid_of(1)]
        assert source.load(uid_of(1)).origin.category == ""

    def test_without_network_a_missing_file_is_named(self, full_cache: ObjaverseCache) -> None:
        (full_cache.base / "hf-objaverse-v1" / "object-paths.json.gz").unlink()
        with pytest.raises(UsageError, match=r"object-paths\.json\.gz is missing"):
            source_of(full_cache).ids()
        (full_cache.base / "hf-objaverse-v1" / "object-paths.json.gz").write_bytes(zipped({})[:-9])
        with pytest.raises(UsageError, match=r"object-paths\.json\.gz is damaged"):
            source_of(full_cache).ids()

    def test_an_object_that_is_not_there_is_not_downloaded_by_load(self, full_cache: ObjaverseCache) -> None:
        source = source_of(full_cache)
        full_cache.path(source.describe(uid_of(0)).path).unlink()
        with pytest.raises(AssetError) as caught:
            source.load(uid_of(0))
        assert caught.value.reason == "not_downloaded"
        assert source.size_on_disk(uid_of(0)) is None
        with pytest.raises(UsageError, match="1 objects are not on the disk"):
            source.download()

    @pytest.mark.parametrize("path", ["../../etc/passwd.glb", "/etc/passwd", "glbs/000-000/other.glb", 7, None])
    def test_annotations_cannot_place_an_object_elsewhere(self, full_cache: ObjaverseCache, path: object) -> None:
        paths = full_cache.base / "hf-objaverse-v1" / "object-paths.json.gz"
        content = json.loads(gzip.decompress(paths.read_bytes()))
        paths.write_bytes(zipped(content | {uid_of(0): path}))
        assert uid_of(0) not in source_of(full_cache).ids()

    def test_odd_annotations_are_taken_with_what_they_hold(self, full_cache: ObjaverseCache) -> None:
        metadata = full_cache.base / "hf-objaverse-v1" / "metadata" / "000-000.json.gz"
        odd = {
            "license": "by",
            "user": "nobody",
            "name": 3,
            "viewerUrl": "javascript:alert(1)",
            "archives": {"glb": []},
        }
        metadata.write_bytes(zipped({uid_of(0): odd, uid_of(2): ["by"]}))
        source = source_of(full_cache)
        item = source.describe(uid_of(0))
        assert (item.creator, item.title, item.size) == ("", "", 0)
        assert item.uri == f"https://sketchfab.com/3d-models/{uid_of(0)}"
        assert uid_of(2) not in source.ids()

    def test_the_environment_names_the_cache(self, full_cache: ObjaverseCache, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OBJAVERSE_PATH", str(full_cache.base))
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        assert list(ObjaverseSource().ids()) == CHOSEN_BY_DEFAULT

    def test_the_package_reads_the_same_cache(
        self, full_cache: ObjaverseCache, hub: Hub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without a network, the real package finds in our layout everything that it would otherwise download."""
        monkeypatch.setattr(objaverse, "_VERSIONED_PATH", str(full_cache.base / "hf-objaverse-v1"))
        monkeypatch.setattr("urllib.request.urlretrieve", lambda *_: pytest.fail("it looked at the network"))
        assert sorted(objaverse.load_uids()) == sorted(hub.uids)
        assert objaverse.load_annotations([uid_of(0)])[uid_of(0)]["license"] == "by"
        assert objaverse.load_lvis_annotations()["mug"] == [uid_of(n) for n in (0, 4, 8)]
        found = objaverse.load_objects([uid_of(3)])[uid_of(3)]
        assert Path(found).read_bytes() == hub.glbs[uid_of(3)]


class TestFetching:
    def test_a_file_arrives_whole_and_once(self, hub: Hub, server: HubServer, tmp_path: Path) -> None:
        file = remote(hub, server, tmp_path)
        assert fetch(file, POLICY) == len(hub.glbs[uid_of(0)])
        assert file.path.read_bytes() == hub.glbs[uid_of(0)]
        assert fetch(file, POLICY) == 0
        assert server.requests.total() == 1
        assert [path.name for path in file.path.parent.iterdir()] == [file.path.name]

    @pytest.mark.parametrize("kind", ["reset", "truncate", "hang"])
    def test_a_broken_connection_is_resumed_where_it_broke(
        self, hub: Hub, server: HubServer, tmp_path: Path, kind: str
    ) -> None:
        server.faults[hub.url_path(uid_of(0))] = Fault(kind, after=1000)
        file = remote(hub, server, tmp_path)
        fetch(file, replace(POLICY, timeout_s=2.5))  # Shorter than the server hangs.
        assert file.path.read_bytes() == hub.glbs[uid_of(0)]
        assert server.ranges == ["bytes=1000-"] or (kind == "reset" and len(server.ranges) <= 1)

    def test_another_run_resumes_too(self, hub: Hub, server: HubServer, tmp_path: Path) -> None:
        file = remote(hub, server, tmp_path)
        file.path.parent.mkdir()
        part = file.path.with_name(file.path.name + ".part")
        part.write_bytes(hub.glbs[uid_of(0)][:2000])
        fetch(file, POLICY)
        assert server.ranges == ["bytes=2000-"]
        assert file.path.read_bytes() == hub.glbs[uid_of(0)]
        assert not part.exists()

    def test_a_part_of_another_file_is_thrown_away(self, hub: Hub, server: HubServer, tmp_path: Path) -> None:
        file = remote(hub, server, tmp_path, sha256=hashlib.sha256(hub.glbs[uid_of(0)]).hexdigest())
        file.path.parent.mkdir()
        part = file.path.with_name(file.path.name + ".part")
        part.write_bytes(b"\0" * 2000)
        fetch(file, POLICY)
        assert file.path.read_bytes() == hub.glbs[uid_of(0)]
        part.write_bytes(b"\0" * 10**6)  # Longer than the file itself.
        file.path.unlink()
        fetch(file, POLICY)
        assert file.path.read_bytes() == hub.glbs[uid_of(0)]

    def test_a_server_that_knows_no_ranges_sends_it_all_again(
        self, hub: Hub, server: HubServer, tmp_path: Path
    ) -> None:
        server.honours_ranges = False
        server.faults[hub.url_path(uid_of(0))] = Fault("truncate")
        file = remote(hub, server, tmp_path)
        fetch(file, POLICY)
        assert file.path.read_bytes() == hub.glbs[uid_of(0)]

    def test_a_busy_server_is_asked_again(self, hub: Hub, server: HubServer, tmp_path: Path) -> None:
        server.faults[hub.url_path(uid_of(0))] = Fault("status", times=2, status=503)
        assert fetch(remote(hub, server, tmp_path), POLICY) > 0
        server.faults[hub.url_path(uid_of(1))] = Fault("status", times=9, status=429)
        assert reason_of(remote(hub, server, tmp_path, 1)) == "download_failed"
        assert server.requests[hub.url_path(uid_of(1))] == POLICY.attempts

    def test_what_is_not_there_is_asked_for_once(self, hub: Hub, server: HubServer, tmp_path: Path) -> None:
        (hub.root / hub.url_path(uid_of(0)).lstrip("/")).unlink()
        assert reason_of(remote(hub, server, tmp_path)) == "download_failed"
        assert server.requests.total() == 1

    def test_what_arrived_is_verified(self, hub: Hub, server: HubServer, tmp_path: Path) -> None:
        server.faults = {
            hub.url_path(uid_of(0)): Fault("lie", times=9),
            hub.url_path(uid_of(1)): Fault("garbage", times=9),
        }
        assert reason_of(remote(hub, server, tmp_path, 0)) == "download_corrupt"
        assert reason_of(remote(hub, server, tmp_path, 1)) == "download_corrupt"
        assert reason_of(remote(hub, server, tmp_path, 2, sha256="0" * 64)) == "checksum_mismatch"
        assert reason_of(remote(hub, server, tmp_path, 3), replace(POLICY, max_bytes=1000)) == "file_too_large"

    def test_a_deadline_ends_a_hopeless_download(self, hub: Hub, server: HubServer, tmp_path: Path) -> None:
        server.faults[hub.url_path(uid_of(0))] = Fault("status", times=99)
        hasty = replace(POLICY, deadline_s=0.5, attempts=99, backoff_s=0.1)
        assert reason_of(remote(hub, server, tmp_path), hasty) == "download_failed"
        assert server.requests.total() < 99

    @pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x.glb", "data:,x", "http://127.0.0.1:9/x"])
    def test_no_other_address_is_opened(self, tmp_path: Path, url: str) -> None:
        assert reason_of(RemoteFile(url, tmp_path / "got" / "x.glb")) == "download_failed"

    def test_a_file_is_brought_once_however_many_ask(self, hub: Hub, server: HubServer, tmp_path: Path) -> None:
        server.delay_s = 0.2
        file = remote(hub, server, tmp_path)
        with multiprocessing.get_context("fork").Pool(3) as pool:
            brought = pool.starmap(fetch, [(file, POLICY)] * 3)
        assert sorted(brought) == [0, 0, len(hub.glbs[uid_of(0)])]
        assert server.requests.total() == 1

    def test_many_files_come_over_several_connections(self, hub: Hub, server: HubServer, tmp_path: Path) -> None:
        server.together = 2
        files = {uid_of(number): remote(hub, server, tmp_path, number) for number in range(8)}
        server.faults[hub.url_path(uid_of(3))] = Fault("status", status=404, times=9)
        report = fetch_all(files, POLICY)
        assert (report.arrived, report.present) == (7, 0)
        assert report.reasons == {"download_failed": 1}
        assert 1 < server.busiest <= POLICY.connections

    def test_stopping_keeps_what_arrived(self, hub: Hub, server: HubServer, tmp_path: Path) -> None:
        stop = threading.Event()
        stop.set()
        report = fetch_all({"a": remote(hub, server, tmp_path)}, POLICY, stop=stop)
        assert report.reasons == {"download_stopped": 1}


class TestDownload:
    def test_from_nothing_to_loaded_objects(
        self, cache: ObjaverseCache, server: HubServer, hub: Hub, capfd: pytest.CaptureFixture[str]
    ) -> None:
        source = source_of(cache)
        assert list(source.ids()) == CHOSEN_BY_DEFAULT
        estimate = source.estimate()
        assert (estimate.files, estimate.unknown) == (4, 0)
        assert estimate.bytes == sum(len(hub.glbs[uid]) for uid in CHOSEN_BY_DEFAULT)
        report = source.download()
        assert (report.arrived, report.bytes, report.failed) == (4, estimate.bytes, {})
        assert "4 files to download, about 0.00 GB" in capfd.readouterr().err
        assert all(source.load(uid).mesh.triangle_count == 192 for uid in source.ids())
        assert source.download().present == 4
        requests = server.requests.total()
        again = source_of(replace(cache, offline=True))
        assert list(again.ids()) == CHOSEN_BY_DEFAULT
        assert again.load(uid_of(0)).origin.license == "CC-BY-4.0"
        assert server.requests.total() == requests
        assert max(server.requests.values()) == 1

    def test_what_does_not_arrive_is_counted_and_load_says_why(
        self, cache: ObjaverseCache, server: HubServer, hub: Hub
    ) -> None:
        server.faults[hub.url_path(uid_of(0))] = Fault("status", status=404, times=1)
        server.faults[hub.url_path(uid_of(5))] = Fault("garbage", times=1)
        source = source_of(cache)
        report = source.download()
        assert report.reasons == {"download_failed": 1, "download_corrupt": 1}
        with pytest.raises(AssetError) as caught:
            source.load(uid_of(5))
        assert caught.value.reason == "download_corrupt"
        assert source.download().arrived == 2  # The server has no faults now.
        source.load(uid_of(5))

    def test_a_file_that_the_package_left_cut_off_is_brought_again(self, cache: ObjaverseCache, hub: Hub) -> None:
        source = source_of(cache)
        path = cache.path(source.describe(uid_of(0)).path)
        path.parent.mkdir(parents=True)
        path.write_bytes(hub.glbs[uid_of(0)][:500])
        assert source.download().arrived == 4
        assert path.read_bytes() == hub.glbs[uid_of(0)]

    def test_annotations_that_cannot_be_had(self, cache: ObjaverseCache, server: HubServer) -> None:
        server.faults[f"/{V1}/object-paths.json.gz"] = Fault("status", times=99)
        with pytest.raises(UsageError, match="annotations cannot be had"):
            source_of(cache).ids()
        assert not list(cache.base.rglob("*.gz"))

    def test_a_build_may_wait_for_a_download_in_the_background(self, cache: ObjaverseCache, server: HubServer) -> None:
        source, worker = source_of(cache), source_of(cache, wait_s=120.0)
        worker.ids()
        server.delay_s = 0.3
        with source.start_download() as download:
            assert {worker.load(uid).origin.asset_id for uid in worker.ids()} == set(CHOSEN_BY_DEFAULT)
            report = download.wait()
        assert report is not None
        assert report.arrived == 4

    def test_the_wait_ends_with_the_download(self, cache: ObjaverseCache, server: HubServer, hub: Hub) -> None:
        server.faults[hub.url_path(uid_of(0))] = Fault("status", status=404, times=9)
        source = source_of(cache, wait_s=120.0)
        with source.start_download([uid_of(0), uid_of(1)]) as download:
            with pytest.raises(AssetError) as caught:
                source.load(uid_of(0))
            download.wait()
        assert caught.value.reason in ("download_failed", "not_downloaded")
        start = time.monotonic()
        with pytest.raises(AssetError, match="not on the disk"):
            source.load(uid_of(6))  # SilentListener brings it.
        assert time.monotonic() - start < 60

    def test_a_full_disk_is_seen_before(self, cache: ObjaverseCache, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("shutil.disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 10))
        with pytest.raises(UsageError, match="OBJAVERSE_PATH"):
            source_of(cache).download()


class TestXl:
    @pytest.fixture
    def xl_hub(self, hub: Hub, server: HubServer) -> Hub:
        """Sketchfab's objects with their digests, and two of the Smithsonian."""
        rows = [
            xl_row(f"https://sketchfab.com/3d-models/{uid}", "sketchfab", hub.glbs[uid], license)
            for uid, license in zip(hub.uids, ["by", "cc0", "by-nc", "by", None] * 2, strict=True)
        ]
        rows[3]["sha256"] = "0" * 64
        put_parquet(hub, "sketchfab", rows)
        hub.put("smithsonian/a.glb", glb_of_a_box(20))
        hub.put("smithsonian/b.glb", glb_of_a_box(21))
        rows = [
            xl_row(f"{server.endpoint}/smithsonian/a.glb", "smithsonian", glb_of_a_box(20), "CC0-1.0"),
            xl_row(f"{server.endpoint}/smithsonian/b.glb", "smithsonian", b"another file", "CC0-1.0"),
            xl_row("file:///etc/passwd", "smithsonian", b"", "CC0-1.0"),
            xl_row(f"{server.endpoint}/c.blend", "smithsonian", b"", "CC0-1.0", "blend"),
        ]
        put_parquet(hub, "smithsonian", rows)
        return hub

    def test_digests_are_checked_and_authors_come_from_objaverse_1(
        self, cache: ObjaverseCache, xl_hub: Hub, server: HubServer
    ) -> None:
        source = source_of(cache, "objaverse-xl")
        good = f"{server.endpoint}/smithsonian/a.glb"
        assert len(source.ids()) == 8
        assert source.left_out == {
            "license_not_chosen": 4,
            "malformed_annotation": 1,
            "unsupported_format": 1,
        }
        report = source.download()
        assert report.arrived == 6
        assert report.reasons == {"checksum_mismatch": 2}
        assert source.load(good).origin.creator == "Smithsonian Institution"
        sketchfab = source.load(f"https://sketchfab.com/3d-models/{uid_of(1)}").origin
        assert (sketchfab.license, sketchfab.creator, sketchfab.category) == ("CC0-1.0", "Author Ünïcode 1", "chair")
        with pytest.raises(AssetError) as caught:
            source.load(f"https://sketchfab.com/3d-models/{uid_of(3)}")
        assert caught.value.reason == "checksum_mismatch"

    def test_a_file_that_changed_on_the_disk_is_refused(self, cache: ObjaverseCache, xl_hub: Hub) -> None:
        source = source_of(cache, "objaverse-xl:sources=sketchfab")
        asset_id = f"https://sketchfab.com/3d-models/{uid_of(0)}"
        source.download([asset_id])
        cache.path(source.describe(asset_id).path).write_bytes(glb_of_a_box(40))
        with pytest.raises(AssetError) as caught:
            source.load(asset_id)
        assert caught.value.reason == "checksum_mismatch"

    def test_by_category(self, cache: ObjaverseCache, xl_hub: Hub) -> None:
        source = source_of(cache, "objaverse-xl:lvis=mug")
        assert {item.rsplit("/")[-1] for item in source.ids()} == {uid_of(0), uid_of(8)}
        assert all(source.describe(item).category == "mug" for item in source.ids())

    def test_a_repository_is_cloned_by_the_package(
        self, cache: ObjaverseCache, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The package's own downloader and a real git. A folder replaces github.com."""
        repository = tmp_path / "github" / "maker" / "things.git"
        (repository / "models").mkdir(parents=True)
        (repository / "models" / "box.glb").write_bytes(glb_of_a_box(1))
        git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@b.c"]
        for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "box"]):
            subprocess.run([*git, *command], check=True)
        head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{tmp_path.as_uri()}/github/.insteadOf")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")
        there = f"https://github.com/maker/things/blob/{head}/models/box.glb"
        gone = f"https://github.com/maker/deleted/blob/{head}/models/box.glb"
        outside = f"https://github.com/maker/things/blob/{head}/../../box.glb"
        rows = [xl_row(identifier, "github", glb_of_a_box(1), "MIT License") for identifier in (there, gone, outside)]
        put_parquet(hub, "github", rows)
        source = source_of(cache, "objaverse-xl:sources=github;licenses=MIT")
        assert set(source.ids()) == {there, gone}
        assert source.left_out == {"malformed_annotation": 1}
        report = source.download()
        assert (report.arrived, report.reasons) == (1, {"download_failed": 1})
        origin = source.load(there).origin
        assert (origin.license, origin.creator, origin.uri) == ("MIT", "maker", there)
