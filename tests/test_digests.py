"""Digests of rows: what they cover, what does not change them, and how ``verify`` compares two data sets by them."""

from __future__ import annotations

import copy
import csv
import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import run_here
from hand_made_dataset import FIRST, GOOD, LAST, Row, all_rows, places, write

from viewpoint100k.check.comparison import compare
from viewpoint100k.check.verify import verify
from viewpoint100k.dataset.digests import Digests, RowHasher, combined
from viewpoint100k.dataset.schema import arrow_schema

ROWS = list(all_rows(GOOD).values())


def digests(rows: list[Row]) -> Digests:
    hasher = RowHasher()
    hasher.add_batch(pa.Table.from_pylist(rows, schema=arrow_schema()))
    return hasher.digests()


def test_a_digest_is_what_its_description_says() -> None:
    # Computed again from the documented definition.
    stored = pa.Table.from_pylist(ROWS, schema=arrow_schema()).to_pylist()
    numbers, content = hashlib.sha256(), hashlib.sha256()
    for row in stored:
        told = {name: value for name, value in row.items() if name not in ("images", "renderer")}
        images = [hashlib.sha256(image["bytes"]).hexdigest() for image in row["images"]]
        line = json.dumps(told, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        numbers.update(line)
        content.update(line + json.dumps([row["renderer"], images], separators=(",", ":")).encode() + b"\n")
    assert digests(ROWS) == Digests(numbers.hexdigest(), content.hexdigest())


@pytest.mark.parametrize("column", [name for name in arrow_schema().names if name not in ("images", "renderer")])
def test_every_column_of_numbers_and_text_changes_both_digests(column: str) -> None:
    rows = copy.deepcopy(ROWS)
    value = rows[3][column]
    rows[3][column] = _other(column, value)
    changed, before = digests(rows), digests(ROWS)
    assert changed.numbers != before.numbers
    assert changed.content != before.content


def _other(column: str, value: object) -> object:
    if column == "cameras":
        return ROWS[-1]["cameras"]
    match value:
        case None:
            return "A thought." if column == "reasoning" else [0.0, 1.0, 0.0]
        case str():
            return value + "x"
        case int() | float():
            return value + 1
        case dict():
            return value | {"overlap": 0.123}
        case list():
            return [*value[:-1], value[-1] + 1 if isinstance(value[-1], float) else f"{value[-1]}x"]
    raise AssertionError(f"no other value for {value!r}")


def test_an_image_or_the_renderer_changes_the_digest_of_all_and_not_that_of_numbers() -> None:
    before = digests(ROWS)
    for name, value in (("renderer", "another"), ("images", ROWS[5]["images"])):
        rows = copy.deepcopy(ROWS)
        assert rows[0][name] != value
        rows[0][name] = value
        assert digests(rows).numbers == before.numbers
        assert digests(rows).content != before.content


def test_a_reference_counts_as_the_image_whose_digest_it_holds() -> None:
    rows = copy.deepcopy(ROWS)
    for image in rows[2]["images"]:
        image["path"], image["bytes"] = f"sha256:{hashlib.sha256(image['bytes']).hexdigest()}", None
    assert digests(rows) == digests(ROWS)


def test_the_order_of_rows_counts_and_the_parquet_writer_does_not(tmp_path: Path) -> None:
    assert digests(ROWS[::-1]) != digests(ROWS)
    table = pa.Table.from_pylist(ROWS, schema=arrow_schema())
    for name, options in {
        "one": {"compression": "none"},
        "two": {"row_group_size": 2, "use_dictionary": False},
    }.items():
        pq.write_table(table, tmp_path / name, **options)
        hasher = RowHasher()
        hasher.add_batch(pq.read_table(tmp_path / name))
        assert hasher.digests() == digests(ROWS)


def test_the_digest_of_a_set_is_that_of_its_shards_whatever_their_order() -> None:
    one, two = digests(ROWS[:5]), digests(ROWS[5:])
    assert combined({"a": one, "b": two}) == combined({"b": two, "a": one})
    assert combined({"a": one, "b": two}) != combined({"a": two, "b": one})


# --- a build's digests, and verify ------------------------------------------------------------------------------------


def test_build_manifest_card_and_verify_state_the_same_digests(small_dataset: Path) -> None:
    manifest = json.loads((small_dataset / ".build" / "manifest.json").read_text())["rows"]
    report = verify(small_dataset, decode="sample")
    assert report.digests == Digests(manifest["numbers"], manifest["content"])
    card = (small_dataset / "README.md").read_text()
    assert manifest["numbers"] in card
    assert manifest["content"] in card


@pytest.mark.parametrize(
    ("digest", "code", "said"),
    [
        ("content", 0, "every column and image is the same"),
        ("numbers", 0, "images were not compared"),
        ("0" * 64, 1, "does not have the digest"),
        ("abc", 2, "at least 8 hexadecimal digits"),
        ("not-a-digest", 2, "at least 8 hexadecimal digits"),
    ],
)
def test_a_set_is_held_to_a_digest(good: Path, digest: str, code: int, said: str) -> None:
    found = verify(good).digests
    assert found is not None
    run = run_here("verify", good, "--digest", getattr(found, digest, digest)[:64])
    assert run.returncode == code, run.stderr
    assert said in run.stdout + run.stderr


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("good") / "viewpoint", GOOD)


