"""Reference builds: a set is compared with committed digests, and a row is rebuilt from its id."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from viewpoint100k import build, load_config
from viewpoint100k.cli.app import app
from viewpoint100k.dataset import card, reference
from viewpoint100k.dataset.reference import BlockPlace, reference_of, references, stored_places, write_reference
from viewpoint100k.errors import DataError, UsageError

ROWS = 120
"""More than a block."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reference") / "small"
    build(load_config(rows=ROWS, images={"size": 64}), folder, workers=2)
    return folder


@pytest.fixture
def known(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of reference builds, in which the small set is the only one."""
    folder = tmp_path / "known"
    write_reference(built, "small", "0.0", folder)
    for function in (references, reference_of):
        monkeypatch.setattr(function, "__defaults__", (folder,))
    return folder


def run(*words: str | Path) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(result.exception, DataError | UsageError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def all_rows(folder: Path) -> list[dict[str, object]]:
    return [row for path in sorted((folder / "data").glob("train-*")) for row in pq.read_table(path).to_pylist()]


def test_a_build_is_the_reference_to_the_last_byte(built: Path, known: Path) -> None:
    assert "is the reference build small: 2 of 2 shards, the same to the last byte" in run(
        "verify", built, "--reference"
    )


def test_a_shard_that_differs_is_named(built: Path, known: Path) -> None:
    """Simulates a set of another machine: changes the digests to compare with."""
    path = known / "small.json"
    content = json.loads(path.read_text())
    content["shards"]["data/test-00000-of-00001.parquet"]["content"] = "0" * 64
    path.write_text(json.dumps(content))
    with pytest.raises(
        DataError, match=r"has the labels of .* but other images in 1 of 2 shards, .* data/test-00000-of"
    ):
        run("verify", built, "--reference")
    content["shards"]["data/train-00000-of-00001.parquet"]["numbers"] = "0" * 64
    path.write_text(json.dumps(content))
    with pytest.raises(
        DataError, match=r"differs .* in labels, cameras or text of 1 of 2 shards, .* data/train-00000-of"
    ):
        run("verify", built, "--reference")


def test_a_set_without_a_reference_is_said_to_have_none(built: Path, known: Path) -> None:
    (known / "small.json").unlink()
    with pytest.raises(UsageError, match=r"there is no reference build of the config [0-9a-f]{16}; there is none"):
        run("verify", built, "--reference")


def test_the_place_of_every_row_is_known(built: Path, known: Path) -> None:
    found = reference_of(all_rows(built)[0]["config"])  # type: ignore[arg-type]
    assert found is not None
    for number, row in enumerate(all_rows(built)):
        place = BlockPlace("train-00000-of-00001", number // 100)
        assert place in found.places(str(row["id"]))
        assert stored_places(built, str(row["id"])) == [place]
    assert found.places("0123456789abcdef") == []


@pytest.mark.parametrize("number", [3, 117])
def test_a_row_is_made_again_from_its_id(built: Path, known: Path, tmp_path: Path, number: int) -> None:
    """Rows of the first and of the second block, with the bytes of the build's images."""
    row = all_rows(built)[number]
    out = tmp_path / "row"
    settings = [word for field in (f"rows={ROWS}", "images.size=64") for word in ("--set", field)]
    printed = run("row", str(row["id"]), "--out", out, *settings)
    assert str(row["question"]) in printed
    images = [image["bytes"] for image in row["images"]]  # type: ignore[attr-defined]
    assert [(out / f"image_{i}.jpg").read_bytes() for i in (1, 2)] == images
    columns = json.loads((out / "row.json").read_text())
    assert columns == {name: value for name, value in row.items() if name != "images"}


def test_a_row_of_a_set_on_the_disk_is_made_again(built: Path, tmp_path: Path) -> None:
    row = all_rows(built)[110]
    run("row", str(row["id"]), "--of", built, "--out", tmp_path / "row")
    assert json.loads((tmp_path / "row" / "row.json").read_text())["cameras"] == row["cameras"]


def test_what_is_no_id_and_what_is_not_there_is_refused(built: Path, known: Path) -> None:
    with pytest.raises(UsageError, match="xyz is not the id of a row: give its 16 hexadecimal digits"):
        run("row", "xyz")
    with pytest.raises(UsageError, match=r"there is no reference build of this config \(small\): give .* --of DIR"):
        run("row", "0123456789abcdef", "--set", "seed=5")
    with pytest.raises(UsageError, match="has no row 0123456789abcdef"):
        run("row", "0123456789abcdef", "--of", built)


def test_the_card_of_a_reference_build_says_so(
    built: Path, known: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "reference build" not in (built / "README.md").read_text()
    again = tmp_path / "again"
    shutil.copytree(built, again)
    (again / "README.md").unlink()
    build(load_config(rows=ROWS, images={"size": 64}), again, workers=1)
    assert "This is the reference build `small`" in (again / "README.md").read_text()


def test_the_committed_reference_builds_are_whole() -> None:
    for one in references():
        ids = (reference.REFERENCE_FOLDER / f"{one.name}.ids").stat().st_size
        assert ids == 3 * sum(one.rows.values())
        stated = json.loads((reference.REFERENCE_FOLDER / f"{one.name}.json").read_text())["digests"]
        assert stated == {"numbers": one.digests.numbers, "content": one.digests.content}
    assert card.reference_of is reference_of
