"""Faults during publishing: after at most one more run, everything is on the Hub once, with the right digests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from local_hub import Fault, LocalHub, Moment, serve_hub
from local_hub.publishing import (
    REPO,
    SOON,
    audited,
    client_environment,
    copy_of,
    edit_rows,
    is_equal,
    kill_group,
    start_command,
)
from local_hub.server import TOKEN

from viewpoint100k.publish.publisher import Choices, PublishError, publish

SMALL_ROUTES = ["whoami", "create", "settings", "info", "refs", "tag", "tree", "validate_yaml", "preupload", "commit"]
LARGE_ROUTES = ["lfs_batch", "lfs_put", "lfs_verify"]
ROUTES_IN_PARTS = ["lfs_part", "lfs_complete"]


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    with serve_hub() as hub:
        for name, value in client_environment(hub, tmp_path / "home").items():
            monkeypatch.setenv(name, value)
        yield hub


@pytest.fixture
def folder(small_dataset: Path, tmp_path: Path) -> Path:
    return copy_of(small_dataset, tmp_path)


def publish_all(folder: Path, said: list[str] | None = None) -> None:
    publish(folder, REPO, tag="v1.0", public=True, retries=SOON, say=(said if said is not None else []).append)


def assert_complete(folder: Path, hub: LocalHub, commits: int = 3) -> None:
    """Everything is there once: the Hub's first commit, one commit of the data, one of the card."""
    repository = hub.repositories[REPO]
    assert is_equal(folder, repository)
    assert len(repository.commits) == commits
    assert repository.tags == {"v1.0": repository.head.oid}
    assert not repository.private


@pytest.mark.slow
@pytest.mark.parametrize("status", [500, 503, 429])
def test_every_route_may_fail_once(folder: Path, hub: LocalHub, status: int) -> None:
    hub.faults = [Fault(route, status=status) for route in (*SMALL_ROUTES, *LARGE_ROUTES)]
    publish_all(folder)
    assert [fault.route for fault in hub.faults if not fault.met] == []
    assert_complete(folder, hub)


@pytest.mark.slow
@pytest.mark.parametrize("status", [500, 503, 429])
def test_every_route_of_an_upload_in_parts_may_fail_once(folder: Path, hub: LocalHub, status: int) -> None:
    hub.part_size = 60_000
    hub.faults = [Fault(route, status=status) for route in ROUTES_IN_PARTS]
    publish_all(folder)
    assert [fault.route for fault in hub.faults if not fault.met] == []
    assert_complete(folder, hub)


@pytest.mark.slow
@pytest.mark.parametrize("route", ["lfs_put", "commit", "preupload", "tag"])
def test_a_connection_may_break_in_the_middle(folder: Path, hub: LocalHub, route: str) -> None:
    hub.faults = [Fault(route, "reset", after=100)]
    publish_all(folder)
    assert hub.faults[0].met == 1
    assert_complete(folder, hub)


def test_a_commit_whose_answer_is_lost_is_not_made_twice(folder: Path, hub: LocalHub) -> None:
    hub.faults = [Fault("commit", "lose_answer", times=2)]
    said: list[str] = []
    publish_all(folder, said)
    assert hub.faults[0].met == 2, "of the data and of the card"
    assert_complete(folder, hub)
    assert hub.served.count("commit") == 2


@pytest.mark.slow
@pytest.mark.parametrize("route", ["create", "lfs_put", "tag", "settings"])
def test_any_answer_may_be_lost(folder: Path, hub: LocalHub, route: str) -> None:
    hub.faults = [Fault(route, "lose_answer")]
    publish_all(folder)
    assert hub.faults[0].met == 1
    assert_complete(folder, hub)


@pytest.mark.slow
def test_a_hub_that_stays_down_is_told_of_and_the_next_run_goes_on(folder: Path, hub: LocalHub) -> None:
    hub.faults = [Fault("commit", times=1000)]
    said: list[str] = []
    with pytest.raises(PublishError, match=r"failed 4 times, at last with 503.*run the same command again"):
        publish_all(folder, said)
    assert len([line for line in said if "committing failed" in line]) == 3
    sent = list(hub.repositories[REPO].uploads)
    hub.faults = []
    publish_all(folder)
    assert_complete(folder, hub)
    assert hub.repositories[REPO].uploads == sent, "what had been uploaded is not sent again"


@pytest.mark.slow
def test_a_call_that_hangs_is_given_up_and_made_again(folder: Path, hub: LocalHub) -> None:
    hub.faults = [Fault("lfs_batch", "hang")]
    said: list[str] = []
    publish(folder, REPO, tag="v1.0", public=True, retries=replace(SOON, call_s=2), say=said.append)
    assert any("no answer within" in line for line in said)
    assert_complete(folder, hub)