def test_two_sets_are_the_same_however_their_shards_are_cut(good: Path, tmp_path: Path) -> None:
    merged = {"train-00000-of-00001": GOOD["train-00000-of-00002"] + GOOD["train-00001-of-00002"]}
    other = write(tmp_path / "other", merged | {"test-00000-of-00001": GOOD["test-00000-of-00001"]})
    found = compare(good, other)
    assert found.same
    assert found.rows == len(ROWS)
    assert "all the same" in run_here("verify", good, "--like", other).stdout


def test_the_first_row_and_column_that_differ_are_named_and_all_are_counted(good: Path, tmp_path: Path) -> None:
    shards = copy.deepcopy(GOOD)
    rows = all_rows(shards)
    rows[FIRST]["reasoning"] = None
    rows[FIRST]["seed"] = rows[FIRST]["seed"] + 1
    rows[LAST]["seed"] = rows[LAST]["seed"] + 1
    other = write(tmp_path / "other", shards)
    found = compare(good, other)
    place = [row["id"] for row in GOOD["test-00000-of-00001"]].index(LAST)
    assert found.first_difference is not None
    assert found.first_difference.startswith(f"test row {place}: seed is ")
    assert found.differing["seed"] == 2
    run = run_here("verify", good, "--like", other)
    assert run.returncode == 1
    assert f"first difference: test row {place}: seed is" in run.stdout
    assert "2 seed" in run.stderr


def test_rows_that_only_one_set_has_are_counted(good: Path, tmp_path: Path) -> None:
    shards = {"train-00000-of-00001": GOOD["train-00000-of-00002"]} | {
        "test-00000-of-00001": GOOD["test-00000-of-00001"]
    }
    found = compare(good, write(tmp_path / "other", shards))
    assert found.differing == {"missing": len(GOOD["train-00001-of-00002"])}
    assert found.rows == len(ROWS)


def test_rows_that_are_not_those_of_the_manifest_are_found(tmp_path: Path) -> None:
    folder = write(tmp_path / "set", GOOD)
    path = folder / ".build" / "manifest.json"
    digests_of = verify(folder).digests
    assert digests_of is not None
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | {"rows": {"numbers": digests_of.numbers, "content": digests_of.content}}))
    assert verify(folder).ok
    path.write_text(json.dumps(manifest | {"rows": {"numbers": "0" * 64, "content": digests_of.content}}))
    assert places(verify(folder), "row_digests") == {".build/manifest.json"}


# --- the attribution list ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["category", "license", "creator", "uri", "sha256"])
def test_an_entry_that_states_something_else_than_the_rows_is_found(column: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "set", GOOD)
    lines = _attribution(folder)
    lines[1][column] = "CC0-1.0x"
    _rewrite(folder, lines)
    report = verify(folder)
    assert set(report.found) == {"attribution"}
    assert column in report.findings[0].message
    assert lines[1]["asset_id"] in report.findings[0].message


def test_an_object_that_is_missing_doubled_or_of_no_row_is_found(tmp_path: Path) -> None:
    folder = write(tmp_path / "set", GOOD)
    lines = _attribution(folder)
    for changed, said in (
        (lines[1:], "0 times"),
        ([*lines, lines[0]], "2 times"),
        ([*lines, lines[0] | {"asset_id": "of-no-row"}], "which no row shows"),
    ):
        _rewrite(folder, changed)
        report = verify(folder)
        assert report.found == {"attribution": 1}
        assert said in report.findings[0].message


def test_two_rows_that_state_different_licences_of_one_object_are_found(tmp_path: Path) -> None:
    shards = copy.deepcopy(GOOD)
    first = shards["test-00000-of-00001"][0]
    second = next(row for row in shards["test-00000-of-00001"][1:] if row["asset_id"] == first["asset_id"])
    second["license"] = "CC-BY-4.0" if first["license"] != "CC-BY-4.0" else "CC0-1.0"
    assert second["id"] in places(verify(write(tmp_path / "set", shards)), "attribution")


def test_a_list_that_cannot_be_read_is_found(tmp_path: Path) -> None:
    folder = write(tmp_path / "set", GOOD)
    for content in (b"no,such,columns\n1,2,3\n", b"\xff\xfe\x00"):
        (folder / "ATTRIBUTION.csv").write_bytes(content)
        assert places(verify(folder), "attribution") == {"ATTRIBUTION.csv"}


def _attribution(folder: Path) -> list[dict[str, str]]:
    with (folder / "ATTRIBUTION.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def _rewrite(folder: Path, lines: list[dict[str, str]]) -> None:
    with (folder / "ATTRIBUTION.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, lines[0].keys())
        writer.writeheader()
        writer.writerows(lines)
