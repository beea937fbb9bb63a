"""Publishing to a Hub: the resulting repository, refusals, and messages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from local_hub import LocalHub, serve_hub
from local_hub.publishing import REPO, SOON, client_environment, copy_of, edit_rows, is_equal, licensed
from local_hub.server import TOKEN

from viewpoint100k.assets.licenses import AllowedLicenses
from viewpoint100k.check.audit import read_audit
from viewpoint100k.errors import DataError, UsageError
from viewpoint100k.publish.publisher import Choices, Published, PublishError, publish


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    with serve_hub() as hub:
        for name, value in client_environment(hub, tmp_path / "home").items():
            monkeypatch.setenv(name, value)
        yield hub


@pytest.fixture
def folder(small_dataset: Path, tmp_path: Path) -> Path:
    return copy_of(small_dataset, tmp_path)


def publish_soon(folder: Path, *arguments: object, **options: object) -> Published:
    options.setdefault("say", lambda line: None)
    return publish(folder, REPO, *arguments, retries=SOON, **options)  # type: ignore[arg-type]


def card_metadata(card: bytes) -> dict[str, object]:
    return dict(yaml.safe_load(card.decode().split("---\n")[1]))


def test_a_published_folder_is_on_the_hub_byte_for_byte_and_updating_removes_what_is_gone(
    folder: Path, hub: LocalHub
) -> None:
    said: list[str] = []
    dry = publish_soon(folder, dry_run=True, say=said.append)
    assert hub.repositories == {}, "a dry run touches nothing"
    assert dry.head is None
    assert "data/train-00000-of-00003.parquet" in "\n".join(said)

    done = publish_soon(folder, tag="v1.0", say=said.append)
    repository = hub.repositories[REPO]
    assert is_equal(folder, repository)
    assert repository.private
    assert repository.tags == {"v1.0": done.head}
    assert [commit.message[:4] for commit in repository.commits] == ["init", "Data", "Card"]
    assert "README.md" not in repository.commits[1].files, "the card comes last"
    types = json.loads(repository.head.files["question_types.json"].content)
    assert types.keys() == {"ego_translation", "ego_rotation", "object_translation"}
    assert not any(path.startswith(".build") for path in repository.head.files)
    assert TOKEN not in "\n".join(said)

    repository.put("data/train-00009-of-00010.parquet", b"an old shard")
    repository.put("notes.txt", b"not ours")
    again = publish_soon(folder, tag="v1.1", public=True)
    assert again.difference.remove == ("data/train-00009-of-00010.parquet",)
    assert again.difference.unrelated == ("notes.txt",)
    assert not repository.private
    assert repository.head.files.pop("notes.txt").content == b"not ours"
    assert is_equal(folder, repository)
    assert len(set(repository.uploads)) == len(repository.uploads) == 4, "no shard is sent twice"


def test_the_card_names_the_repository_and_the_digest_of_what_is_published(folder: Path, hub: LocalHub) -> None:
    publish_soon(folder)
    card = hub.repositories[REPO].head.files["README.md"].content
    digest = json.loads((folder / ".build" / "manifest.json").read_text())["digest"]
    (config,) = card_metadata(card)["configs"]
    assert config["description"] == f"manifest {digest}"
    assert f'load_dataset("{REPO}"'.encode() in card


def test_a_tag_that_names_another_state_is_not_moved(folder: Path, hub: LocalHub) -> None:
    publish_soon(folder, tag="v1.0")
    before = dict(hub.repositories[REPO].tags)
    hub.repositories[REPO].remove("LICENSE")
    with pytest.raises(UsageError, match=r"v1\.0 names another state"):
        publish_soon(folder, tag="v1.0")
    assert hub.repositories[REPO].tags == before


def refused(folder: Path, match: str, *arguments: object) -> str:
    """Publishes to an address without a server. The folder must be refused before any request. Gives the sentence."""
    with pytest.raises((DataError, UsageError), match=match) as caught:
        publish_soon(folder, *arguments)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def plant_wrong_label(folder: Path) -> None:
    row = pq.read_table(folder / "data" / "train-00000-of-00003.parquet").to_pylist()[0]
    place = (row["options"].index(row["answer_text"]) + 1) % len(row["options"])
    edit_rows(folder, "train-00000-of-00003", answer="ABCDEF"[place], answer_text=row["options"][place])


def test_a_folder_with_a_wrong_label_is_refused_by_the_row(folder: Path) -> None:
    plant_wrong_label(folder)
    row_id = pq.read_table(folder / "data" / "train-00000-of-00003.parquet", columns=["id"])["id"][0].as_py()
    assert row_id in refused(folder, "verify found .* in 80 rows")


def test_a_forced_publication_says_so_in_its_card(folder: Path, hub: LocalHub) -> None:
    plant_wrong_label(folder)
    publish_soon(folder, Choices(force=True))
    repository = hub.repositories[REPO]
    assert is_equal(folder, repository)
    warning = re.search(r"> \*\*Warning\.\*\*.*\n.*", repository.head.files["README.md"].content.decode())
    assert warning
    assert "verify found 1" in warning[0]
    assert "its audit is of other rows" in warning[0]


def test_a_truncated_shard_is_refused_even_by_force(folder: Path) -> None:
    path = folder / "data" / "train-00001-of-00003.parquet"
    path.write_bytes(path.read_bytes()[:-1000])
    assert path.name in refused(folder, "not a whole parquet file")
    refused(folder, "build it again", Choices(force=True))


def test_a_folder_that_nobody_audited_is_refused(folder: Path) -> None:
    (folder / ".build" / "audit.json").unlink()
    refused(folder, "it has not been audited")


def test_a_folder_whose_audit_failed_is_refused(folder: Path) -> None:
    report = read_audit(folder)
    assert report is not None
    content = json.loads(report.to_json())
    content["results"][0] |= {"verdict": "fail", "audit": "first_image"}
    (folder / ".build" / "audit.json").write_text(json.dumps(content))
    refused(folder, "answers can be guessed.*first_image")


def test_an_unfinished_folder_is_refused(folder: Path) -> None:
    (folder / ".build" / "manifest.json").unlink()
    refused(folder, "no .build/manifest.json")


@pytest.mark.parametrize(
    ("license", "match"),
    [("CC-BY-NC-4.0", "--allow-nc"), ("NOASSERTION", "licence is unknown"), ("GPL-3.0", "--allow-li")],
)
def test_an_asset_in_the_way_is_refused_and_named(tmp_path: Path, license: str, match: str) -> None:
    folder = licensed(tmp_path / "set", {"asset-2": license})
    said: list[str] = []
    with pytest.raises(DataError, match=match) as caught:
        publish_soon(folder, say=said.append)
    assert f"{license} of 1 assets in 3 rows" in str(caught.value)
    assert [line.split("  ")[:3] for line in said] == [
        [license, "meshes asset-2", "3 rows: " + said[0].partition(": ")[2]]
    ]
    assert "asset-2" in (folder / ".build" / "not-published.txt").read_text()


def test_an_allowed_licence_is_published(tmp_path: Path, hub: LocalHub) -> None:
    folder = licensed(tmp_path / "set", {"asset-2": "CC-BY-NC-SA-4.0"})
    refused(folder, "--allow-sa", Choices(AllowedLicenses(non_commercial=True)))
    publish_soon(folder, Choices(AllowedLicenses(non_commercial=True, share_alike=True)))
    assert is_equal(folder, hub.repositories[REPO])


def test_a_token_that_is_not_valid_is_told_of_in_one_sentence(
    folder: Path, hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_anotherTokenThatIsWrong")
    with pytest.raises(PublishError, match="does not accept the token") as caught:
        publish_soon(folder)
    assert "hf_another" not in str(caught.value)
    assert hub.repositories == {}


@pytest.mark.parametrize("name", ["viewpoint-100k", "user/", "user/a b", "../x/y", ""])
def test_a_repository_needs_a_name(folder: Path, name: str) -> None:
    with pytest.raises(UsageError, match="user/name"):
        publish(folder, name)