@pytest.mark.slow
def test_an_upload_to_xet_storage_whose_token_keeps_failing_does_not_hang(
    folder: Path, hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("hf_xet")
    monkeypatch.delenv("HF_HUB_DISABLE_XET")
    hub.faults = [Fault("xet_token", times=1_000_000, status=500)]
    said: list[str] = []
    with pytest.raises(PublishError, match="run the same command again"):
        publish(folder, REPO, retries=replace(SOON, call_s=3, attempts=2), say=said.append)
    assert any("no answer within" in line for line in said)
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    publish_all(folder)
    assert_complete(folder, hub)


@pytest.mark.slow
@pytest.mark.parametrize("route", ["lfs_batch", "commit", "tag"])
def test_a_token_may_expire_and_be_replaced(
    folder: Path, hub: LocalHub, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.faults = [Fault(route, "expire")]
    said: list[str] = []
    with pytest.raises(PublishError, match="does not accept the token") as caught:
        publish_all(folder, said)
    assert TOKEN not in "\n".join([str(caught.value), *said])
    hub.tokens = {"hf_aNewToken"}
    monkeypatch.setenv("HF_TOKEN", "hf_aNewToken")
    publish_all(folder)
    assert_complete(folder, hub)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("route", "when", "skip"),
    [
        ("create", "after", 0),
        ("lfs_put", "before", 1),
        ("commit", "before", 0),
        ("commit", "after", 0),
        ("tag", "before", 0),
    ],
)
def test_a_publisher_may_be_killed_at_any_moment(
    folder: Path, hub: LocalHub, tmp_path: Path, route: str, when: str, skip: int
) -> None:
    moment = Moment(route, when, skip)  # type: ignore[arg-type]
    hub.moments = [moment]
    command = ["publish", folder, REPO, "--tag", "v1.0", "--public"]
    first = start_command(hub, tmp_path / "home", *command)
    assert moment.reached.wait(60), first.communicate()[0]
    kill_group(first)
    moment.go_on.set()
    second = start_command(hub, tmp_path / "home", *command)
    output, _ = second.communicate(timeout=120)
    assert second.returncode == 0, output
    assert TOKEN not in output
    assert_complete(folder, hub)


@pytest.mark.slow
def test_a_file_changed_or_deleted_on_the_far_side_is_put_right(folder: Path, hub: LocalHub) -> None:
    publish(folder, REPO, retries=SOON, say=[].append)
    repository = hub.repositories[REPO]
    repository.put("data/train-00000-of-00003.parquet", b"something else")
    repository.remove("data/test-00000-of-00001.parquet")
    repository.remove("LICENSE")
    repository.put("README.md", b"# somebody's edit")
    publish_all(folder)
    assert_complete(folder, hub, commits=9)
    assert len(repository.uploads) == 4, "storage had the contents still"


@pytest.mark.slow
def test_a_shard_changed_here_replaces_the_one_there(folder: Path, hub: LocalHub) -> None:
    publish(folder, REPO, retries=SOON, say=[].append)
    edit_rows(folder, "train-00001-of-00003", creator="Jane Doe")
    done = publish(audited(folder), REPO, Choices(force=True), tag="v1.0", public=True, retries=SOON, say=[].append)
    assert [file.path for file in done.difference.change] == ["data/train-00001-of-00003.parquet", "README.md"]
    assert_complete(folder, hub, commits=5)


@pytest.mark.slow
def test_somebody_else_may_commit_meanwhile(folder: Path, hub: LocalHub, tmp_path: Path) -> None:
    moment = Moment("commit", "before")
    hub.moments = [moment]
    running = start_command(hub, tmp_path / "home", "publish", folder, REPO, "--tag", "v1.0", "--public")
    assert moment.reached.wait(60), running.communicate()[0]
    hub.repositories[REPO].put("data/test-00000-of-00001.parquet", b"another's shard")
    moment.go_on.set()
    output, _ = running.communicate(timeout=120)
    assert running.returncode == 0, output
    assert "again in" in output, "the first commit was made on top of what is no longer the head"
    assert_complete(folder, hub, commits=4)


@pytest.mark.slow
def test_a_folder_is_published_by_one_at_a_time(folder: Path, hub: LocalHub, tmp_path: Path) -> None:
    moment = Moment("commit", "before")
    hub.moments = [moment]
    first = start_command(hub, tmp_path / "home", "publish", folder, REPO)
    assert moment.reached.wait(60), first.communicate()[0]
    second = start_command(hub, tmp_path / "home", "publish", folder, REPO)
    output, _ = second.communicate(timeout=120)
    assert second.returncode == 2
    assert "being published already" in output
    moment.go_on.set()
    first.communicate(timeout=120)
    assert first.returncode == 0
